"""How alike two sets of patches are, wherever each patch lies: what the eye takes as texture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.types import MaskBool

Values = npt.NDArray[np.float64]

PATCH = 7
DIRECTIONS = 128


def patches(picture: npt.NDArray[np.generic], centres: npt.NDArray[np.intp]) -> Values:
    """(N, 7 x 7 x C) the patches around some pixels, mirrored where they reach over the edge.

    Args:
        picture: (H, W, C).
        centres: (N, 2) rows and columns.
    """
    margin = PATCH // 2
    padded = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(0, 1))
    return windows[centres[:, 0], centres[:, 1]].reshape(len(centres), -1).astype(np.float64)


def some(mask: MaskBool, most: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """(N, 2) rows and columns of pixels of a mask: all, or so many of them by chance."""
    places = np.argwhere(mask)
    return places if len(places) <= most else places[rng.choice(len(places), most, replace=False)]


def distance(ours: Values, theirs: Values, rng: np.random.Generator) -> float:
    """Sliced Wasserstein distance of two sets of vectors (Rabin et al. 2011).

    Both are projected on the same random directions of unit length; the mean distance between the
    sorted projections, in the unit of the vectors.

    Args:
        ours: (N, V), N at least 1.
        theirs: (M, V), M at least 1; the larger set is thinned to the size of the smaller, evenly
            over its sorted projections.
        rng: decides the directions.
    """
    directions = rng.normal(size=(ours.shape[1], DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    one, other = (np.sort(each @ directions, axis=0) for each in (ours, theirs))
    count = min(len(one), len(other))
    return float(np.abs(_thinned(one, count) - _thinned(other, count)).mean())


def _thinned(projected: Values, count: int) -> Values:
    if len(projected) == count:
        return projected
    places = (np.arange(count) + 0.5) * len(projected) / count
    return projected[places.astype(np.intp)]
