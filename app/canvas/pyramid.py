"""A layer at half, quarter, eighth ... of its size, averaged when somebody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

Raster: TypeAlias = "npt.NDArray[Any]"
"""(h, w) or (h, w, C) uint8 or uint16."""

COARSE_LEVEL = 3
"""Levels up to here are averaged from the layer itself, coarser ones from a kept copy of this
level: 1/64 of the layer in memory, and no look at it reads more than a few megapixels."""

BLOCK = 256
"""Side, in pixels of the coarse level, of what is read into that copy at once."""


def area_mean(pixels: Raster, step: int) -> Raster:
    """Mean of each square of `step` x `step` pixels.

    Squares cut by the right or lower edge average what is left of them.

    Args:
        pixels: (h, w) or (h, w, C) uint8 or uint16, not empty.
        step: side of the squares, >= 1.

    Returns:
        (ceil(h / step), ceil(w / step)[, C]), same type, rounded to nearest.
    """
    if step == 1:
        return pixels
    rows, columns = pixels.shape[0] // step, pixels.shape[1] // step
    bands = [
        _squeezed(pixels[top:bottom], columns * step, columns, height)
        for top, bottom, height in (
            (0, rows * step, rows),
            (rows * step, pixels.shape[0], 1),
        )
        if bottom > top
    ]
    return bands[0] if len(bands) == 1 else np.concatenate(bands)


def _squeezed(band: Raster, cut: int, columns: int, height: int) -> Raster:
    """A band of `height` rows of squares: whole squares up to `cut`, then one narrower column."""
    parts = [
        cv2.resize(band[:, left:right], (width, height), interpolation=cv2.INTER_AREA)
        for left, right, width in ((0, cut, columns), (cut, band.shape[1], 1))
        if right > left
    ]
    parts = [part.reshape(*part.shape[:2], *band.shape[2:]) for part in parts]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


class Pyramid:
    """Area means of a layer; level n has pixels of 2^n x 2^n of the layer's.

    Args:
        read: gives the layer's pixels of a box, as they are to be averaged; a layer of single
            bytes may say None for a box of nothing but zeros, which are most of a mask.
        width: of the layer.
        height: of the layer.
    """

    def __init__(self, read: Callable[[Box], Raster | None], width: int, height: int) -> None:
        self._read = read
        self._width = width
        self._height = height
        self._coarse: Raster | None = None
        self._known: npt.NDArray[np.bool_] = np.zeros((0, 0), np.bool_)

    def box(self, level: int) -> Box:
        """All pixels of a level."""
        return Box(0, 0, -(-self._width >> level), -(-self._height >> level))

    def pixels(self, level: int, box: Box) -> Raster:
        """The pixels of a non-empty box that lies inside `self.box(level)`."""
        if level <= COARSE_LEVEL:
            pixels = self._read(self._below(box, level, self.box(0)))
            if pixels is None:
                return np.zeros((box.height, box.width), np.uint8)
            return area_mean(pixels, 1 << level)
        further = level - COARSE_LEVEL
        below = self._below(box, further, self.box(COARSE_LEVEL))
        return area_mean(self._coarse_pixels(below), 1 << further)

    def spoil(self, box: Box) -> None:
        """Forget what was kept of a box of the layer, because the layer changed there."""
        if self._coarse is not None and not box.is_empty:
            side = BLOCK << COARSE_LEVEL
            self._known[
                box.top // side : -(-box.bottom // side), box.left // side : -(-box.right // side)
            ] = False

    @staticmethod
    def _below(box: Box, levels: int, limits: Box) -> Box:
        """The same area some levels finer."""
        return Box(
            box.left << levels, box.top << levels, box.right << levels, box.bottom << levels
        ).intersected(limits)

    def _coarse_pixels(self, box: Box) -> Raster:
        whole = self.box(COARSE_LEVEL)
        if self._coarse is None:
            pixel = self.pixels(0, Box(0, 0, 1, 1))
            self._coarse = np.zeros((whole.height, whole.width, *pixel.shape[2:]), pixel.dtype)
            blocks = (-(-whole.height // BLOCK), -(-whole.width // BLOCK))
            self._known = np.zeros(blocks, np.bool_)
        for row in range(box.top // BLOCK, -(-box.bottom // BLOCK)):
            for column in range(box.left // BLOCK, -(-box.right // BLOCK)):
                if not self._known[row, column]:
                    left, top = column * BLOCK, row * BLOCK
                    block = Box(left, top, left + BLOCK, top + BLOCK).intersected(whole)
                    self._coarse[block.slices] = self.pixels(COARSE_LEVEL, block)
                    self._known[row, column] = True
        return self._coarse[box.slices]
