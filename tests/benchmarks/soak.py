"""Two hundred runs in a row: does the memory that stays grow?

`python -m tests.benchmarks.soak` prints the figures; `make bench` calls `measure`.
"""

from __future__ import annotations

import gc

import cv2
import numpy as np
import psutil

from engine.jobs import CancelToken, finish
from engine.pipeline import InpaintRequest, inpaint

BACKENDS = ("patchmatch", "telea", "navier-stokes")


def measure(runs: int = 200, side: int = 512, warm_up: int = 20) -> dict[str, float]:
    """Resident memory before and after many runs with changing holes and backends.

    Args:
        runs: how many are counted.
        side: of the square picture, in pixels.
        warm_up: runs before the first look; allocators and caches fill up in them.

    Returns:
        `runs`, `before_mb`, `after_mb`, `growth_percent`.
    """
    rng = np.random.default_rng(0)
    pixels = cv2.GaussianBlur(rng.integers(0, 256, (side, side, 3)).astype(np.uint8), (0, 0), 2)
    for number in range(warm_up):
        _fill(pixels, number, rng)
    before = _resident_mb()
    for number in range(runs):
        _fill(pixels, number, rng)
    after = _resident_mb()
    return {
        "runs": float(runs),
        "before_mb": before,
        "after_mb": after,
        "growth_percent": 100.0 * (after - before) / before,
    }


def _fill(pixels: np.ndarray, number: int, rng: np.random.Generator) -> None:
    marks = np.zeros(pixels.shape[:2], np.uint8)
    side = pixels.shape[0]
    center = rng.integers(side // 4, 3 * side // 4, 2).tolist()
    cv2.circle(marks, center, int(rng.integers(side // 32, side // 8)), 1, -1)
    backend = BACKENDS[number % len(BACKENDS)]
    finish(inpaint(InpaintRequest(pixels, marks > 0, backend, seed=number), CancelToken()))


def _resident_mb() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


if __name__ == "__main__":
    print(measure())
