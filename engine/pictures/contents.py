"""What a decoder hands over: stored pixels and everything beside them, before turning upright."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.types import Pixels


Part: TypeAlias = bytes | memoryview
"""A piece of a file about to be written."""

_SWAP_ROWS = 64


@dataclass(slots=True)
class Contents:
    """The first frame of a file.

    Attributes:
        pixels: as stored; `orientation` tells how to turn them upright.
        exif: the block as stored, from its TIFF header on; may be damaged.
        details: fields of `Source` that only this format has.
    """

    format: str
    mode: str
    pixels: Pixels = field(default_factory=lambda: np.zeros((0, 0, 1), np.uint8))
    orientation: int = 1
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    frames: int = 1
    dropped: str = ""
    notices: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def count_frames(self, frames: int, word: str) -> None:
        """Note that only the first of several frames is read."""
        self.frames = frames
        if frames > 1:
            self.dropped = f"{frames - 1} further {word}{'s' if frames > 2 else ''}"
            self.notices.append(f"This is the first of {frames} {word}s in the file.")


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Stored pixels turned upright (EXIF 2.32, tag 0x0112), contiguous.

    Args:
        pixels: (H, W, C) as stored.
        orientation: 1..8.
    """
    view: npt.NDArray[Any] = pixels
    if orientation in (5, 6, 7, 8):
        view = np.swapaxes(view, 0, 1)
    if orientation in (3, 4, 7, 8):
        view = view[::-1]
    if orientation in (2, 3, 6, 7):
        view = view[:, ::-1]
    upright: Pixels = np.ascontiguousarray(view)
    return upright


def swap_red_and_blue(pixels: npt.NDArray[Any]) -> None:
    """Turn OpenCV's channel order into ours, in place: `cvtColor` would copy the whole picture."""
    for top in range(0, len(pixels), _SWAP_ROWS):
        band = pixels[top : top + _SWAP_ROWS]
        blue = band[:, :, 0].copy()
        band[:, :, 0] = band[:, :, 2]
        band[:, :, 2] = blue


def usable_resolution(across: float, down: float) -> tuple[float, float] | None:
    """Dots per inch, if they are numbers that a file can mean."""
    return (across, down) if 1 < across < 1e5 and 1 < down < 1e5 else None


def mode_of(pixels: Pixels) -> str:
    """The colour mode of native pixels in Pillow's words; “;16” where it has none."""
    name = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    return name if pixels.dtype == np.uint8 else f"{name};16"
