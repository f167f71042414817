"""How much of each pixel a polygon covers, exactly, in time that follows its rim and not its area.

Every edge is cut where it crosses from pixel to pixel. A piece adds its height to all pixels right
of it in its row, and to its own pixel the part that lies right of it, so that running sums along
the rows are windings (the method of FreeType's and font-rs's rasterisers). Between two pixels with
pieces the winding is constant, and rows are written as runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]

FULL = 255


def bounds(points: Sequence[tuple[float, float]]) -> Box:
    """The smallest box of pixels around at least one point."""
    left, top = np.floor(np.min(points, axis=0)).astype(int)
    right, bottom = np.ceil(np.max(points, axis=0)).astype(int)
    return Box(int(left), int(top), int(right), int(bottom))


def coverage(points: Sequence[tuple[float, float]], box: Box) -> npt.NDArray[np.uint8]:
    """The share of each pixel of a box that lies inside a polygon.

    Where the outline crosses itself, what is enclosed twice is outside (the even-odd rule, like
    cv2.fillPoly).

    Args:
        points: its corners in picture pixels, at least one; the last is joined to the first.
        box: in picture pixels; may cut the polygon.

    Returns:
        (box.height, box.width) uint8, 0..255.
    """
    if box.is_empty:
        return np.zeros((box.height, box.width), np.uint8)
    corners = np.asarray(points, np.float64) - (box.left, box.top)
    start, end = _pieces(corners, np.roll(corners, -1, axis=0))
    middle = (start + end) / 2
    inside = (middle[:, 1] >= 0) & (middle[:, 1] < box.height)
    rise = (end[:, 1] - start[:, 1])[inside]
    x = np.clip(middle[inside, 0], 0, box.width)
    row = middle[inside, 1].astype(np.int64)
    # What lies right of the box winds around nothing in it; a column of its own keeps the sums.
    column = x.astype(np.int64)
    places, order = np.unique(row * (box.width + 1) + column, return_inverse=True)
    rises: Floats = np.bincount(order, rise, len(places)).astype(np.float64)
    own: Floats = np.bincount(order, rise * (1 - (x - column)), len(places)).astype(np.float64)
    after: Floats = np.cumsum(rises)
    return _runs(places, after - rises + own, after, box)


def _pieces(start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Edges cut at every border between two pixels: starts and ends of the pieces, (n, 2) each."""
    count = len(start)
    edges, shares = [np.arange(count)] * 2, [np.zeros(count), np.ones(count)]
    for axis in (0, 1):
        first, last = start[:, axis], end[:, axis]
        lowest = np.floor(np.minimum(first, last)).astype(np.int64) + 1
        crossings = np.maximum(np.ceil(np.maximum(first, last)).astype(np.int64) - lowest, 0)
        edge = np.repeat(np.arange(count), crossings)
        number = np.arange(len(edge)) - np.repeat(np.cumsum(crossings) - crossings, crossings)
        edges.append(edge)
        shares.append((lowest[edge] + number - first[edge]) / (last[edge] - first[edge]))
    edge, share = np.concatenate(edges), np.concatenate(shares)
    order = np.lexsort((share, edge))
    edge, share = edge[order], share[order]
    at = start[edge] + (end[edge] - start[edge]) * share[:, None]
    same = edge[1:] == edge[:-1]
    return at[:-1][same], at[1:][same]


def _runs(
    places: npt.NDArray[np.int64], own: Floats, after: Floats, box: Box
) -> npt.NDArray[np.uint8]:
    """Pixels with pieces and the constant runs between them, put together row by row."""
    width = box.width + 1
    length = np.diff(places, append=box.height * width) - 1
    levels = np.stack((_levels(own), _levels(np.rint(after))), axis=1)
    counts = np.stack((np.ones_like(length), length), axis=1)
    head = int(places[0]) if len(places) else box.height * width
    flat = np.repeat(
        np.concatenate((np.zeros(1, np.uint8), levels.ravel())),
        np.concatenate(([head], counts.ravel())),
    )
    return np.ascontiguousarray(flat.reshape(box.height, width)[:, :-1])


def _levels(winding: Floats) -> npt.NDArray[np.uint8]:
    """Odd windings are inside; halves in between are half covered."""
    share = np.abs(winding) % 2
    levels: npt.NDArray[np.uint8] = np.rint(FULL * np.minimum(share, 2 - share)).astype(np.uint8)
    return levels
