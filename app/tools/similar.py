"""Pixels of a similar colour, connected or anywhere in the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.document.areas import Area
from engine.jobs import Progress
from engine.pixels import full_scale, has_alpha
from engine.types import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.jobs import CancelToken, Steps
    from engine.types import Pixels

FIRST_SIDE = 1024
"""Of the window in which connected pixels are looked for; it grows until they end inside it."""

GROWTH = 3
STRIP_ROWS = 512
REACHED = 128
"""What the fill paints; neither outside (0) nor similar but not connected (255)."""


def similar(
    image: Pixels,
    token: CancelToken,
    *,
    seed: tuple[int, int],
    tolerance: float,
    contiguous: bool,
) -> Steps[Area]:
    """The pixels that differ from one by no more than a tolerance in any channel.

    From a wholly transparent pixel transparency alone counts: its colour cannot be seen.

    Args:
        image: (H, W, C) native pixels.
        token: checked between parts.
        seed: column and row of the pixel.
        tolerance: share of full scale, 0..1.
        contiguous: only those that are connected to the seed by their sides.

    Returns:
        The area in the smallest box, its coverage 0 or 255.
    """
    low, high = _limits(image, seed, tolerance)
    whole = Box.whole(image)
    if not contiguous:
        found = np.empty((whole.height, whole.width), np.uint8)
        for top in range(0, whole.height, STRIP_ROWS):
            token.check()
            yield Progress(top, whole.height, "")
            found[top : top + STRIP_ROWS] = _within(image[top : top + STRIP_ROWS], low, high)
        return Area(whole, found)
    side = FIRST_SIDE
    while True:
        token.check()
        yield Progress(0, 1, "")
        window = Box(*seed, seed[0] + 1, seed[1] + 1).grown(side // 2).intersected(whole)
        within = _within(image[window.slices], low, high)
        start = (seed[0] - window.left, seed[1] - window.top)
        _, _, _, rect = cv2.floodFill(within, None, start, (REACHED,), flags=4)
        left, top, width, height = (int(number) for number in rect)
        inner = Box(left, top, left + width, top + height)
        reached = inner.moved(window.left, window.top)
        if _ends_inside(reached, window, whole):
            part = np.ascontiguousarray(within[inner.slices])
            return Area(reached, _within(part, (REACHED,), (REACHED,)))
        side *= GROWTH


def _limits(
    image: Pixels, seed: tuple[int, int], tolerance: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Lowest and highest values of each channel that are similar."""
    full = full_scale(image)
    values = image[seed[1], seed[0]].astype(np.float64)
    away = np.full(len(values), tolerance * full + 1e-6)
    if has_alpha(image) and values[-1] == 0:
        away[:-1] = full
    return tuple(np.ceil(values - away)), tuple(np.floor(values + away))


def _within(
    image: Pixels, low: tuple[float, ...], high: tuple[float, ...]
) -> npt.NDArray[np.uint8]:
    """255 where all channels lie between their limits, else 0."""
    found: npt.NDArray[np.uint8] = np.asarray(cv2.inRange(image, low, high), np.uint8)
    return found


def _ends_inside(reached: Box, window: Box, whole: Box) -> bool:
    """Whether a fill stopped by itself and not at the edge of its window."""
    return (
        (reached.left > window.left or window.left == whole.left)
        and (reached.top > window.top or window.top == whole.top)
        and (reached.right < window.right or window.right == whole.right)
        and (reached.bottom < window.bottom or window.bottom == whole.bottom)
    )
