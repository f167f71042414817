"""What a loss is, and the two tables that the decorators fill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypedDict, Unpack

from torch import Tensor

from training.batch import Batch

Function: TypeAlias = Callable[[Batch], Tensor]


class _Traits(TypedDict, total=False):
    is_sum: bool
    couples_batch: bool
    needs_critic: bool
    needs_features: bool
    needs_stages: int
    any_stages: bool
    takes_stages: bool
    is_penalty: bool


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss and what the loop must know of it.

    Attributes:
        name: in recipes and events.
        function: from a batch to a scalar, unweighted, in float32 at least.
        is_sum: over the pictures; otherwise a mean.
        couples_batch: a picture's part depends on the other pictures.
        needs_critic: reads the critic's scores.
        needs_features: reads the perceptual features.
        needs_stages: how many further outputs of the generator it reads at least.
        any_stages: these may be of any size; otherwise they have the picture's.
        takes_stages: reads such outputs where there are any, without needing them.
        is_penalty: differentiates the critic twice; may be computed once in several steps.
    """

    name: str
    function: Function
    is_sum: bool = False
    couples_batch: bool = False
    needs_critic: bool = False
    needs_features: bool = False
    needs_stages: int = 0
    any_stages: bool = False
    takes_stages: bool = False
    is_penalty: bool = False


LOSSES: dict[str, Loss] = {}
"""Of the generator."""

CRITIC_LOSSES: dict[str, Loss] = {}
"""Of the critic."""


def loss(name: str, **traits: Unpack[_Traits]) -> Callable[[Function], Function]:
    """Enter a function into `LOSSES`; see `Loss` for the traits."""
    return _entered(LOSSES, name, traits)


def critic_loss(name: str, **traits: Unpack[_Traits]) -> Callable[[Function], Function]:
    """Enter a function into `CRITIC_LOSSES`; it needs a critic by nature."""
    return _entered(CRITIC_LOSSES, name, {**traits, "needs_critic": True})


def _entered(table: dict[str, Loss], name: str, traits: _Traits) -> Callable[[Function], Function]:
    def enter(function: Function) -> Function:
        if name in table:
            raise ValueError(f"there are two losses named {name}")
        table[name] = Loss(name, function, **traits)
        return function

    return enter
