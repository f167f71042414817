"""Changes of the whole mask: grow, shrink, invert, clear, reselect; each is one undo step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from engine.types import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from app.document.document import Document
    from app.document.history import Edit

MAX_RADIUS = 2000
"""Largest radius of growing and shrinking in pixels."""

_STRIP_ROWS = 256


def grow(document: Document, radius: float) -> Edit | None:
    """Add every pixel within `radius` of the hole.

    Args:
        document: its mask is changed; None comes back if nothing had to.
        radius: Euclidean distance between pixel centres, 0..MAX_RADIUS, so that a single pixel
            becomes a disc.
    """
    bounds = filled_bounds(document)
    if bounds is None or radius <= 0:
        return None
    radius = min(radius, MAX_RADIUS)
    box = bounds.grown(int(radius) + 1).intersected(document.box)
    hole = document.mask[box.slices] > 127
    document.begin("Grow mask", "mask")
    with document.touch("mask", box) as view:
        view[_within(radius, ~hole, hole)] = 255
    return document.commit()


def shrink(document: Document, radius: float) -> Edit | None:
    """Take away every pixel within `radius` of what is not hole.

    The rim of the picture counts as hole, so a mask that touches it does not come loose from it.

    Args:
        document: its mask is changed; None comes back if nothing had to.
        radius: Euclidean distance between pixel centres, 0..MAX_RADIUS.
    """
    bounds = filled_bounds(document)
    if bounds is None or radius <= 0:
        return None
    box = bounds.grown(1).intersected(document.box)
    hole = document.mask[box.slices] > 127
    document.begin("Shrink mask", "mask")
    with document.touch("mask", box) as view:
        view[_within(min(radius, MAX_RADIUS), hole, ~hole) | ~hole] = 0
    return document.commit()


def invert(document: Document) -> Edit | None:
    """Make hole what is not, over the whole picture."""
    document.begin("Invert mask", "mask")
    with document.touch("mask", document.box) as view:
        np.subtract(255, view, out=view)
    return document.commit()


def clear(document: Document) -> Edit | None:
    """Empty the mask; `reselect` brings it back."""
    document.begin("Clear mask", "mask")
    document.clear_mask()
    return document.commit()


def reselect(document: Document) -> Edit | None:
    """Bring back the mask that was cleared last, in place of the present one."""
    document.begin("Reselect mask", "mask")
    document.restore_mask()
    return document.commit()


def replace(document: Document, hole: npt.NDArray[np.bool_], label: str) -> Edit | None:
    """Make (H, W) `hole` the mask, for masks read from a file."""
    document.begin(label, "mask")
    document.clear_mask()
    bounds = _bounds(hole)
    if bounds is not None:
        with document.touch("mask", bounds) as view:
            view[hole[bounds.slices]] = 255
    return document.commit()


def filled_bounds(document: Document) -> Box | None:
    """The smallest box around all coverage, None if the mask is empty."""
    return _bounds(document.mask)


def _bounds(mask: npt.NDArray[np.uint8] | npt.NDArray[np.bool_]) -> Box | None:
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].any(axis=0))
    return Box(int(columns[0]), top, int(columns[-1]) + 1, bottom)


def _within(
    radius: float, candidates: npt.NDArray[np.bool_], target: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Which candidates have a target pixel within `radius`.

    Strip by strip, and in each strip only between its outermost candidates and targets: a long
    diagonal stroke has a bounding box as large as the picture, but little in it.
    """
    found = np.zeros_like(candidates)
    reach = int(radius) + 1
    rows = max(_STRIP_ROWS, 2 * reach)
    for top in range(0, len(found), rows):
        strip = slice(top, top + rows)
        around = slice(max(0, top - reach), top + rows + reach)
        wanted = np.flatnonzero(candidates[strip].any(axis=0))
        there = np.flatnonzero(target[around].any(axis=0))
        if wanted.size == 0 or there.size == 0:
            continue
        left = max(int(wanted[0]), int(there[0]) - reach)
        right = min(int(wanted[-1]), int(there[-1]) + reach) + 1
        first = max(0, left - reach)
        distance = _distance_to(target[around, first : right + reach])
        inner = distance[top - around.start :, left - first :][:rows, : right - left]
        found[strip, left:right] = inner[: len(found) - top] <= radius
    return found & candidates


def _distance_to(target: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Exact Euclidean distance of every pixel to the nearest True one; infinite without any.

    OpenCV's DIST_MASK_PRECISE is the linear-time transform of Felzenszwalb and Huttenlocher
    (Distance Transforms of Sampled Functions, 2012).
    """
    if not target.any():
        return np.full(target.shape, np.inf, np.float32)
    apart = np.where(target, np.uint8(0), np.uint8(255))
    return np.asarray(cv2.distanceTransform(apart, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
