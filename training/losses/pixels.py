"""Distances between pixels. Outputs are compared as they are, without the known pixels put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F

from engine.layers import wide
from training.losses.registry import loss

if TYPE_CHECKING:
    from torch import Tensor

    from training.batch import Batch

NATIVE_PIXELS = 256 * 256
"""Of the pictures that the weights of the Region-wise paper are for."""

_NOTHING = 1e-9  # below the share of a single pixel in any batch


@loss("l1")
def l1(batch: Batch) -> Tensor:
    """Mean absolute difference over the whole picture (PEPSI; GLA)."""
    return _difference(batch.generation.image, batch).mean()


@loss("coarse_l1", needs_stages=1)
def coarse_l1(batch: Batch) -> Tensor:
    """The same for the first stage (GLA)."""
    return _difference(batch.generation.stages[0], batch).mean()


@loss("coarse_l1_fading", needs_stages=1)
def coarse_l1_fading(batch: Batch) -> Tensor:
    """The first stage's, weighing less and less: 1 - k / k_max (PEPSI, equation 11)."""
    return (1 - batch.share) * coarse_l1(batch)


@loss("l1_known_only")
def l1_known_only(batch: Batch) -> Tensor:
    """Only known pixels count, divided by all (GLA's released program, where the rest is SSIM's).

    Not `known_l1`, which divides by the known ones.
    """
    return (_difference(batch.generation.image, batch) * (1 - batch.hole)).mean()


@loss("coarse_l1_known_only", needs_stages=1)
def coarse_l1_known_only(batch: Batch) -> Tensor:
    """The same for the first stage (GLA's released program)."""
    return (_difference(batch.generation.stages[0], batch) * (1 - batch.hole)).mean()


@loss("hole_l1")
def hole_l1(batch: Batch) -> Tensor:
    """Mean absolute difference over the missing pixels of the batch (PEN-Net).

    0 if none is missing. All processes divide by the same share; parts of an accumulated batch
    divide by their own.
    """
    return _within(batch.hole, batch)


@loss("known_l1")
def known_l1(batch: Batch) -> Tensor:
    """Mean absolute difference over the known pixels of the batch (PEN-Net); 0 without any."""
    return _within(1 - batch.hole, batch)


@loss("pyramid_l1", needs_stages=1, any_stages=True)
def pyramid_l1(batch: Batch) -> Tensor:
    """Mean absolute difference of each picture of the pyramid, added up (PEN-Net)."""
    total = batch.real.new_zeros(())
    for head in batch.generation.stages:
        real = F.interpolate(batch.real, head.shape[-2:], mode="bilinear", align_corners=True)
        total = total + (wide(head) - real).abs().mean()
    return total


@loss("reconstruction", is_sum=True, needs_stages=1)
def reconstruction(batch: Batch) -> Tensor:
    """Sum of absolute differences of both stages (Region-wise).

    The features of the paper's other two losses do not grow with the picture, so the sum is that of
    a picture of 256 x 256 with the same mean: their weights then hold for any size.
    """
    both = _difference(batch.generation.image, batch)
    both = both + _difference(batch.generation.stages[0], batch)
    height, width = batch.real.shape[-2:]
    return both.sum() * (NATIVE_PIXELS / (height * width))


def _difference(made: Tensor, batch: Batch) -> Tensor:
    return (wide(made) - batch.real).abs()


def _within(region: Tensor, batch: Batch) -> Tensor:
    share = batch.gathered(region.mean((1, 2, 3))).mean()
    error = _difference(batch.generation.image, batch) * region
    return error.mean() / share.clamp(min=_NOTHING)
