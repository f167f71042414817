"""Losses on scores and slopes, against answers worked out by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.generator import Generation
from tests.training.loss_cases import (
    STEEP,
    Slanted,
    hole_of,
    noisy,
    scored,
    value,
)
from training.batch import Batch, Critic
from training.losses import CRITIC_LOSSES, LOSSES
from training.recipes import recipe

if TYPE_CHECKING:
    from training.losses import Loss

PENALTIES = [name for name, each in CRITIC_LOSSES.items() if each.is_penalty]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(3)


# --- scores ---


def test_the_hinge_of_three_known_scores() -> None:
    batch = scored(torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-2.0, 0.0, 0.5]))
    assert CRITIC_LOSSES["hinge"].function(batch).item() == pytest.approx(5 / 3)
    assert LOSSES["hinge"].function(batch).item() == pytest.approx(0.5)


@pytest.mark.parametrize(("real", "fake", "expected"), [(1.0, -1.0, 0.0), (0.0, 0.0, 1.0)])
def test_pennets_recipe_makes_the_hinge_a_mean(real: float, fake: float, expected: float) -> None:
    batch = scored(torch.full((2, 27, 27), real), torch.full((2, 27, 27), fake))
    weight = recipe("pennet").critic_losses["hinge"]
    assert weight * CRITIC_LOSSES["hinge"].function(batch).item() == expected


@pytest.mark.parametrize(
    ("real", "fake", "critic", "generator", "near"),
    [(0.0, 0.0, 1.0, 1.0, 0.0), (1.0, -1.0, 0.0, 3.0, math.log(3))],
)
def test_the_relativistic_losses_of_known_scores(
    real: float, fake: float, critic: float, generator: float, near: float
) -> None:
    batch = scored(torch.full((4, 1), real), torch.full((4, 1), fake))
    assert CRITIC_LOSSES["relativistic_hinge"].function(batch).item() == pytest.approx(critic)
    assert LOSSES["relativistic_hinge"].function(batch).item() == pytest.approx(generator)
    assert LOSSES["lorentzian"].function(batch).item() == pytest.approx(near)
    assert CRITIC_LOSSES["lorentzian"].function(batch).item() == pytest.approx(near)


@pytest.mark.parametrize("name", ["relativistic_hinge", "lorentzian"])
@pytest.mark.parametrize("table", [LOSSES, CRITIC_LOSSES])
def test_only_differences_of_scores_count(name: str, table: dict[str, Loss]) -> None:
    real, fake = torch.randn(2, 4, 1, dtype=torch.float64)
    shifted = table[name].function(scored(real + 7, fake + 7))
    torch.testing.assert_close(table[name].function(scored(real, fake)), shifted)


def test_relativistic_scores_are_held_against_the_mean_of_all_processes() -> None:
    elsewhere = torch.tensor([[2.0], [-2.0]])
    batch = scored(
        torch.tensor([[0.0], [2.0]]),
        torch.tensor([[1.0], [-3.0]]),
        gathered=lambda own: torch.cat((own, elsewhere)),
    )
    # Means: real (0 + 2 + 2 - 2) / 4 = 0.5, fake (1 - 3 + 2 - 2) / 4 = -0.5.
    # Critic: 1 - (r + .5) = .5, 0; 1 + (f - .5) = 1.5, 0. Generator: 1 + (r + .5), 1 - (f - .5).
    critic = CRITIC_LOSSES["relativistic_hinge"].function(batch)
    assert critic.item() == pytest.approx((0.25 + 0.75) / 2)
    generator = LOSSES["relativistic_hinge"].function(batch)
    assert generator.item() == pytest.approx(((1.5 + 3.5) / 2 + (0.5 + 4.5) / 2) / 2)


def test_the_lorentzian_pairs_each_fake_with_its_original() -> None:
    batch = scored(torch.tensor([1.0, -1.0]), torch.tensor([1.0, -4.0]))
    assert LOSSES["lorentzian"].function(batch).item() == pytest.approx(math.log(4) / 2)


def test_wasserstein_is_the_distance_of_means() -> None:
    batch = scored(torch.tensor([[3.0], [1.0]]), torch.tensor([[-1.0], [0.0]]))
    assert CRITIC_LOSSES["wasserstein"].function(batch).item() == pytest.approx(-2.5)
    assert LOSSES["wasserstein"].function(batch).item() == pytest.approx(0.5)


def test_drift_is_the_mean_square_of_the_real_scores() -> None:
    batch = scored(torch.tensor([[3.0], [1.0]]), torch.tensor([[9.0], [9.0]]))
    assert CRITIC_LOSSES["drift"].function(batch).item() == pytest.approx(5)


def test_non_saturating_is_the_cross_entropy() -> None:
    real, fake = torch.tensor([1.5, -0.5]), torch.tensor([0.5, -2.0])
    batch = scored(real, fake)
    entropy = F.binary_cross_entropy_with_logits
    expected = entropy(real, torch.ones(2)) + entropy(fake, torch.zeros(2))
    torch.testing.assert_close(CRITIC_LOSSES["non_saturating"].function(batch), expected)
    expected = entropy(fake, torch.ones(2))
    torch.testing.assert_close(LOSSES["non_saturating"].function(batch), expected)


def test_the_generators_losses_leave_a_frozen_critic_alone() -> None:
    batch = noisy()
    critic = batch.critic
    assert critic is not None
    critic.requires_grad_(requires_grad=False)
    for name in ("hinge", "relativistic_hinge", "lorentzian", "wasserstein", "non_saturating"):
        (slope,) = torch.autograd.grad(LOSSES[name].function(batch), batch.generation.image,
                                       retain_graph=True)  # fmt: skip
        assert (slope * batch.hole).any(), name
        assert not (slope * (1 - batch.hole)).any(), name  # composites are judged
    assert all(part.grad is None for part in critic.parameters())


# --- penalties ---


def slanted(inside: float, outside: float = 0.0) -> Batch:
    """A critic whose slope has the given length under the hole, and another on known pixels."""
    hole = hole_of((2, 5, 1, 6), (2, 5, 1, 6))
    within = hole[:1].expand(1, 3, 8, 8)
    slope = within * inside / within.sum().sqrt() + (1 - within) * outside
    real, fake = torch.randn(2, 2, 3, 8, 8)
    return Batch(real, hole, Generation(fake), critic=Slanted(slope))


@pytest.mark.parametrize(("length", "expected"), [(0.5, 0), (1, 0), (2, 1), (4, 3), (8, 7)])
def test_the_penalty_of_a_plane_grows_by_its_slope_above_one(
    length: float, expected: float
) -> None:
    penalty = CRITIC_LOSSES["gradient_penalty"].function(slanted(length))
    assert penalty.item() == pytest.approx(expected, abs=1e-5)


def test_the_penalty_leaves_known_pixels_free() -> None:
    steep = CRITIC_LOSSES["gradient_penalty"].function(slanted(3, outside=100))
    assert steep.item() == pytest.approx(2, abs=1e-5)
    assert CRITIC_LOSSES["gradient_penalty"].function(slanted(0.9, outside=100)) == 0


@pytest.mark.parametrize("length", [0.0, 0.5, 1.0, 3.0])
def test_the_older_penalties_are_squared_and_have_two_sides(length: float) -> None:
    masked = CRITIC_LOSSES["gradient_penalty_masked_squared"].function(slanted(length, outside=2))
    assert masked.item() == pytest.approx((length - 1) ** 2, abs=1e-5)
    whole = CRITIC_LOSSES["gradient_penalty_squared"].function(slanted(length, outside=2))
    outside = 4 * (3 * 64 - 45)
    assert whole.item() == pytest.approx((math.sqrt(length**2 + outside) - 1) ** 2, rel=1e-5)


def test_each_picture_has_a_slope_of_its_own() -> None:
    batch = slanted(1)
    hole = torch.ones(2, 1, 8, 8)
    hole[1] = 0
    slope = torch.zeros(1, 3, 8, 8)
    slope[0, 0, 0, 0] = 5
    batch = Batch(batch.real, hole, batch.generation, critic=Slanted(slope))
    # One picture has the slope 5, the other none under its hole: (4 + 0) / 2.
    assert CRITIC_LOSSES["gradient_penalty"].function(batch).item() == pytest.approx(2)


class Squared(Critic):
    """Half the square of every pixel, so that the slope is the picture itself."""

    def forward(
        self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
    ) -> Tensor:
        return image.square().flatten(1).sum(1, keepdim=True) / 2


def test_the_penalty_is_taken_between_each_original_and_its_fake() -> None:
    hole = torch.ones(2, 1, 1, 1)
    real = torch.full((2, 3, 1, 1), 2.0)
    batch = Batch(real, hole, Generation(real + 6), critic=Squared())
    torch.manual_seed(5)
    places = torch.rand(2, 1, 1, 1).flatten()
    expected = [math.sqrt(3) * (2 * t + 8 * (1 - t)) - 1 for t in places.tolist()]
    assert expected[0] != pytest.approx(expected[1], abs=0.1)
    made = value(CRITIC_LOSSES["gradient_penalty"], batch)
    assert made.item() == pytest.approx(sum(expected) / 2)


def test_the_lazy_penalty_of_two_pictures_is_that_of_the_paper() -> None:
    # Lambda 10 at every 16th step: slopes of length 3 and 1 cost 160 * ((3 - 1) + 0) / 2.
    hole = hole_of((0, 1, 0, 1), (0, 1, 0, 1))
    slope = torch.zeros(2, 3, 8, 8)
    slope[0, 0, 0, 0], slope[1, 1, 0, 0] = 3, 1
    image = torch.randn(2, 3, 8, 8)
    batch = Batch(image, hole, Generation(image), critic=Slanted(slope))
    config = recipe("iconv")
    weight = config.critic_losses["gradient_penalty"] * config.penalty_every
    penalty = weight * CRITIC_LOSSES["gradient_penalty"].function(batch)
    assert penalty.item() == pytest.approx(160, rel=1e-5)


@pytest.mark.parametrize("box", [(0, 8, 0, 8), (1, 3, 2, 6)])
def test_r1_is_half_the_squared_slope_whatever_the_holes_size(
    box: tuple[int, int, int, int],
) -> None:
    real = torch.randn(2, 3, 8, 8)
    critic = Slanted(torch.full((1, 3, 8, 8), 0.5))
    batch = Batch(real, hole_of(box, box), Generation(real + 9), critic=critic)
    assert CRITIC_LOSSES["r1"].function(batch).item() == pytest.approx(3 * 64 * 0.25 / 2)


def test_r1_looks_at_real_pictures_only() -> None:
    real, hole = torch.full((1, 3, 8, 8), 0.1), hole_of((0, 8, 0, 8))
    batch = Batch(real, hole, Generation(real + 9), critic=Squared())
    assert CRITIC_LOSSES["r1"].function(batch).item() == pytest.approx(3 * 64 * 0.01 / 2)


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_teaches_the_critic_and_nobody_else(name: str) -> None:
    batch = noisy(gain=STEEP)
    critic = batch.critic
    assert critic is not None
    value(CRITIC_LOSSES[name], batch).backward()  # type: ignore[no-untyped-call]
    slopes = [part.grad for part in critic.parameters() if part.grad is not None]
    assert any(slope.any() for slope in slopes)
    assert batch.generation.image.grad is None


def test_a_picture_with_several_scores_has_the_slope_of_their_mean() -> None:
    batch = slanted(3)

    class Twofold(Slanted):
        def forward(
            self, image: Tensor, known: Tensor, hole: Tensor, keypoints: Tensor | None = None
        ) -> Tensor:
            once = super().forward(image, known, hole, keypoints)
            return torch.cat((once, 3 * once), 1)

    assert isinstance(batch.critic, Slanted)
    batch.critic = Twofold(batch.critic.slope.detach())
    penalty = CRITIC_LOSSES["gradient_penalty"].function(batch)
    assert penalty.item() == pytest.approx((1 + 3) / 2 * 3 - 1, rel=1e-5)


@pytest.mark.parametrize("name", PENALTIES)
def test_slopes_are_computed_in_full_precision(name: str) -> None:
    batch = noisy(gain=STEEP)
    exact = value(CRITIC_LOSSES[name], batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(value(CRITIC_LOSSES[name], batch), exact)
