"""Holes from a folder of mask files, white = hole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from engine.errors import InvalidInputError, PictureError
from engine.scanning import opened_rgb, picture_files

if TYPE_CHECKING:
    from pathlib import Path

    from engine.types import MaskBool
    from training.masks.kinds import Coverage
    from training.masks.strokes import Size

LOOKED_AT = 100
"""Masks whose shares are looked at before a run, spread over the folder."""

CACHE_BYTES = 64_000_000
TRIES = 200


class MaskFiles:
    """Draws from the masks of a folder and its subfolders, mirrored at random.

    A mask of another shape than asked for is cut at random to that shape, and scaled; a pixel is
    missing where any part of it is, so that thin lines survive.

    Attributes:
        paths: the files.
        notices: what the user should know, such as that the masks look inverted.

    Raises:
        InvalidInputError: if the folder holds no masks, or none that can be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.paths = picture_files(folder)
        if not self.paths:
            raise InvalidInputError(
                f"“{folder}” holds no masks; choose a folder of pictures where white is the hole."
            )
        self._cache: dict[int, tuple[npt.NDArray[np.uint8], tuple[int, ...]]] = {}
        self._cached_bytes = 0
        self._bad: set[int] = set()
        self.notices = tuple(self._looked_at())

    def draw(
        self, size: Size, rng: np.random.Generator, coverage: Coverage | None = None
    ) -> MaskBool:
        """A hole; arguments and result as of `training.masks.draw`.

        Raises:
            InvalidInputError: if no mask gives a hole of that share.
        """
        low, high = coverage or (0.0, 1.0)
        for _ in range(TRIES):
            mask = self._read(int(rng.integers(len(self.paths))))
            if mask is None:
                continue
            hole = _cut(mask, size, rng)
            count = np.count_nonzero(hole)
            if 0 < count < hole.size and low <= count / hole.size <= high:
                return hole
        sentence = (
            f"No mask in “{self._folder}” leaves {low:.0%} to {high:.0%} of the picture missing; "
            "choose another coverage or other masks."
        )
        raise InvalidInputError(" ".join((sentence, *self.notices)))

    def _looked_at(self) -> list[str]:
        step = max(1, len(self.paths) // LOOKED_AT)
        looked = range(0, len(self.paths), step)
        masks = [mask for mask in map(self._read, looked) if mask is not None]
        if not masks:
            raise InvalidInputError(f"No mask in “{self._folder}” can be read.")
        notices = []
        if self._bad:
            names = ", ".join(self.paths[number].name for number in sorted(self._bad)[:3])
            notices.append(f"{len(self._bad)} masks cannot be read and are left out: {names}.")
        shares = np.array([mask.mean() for mask in masks])
        if (shares > 0.5).mean() > 0.5:
            notices.append(
                f"Most masks in “{self._folder.name}” miss more than half of the picture "
                f"({_histogram(shares)}); white must be the hole. If white is the known part, "
                "invert the files."
            )
        return notices

    def _read(self, number: int) -> MaskBool | None:
        """A mask by its number; None if it cannot be read."""
        if number in self._bad:
            return None
        if number in self._cache:
            packed, shape = self._cache[number]
            bits = np.unpackbits(packed, count=math.prod(shape))
            return bits.reshape(shape).astype(np.bool_)
        try:
            pixels, _ = opened_rgb(self.paths[number])
        except PictureError:
            self._bad.add(number)
            return None
        mask: MaskBool = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) > 127
        packed = np.packbits(mask)
        if self._cached_bytes + packed.nbytes <= CACHE_BYTES:
            self._cache[number] = packed, mask.shape
            self._cached_bytes += packed.nbytes
        return mask


def _cut(mask: MaskBool, size: Size, rng: np.random.Generator) -> MaskBool:
    """A random part of the mask as large as the shape allows, mirrored at random, scaled."""
    height, width = mask.shape
    scale = min(height / size[0], width / size[1])
    high, wide = (max(1, round(side * scale)) for side in size)
    top = int(rng.integers(height - min(height, high) + 1))
    left = int(rng.integers(width - min(width, wide) + 1))
    part = mask[top : top + high, left : left + wide]
    flips = rng.random(2) < 0.5
    part = part[:: -1 if flips[0] else 1, :: -1 if flips[1] else 1]
    if part.shape == size:
        return np.ascontiguousarray(part)
    if scale < 1:
        grown = cv2.resize(part.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        return grown.astype(np.bool_)
    shrunk = cv2.resize(part.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    return shrunk > 1e-3


def _histogram(shares: npt.NDArray[np.float64]) -> str:
    """How many masks have which share, for people."""
    counts, _ = np.histogram(shares, bins=5, range=(0, 1))
    return ", ".join(
        f"{count} with {20 * number}-{20 * number + 20} %" for number, count in enumerate(counts)
    )
