"""The losses of a recipe with their weights, and whether a run can have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from engine.errors import InvalidInputError
from training.config import nearest
from training.losses import LOSSES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.generator import Generator
    from training.batch import Critic, Features
    from training.config import TrainingConfig
    from training.losses import Loss

_PROBE_SIDE = 64
"""A picture as small as this shows which outputs a generator has."""


@dataclass(frozen=True, slots=True)
class Term:
    """A loss of the recipe with its weight."""

    name: str
    weight: float
    loss: Loss


def weighted(weights: Mapping[str, float], known: Mapping[str, Loss], what: str) -> list[Term]:
    """The losses that weigh something.

    Args:
        weights: by name.
        known: the table that the names are of.
        what: what a sentence calls one of them.

    Raises:
        InvalidInputError: for a name that is in no table.
    """
    for name in weights:
        if name not in known:
            raise InvalidInputError(f"There is no {what} “{name}”; {nearest(name, known)}")
    return [Term(name, weight, known[name]) for name, weight in weights.items() if weight]


def needs_features(config: TrainingConfig) -> bool:
    """Whether a loss that weighs something sees with VGG features."""
    names = [name for name, weight in config.losses.items() if weight]
    return any(LOSSES[name].needs_features for name in names if name in LOSSES)


def sees_at_random(config: TrainingConfig) -> bool:
    """Whether such a loss sees with random features."""
    return config.features == "random" and needs_features(config)


def check(
    config: TrainingConfig,
    terms: Sequence[Term],
    critic: Critic | None,
    features: Features | None,
) -> None:
    """Refuse a recipe with a loss that lacks what it reads.

    Raises:
        InvalidInputError: naming the loss and what is missing.
    """
    if not any(config.losses.values()):
        raise InvalidInputError("Without any loss nothing can be learned; give one a weight.")
    if critic is not None and not any(config.critic_losses.values()):
        raise InvalidInputError(
            f"The critic {config.critic} has no loss to learn from; give it one, such as "
            'critic_loss.hinge, or leave the critic out with critic="".'
        )
    for term in terms:
        if term.loss.needs_critic and critic is None:
            raise InvalidInputError(f"The loss {term.name} needs a critic; the recipe has none.")
        if term.loss.needs_features and features is None:
            raise InvalidInputError(f"The loss {term.name} needs VGG features; there are none.")
        if term.loss.couples_batch and config.accumulate > 1:
            raise InvalidInputError(
                f"The loss {term.name} compares pictures of one batch, so the batch cannot be "
                "accumulated in parts; set accumulate=1 and a smaller batch."
            )


@torch.no_grad()
def check_stages(terms: Sequence[Term], generator: Generator, backend: str) -> None:
    """Refuse a recipe with a loss on outputs that the generator does not have.

    Raises:
        InvalidInputError: naming the loss.
    """
    readers = [term for term in terms if term.loss.needs_stages]
    if not readers:
        return
    image = torch.zeros(1, 3, _PROBE_SIDE, _PROBE_SIDE)
    hole = torch.zeros(1, 1, _PROBE_SIDE, _PROBE_SIDE)
    hole[..., : _PROBE_SIDE // 2] = 1
    was_training = generator.training
    made = generator.eval()(image, hole, stages=True)
    generator.train(was_training)
    for term in readers:
        sizes = [stage.shape[-2:] for stage in made.stages]
        if not term.loss.any_stages:
            sizes = [size for size in sizes if size == image.shape[-2:]]
        if len(sizes) < term.loss.needs_stages:
            raise InvalidInputError(
                f"The loss {term.name} reads a coarse result of the generator, and {backend} "
                "makes none of that kind; leave the loss out."
            )
