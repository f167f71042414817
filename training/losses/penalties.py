"""What keeps a critic's slopes and scores in bounds. Slopes are computed in full precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from engine.layers import full_precision, wide
from training.losses.registry import critic_loss

if TYPE_CHECKING:
    from torch import Tensor

    from training.batch import Batch


@critic_loss("gradient_penalty", is_penalty=True)
def gradient_penalty(batch: Batch) -> Tensor:
    """Mean of max(0, |slope under the hole| - 1) between real and fake (IConv, equation 10).

    Linear and one-sided: known pixels are free, and so is a slope below 1.
    """
    return F.relu(_steepness(batch, batch.hole) - 1).mean()


@critic_loss("gradient_penalty_masked_squared", is_penalty=True)
def gradient_penalty_masked_squared(batch: Batch) -> Tensor:
    """Mean of (|slope under the hole| - 1)^2 (IConv's equation 9, after Yu et al. 2018)."""
    return (_steepness(batch, batch.hole) - 1).square().mean()


@critic_loss("gradient_penalty_squared", is_penalty=True)
def gradient_penalty_squared(batch: Batch) -> Tensor:
    """Mean of (|slope| - 1)^2 over the whole picture (Gulrajani et al. 2017)."""
    return (_steepness(batch, torch.ones_like(batch.hole)) - 1).square().mean()


@critic_loss("r1", is_penalty=True)
def r1(batch: Batch) -> Tensor:
    """Half the squared slope at real pictures under the hole, as if the hole were the picture.

    Mescheder et al. 2018, masked as in Hukkelås's later programs: the sum over the hole is scaled
    by pixels / missing pixels, so that a hole's size does not set the penalty's.
    """
    pixels = batch.hole[0].numel()
    missing = batch.hole.sum((1, 2, 3)).clamp(min=1)
    squares = (_slopes(batch, batch.real) * batch.hole).square().sum((1, 2, 3))
    return (squares * pixels / missing).mean() / 2


@critic_loss("drift")
def drift(batch: Batch) -> Tensor:
    """Mean squared score of the real ones, which keeps them near 0 (IConv)."""
    return wide(batch.real_scores).square().mean()


def _steepness(batch: Batch, region: Tensor) -> Tensor:
    """Norm of each picture's slope within a region, somewhere between real and fake. (B,)."""
    real, fake = batch.real, wide(batch.fake)
    chance = torch.rand(len(real)) if batch.chance is None else batch.chance
    place = chance.to(real).view(-1, 1, 1, 1)
    slopes = _slopes(batch, place * real + (1 - place) * fake)
    norms: Tensor = torch.linalg.vector_norm(slopes * region, dim=(1, 2, 3))
    return norms


def _slopes(batch: Batch, image: Tensor) -> Tensor:
    """Derivative of each picture's mean score by its pixels, (B, 3, H, W), differentiable."""
    with full_precision(image.device), torch.enable_grad():
        image = image.detach().requires_grad_()
        verdicts = wide(batch.scores(image)).flatten(1).mean(1)
        slopes: Tensor
        (slopes,) = torch.autograd.grad(verdicts.sum(), image, create_graph=True)
    return slopes
