"""Cuts a mask into regions: what is filled in one go, and how much context it gets to see.

Regions are filled one after another, in reading order. Each sees the earlier fills as known
pixels; hole pixels that lie in its box but not in its target are unknown to it, and it leaves
them to their own region. So nothing depends on which boxes happen to overlap, and long thin holes
can be cut into tiles that continue each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.backend import BackendSpec
    from engine.types import MaskBool

PIXEL_BUDGET = 4_000_000
"""Boxes of thin holes stay below this; only a thick hole, which needs the view, gets more."""

_CELL = 16
_THIN = 16
_SMALLEST_TILE = 1024
_LENGTH_CAP = 8
_MERGED_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Region:
    """One crop.

    Attributes:
        target: every hole pixel in here that no earlier region has filled is filled.
        box: target and its context, clipped to the picture.
    """

    target: Box
    box: Box


def regions(
    hole: MaskBool, spec: BackendSpec, *, pixel_budget: int = PIXEL_BUDGET
) -> tuple[Region, ...]:
    """The regions of a mask; their targets together cover every hole pixel.

    The context margin is `spec.context` of the hole's longer side, as Wexler et al. and the
    measurements of the exemplar backend want it, but of no more than eight times the hole's
    thickness: a scratch across the picture needs its surroundings, not the picture.

    Args:
        hole: (H, W) bool, at least one True.
        spec: tells the margin.
        pixel_budget: thin holes whose box is larger are cut into tiles.
    """
    parts = list(_tiled(_clusters(hole), hole, spec, pixel_budget))
    return _merged(parts, pixel_budget)


def thickness(hole: MaskBool) -> float:
    """Diameter of the largest disc that fits into the hole, in pixels; about 1 for a hairline.

    A hole that touches the picture's edge counts as if it went on beyond: nothing can be
    continued from there.
    """
    if not hole.any():
        return 0.0
    box = extent(hole).grown(1).intersected(Box.whole(hole))
    depths: npt.NDArray[np.float32] = cv2.distanceTransform(  # type: ignore[assignment]
        hole[box.slices].astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5
    )
    # A line of odd width w is (w + 1) / 2 deep in its middle. Without any known pixel the
    # distances have no meaning.
    return min(max(1.0, 2.0 * float(depths.max()) - 1.0), 2.0 * max(box.width, box.height))


def extent(hole: MaskBool) -> Box:
    """The smallest box around all hole pixels; there must be one."""
    rows = np.flatnonzero(hole.any(axis=1))
    columns = np.flatnonzero(hole.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _margin(target: Box, thick: float, spec: BackendSpec) -> int:
    length = min(max(target.width, target.height), _LENGTH_CAP * thick)
    return max(spec.min_context, round(spec.context * length))


def _clusters(hole: MaskBool) -> list[Box]:
    """Boxes of hole pixels that lie closer than one or two cells, in reading order.

    Counted in cells rather than pixels, so that a mask of a million specks costs no more than
    one of ten.
    """
    height, width = hole.shape
    rows = np.arange(0, height, _CELL)
    columns = np.arange(0, width, _CELL)
    by_rows = np.logical_or.reduceat(hole, rows, axis=0)
    occupied = np.logical_or.reduceat(by_rows, columns, axis=1)
    _, _, stats, _ = cv2.connectedComponentsWithStats(occupied.astype(np.uint8), connectivity=8)
    boxes = []
    for left, top, cells_wide, cells_high, _ in stats[1:].tolist():
        cells = Box(left, top, left + cells_wide, top + cells_high)
        rough = Box(*(_CELL * edge for edge in (cells.left, cells.top, cells.right, cells.bottom)))
        boxes.append(_tight(rough.intersected(Box.whole(hole)), hole))
    return sorted(boxes, key=_reading_order)


def _tight(box: Box, hole: MaskBool) -> Box:
    return extent(hole[box.slices]).moved(box.left, box.top)


def _tiled(
    clusters: list[Box], hole: MaskBool, spec: BackendSpec, pixel_budget: int
) -> Iterator[Region]:
    whole = Box.whole(hole)
    for cluster in clusters:
        thick = thickness(hole[cluster.grown(1).intersected(whole).slices])
        box = cluster.grown(_margin(cluster, thick, spec)).intersected(whole)
        side = max(_SMALLEST_TILE, round(_THIN * thick))
        is_long = max(cluster.width, cluster.height) >= 2 * side
        if box.area <= pixel_budget or not is_long:
            yield Region(cluster, box)
            continue
        for tile in _tiles(cluster, side):
            if hole[tile.slices].any():
                target = _tight(tile, hole)
                margin = _margin(target, thick, spec)
                yield Region(target, target.grown(margin).intersected(whole))


def _tiles(box: Box, side: int) -> Iterator[Box]:
    for top in range(box.top, box.bottom, side):
        for left in range(box.left, box.right, side):
            yield Box(left, top, left + side, top + side).intersected(box)


def _merged(parts: list[Region], pixel_budget: int) -> tuple[Region, ...]:
    """Regions joined where one crop costs no more than the two it replaces.

    That rule cannot chain: a row of holes along a diagonal stays apart, because the box around
    two neighbours is larger than both together.
    """
    if len(parts) > _MERGED_AT_ONCE:
        middle = len(parts) // 2
        return _merged(parts[:middle], pixel_budget) + _merged(parts[middle:], pixel_budget)
    targets = np.array([_edges(part.target) for part in parts], np.int64)
    boxes = np.array([_edges(part.box) for part in parts], np.int64)
    alive = np.ones(len(parts), bool)
    for index in range(len(parts)):
        while alive[index]:
            partner = _best_partner(boxes, alive, index, pixel_budget)
            if partner is None:
                break
            for edges in (targets, boxes):
                edges[index] = _joined(edges[index], edges[partner])
            alive[partner] = False
    kept = [
        Region(Box(*target.tolist()), Box(*box.tolist()))
        for target, box in zip(targets[alive], boxes[alive], strict=True)
    ]
    return tuple(sorted(kept, key=lambda region: _reading_order(region.target)))


def _best_partner(
    boxes: npt.NDArray[np.int64], alive: npt.NDArray[np.bool_], index: int, pixel_budget: int
) -> int | None:
    joined = _joined(boxes[index], boxes)
    area = _areas(joined)
    saved = _areas(boxes[index]) + _areas(boxes) - area
    fits = alive & (saved >= 0) & ((area <= pixel_budget) | (area <= _areas(boxes[index])))
    fits[index] = False
    if not fits.any():
        return None
    return int(np.argmax(np.where(fits, saved, -1)))


def _edges(box: Box) -> tuple[int, int, int, int]:
    return box.left, box.top, box.right, box.bottom


def _joined(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    low = np.minimum(one[..., :2], other[..., :2])
    return np.concatenate([low, np.maximum(one[..., 2:], other[..., 2:])], axis=-1)


def _areas(boxes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    areas: npt.NDArray[np.int64] = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return areas


def _reading_order(box: Box) -> tuple[int, int]:
    return box.top, box.left
