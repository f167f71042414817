"""Whether a picture of a window looks like the one that was accepted, on whatever machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import numpy.typing as npt

SMALLER = 4
"""Pixels of the window at 100 % for one that is kept: less than a stroke of a letter stays out."""

COLOURS = 48
BLOCK = 8
"""Kept pixels in a row that are compared together: 32 pixels of the window."""

MOST_APART = 5.0
MOST_APART_ON_AVERAGE = 1.0
"""Grey levels of 255. Full hinting instead of none makes 3.8 at worst, another dim word 5.9."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two pictures.

    Attributes:
        mean: of all pixels, in grey levels.
        worst: mean of the block that differs most.
    """

    mean: float
    worst: float

    @property
    def is_alike(self) -> bool:
        return self.mean <= MOST_APART_ON_AVERAGE and self.worst <= MOST_APART


def kept(grabbed: Image.Image, scale: int) -> Image.Image:
    """The picture as it is kept: small, in few colours, of the same size at every scale."""
    small = grabbed.convert("RGB").reduce(SMALLER * scale)
    return small.quantize(COLOURS, dither=Image.Dither.NONE)


def difference(accepted: Image.Image, seen: Image.Image) -> Difference:
    """How far apart two kept pictures are.

    Raises:
        ValueError: if their sizes differ.
    """
    if accepted.size != seen.size:
        raise ValueError(f"it has the size {seen.size}, accepted was {accepted.size}")
    apart = np.abs(_levels(accepted) - _levels(seen)).mean(axis=2)
    return Difference(float(apart.mean()), float(_block_means(apart).max()))


def sheet(accepted: Image.Image, seen: Image.Image) -> Image.Image:
    """Accepted, seen and where they differ, side by side and twice as large."""
    width, height = (max(sides) for sides in zip(accepted.size, seen.size, strict=True))
    whole = Image.new("RGB", (3 * width, height))
    whole.paste(accepted.convert("RGB"), (0, 0))
    whole.paste(seen.convert("RGB"), (width, 0))
    if accepted.size == seen.size:
        apart = np.abs(_levels(accepted) - _levels(seen)).max(axis=2)
        shown = np.minimum(4 * apart, 255).astype(np.uint8)
        whole.paste(Image.fromarray(shown).convert("RGB"), (2 * width, 0))
    return whole.resize((2 * whole.width, 2 * whole.height), Image.Resampling.NEAREST)


def _levels(picture: Image.Image) -> npt.NDArray[np.float32]:
    return np.asarray(picture.convert("RGB"), np.float32)


def _block_means(apart: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Mean of every block; a block at the edge counts as a whole one."""
    rows, columns = (range(0, side, BLOCK) for side in apart.shape)
    sums = np.add.reduceat(np.add.reduceat(apart, rows, axis=0), columns, axis=1)
    return sums / BLOCK**2
