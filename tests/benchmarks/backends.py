"""The backends at 12 megapixels and the peers at sample size, each in a process of its own.

Peers are measured where they are installed (see `tests.benchmarks.peers`) and left out otherwise.
"""

from __future__ import annotations

import statistics
import time

import cv2
import numpy as np

from engine import registry, resources
from engine.backend import Problem
from engine.errors import Cancelled
from engine.jobs import CancelToken
from tests.benchmarks import peers
from training import masks

TWELVE_MEGAPIXELS = (3000, 4000)
CLASSICAL = ("patchmatch", "telea", "navier-stokes")
CANCEL_AFTER = 6
"""Progress steps before the cancel, so that the work is well under way."""


def _large() -> tuple[peers.Picture, peers.Mask]:
    """The first sample, tiled and varied, with a blob of 5-10 %."""
    picture = cv2.imread(str(resources.samples()[0][0]), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError("the bundled sample cannot be read")
    height, width = TWELVE_MEGAPIXELS
    enlarged = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).integers(-8, 9, enlarged.shape)
    pixels = np.clip(enlarged.astype(np.int16) + grain, 0, 255).astype(np.uint8)
    return pixels, masks.blob(TWELVE_MEGAPIXELS, np.random.default_rng(0))


def _cancel_seconds(backend: str, image: peers.Picture, hole: peers.Mask) -> float:
    """From the wish to stop until the backend has stopped."""
    spec = registry.get(backend)
    problem = Problem(
        image.astype(np.float32) / 255, hole, options=registry.complete_options(spec, {})
    )
    token = CancelToken()
    steps = registry.create(backend).inpaint(problem, token)
    for _ in range(CANCEL_AFTER):
        next(steps)
    asked = time.perf_counter()
    token.cancel()
    try:
        for _ in steps:
            pass
    except Cancelled:
        pass
    return time.perf_counter() - asked


def _against_peers() -> dict[str, float]:
    """Median seconds of PatchMatch and pypatchmatch on the samples, and their ratio."""
    methods = ["lacuna", *({"pypatchmatch"} - peers.missing().keys())]
    found: dict[str, float] = {}
    for kind in ("brush", "blob"):
        for method in methods:
            seconds = [
                peers.measure(method, image, hole)[1]
                for _, image, hole in peers.cases(resources.root() / "sample", 3, "512", kind)
            ]
            found[f"{kind}_{method}_s"] = statistics.median(seconds)
        if "pypatchmatch" in methods:
            found[f"{kind}_times_faster"] = (
                found[f"{kind}_pypatchmatch_s"] / found[f"{kind}_lacuna_s"]
            )
    return found


def measure() -> dict[str, float]:
    image, hole = _large()
    figures = _against_peers()
    _, seconds, peak = peers.measure("lacuna", image, hole)
    figures |= {"12mp_blob_s": seconds, "12mp_peak_mib": peak}
    for backend in CLASSICAL:
        figures[f"{backend}_cancel_s"] = _cancel_seconds(backend, image, hole)
    return figures


if __name__ == "__main__":
    for key, value in measure().items():
        print(f"{key:32} {value:.3f}")
