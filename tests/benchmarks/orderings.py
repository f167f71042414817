"""Do the papers' orderings show on a small budget? Variants of a network, trained alike, compared.

    python -m tests.benchmarks.orderings --data photos/ --steps 600

Every variant sees the same crops and holes of 64 pixels in the same order and learns from the same
L1 losses, without a critic: what differs is what the papers compare. Figures are of the held-out
twentieth of the pictures, inside the holes. `build/orderings/table.md` holds them, in the order
that the papers found. `--seeds 2` shows how much of a difference is chance.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from training import runner
from training.events import Event, Validation
from training.recipes import recipe

if TYPE_CHECKING:
    from training.config import TrainingConfig, Value

OUTPUT = Path("build") / "orderings"
SIDE = 64
BATCH = 8


@dataclass(frozen=True, slots=True)
class Variant:
    """A network and what it learns from."""

    backend: str
    configuration: dict[str, Value] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=lambda: {"l1": 10.0, "coarse_l1_fading": 5.0})
    lr: float = 1e-4


PIXELS = {"l1": 1.0, "hole_l1": 2.0}

VARIANTS = {
    "PEPSI": Variant("pepsi"),
    "without coarse path": Variant("pepsi", losses={"l1": 10.0}),
    "cosine similarity": Variant("pepsi", {"similarity": "cosine"}),
    "Diet-PEPSI": Variant("diet-pepsi"),
    "2 groups": Variant("diet-pepsi-g2"),
    "4 groups": Variant("diet-pepsi-g4"),
    "IConv small": Variant("iconv-small", {}, PIXELS, 3e-3),
    "plain convolutions": Variant("iconv-small", {"imputation": False}, PIXELS, 3e-3),
}

EXPERIMENTS = {
    "coarse path": ("PEPSI", "without coarse path"),
    "similarity": ("PEPSI", "cosine similarity"),
    "shared weights": ("PEPSI", "Diet-PEPSI", "2 groups", "4 groups"),
    "imputation": ("IConv small", "plain convolutions"),
}
"""Variants in the order of the papers, the best first (PEPSI++: tables V, VIII, X; IConv: 1)."""


def settings(variant: Variant, data: Path, steps: int, seed: int) -> TrainingConfig:
    """The same for all but what is compared."""
    return msgspec.structs.replace(
        recipe(variant.backend, "modern"),
        configuration=variant.configuration,
        data=str(data.absolute()),
        size=SIDE,
        batch=BATCH,
        steps=steps,
        coverage=(0.02, 0.5),
        losses=variant.losses,
        critic="",
        critic_losses={},
        lr=variant.lr,
        decay=((0.7, 0.3),),
        ema_half_life=500,
        precision="fp32",
        validate_every=steps,
        checkpoint_every=steps,
        device="cpu",
        workers=0,
        seed=seed,
    )


def learned(name: str, data: Path, steps: int, seed: int) -> Validation:
    """Train one variant; the figures at its end."""
    run = OUTPUT / f"{name.replace(' ', '-')}-{seed}"
    shutil.rmtree(run, ignore_errors=True)
    found: list[Validation] = []

    def told(event: Event) -> None:
        if isinstance(event, Validation):
            found.append(event)

    runner.run(settings(VARIANTS[name], data, steps, seed), run, told)
    return found[-1]


def side_by_side(data: Path, steps: int, seeds: int) -> dict[str, list[float]]:
    """Hole PSNR of every variant and seed, in dB; a process of one thread each."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.benchmarks.orderings", "--data", str(data)]

    def psnr(job: tuple[str, int]) -> float:
        name, seed = job
        more = ["--steps", str(steps), "--only", name, "--seed", str(seed)]
        done = subprocess.run(
            [*command, *more], env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        found = float(json.loads(done.stdout)["psnr"])
        print(f"{name}, seed {seed}: {found:.2f} dB", file=sys.stderr, flush=True)
        return found

    jobs = [(name, seed) for seed in range(seeds) for name in VARIANTS]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        figures = list(pool.map(psnr, jobs))
    return {name: figures[place :: len(VARIANTS)] for place, name in enumerate(VARIANTS)}


def table(found: dict[str, list[float]]) -> str:
    """Markdown: per experiment the variants in the papers' order, and whether it holds."""
    lines = ["| compared | hole PSNR in dB, the papers' best first | holds |", "|---|---|---|"]
    for title, names in EXPERIMENTS.items():
        means = [float(np.mean(found[name])) for name in names]
        shown = ", ".join(f"{name} {mean:.2f}" for name, mean in zip(names, means, strict=True))
        holds = all(better > worse for better, worse in pairwise(means))
        lines.append(f"| {title} | {shown} | {'yes' if holds else 'no'} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of photographs")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=1, help="runs of each variant")
    parser.add_argument("--only", choices=VARIANTS, help="one variant, as JSON")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.only:
        found = learned(args.only, args.data, args.steps, args.seed)
        print(json.dumps({"psnr": found.psnr, "ssim": found.ssim, "texture": found.texture}))
        return
    text = table(side_by_side(args.data, args.steps, args.seeds))
    print(text)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "table.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
