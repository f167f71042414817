"""How much memory is free, and what a crop would take of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from engine.backend import BackendSpec

SHARE_USABLE = 0.8
"""Part of the free memory a run may plan with; the rest is for the desktop and for our caches."""

ENLARGING = 40
"""Bytes per pixel of a crop that a shrunken fill is put back into, measured."""

BLENDING = 96
"""Bytes per pixel of a hole whose fill is blended into the picture, measured."""


def available_bytes() -> int:
    """Memory that can be had without swapping, in bytes."""
    return int(psutil.virtual_memory().available)


def needed_bytes(spec: BackendSpec, pixels: int, enlarged_to: int = 0) -> int:
    """Peak memory of one crop, from the figures measured for the backend.

    Args:
        spec: the backend.
        pixels: what it works on.
        enlarged_to: pixels of the crop itself if the backend gets a shrunken copy of it, else 0.
    """
    return spec.bytes_per_pixel * pixels + spec.fixed_bytes + ENLARGING * enlarged_to


def has_room_for(spec: BackendSpec, pixels: int, enlarged_to: int = 0) -> bool:
    """Whether such a crop fits into the memory that is free now."""
    return needed_bytes(spec, pixels, enlarged_to) <= SHARE_USABLE * available_bytes()


def in_words(size: float) -> str:
    """A size for people: "3.1 GB", "120 MB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
