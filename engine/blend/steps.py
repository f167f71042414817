"""What a run's switches do to a fill, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.blend import grain, membrane, seam
from engine.regions import extent
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.blend.names import Blend
    from engine.types import ImageF32, MaskBool

MARGIN = 2
"""Known pixels around the hole that tell the level and the slope at the seam."""


def blended(
    fill: ImageF32,
    hole: MaskBool,
    switches: tuple[Blend, ...],
    seed: tuple[int, ...],
    check: Callable[[], None],
) -> ImageF32:
    """The fill as the switches want it.

    Args:
        fill: (H, W, 3) float32 0..1, a crop of the picture with its hole filled.
        hole: (H, W) bool, True = filled or of no colour; at least one True.
        switches: what to do.
        seed: same seed, same bytes.
        check: called often; may raise to stop.

    Returns:
        (H, W, 3) float32 0..1, equal to `fill` outside the hole.
    """
    if not switches:
        return fill
    result = fill.copy()
    box = extent(hole).grown(MARGIN).intersected(Box.whole(hole))
    part, inside = result[box.slices], hole[box.slices]
    if "match" in switches:
        part[:] = seam.matched(part, inside, ~inside, check)
    if "poisson" in switches:
        part[:] = membrane.levelled(part, inside, ~inside, check)
    if "grain" in switches:
        result = grain.grained(result, hole, ~hole, seed, check)
    np.clip(result, 0.0, 1.0, out=result)
    return result
