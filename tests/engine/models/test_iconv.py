"""IConv: each formula against a known answer, the network against the oracle."""

from __future__ import annotations

import copy
import itertools
import math
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.errors import InvalidInputError
from engine.layers import composite
from engine.models.iconv import IconvGenerator
from engine.models.iconv.layers import (
    Block,
    EqualisedConv,
    GatedSkip,
    ImputedConv,
    activated,
    pooled,
)
from tests.reference import iconv as oracle

DOUBLE = torch.float64

SMALL = {"side": 32, "base": 8}
FACE = {"side": 32, "base": 8, "keypoints": 3}
PLAIN = {"side": 32, "base": 8, "imputation": False}
FLAGS = [
    SMALL,
    {**SMALL, "pool": "plain"},
    FACE,
    PLAIN,
    {"side": 256, "base": 16},
]


def network(seed: int = 0, **flags: object) -> IconvGenerator:
    """A float64 network with every parameter drawn, none at a special value."""
    torch.manual_seed(seed)
    made = IconvGenerator(**flags).to(DOUBLE).eval()  # type: ignore[arg-type]
    for name, parameter in made.named_parameters():
        if name.endswith("impute.weight"):
            parameter.data /= math.sqrt(parameter.shape[0])
        elif name.endswith("bias"):
            parameter.data.normal_(0, 0.2)
        elif name.endswith("certainty"):
            parameter.data += 0.3 * torch.randn_like(parameter)
        elif "beta" in name:
            parameter.data.uniform_(0.3, 2)
    return made.requires_grad_(requires_grad=False)


def sample(height: int, width: int, batch: int = 2, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Pictures, and holes that differ from one to the next."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(batch, 3, height, width, generator=generator, dtype=DOUBLE) * 2 - 1
    hole = torch.zeros(batch, 1, height, width, dtype=DOUBLE)
    for index in range(batch):
        top, left = (index + 1) * height // 8, height // 4
        hole[index, :, top : top + height // 2, left : left + width // 2] = 1
    return image, hole


def features(channels: int, height: int = 9, width: int = 7) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(2, channels, height, width, generator=generator, dtype=DOUBLE)
    return x, torch.rand(2, 1, height, width, generator=generator, dtype=DOUBLE)


def layer(inputs: int, outputs: int, kernel: int = 3, window: int = 5) -> ImputedConv:
    torch.manual_seed(1)
    made = ImputedConv(inputs, outputs, kernel, window).to(DOUBLE)
    made.bias.data.normal_()
    made.impute.bias.data.normal_()
    return made


# The size of the network


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        ({}, 11_528_427),
        ({"base": 128}, 2_974_587),
        ({"side": 128, "base": 128, "keypoints": 7}, 3_053_330),
        ({"base": 128, "imputation": False}, 3_061_221),
    ],
)
def test_the_number_of_parameters_is_that_of_the_paper(
    flags: dict[str, object], count: int
) -> None:
    with torch.device("meta"):
        made = IconvGenerator(**flags)  # type: ignore[arg-type]
    assert sum(parameter.numel() for parameter in made.parameters()) == count


# One layer


@pytest.mark.parametrize("gradients", [True, False])
def test_where_all_is_certain_it_is_a_plain_convolution_bit_for_bit(gradients: bool) -> None:
    imputing, plain = layer(6, 4).float(), EqualisedConv(6, 4, 3)
    plain.load_state_dict({"weight": imputing.weight, "bias": imputing.bias})
    x = features(6)[0].float()
    with torch.set_grad_enabled(gradients):
        expected = plain(x.clone())
        assert torch.equal(imputing(x.clone(), torch.ones(2, 1, 9, 7)), expected)


def test_a_convolution_multiplies_its_weights_by_one_over_the_root_of_its_inputs() -> None:
    plain = EqualisedConv(6, 4, 3).to(DOUBLE)
    x, _ = features(6)
    expected = F.conv2d(x, plain.weight, padding=1) / math.sqrt(6 * 9)
    torch.testing.assert_close(plain(x), expected)


def test_where_nothing_is_certain_only_the_bias_is_left() -> None:
    imputing = layer(6, 4)
    imputing.impute.bias.data.zero_()
    x = features(6)[0].requires_grad_()
    nothing = torch.zeros(2, 1, 9, 7, dtype=DOUBLE)
    answer = imputing(x, nothing)
    torch.testing.assert_close(answer, imputing.bias[:, None, None].expand_as(answer))
    torch.testing.assert_close(imputing.spread(nothing), torch.full_like(nothing, 1e-6))
    activated(answer).square().sum().backward()
    gradients = [x.grad, *(parameter.grad for parameter in imputing.parameters())]
    assert all(g is None or bool(g.isfinite().all()) for g in gradients)


@pytest.mark.parametrize("window", [3, 5])
def test_a_guess_is_the_sum_of_equation_four_borders_included(window: int) -> None:
    channels, reach = 3, window // 2
    imputing = layer(channels, 2, window=window)
    x, certainty = features(channels)
    x, certainty = x[:1], certainty[:1]
    expected = torch.empty_like(x)
    weight, bias = imputing.impute.weight.detach()[:, 0], imputing.impute.bias.detach()
    for c, i, j in itertools.product(range(channels), range(9), range(7)):
        total, certain = 0.0, 0.0
        for a, b in itertools.product(range(-reach, reach + 1), repeat=2):
            if 0 <= i + a < 9 and 0 <= j + b < 7:
                known = float(certainty[0, 0, i + a, j + b])
                total += (
                    float(x[0, c, i + a, j + b]) * known * float(weight[c, a + reach, b + reach])
                )
                certain += known
        total = total * math.sqrt(channels) / window + float(bias[c])
        guess = total / (certain / window**2 + 0.01)
        own = float(certainty[0, 0, i, j])
        expected[0, c, i, j] = own * x[0, c, i, j] + (1 - own) * guess
    torch.testing.assert_close(imputing.imputed(x.clone(), certainty), expected)
    with torch.no_grad():
        torch.testing.assert_close(imputing.imputed(x.clone(), certainty), expected)


def test_the_mean_start_averages_a_constant_to_itself() -> None:
    imputing = ImputedConv(4, 4, 3, 5, mean=True).to(DOUBLE)
    certainty = torch.zeros(1, 1, 9, 9, dtype=DOUBLE)
    certainty[0, 0, 3, 3:6] = 1
    x = torch.full((1, 4, 9, 9), 7.0, dtype=DOUBLE)
    seen = 3.0
    answer = imputing.imputed(x, certainty)[0, :, 4, 4]  # unknown itself
    expected = 7 * seen / (seen + 0.01 * 25)
    torch.testing.assert_close(answer, torch.full((4,), expected, dtype=DOUBLE))


def test_the_mean_start_is_a_choice() -> None:
    made = IconvGenerator(**SMALL, impute_init="mean")  # type: ignore[arg-type]
    weight = made.get_parameter("decoder.32.0.impute.weight")
    assert torch.equal(weight, torch.full_like(weight, 1 / (5 * math.sqrt(8))))
    assert made.get_parameter("decoder.32.0.weight").std() > 0.9


def test_certainty_falls_towards_the_border_and_stays_a_share() -> None:
    known = torch.ones(1, 1, 8, 8, dtype=DOUBLE)
    imputing = layer(2, 2)
    after = imputing.spread(known)[0, 0]
    expected = torch.tanh(torch.tensor([4.5, 3.0, 2.0], dtype=DOUBLE)) + 1e-6
    torch.testing.assert_close(torch.stack([after[4, 4], after[0, 4], after[0, 0]]), expected)
    imputing.certainty.data.fill_(100)
    assert imputing.spread(known).max() == 1
    imputing.certainty.data.fill_(-100)
    assert imputing.spread(known).min() == 0


def test_a_pixel_has_mean_square_one_over_its_channels() -> None:
    x, _ = features(5)
    power = activated(x).square().mean(dim=1)
    torch.testing.assert_close(power, torch.ones_like(power), rtol=0, atol=1e-4)


@pytest.mark.parametrize("half", [False, True])
def test_the_pixel_norm_has_a_finite_gradient_at_zero(half: bool) -> None:
    imputing = layer(4, 4).float()
    imputing.bias.data.zero_()
    x = torch.zeros(1, 4, 4, 4, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        answer = activated(imputing(x, torch.ones(1, 1, 4, 4)))
    (answer * torch.randn_like(answer)).sum().backward()
    assert x.grad is not None
    assert bool(x.grad.isfinite().all())


# Between the layers


def test_pooling_weighs_by_certainty() -> None:
    x = torch.tensor([[[[4.0, 9.0], [9.0, 9.0]]]], dtype=DOUBLE)
    certainty = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]], dtype=DOUBLE)
    weighted, coarse = pooled(x, certainty, "certainty")
    assert weighted.item() == pytest.approx(4 * 0.25 / 0.26)
    assert coarse.item() == 0.25
    plain, coarse = pooled(x, certainty, "plain")
    assert plain.item() == 7.75
    assert coarse.item() == 0.25


def mixed(skip: GatedSkip, ours: float, theirs: float) -> tuple[float, float]:
    """Features 1 from the encoder and 0 from the decoder, with these certainties."""
    shape = (1, 1, 2, 2)
    with torch.no_grad():
        x, certainty = skip(
            (torch.ones(shape), torch.full(shape, ours)),
            (torch.zeros(shape), torch.full(shape, theirs)),
        )
    return float(x[0, 0, 0, 0]), float(certainty[0, 0, 0, 0])


def test_a_skip_takes_as_much_of_each_side_as_it_is_certain() -> None:
    skip = GatedSkip()
    assert mixed(skip, 0.7, 0.7) == pytest.approx((0.5, 0.7))
    assert mixed(skip, 0.9, 0.1) == pytest.approx((0.9, 0.9 * 0.9 + 0.1 * 0.1))
    assert mixed(skip, 0.0, 0.6) == pytest.approx((0.0, 0.6))
    assert mixed(skip, 0.0, 0.0) == (0.0, 0.0)


def test_a_skip_gives_each_side_its_own_weight() -> None:
    skip = GatedSkip()
    skip.beta0.data.fill_(3)
    assert mixed(skip, 0.5, 0.5)[0] == pytest.approx(0.75)
    skip.beta1.data.fill_(-2)
    assert mixed(skip, 0.1, 0.9)[0] == pytest.approx(1, abs=1e-6)
    skip.beta0.data.fill_(-1)
    assert mixed(skip, 0.9, 0.9)[0] == 0


def test_the_picture_is_the_mean_of_all_heads_grown_to_its_size() -> None:
    made = network(**SMALL)
    image, hole = sample(32, 64)
    for name, head in made.heads.items():
        if name != "8":
            torch.nn.init.zeros_(head.get_parameter("weight"))
            torch.nn.init.zeros_(head.get_parameter("bias"))
    seen: list[Tensor] = []
    made.heads["8"].register_forward_hook(lambda _module, _given, answer: seen.append(answer))
    answer = made(image, hole).image
    grown = seen[0].repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
    torch.testing.assert_close(answer, grown / 4)  # log2(32) - 1 heads
    assert answer.std() > 0.01


# The whole network


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("flags", FLAGS)
def test_it_is_what_the_formulas_say(flags: dict[str, object], gradients: bool) -> None:
    made = network(**flags)
    generator = torch.Generator().manual_seed(5)
    multiple = made.multiple
    sizes = [(4, 4)] if made.keypoints else [(4, 4), (2, 3), (5, 1)]
    if made.side > 32:
        sizes = [(1, 2)]
    for high, wide in sizes:
        image, hole = sample(high * multiple, wide * multiple)
        latent = torch.randn(2, 32, high, wide, generator=generator, dtype=DOUBLE)
        inputs, points = {"latent": latent}, None
        if made.keypoints:
            points = torch.rand(2, made.keypoints, 2, generator=generator, dtype=DOUBLE)
            inputs["keypoints"] = points
        state = made.state_dict()
        blanked = torch.where(hole > 0.5, 0, image)
        with torch.set_grad_enabled(gradients):
            answer = made(image, hole, **inputs).image
            expected = oracle.generate(state, blanked, hole, **flags, latent=latent, points=points)  # type: ignore[arg-type]
        assert expected.std() > 0.05
        torch.testing.assert_close(answer, expected, rtol=1e-9, atol=1e-9)


def test_it_learns_as_the_formulas_do() -> None:
    made = network(**SMALL).requires_grad_()
    image, hole = sample(32, 32)
    with torch.no_grad():
        made(image, hole)  # what it keeps must not stand in the way of gradients
    state = {name: tensor.clone().requires_grad_() for name, tensor in made.state_dict().items()}
    made(image, hole).image.square().sum().backward()
    oracle.generate(state, image, hole, side=32).square().sum().backward()
    for name, parameter in made.named_parameters():
        theirs = state[name].grad
        if parameter.grad is None:
            assert name.startswith("from_rgb.impute") or name == "decoder.32.1.certainty"
            assert theirs is None or float(theirs.abs().max()) == 0
        else:
            assert theirs is not None
            torch.testing.assert_close(parameter.grad, theirs, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("flags", [SMALL, PLAIN])
def test_what_lies_under_the_hole_is_never_seen(flags: dict[str, object]) -> None:
    made = network(**flags)
    image, hole = sample(40, 32)
    garbage = torch.where(hole > 0.5, torch.nan, image)
    assert torch.equal(made(garbage, hole).image, made(image, hole).image)


@pytest.mark.parametrize("flags", [SMALL, FACE])
def test_the_latent_changes_the_hole_and_nothing_else(flags: dict[str, object]) -> None:
    made = network(**flags)
    image, hole = sample(32, 32)
    latent = torch.randn(1, 32, 4, 4, dtype=DOUBLE)
    first = composite(image, hole, made(image, hole).image)
    second = composite(image, hole, made(image, hole, latent=latent).image)
    known = (hole == 0).expand_as(image)
    assert torch.equal(second[known], image[known])
    assert float((second - first)[~known].abs().mean()) > 1e-3


def test_the_latent_is_zero_unless_given() -> None:
    made = network(**SMALL)
    image, hole = sample(32, 48)
    zeros = torch.zeros(2, 32, 4, 6, dtype=DOUBLE)
    assert torch.equal(made(image, hole).image, made(image, hole, latent=zeros).image)


@pytest.mark.parametrize("flags", [SMALL, PLAIN])
def test_what_is_padded_is_unknown(flags: dict[str, object]) -> None:
    made = network(**flags)
    image, hole = sample(37, 50)
    larger = torch.full((2, 3, 40, 56), 0.9, dtype=DOUBLE)
    larger[..., :37, :50] = image
    missing = torch.ones(2, 1, 40, 56, dtype=DOUBLE)
    missing[..., :37, :50] = hole
    assert torch.equal(made(image, hole).image, made(larger, missing).image[..., :37, :50])


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("flags", [SMALL, PLAIN])
def test_all_hole_and_no_hole_stay_finite(
    share: float, half: bool, flags: dict[str, object]
) -> None:
    torch.manual_seed(0)
    made = IconvGenerator(**flags).train()  # type: ignore[arg-type]
    image = torch.rand(1, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        answer = made(image, torch.full((1, 1, 32, 32), share)).image
    answer.square().sum().backward()
    assert bool(answer.isfinite().all())
    gradients = [p.grad for p in made.parameters() if p.grad is not None]
    assert len(gradients) > 20
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)


def test_certainty_reaches_the_bottom_of_an_all_hole_picture() -> None:
    torch.manual_seed(0)
    made = IconvGenerator(base=8)
    with torch.no_grad():
        bottom = made._encode(torch.zeros(1, 3, 256, 256), torch.zeros(1, 1, 256, 256))[-1][1]
    assert bottom.shape == (1, 1, 4, 4)
    assert float(bottom.mean()) == pytest.approx(0.988, abs=0.002)


def test_half_precision_stays_near_single() -> None:
    made = network(**SMALL).float()
    image, hole = (tensor.float() for tensor in sample(64, 32))
    with torch.inference_mode():
        exact = made(image, hole).image
        with torch.autocast("cpu", torch.bfloat16):
            near = made(image, hole).image
    assert near.dtype == torch.float32
    assert float((near - exact).square().mean().sqrt()) < 0.02 * float(exact.std())


def test_the_maps_are_certainties_and_gates_from_full_resolution_downwards() -> None:
    made = network(**SMALL)
    image, hole = sample(37, 50)
    assert not made(image, hole).maps
    answer = made(image, hole, maps=True)
    assert torch.equal(answer.image, made(image, hole).image)
    depth = len(made.skips)
    levels = ["", *(f".{level}" for level in range(1, depth))]
    assert set(answer.maps) == {kind + level for kind in ("certainty", "gate") for level in levels}
    for name, shown in answer.maps.items():
        side = 2 ** int(name.partition(".")[2] or 0)
        assert shown.shape == (2, 1, -(-37 // side), -(-50 // side)), name
        assert 0 <= float(shown.min()) <= float(shown.max()) <= 1
    assert answer.maps["gate"].std() > 0
    gate, certainty = answer.maps["gate"], answer.maps["certainty"]
    inside, outside = hole > 0.5, hole < 0.5
    assert certainty[inside].mean() < 0.5 * certainty[outside].mean()
    assert gate[inside].mean() < 0.7 * gate[outside].mean()
    assert not network(**PLAIN)(image, hole, maps=True).maps


# Kept weights


def test_kept_weights_follow_every_change() -> None:
    made = network(**SMALL)
    image, hole = sample(32, 32)

    def answer() -> Tensor:
        with torch.inference_mode():
            quick = made(image, hole).image
        with torch.enable_grad():
            slow = made(image, hole).image
        torch.testing.assert_close(quick, slow, rtol=1e-9, atol=1e-9)
        return slow

    answers = [answer()]
    with torch.no_grad():
        made.get_parameter("decoder.16.0.weight").mul_(-1)  # as a running average does
    answers.append(answer())
    made.load_state_dict(network(7, **SMALL).state_dict())
    answers.append(answer())
    for seed in (8, 9):
        made.load_state_dict(network(seed, **SMALL).state_dict(), assign=True)
        answers.append(answer())
    made.train()
    made.get_parameter("encoder.16.0.weight").data.mul_(-1)
    made.eval()
    answers.append(answer())
    made.to(torch.bfloat16).to(DOUBLE)
    answers.append(answer())
    for one, other in itertools.pairwise(answers):
        assert not torch.equal(one, other)


def test_nothing_is_kept_in_training() -> None:
    made = network(**SMALL).train()
    image, hole = sample(32, 32)
    with torch.no_grad():
        before = made(image, hole).image
        made.get_parameter("encoder.16.0.weight").data.neg_()
        assert not torch.equal(made(image, hole).image, before)


def test_kept_weights_are_not_copied_with_the_network() -> None:
    made = network(**SMALL)
    image, hole = sample(32, 32)
    with torch.inference_mode():
        expected = made(image, hole).image
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):  # noqa: S301
        assert all(
            part._kept is None for part in other.modules() if isinstance(part, EqualisedConv)
        )
        assert torch.equal(other(image, hole).image, made(image, hole).image)
        assert expected.shape == image.shape


# Faces


def test_a_face_network_brings_any_size_to_its_own() -> None:
    made = network(**FACE)
    image, _ = sample(32, 32)
    hole = torch.zeros(2, 1, 32, 32, dtype=DOUBLE)
    hole[..., 10:20, 8:16] = 1
    large = image.repeat_interleave(2, 2).repeat_interleave(2, 3)
    missing = torch.zeros(2, 1, 64, 64, dtype=DOUBLE)
    missing[..., 20:39, 17:32] = 1  # every second pixel of an edge is missing, so the cell is
    answer = made(large, missing)
    assert answer.image.shape == (2, 3, 64, 64)
    expected = F.interpolate(made(image, hole).image, (64, 64), mode="bilinear")
    torch.testing.assert_close(answer.image, expected)
    assert made(large[..., :41, :], missing[..., :41, :]).image.shape == (2, 3, 41, 64)


def test_the_size_that_a_face_network_sees_is_blind_to_the_hole_too() -> None:
    made = network(**FACE)
    image, hole = sample(48, 40)
    garbage = torch.where(hole > 0.5, torch.nan, image)
    assert torch.equal(made(garbage, hole).image, made(image, hole).image)


def test_keypoints_count_and_are_in_the_middle_by_default() -> None:
    made = network(**FACE)
    image, hole = sample(32, 32)
    middle = torch.full((2, 3, 2), 0.5, dtype=DOUBLE)
    assert torch.equal(made(image, hole).image, made(image, hole, keypoints=middle).image)
    moved = middle.clone()
    moved[1, 2, 0] = 0.9
    change = (made(image, hole, keypoints=moved).image - made(image, hole).image).abs()
    assert float(change[0].max()) == 0
    assert float(change[1].max()) > 1e-3


# What a run asks for


def test_a_random_latent_is_that_of_its_seed() -> None:
    made = network(**SMALL)
    options = {"latent": "random"}
    first, again, other = (made.inputs(options, seed, 33, 60)["latent"] for seed in (4, 4, 5))
    assert first.shape == (1, 32, 5, 8)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert abs(float(first.std()) - 1) < 0.1
    assert made.inputs({"latent": "zero"}, 4, 33, 60) == {}
    assert made.inputs({}, 4, 33, 60) == {}
    image, hole = sample(33, 60)
    assert made(image, hole, latent=first).image.shape == image.shape


def test_a_face_takes_keypoints_as_text_and_a_latent_of_its_own_size() -> None:
    made = network(**FACE)
    asked = {"latent": "random", "keypoints": " 0, 0.25,1,0.5, 0.75,1"}
    given = made.inputs(asked, 0, 100, 300)
    assert given["latent"].shape == (1, 32, 4, 4)
    assert given["keypoints"].tolist() == [[[0, 0.25], [1, 0.5], [0.75, 1]]]
    assert made.inputs({"keypoints": " "}, 0, 64, 64) == {}


@pytest.mark.parametrize(
    "text", ["0.5", "0,0,0,0,0", "0,0,0,0,0,x", "0,0,0,0,0,1.5", "0,0,0,0,0,nan"]
)
def test_keypoints_that_cannot_be_read_are_explained(text: str) -> None:
    with pytest.raises(InvalidInputError, match="6 numbers from 0 to 1"):
        network(**FACE).inputs({"keypoints": text}, 0, 32, 32)


@pytest.mark.parametrize(
    ("flags", "given", "words"),
    [
        (SMALL, {"latent": torch.zeros(1, 32, 3, 4)}, r"latent is \(1, 32, 3, 4\)"),
        (SMALL, {"latent": torch.zeros(3, 32, 4, 4)}, r"must be \(2, 32, 4, 4\)"),
        (FACE, {"keypoints": torch.zeros(2, 7, 2)}, r"must be \(2, 3, 2\)"),
        (SMALL, {"keypoints": torch.zeros(2, 7, 2)}, "takes no keypoints"),
        (SMALL, {"colour": torch.zeros(2)}, "takes no colour"),
    ],
)
def test_further_inputs_must_fit(
    flags: dict[str, object], given: dict[str, Tensor], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        network(**flags)(*sample(32, 32), **given)


@pytest.mark.parametrize(
    "flags",
    [
        {"side": 100},
        {"side": 4},
        {"side": 256, "base": 20},
        {"keypoints": -1},
        {"pool": "max"},
        {"impute_init": "zero"},
    ],
)
def test_flags_that_make_no_network_are_refused(flags: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=str(next(reversed(flags)))):
        IconvGenerator(**flags)  # type: ignore[arg-type]


def test_a_block_carries_the_certainty_through_both_layers() -> None:
    block = Block(layer(2, 2), layer(2, 3))
    x, certainty = features(2)
    answer, after = block(x, certainty)
    assert answer.shape == (2, 3, 9, 7)
    first, second = block[0], block[1]
    assert isinstance(first, ImputedConv)
    assert isinstance(second, ImputedConv)
    torch.testing.assert_close(after, second.spread(first.spread(certainty)))
