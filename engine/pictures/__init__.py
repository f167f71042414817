"""Reading and writing picture files and mask files."""

from __future__ import annotations

from engine.pictures.files import check_place, present_fingerprint
from engine.pictures.masks import OpenedMask, open_mask, save_mask
from engine.pictures.picture import Fingerprint, Picture, Source
from engine.pictures.reading import DEFAULT_PIXEL_LIMIT, changed_on_disk, open_picture
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
    "OpenedMask",
    "Picture",
    "Source",
    "changed_on_disk",
    "check_ending",
    "check_place",
    "check_saving",
    "losses",
    "open_mask",
    "open_picture",
    "present_fingerprint",
    "reads_back_alike",
    "save_mask",
    "save_picture",
]
