"""How sure one can be of a mean: bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROUNDS = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and where, at 95 %, the mean over all such pictures lies.

    One picture says nothing of others: `low` and `high` are None then.
    """

    mean: float
    low: float | None
    high: float | None


def intervals(samples: Sequence[Mapping[str, float]], seed: int) -> dict[str, Interval]:
    """The mean of each figure with its percentile bootstrap interval (Efron 1979).

    Whole samples are drawn anew, with all their figures, and by the seed alone: figures of two
    methods on the same pictures rise and fall together.

    Args:
        samples: the figures of each picture by name; a figure that one of them lacks is left out.
        seed: same seed, same intervals.
    """
    names = [name for name in samples[0] if all(name in sample for sample in samples)]
    values = np.array([[sample[name] for name in names] for sample in samples])
    means = values.mean(axis=0)
    if len(values) < 2:
        return {
            name: Interval(float(mean), None, None) for name, mean in zip(names, means, strict=True)
        }
    rng = np.random.default_rng(seed)
    drawn = np.array(
        [values[rng.integers(len(values), size=len(values))].mean(axis=0) for _ in range(ROUNDS)]
    )
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail), axis=0)
    return {
        name: Interval(float(means[column]), float(low[column]), float(high[column]))
        for column, name in enumerate(names)
    }
