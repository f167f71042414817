"""Reading and writing picture files and mask files."""

from __future__ import annotations

from engine.pictures.files import check_place, present_fingerprint
from engine.pictures.masks import (
    OpenedMask,
    has_same_shape,
    open_mask,
    placed_mask,
    read_mask,
    save_mask,
    scaled_mask,
)
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
    "has_same_shape",
    "losses",
    "open_mask",
    "open_picture",
    "placed_mask",
    "present_fingerprint",
    "read_header",
    "read_mask",
    "reads_back_alike",
    "save_mask",
    "save_picture",
    "scaled_mask",
]
