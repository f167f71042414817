"""The mask's shape: wider or narrower, smoother, softer at its edge; from one base, all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.document.areas import FULL, Area
from app.language import tr_later
from engine.jobs import Progress
from engine.types import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.jobs import CancelToken, Steps
    from engine.types import MaskBool, Pixels

    Coverage = npt.NDArray[np.uint8]

STRIP_ROWS = 256
FINE_SIGMA = 6.0
"""The widest blur, in pixels, that is done at full size; wider ones lose nothing when reduced."""

DEEP = 257
"""From 8 to 16 bits, so that a wide blur keeps its slope."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is done to a mask, in this order; all lengths in pixels, 0 does nothing.

    Attributes:
        grow: by how much it becomes wider, negative narrower: Euclidean distance between pixel
            centres, so that a single pixel becomes a disc.
        smooth: details narrower than this go, and the edge is made as sharp as pixels allow.
        feather: width over which the edge becomes soft, half of it on either side.
    """

    grow: int = 0
    smooth: int = 0
    feather: int = 0

    @property
    def reach(self) -> int:
        """How far beyond the mask it may change something."""
        return max(self.grow, 0) + self.smooth + 2 * self.feather + 1

    @property
    def label(self) -> str:
        """Of the undo step."""
        names = (
            tr_later("Grow Mask") if self.grow > 0 else tr_later("Shrink Mask"),
            tr_later("Smooth Mask"),
            tr_later("Feather Mask"),
        )
        used = [name for name, size in zip(names, self._sizes, strict=True) if size]
        return used[0] if len(used) == 1 else tr_later("Shape Mask")

    @property
    def _sizes(self) -> tuple[int, int, int]:
        return self.grow, self.smooth, self.feather


def shaped(image: Pixels, token: CancelToken, *, base: Area, shape: Shape) -> Steps[Area]:
    """A mask in another shape.

    The rim of the picture counts as inside wherever the mask touches it, so that it does not come
    loose from it.

    Args:
        image: the picture, for its size.
        token: checked between parts.
        base: the whole mask.
        shape: what to do to it.

    Returns:
        All that may have changed, to be written in place of what is there.
    """
    box = base.box.grown(shape.reach).intersected(Box.whole(image))
    mask = np.zeros((box.height, box.width), np.uint8)
    mask[base.box.moved(-box.left, -box.top).slices] = base.coverage
    if shape.grow:
        hole = mask > FULL // 2
        if shape.grow > 0:
            near = yield from _within(shape.grow, ~hole, hole, token)
            mask[near] = FULL
        else:
            near = yield from _within(-shape.grow, hole, ~hole, token)
            mask[near | ~hole] = 0
    if shape.smooth:
        token.check()
        yield Progress(1, 3, "")
        mask = _smoothed(mask, shape.smooth / 2)
    if shape.feather:
        token.check()
        yield Progress(2, 3, "")
        soft = _blurred(mask, shape.feather / 4)
        mask = np.asarray(cv2.convertScaleAbs(soft, alpha=1 / DEEP), np.uint8)
    return Area(box, mask)


def _smoothed(mask: Coverage, sigma: float) -> Coverage:
    """The hole where a blur of it is one half, with an edge one pixel wide.

    A blurred straight edge rises by 1 / (sigma sqrt(2 pi)) a pixel in its middle.
    """
    _, hole = cv2.threshold(mask, FULL // 2, FULL, cv2.THRESH_BINARY)
    steepness = max(sigma * math.sqrt(2 * math.pi), 1.0) / DEEP
    middle = FULL / 2
    blurred = _blurred(np.asarray(hole, np.uint8), sigma)
    levels = cv2.addWeighted(
        blurred, steepness, blurred, 0, middle - middle * DEEP * steepness, dtype=cv2.CV_8U
    )
    return np.asarray(levels, np.uint8)


def _blurred(mask: Coverage, sigma: float) -> npt.NDArray[np.uint16]:
    """A Gaussian blur of that many pixels, in 16 bits."""
    height, width = mask.shape
    factor = max(1, int(sigma / FINE_SIGMA))
    size = (-(-width // factor), -(-height // factor))
    deep = mask.astype(np.uint16) * np.uint16(DEEP)
    if factor > 1:
        deep = np.asarray(cv2.resize(deep, size, interpolation=cv2.INTER_AREA), np.uint16)
    blurred = cv2.GaussianBlur(deep, (0, 0), sigma / factor, borderType=cv2.BORDER_REPLICATE)
    if factor > 1:
        blurred = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(blurred, np.uint16)


def _within(
    radius: float, candidates: MaskBool, target: MaskBool, token: CancelToken
) -> Steps[MaskBool]:
    """Which candidates have a target pixel within `radius`.

    Strip by strip, and in each strip only between its outermost candidates and targets: a long
    diagonal stroke has a bounding box as large as the picture, but little in it.
    """
    found = np.zeros_like(candidates)
    reach = int(radius) + 1
    rows = max(STRIP_ROWS, 2 * reach)
    for top in range(0, len(found), rows):
        token.check()
        yield Progress(top, 3 * len(found), "")
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


def _distance_to(target: MaskBool) -> npt.NDArray[np.float32]:
    """Exact Euclidean distance of every pixel to the nearest True one; infinite without any.

    OpenCV's DIST_MASK_PRECISE is the linear-time transform of Felzenszwalb and Huttenlocher
    (Distance Transforms of Sampled Functions, 2012).
    """
    if not target.any():
        return np.full(target.shape, np.inf, np.float32)
    apart = np.where(target, np.uint8(0), np.uint8(255))
    return np.asarray(cv2.distanceTransform(apart, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
