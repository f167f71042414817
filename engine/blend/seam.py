"""The border between a fill and the known picture, and the gain that makes them meet there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.types import ImageF32, MaskBool

Places = npt.NDArray[np.intp]
Values = npt.NDArray[np.float64]

LARGEST_STEP = 0.4
"""Steps from here on are edges of the picture, smaller ones are faults the more the smaller."""

LARGEST_GAIN = 2.0

LEVEL = 16.0
"""Seam pixels that an even gain counts for: a short seam tells no ramp of light from chance."""

BAND = 128
"""Rows that are changed at once: the indices of a whole large hole would be ten times its size."""

_AROUND = ((0, 1), (0, -1), (1, 0), (-1, 0))
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, slots=True)
class Seam:
    """Hole pixels with a known neighbour, and the colours of both sides at the border itself.

    Either side is carried on by half its own slope, so that a ramp that runs through the border
    is no step.

    Attributes:
        rows: (n,) of the pixels.
        columns: (n,).
        outside: (n, 3) colour that the known picture has at the border.
        inside: (n, 3) colour that the fill has there.
        trust: (n,) 0..1, how far a difference is a fault rather than an edge of the picture.
    """

    rows: Places
    columns: Places
    outside: Values
    inside: Values
    trust: Values


def seam(fill: ImageF32, hole: MaskBool, known: MaskBool) -> Seam:
    """The seam of a fill.

    Args:
        fill: (H, W, 3) float32 0..1, with the known picture around it.
        hole: (H, W) bool, True = filled.
        known: (H, W) bool, True = as photographed; neither of both says nothing.
    """
    beside = cv2.dilate(known.astype(np.uint8), _CROSS)
    rows, columns = np.nonzero(hole & (beside > 0))
    outside, inside = np.zeros((2, len(rows), 3))
    count = np.zeros(len(rows))
    for down, right in _AROUND:
        here = np.flatnonzero(_holds(known, rows + down, columns + right))
        y, x = rows[here], columns[here]
        ours, theirs = fill[y, x].astype(np.float64), fill[y + down, x + right].astype(np.float64)
        back = _holds(hole, y - down, x - right)[:, None]
        far = _holds(known, y + 2 * down, x + 2 * right)[:, None]
        slope_in = np.where(back, ours - _taken(fill, y - down, x - right), 0.0)
        slope_out = np.where(far, _taken(fill, y + 2 * down, x + 2 * right) - theirs, 0.0)
        count[here] += 1
        inside[here] += ours + 0.5 * np.where(back, slope_in, slope_out)
        outside[here] += theirs - 0.5 * np.where(far, slope_out, slope_in)
    outside, inside = outside / count[:, None], inside / count[:, None]
    step = np.abs(outside - inside).max(axis=1, initial=0.0) / LARGEST_STEP
    trust = np.square(np.maximum(0.0, 1.0 - np.square(step)))  # Tukey's biweight
    return Seam(rows, columns, outside, inside, trust)


def matched(fill: ImageF32, hole: MaskBool, known: MaskBool, check: Callable[[], None]) -> ImageF32:
    """The fill times a gain, so that light and colour meet those outside.

    The gain of each colour is a plane over each part of the hole: even, or a ramp where the seam
    shows one. It is found by moments: on the seam, fill and picture shall agree in their mean and
    in their trend along both axes. Unlike a regression of one on the other, that stays right when
    both are full of texture.

    Args:
        fill: (H, W, 3) float32 0..1, with the known picture around it.
        hole: (H, W) bool, True = filled.
        known: (H, W) bool, True = as photographed.
        check: called often; may raise to stop.

    Returns:
        (H, W, 3) float32, equal to `fill` outside the hole; may leave 0..1.
    """
    border = seam(fill, hole, known)
    count, parts = cv2.connectedComponents(hole.astype(np.uint8), connectivity=8)
    part = parts[border.rows, border.columns].astype(np.intp)
    middle, reach = _spread(border, part, count)
    planes = _planes(border, part, middle, reach)
    result = fill.copy()
    for top in range(0, hole.shape[0], BAND):
        check()
        band = slice(top, top + BAND)
        rows, columns = np.nonzero(hole[band])
        own = parts[band][rows, columns]
        across = (columns - middle[own, 0]) / reach[own]
        down = (rows + top - middle[own, 1]) / reach[own]
        for c in range(3):
            even, right, below = planes[c, :, own].T
            gain = (even + right * across + below * down).clip(1 / LARGEST_GAIN, LARGEST_GAIN)
            result[band, :, c][rows, columns] *= gain
    return result


def _spread(border: Seam, part: Places, count: int) -> tuple[Values, Values]:
    """Middle (count, 2) as x and y, and reach (count,) in pixels, of every part's seam."""
    size = np.maximum(np.bincount(part, minlength=count), 1)
    where = (border.columns, border.rows)
    middle = np.stack([np.bincount(part, each, count) / size for each in where], axis=1)
    square = sum(
        np.bincount(part, np.square(each - middle[part, axis]), count)
        for axis, each in enumerate(where)
    )
    return middle, np.maximum(np.sqrt(square / size), 1.0)


def _planes(border: Seam, part: Places, middle: Values, reach: Values) -> Values:
    """Gain of every part and colour as (3, 3, count): even, to the right, downwards."""
    count = len(reach)
    moments = np.stack(
        [
            np.ones(len(part)),
            (border.columns - middle[part, 0]) / reach[part],
            (border.rows - middle[part, 1]) / reach[part],
        ]
    )
    planes = np.zeros((3, 3, count))
    planes[:, 0] = 1.0
    for c in range(3):
        weighed = moments * border.trust
        ours = np.empty((count, 3, 3))
        theirs = np.empty((count, 3))
        for i in range(3):
            theirs[:, i] = np.bincount(part, weighed[i] * border.outside[:, c], count)
            for j in range(3):
                ours[:, i, j] = np.bincount(
                    part, weighed[i] * moments[j] * border.inside[:, c], count
                )
        level = LEVEL * ours[:, 0, 0] / np.maximum(np.bincount(part, border.trust, count), 1e-9)
        ours[:, 1, 1] += level
        ours[:, 2, 2] += level
        fits = (ours[:, 0, 0] > 0.01) & (theirs[:, 0] > 0.01)
        fits &= np.linalg.cond(np.where(fits[:, None, None], ours, np.eye(3))) < 1e6
        planes[c][:, fits] = np.linalg.solve(ours[fits], theirs[fits, :, None])[:, :, 0].T
    return planes


def _holds(mask: MaskBool, rows: Places, columns: Places) -> MaskBool:
    """Whether the pixels lie in the picture and in the mask."""
    height, width = mask.shape
    within = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    held: MaskBool = within & mask[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return held


def _taken(image: ImageF32, rows: Places, columns: Places) -> ImageF32:
    """Colours of pixels, those beyond the picture's edge as at the edge."""
    height, width = image.shape[:2]
    taken: ImageF32 = image[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return taken
