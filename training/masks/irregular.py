"""The irregular holes of the region-wise network (Ma et al. 2019): two generators in turn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.masks.strokes import polyline, unit

if TYPE_CHECKING:
    from engine.types import MaskBool
    from training.masks.strokes import Canvas, Size

MOST_SHAPES = 3
"""Of each sort in a discontinuous hole; the released default of 60 leaves nothing to see."""


def irregular(size: Size, rng: np.random.Generator) -> MaskBool:
    """One line of changing thickness, or some lines, discs, boxes and arcs."""
    canvas = np.zeros(size, np.uint8)
    if rng.random() < 0.5:
        _continuous(canvas, rng)
    else:
        _discontinuous(canvas, rng)
    return canvas.astype(np.bool_)


def _continuous(canvas: Canvas, rng: np.random.Generator) -> None:
    height, width = canvas.shape
    scale = unit((height, width))
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    for number in range(rng.integers(1, 61)):
        angle = rng.uniform(0, 2 * math.pi)
        if number % 2 == 0:
            angle = 2 * math.pi - angle
        length = rng.integers(1, 33) * scale
        next_x = float(np.clip(x + length * math.sin(angle), 0, width - 1))
        next_y = float(np.clip(y + length * math.cos(angle), 0, height - 1))
        polyline(canvas, [(x, y), (next_x, next_y)], rng.integers(1, 51) * scale)
        x, y = next_x, next_y


def _discontinuous(canvas: Canvas, rng: np.random.Generator) -> None:
    height, width = canvas.shape
    scale = unit((height, width))

    def point() -> tuple[int, int]:
        return int(rng.integers(width)), int(rng.integers(height))

    def thickness() -> int:
        return max(1, round(rng.integers(3, 52) * scale))

    for _ in range(rng.integers(1, MOST_SHAPES + 1)):
        cv2.line(canvas, point(), point(), 1, thickness())
    for _ in range(rng.integers(1, MOST_SHAPES + 1)):
        cv2.circle(canvas, point(), thickness(), 1, cv2.FILLED)
    for _ in range(rng.integers(1, MOST_SHAPES + 1)):
        cv2.rectangle(canvas, point(), point(), 1, cv2.FILLED)
    for _ in range(rng.integers(1, MOST_SHAPES + 1)):
        axes = (round(rng.uniform(0, width)), round(rng.uniform(0, height)))
        turn, start = rng.integers(3, 181, 2).tolist()
        end = int(rng.integers(3, 181))
        cv2.ellipse(canvas, point(), axes, turn, start, end, 1, thickness())
