"""Holes made of boxes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.masks.strokes import brush, unit

if TYPE_CHECKING:
    from engine.types import Box, MaskBool
    from training.masks.strokes import Size


def square(size: Size, rng: np.random.Generator, share: float = 0.25) -> MaskBool:
    """A box of the picture's shape anywhere; of half its sides where the share is 0.25."""
    height, width = _scaled(size, share)
    top = rng.integers(size[0] - height + 1)
    left = rng.integers(size[1] - width + 1)
    return _filled(size, int(top), int(left), height, width)


def centre(size: Size, rng: np.random.Generator, share: float = 0.25) -> MaskBool:
    """A box of the picture's shape in its middle; nothing about it is random."""
    del rng
    height, width = _scaled(size, share)
    return _filled(size, (size[0] - height) // 2, (size[1] - width) // 2, height, width)


def box(size: Size, rng: np.random.Generator) -> MaskBool:
    """A box anywhere, each of its sides between 0.1 and 0.75 of the picture's."""
    height, width = (max(1, round(side * rng.uniform(0.1, 0.75))) for side in size)
    top = rng.integers(size[0] - height + 1)
    left = rng.integers(size[1] - width + 1)
    return _filled(size, int(top), int(left), height, width)


def blocks(size: Size, rng: np.random.Generator) -> MaskBool:
    """PEN-Net's: a half-side box, turned by up to 45 degrees with the canvas growing around it.

    Dilated as there and brought back to the size: 0.166 of the picture on average.
    """
    canvas = square(size, rng).astype(np.uint8)
    if rng.random() < 0.5:
        canvas = np.ascontiguousarray(canvas[:, ::-1])
    height, width = size
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), int(rng.integers(46)), 1.0)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    wide, high = round(height * sine + width * cosine), round(height * cosine + width * sine)
    turn[:, 2] += ((wide - width) / 2, (high - height) / 2)
    turned = cv2.warpAffine(canvas, turn, (wide, high), flags=cv2.INTER_NEAREST)
    side = max(1, 2 * round(unit(size)) + 1)  # 3 pixels at the papers' size
    grown = cv2.dilate(turned, np.ones((side, side), np.uint8))
    back = cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return back.astype(np.bool_)


def box_and_brush(size: Size, rng: np.random.Generator) -> MaskBool:
    """What IConv is trained with on scenes: `square` and `brush` together, 0.356 on average."""
    return square(size, rng) | brush(size, rng)


def of_box(size: Size, place: Box) -> MaskBool:
    """A given box, cut to the picture; may be empty."""
    hole = np.zeros(size, np.bool_)
    hole[max(0, place.top) : max(0, place.bottom), max(0, place.left) : max(0, place.right)] = True
    return hole


def _scaled(size: Size, share: float) -> tuple[int, int]:
    """Sides of a box that has this share of the picture."""
    height, width = (min(side, max(1, round(side * math.sqrt(share)))) for side in size)
    return height, width


def _filled(size: Size, top: int, left: int, height: int, width: int) -> MaskBool:
    hole = np.zeros(size, np.bool_)
    hole[top : top + height, left : left + width] = True
    return hole
