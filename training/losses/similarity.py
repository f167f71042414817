"""SSIM as a loss, as the GLA paper's program computes it.

Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
Similarity", 2004. Libraries reflect or crop at the border where that program pads with zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from engine.layers import full_precision, wide
from training.losses.registry import loss

if TYPE_CHECKING:
    from torch import Tensor

    from training.batch import Batch

WINDOW = 11
SIGMA = 1.5
C1 = 0.01**2
C2 = 0.03**2


@loss("ssim", takes_stages=True)
def ssim(batch: Batch) -> Tensor:
    """1 - SSIM of the composites of both stages, averaged, in the range 0..1 (GLA).

    Of the final output alone for generators without a coarse stage.
    """
    real = (batch.real + 1) / 2
    stages = (batch.coarse, batch.fake) if batch.has_coarse else (batch.fake,)
    return _dissimilarity(real, [(wide(stage) + 1) / 2 for stage in stages])


@loss("ssim_released", needs_stages=1)
def ssim_released(batch: Batch) -> Tensor:
    """The same in the range -1..1, with the constants of a range of 1 (GLA's released program)."""
    return _dissimilarity(batch.real, [wide(batch.coarse), wide(batch.fake)])


def structural_similarity(x: Tensor, y: Tensor) -> Tensor:
    """Mean SSIM of two batches of pictures.

    A Gaussian window of 11 x 11, sigma 1.5, zeros around the picture, constants for a range of 1.

    Args:
        x: (B, C, H, W), float32 or float64.
        y: the same.

    Returns:
        Scalar, 1 for equal pictures.
    """
    with full_precision(x.device):
        mean_x, mean_y, xx, yy, xy = _blurred(torch.stack((x, y, x * x, y * y, x * y)))
        product, squares = mean_x * mean_y, mean_x * mean_x + mean_y * mean_y
        covariance, variances = xy - product, xx + yy - squares
        nearness = (2 * product + C1) / (squares + C1)
        likeness = (2 * covariance + C2) / (variances + C2)
        mean: Tensor = (nearness * likeness).mean()
    return mean


def _dissimilarity(real: Tensor, made: list[Tensor]) -> Tensor:
    return torch.stack([1 - structural_similarity(real, each) for each in made]).mean()


def _blurred(x: Tensor) -> Tensor:
    """(N, B, C, H, W), each plane convolved with the window, in one axis after the other."""
    offsets = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    window = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    window = window / window.sum()
    planes = x.flatten(0, 2)[:, None]
    planes = F.conv2d(planes, window.view(1, 1, -1, 1), padding=(WINDOW // 2, 0))
    planes = F.conv2d(planes, window.view(1, 1, 1, -1), padding=(0, WINDOW // 2))
    return planes.view_as(x)
