"""Holes that meet a share to the pixel: strokes and blobs, the shapes people paint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.types import MaskBool

Canvas = npt.NDArray[np.uint8]

REFUSALS = 60
"""Strokes in a row that may add nothing or too much, before the rest is topped up."""


def free_form(
    size: tuple[int, int],
    rng: np.random.Generator,
    coverage: tuple[float, float] = (0.1, 0.2),
) -> MaskBool:
    """Brush strokes: random walks of a round brush (after Yu et al. 2019, section 3.4).

    Args:
        size: (height, width) in pixels.
        rng: decides strokes and coverage.
        coverage: least and largest share of missing pixels, within 0..1.

    Returns:
        (height, width) bool, True = hole. The share is drawn uniformly from `coverage` and met
        to the pixel; one pixel is missing at least.

    Raises:
        ValueError: if `coverage` is not an interval within 0..1.
    """
    goal = _pixels_to_cover(size, rng, coverage)
    canvas = np.zeros(size, np.uint8)
    covered = refusals = 0
    while refusals < REFUSALS:
        for start, end, thickness in _stroke(size, rng):
            trial = canvas.copy()
            cv2.line(trial, start, end, 1, thickness)
            if not covered < cv2.countNonZero(trial) <= goal:
                refusals += 1
                break
            canvas, covered, refusals = trial, cv2.countNonZero(trial), 0
    return topped_up(canvas, goal, rng)


def blob(
    size: tuple[int, int],
    rng: np.random.Generator,
    coverage: tuple[float, float] = (0.05, 0.1),
) -> MaskBool:
    """One connected shape with a wavy outline, like an object somebody wants removed.

    Arguments, result and errors as in `free_form`.
    """
    goal = _pixels_to_cover(size, rng, coverage)
    angles = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    radii = np.ones_like(angles)
    for wave in range(2, 7):
        radii += rng.uniform(0, 0.7 / wave) * np.cos(wave * angles + rng.uniform(0, 2 * np.pi))
    stretch = np.exp(rng.uniform(-0.4, 0.4))
    outline = np.stack([np.cos(angles) * stretch, np.sin(angles) / stretch], axis=1)
    outline *= np.maximum(radii, 0.2)[:, None]
    centre = rng.uniform(0.25, 0.75, 2) * (size[1], size[0])
    low, high = 0.0, float(sum(size))
    canvas = np.zeros(size, np.uint8)
    while high - low > 0.25:
        scale = (low + high) / 2
        trial = np.zeros(size, np.uint8)
        cv2.fillPoly(trial, [np.rint(centre + scale * outline).astype(np.int32)], 1)
        if cv2.countNonZero(trial) > goal:
            high = scale
        else:
            low, canvas = scale, trial
    return topped_up(canvas, goal, rng)


def _pixels_to_cover(
    size: tuple[int, int], rng: np.random.Generator, coverage: tuple[float, float]
) -> int:
    least, most = coverage
    if not 0 <= least <= most <= 1:
        raise ValueError(f"coverage is {coverage}; it must be an interval within 0..1")
    return max(1, round(rng.uniform(least, most) * size[0] * size[1]))


def _stroke(
    size: tuple[int, int], rng: np.random.Generator
) -> Iterator[tuple[tuple[int, int], tuple[int, int], int]]:
    """Segments (start, end, thickness) of one stroke; lengths follow the shorter side."""
    height, width = size
    short = min(size)
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    thickness = max(1, round(rng.uniform(0.02, 0.08) * short))
    heading = rng.uniform(0, 2 * np.pi)
    for _ in range(rng.integers(3, 12)):
        length = rng.uniform(0.03, 0.12) * short
        end_x = float(np.clip(x + length * np.cos(heading), 0, width - 1))
        end_y = float(np.clip(y + length * np.sin(heading), 0, height - 1))
        yield (int(x), int(y)), (int(end_x), int(end_y)), thickness
        x, y = end_x, end_y
        heading += rng.normal(0, 0.8)


def topped_up(canvas: Canvas, goal: int, rng: np.random.Generator) -> MaskBool:
    """Grow the hole from one place of its border until it has exactly `goal` pixels."""
    while (lacking := goal - cv2.countNonZero(canvas)) > 0:
        grown = cv2.dilate(canvas, np.ones((3, 3), np.uint8)) if canvas.any() else canvas + 1
        ring = np.argwhere((grown != 0) & (canvas == 0))
        apart = np.abs(ring - ring[rng.integers(len(ring))]).sum(axis=1)
        nearest = ring[np.argsort(apart, kind="stable")[:lacking]]
        canvas[nearest[:, 0], nearest[:, 1]] = 1
    return canvas.astype(np.bool_)
