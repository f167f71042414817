"""An object under a scribble: GrabCut on a reduced crop, its edge then fitted at full size.

GrabCut: Rother, Kolmogorov, Blake, "Interactive foreground extraction using iterated graph cuts",
2004. The fit is the fast guided filter: He, Sun, "Fast guided filter", 2015, with the colour guide
of He, Sun, Tang, "Guided image filtering", 2013.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from app.document.areas import FULL, NOWHERE, Area
from app.tools.polygons import bounds
from engine.jobs import Progress
from engine.pixels import full_scale
from engine.types import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.jobs import CancelToken, Steps
    from engine.types import Pixels

    Bytes: TypeAlias = npt.NDArray[np.uint8]
    Floats: TypeAlias = npt.NDArray[np.float32]

SMALL_SIDE = 240
"""Longest side of the reduced crop: GrabCut on it answers in some tenths of a second."""

ROUNDS = 5
REACH = 0.6
"""How far from a scribble the object may go, as a share of the scribbles' longer side."""

LIKELY = 0.2
"""What lies nearer than this share of the reach is rather object than not."""

RADIUS = 3
"""Of the guided filter's window, in reduced pixels."""

EPSILON = 1e-4
STEEPNESS = 3.0
"""By how much the edge that the filter finds is sharpened: it is soft where colours are alike."""

SPECKLE = 5
_ALL = slice(None)
Line: TypeAlias = tuple[int | slice, int | slice]
RIMS: tuple[Line, ...] = ((0, _ALL), (-1, _ALL), (_ALL, 0), (_ALL, -1))
"""The outermost rows and columns of an array."""

RIM = 0.5
"""From this share of the reach on, the rim of the picture stands for what is not the object."""

BAND_ROWS = 256


@dataclass(frozen=True, slots=True)
class Scribble:
    """A line drawn by hand.

    Attributes:
        points: x and y in picture pixels; one is enough.
        is_inside: whether it lies in the object, or beside it.
        reach: how far away, in picture pixels, the object may go at least.
    """

    points: tuple[tuple[float, float], ...]
    is_inside: bool = True
    reach: float = 48


def object_under(
    image: Pixels, token: CancelToken, *, scribbles: tuple[Scribble, ...]
) -> Steps[Area]:
    """The object that scribbles lie in, without what other scribbles lie in.

    Args:
        image: (H, W, C) native pixels.
        token: checked several times a second.
        scribbles: at least one inside.

    Returns:
        Its area, with soft coverage at the edge.
    """
    reach = _reach(scribbles)
    window = reach_of(scribbles).intersected(Box.whole(image))
    if window.is_empty:
        return NOWHERE
    small = _reduced(image[window.slices])
    found = yield from _cut(small, _marks(scribbles, window, reach, small), token)
    return (yield from _fitted(image, window, small, found, token))


def reach_of(scribbles: tuple[Scribble, ...]) -> Box:
    """Where the object of scribbles may lie; at least one is inside."""
    return _inner(scribbles).grown(_reach(scribbles))


def _inner(scribbles: tuple[Scribble, ...]) -> Box:
    return Box.around(bounds(line.points) for line in scribbles if line.is_inside)


def _reach(scribbles: tuple[Scribble, ...]) -> int:
    inner = _inner(scribbles)
    least = max(line.reach for line in scribbles)
    return math.ceil(max(least, REACH * max(inner.width, inner.height)))


def _reduced(crop: Pixels) -> Bytes:
    """A crop as 8-bit colours, at most `SMALL_SIDE` long."""
    height, width = crop.shape[:2]
    scale = min(1.0, SMALL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    reduced = cv2.resize(_colours(crop), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.convertScaleAbs(reduced, alpha=FULL / full_scale(crop)), np.uint8)


def _colours(crop: Pixels) -> Pixels:
    """Three channels of any picture, alpha left out."""
    channels = (0, 1, 2) if crop.shape[2] >= 3 else (0, 0, 0)
    colours: Pixels = np.dstack([crop[:, :, channel] for channel in channels])  # type: ignore[assignment]
    return colours


def _marks(scribbles: tuple[Scribble, ...], window: Box, reach: int, small: Bytes) -> Bytes:
    """What GrabCut is told of each reduced pixel."""
    height, width = small.shape[:2]
    scale = width / window.width, height / window.height
    lines = [(line.is_inside, _line(line, window, scale)) for line in scribbles]
    drawn, erased = (
        _drawn([points for is_inside, points in lines if is_inside is wanted], small.shape[:2])
        for wanted in (True, False)
    )
    away = cv2.distanceTransform(
        np.subtract(1, drawn, dtype=np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5
    ) / (reach * max(scale))
    marks = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    marks[away < LIKELY] = cv2.GC_PR_FGD
    marks[away > 1] = cv2.GC_BGD
    for rim in RIMS:
        marks[rim][away[rim] > RIM] = cv2.GC_BGD
    marks[drawn == 1] = cv2.GC_FGD
    marks[erased == 1] = cv2.GC_BGD
    return marks


def _drawn(lines: list[npt.NDArray[np.int32]], shape: tuple[int, ...]) -> Bytes:
    """1 where lines run."""
    drawn = np.zeros(shape, np.uint8)
    cv2.polylines(drawn, lines, False, (1,), 1, shift=4)
    for columns, rows in (np.transpose(line + 8 >> 4) for line in lines):  # a point alone, too
        is_here = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
        drawn[rows[is_here], columns[is_here]] = 1
    return drawn


def _line(scribble: Scribble, window: Box, scale: tuple[float, float]) -> npt.NDArray[np.int32]:
    """In sixteenths of reduced pixels, their centres at whole numbers."""
    points = (np.array(scribble.points) - (window.left, window.top)) * scale - 0.5
    return np.rint(points * 16).astype(np.int32)


def _cut(small: Bytes, marks: Bytes, token: CancelToken) -> Steps[Bytes]:
    """The object in the reduced crop, 0 or 1: only what hangs together with a scribble."""
    sure = marks.copy()
    if not (marks == cv2.GC_FGD).any():
        return np.zeros_like(marks)
    if not np.isin(marks, (cv2.GC_BGD, cv2.GC_PR_BGD)).any():
        return np.ones_like(marks)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    for number in range(ROUNDS):
        token.check()
        yield Progress(number, ROUNDS + 2, "")
        mode = cv2.GC_INIT_WITH_MASK if number == 0 else cv2.GC_EVAL
        cv2.grabCut(small, marks, None, background, foreground, 1, mode)  # type: ignore[call-overload]
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).view(np.uint8)
    found = np.asarray(cv2.medianBlur(found, SPECKLE), np.uint8)
    found[sure == cv2.GC_FGD] = 1
    found[sure == cv2.GC_BGD] = 0
    _, labels = cv2.connectedComponents(found, connectivity=8)
    wanted = np.unique(labels[sure == cv2.GC_FGD])
    return np.isin(labels, wanted[wanted > 0]).view(np.uint8)


def _fitted(
    image: Pixels, window: Box, small: Bytes, found: Bytes, token: CancelToken
) -> Steps[Area]:
    """The object at full size, its edge where the picture has one."""
    coefficients = _linear_model(
        small.astype(np.float32) / np.float32(FULL), found.astype(np.float32)
    )
    height, width = found.shape
    scale = width / window.width, height / window.height
    coverage = np.zeros((window.height, window.width), np.uint8)
    for top in range(0, window.height, BAND_ROWS):
        token.check()
        yield Progress(ROUNDS + 2 * top / window.height, ROUNDS + 2, "")
        rows = min(BAND_ROWS, window.height - top)
        # Pixel centres of the band in the reduced crop.
        shrink = np.array(
            [[scale[0], 0, scale[0] / 2 - 0.5], [0, scale[1], (top + 0.5) * scale[1] - 0.5]]
        )
        model = cv2.warpAffine(
            coefficients,
            shrink,
            (window.width, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        band = Box(window.left, window.top + top, window.right, window.top + top + rows)
        guide = _colours(image[band.slices]).astype(np.float32) / full_scale(image)
        share = (guide * model[:, :, :3]).sum(axis=2) + model[:, :, 3]
        sharpened = (share - 0.5) * STEEPNESS + 0.5
        coverage[top : top + rows] = np.clip(np.rint(sharpened * FULL), 0, FULL)
    return Area(window, coverage)


def _linear_model(guide: Floats, found: Floats) -> Floats:
    """(h, w, 4): in each window the object as the best linear function of colour, and an offset."""

    def mean(plane: Floats) -> Floats:
        size = (2 * RADIUS + 1,) * 2
        return np.asarray(cv2.blur(plane, size, borderType=cv2.BORDER_REFLECT_101), np.float32)

    mean_guide, mean_found = mean(guide), mean(found)
    covariance = mean(guide * found[:, :, None]) - mean_guide * mean_found[:, :, None]
    products = mean((guide[:, :, :, None] * guide[:, :, None, :]).reshape(*found.shape, 9))
    spread = products.reshape(*found.shape, 3, 3)
    spread = spread - mean_guide[:, :, :, None] * mean_guide[:, :, None, :]
    spread = spread + EPSILON * np.eye(3, dtype=np.float32)
    slope = np.linalg.solve(spread, covariance[:, :, :, None])[:, :, :, 0]
    offset = mean_found - (slope * mean_guide).sum(axis=2)
    return mean(np.dstack((slope, offset)).astype(np.float32))
