"""How well a fill fits into its surroundings, by two figures that no trained network decides.

There is no original to compare with when somebody removes an object, so fills of one hole are
ranked by what can be seen: whether the border shows, and whether the texture is that of the
surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from engine import textures
from engine.pixels import to_image
from engine.regions import extent
from engine.types import Box

if TYPE_CHECKING:
    from engine.types import MaskBool, Pixels

Values = npt.NDArray[np.float32]

REACH = 48
"""Pixels around the hole that count as its surroundings, at least; else half its longer side."""

SAMPLES = 4096
LEVELS = 255


@dataclass(frozen=True, slots=True)
class Score:
    """Both in grey levels of 0..255; 0 is best.

    Attributes:
        seam: by how much the step across the border differs from the steps between neighbours in
            the surroundings: too large where the border shows, too small where the fill is blurred.
        texture: distance of the patches of the fill from those of the surroundings.
    """

    seam: float
    texture: float

    @property
    def total(self) -> float:
        """What fills are ranked by."""
        return self.seam + self.texture


def score(pixels: Pixels, hole: MaskBool) -> Score:
    """How well the fill of a hole fits.

    Args:
        pixels: (H, W, C) native pixels, the picture with its hole filled.
        hole: (H, W) bool, True = filled; at least one True and one False.
    """
    box = extent(hole)
    reach = max(REACH, max(box.width, box.height) // 2)
    near = box.grown(reach).intersected(Box.whole(hole)).slices
    image, inside = to_image(pixels[near]) * np.float32(LEVELS), hole[near]
    return Score(_seam(image, inside), _texture(image, inside))


def _seam(image: Values, hole: MaskBool) -> float:
    across, usual = [], []
    for before, after in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
    ):
        step = np.abs(image[after] - image[before]).mean(axis=2)
        across.append(step[hole[before] != hole[after]])
        usual.append(step[~hole[before] & ~hole[after]])
    found, wanted = np.concatenate(across), np.concatenate(usual)
    return abs(float(found.mean()) - float(wanted.mean())) if found.size and wanted.size else 0.0


def _texture(image: Values, hole: MaskBool) -> float:
    """Sliced Wasserstein distance of 7x7 patches (Rabin et al. 2011).

    Patches centred in the hole against those that hold no pixel of it.
    """
    square = np.ones((textures.PATCH, textures.PATCH), np.uint8)
    known = cv2.dilate(hole.astype(np.uint8), square) == 0
    if not known.any():
        return 0.0
    rng = np.random.default_rng(0)
    centres = [textures.some(mask, SAMPLES, rng) for mask in (hole, known)]
    ours, theirs = (textures.patches(image, places) for places in centres)
    return textures.distance(ours, theirs, rng)
