"""What losses and critics are given: one batch of pictures, holes and fills."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.layers import composite

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.generator import Generation


class Critic(nn.Module):
    """Base of all discriminators.

    `forward` takes the picture to judge and the condition it was filled from; most papers' critics
    look at the picture only.
    """

    def forward(
        self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
    ) -> Tensor:
        """Scores of pictures, higher = more real, unbounded.

        Args:
            image: (B, 3, H, W) in [-1, 1]: a real picture or a composite.
            known: (B, 3, H, W): the picture with 0 under the hole.
            hole: (B, 1, H, W), 1 = missing.
            keypoints: (B, N, 2) in 0..1, for critics that use them.

        Returns:
            (B, ...): one score a picture, a cell or a place.
        """
        raise NotImplementedError


class Features(Protocol):
    """A frozen network of features, for perceptual losses."""

    def __call__(self, image: Tensor) -> list[Tensor]:
        """Feature maps of a picture in [-1, 1], from fine to coarse."""
        ...


def _alone(scores: Tensor) -> Tensor:
    return scores


@dataclass
class Batch:
    """One batch; what several losses need is computed once.

    Attributes:
        real: (B, 3, H, W) in [-1, 1].
        hole: (B, 1, H, W), exactly 0 or 1, 1 = missing.
        generation: the generator's answer; detached when the critic learns.
        critic: judges; its weights are frozen when the generator learns.
        share: of the steps that are done, 0..1, for losses that fade.
        keypoints: (B, N, 2) in 0..1, for faces.
        features: for perceptual losses.
        chance: (B,) in 0..1, a random number for each picture that no process or part changes; None
            draws fresh ones.
        gathered: all scores of all processes, this one's with gradients; for means over the whole
            batch.
    """

    real: Tensor
    hole: Tensor
    generation: Generation
    critic: Critic | None = None
    share: float = 0.0
    keypoints: Tensor | None = None
    features: Features | None = None
    chance: Tensor | None = None
    gathered: Callable[[Tensor], Tensor] = _alone

    @cached_property
    def known(self) -> Tensor:
        """(B, 3, H, W): the picture with 0 under the hole."""
        return torch.where(self.hole > 0.5, self.real.new_zeros(()), self.real)

    @cached_property
    def fake(self) -> Tensor:
        """(B, 3, H, W): the composite of the final output, which is what a user gets."""
        return composite(self.real, self.hole, self.generation.image)

    @property
    def has_coarse(self) -> bool:
        """Whether the first stage is a picture of the same size; PEN-Net's are smaller."""
        stages = self.generation.stages
        return bool(stages) and stages[0].shape == self.real.shape

    @cached_property
    def coarse(self) -> Tensor:
        """(B, 3, H, W): the composite of the first stage."""
        return composite(self.real, self.hole, self.generation.stages[0])

    @cached_property
    def real_scores(self) -> Tensor:
        return self.scores(self.real)

    @cached_property
    def fake_scores(self) -> Tensor:
        return self.scores(self.fake)

    @cached_property
    def real_features(self) -> list[Tensor]:
        with torch.no_grad():
            return self.seen(self.real)

    def seen(self, image: Tensor) -> list[Tensor]:
        """The perceptual features of any picture, from fine to coarse."""
        if self.features is None:
            raise InvalidInputError(
                "The recipe has a loss that needs features, and none are there."
            )
        return self.features(image)

    def scores(self, image: Tensor) -> Tensor:
        """The critic's scores of any picture under this batch's condition."""
        if self.critic is None:
            raise InvalidInputError("The recipe has a loss that needs a critic, and no critic.")
        scores: Tensor = self.critic(image, self.known, self.hole, self.keypoints)
        return scores
