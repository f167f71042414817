"""The layers of a document as tiles: what is averaged, and which colours it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from app.canvas.pyramid import Pyramid, Raster
from app.canvas.tiles import Shades, TileCache

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    from PySide6.QtGui import QColor

    from app.canvas.colour import Conversion
    from app.document import Document
    from engine.types import Box, Pixels

AMPLIFICATION = 8.0
"""By how much a difference is shown larger than it is."""

FAINTEST = 100
"""Tint of a hole pixel with the least coverage, of 255: a soft edge still shows where it ends."""


def picture_tiles(
    read: Callable[[Box], Pixels],
    like: Pixels,
    budget_bytes: int,
    convert: Conversion | None = None,
) -> TileCache:
    """Tiles of a picture.

    Args:
        read: its pixels in a box, (h, w, C).
        like: (H, W, C) array with the picture's size, depth and channels.
        budget_bytes: see `TileCache`.
        convert: from the picture's colours to the screen's; None = they are shown as they are.
    """
    height, width, channels = like.shape
    see_through = channels in (2, 4)

    def read_premultiplied(box: Box) -> Raster:
        return _premultiplied(read(box))

    def shade(pixels: Raster) -> Shades:
        narrow = _narrow(pixels)
        return _packed(narrow if convert is None else convert(narrow))

    pyramid = Pyramid(read_premultiplied if see_through else read, width, height)
    return TileCache(pyramid, shade, see_through=see_through, budget_bytes=budget_bytes)


def difference_tiles(document: Document, budget_bytes: int) -> TileCache:
    """Tiles of how far the picture is from what it was opened as, amplified; equal is black."""

    def read(box: Box) -> Raster:
        now, before = document.image[box.slices], document.original(box)
        apart: Raster = cv2.absdiff(now, before).reshape(now.shape)
        if now.shape[2] in (2, 4):
            apart = np.maximum(apart[:, :, :-1], apart[:, :, -1:])
        apart = np.ascontiguousarray(apart)
        amplified: Raster = cv2.addWeighted(apart, AMPLIFICATION, apart, 0, 0)
        return amplified.reshape(apart.shape)

    colours = 3 if document.image.shape[2] >= 3 else 1
    return picture_tiles(read, document.image[:, :, :colours], budget_bytes)


def mask_tiles(document: Document, budget_bytes: int) -> TileCache:
    """Tiles of the hole in opaque white until `tint` gives them a colour."""

    def read(box: Box) -> Raster | None:
        return _looked_up(document.mask[box.slices], _TINT_OF_COVERAGE)

    pyramid = Pyramid(read, document.width, document.height)
    shade = tint(0xFFFFFF, 1.0)
    return TileCache(pyramid, shade, see_through=True, lazy=True, budget_bytes=budget_bytes)


def source_tiles(document: Document, value: int, budget_bytes: int) -> TileCache:
    """Tiles that are opaque where the source layer has one value and clear elsewhere."""
    table = np.zeros(256, np.uint8)
    table[value] = 255

    def read(box: Box) -> Raster | None:
        return _looked_up(document.source[box.slices], table)

    pyramid = Pyramid(read, document.width, document.height)
    shade = tint(0xFFFFFF, 1.0)
    return TileCache(pyramid, shade, see_through=True, lazy=True, budget_bytes=budget_bytes)


def tint(rgb: int, opacity: float) -> Callable[[Raster], Shades]:
    """Turns a tint of 0..255 into premultiplied colours.

    Args:
        rgb: 0xRRGGBB.
        opacity: of a tint of 255, 0..1.
    """
    alpha = np.arange(256) * opacity
    table = np.rint(alpha).astype(np.uint32) << 24
    for shift in (16, 8, 0):
        channel = (rgb >> shift) & 255
        table |= np.rint(alpha * channel / 255).astype(np.uint32) << shift
    signed = table.view(np.int32)  # OpenCV's tables know no unsigned 32 bits

    def shade(values: Raster) -> Shades:
        shades: npt.NDArray[Any] = cv2.LUT(values, signed)
        return shades.view(np.uint32)

    return shade


def rgb_of(colour: QColor) -> int:
    return colour.rgb() & 0xFFFFFF


def _looked_up(values: npt.NDArray[np.uint8], table: npt.NDArray[np.uint8]) -> Raster | None:
    """What a table says for each value; None if all are zero, which is four times as fast."""
    return cv2.LUT(values, table) if cv2.countNonZero(values) else None


def _tint_of_coverage() -> npt.NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    table[128:] = np.rint(np.linspace(FAINTEST, 255, 128))
    return table


_TINT_OF_COVERAGE = _tint_of_coverage()


def _premultiplied(pixels: Pixels) -> Raster:
    """Colour times alpha, so that the hidden colour of clear pixels bleeds into no average."""
    alpha = pixels[:, :, -1]
    planes = [
        pixels[:, :, channel] for channel in ((0, 1, 2) if pixels.shape[2] == 4 else (0, 0, 0))
    ]
    scale = 1.0 / np.iinfo(pixels.dtype).max
    product = cv2.multiply(cv2.merge(planes), cv2.merge([alpha, alpha, alpha]), scale=scale)
    return np.dstack((product, alpha))


def _narrow(pixels: Raster) -> npt.NDArray[np.uint8]:
    """(h, w, C) pixels of any depth with eight bits."""
    if pixels.dtype == np.uint16:
        pixels = cv2.convertScaleAbs(pixels, alpha=1 / 257)
    return np.ascontiguousarray(pixels if pixels.ndim == 3 else pixels[:, :, None])


def _packed(pixels: npt.NDArray[np.uint8]) -> Shades:
    """(h, w, C) as 0xAARRGGBB; those with alpha are premultiplied already."""
    codes = {1: cv2.COLOR_GRAY2BGRA, 3: cv2.COLOR_RGB2BGRA, 4: cv2.COLOR_RGBA2BGRA}
    bgra: npt.NDArray[Any] = cv2.cvtColor(pixels, codes[pixels.shape[2]])
    return bgra.view(np.uint32)[:, :, 0]
