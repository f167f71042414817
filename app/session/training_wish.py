"""What somebody wants trained: a recipe, and how it departs from that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import msgspec

from app.language import tr
from engine import registry
from engine.errors import InvalidInputError
from training import config as configs
from training.recipes import recipe

if TYPE_CHECKING:
    from pathlib import Path

    from engine.backend import BackendSpec
    from training.config import Preset, TrainingConfig

NUMBERS = ("steps", "batch", "size", "lr", "critic_lr", "seed")
"""Settings of a recipe that the dialog shows, besides the weights of its losses."""


LARGEST_ENLARGEMENT = 4
"""Pictures that would have to be enlarged more to give a crop are left out, as the training does.
"""


@dataclass
class Wish:
    """Everything that the Train dialog asks for.

    Attributes:
        masks: a kind, or a folder of mask files; empty = as the recipe has it.
        start: a file of weights; empty = random ones.
        changes: what is set by hand: name as `--set` has it -> text.
    """

    backend: str
    preset: Preset = "quick"
    data: str = ""
    masks: str = ""
    start: str = ""
    device: str = "auto"
    changes: dict[str, str] = field(default_factory=dict)

    @property
    def recipe(self) -> TrainingConfig:
        """The preset as it is."""
        return recipe(self.backend, self.preset)

    @property
    def kind(self) -> str:
        """The masks, wherever they are named."""
        return self.masks or self.recipe.masks

    @property
    def size(self) -> int:
        """Side of the crops; the recipe's while what is typed cannot be used."""
        try:
            return self.config().size
        except InvalidInputError:
            return self.recipe.size

    @property
    def smallest(self) -> int:
        """Least width and height of a picture that can be used."""
        return -(-self.size // LARGEST_ENLARGEMENT)

    def config(self) -> TrainingConfig:
        """The settings of the run.

        Raises:
            InvalidInputError: for a value that cannot be used; the text names it.
        """
        chosen = msgspec.structs.replace(
            self.recipe,
            data=self.data,
            masks=self.kind,
            start=self.start or None,
            device=self.device,
        )
        if self.masks and self.masks != self.recipe.masks:
            # The share that is missing belongs to the recipe's own kind.
            chosen = msgspec.structs.replace(chosen, coverage=None)
        words = [f"{name}={text.strip()}" for name, text in self.changes.items()]
        made = configs.overridden(chosen, words)
        if not made.losses:
            raise InvalidInputError(
                tr("Without any loss nothing can be learned; give one a weight.")
            )
        return made

    def values(self) -> dict[str, str]:
        """The recipe's numbers and weights as text, by the names that `changes` uses."""
        config = self.recipe
        numbers = {name: text_of(cast("float", getattr(config, name))) for name in NUMBERS}
        losses = {f"loss.{name}": text_of(weight) for name, weight in config.losses.items()}
        own = {f"critic_loss.{name}": text_of(w) for name, w in config.critic_losses.items()}
        return numbers | losses | own


def text_of(number: float) -> str:
    """A number as people write it: no ".0", no needless digits."""
    return f"{number:g}" if isinstance(number, float) else str(number)


def trainable() -> list[BackendSpec]:
    """The networks that there are recipes for."""
    return [spec for spec in registry.specs() if spec.network and _has_recipe(spec.id)]


def _has_recipe(backend: str) -> bool:
    try:
        recipe(backend)
    except InvalidInputError:
        return False
    return True


def free_folder(parent: Path, name: str) -> Path:
    """A folder of that name that nothing is in yet, numbered if need be."""
    path, number = parent / name, 2
    while path.exists():
        path, number = parent / f"{name}-{number}", number + 1
    return path
