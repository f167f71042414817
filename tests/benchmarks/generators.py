"""The generators against the papers' formulas written plainly: time and memory of a forward pass.

Each measurement runs in a process of its own, the two sides of a ratio right after one another.
The plain transcriptions in `tests/reference/` work as the authors' programs do.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from engine import registry, weights

if TYPE_CHECKING:
    from collections.abc import Callable

SIDES = (256, 512)
CASES = ("pepsi", "diet-pepsi", "gla", "gla-released", "regionwise", "pennet", "iconv")
VARIANTS = {"gla-released": ("gla", {"preset": "released"})}

RUNS = {256: 5, 512: 3}
MIB = 2**20


def measure() -> dict[str, float]:
    figures: dict[str, float] = {}
    for case in CASES:
        figures[f"{case}.parameters"] = registry.get(_row(case)[0]).parameters
        for side in SIDES:
            ours, plain = _in_a_process(case, side, "ours"), _in_a_process(case, side, "plain")
            figures[f"{case}.{side}_s"] = ours["seconds"]
            figures[f"{case}.{side}_mib"] = ours["mib"]
            figures[f"{case}.{side}_times_faster"] = plain["seconds"] / ours["seconds"]
            figures[f"{case}.{side}_memory_share"] = ours["mib"] / plain["mib"]
    figures["pepsi.256_share_of_iconv"] = figures["pepsi.256_s"] / figures["iconv.256_s"]
    return figures


def _row(case: str) -> tuple[str, dict[str, str]]:
    return VARIANTS.get(case, (case, {}))


def _in_a_process(case: str, side: int, which: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.generators", case, str(side), which]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(answer.stdout)
    return figures


def _forward(case: str, side: int, which: str) -> Callable[[], object]:
    backend, configuration = _row(case)
    spec = registry.get(backend)
    network = weights.built(spec, configuration).eval().requires_grad_(requires_grad=False)
    image = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1
    hole = torch.zeros(1, 1, side, side)
    hole[..., side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = 1
    if which == "ours":
        network = network.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)
        return lambda: network(image, hole, stages=False)
    module = importlib.import_module(f"tests.reference.{spec.network.split(':')[0].split('.')[2]}")
    state = network.state_dict()
    configuration = {**spec.configuration, **configuration}
    return lambda: module.generate(state, image, hole, **configuration)


def _status(field: str) -> int:
    """A line of this process's memory figures, in bytes (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"this system does not tell {field}")


def _measure_one(case: str, side: int, which: str) -> dict[str, float]:
    with torch.inference_mode():
        warm = _forward(case, 64, which)
        warm()  # libraries and thread pools, which are no memory of the pass
        run = _forward(case, side, which)
        before = _status("VmRSS")
        run()
        grown = _status("VmHWM") - before
        seconds = []
        for _ in range(RUNS[side]):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
    return {"seconds": statistics.median(seconds), "mib": grown / MIB}


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case")
    parser.add_argument("side", type=int)
    parser.add_argument("which", choices=("ours", "plain"))
    args = parser.parse_args()
    print(json.dumps(_measure_one(args.case, args.side, args.which)))


if __name__ == "__main__":
    _main()
