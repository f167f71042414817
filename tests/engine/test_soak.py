"""Many runs in a row keep nothing; `tests/benchmarks/soak.py` is the long form."""

from __future__ import annotations

import tracemalloc

import numpy as np

from engine import registry
from engine.jobs import CancelToken, finish
from engine.pipeline import InpaintRequest, inpaint

# All networks run in the same code; one of them is enough.
BACKENDS = [spec.id for spec in registry.specs() if not spec.network] + ["diet-pepsi-g4"]


def fill(number: int) -> None:
    rng = np.random.default_rng(number)
    pixels = rng.integers(0, 256, (200, 200, 3)).astype(np.uint8)
    hole = np.zeros((200, 200), bool)
    left, top = rng.integers(20, 150, 2).tolist()
    hole[top : top + 20, left : left + 20] = True
    backend = BACKENDS[number % len(BACKENDS)]
    weights = "random:0" if registry.get(backend).network else None
    request = InpaintRequest(pixels, hole, backend, seed=number, weights=weights)
    finish(inpaint(request, CancelToken()))


def test_thirty_runs_keep_no_arrays() -> None:
    for number in range(8):
        fill(number)
    tracemalloc.start()
    try:
        fill(8)
        before, _ = tracemalloc.get_traced_memory()
        for number in range(30):
            fill(number)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # One kept crop of this picture would be about half a megabyte.
    assert after - before < 200_000
