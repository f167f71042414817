"""MPGA + GLA: both attentions against plain formulas and known answers, and the network."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.errors import Cancelled, InvalidInputError
from engine.layers import composite, pulsing
from engine.models.gla import GlaGenerator, patches
from engine.models.gla.diagonals import paste
from engine.models.gla.globally import GlobalAttention, project
from engine.models.gla.likeness import Grid, Likeness, PaperLikeness, ReleasedLikeness
from engine.models.gla.patches import PatchAttention
from tests.reference import gla as oracle

PAPER: dict[str, Any] = {"preset": "paper", "strict": False}
STRICT: dict[str, Any] = {"preset": "paper", "strict": True}
RELEASED: dict[str, Any] = {"preset": "released", "strict": False}
EVERY = pytest.mark.parametrize("flags", [PAPER, STRICT, RELEASED], ids=["paper", "strict", "rel"])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@functools.cache
def weights() -> dict[str, Tensor]:
    """Large enough to let the signal through, and all scalars away from 1."""
    random = seeded(1)
    state: dict[str, Tensor] = {}
    for name, tensor in GlaGenerator().state_dict().items():
        spread = tensor[0].numel() ** -0.5 if tensor.ndim == 4 else 0.1
        state[name] = torch.randn(tensor.shape, generator=random) * spread
    state["coarse.attention.gamma"] += 1.4
    state["fine.attention.beta"] += 0.7
    state["fine.attention.beta_2"] += 1.2
    return state


def network(*, preset: str = "paper", strict: bool = False) -> GlaGenerator:
    made = GlaGenerator(preset=preset, strict=strict)
    made.load_state_dict(weights())
    return made.eval()


def mpga(*, released: bool = False, strict: bool = False) -> GlobalAttention:
    made = GlobalAttention(released=released, strict=strict)
    made.load_state_dict(part("coarse.attention."))
    return made


def gla(*, released: bool = False, strict: bool = False) -> PatchAttention:
    made = PatchAttention(released=released, strict=strict)
    made.load_state_dict(part("fine.attention."))
    return made


def part(prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in weights().items() if n.startswith(prefix)}


def picture(batch: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    """An image of noise, and holes that differ between the samples."""
    image = torch.rand(batch, 3, height, width, generator=seeded(2)) * 2 - 1
    hole = torch.zeros(batch, 1, height, width)
    for sample in range(batch):
        top, left = 8 + 12 * sample, 18 - 10 * sample
        hole[sample, :, top : top + height // 3, left : left + width // 2] = 1
        hole[sample, :, -9:, 16 * sample : 16 * sample + 11] = 1
    return image, hole


def features(batch: int, height: int, width: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(batch, 128, height, width, generator=seeded(3), dtype=dtype)


def test_the_parameters_are_those_of_the_released_file() -> None:
    for preset in ("paper", "released"):
        made = GlaGenerator(preset=preset)
        assert sum(p.numel() for p in made.parameters()) == 4_368_553
        assert sum(p.numel() for p in made.coarse.parameters()) == 2_173_956
        assert sum(p.numel() for p in made.fine.parameters()) == 2_194_597
        assert len(made.state_dict()) == 121
        assert made.state_dict().keys() == weights().keys()


def test_unknown_presets_and_strict_released_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="paper, released"):
        GlaGenerator(preset="sensor")
    with pytest.raises(InvalidInputError, match="strict"):
        GlaGenerator(preset="released", strict=True)


@EVERY
@pytest.mark.parametrize(("batch", "height", "width"), [(1, 64, 64), (2, 56, 88)])
def test_both_outputs_equal_the_plain_formulas(
    flags: dict[str, Any], batch: int, height: int, width: int
) -> None:
    image, hole = picture(batch, height, width)
    with torch.inference_mode():
        made = network(**flags)(image, hole)
        coarse, fine = oracle.both(weights(), image, hole, **flags)
    assert coarse.std() > 0.05
    assert fine.std() > 0.05
    assert (fine.abs() == 1).float().mean() < 0.5
    torch.testing.assert_close(made.stages[0], coarse, rtol=0, atol=2e-5)
    torch.testing.assert_close(made.image, fine, rtol=0, atol=1e-4)


@EVERY
def test_gradients_equal_those_of_the_plain_formulas(flags: dict[str, Any]) -> None:
    image, hole = picture(2, 40, 48)
    made = network(**flags).train()
    weight = torch.randn(2, 3, 40, 48, generator=seeded(5))
    (made(image, hole).image * weight).sum().backward()
    plain = {name: tensor.clone().requires_grad_() for name, tensor in weights().items()}
    loss = (oracle.generate(plain, image, hole, **flags) * weight).sum()
    torch.autograd.backward(loss)
    compared = 0
    for name, parameter in made.named_parameters():
        expected = plain[name].grad
        if parameter.grad is None:
            assert expected is None or expected.abs().max() < 1e-5, name
            continue
        assert expected is not None, name
        scale = float(expected.abs().max()) + 1e-3
        torch.testing.assert_close(parameter.grad, expected, rtol=0, atol=2e-3 * scale, msg=name)
        compared += 1
    assert compared > 105


@pytest.mark.parametrize(("height", "width"), [(72, 88), (61, 100)])
def test_the_result_has_the_size_of_the_picture_and_stays_in_range(height: int, width: int) -> None:
    image, hole = picture(1, height, width)
    loud = network()
    with torch.inference_mode():
        for stage in (loud.coarse, loud.fine):
            stage.decoder[6].get_parameter("weight").mul_(100)
        made = loud(image, hole)
    for output in (made.image, made.stages[0]):
        assert output.shape == image.shape
        assert output.min() == -1
        assert output.max() == 1
    mended = composite(image, hole, made.image)
    assert torch.equal(mended[:, :, hole[0, 0] == 0], image[:, :, hole[0, 0] == 0])


@EVERY
def test_stages_and_maps_are_made_only_when_asked_for(flags: dict[str, Any]) -> None:
    image, hole = picture(2, 64, 72)
    with torch.inference_mode():
        bare = network(**flags)(image, hole, stages=False)
        full = network(**flags)(image, hole, stages=True, maps=True)
    assert bare.stages == ()
    assert not bare.maps
    assert torch.equal(bare.image, full.image)
    assert full.maps["source"].shape == (2, 4, 2, 8, 9)
    assert full.maps["weight"].shape == (2, 4, 8, 9)


def test_the_fine_network_sees_the_picture_outside_the_hole_and_the_coarse_output_inside() -> None:
    image, hole = picture(1, 64, 64)
    seen = []
    made = network()
    made.fine.regular[0].register_forward_pre_hook(lambda _, x: seen.append(x[0].clone()))
    with torch.inference_mode():
        coarse = made(image, hole).stages[0]
    mended = composite(image, hole, coarse)
    assert torch.equal(seen[0], torch.cat([mended, torch.ones_like(hole), hole], 1))


# The global attention.


def test_released_global_attention_keeps_the_hole_and_fills_the_rest_with_the_mean() -> None:
    psi, hole = features(2, 6, 9), picture(2, 24, 36)[1]
    module = mpga(released=True)
    out, _ = module(psi, hole, maps=False)
    small = hole[..., ::4, ::4].expand_as(out) > 0.5
    assert torch.equal(out[small], (module.gamma * psi)[small])
    mean = project(psi.permute(0, 2, 3, 1), module.value).mean((1, 2))
    torch.testing.assert_close(
        out[~small], mean[:, :, None, None].expand_as(out)[~small], rtol=0, atol=1e-6
    )
    out.square().sum().backward()
    assert module.query.weight.grad is None
    assert module.key.weight.grad is None
    assert module.value.weight.grad.abs().max() > 0.1  # type: ignore[union-attr]


@pytest.mark.parametrize("strict", [False, True])
def test_paper_global_attention_keeps_the_known_and_mixes_values_in_the_hole(strict: bool) -> None:
    psi, hole = features(2, 6, 9), picture(2, 24, 36)[1]
    module = mpga(strict=strict)
    with torch.no_grad():  # one value channel is the same everywhere, the other a coordinate
        module.value.weight.zero_()
        module.value.bias.fill_(3.0)  # type: ignore[union-attr]
        module.value.weight[1, 1] = 1.0
    out, _ = module(psi, hole, maps=False)
    small = hole[..., ::4, ::4] > 0.5
    known = ~small.expand_as(out)
    assert torch.equal(out[known], psi[known])
    torch.testing.assert_close(out[:, 0][small[:, 0]], torch.tensor(3.0).expand(int(small.sum())))
    for sample in range(2):
        mixed = out[sample, 1][small[sample, 0]] - 3
        assert mixed.min() > psi[sample, 1].min()
        assert mixed.max() < psi[sample, 1].max()
        assert mixed.std() > 1e-3
    out.square().sum().backward()
    assert module.query.weight.grad.abs().max() > 1e-3  # type: ignore[union-attr]
    assert module.key.weight.grad.abs().max() > 1e-3  # type: ignore[union-attr]


@pytest.mark.parametrize("strict", [False, True])
def test_missing_features_reach_other_places_only_with_the_literal_pruning(strict: bool) -> None:
    psi, hole = features(1, 6, 9), picture(1, 24, 36)[1]
    small = hole[0, 0, ::4, ::4] > 0.5
    row, column = small.nonzero()[3].tolist()
    changed = psi.clone()
    changed[..., row, column] += 5
    before, after = (mpga(strict=strict)(x, hole, maps=False)[0] for x in (psi, changed))
    moved = (before - after).abs().amax((0, 1))
    assert moved[row, column] > 1e-3
    moved[row, column] = 0
    assert (moved.max() == 0) == strict
    assert moved[~small].max() == 0


@pytest.mark.parametrize("train", [False, True])
def test_pruned_logits_are_zero_and_stay_in_the_softmax(train: bool) -> None:
    psi = torch.zeros(1, 128, 1, 4)
    psi[0, 0] = torch.tensor([1.0, 2.0, 0.0, 0.0])
    psi[0, 1] = torch.tensor([0.0, 0.0, 4.0, 8.0])
    hole = torch.zeros(1, 1, 4, 16)
    hole[..., 8:] = 1
    module = mpga()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        module.query.bias[0] = 1.0  # type: ignore[index]  # all scores are the key's channel 0
        module.key.weight[0, 0] = 1.0
        module.value.weight[0, 1] = 1.0
    with torch.set_grad_enabled(train):
        out, _ = module(psi, hole, maps=False)
    e = torch.tensor([1.0, 2.0]).exp().sum()
    torch.testing.assert_close(out[0, 0, 0, 2:], ((4 + 8) / (e + 2)).expand(2))


# The patch attention.


@pytest.mark.parametrize("block", [1, 2**24])
@pytest.mark.parametrize(("height", "width"), [(12, 12), (10, 16), (18, 8), (2, 10), (8, 2)])
def test_released_patch_attention_equals_the_plain_formulas_in_double_precision(
    height: int, width: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "BLOCK_BYTES", block)
    psi = features(2, height, width, torch.float64)
    hole = blotches(2, height, width)
    out, _ = gla(released=True).double()(psi, hole, maps=False)
    state = {name: tensor.double() for name, tensor in part("fine.attention.").items()}
    small = hole[..., ::8, ::8].double()
    for sample in range(2):
        one = slice(sample, sample + 1)
        plain = oracle.patch_attention(state, psi[one], small[one], "released", strict=False)
        assert plain.std() > 0.1
        torch.testing.assert_close(out[one], plain, rtol=0, atol=1e-9)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("scale", [1.0, 0.002])  # soft weights, so that pruned patches count
@pytest.mark.parametrize(("height", "width"), [(12, 12), (10, 16), (18, 8)])
def test_paper_patch_attention_equals_the_plain_formulas(
    height: int, width: int, scale: float, strict: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patches, "BLOCK_BYTES", 1)
    psi, hole = features(2, height, width) * scale, blotches(2, height, width)
    out, _ = gla(strict=strict)(psi, hole, maps=False)
    small = hole[..., ::8, ::8]
    plain = oracle.patch_attention(part("fine.attention."), psi, small, "paper", strict=strict)
    assert plain.std() > 0.02 * scale
    torch.testing.assert_close(out, plain, rtol=0, atol=1e-4 * scale)


def blotches(batch: int, height: int, width: int) -> Tensor:
    """Holes of a few cells of eight pixels, some at the border, another set for each sample."""
    small = torch.rand(batch, 1, height // 2, width // 2, generator=seeded(4)) < 0.08
    small[0, :, 0, -1:] = True
    return small.repeat_interleave(8, 2).repeat_interleave(8, 3).float()


@pytest.mark.parametrize("kind", [PaperLikeness, ReleasedLikeness])
def test_scores_of_all_patches_that_matter_equal_products_of_windows(
    kind: type[Likeness],
) -> None:
    height, width = 7, 5
    released = kind is ReleasedLikeness
    module = gla(released=released).double()
    f = features(2, height, width, torch.float64)
    hole = torch.zeros(height, width, dtype=torch.bool)
    hole[2, 3] = hole[6, 0] = True
    tokens = f.permute(0, 2, 3, 1)
    likeness = kind(module, Grid(tokens[0], tokens[1], hole))
    windows = F.unfold(f[:1], 3, padding=1).view(128, 3, 3, -1).permute(3, 0, 1, 2)
    cells = F.unfold(hole[None, None].double(), 3, padding=1).view(1, 3, 3, -1)
    state = {name: tensor.double() for name, tensor in part("fine.attention.").items()}
    preset = "released" if released else "paper"
    mended = oracle.window_attention(state, windows, cells.permute(3, 0, 1, 2), preset, False)
    mended = mended / mended.flatten(1).norm(dim=1)[:, None, None, None]
    plain = F.conv2d(f[1:], mended, padding=1)[0].flatten(1).t()  # (L, L): query, patch
    matter = likeness.grid.clear.clone()
    matter[likeness.rim] = True
    assert len(likeness.rim) > 5
    torch.testing.assert_close(
        likeness.scores(0, height)[:, matter], plain[:, matter], rtol=0, atol=1e-9
    )
    # Processors round a product of fewer rows differently.
    rows = likeness.scores(0, height)[2 * width : 4 * width]
    torch.testing.assert_close(likeness.scores(2, 4), rows, rtol=0, atol=1e-12)


class Given(Likeness):
    """Scores that a test chooses."""

    def __init__(self, matrix: Tensor, height: int, width: int) -> None:
        empty = torch.zeros(height, width)
        self.grid = Grid(empty, empty, empty > 0)
        self.matrix = matrix

    def scores(self, start: int, stop: int) -> Tensor:
        return self.matrix[start * self.grid.width : stop * self.grid.width]


def test_fusing_spreads_one_score_to_nine() -> None:
    height, width = 5, 6
    matrix = torch.zeros(30, 30)
    matrix[2 * width + 3, 1 * width + 2] = 1
    fused = Given(matrix, height, width).fused(0, height)
    places = {
        ((2 + down) * width + 3 + side, (1 + down) * width + 2 + side)
        for down in (-1, 0, 1)
        for side in (-1, 0, 1)
    }
    assert {tuple(place) for place in fused.nonzero().tolist()} == places
    assert fused.sum() == 9


def test_fusing_amplifies_a_constant_shift_on_its_diagonal_and_nowhere_else() -> None:
    fused = Given(torch.eye(30), 5, 6).fused(0, 5)
    assert torch.equal(fused, torch.diag(fused.diagonal()))
    inner = fused.diagonal().view(5, 6)[1:-1, 1:-1]
    assert torch.equal(inner, torch.full_like(inner, 9))


@pytest.mark.parametrize(("height", "width"), [(4, 5), (1, 6), (6, 1), (2, 3), (1, 1)])
def test_fusing_block_by_block_equals_two_convolutions(height: int, width: int) -> None:
    count = height * width
    matrix = torch.randn(count, count, generator=seeded(6), dtype=torch.float64)
    plain = oracle.fuse(matrix, height, width)
    given = Given(matrix, height, width)
    for size in (1, 2, height):
        blocks = [given.fused(y, min(y + size, height)) for y in range(0, height, size)]
        torch.testing.assert_close(torch.cat(blocks), plain, rtol=0, atol=1e-12)


def test_pasting_equals_a_transposed_convolution() -> None:
    height, width = 4, 3
    psi = torch.randn(1, 5, 2 * height, 2 * width, generator=seeded(7), dtype=torch.float64)
    kernels = F.unfold(psi, 4, padding=1, stride=2).view(5, 4, 4, -1).permute(3, 0, 1, 2)
    weight = torch.rand(12, height, width, generator=seeded(8), dtype=torch.float64)
    plain = F.conv_transpose2d(weight[None], kernels, stride=2, padding=1)[0]
    values = psi.view(5, height, 2, width, 2).permute(2, 4, 1, 3, 0)
    queries = weight.permute(1, 2, 0).reshape(height, width, height, width)
    pasted = paste(queries, values)
    inside = pasted[:, :, 1:-1].permute(4, 2, 0, 3, 1).reshape_as(plain)
    torch.testing.assert_close(inside, plain, rtol=0, atol=1e-12)


def test_sharp_features_without_a_hole_find_themselves() -> None:
    psi = torch.zeros(1, 128, 12, 16)
    psi[0, torch.randperm(128, generator=seeded(9))[:48].repeat(4), *_cells(12, 16)] = 30
    out, maps = gla()(psi, torch.zeros(1, 1, 48, 64), maps=True)
    torch.testing.assert_close(out[..., 2:-2, 2:-2], psi[..., 2:-2, 2:-2], rtol=0, atol=1e-3)
    y, x = torch.meshgrid(torch.arange(6.0), torch.arange(8.0), indexing="ij")
    expected = torch.stack([(x + 0.5) / 8, (y + 0.5) / 6])[None]
    torch.testing.assert_close(maps["source"][:, 0, :, 1:-1, 1:-1], expected[..., 1:-1, 1:-1])
    assert maps["weight"][:, 0, 1:-1, 1:-1].min() > 0.99


def _cells(height: int, width: int) -> tuple[Tensor, Tensor]:
    cell = torch.arange(height * width)
    return cell // width, cell % width


def test_a_missing_place_is_never_the_source() -> None:
    image, hole = picture(1, 80, 96)
    with torch.inference_mode():
        maps = network()(image, hole, maps=True).maps
    assert (maps["weight"].diff(dim=1) <= 0).all()
    small = F.max_pool2d(hole[..., ::8, ::8], 3, 1, 1)[0, 0] > 0.5
    x, y = (maps["source"][0].unbind(1)[axis] for axis in (0, 1))
    missing = small[(y * 10).long(), (x * 12).long()]
    assert (maps["weight"][0][missing] == 0).all()


@pytest.mark.parametrize("strict", [False, True])
def test_the_global_attention_tells_its_largest_weights_and_whose_they_are(strict: bool) -> None:
    psi, hole = features(2, 10, 12), blotches(2, 10, 12)
    module = mpga(strict=strict)
    with torch.inference_mode():
        _, maps = module(psi, hole, maps=True)
        queries, keys = (conv(psi).flatten(2) for conv in (module.query, module.key))
    missing = hole[:, 0, ::4, ::4].flatten(1) > 0.5
    scores = (queries.transpose(1, 2) @ keys) * ~missing[:, None]
    if strict:
        scores = scores.masked_fill(missing[:, None], -torch.inf)
    weights = scores.softmax(-1) * ~missing[:, None] * missing[..., None]
    largest, index = weights.topk(4, -1)
    torch.testing.assert_close(maps["weight"].flatten(2).transpose(1, 2), largest)
    x = (maps["source"][:, :, 0] * 12).long().flatten(2)
    y = (maps["source"][:, :, 1] * 10).long().flatten(2)
    there = missing[:, None].expand_as(x)
    assert torch.equal((y * 12 + x)[there], index.transpose(1, 2)[there])


# The network around them.


@EVERY
def test_samples_of_a_batch_do_not_meet(flags: dict[str, Any]) -> None:
    image, hole = picture(2, 64, 56)
    made = network(**flags)
    with torch.inference_mode():
        both = made(image, hole).image
        alone = torch.cat([made(image[i : i + 1], hole[i : i + 1]).image for i in range(2)])
    torch.testing.assert_close(both, alone, rtol=0, atol=2e-5)


@EVERY
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_full_and_empty_holes_are_finite_forward_and_backward(
    flags: dict[str, Any], value: float
) -> None:
    image, _ = picture(1, 32, 40)
    hole = torch.full((1, 1, 32, 40), value)
    made = network(**flags).train()
    out = made(image, hole)
    assert out.image.isfinite().all()
    (out.image.sum() + out.stages[0].sum()).backward()
    for name, parameter in made.named_parameters():
        assert parameter.grad is None or parameter.grad.isfinite().all(), name


@EVERY
def test_patches_without_a_norm_have_finite_gradients(flags: dict[str, Any]) -> None:
    module = gla(released=flags["preset"] == "released", strict=flags["strict"])
    torch.nn.init.zeros_(module.window_value.bias)  # type: ignore[arg-type]
    psi = torch.zeros(2, 128, 10, 12, requires_grad=True)
    out, _ = module(psi, blotches(2, 10, 12), maps=False)
    out.square().sum().add(out.sum()).backward()
    assert not out.any()
    for name, parameter in (("psi", psi), *module.named_parameters()):
        assert parameter.grad is None or parameter.grad.isfinite().all(), name


def test_a_patch_attention_without_any_known_patch_gives_zeros() -> None:
    hole = torch.ones(1, 1, 48, 32)
    for strict in (False, True):
        assert not gla(strict=strict)(features(1, 12, 8), hole, maps=False)[0].any()


@EVERY
def test_half_precision_autocasting_stays_near_single_precision(flags: dict[str, Any]) -> None:
    image, hole = picture(1, 64, 64)
    made = network(**flags)
    with torch.inference_mode():
        single = made(image, hole).image
        with torch.autocast("cpu", torch.bfloat16):
            half = made(image, hole).image
            attended = made.coarse.attention(features(1, 16, 16).bfloat16(), hole, maps=False)[0]
    assert attended.dtype == torch.float32
    assert (single - half).abs().mean() < 0.03


def test_a_run_can_be_stopped_between_layers() -> None:
    image, hole = picture(1, 64, 64)
    beats = 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 5:
            raise Cancelled

    with torch.inference_mode(), pulsing(beat), pytest.raises(Cancelled):
        network()(image, hole)
