"""The critics: the papers' sizes, and what each of them looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import InvalidInputError
from training.discriminators import (
    CRITICS,
    GlaCritic,
    IconvCritic,
    PatchCritic,
    RegionEnsembleCritic,
    critic,
)
from training.discriminators.iconv import Pose, Residual
from training.discriminators.layers import NormedConv
from training.recipes import recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.models.iconv.layers import EqualisedConv
    from training.batch import Critic

TINY: dict[str, Callable[[], Critic]] = {
    "red": lambda: RegionEnsembleCritic(70, base=2),
    "sn-patch": lambda: PatchCritic(48, base=2),
    "gla": lambda: GlaCritic(36, base=2),
    "gla-volume": lambda: GlaCritic(36, base=2, head="volume"),
    "iconv": lambda: IconvCritic(16, base=4),
    "iconv with keypoints": lambda: IconvCritic(32, base=4, keypoints=2),
    "iconv, odd side": lambda: IconvCritic(23, base=4),
}
SIDES = {"red": 70, "sn-patch": 48, "gla": 36, "gla-volume": 36, "iconv": 16,
         "iconv with keypoints": 32, "iconv, odd side": 23}  # fmt: skip


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(8)


def case(side: int, batch: int = 2, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Picture, known part, hole, keypoints."""
    image = torch.rand(batch, 3, side, side, dtype=dtype) * 2 - 1
    hole = torch.zeros(batch, 1, side, side, dtype=dtype)
    hole[:, :, side // 4 : side // 2, side // 3 :] = 1
    return [image, image * (1 - hole), hole, torch.rand(batch, 2, 2, dtype=dtype)]


def count(network: nn.Module) -> int:
    return sum(part.numel() for part in network.parameters())


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backend", "parameters"),
    [
        ("pepsi", 7_592_080),
        ("gla", 4_322_945),
        ("pennet", 4_318_401),
        ("iconv", 12_419_417),
        ("iconv-small", 3_122_521),
        ("iconv-face", 3_178_571),
    ],
)
def test_the_number_of_parameters_is_the_papers(backend: str, parameters: int) -> None:
    config = recipe(backend)
    assert count(critic(config.critic, config)) == parameters


def test_glas_critic_completes_the_papers_number_of_tensors_entries() -> None:
    # Spectral norm keeps two vectors a layer; generator and critic have 8,710,133 together.
    network = GlaCritic(256)
    stored = sum(value.numel() for value in network.state_dict().values())
    assert stored == 8_710_133 - 4_368_553
    assert len(network.state_dict()) == 22


def test_an_unknown_critic_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="did you mean “sn-patch”"):
        critic("sn_patch", recipe("pennet"))


@pytest.mark.parametrize("name", CRITICS)
def test_every_critic_can_be_had_for_every_generator(name: str) -> None:
    config = msgspec.structs.replace(recipe("regionwise"), size=64)
    network = critic(name, config).eval()
    scores = network(*case(64)[:3])
    assert len(scores) == 2
    assert scores.isfinite().all()


def test_the_configuration_of_the_run_widens_iconvs_critic() -> None:
    config = msgspec.structs.replace(recipe("iconv"), configuration={"base": 128})
    assert count(critic("iconv", config)) == 3_122_521


@pytest.mark.parametrize("name", TINY)
def test_pictures_of_a_batch_do_not_know_of_each_other(name: str) -> None:
    network = TINY[name]().eval()
    given = case(SIDES[name])
    together = network(*given)
    alone = torch.cat([network(*(part[n : n + 1] for part in given)) for n in range(2)])
    torch.testing.assert_close(together, alone)
    assert (together[0] != together[1]).any()


@pytest.mark.parametrize("name", TINY)
def test_gradients_are_right(name: str) -> None:
    network = TINY[name]().eval().double()
    image, *rest = case(SIDES[name], batch=1, dtype=torch.float64)
    image.requires_grad_()
    # A few directions say as much as thousands of pixels, and take no time.
    assert torch.autograd.gradcheck(
        lambda x: network(x, *rest).flatten()[:3], (image,), fast_mode=True, atol=1e-6
    )
    for part in network.parameters():
        assert torch.autograd.gradcheck(
            lambda _: network(image.detach(), *rest).flatten()[:3],
            (part,),
            fast_mode=True,
            atol=1e-6,
        )


@pytest.mark.parametrize("name", TINY)
def test_gradients_of_gradients_are_right(name: str) -> None:
    network = TINY[name]().eval().double()
    image, *rest = case(SIDES[name], batch=1, dtype=torch.float64)
    image.requires_grad_()
    assert torch.autograd.gradgradcheck(
        lambda x: network(x, *rest).square().mean(), (image,), fast_mode=True, atol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "strides", "margin"),
    [("red", [2] * 6, None), ("sn-patch", [2, 2, 2, 1], 1), ("gla-volume", [2] * 5, 2)],
)
def test_every_convolution_is_followed_by_a_leaky_relu(
    name: str, strides: list[int], margin: int | None
) -> None:
    network = TINY[name]().double().eval()
    x, *rest = case(SIDES[name], dtype=torch.float64)
    made = network(x, *rest)
    state = dict(network.named_modules())
    for number, stride in enumerate(strides):
        conv = state[f"convolutions.{number}"]
        assert isinstance(conv, NormedConv)
        if margin is None:  # TensorFlow's: one row less at the top and left of an even side
            before = 1 if x.shape[-1] % 2 == 0 else 2
            x = F.pad(x, (before, 2, before, 2))
        x = F.conv2d(x, conv.weight, conv.bias, stride, margin or 0)
        x = torch.where(x > 0, x, 0.2 * x)
    if isinstance(network, RegionEnsembleCritic):
        vectors = network.directions().T.view(x.shape[1:])
        x = (x * vectors).sum(1)
    elif isinstance(network, PatchCritic):
        x = network.classifier(x)[:, 0]
    torch.testing.assert_close(made, x)


@pytest.mark.parametrize("name", TINY)
def test_half_precision_changes_little(name: str) -> None:
    network = TINY[name]().eval()
    given = case(SIDES[name])
    exact = network(*given).detach()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = network(*given).detach().float()
    assert made.isfinite().all()
    assert (made - exact).abs().max() < 0.05 * exact.abs().max() + 0.01


@pytest.mark.parametrize("name", TINY)
def test_scores_have_a_size_that_learning_can_start_from(name: str) -> None:
    scores = TINY[name]().eval()(*case(SIDES[name], batch=8))
    assert 0 < scores.std() < 3


# --- spectral norm -------------------------------------------------------------------------------


def test_the_norm_of_a_normed_convolution_is_one() -> None:
    conv = NormedConv(3, 8, 5)
    nn.init.normal_(conv.weight, std=4)
    conv.normed()
    for _ in range(20):
        conv(torch.zeros(1, 3, 5, 5))
    norm = torch.linalg.matrix_norm(conv.weight.detach().flatten(1), 2)
    assert norm.item() == pytest.approx(1, abs=1e-3)


def test_each_pass_in_training_improves_the_norm_once_and_judging_never() -> None:
    conv = NormedConv(3, 8, 5).normed()
    state = conv.state_dict()
    before = state["parametrizations.weight.0._u"].clone()
    conv.eval()
    conv(torch.zeros(1, 3, 5, 5))
    assert torch.equal(state["parametrizations.weight.0._u"], before)
    conv.train()
    matrix = state["parametrizations.weight.original"].flatten(1)
    expected = F.normalize(matrix @ state["parametrizations.weight.0._v"], dim=0)
    conv(torch.zeros(1, 3, 5, 5))
    torch.testing.assert_close(state["parametrizations.weight.0._u"], expected)


def test_the_norm_is_taken_in_full_precision_and_the_convolution_is_not() -> None:
    conv = NormedConv(3, 8, 5).normed()
    autocasts: list[bool] = []
    norm = conv.get_submodule("parametrizations.weight.0")
    norm.register_forward_pre_hook(lambda *_: autocasts.append(torch.is_autocast_enabled("cpu")))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = conv(torch.zeros(1, 3, 5, 5))
    assert autocasts == [False]
    assert made.dtype == torch.bfloat16


@pytest.mark.parametrize("name", ["red", "sn-patch", "gla"])
def test_every_convolution_but_the_classifier_is_normed(name: str) -> None:
    network = TINY[name]()
    normed = [key for key in network.state_dict() if key.endswith("_u")]
    assert len(normed) == {"red": 6, "sn-patch": 4, "gla": 5}[name]


# --- RED -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "grid"), [(256, 4), (160, 3), (128, 2), (64, 1), (40, 1)])
def test_red_has_a_cell_for_every_64_pixels(size: int, grid: int) -> None:
    network = RegionEnsembleCritic(size, base=2).eval()
    assert network(*case(size, batch=1)[:3]).shape == (1, grid, grid)


def test_red_refuses_another_size() -> None:
    network = RegionEnsembleCritic(128, base=2)
    with pytest.raises(InvalidInputError, match=r"crops of 128 x 128 .* 128 x 96"):
        network(torch.zeros(1, 3, 128, 96), torch.zeros(1), torch.zeros(1))


def test_each_cell_of_red_is_judged_by_its_own_vector() -> None:
    network = RegionEnsembleCritic(128, base=2).eval()
    scores = network(*case(128, batch=1)[:3])[0]
    for row in range(2):
        for column in range(2):
            (slope,) = torch.autograd.grad(scores[row, column], network.vectors, retain_graph=True)
            touched = slope.abs().sum(1) > 0
            assert touched.nonzero().flatten().tolist() == [2 * row + column]


def test_exchanging_the_vectors_of_red_changes_its_scores() -> None:
    network = RegionEnsembleCritic(128, base=2).eval()
    given = case(128, batch=1)[:3]
    before = network(*given)
    with torch.no_grad():
        network.vectors.copy_(network.vectors.flip(0))
    assert not torch.allclose(network(*given), before, atol=1e-4)


def test_the_vectors_of_red_have_the_length_one() -> None:
    network = RegionEnsembleCritic(256, base=2)
    torch.testing.assert_close(network.directions().norm(dim=1), torch.ones(16))
    given = case(256, batch=1)[:3]
    network.eval()
    before = network(*given)
    with torch.no_grad():
        network.vectors.mul_(3)
    torch.testing.assert_close(network(*given), before)


def test_red_adds_a_cells_bias_once() -> None:
    network = RegionEnsembleCritic(64, base=2).eval()
    given = case(64, batch=1)[:3]
    before = network(*given)
    nn.init.ones_(network.biases)
    torch.testing.assert_close(network(*given), before + 1)


@pytest.mark.parametrize("side", [8, 9])
def test_red_pads_as_tensorflow_does(side: int) -> None:
    network = RegionEnsembleCritic(side, base=1).eval()
    first = network.convolutions[0]
    seen: list[Tensor] = []
    first.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    image = torch.rand(1, 3, side, side)
    network(image, image, image[:, :1])
    before = 1 if side == 8 else 2
    assert torch.equal(seen[0], F.pad(image, (before, 2, before, 2)))


def test_red_does_not_look_at_the_condition() -> None:
    network = RegionEnsembleCritic(64, base=2).eval()
    image, known, hole, _ = case(64)
    assert torch.equal(network(image, known, hole), network(image, 0 * known, 1 - hole))


def test_red_for_the_same_size_is_the_same() -> None:
    network = RegionEnsembleCritic(128, base=2).eval()
    nn.init.normal_(network.biases)
    given = case(128)[:3]
    torch.testing.assert_close(network.resampled(128).eval()(*given), network(*given))


def test_red_for_another_size_has_vectors_in_between() -> None:
    network = RegionEnsembleCritic(128, base=2)
    nn.init.normal_(network.biases)
    other = network.resampled(192)
    assert other.grid == 3
    grid, was = other.directions().view(3, 3, -1), network.directions().view(2, 2, -1)
    torch.testing.assert_close(grid[0, 0], was[0, 0])
    torch.testing.assert_close(grid[2, 0], was[1, 0])
    torch.testing.assert_close(grid[1, 1], F.normalize(was.mean((0, 1)), dim=0))
    assert other.biases[4].item() == pytest.approx(network.biases.mean().item())
    torch.testing.assert_close(other.directions().norm(dim=1), torch.ones(9))
    assert other(*case(192)[:3]).shape == (2, 3, 3)


def test_red_with_wide_vectors_is_resampled_by_direction() -> None:
    network = RegionEnsembleCritic(128, base=2)
    expected = network.resampled(192).directions()
    with torch.no_grad():
        network.vectors[0] *= 100
    torch.testing.assert_close(network.resampled(192).directions(), expected)


# --- PEN-Net's -----------------------------------------------------------------------------------


def test_the_patch_critic_has_27_by_27_scores_at_256() -> None:
    network = PatchCritic(256, base=1).eval()
    assert network(*case(256, batch=1)[:3]).shape == (1, 27, 27)


def test_a_score_of_the_patch_critic_sees_93_pixels() -> None:
    network = PatchCritic(256, base=2).eval()
    image = torch.rand(1, 3, 256, 256, requires_grad=True)
    (slope,) = torch.autograd.grad(network(image, image, image[:, :1])[0, 13, 13], image)
    rows = slope.abs().sum((0, 1, 3)).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == 93


def test_the_patch_critic_starts_from_weights_of_002_in_their_original() -> None:
    network = PatchCritic(64)
    for conv in network.convolutions:
        original = conv.state_dict()["parametrizations.weight.original"]
        assert original.std().item() == pytest.approx(0.02, rel=0.05)
    assert network.classifier.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert not network.get_parameter("classifier.bias").any()


def test_the_smallest_crop_of_the_patch_critic_has_one_score() -> None:
    assert PatchCritic(47, base=1)(*case(47)[:3]).shape == (2, 1, 1)
    with pytest.raises(InvalidInputError, match="it needs 47"):
        PatchCritic(46)


# --- GLA's ---------------------------------------------------------------------------------------


def test_glas_heads_give_one_score_or_one_for_every_feature() -> None:
    given = case(64)[:3]
    assert GlaCritic(64, base=2)(*given).shape == (2, 1)
    assert GlaCritic(64, base=2, head="volume")(*given).shape == (2, 8, 2, 2)
    config = msgspec.structs.replace(recipe("gla"), size=64)
    assert critic("gla", config)(*given).shape == (2, 1)
    assert critic("gla-volume", config)(*given).shape == (2, 256, 2, 2)


def test_glas_linear_head_is_for_one_size_and_the_volume_for_all() -> None:
    given = case(96)[:3]
    with pytest.raises(InvalidInputError, match="crops of 64 x 64"):
        GlaCritic(64, base=2)(*given)
    assert GlaCritic(64, base=2, head="volume")(*given).shape == (2, 8, 3, 3)


def test_an_unknown_head_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="one of linear, volume"):
        GlaCritic(64, head="cubic")


def test_gla_drops_a_fifth_of_its_features_in_training_only() -> None:
    network = GlaCritic(96, base=8, head="volume")
    given = case(96)[:3]
    kept = network(*given)
    assert 0.1 < (kept == 0).float().mean() < 0.3
    network.eval()
    assert (network(*given) != 0).all()


# --- IConv's -------------------------------------------------------------------------------------


def test_iconvs_critic_uses_all_it_is_given() -> None:
    network = IconvCritic(32, base=8, keypoints=2)
    given = case(32)
    before = network(*given)
    assert before.shape == (2, 1)
    for index, part in enumerate(given):
        changed = [*given[:index], 1 - part, *given[index + 1 :]]
        assert (network(*changed) != before).all(), index


def test_missing_keypoints_are_in_the_middle() -> None:
    network = IconvCritic(32, base=8, keypoints=2)
    image, known, hole, _ = case(32)
    middle = torch.full((2, 2, 2), 0.5)
    assert torch.equal(network(image, known, hole), network(image, known, hole, middle))


@pytest.mark.parametrize("side", [8, 9])
def test_iconvs_critic_follows_the_formulas(side: int) -> None:
    network = IconvCritic(side, base=4).double()
    image, known, hole, _ = case(side, dtype=torch.float64)

    def conv(x: Tensor, layer: EqualisedConv, margin: int) -> Tensor:
        scale = layer.weight[0].numel() ** -0.5
        return F.conv2d(x, layer.weight * scale, layer.bias, padding=margin)

    def act(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, 0.2 * x)

    for part in network.parameters():  # biases included
        nn.init.normal_(part)
    x = act(conv(torch.cat((image, known, 1 - hole), 1), network.from_rgb, 0))
    block = network.blocks["8"]
    assert isinstance(block, Residual)
    deep = act(conv(act(conv(x, block.first, 1)), block.second, 1))
    x = (deep + conv(x, block.shortcut, 0)) / 2**0.5
    x = F.adaptive_avg_pool2d(F.avg_pool2d(x, 2, ceil_mode=True), 4)
    x = act(conv(act(conv(x, network.wide, 1)), network.whole, 0)).flatten(1)
    expected = x @ network.verdict.weight.T * network.verdict.weight.shape[1] ** -0.5
    torch.testing.assert_close(network(image, known, hole), expected + network.verdict.bias)


def test_a_pose_is_two_layers_of_keypoints_around_zero() -> None:
    pose = Pose(3).double()
    for part in pose.parameters():
        nn.init.normal_(part)
    keypoints = torch.rand(2, 3, 2, dtype=torch.float64)
    x = 2 * keypoints.view(2, 6) - 1
    for layer, inputs in ((pose.first, 6), (pose.second, 64)):
        x = F.leaky_relu(x @ layer.weight.T / inputs**0.5 + layer.bias, 0.2)
    made = pose(keypoints, torch.zeros(2, 5, 32, 32))
    torch.testing.assert_close(made, x.view(2, 1, 32, 32))
    larger = pose(keypoints, torch.zeros(2, 5, 40, 40))
    assert larger.shape == (2, 1, 40, 40)
    assert torch.equal(larger[..., 0, 0], made[..., 0, 0])


def test_the_keypoints_come_in_at_side_32() -> None:
    network = IconvCritic(128, base=128, keypoints=7)
    inputs = {
        side: block.get_parameter("first.weight").shape[1] for side, block in network.blocks.items()
    }
    assert inputs == {"128": 48, "64": 96, "32": 185, "16": 184, "8": 184}


def test_iconvs_critic_is_for_one_size() -> None:
    with pytest.raises(InvalidInputError, match="crops of 32 x 32"):
        IconvCritic(32, base=4)(*case(64)[:3])


@pytest.mark.parametrize(("size", "keypoints"), [(3, 0), (31, 2)])
def test_crops_that_are_too_small_are_refused(size: int, keypoints: int) -> None:
    with pytest.raises(InvalidInputError, match="it needs"):
        IconvCritic(size, base=4, keypoints=keypoints)


@pytest.mark.parametrize("size", [40, 63])
def test_every_border_pixel_counts_at_sides_that_are_no_power_of_two(size: int) -> None:
    network = IconvCritic(size, base=4, keypoints=2).eval()
    image, known, hole, keypoints = case(size, batch=1)
    image.requires_grad_()
    (slope,) = torch.autograd.grad(network(image, known, hole, keypoints).sum(), image)
    reach = slope.abs().sum((0, 1))
    assert (torch.cat((reach[0], reach[-1], reach[:, 0], reach[:, -1])) > 0).all()
