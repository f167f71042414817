"""Two tiny networks, one with official checkpoints, and files of weights for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import torch

from engine import networks, registry, weights
from engine.official import RELEASES, Converted, Release
from engine.weights import Card, WeightFile
from tests.app import fake_backend
from tests.engine.tiny_network import row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from engine.backend import BackendSpec

TINY = replace(
    row("tiny"),
    promise="Two convolutions",
    factory="tests.app.fake_backend:red",
    paper="Somebody 2020: On Smallness",
    parameters=3_524_019,
    native_side=64,
    multiple=4,
)
OTHER = replace(row("other"), factory="tests.app.fake_backend:red", native_side=128)


def registered() -> Iterator[None]:
    """The networks, for as long as somebody looks at them; only the first has checkpoints."""
    for spec in (TINY, OTHER):
        registry.register(spec)
    RELEASES[TINY.id] = Release(__name__, "CC0", "nothing at all", ("square",))
    yield
    for spec in (TINY, OTHER):
        registry._specs.pop(spec.id)
    RELEASES.pop(TINY.id)
    registry._networks.clear()


def put(folder: Path, name: str, spec: BackendSpec = TINY, **card: object) -> WeightFile:
    """A file of weights."""
    given = {"role": "alone", "trained_on": "Sand", "licence": "CC0", "masks": ("square",)} | card
    state = networks.built(spec, {}).state_dict()
    return weights.save(folder / name, state, Card(backend=spec.id, **cast("Any", given)))


def checkpoint(path: Path) -> Path:
    """What the authors of the first network could have released."""
    torch.save({"netG": networks.built(TINY, {}, seed=3).state_dict()}, path)
    return path


def convert(checkpoint: Mapping[str, object]) -> Converted:
    """The converter of the first network; waits at the gate."""
    fake_backend.gate.wait(10)
    return Converted(cast("Any", checkpoint["netG"]), {}, ("The discriminator was left out.",))
