"""The recipes: what each paper trains its generator with, as data.

A recipe is a `TrainingConfig` without pictures. `paper` is the paper's own (decisions where paper
and code differ are noted), `modern` the same losses with today's masks and precision, `quick` a
look within minutes on a processor, `overnight` as much of `modern` as a night allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine.errors import InvalidInputError
from training.config import TrainingConfig, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.config import Preset

NIGHT_S = 8 * 3600.0

_PEPSI = TrainingConfig(
    backend="pepsi",
    masks="free-form",
    batch=8,
    steps=1_000_000,
    # L1 as means; its weights belong to that reading of the paper's norms.
    losses={"l1": 10.0, "coarse_l1_fading": 5.0, "hinge": 0.1},
    critic="red",
    critic_losses={"hinge": 1.0},
    lr=1e-4,
    critic_lr=4e-4,
    betas=(0.5, 0.9),
    decay=((0.9, 0.1),),
    flip=False,
)

_GLA = TrainingConfig(
    backend="gla",
    masks="brush",
    batch=4,
    steps=500_000,
    # 1.2 x (0.75 x (1.2 x coarse + fine) + 0.25 x SSIM), multiplied out.
    losses={
        "coarse_l1": 1.08,
        "l1": 0.9,
        "ssim": 0.3,
        "relativistic_hinge": 1.0,
        "lorentzian": 1.0,
    },
    critic="gla",
    critic_losses={"relativistic_hinge": 1.0, "lorentzian": 1.0},
    lr=1e-4,
    critic_lr=1e-4,
    betas=(0.5, 0.9),
    flip=False,
)

_REGIONWISE = TrainingConfig(
    backend="regionwise",
    masks="irregular",
    coverage=(0.0, 0.4),
    batch=8,
    steps=70_000,  # 20 epochs of CelebA-HQ
    losses={"reconstruction": 1.0, "correlation": 1e-5, "style": 1e-3},
    lr=1e-4,
    betas=(0.5, 0.9),
    flip=False,
)

_PENNET = TrainingConfig(
    backend="pennet",
    masks="blocks",
    batch=16,
    steps=330_000,
    losses={"hole_l1": 6.0, "known_l1": 1.0, "pyramid_l1": 0.5, "hinge": 0.1},
    critic="sn-patch",
    critic_losses={"hinge": 0.5},  # the mean of its two halves
    lr=1e-4,
    critic_lr=1e-4,
    betas=(0.5, 0.999),
    jitter=0.05,
)

_ICONV = TrainingConfig(
    backend="iconv",
    masks="box-and-brush",
    batch=32,
    steps=625_000,  # 20 million pictures
    losses={"wasserstein": 1.0},
    critic="iconv",
    critic_losses={"wasserstein": 1.0, "gradient_penalty": 10.0, "drift": 0.001},
    penalty_every=16,
    lr=1.5e-3,
    critic_lr=1.5e-3,
    betas=(0.0, 0.99),
)

_PAPERS = {
    "pepsi": _PEPSI,
    "diet-pepsi": _PEPSI,
    "diet-pepsi-g2": _PEPSI,
    "diet-pepsi-g4": _PEPSI,
    "gla": _GLA,
    "regionwise": _REGIONWISE,
    "pennet": _PENNET,
    "iconv": _ICONV,
    "iconv-small": msgspec.structs.replace(_ICONV, lr=1e-3, critic_lr=1e-3),
    "iconv-face": msgspec.structs.replace(
        _ICONV, lr=1e-3, critic_lr=1e-3, size=128, masks="face-box"
    ),
}


def recipe(backend: str, preset: Preset = "paper") -> TrainingConfig:
    """The recipe of a generator.

    Raises:
        InvalidInputError: if the backend cannot be trained.
    """
    if backend not in _PAPERS:
        raise InvalidInputError(f"“{backend}” cannot be trained; {nearest(backend, _PAPERS)}")
    paper = msgspec.structs.replace(_PAPERS[backend], backend=backend)
    return _CHANGES[preset](paper)


def _paper(paper: TrainingConfig) -> TrainingConfig:
    return paper


def _modern(paper: TrainingConfig) -> TrainingConfig:
    faces = paper.masks == "face-box"
    return msgspec.structs.replace(
        paper,
        preset="modern",
        masks=paper.masks if faces else "mixed",
        coverage=None if faces else (0.01, 0.6),
        flip=True,
        precision="bf16",
        steps=min(paper.steps, 300_000),
    )


def _quick(paper: TrainingConfig) -> TrainingConfig:
    return msgspec.structs.replace(
        _modern(paper),
        preset="quick",
        size=128,
        batch=4,
        steps=400,
        precision="fp32",
        ema_half_life=200,
        validate_every=100,
        checkpoint_every=100,
    )


def _overnight(paper: TrainingConfig) -> TrainingConfig:
    return msgspec.structs.replace(
        _modern(paper),
        preset="overnight",
        size=min(paper.size, 160),
        batch=8,
        steps=100_000,
        time_limit_s=NIGHT_S,
        patience=20,
    )


_CHANGES: dict[Preset, Callable[[TrainingConfig], TrainingConfig]] = {
    "paper": _paper,
    "modern": _modern,
    "quick": _quick,
    "overnight": _overnight,
}
