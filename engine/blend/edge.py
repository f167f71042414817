"""Lays a fill into the picture: inside the hole only, with a soft edge where the mask has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.types import ImageF32

_SOLID = 255
_EDGE = 127


def weights(opacity: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """How much of the fill shows, from a soft brush's coverage.

    The hole ends where coverage falls to 127, so the ramp runs from there: the feather lies inside
    the hole, and no pixel outside it is ever mixed.

    Args:
        opacity: (H, W) uint8 coverage.

    Returns:
        (H, W) float32: 1 at coverage 255, 0 at 127 and below.
    """
    shares: npt.NDArray[np.float32] = np.clip(
        (opacity.astype(np.float32) - _EDGE) / (_SOLID - _EDGE), 0.0, 1.0
    ).astype(np.float32)
    return shares


def mixed(fill: ImageF32, original: ImageF32, opacity: npt.NDArray[np.uint8] | None) -> ImageF32:
    """The fill over the original picture.

    Args:
        fill: (H, W, 3) float32.
        original: (H, W, 3) float32, what lay under the hole.
        opacity: (H, W) uint8 coverage, or None for a hard mask.
    """
    if opacity is None:
        return fill
    share = weights(opacity)[:, :, None]
    return fill * share + original * (1.0 - share)
