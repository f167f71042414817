"""A generator small enough to be built a hundred times, with its rows and files of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from engine import networks, weights
from engine.backend import BackendSpec
from engine.generator import Generation, Generator
from engine.weights import Card, WeightFile

if TYPE_CHECKING:
    from pathlib import Path


class TinyGenerator(Generator):
    """Two convolutions and a counter; `depth` does not change any shape."""

    multiple = 4
    counts: Tensor

    def __init__(self, *, width: int = 4, depth: int = 1, gain: float = 1.0) -> None:
        super().__init__()
        if width < 1:
            raise ValueError("width must be at least 1")
        self.depth, self.gain = depth, gain
        self.inner = nn.Conv2d(4, width, 3, padding=1)
        self.outer = nn.Conv2d(width, 3, 3, padding=1)
        self.register_buffer("counts", torch.zeros((), dtype=torch.int64))

    def generate(
        self, image: Tensor, hole: Tensor, *, stages: bool, maps: bool, **inputs: Tensor
    ) -> Generation:
        inner = self.inner(torch.cat([image, hole], 1)).relu()
        return Generation(self.outer(inner) * self.gain)


def row(backend_id: str, **configuration: bool | float | str) -> BackendSpec:
    """The row of a backend with this network."""
    return BackendSpec(
        id=backend_id,
        label=backend_id.title(),
        promise="none",
        kind="gan",
        factory="engine.gan:GanInpainter",
        network="tests.engine.tiny_network:TinyGenerator",
        configuration=configuration,
    )


TINY = row("tiny")
CARD = Card(
    backend="tiny",
    configuration={"width": 4, "gain": 0.5},
    role="guide",
    masks=("square", "free-form"),
    trained_on="nothing at all",
    licence="CC0",
    images_shown=1234,
    ema=True,
    source="made by a test",
    source_sha256="ab" * 32,
)


def state_of(seed: int = 1, **configuration: bool | float | str) -> dict[str, Tensor]:
    return networks.built(TINY, configuration, seed=seed).state_dict()


def saved(path: Path, card: Card = CARD, seed: int = 1) -> WeightFile:
    return weights.save(path, state_of(seed), card)
