"""SSIM and the losses on features, against the plain formulas."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine import layers
from engine.generator import Generation
from tests.training.loss_cases import (
    noisy,
)
from training.batch import Batch
from training.losses import LOSSES
from training.losses.perceptual import correlation_between, style_between
from training.losses.similarity import structural_similarity


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(3)


# --- structural similarity ---


def test_equal_pictures_have_the_similarity_one() -> None:
    x = torch.rand(2, 3, 20, 24)
    assert structural_similarity(x, x) == 1


def test_the_similarity_of_flat_pictures_is_that_of_their_means() -> None:
    # Far from the border, where there is no variance: (2 a b + C1) / (a^2 + b^2 + C1).
    a, b = torch.full((1, 1, 1, 200), 0.2), torch.full((1, 1, 1, 200), 0.6)
    tall_a, tall_b = a.expand(1, 1, 200, 200), b.expand(1, 1, 200, 200)
    inner = (2 * 0.2 * 0.6 + 1e-4) / (0.04 + 0.36 + 1e-4)
    assert structural_similarity(tall_a, tall_b).item() == pytest.approx(inner, abs=0.06)
    map_of_centre = naive_similarity(tall_a.double(), tall_b.double())[100, 100]
    assert map_of_centre.item() == pytest.approx(inner, abs=1e-6)


def naive_similarity(x: Tensor, y: Tensor) -> Tensor:
    """Of one plane: a window of 11 x 11 at every pixel of the picture in a frame of zeros."""
    offsets = torch.arange(11, dtype=x.dtype) - 5
    window = torch.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    wide_x, wide_y = (F.pad(plane[0, 0], (5, 5, 5, 5)) for plane in (x, y))

    def mean(plane: Tensor) -> Tensor:
        return (plane.unfold(0, 11, 1).unfold(1, 11, 1) * window).sum((2, 3))

    mx, my = mean(wide_x), mean(wide_y)
    vx, vy = mean(wide_x**2) - mx**2, mean(wide_y**2) - my**2
    cov = mean(wide_x * wide_y) - mx * my
    c1, c2 = 0.0001, 0.0009
    return (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))


def test_the_similarity_is_the_formula_with_zeros_around() -> None:
    x, y = (torch.rand(1, 1, 13, 9, dtype=torch.float64) for _ in range(2))
    expected = naive_similarity(x, y).mean()
    torch.testing.assert_close(structural_similarity(x, y), expected, rtol=0, atol=1e-12)


def test_ssim_takes_the_composites_of_both_stages_in_the_range_0_to_1() -> None:
    batch = noisy(16, dtype=torch.float64)
    real = (batch.real + 1) / 2
    parts = [
        1 - structural_similarity(real, (layers.composite(batch.real, batch.hole, made) + 1) / 2)
        for made in (batch.generation.image, batch.generation.stages[0])
    ]
    torch.testing.assert_close(LOSSES["ssim"].function(batch), sum(parts) / 2)


def test_the_released_ssim_is_that_of_the_range_minus_1_to_1() -> None:
    batch = noisy(16, dtype=torch.float64)
    parts = [1 - structural_similarity(batch.real, made) for made in (batch.coarse, batch.fake)]
    released = LOSSES["ssim_released"].function(batch)
    torch.testing.assert_close(released, sum(parts) / 2)
    assert released != LOSSES["ssim"].function(batch)


# --- perceptual ---

KNOWN = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 2, 1, 2)  # two channels, two places


def test_correlation_and_style_of_a_known_map() -> None:
    nothing = torch.zeros_like(KNOWN)
    assert correlation_between(KNOWN, nothing).item() == 14.5  # [[10, 14], [14, 20]] / 2^2
    assert style_between(KNOWN, nothing).item() == 13  # [[5, 11], [11, 25]] / (2 * 2)


def test_equal_maps_cost_nothing() -> None:
    features = torch.randn(2, 3, 4, 5)
    assert correlation_between(features, features) == 0
    assert style_between(features, features) == 0


def test_style_does_not_know_places_and_correlation_does() -> None:
    features = torch.randn(1, 3, 4, 5, dtype=torch.float64)
    shuffled = features.flatten(2)[..., torch.randperm(20)].view_as(features)
    assert style_between(shuffled, features).item() == pytest.approx(0, abs=1e-12)
    assert correlation_between(shuffled, features) > 1


def full_correlation(made: Tensor, real: Tensor) -> Tensor:
    ours, theirs = (x.flatten(2).mT @ x.flatten(2) for x in (made, real))
    return (ours - theirs).abs().sum() / made.shape[1] ** 2


@pytest.mark.parametrize("rows", [1, 3, 7, 30])
def test_correlation_in_chunks_equals_the_whole(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    made, real = torch.randn(2, 2, 3, 4, 5, dtype=torch.float64)
    made.requires_grad_()
    expected = full_correlation(made, real)
    (wanted,) = torch.autograd.grad(expected, made)
    monkeypatch.setattr(layers, "CHUNK_BYTES", 4 * 20 * (3 * 2) * rows)
    chunked = correlation_between(made, real)
    (slope,) = torch.autograd.grad(chunked, made)
    torch.testing.assert_close(chunked, expected)
    torch.testing.assert_close(slope, wanted)


def test_correlation_keeps_no_matrix_of_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "CHUNK_BYTES", 4 * 100 * 3 * 10)
    made, real = torch.randn(2, 1, 3, 10, 10)
    made.requires_grad_()
    kept: list[int] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        correlation_between(made, real)
    assert max(kept, default=0) <= made.numel()


def test_correlation_is_of_the_coarse_and_style_of_the_final_composite() -> None:
    batch = noisy(dtype=torch.float64)
    assert batch.features is not None
    coarse, fake, real = (batch.features(x) for x in (batch.coarse, batch.fake, batch.real))
    expected = full_correlation(coarse[1], real[1])
    torch.testing.assert_close(LOSSES["correlation"].function(batch), expected)
    styles = [style_between(a, b) for a, b in zip(fake, real, strict=True)]
    torch.testing.assert_close(LOSSES["style"].function(batch), sum(styles))


def test_a_perfect_fill_has_no_perceptual_loss() -> None:
    batch = noisy()
    made = Generation(batch.real + (1 - batch.hole), (batch.real + (1 - batch.hole),))
    batch = Batch(batch.real, batch.hole, made, features=batch.features)
    assert LOSSES["correlation"].function(batch) == 0
    assert LOSSES["style"].function(batch) == 0


@pytest.mark.parametrize("name", ["correlation", "style"])
def test_perceptual_losses_are_sums_over_the_batch(name: str) -> None:
    one = noisy(batch=1)
    made = one.generation
    pair = Batch(
        one.real.repeat(2, 1, 1, 1),
        one.hole.repeat(2, 1, 1, 1),
        Generation(made.image.repeat(2, 1, 1, 1), (made.stages[0].repeat(2, 1, 1, 1),)),
        features=one.features,
    )
    each = LOSSES[name]
    torch.testing.assert_close(each.function(pair), 2 * each.function(one))
