"""Losses on features of VGG16: how places, and how channels, go together (Region-wise).

Both compare composites, so known pixels get no gradients from them, and both are sums over the
batch, which the paper's weights are for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.utils.checkpoint import checkpoint

from engine.layers import chunks, full_precision, rows_per_chunk, wide
from training.losses.registry import loss

if TYPE_CHECKING:
    from torch import Tensor

    from training.batch import Batch

_POOL2 = 1


@loss("correlation", is_sum=True, needs_features=True, needs_stages=1)
def correlation(batch: Batch) -> Tensor:
    """How places resemble each other, at pool2, in the composite of the coarse stage."""
    made = batch.seen(batch.coarse)[_POOL2]
    return correlation_between(made, batch.real_features[_POOL2])


@loss("style", is_sum=True, needs_features=True)
def style(batch: Batch) -> Tensor:
    """How channels go together, at pool1 to pool3, in the composite of the final output."""
    pairs = zip(batch.seen(batch.fake), batch.real_features, strict=True)
    return torch.stack([style_between(made, real) for made, real in pairs]).sum()


def correlation_between(made: Tensor, real: Tensor) -> Tensor:
    """Sum of absolute differences of the products of all pairs of places, over C^2.

    The matrices of n x n places never exist as a whole: they are computed by rows, and once more
    for the gradients.

    Args:
        made: (B, C, h, w), n = h * w places.
        real: the same; gets no gradient.

    Returns:
        Scalar, summed over the batch.
    """
    made, real = wide(made).flatten(2), wide(real).detach().flatten(2)
    batch, channels, places = made.shape
    # Three matrices a picture: of both, and their difference.
    parts = chunks(places, rows_per_chunk(places, matrices=3 * batch))
    with full_precision(made.device):
        sums = [
            checkpoint(_apart, made, real, rows, use_reentrant=False, preserve_rng_state=False)
            for rows in parts
        ]
        return torch.stack(sums).sum() / channels**2


def style_between(made: Tensor, real: Tensor) -> Tensor:
    """Sum of absolute differences of the products of all pairs of channels, over C h w.

    Args:
        made: (B, C, h, w).
        real: the same; gets no gradient.

    Returns:
        Scalar, summed over the batch.
    """
    made, real = wide(made).flatten(2), wide(real).detach().flatten(2)
    with full_precision(made.device):
        apart = torch.bmm(made, made.mT) - torch.bmm(real, real.mT)
        return apart.abs().sum() / made[0].numel()


def _apart(made: Tensor, real: Tensor, rows: slice) -> Tensor:
    ours = torch.bmm(made[..., rows].mT, made)
    return torch.sub(ours, torch.bmm(real[..., rows].mT, real)).abs().sum()
