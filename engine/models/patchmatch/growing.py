"""The rings in which a hole is first filled, from its border inwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engine.models.patchmatch.vectors import CHANNELS, Bytes, spare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.models.patchmatch.levels import Level
    from engine.types import MaskBool


SURE = 0
"""Depth down to which diffused colours are taken as they are: next to the border they are nearly
right, and they tie the first patches to it."""


SLENDER = 4.0
"""Holes are grown if their area is so many times that of the square on their widest place."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One step inwards.

    Attributes:
        reached: the level with the patches centred on the last ring as its targets: about half
            of each is known.
        voted: the level with the pixels of this ring, and all patches that propose something.
        counted: (H * W * CHANNELS,) 1 where a pixel is known or filled by an earlier ring.
        share: of the depth that is done, 0..1.
    """

    reached: Level
    voted: Level
    counted: Bytes
    share: float


def is_slender(hole: MaskBool) -> bool:
    """Whether a hole is made of strokes rather than of a blob.

    Across a stroke the border is near everywhere and growing from it hits what was there. In a
    blob the parts that grow from different sides do not fit each other where they meet; there
    diffused colours, which heed all sides at once, are the better start (measured: 0.7 dB).
    """
    padded = np.pad(hole, 1).astype(np.uint8)
    widest = 2 * float(cv2.distanceTransform(padded, cv2.DIST_L2, 3).max())
    return float(np.count_nonzero(hole)) > SLENDER * widest**2


def rings(level: Level, patch: int) -> Iterator[Ring]:
    """From the outermost inwards; asking for the next one says that the last is filled."""
    counted = spare(level.depth.size)
    pixelwise = counted.reshape(-1, CHANNELS)
    pixelwise[level.depth <= SURE] = 1
    centres, inside = level.depth[level.targets], level.depth[level.pixels]
    width = max(1, patch // 3)
    deepest = int(level.depth.max())
    for known in range(0, deepest + 1, width):
        new = (centres <= known) & (centres > known - width)
        recent = (centres <= known) & (centres > known - 2 * width)
        pixels = level.pixels[(inside > known + SURE) & (inside <= known + width + SURE)]
        yield Ring(
            replace(level, targets=level.targets[new]),
            replace(level, targets=level.targets[recent], pixels=pixels),
            counted,
            known / (deepest + 1),
        )
        pixelwise[pixels] = 1
