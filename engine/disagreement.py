"""How far several fills of one hole are apart, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

Levels: TypeAlias = npt.NDArray[np.float32]
"""(H, W) float32, in grey levels of 0..255."""


def spread(fills: Iterable[npt.NDArray[np.uint8]]) -> Levels:
    """The standard deviation of each pixel over the fills, as the root mean square of its channels.

    0 where all agree; two fills that are d grey levels apart in each channel give d / 2.

    Args:
        fills: (H, W, C) each, all of one shape, at least one. Looked at one by one.
    """
    count = 0
    mean = squares = np.zeros(1, np.float32)
    for fill in fills:  # Welford 1962: no sum of squares that would lose the small differences
        count += 1
        apart = fill.astype(np.float32) - mean
        mean = mean + apart / np.float32(count)
        squares = squares + apart * (fill - mean)
    variance: Levels = np.mean(squares / np.float32(count), axis=2, dtype=np.float32)
    return np.sqrt(np.maximum(variance, 0))
