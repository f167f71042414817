"""PEPSI and Diet-PEPSI: the paper's counts and formulas, and every short cut against them."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine import layers
from engine.errors import InvalidInputError
from engine.layers import composite, pulsing
from engine.models.pepsi import PepsiGenerator
from engine.models.pepsi.attention import borrow, borrowed_weights, usable_patches
from engine.models.pepsi.network import RATES, DietBlock, DietUnit
from engine.models.pepsi.patches import Keys, Tile, tiles
from engine.models.pepsi.scores import DistanceScores, truncated
from tests.reference import pepsi as reference

FAMILY = [
    {},
    {"diet": True},
    {"diet": True, "groups": 2},
    {"diet": True, "groups": 4},
]
ATTENTIONS = [
    {"official": official, "squared": squared, "cosine": cosine}
    for official, squared, cosine in itertools.product((False, True), repeat=3)
    if squared or not cosine
]


def drawn(module: nn.Module, seed: int = 0) -> None:
    """Weights that keep signals alive, and no bias or shift at 0."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            spread = parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.1
            parameter.normal_(0, spread, generator=generator)


def network(seed: int = 0, **configuration: object) -> PepsiGenerator:
    made = PepsiGenerator(**configuration)  # type: ignore[arg-type]
    drawn(made, seed)
    return made.eval()


def problem(height: int, width: int, batch: int = 2) -> tuple[Tensor, Tensor]:
    """Pictures in float64 and masks that differ from picture to picture."""
    generator = torch.Generator().manual_seed(height * width)
    image = torch.rand(batch, 3, height, width, generator=generator, dtype=torch.float64) * 2 - 1
    hole = torch.zeros(batch, 1, height, width, dtype=torch.float64)
    hole[0, :, height // 4 : height // 2, width // 3 : width // 2] = 1
    if batch > 1:
        hole[1, :, : height // 3, width // 2 :] = 1
    return image, hole


def feature_map(height: int, width: int, channels: int = 3, batch: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(height * width)
    shape = (batch, channels, height, width)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def square_hole(height: int, width: int, box: tuple[int, int, int, int]) -> Tensor:
    hole = torch.zeros(1, 1, height, width, dtype=torch.bool)
    hole[..., box[0] : box[1], box[2] : box[3]] = True
    return hole


def reference_borrow(z: Tensor, hole: Tensor, **how: bool) -> Tensor:
    known = (~hole).to(z.dtype)
    each = range(len(z))
    return torch.cat([reference.attention(z[[b]], known[[b]], **how) for b in each])


# --- the network ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configuration", "count"),
    [
        ({}, 3_524_019),
        ({"diet": True}, 2_542_003),
        ({"diet": True, "groups": 2}, 1_853_875),
        ({"diet": True, "groups": 4}, 1_509_811),
        ({"fuse": True}, 3_655_347),
        ({"diet": True, "fuse": True}, 2_673_331),
        ({"diet": True, "groups": 2, "fuse": True}, 1_985_203),
        ({"diet": True, "groups": 4, "fuse": True}, 1_641_139),
    ],
)
def test_parameters_are_as_many_as_the_paper_says(
    configuration: dict[str, int], count: int
) -> None:
    made = PepsiGenerator(**configuration)  # type: ignore[arg-type]
    assert sum(parameter.numel() for parameter in made.parameters()) == count


def test_dilated_layers_are_nearly_67_percent_of_pepsi() -> None:
    made = PepsiGenerator()
    count = sum(parameter.numel() for parameter in made.dilated.parameters())
    assert count == 4 * 590_080
    assert 100 * count / 3_524_019 == pytest.approx(66.98, abs=0.01)


@pytest.mark.parametrize(
    "configuration",
    [
        *FAMILY,
        {"fuse": True},
        {"official": True},
        {"squared": False},
        {"similarity": "cosine"},
        {"official": True, "similarity": "cosine"},
    ],
)
def test_output_is_that_of_the_plain_formulas(configuration: dict[str, object]) -> None:
    made = network(**configuration).double()
    for size in ((40, 40), (43, 60)):
        image, hole = problem(*size)
        with torch.no_grad():
            generation = made(image, hole)
            state = made.state_dict()
            expected = reference.generate(state, image, hole, **configuration)  # type: ignore[arg-type]
            coarse = reference.generate(
                state,
                image,
                hole,
                coarse=True,
                **configuration,  # type: ignore[arg-type]
            )
        assert expected.std() > 0.05
        torch.testing.assert_close(generation.image, expected, rtol=0, atol=1e-9)
        torch.testing.assert_close(generation.stages[0], coarse, rtol=0, atol=1e-9)
        assert (expected - coarse).abs().max() > 1e-3


@pytest.mark.parametrize(
    "size", [(64, 64), (100, 140), (136, 136), (256, 256), (300, 200), (17, 9)]
)
def test_any_size_comes_back_as_it_went_in(size: tuple[int, int]) -> None:
    image, hole = problem(*size, batch=1)
    with torch.inference_mode():
        generation = network()(image.float(), hole.float())
    assert generation.image.shape == image.shape
    assert generation.stages[0].shape == image.shape
    assert generation.image.isfinite().all()


def test_composite_keeps_known_pixels_even_if_the_network_gives_nothing_usable() -> None:
    image, hole = problem(40, 40)
    with torch.no_grad():
        made = network().double()(image, hole, stages=False).image
    made[..., ::2] = torch.nan
    made[..., 1::2] = 1e30
    known = (hole == 0).expand_as(image)
    assert torch.equal(composite(image, hole, made)[known], image[known])


def test_output_is_clipped_to_the_range_of_pictures() -> None:
    made = network().double()
    with torch.no_grad():
        made.decoder.picture.bias.copy_(torch.tensor([9.0, -9.0, 0.0]))
        generation = made(*problem(40, 40))
    for picture in (generation.image, generation.stages[0]):
        assert (picture[:, 0] == 1).all()
        assert (picture[:, 1] == -1).all()


def test_stages_are_computed_only_on_demand_and_change_nothing() -> None:
    made = network().double()
    image, hole = problem(40, 40)
    with torch.no_grad():
        brief, full = made(image, hole, stages=False), made(image, hole)
    assert brief.stages == ()
    torch.testing.assert_close(brief.image, full.image, rtol=0, atol=1e-12)


def test_both_paths_agree_where_nothing_is_missing() -> None:
    image, hole = problem(40, 40)
    with torch.no_grad():
        generation = network().double()(image, torch.zeros_like(hole))
    torch.testing.assert_close(generation.image, generation.stages[0], rtol=0, atol=1e-12)


def test_both_paths_use_one_decoder() -> None:
    """A change of its last bias moves both pictures by the same amount."""
    made = network().double()
    image, hole = problem(40, 40)
    with torch.no_grad():
        made.decoder.picture.weight.mul_(0.1)
        before = made(image, hole)
        made.decoder.picture.bias.add_(0.01)
        after = made(image, hole)
    for first, second in (
        (before.image, after.image),
        (before.stages[0], after.stages[0]),
    ):
        torch.testing.assert_close(second - first, torch.full_like(first, 0.01))


def test_missing_pixels_enter_black() -> None:
    image, hole = problem(40, 40)
    black = torch.where(hole > 0.5, -1.0, image)
    made = network()
    seen: list[Tensor] = []
    made.trunk.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.no_grad():
        made(image.float(), hole.float(), stages=False)
    torch.testing.assert_close(seen[0], torch.cat((black, 1 - hole), 1).float(), rtol=0, atol=0)


@pytest.mark.parametrize("configuration", [*FAMILY, {"similarity": "cosine"}, {"official": True}])
def test_nothing_known_and_nothing_missing_give_finite_pictures_and_gradients(
    configuration: dict[str, object],
) -> None:
    made = network(**configuration).train()
    image, hole = (part.float() for part in problem(40, 40))
    hole[0], hole[1] = 1, 0
    generation = made(image, hole)
    (generation.image.square().mean() + generation.stages[0].square().mean()).backward()
    assert generation.image.isfinite().all()
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("configuration", FAMILY)
def test_half_precision_stays_near_full_precision(configuration: dict[str, object]) -> None:
    made = network(**configuration)
    image, hole = (part.float() for part in problem(40, 40))
    with torch.inference_mode():
        full = made(image, hole, stages=False).image
        with torch.autocast("cpu", torch.bfloat16):
            half = made(image, hole, stages=False).image
    assert half.isfinite().all()
    assert (half - full).abs().mean() < 0.05 * full.std()


@pytest.mark.parametrize(
    "configuration",
    [
        {"groups": 2},
        {"diet": True, "groups": 3},
        {"diet": True, "groups": 0},
        {"similarity": "manhattan"},
    ],
)
def test_values_that_do_not_fit_together_are_refused(configuration: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        PepsiGenerator(**configuration)  # type: ignore[arg-type]


def test_a_run_can_be_stopped_between_layers() -> None:
    class Stopped(Exception):  # noqa: N818
        pass

    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 5:
            raise Stopped

    image, hole = (part.float() for part in problem(32, 32))
    with pulsing(beat), pytest.raises(Stopped):
        network()(image, hole)


# --- Diet-PEPSI ----------------------------------------------------------------------------------


def diet_block(groups: int = 1, *, fresh: bool = False) -> DietBlock:
    torch.manual_seed(0)
    block = DietBlock(groups)
    if not fresh:
        drawn(block)
    return block.double().eval()


def test_all_rates_share_one_tensor_of_weights() -> None:
    block = diet_block()
    kernels = [
        name for name, parameter in block.named_parameters() if parameter.shape[-2:] == (3, 3)
    ]
    assert kernels == ["common"]
    before = [weight.detach().clone() for weight in block.weights()]
    with torch.no_grad():
        block.common.add_(0.1)
    for old, new in zip(before, block.weights(), strict=True):
        assert (old != new).any()


def test_gradient_of_the_common_weights_is_the_sum_over_the_rates() -> None:
    block = diet_block()
    x = feature_map(5, 6, channels=256)
    block(x).square().sum().backward()
    copies = [block.common.detach().clone().requires_grad_() for _ in RATES]
    y = x
    for unit, common in zip(block.units, copies, strict=True):
        assert isinstance(unit, DietUnit)
        y = unit(y, unit.weight(common))
    y.square().sum().backward()
    parts = [common.grad for common in copies]
    assert all(part is not None and part.abs().max() > 0 for part in parts)
    assert block.common.grad is not None
    torch.testing.assert_close(block.common.grad, sum(parts))


def test_fresh_units_are_plain_dilated_convolutions_with_the_common_weights() -> None:
    block = diet_block(fresh=True)
    for weight in block.weights():
        assert torch.equal(weight, block.common)
    x = feature_map(9, 7, channels=256)
    for unit, rate in zip(block.units, (2, 4, 8, 16), strict=True):
        assert isinstance(unit, DietUnit)
        padded = layers.reflect_pad(x, rate)
        inner = F.elu(F.conv2d(padded, block.common, dilation=rate))
        expected = F.elu(x + F.conv2d(inner, unit.mix.weight))
        torch.testing.assert_close(unit(x, unit.weight(block.common)), expected)


def test_scale_and_shift_belong_to_pairs_of_channels() -> None:
    """Paper, equations 4 and 5."""
    block = diet_block(groups=2)
    unit = block.units[1]
    assert isinstance(unit, DietUnit)
    weight = unit.weight(block.common)
    assert weight.shape == (256, 128, 3, 3)
    expected = unit.scale[200, 5, 0, 0] * block.common[200, 5] + unit.shift[200, 5, 0, 0]
    torch.testing.assert_close(weight[200, 5], expected)
    x = feature_map(8, 8, channels=256)
    scaled = F.conv2d(x, unit.scale * block.common, groups=2)
    shifted = F.conv2d(x, unit.shift.expand_as(block.common), groups=2)
    torch.testing.assert_close(F.conv2d(x, weight, groups=2), scaled + shifted)


@pytest.mark.parametrize("groups", [2, 4])
def test_every_channel_of_a_unit_depends_on_every_group(groups: int) -> None:
    block = diet_block(groups=groups)
    unit = block.units[0]
    assert isinstance(unit, DietUnit)
    x = feature_map(5, 5, channels=256)
    weight = unit.weight(block.common)
    with torch.no_grad():
        before = unit(x, weight)
        for group in range(groups):
            changed = x.clone()
            changed[:, group * 256 // groups : (group + 1) * 256 // groups] += 1
            difference = (unit(changed, weight) - before).abs().amax((0, 2, 3))
            assert (difference > 0).all()


def test_weights_of_the_rates_are_kept_while_nothing_changes() -> None:
    block = diet_block()
    with torch.inference_mode():
        first, second = block.weights(), block.weights()
    assert first is second


@pytest.mark.parametrize("change", ["step", "load", "assign", "move", "train", "replace"])
def test_kept_weights_never_outlive_a_change(change: str) -> None:
    block, other = diet_block(), diet_block()
    drawn(other, seed=1)
    with torch.inference_mode():
        block.weights()
    if change == "step":
        with torch.no_grad():
            for mine, new in zip(block.parameters(), other.parameters(), strict=True):
                mine.lerp_(new, 1)
    elif change in ("load", "assign"):
        block.load_state_dict(other.state_dict(), assign=change == "assign")
    elif change == "move":
        block, other = block.float(), other.float()
        block.load_state_dict(other.state_dict())
    elif change == "train":
        block.train()
        for mine, new in zip(block.parameters(), other.parameters(), strict=True):
            mine.data.copy_(new)  # not counted by the tensor's version
        block.eval()
    else:
        block.common = other.common
        block.units = copy.deepcopy(other.units)
    with torch.inference_mode():
        for mine, new in zip(block.weights(), other.weights(), strict=True):
            torch.testing.assert_close(mine, new)


# --- attention -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ([1.0, 2, 3], [0.8410, 0, -0.8410]),
        ([0.0, 1, 2, 9], [0.6903, 0.5122, 0.2755, -0.9350]),
        ([0.0, 1, 4, 81], [0.5548, 0.5343, 0.4691, -0.9391]),
    ],
)
def test_truncated_similarity_of_known_distances(
    distances: list[float], expected: list[float]
) -> None:
    """Paper, equation 6, with the population's deviation."""
    row = torch.tensor(distances, dtype=torch.float64)[None, None]
    usable = torch.ones(1, len(distances), dtype=torch.bool)
    wanted = torch.tensor(expected, dtype=torch.float64)
    torch.testing.assert_close(truncated(row, usable)[0, 0], wanted, rtol=0, atol=6e-5)
    moved = truncated(3 * row + 7, usable)
    torch.testing.assert_close(moved, truncated(row, usable), rtol=0, atol=1e-7)


def test_truncated_similarity_looks_at_usable_patches_only() -> None:
    row = torch.tensor([[[1.0, 500, 2, -300, 3]]], dtype=torch.float64)
    usable = torch.tensor([[True, False, True, False, True]])
    wanted = torch.tensor([0.8410, 0, -0.8410], dtype=torch.float64)
    torch.testing.assert_close(truncated(row, usable)[0, 0, ::2], wanted, rtol=0, atol=6e-5)


def naive(z: Tensor, hole: Tensor, *, squared: bool) -> Tensor:
    """The attention by loops over places, patches and cells; z (C, h, w), hole (h, w)."""
    channels, height, width = z.shape
    padded = torch.zeros(channels, height + 2, width + 2, dtype=z.dtype)
    padded[:, 1:-1, 1:-1] = z
    patches = [
        z[:, y : y + 3, x : x + 3]
        for y in range(height - 2)
        for x in range(width - 2)
        if not hole[y : y + 3, x : x + 3].any()
    ]
    total = torch.zeros_like(padded)
    count = torch.zeros_like(padded)
    for y in range(height):
        for x in range(width):
            query = padded[:, y : y + 3, x : x + 3]
            d = torch.stack([(query - patch).square().sum() for patch in patches])
            d = d if squared else d.sqrt()
            score = torch.tanh((d.mean() - d) / d.std(correction=0))
            shares = torch.exp(50 * score) / torch.exp(50 * score).sum()
            for share, patch in zip(shares, patches, strict=True):
                total[:, y : y + 3, x : x + 3] += share * patch
            count[:, y : y + 3, x : x + 3] += 1
    return torch.where(hole, (total / count)[:, 1:-1, 1:-1], z)


@pytest.mark.parametrize("squared", [True, False])
@pytest.mark.parametrize(
    ("size", "box"),
    [((6, 7), (2, 4, 1, 3)), ((9, 5), (7, 9, 3, 5)), ((5, 8), (0, 2, 0, 3))],
)
def test_attention_is_that_of_naive_loops(
    size: tuple[int, int], box: tuple[int, int, int, int], squared: bool
) -> None:
    z, hole = feature_map(*size), square_hole(*size, box)
    made, _ = borrow(z, hole, squared=squared)
    expected = naive(z[0], hole[0, 0], squared=squared)
    # The published formula has no epsilon below its root; 1e-8 of the variance is what is left.
    torch.testing.assert_close(made[0], expected, rtol=0, atol=1e-6 if not squared else 1e-8)
    exact = reference_borrow(z, hole, official=False, squared=squared, cosine=False)
    torch.testing.assert_close(made, exact, rtol=0, atol=1e-12)


@pytest.mark.parametrize("how", ATTENTIONS)
@pytest.mark.parametrize("chunk_bytes", [2**26, 20_000])
def test_attention_in_tiles_is_that_of_whole_matrices(
    how: dict[str, bool], chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "CHUNK_BYTES", chunk_bytes)
    generator = torch.Generator().manual_seed(1)
    for height, width in ((6, 7), (3, 3), (13, 18), (17, 5)):
        z = feature_map(height, width, channels=5, batch=4)
        shares = torch.tensor([0.05, 0.3, 1.1, -0.1]).view(4, 1, 1, 1)
        hole = torch.rand(4, 1, height, width, generator=generator) < shares
        expected = reference_borrow(z, hole, **how)
        torch.testing.assert_close(borrow(z, hole, **how)[0], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("how", ATTENTIONS)
def test_gradient_of_the_tiled_attention_is_that_of_whole_matrices(
    how: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "CHUNK_BYTES", 20_000)
    hole = torch.cat((square_hole(12, 13, (3, 8, 2, 9)), square_hole(12, 13, (0, 2, 11, 13))))
    weight = feature_map(12, 13, channels=5, batch=2)
    gradients = []
    for function in (
        lambda z: borrow(z, hole, **how)[0],
        lambda z: reference_borrow(z, hole, **how),
    ):
        z = weight.flip(2).clone().requires_grad_()
        (function(z) * weight).sum().backward()
        assert z.grad is not None
        gradients.append(z.grad)
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-9)


def test_single_precision_costs_less_than_1e_4() -> None:
    z = feature_map(24, 20, channels=64)
    hole = square_hole(24, 20, (6, 17, 5, 15))
    single, _ = borrow(z.float(), hole)
    assert (single - borrow(z, hole)[0]).abs().max() < 1e-4


def test_half_precision_features_are_compared_in_full_precision() -> None:
    z = feature_map(12, 14, channels=64).bfloat16()
    hole = square_hole(12, 14, (3, 8, 4, 9))
    made, _ = borrow(z, hole)
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.double(), borrow(z.double(), hole)[0], rtol=0.005, atol=1e-4)


def test_small_chunks_really_make_several_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "CHUNK_BYTES", 20_000)
    hole = square_hole(13, 18, (2, 11, 3, 15))
    z = feature_map(13, 18).permute(0, 2, 3, 1)
    keys = Keys(z.flatten(1, 2), torch.ones(1, 13 * 18, dtype=torch.bool), 13, 18)
    shape = DistanceScores(z, keys, squared=True).tile_shape()
    assert len(list(tiles(hole, shape))) > 4


def test_tiles_cover_the_hole_and_one_cell_around_it_once_and_no_more() -> None:
    hole = square_hole(20, 20, (0, 3, 0, 3)) | square_hole(20, 20, (12, 16, 9, 14))
    covered = torch.zeros(20, 20)
    for tile in tiles(hole, (4, 4)):
        covered[tile.top : tile.bottom, tile.left : tile.right] += 1
    near = torch.zeros(20, 20)
    near[:4, :4] = near[11:17, 8:15] = 1
    assert torch.equal(covered, near)


def weights_of(z: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (B, h, w, K) of all places and the usable patches (B, K)."""
    usable, _ = usable_patches(hole)
    flat = z.permute(0, 2, 3, 1)
    keys = Keys((z * ~hole).permute(0, 2, 3, 1).flatten(1, 2), usable.flatten(1), *z.shape[-2:])
    tile = Tile(0, z.shape[2], 0, z.shape[3])
    scores = DistanceScores(flat, keys, squared=True).of(tile)
    return borrowed_weights(scores, keys.usable), keys.usable


def test_patches_that_touch_the_hole_weigh_exactly_nothing() -> None:
    hole = square_hole(9, 10, (3, 6, 4, 6))
    weights, _ = weights_of(feature_map(9, 10), hole)
    for y, x in itertools.product(range(9), range(10)):
        corner = weights[..., y * 10 + x]
        touches = y > 6 or x > 7 or hole[0, 0, y : y + 3, x : x + 3].any()
        assert (corner == 0).all() if touches else (corner > 0).any()
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 9, 10, dtype=torch.float64))


def test_known_cells_keep_their_bits() -> None:
    z, hole = feature_map(9, 10).float(), square_hole(9, 10, (3, 6, 4, 6))
    made, _ = borrow(z, hole)
    known = (~hole).expand_as(z)
    assert torch.equal(made[known], z[known])
    assert (made[~known] != z[~known]).any()


@pytest.mark.parametrize("how", [{}, {"squared": False}, {"cosine": True}])
@pytest.mark.parametrize("box", [(3, 6, 3, 6), (0, 3, 0, 3), (6, 10, 7, 10)])
def test_a_constant_map_stays_constant_in_the_hole_and_in_corners(
    how: dict[str, bool], box: tuple[int, int, int, int]
) -> None:
    z = torch.full((1, 4, 10, 10), 0.7, requires_grad=True)
    made, _ = borrow(z, square_hole(10, 10, box), **how)
    torch.testing.assert_close(made, torch.full_like(made, 0.7))
    made.square().sum().backward()
    assert z.grad is not None
    assert z.grad.isfinite().all()


def test_a_hole_without_features_is_filled_unless_zeros_are_offered() -> None:
    """The authors' program offers the hole to itself: it stays dark."""
    hole = square_hole(12, 12, (3, 9, 3, 9))
    z = torch.where(hole, 0.0, 0.7).expand(1, 4, 12, 12)
    middle = (0, 0, slice(5, 7), slice(5, 7))
    assert borrow(z, hole)[0][middle].min() == pytest.approx(0.7, abs=1e-5)
    assert borrow(z, hole, official=True)[0][middle].max() < 0.05


def test_an_exact_copy_is_what_is_borrowed() -> None:
    z = feature_map(12, 14, channels=64)
    hole = square_hole(12, 14, (6, 7, 9, 10))
    z[..., 5:8, 8:11] = z[..., 1:4, 2:5]
    _, maps = borrow(z, hole, maps=True)
    assert maps["source"][0, 0, :, 6, 9].tolist() == pytest.approx([3.5 / 14, 2.5 / 12])
    assert 0 < maps["weight"][0, 0, 6, 9] <= 1


def test_maps_of_known_cells_show_their_own_place_and_no_weight() -> None:
    image, hole = problem(64, 96)
    with torch.no_grad():
        generation = network()(image.float(), hole.float(), stages=False, maps=True)
    source, weight = generation.maps["source"], generation.maps["weight"]
    assert source.shape == (2, 4, 2, 8, 12)
    source = source[:, 0]
    missing = hole[:, 0, ::8, ::8] > 0.5
    assert torch.equal(weight[:, 0] > 0, missing)
    assert (weight.diff(dim=1) <= 0).all()
    assert (weight.sum(1) < 1 + 1e-5).all()
    assert source[0, :, 7, 11].tolist() == pytest.approx([11.5 / 12, 7.5 / 8])
    assert not (hole[0, 0][(source[0, 1] * 64).long(), (source[0, 0] * 96).long()]).any()


def test_patches_with_a_known_centre_stand_in_where_no_whole_patch_is_left() -> None:
    hole = torch.ones(1, 1, 7, 7, dtype=torch.bool)
    hole[..., 3, 3:5] = False
    usable, some = usable_patches(hole)
    assert usable[0].nonzero().tolist() == [[2, 2], [2, 3]]
    assert some.all()


def test_features_stay_where_nothing_can_be_borrowed() -> None:
    z = feature_map(7, 7)
    hole = torch.ones(1, 1, 7, 7, dtype=torch.bool)
    hole[..., 0, :] = False  # known cells, but no patch with a known centre
    made, maps = borrow(z, hole, maps=True)
    assert torch.equal(made, z)
    assert (maps["weight"] == 0).all()


def test_a_cell_is_missing_if_its_top_left_pixel_is() -> None:
    image, hole = problem(64, 64, batch=1)
    hole.zero_()
    hole[..., 17:24, 17:24] = 1
    made = network().double()
    with torch.no_grad():
        generation = made(image, hole, maps=True)
        assert (generation.maps["weight"] == 0).all()
        hole[..., 16, 16] = 1
        weight = made(image, hole, maps=True).maps["weight"]
    assert weight[0, 0].nonzero().tolist() == [[2, 2]]
