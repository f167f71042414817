"""Losses on the critic's scores: of the generator, which wants them high, and of the critic.

Scores of several cells or places of a picture count like scores of several pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from engine.layers import wide
from training.losses.registry import critic_loss, loss

if TYPE_CHECKING:
    from torch import Tensor

    from training.batch import Batch


@loss("wasserstein", needs_critic=True)
@loss("hinge", needs_critic=True)
def lowness(batch: Batch) -> Tensor:
    """Minus the mean score of the fakes (PEPSI; PEN-Net; IConv)."""
    return -wide(batch.fake_scores).mean()


@critic_loss("hinge")
def critic_hinge(batch: Batch) -> Tensor:
    """Mean of max(0, 1 - real) plus mean of max(0, 1 + fake) (PEPSI).

    PEN-Net's is half of it, by its weight in the recipe.
    """
    real, fake = _scores(batch)
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


@loss("relativistic_hinge", needs_critic=True, couples_batch=True)
def relativistic_hinge(batch: Batch) -> Tensor:
    """The critic's with real and fake exchanged (GLA)."""
    real, fake = _scores(batch)
    return _relativistic(fake, real, batch)


@critic_loss("relativistic_hinge", couples_batch=True)
def critic_relativistic_hinge(batch: Batch) -> Tensor:
    """Hinge of each score against the mean score of the other kind (GLA)."""
    real, fake = _scores(batch)
    return _relativistic(real, fake, batch)


@critic_loss("lorentzian")
@loss("lorentzian", needs_critic=True)
def lorentzian(batch: Batch) -> Tensor:
    """Mean of log(1 + |real - fake|), each fake against its own original (GLA).

    The critic has it too: it holds back what the hinge drives apart.
    """
    real, fake = _scores(batch)
    return torch.log1p((real - fake).abs()).mean()


@critic_loss("wasserstein")
def critic_wasserstein(batch: Batch) -> Tensor:
    """Mean score of the fakes minus that of the real ones (IConv)."""
    real, fake = _scores(batch)
    return fake.mean() - real.mean()


@loss("non_saturating", needs_critic=True)
def non_saturating(batch: Batch) -> Tensor:
    """-log of the fakes' chance to be real (PEN-Net on textures; goes with "r1")."""
    return F.softplus(-wide(batch.fake_scores)).mean()


@critic_loss("non_saturating")
def critic_non_saturating(batch: Batch) -> Tensor:
    """Both cross entropies; PEN-Net's is half of it, by its weight in the recipe."""
    real, fake = _scores(batch)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _scores(batch: Batch) -> tuple[Tensor, Tensor]:
    return wide(batch.real_scores), wide(batch.fake_scores)


def _relativistic(higher: Tensor, lower: Tensor, batch: Batch) -> Tensor:
    """The first shall exceed the mean of the second by 1, and the second fall below likewise."""
    mean_higher, mean_lower = batch.gathered(higher).mean(), batch.gathered(lower).mean()
    above = F.relu(1 - (higher - mean_lower)).mean()
    below = F.relu(1 + (lower - mean_higher)).mean()
    return (above + below) / 2
