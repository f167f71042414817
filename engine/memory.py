"""How much memory is free, and what a crop would take of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from engine.backend import BackendSpec

SHARE_USABLE = 0.8
"""Part of the free memory a run may plan with; the rest is for the desktop and for our caches."""


def available_bytes() -> int:
    """Memory that can be had without swapping, in bytes."""
    return int(psutil.virtual_memory().available)


def needed_bytes(spec: BackendSpec, pixels: int) -> int:
    """Peak memory of one crop of so many pixels, from the figures measured for the backend."""
    return spec.bytes_per_pixel * pixels + spec.fixed_bytes


def has_room_for(spec: BackendSpec, pixels: int) -> bool:
    """Whether a crop of so many pixels fits into the memory that is free now."""
    return needed_bytes(spec, pixels) <= SHARE_USABLE * available_bytes()


def in_words(size: float) -> str:
    """A size for people: "3.1 GB", "120 MB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
