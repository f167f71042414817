"""What is true of all losses, and the distances between pixels, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.generator import Generation
from tests.training.loss_cases import (
    STEEP,
    compared,
    hole_of,
    noisy,
    value,
)
from training.batch import Batch, Critic
from training.losses import CRITIC_LOSSES, LOSSES, critic_loss, loss
from training.recipes import recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.losses import Loss

ALL = [
    *(pytest.param(each, id=name) for name, each in LOSSES.items()),
    *(pytest.param(each, id=f"critic.{name}") for name, each in CRITIC_LOSSES.items()),
]
BACKENDS = ["pepsi", "diet-pepsi", "gla", "regionwise", "pennet", "iconv", "iconv-face"]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(3)


# --- the tables ---


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_loss_of_a_recipe_exists(backend: str) -> None:
    config = recipe(backend)
    assert set(config.losses) <= set(LOSSES)
    assert set(config.critic_losses) <= set(CRITIC_LOSSES)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_recipe_has_what_its_losses_need(backend: str) -> None:
    config = recipe(backend)
    needy = [LOSSES[name].needs_critic for name in config.losses]
    assert any(needy) == bool(config.critic) == bool(config.critic_losses)


def test_sums_and_couplings_are_marked() -> None:
    assert {n for n, each in LOSSES.items() if each.is_sum} == {
        "reconstruction", "correlation", "style",
    }  # fmt: skip
    for table in (LOSSES, CRITIC_LOSSES):
        assert {n for n, each in table.items() if each.couples_batch} == {"relativistic_hinge"}


def test_all_losses_of_the_critic_need_one() -> None:
    assert all(each.needs_critic for each in CRITIC_LOSSES.values())


@pytest.mark.parametrize("enter", [loss("l1"), critic_loss("hinge")])
def test_a_name_is_given_once(enter: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="two losses named"):
        enter(lambda batch: batch.real.mean())


def test_a_trait_tells_what_a_loss_reads() -> None:
    for name, each in LOSSES.items():
        batch = noisy()
        if not each.needs_critic:
            batch.critic = None
        if not each.needs_features:
            batch.features = None
        stages = batch.generation.stages[: each.needs_stages]
        batch.generation = Generation(batch.generation.image, stages)
        assert value(each, batch).isfinite(), name


def test_features_that_are_missing_are_named() -> None:
    batch = noisy()
    batch.features = None
    with pytest.raises(InvalidInputError, match="needs features"):
        LOSSES["style"].function(batch)


# --- pixels ---


def test_l1_is_the_mean_over_the_whole_output_before_compositing() -> None:
    real = torch.zeros(1, 3, 8, 8)
    image = real.clone()
    image[..., :4] = 0.5  # known and missing alike
    batch = compared(real, image, hole_of((0, 8, 2, 6)), real - 0.25)
    assert LOSSES["l1"].function(batch).item() == pytest.approx(0.25)
    assert LOSSES["coarse_l1"].function(batch).item() == pytest.approx(0.25)


@pytest.mark.parametrize(("share", "weight"), [(0.0, 5.0), (0.5, 2.5), (1.0, 0.0)])
def test_the_coarse_l1_fades_to_nothing(share: float, weight: float) -> None:
    real = torch.zeros(1, 3, 8, 8)
    batch = compared(real, real, hole_of((0, 4, 0, 4)), real + 1, share=share)
    assert 5 * LOSSES["coarse_l1_fading"].function(batch).item() == pytest.approx(weight)


def test_only_the_papers_l1_of_gla_sees_the_hole() -> None:
    real, hole = torch.zeros(1, 3, 8, 8), hole_of((0, 4, 0, 8))
    wrong = torch.where(hole > 0.5, 1.0, real)
    batch = compared(real, wrong, hole, wrong)
    assert LOSSES["l1"].function(batch).item() == pytest.approx(0.5)
    assert LOSSES["l1_known_only"].function(batch) == 0
    assert LOSSES["coarse_l1_known_only"].function(batch) == 0


def test_the_released_l1_of_gla_divides_by_all_pixels() -> None:
    real, hole = torch.zeros(1, 3, 8, 8), hole_of((0, 4, 0, 8))
    batch = compared(real, real + 1, hole, real + 3)
    assert LOSSES["l1_known_only"].function(batch).item() == pytest.approx(0.5)
    assert LOSSES["coarse_l1_known_only"].function(batch).item() == pytest.approx(1.5)


@pytest.mark.parametrize("box", [(0, 1, 0, 1), (1, 5, 2, 8), (0, 8, 0, 8)])
def test_the_hole_l1_does_not_depend_on_the_holes_size(box: tuple[int, int, int, int]) -> None:
    real, hole = torch.rand(2, 3, 8, 8), hole_of(box, (0, 2, 0, 2))
    batch = compared(real, real + hole, hole)
    assert LOSSES["hole_l1"].function(batch).item() == pytest.approx(1)
    assert LOSSES["known_l1"].function(batch).item() == 0


def test_the_known_l1_is_the_mean_over_known_pixels() -> None:
    real, hole = torch.rand(2, 3, 8, 8), hole_of((0, 5, 0, 7), (0, 2, 0, 2))
    batch = compared(real, real - 2 * (1 - hole), hole)
    assert LOSSES["known_l1"].function(batch).item() == pytest.approx(2)
    assert LOSSES["hole_l1"].function(batch).item() == 0


def test_the_hole_l1_divides_by_the_share_of_all_processes() -> None:
    real, hole = torch.zeros(1, 3, 8, 8), hole_of((0, 4, 0, 8))
    elsewhere = torch.tensor([1.0])  # another process whose hole is everything
    batch = compared(real, real + 1, hole, gathered=lambda own: torch.cat((own, elsewhere)))
    assert LOSSES["hole_l1"].function(batch).item() == pytest.approx(0.5 / 0.75)


def test_five_heads_that_are_off_by_one_cost_five() -> None:
    real = torch.full((2, 3, 64, 64), 0.3)
    heads = [torch.full((2, 3, side, side), 1.3) for side in (32, 16, 8, 4, 2)]
    batch = compared(real, real, hole_of((0, 64, 0, 9), (0, 0, 0, 0), size=64), *heads)
    assert LOSSES["pyramid_l1"].function(batch).item() == pytest.approx(5)


def test_the_pyramid_is_compared_with_the_picture_resized_corner_to_corner() -> None:
    real = torch.arange(8.0).expand(1, 3, 8, 8) / 8
    corners = torch.tensor([0.0, 7.0]).expand(1, 3, 2, 2) / 8
    batch = compared(real, real, hole_of((0, 1, 0, 1)), corners)
    assert LOSSES["pyramid_l1"].function(batch) == 0


def test_the_reconstruction_is_a_sum_over_both_stages() -> None:
    real = torch.zeros(1, 3, 256, 256)
    image, coarse = real.clone(), real.clone()
    image[0, 0, 0, :3] = 1.0
    coarse[0, 2, 5, 5] = -2.0
    batch = compared(real, image, hole_of((0, 9, 0, 9), size=256), coarse)
    assert LOSSES["reconstruction"].function(batch).item() == 5


def test_the_reconstruction_of_two_equal_pictures_is_twice_that_of_one() -> None:
    one = noisy(batch=1)
    made = one.generation
    pair = compared(
        one.real.repeat(2, 1, 1, 1),
        made.image.repeat(2, 1, 1, 1),
        one.hole.repeat(2, 1, 1, 1),
        made.stages[0].repeat(2, 1, 1, 1),
    )
    each = LOSSES["reconstruction"]
    torch.testing.assert_close(each.function(pair), 2 * each.function(one))


def test_the_reconstruction_does_not_grow_with_the_side() -> None:
    values = []
    for side in (64, 256):
        real = torch.zeros(1, 3, side, side)
        batch = compared(real, real + 0.5, hole_of((0, 9, 0, 9), size=side), real)
        values.append(LOSSES["reconstruction"].function(batch).item())
    assert values == [0.5 * 3 * 65536] * 2


# --- all of them ---


def leaves(batch: Batch, *, is_critics: bool) -> list[Tensor]:
    """What a loss may teach: the generator's outputs, or the critic's weights."""
    if not is_critics:
        return [batch.generation.image, *batch.generation.stages]
    assert batch.critic is not None
    return list(batch.critic.parameters())


@pytest.mark.parametrize("each", ALL)
def test_gradients_are_right(each: Loss) -> None:
    gain = STEEP if each.is_penalty else 3
    batch = noisy(4, dtype=torch.float64, gain=gain)
    critic = batch.critic
    assert critic is not None
    if each in LOSSES.values():

        def cost(image: Tensor, coarse: Tensor, small: Tensor) -> Tensor:
            made = Generation(image, (coarse, small))
            return value(each, Batch(batch.real, batch.hole, made, critic, 0.25,
                                     features=Pooled4().to(torch.float64)))  # fmt: skip

        inputs = leaves(batch, is_critics=False)
    else:
        names = [name for name, _ in critic.named_parameters()]

        def cost(*parts: Tensor) -> Tensor:  # type: ignore[misc]
            judge = Borrowing(critic, dict(zip(names, parts, strict=True)))
            made = Generation(batch.generation.image.detach())
            return value(each, Batch(batch.real, batch.hole, made, judge))

        inputs = leaves(batch, is_critics=True)
    slopes = torch.autograd.grad(cost(*inputs), inputs, allow_unused=True)
    assert any(slope is not None and slope.any() for slope in slopes)  # or nothing is checked
    assert torch.autograd.gradcheck(cost, tuple(inputs), fast_mode=True)


class Pooled4(nn.Module):
    """Like `Pooled`, for pictures of four pixels a side; the same weights every time."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(11)
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, image: Tensor) -> list[Tensor]:
        fine = torch.tanh(self.conv(image))
        return [fine, F.avg_pool2d(fine, 2), F.avg_pool2d(fine, 4)]


class Borrowing(Critic):
    """A critic with other weights than its own."""

    def __init__(self, critic: Critic, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.judge, self.weights = [critic], weights

    def forward(self, *inputs: Tensor | None) -> Tensor:
        scores: Tensor = torch.func.functional_call(self.judge[0], self.weights, inputs)
        return scores


@pytest.mark.parametrize("each", ALL)
@pytest.mark.parametrize("share", [0.0, 1.0], ids=["no hole", "nothing known"])
def test_extreme_holes_give_finite_losses_and_gradients(each: Loss, share: float) -> None:
    batch = noisy(hole=torch.full((2, 1, 8, 8), share))
    is_critics = each not in LOSSES.values()
    parts = leaves(batch, is_critics=is_critics)
    made = value(each, batch)
    assert made.isfinite()
    if made.requires_grad:
        slopes = torch.autograd.grad(made, parts, allow_unused=True)
        assert all(slope.isfinite().all() for slope in slopes if slope is not None)


@pytest.mark.parametrize("each", ALL)
def test_half_precision_changes_little(each: Loss) -> None:
    exact = value(each, noisy(16))
    torch.manual_seed(3)
    batch = noisy(16)
    image = batch.generation.image.detach().bfloat16()
    stages = [stage.detach().bfloat16() for stage in batch.generation.stages]
    batch.generation = Generation(image, tuple(stages))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = value(each, batch)
    assert made.dtype == torch.float32
    torch.testing.assert_close(made, exact, rtol=0.03, atol=0.02)
