"""Region-wise convolutions: the operator, both stages, the shortcuts against the formulas."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import Cancelled, InvalidInputError
from engine.layers import ReflectConv, composite, pulsing, reflect_pad
from engine.models import regionwise
from engine.models.regionwise import (
    OPERATORS,
    DoublingConv,
    RegionConv,
    RegionwiseGenerator,
    decoded,
)
from engine.types import Box
from tests.reference import regionwise as reference


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(20)


def redrawn(network: nn.Module) -> nn.Module:
    """The network in float64 with weights that leave no layer near zero, biases included."""
    with torch.no_grad():
        for parameter in network.parameters():
            fan_in = parameter[0].numel() if parameter.ndim == 4 else 10
            parameter.normal_(0, fan_in**-0.5)
    return network.double().eval()


def generator(**configuration: bool | str) -> RegionwiseGenerator:
    network = RegionwiseGenerator(**configuration)  # type: ignore[arg-type]
    redrawn(network)
    return network


def picture(height: int, width: int, batch: int = 2) -> tuple[Tensor, Tensor]:
    """Colours and a different hole in each picture, off the grid of the feature maps."""
    image = torch.rand(batch, 3, height, width, dtype=torch.float64) * 2 - 1
    hole = torch.zeros(batch, 1, height, width, dtype=torch.float64)
    hole[0, :, height // 3 : height // 2, width // 4 + 1 : width // 2 + 1] = 1
    hole[-1, :, height * 3 // 4 - 1 :, : width // 3] = 1
    return image, hole


def plain(conv: ReflectConv, x: Tensor) -> Tensor:
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), conv.weight, conv.bias)


def twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def region_conv(
    operator: str, *, skips: int = 3, doubles: bool = False
) -> tuple[RegionConv, Tensor, Tensor, Tensor]:
    """A small layer with 4 features, and features, skips and a mask for it."""
    layer = RegionConv(4, skips, 5, operator=operator, doubles=doubles)
    redrawn(layer)
    x = torch.randn(2, 4, 9, 12, dtype=torch.float64)
    skip = torch.randn(2, skips, 9, 12, dtype=torch.float64)
    known = (torch.rand(2, 1, 9, 12) < 0.6).double()
    return layer, x, skip, known


def filters(layer: RegionConv) -> tuple[Tensor, Tensor, Tensor]:
    """Views of an input-split layer's weights: known features, known skips, missing features."""
    features = 4
    weight = layer.both.weight.data
    return weight[:, :features], weight[:, features:-features], weight[:, -features:]


# The operator


@pytest.mark.parametrize("doubles", [False, True])
def test_equal_filters_for_both_regions_make_a_plain_convolution(doubles: bool) -> None:
    layer, x, skip, known = region_conv("input-split", skips=0, doubles=doubles)
    w, _, v = filters(layer)
    v.copy_(w)
    conv = ReflectConv(4, 5).double()
    conv.weight.data, conv.bias.data = w, layer.both.bias.data
    expected = plain(conv, twice(x) if doubles else x)
    torch.testing.assert_close(layer(x, skip, known), expected)


@pytest.mark.parametrize("doubles", [False, True])
def test_skips_get_no_gradient_where_the_picture_is_missing(doubles: bool) -> None:
    layer, x, skip, known = region_conv("input-split", doubles=doubles)
    skip.requires_grad_()
    layer(x, skip, known).square().sum().backward()
    assert skip.grad is not None
    missing = (known == 0).expand_as(skip)
    assert skip.grad[missing].abs().max() == 0
    assert skip.grad[~missing].abs().min() > 0


def test_an_all_known_map_never_uses_the_filter_for_missing_features() -> None:
    layer, x, skip, known = region_conv("input-split")
    before = layer(x, skip, torch.ones_like(known))
    filters(layer)[2].fill_(7)
    assert torch.equal(layer(x, skip, torch.ones_like(known)), before)


def test_an_all_missing_map_uses_neither_the_filter_for_known_features_nor_skips() -> None:
    layer, x, skip, known = region_conv("input-split")
    before = layer(x, skip, torch.zeros_like(known))
    known_filter, skip_filter, _ = filters(layer)
    known_filter.fill_(7)
    skip_filter.fill_(7)
    assert torch.equal(layer(x, skip + 5, torch.zeros_like(known)), before)


@pytest.mark.parametrize("doubles", [False, True])
def test_output_select_switches_filter_and_bias_by_output_pixel(doubles: bool) -> None:
    layer, x, skip, known = region_conv("output-select", doubles=doubles)
    both = torch.cat((x, skip), 1)
    both, mask = (twice(both), twice(known)) if doubles else (both, known)
    expected = mask * plain(layer.known, both) + (1 - mask) * plain(layer.missing, both)
    torch.testing.assert_close(layer(x, skip, known), expected)


def readings(*, doubles: bool, equal: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Both readings with the same filters and one bias, and where 3x3 windows lie in one region."""
    split, x, skip, _ = region_conv("input-split", skips=0, doubles=doubles)
    select = region_conv("output-select", skips=0, doubles=doubles)[0]
    known = torch.ones(2, 1, 9, 12, dtype=torch.float64)
    known[..., 3:8, 2:9] = 0
    w, _, v = filters(split)
    if equal:
        v.copy_(w)
    select.known.weight.data, select.missing.weight.data = w, v
    select.known.bias.data = select.missing.bias.data = split.both.bias.data
    seen = reflect_pad(twice(known) if doubles else known, 1)
    pure = F.max_pool2d(seen, 3, 1) == -F.max_pool2d(-seen, 3, 1)
    return split(x, skip, known), select(x, skip, known), pure[:, 0]


@pytest.mark.parametrize("doubles", [False, True])
def test_the_two_readings_agree_for_equal_filters(doubles: bool) -> None:
    split, select, _ = readings(doubles=doubles, equal=True)
    torch.testing.assert_close(split, select)


@pytest.mark.parametrize("doubles", [False, True])
def test_the_two_readings_differ_exactly_at_the_border_of_the_hole(doubles: bool) -> None:
    split, select, pure = readings(doubles=doubles, equal=False)
    gap = (split - select).abs().amax(1)
    assert 0.2 < pure.double().mean() < 0.9
    assert gap[pure].max() < 1e-12
    assert gap[~pure].min() > 1e-6


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"'both'.*input-split, output-select"):
        RegionwiseGenerator(operator="both")


# The shortcuts


@pytest.mark.parametrize("size", [(9, 12), (2, 5), (1, 1)])
def test_the_doubling_convolution_equals_enlarging_first(size: tuple[int, int]) -> None:
    conv = DoublingConv(6, 4)
    redrawn(conv)
    x = torch.randn(2, 6, *size, dtype=torch.float64)
    torch.testing.assert_close(conv(x), plain(conv, twice(x)))


def test_the_doubling_convolution_has_the_gradients_of_enlarging_first() -> None:
    conv = DoublingConv(3, 4)
    redrawn(conv)
    x = torch.randn(2, 3, 5, 7, dtype=torch.float64, requires_grad=True)
    wanted = (x, conv.weight, conv.bias)
    fast = torch.autograd.grad(conv(x).sin().sum(), wanted)
    slow = torch.autograd.grad(plain(conv, twice(x)).sin().sum(), wanted)
    for ours, theirs in zip(fast, slow, strict=True):
        torch.testing.assert_close(ours, theirs)


WINDOWS = [
    Box(3, 4, 8, 9),
    Box(0, 0, 2, 3),
    Box(6, 1, 10, 12),
    Box(4, 0, 5, 12),
    Box(9, 11, 10, 12),
]


@pytest.mark.parametrize("stage", ["coarse", "fine"])
@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_is_decoded_as_if_the_whole_had_been(stage: str, window: Box) -> None:
    network = generator()
    image, hole = picture(48, 40)
    given = torch.cat((image, 1 - hole), 1)
    with torch.inference_mode():
        *parts, full_size = getattr(network, f"{stage}_encoder")(given)
        parts = (*parts, 1 - hole if stage == "coarse" else full_size)
        decoder = getattr(network, f"{stage}_decoder")
        expected = decoder(*parts)[
            ..., 4 * window.top : 4 * window.bottom, 4 * window.left : 4 * window.right
        ]
        torch.testing.assert_close(decoded(decoder, parts, window), expected)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("stages", [True, False])
def test_strips_of_any_height_give_the_same_picture(
    rows: int, stages: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = generator()
    image, hole = picture(34, 29)
    with torch.inference_mode():
        whole = network(image, hole, stages=stages)
        monkeypatch.setattr(regionwise, "rows_per_chunk", lambda _: rows)
        strips = network(image, hole, stages=stages)
    torch.testing.assert_close(strips.image, whole.image)
    torch.testing.assert_close(strips.stages, whole.stages)


def test_large_pictures_are_decoded_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 64 MiB for the widest map, whatever the picture's height."""
    seen: list[int] = []

    def decoder(code: Tensor) -> Tensor:
        seen.append(code.shape[-2])
        return code.repeat_interleave(4, -2).repeat_interleave(4, -1)

    code = torch.rand(1, 3, 200, 256)
    with torch.inference_mode():
        made = decoded(decoder, (code,), Box(0, 0, 256, 200))
    assert torch.equal(made[..., ::4, ::4], code)
    assert max(seen) - 4 <= 64 * 2**20 / (4 * 128 * 16 * 256)


def test_gradients_are_the_same_without_stages() -> None:
    network = generator()
    image, hole = picture(24, 28)
    gradients = []
    for stages in (True, False):
        made = network(image, hole, stages=stages).image
        parameters = list(network.parameters())
        gradients.append(torch.autograd.grad(made.square().sum(), parameters))
    for whole, windowed in zip(*gradients, strict=True):
        torch.testing.assert_close(windowed, whole)


# The network


def test_parameters_are_those_of_the_authors_program() -> None:
    network = RegionwiseGenerator()
    count = {
        name: sum(parameter.numel() for parameter in part.parameters())
        for name, part in network.named_children()
    }
    assert count == {
        "coarse_encoder": 1_608_096,
        "coarse_decoder": 1_221_987,
        "fine_encoder": 1_608_096,
        "fine_decoder": 267_875,
    }
    assert sum(count.values()) == 4_706_054


def test_output_select_has_two_biases_and_skips_in_both_branches() -> None:
    network = RegionwiseGenerator(operator="output-select")
    assert sum(parameter.numel() for parameter in network.parameters()) == 5_001_350


def test_weights_start_glorot_uniform_with_no_bias() -> None:
    layer = RegionwiseGenerator().coarse_decoder.region15.both
    bound = (6 / (9 * (320 + 128))) ** 0.5
    assert 0.99 * bound < layer.weight.abs().max() <= bound
    assert layer.bias.abs().max() == 0


@pytest.mark.parametrize("size", [(40, 40), (30, 45)])
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("elu_out", [False, True])
def test_both_stages_equal_the_authors_program(
    size: tuple[int, int], operator: str, elu_out: bool
) -> None:
    network = generator(operator=operator, elu_out=elu_out)
    image, hole = picture(*size)
    with torch.inference_mode():
        made = network(image, hole)
        brief = network(image, hole, stages=False)
        configuration = {"operator": operator, "elu_out": elu_out}
        first, second = reference.both_stages(network.state_dict(), image, hole, **configuration)
    assert second.std() > 0.05
    torch.testing.assert_close(made.stages, (first,))
    torch.testing.assert_close(made.image, second)
    torch.testing.assert_close(brief.image, second)
    assert brief.stages == ()


def test_single_precision_stays_near_the_authors_program() -> None:
    network = generator().float()
    image, hole = (part.float() for part in picture(72, 68))
    with torch.inference_mode():
        made = network(image, hole, stages=False).image
        expected = reference.generate(network.state_dict(), image, hole)
    torch.testing.assert_close(made, expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("size", [(64, 64), (68, 68), (100, 140), (256, 256), (300, 200)])
def test_any_size_comes_back_as_it_was(size: tuple[int, int]) -> None:
    network = RegionwiseGenerator().eval()
    hole = torch.zeros(1, 1, *size)
    hole[..., 20:40, 20:40] = 1
    with torch.inference_mode():
        made = network(torch.rand(1, 3, *size), hole, stages=False).image
    assert made.shape == (1, 3, *size)
    assert made.isfinite().all()


def inputs_of(network: RegionwiseGenerator, stage: str) -> list[Tensor]:
    """The list that the given stage's encoder input will be put into."""
    seen: list[Tensor] = []
    encoder = getattr(network, f"{stage}_encoder")
    encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    return seen


def test_the_first_stage_sees_grey_and_a_zero_where_the_picture_is_missing() -> None:
    network = generator()
    seen = inputs_of(network, "coarse")
    image, hole = picture(36, 36)
    network(image, hole)
    missing = hole.bool().expand_as(image)
    assert seen[0][:, :3][missing].abs().max() == 0
    assert torch.equal(seen[0][:, :3][~missing], image[~missing])
    assert torch.equal(seen[0][:, 3:], 1 - hole)


@pytest.mark.parametrize("stages", [True, False])
def test_the_second_stage_sees_the_picture_with_the_first_ones_guess_in_the_hole(
    stages: bool,
) -> None:
    network = generator()
    image, hole = picture(36, 36)
    guess = network(image, hole).stages[0]
    seen = inputs_of(network, "fine")
    network(image, hole, stages=stages)
    torch.testing.assert_close(seen[0][:, :3], composite(image, hole, guess))
    missing = hole.bool().expand_as(image)
    assert torch.equal(seen[0][:, :3][~missing], image[~missing])
    assert torch.equal(seen[0][:, 3:], 1 - hole)


def test_a_loss_on_the_second_stage_alone_trains_the_first() -> None:
    network = generator()
    image, hole = picture(36, 36)
    network(image, hole).image.square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_the_known_pixels_survive_a_network_gone_wrong() -> None:
    image, hole = picture(20, 20)
    result = composite(image, hole, torch.full_like(image, torch.nan))
    missing = hole.bool().expand_as(image)
    assert torch.equal(result[~missing], image[~missing])


def test_swapping_hole_and_known_changes_the_result() -> None:
    network = generator()
    image, hole = picture(36, 36)
    with torch.inference_mode():
        made, swapped = network(image, hole).image, network(image, 1 - hole).image
    assert (made - swapped).abs().mean() > 0.05


def test_black_is_reached_by_the_linear_end_only() -> None:
    image, hole = picture(20, 20)
    lowest = {}
    for elu_out in (False, True):
        network = generator(elu_out=elu_out)
        network.fine_decoder.conv17.bias.data.fill_(-3)
        with torch.inference_mode():
            lowest[elu_out] = network(image, hole).image.min().item()
    assert lowest[False] == -1
    assert -1 < lowest[True] < -0.9


def test_the_picture_is_clipped_and_not_composited() -> None:
    network = generator()
    network.fine_decoder.conv17.weight.data *= 9
    image, hole = picture(36, 36)
    with torch.inference_mode():
        made = network(image, hole)
    for output in (made.image, *made.stages):
        assert output.min() >= -1
        assert output.max() <= 1
        assert (output - image)[hole.expand_as(image) == 0].abs().mean() > 0.1
    assert made.image.max() == 1


def test_a_picture_without_a_hole_needs_no_first_stage() -> None:
    network = generator()
    seen = inputs_of(network, "coarse")
    image, hole = picture(36, 36)
    hole.zero_()
    with torch.inference_mode():
        brief = network(image, hole, stages=False).image
        assert not seen
        torch.testing.assert_close(brief, network(image, hole).image)


def test_half_precision_keeps_the_last_layer_fine() -> None:
    """Bfloat16 has 128 steps from 1/2 to 1; an 8-bit picture needs each of its own."""
    network = generator().float()
    image, hole = (part.float() for part in picture(64, 64))
    with torch.inference_mode():
        expected = network(image, hole).image
        with torch.autocast("cpu", torch.bfloat16):
            made = network(image, hole)
    assert made.image.dtype == made.stages[0].dtype == torch.float32
    assert not torch.equal(made.image, made.image.bfloat16().float())
    assert (made.image - expected).abs().mean() < 0.02


def test_a_run_can_be_stopped_between_any_two_layers() -> None:
    network = generator()
    image, hole = picture(24, 24)
    beats = 0

    def count() -> None:
        nonlocal beats
        beats += 1

    def stop() -> None:
        raise Cancelled

    with torch.inference_mode():
        with pulsing(count):
            network(image, hole)
        with pulsing(stop), pytest.raises(Cancelled):
            network(image, hole)
    assert beats >= 33
