"""Reading and writing picture files and mask files."""

from __future__ import annotations

from engine.pictures.files import check_place, present_fingerprint
from engine.pictures.masks import OpenedMask, has_shape_of, open_mask, save_mask
from engine.pictures.picture import Fingerprint, Picture, Source
from engine.pictures.reading import (
    DEFAULT_PIXEL_LIMIT,
    Header,
    changed_on_disk,
    open_picture,
    read_header,
)
from engine.pictures.writing import (
    FORMATS,
    check_ending,
    check_saving,
    losses,
    reads_back_alike,
    save_picture,
)

__all__ = [
    "DEFAULT_PIXEL_LIMIT",
    "FORMATS",
    "Fingerprint",
    "Header",
    "OpenedMask",
    "Picture",
    "Source",
    "changed_on_disk",
    "check_ending",
    "check_place",
    "check_saving",
    "has_shape_of",
    "losses",
    "open_mask",
    "open_picture",
    "present_fingerprint",
    "read_header",
    "reads_back_alike",
    "save_mask",
    "save_picture",
]
