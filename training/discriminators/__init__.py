"""The critics of the papers, by name.

A new one is a subclass of `training.batch.Critic` and a row in `CRITICS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import registry
from engine.errors import InvalidInputError
from training.config import nearest
from training.discriminators.gla import GlaCritic
from training.discriminators.iconv import IconvCritic
from training.discriminators.patch import PatchCritic
from training.discriminators.red import RegionEnsembleCritic

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.batch import Critic
    from training.config import TrainingConfig

__all__ = ["CRITICS", "GlaCritic", "IconvCritic", "PatchCritic", "RegionEnsembleCritic", "critic"]


def critic(name: str, config: TrainingConfig) -> Critic:
    """A critic with fresh weights, for the crops and the generator of a run.

    Raises:
        InvalidInputError: if there is no critic of that name, or the crops do not suit it.
    """
    if name not in CRITICS:
        raise InvalidInputError(f"There is no critic “{name}”; {nearest(name, CRITICS)}")
    return CRITICS[name](config)


def _red(config: TrainingConfig) -> Critic:
    return RegionEnsembleCritic(config.size)


def _patch(config: TrainingConfig) -> Critic:
    return PatchCritic(config.size)


def _gla(config: TrainingConfig) -> Critic:
    return GlaCritic(config.size)


def _gla_volume(config: TrainingConfig) -> Critic:
    return GlaCritic(config.size, head="volume")


def _iconv(config: TrainingConfig) -> Critic:
    """As wide as the generator, and with its keypoints; as the largest one for other generators."""
    own = {**registry.get(config.backend).configuration, **config.configuration}
    base, keypoints = int(own.get("base", 256)), int(own.get("keypoints", 0))
    return IconvCritic(config.size, base=base, keypoints=keypoints)


CRITICS: dict[str, Callable[[TrainingConfig], Critic]] = {
    "red": _red,
    "sn-patch": _patch,
    "gla": _gla,
    "gla-volume": _gla_volume,
    "iconv": _iconv,
}
