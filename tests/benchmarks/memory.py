"""The estimate of a training run's memory against the peak of the real program.

`python -m tests.benchmarks.memory pepsi --size 256 --batch 4` prints one row; without names all
generators are measured, which takes a while. The bench looks at three that differ most.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from PIL import Image

from engine import registry
from training import config as configs
from training import estimate
from training.recipes import recipe

if TYPE_CHECKING:
    from training.config import TrainingConfig

CASES = {"diet-pepsi": 4, "regionwise": 2, "iconv-small": 2}
"""Generators of the bench, and pictures a step."""

SIDE = 256
STEPS = 2
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Outcome:
    """Bytes that were foretold, and the most that the process held."""

    foretold: int
    held: int

    @property
    def error(self) -> float:
        """How far the estimate is off, as a share of the peak."""
        return self.foretold / self.held - 1


def measure() -> dict[str, float]:
    figures: dict[str, float] = {}
    for backend, batch in CASES.items():
        found = measured(settings(backend, SIDE, batch))
        figures[f"{backend}.peak_mib"] = found.held / MIB
        figures[f"{backend}.estimate_off_by"] = abs(found.error)
    return figures


def settings(backend: str, size: int, batch: int, precision: str = "fp32") -> TrainingConfig:
    given = {"size": size, "batch": batch, "steps": STEPS, "precision": precision}
    fixed = {"features": "random", "device": "cpu", "workers": 0, "held_out": 0.0}
    return msgspec.structs.replace(recipe(backend), **given, **fixed)


def measured(config: TrainingConfig) -> Outcome:
    """Train for two steps in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos(folder / "photos", config.batch, config.size)
        file = folder / "config.toml"
        configs.save(msgspec.structs.replace(config, data=str(folder / "photos")), file)
        words = [sys.executable, "-m", "app", "train", str(file), "--out", str(folder / "run")]
        with subprocess.Popen([*words, "--quiet"], stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the training of {config.backend} ended with {process.returncode}")
    return Outcome(estimate.needed_bytes(config), usage.ru_maxrss * 1024)


def photos(folder: Path, count: int, side: int) -> None:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (9, 9, 3)).astype(np.uint8))
        coarse.resize((side + 20, side), Image.Resampling.BICUBIC).save(folder / f"{number}.png")


def main() -> None:
    names = [spec.id for spec in registry.specs() if spec.network]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backends", nargs="*", help=f"of {', '.join(names)}")
    parser.add_argument("--size", type=int, default=SIDE)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    args = parser.parse_args()
    for backend in args.backends or names:
        found = measured(settings(backend, args.size, args.batch, args.precision))
        print(
            f"{backend:15} {args.size} px, batch {args.batch}, {args.precision}: estimate "
            f"{found.foretold / MIB:.0f} MiB, peak {found.held / MIB:.0f} MiB "
            f"({found.error:+.0%})",
            flush=True,
        )


if __name__ == "__main__":
    main()
