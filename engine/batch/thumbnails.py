"""Small pictures for the contact sheet: before, the hole outlined, after."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from engine.pictures.writing import flattened, shallow

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from engine.batch.items import Item
    from engine.types import MaskBool, Pixels

SIDE = 220
"""Longer side, in pixels."""

MOST_PICTURED = 240
"""Pictures of a run that get thumbnails, so that a million take no more memory than these."""

_QUALITY = 72
_OUTLINE = (255, 0, 160)
_TINT = 0.35


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Three JPEG files of a few kilobytes each."""

    before: bytes
    hole: bytes
    after: bytes


def thumbnails(before: Pixels, hole: MaskBool, after: Pixels) -> Thumbnails:
    """Thumbnails of a picture, its hole and its result.

    Args:
        before: (H, W, C) native pixels.
        hole: (H, W) bool.
        after: like `before`.
    """
    small = _small(before)
    return Thumbnails(
        _jpeg(small), _jpeg(_outlined(small, _small_hole(hole, small))), _jpeg(_small(after))
    )


def pictured(items: Sequence[Item]) -> Sequence[Item]:
    """Those that get thumbnails: spread evenly over all."""
    return items[:: max(1, -(-len(items) // MOST_PICTURED))]


def _small(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """(h, w, 3) uint8 RGB on white, at most `SIDE` wide and high."""
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    shrunk = np.empty((size[1], size[0], pixels.shape[2]), pixels.dtype)
    cv2.resize(pixels, size, dst=shrunk, interpolation=cv2.INTER_AREA)
    rgb = flattened(shallow(shrunk))
    return np.ascontiguousarray(np.broadcast_to(rgb, (*rgb.shape[:2], 3)), np.uint8)


def _small_hole(hole: MaskBool, like: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The hole at the size of a thumbnail; a hairline stays visible."""
    height, width = like.shape[:2]
    share = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return (share > 0).astype(np.uint8)


def _outlined(small: npt.NDArray[np.uint8], hole: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    edge = cv2.dilate(hole, np.ones((3, 3), np.uint8)) != hole
    drawn = small.astype(np.float32)
    drawn[hole > 0] += _TINT * (np.array(_OUTLINE, np.float32) - drawn[hole > 0])
    drawn[edge] = _OUTLINE
    return drawn.astype(np.uint8)


def _jpeg(rgb: npt.NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
