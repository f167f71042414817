"""Holes made of strokes, as the papers draw them.

All lengths are those of 256 x 256 pixels times the geometric mean of the sides over 256, so that
the share of missing pixels does not depend on the size.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.types import MaskBool

Size: TypeAlias = tuple[int, int]
Canvas: TypeAlias = npt.NDArray[np.uint8]

REFERENCE = 256
"""Side that the papers' lengths are given for, in pixels."""

_SHIFT = 4  # OpenCV takes coordinates in sixteenths of a pixel
_ONE = 1 << _SHIFT


def unit(size: Size) -> float:
    """What one pixel of the papers is here."""
    return math.sqrt(size[0] * size[1]) / REFERENCE


def free_form_training(size: Size, rng: np.random.Generator) -> MaskBool:
    """What PEPSI is trained with: wide strokes, 0.43 of the picture on average."""
    return _capsules(size, rng, (15, 30))


def free_form_test(size: Size, rng: np.random.Generator) -> MaskBool:
    """What PEPSI's tables were most likely made with: thinner strokes, 0.226 on average."""
    return _capsules(size, rng, (6, 12))


def brush(size: Size, rng: np.random.Generator) -> MaskBool:
    """The brush of DeepFill v2 (Yu et al. 2019): zigzags, 0.15 of the picture on average.

    The two flips are independent of each other and, unlike in the released code, take effect.
    """
    height, width = size
    canvas = np.zeros(size, np.uint8)
    reach = math.hypot(height, width) / 8
    for _ in range(rng.integers(1, 4)):
        low = 2 * math.pi / 5 - rng.uniform(0, 2 * math.pi / 15)
        high = 2 * math.pi / 5 + rng.uniform(0, 2 * math.pi / 15)
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        points = [(x, y)]
        for number in range(rng.integers(4, 12)):
            angle = rng.uniform(low, high)
            if number % 2 == 0:
                angle = 2 * math.pi - angle
            length = float(np.clip(rng.normal(reach, reach / 2), 0, 2 * reach))
            x = float(np.clip(x + length * math.sin(angle), 0, width - 1))
            y = float(np.clip(y + length * math.cos(angle), 0, height - 1))
            points.append((x, y))
        polyline(canvas, points, int(rng.integers(12, 40)) * unit(size))
    if rng.random() < 0.5:
        canvas = canvas[::-1]
    if rng.random() < 0.5:
        canvas = canvas[:, ::-1]
    return np.ascontiguousarray(canvas).astype(np.bool_)


def lines(size: Size, rng: np.random.Generator) -> MaskBool:
    """Thin lines across the picture, slightly bent: wires, cracks, scratches, hairs."""
    height, width = size
    canvas = np.zeros(size, np.uint8)
    for _ in range(rng.integers(1, 9)):
        thickness = max(1.0, rng.uniform(1, 6) * unit(size))
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        heading, bend = rng.uniform(0, 2 * math.pi), rng.normal(0, 0.12)
        points = [(x, y)]
        for _ in range(rng.integers(4, 13)):
            x += 24 * unit(size) * math.cos(heading)
            y += 24 * unit(size) * math.sin(heading)
            heading += bend + rng.normal(0, 0.1)
            points.append((x, y))
        polyline(canvas, points, thickness)
    return canvas.astype(np.bool_)


def polyline(canvas: Canvas, points: list[tuple[float, float]], thickness: float) -> None:
    """Draw joined segments with round ends into `canvas`, one pixel thick at least."""
    # OpenCV's lines come out 0.7 pixels wider than asked for, and as wide for 2n - 1 as for 2n.
    drawn = 1 if thickness < 1.7 else max(2, 2 * round((thickness - 0.7) / 2))
    for start, end in itertools.pairwise(points):
        cv2.line(canvas, _fixed(start), _fixed(end), 1, drawn, shift=_SHIFT)


def _capsules(size: Size, rng: np.random.Generator, radii: tuple[int, int]) -> MaskBool:
    """Random walks of a disc: 3-5 of 5-15 vertices, 20-50 pixels apart in any direction."""
    height, width = size
    canvas = np.zeros(size, np.uint8)
    for _ in range(rng.integers(3, 6)):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        radius = rng.integers(radii[0], radii[1] + 1)
        points = [(x, y)]
        for _ in range(rng.integers(5, 16) - 1):  # that many vertices, the start among them
            angle = rng.uniform(-math.pi, math.pi)
            length = rng.integers(20, 51) * unit(size)
            x = float(np.clip(x + length * math.sin(angle), 0, width - 1))
            y = float(np.clip(y + length * math.cos(angle), 0, height - 1))
            points.append((x, y))
        polyline(canvas, points, 2 * radius * unit(size))
    return canvas.astype(np.bool_)


def _fixed(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0] * _ONE), round(point[1] * _ONE)
