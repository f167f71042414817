"""Batches and critics whose losses are known, for the tests of losses."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.generator import Generation
from training.batch import Batch, Critic

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.losses import Loss

STEEP = 200.0
"""A gain that makes the critic's slope longer than 1."""


class Scripted(Critic):
    """Gives scores that were written down: the first to the original, the second to any other."""

    def __init__(self, original: Tensor, real: Tensor, fake: Tensor) -> None:
        super().__init__()
        self.original, self.real, self.fake = original, real, fake

    def forward(
        self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
    ) -> Tensor:
        return self.real if torch.equal(image, self.original) else self.fake


class Slanted(Critic):
    """A plane: the score of a picture is its product with one slope."""

    def __init__(self, slope: Tensor) -> None:
        super().__init__()
        self.slope = nn.Parameter(slope)

    def forward(
        self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
    ) -> Tensor:
        return (image * self.slope).flatten(1).sum(1, keepdim=True)


class Curved(Critic):
    """A small smooth network with a score for each place."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.first = nn.Conv2d(7, 4, 3, padding=1)
        self.last = nn.Conv2d(4, 1, 3, padding=1)

    def forward(
        self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
    ) -> Tensor:
        x = torch.cat((image, known, hole), 1)
        scores: Tensor = self.gain * self.last(torch.tanh(2 * self.first(x)))
        return scores


class Pooled(nn.Module):
    """Three maps of features, fine to coarse, like those of VGG16 but small and smooth."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 4, 5, 6)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        maps = []
        for conv in self.convolutions:
            image = F.avg_pool2d(torch.tanh(conv(image)), 2)
            maps.append(image)
        return maps


def alone(scores: Tensor) -> Tensor:
    return scores


def scored(real: Tensor, fake: Tensor, gathered: Callable[[Tensor], Tensor] = alone) -> Batch:
    image = torch.zeros(len(real), 3, 4, 4)
    hole = torch.ones(len(real), 1, 4, 4)
    critic = Scripted(image, real, fake)
    return Batch(image, hole, Generation(image + 1), critic=critic, gathered=gathered)


def compared(
    real: Tensor,
    image: Tensor,
    hole: Tensor,
    *stages: Tensor,
    share: float = 0,
    gathered: Callable[[Tensor], Tensor] = alone,
) -> Batch:
    return Batch(real, hole, Generation(image, stages), share=share, gathered=gathered)


def noisy(
    size: int = 8,
    *,
    hole: Tensor | None = None,
    dtype: torch.dtype = torch.float32,
    batch: int = 2,
    gain: float = 3,
) -> Batch:
    """A batch that every loss can be computed of, with a gradient for whatever may have one."""
    if hole is None:
        hole = torch.zeros(batch, 1, size, size)
        hole[0, :, 2:5, 1:6] = 1
        hole[-1, :, : size // 2] = 1
    pictures = [torch.rand(batch, 3, size, size, dtype=dtype) * 2 - 1 for _ in range(2)]
    halves = torch.rand(batch, 3, size // 2, size // 2, dtype=dtype) * 2 - 1
    coarse = torch.rand(batch, 3, size, size, dtype=dtype) * 2 - 1
    for made in (pictures[1], coarse, halves):
        made.requires_grad_()
    return Batch(
        pictures[0],
        hole.to(dtype),
        Generation(pictures[1], (coarse, halves)),
        critic=Curved(gain).to(dtype),
        share=0.25,
        features=Pooled().to(dtype),
    )


def value(each: Loss, batch: Batch) -> Tensor:
    """The loss; the same random numbers every time."""
    torch.manual_seed(5)
    return each.function(batch)


def hole_of(*boxes: tuple[int, int, int, int], size: int = 8) -> Tensor:
    hole = torch.zeros(len(boxes), 1, size, size)
    for each, (top, bottom, left, right) in zip(hole, boxes, strict=True):
        each[:, top:bottom, left:right] = 1
    return hole
