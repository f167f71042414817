"""PEN-Net: its attention against plain formulas and known answers, and the network around it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import Cancelled, InvalidInputError
from engine.layers import composite, pulsing
from engine.models.pennet import PennetGenerator, attention, shifts
from engine.models.pennet.attention import AttentionTransfer, shrunk
from tests.reference import pennet as oracle

if TYPE_CHECKING:
    from engine.generator import Generation

EVERY_FLAG: dict[str, str | bool] = {"cosine": True, "strict": True, "mask_resize": "nearest"}
FLAGS: tuple[dict[str, str | bool], ...] = (
    {},
    {"cosine": True},
    {"strict": True},
    EVERY_FLAG,
    {"mask_resize": "maxpool"},
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@functools.cache
def weights(variant: str) -> dict[str, Tensor]:
    """Large enough to let the signal through, unlike those that training starts from."""
    random = seeded(1)
    state: dict[str, Tensor] = {}
    for name, tensor in PennetGenerator(variant=variant).state_dict().items():
        spread = (2 / tensor[0].numel()) ** 0.5 if tensor.ndim == 4 else 0.1
        state[name] = torch.randn(tensor.shape, generator=random) * spread
    return state


def network(**flags: str | bool) -> PennetGenerator:
    """A network with random weights, a new one each time."""
    with torch.device("meta"):
        made = PennetGenerator(**flags)  # type: ignore[arg-type]
    made = made.to_empty(device="cpu")
    made.load_state_dict(weights(str(flags.get("variant", "released"))))
    return made.eval()


def picture(
    batch: int, height: int, width: int, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """An image of noise, and a hole that is another one for each sample."""
    image = torch.rand(batch, 3, height, width, generator=seeded(2), dtype=dtype) * 2 - 1
    hole = torch.zeros(batch, 1, height, width, dtype=dtype)
    for k in range(batch):
        top, left = height // 8 + 9 * k, width // 4 - 5 * k
        hole[k, :, top : top + height // 3, left : left + width // 2] = 1
    return image, hole


def maps_of(
    height: int, width: int, *, batch: int = 1, scale: float = 1.0, low: int = 4, high: int = 5
) -> tuple[Tensor, Tensor]:
    """Low and high maps of noise in double precision."""
    lows = torch.randn(batch, low, 2 * height, 2 * width, generator=seeded(3), dtype=torch.float64)
    highs = torch.randn(batch, high, height, width, generator=seeded(4), dtype=torch.float64)
    return lows, highs * scale


def attended(low: Tensor, high: Tensor, hole: Tensor, **flags: str | bool | int) -> Tensor:
    """The attention alone, the way it runs without gradients."""
    layer = AttentionTransfer(low.shape[1], refine=False, **flags)  # type: ignore[arg-type]
    with torch.no_grad():
        filled: Tensor = layer(low, high, hole).filled
    return filled


def no_hole(high: Tensor) -> Tensor:
    return high.new_zeros(len(high), 1, 4 * high.shape[-2], 4 * high.shape[-1])


def run(net: PennetGenerator, image: Tensor, hole: Tensor, *, maps: bool = False) -> Generation:
    with torch.no_grad():
        made: Generation = net(image, hole, maps=maps)
    return made


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make many blocks, which end within rows, of maps that would be one."""
    monkeypatch.setattr(shifts, "BLOCK_BYTES", 0)
    monkeypatch.setattr(shifts, "FEWEST_ROWS", 7)
    monkeypatch.setattr(attention, "rows_per_chunk", lambda *_, **__: 7)


# --- the network ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("variant", "count"), [("released", 10_231_538), ("paper", 5_507_266)])
def test_parameter_counts(variant: str, count: int) -> None:
    assert sum(p.numel() for p in PennetGenerator(variant=variant).parameters()) == count


def test_parts_have_the_released_number_of_parameters() -> None:
    net = PennetGenerator()
    parts = (net.down, net.transfer, net.up, net.heads, net.decoder)
    counts = [sum(p.numel() for p in part.parameters()) for part in parts]
    assert counts == [3_928_672, 783_840, 5_493_728, 5_967, 19_331]


@pytest.mark.parametrize(("variant", "finest", "count"), [("released", 2, 5), ("paper", 1, 6)])
def test_the_pyramid_comes_finest_first(variant: str, finest: int, count: int) -> None:
    made = run(network(variant=variant), *picture(1, 128, 64))
    sizes = [tuple(stage.shape) for stage in made.stages]
    assert sizes == [(1, 3, 128 // f, 64 // f) for f in (finest * 2**k for k in range(count))]
    assert made.image.shape == (1, 3, 128, 64)


@pytest.mark.parametrize("size", [(192, 128), (250, 250), (66, 90)])
def test_sizes_are_kept(size: tuple[int, int]) -> None:
    made = run(network(), *picture(1, *size))
    assert made.image.shape[-2:] == size
    assert made.stages[0].shape[-2:] == (size[0] // 2, size[1] // 2)


@pytest.mark.parametrize("variant", ["released", "paper"])
def test_stages_are_left_out_unless_wanted(variant: str) -> None:
    net = network(variant=variant)
    image, hole = picture(1, 64, 64)
    whole = run(net, image, hole).image
    computed: list[nn.Module] = []
    for head in net.heads:
        head.register_forward_hook(lambda head, *_: computed.append(head))
    with torch.no_grad():
        bare = net(image, hole, stages=False)
    assert bare.stages == ()
    assert torch.equal(bare.image, whole)
    assert computed == ([net.heads[0]] if variant == "paper" else [])


def test_the_papers_finest_stage_is_the_picture() -> None:
    made = run(network(variant="paper"), *picture(1, 64, 64))
    assert torch.equal(made.stages[0], made.image)


@pytest.mark.parametrize(
    ("size", "flags"),
    [
        ((64, 128), {}),
        ((128, 64), {}),
        ((64, 128), EVERY_FLAG),
        ((64, 128), {"variant": "paper"}),
        ((128, 64), {"variant": "paper", **EVERY_FLAG}),
    ],
)
def test_the_network_equals_the_plain_formulas(
    size: tuple[int, int], flags: dict[str, str | bool]
) -> None:
    net = network(**flags).double()
    image, hole = picture(1, *size, torch.float64)
    made = run(net, image, hole)
    with torch.no_grad():
        wanted, *pyramid = oracle.generate_all(net.state_dict(), image, hole, **flags)  # type: ignore[arg-type]
    assert wanted.std() > 0.1
    torch.testing.assert_close(made.image, wanted, rtol=0, atol=1e-12)
    torch.testing.assert_close(list(made.stages), pyramid, rtol=0, atol=1e-12)


def test_training_makes_the_same_picture() -> None:
    net = network().double()
    image, hole = picture(2, 64, 64, torch.float64)
    made = net.train()(image, hole).image
    torch.testing.assert_close(made.detach(), run(net, image, hole).image, rtol=0, atol=1e-12)


def test_single_precision_stays_near_double() -> None:
    image, hole = picture(1, 64, 128)
    made = run(network(), image, hole).image
    state = {name: tensor.double() for name, tensor in weights("released").items()}
    wanted = oracle.generate(state, image.double(), hole.double())
    torch.testing.assert_close(made.double(), wanted, rtol=0, atol=2e-5)


def test_samples_of_a_batch_do_not_meet() -> None:
    image, hole = picture(3, 64, 128)
    net = network()
    together = run(net, image, hole).image
    for k in range(3):
        alone = run(net, image[k : k + 1], hole[k : k + 1]).image
        torch.testing.assert_close(together[k : k + 1], alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("variant", ["released", "paper"])
def test_what_is_under_the_hole_is_never_seen(variant: str) -> None:
    image, hole = picture(1, 64, 64)
    net = network(variant=variant)
    other = torch.where(hole > 0, torch.full_like(image, float("nan")), image)
    made = run(net, image, hole).image
    assert torch.equal(made, run(net, other, hole).image)
    assert torch.equal(composite(image, hole, made)[hole.expand(-1, 3, -1, -1) == 0],
                       image[hole.expand(-1, 3, -1, -1) == 0])  # fmt: skip


def test_missing_pixels_enter_white(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network()
    entered: list[Tensor] = []
    net.down[0].register_forward_pre_hook(lambda _, inputs: entered.append(inputs[0]))
    image, hole = picture(1, 64, 64)
    run(net, image, hole)
    inside = hole[0, 0] > 0
    assert (entered[0][0, :3, inside] == 1).all()
    assert torch.equal(entered[0][0, :3, ~inside], image[0, :, ~inside])
    assert torch.equal(entered[0][:, 3:], hole)


@pytest.mark.parametrize("flags", [{}, {"variant": "paper", "strict": True}])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_no_hole_and_nothing_but_hole_are_finite(
    flags: dict[str, str | bool], value: float
) -> None:
    net = network(**flags).train()
    image, hole = picture(1, 64, 64)
    hole = torch.full_like(hole, value)
    assert run(net, image, hole).image.isfinite().all()
    made = net(image, hole)
    (made.image.sum() + sum(stage.sum() for stage in made.stages)).backward()
    assert made.image.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_gradients_reach_every_parameter() -> None:
    net = network()
    image, hole = picture(1, 64, 64)
    made = net(image, hole)
    (made.image.pow(2).sum() + sum(stage.pow(2).sum() for stage in made.stages)).backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())


def test_an_untrained_network_answers_grey() -> None:
    torch.manual_seed(0)
    made = run(PennetGenerator(), *picture(1, 64, 64)).image
    assert 0 < made.abs().max() < 2e-3


@pytest.mark.parametrize("variant", ["released", "paper"])
def test_pictures_keep_their_range(variant: str) -> None:
    net = network(variant=variant)
    with torch.no_grad():
        for head in (*net.heads, *list(net.decoder)[1:]):
            head.weight *= 100
    made = run(net, *picture(1, 64, 64))
    assert all(0.9 < part.abs().max() <= 1 for part in (made.image, *made.stages))


def test_half_precision_stays_near() -> None:
    net = network()
    image, hole = picture(1, 64, 128)
    wanted = run(net, image, hole).image
    with torch.autocast("cpu", torch.bfloat16):
        made = run(net, image, hole).image
    assert made.dtype == torch.float32
    assert made.isfinite().all()
    assert (made - wanted).abs().mean() < 0.02 < wanted.abs().mean()


@pytest.mark.parametrize("gradients", [False, True])
def test_attention_runs_in_single_precision_even_under_autocast(gradients: bool) -> None:
    low, high = (x.bfloat16() for x in maps_of(8, 8, scale=0.1))
    hole = no_hole(high)
    layer = AttentionTransfer(4, refine=False)
    with torch.set_grad_enabled(gradients), torch.autocast("cpu", torch.bfloat16):
        made = layer(low, high, hole).filled
    wanted = attended(low.double(), high.double(), hole.double())
    assert made.dtype == torch.float32
    torch.testing.assert_close(made.double(), wanted, rtol=0, atol=1e-5)


def test_a_run_can_be_stopped_inside_the_attention(small_blocks: None) -> None:
    def stop() -> None:
        raise Cancelled

    low, high = maps_of(8, 8)
    with pulsing(stop), pytest.raises(Cancelled):
        attended(low, high, no_hole(high))


@pytest.mark.parametrize("flag", ["variant", "mask_resize"])
def test_unknown_names_are_refused(flag: str) -> None:
    with pytest.raises(InvalidInputError, match=f"{flag} is 'best'; it must be one of"):
        PennetGenerator(**{flag: "best"})  # type: ignore[arg-type]


# --- the attention --------------------------------------------------------------------------------


def plain(low: Tensor, high: Tensor, hole: Tensor, **flags: str | bool | int) -> Tensor:
    return oracle.transfer({}, "", low, high, hole, **flags)  # type: ignore[arg-type]


def two_holes(height: int, width: int) -> Tensor:
    hole = torch.zeros(2, 1, 4 * height, 4 * width, dtype=torch.float64)
    hole[0, :, 4:19, 9:22] = 1
    hole[1, :, 11:, : 2 * width] = 1
    return hole


@pytest.mark.parametrize("patch", [1, 3])
@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize(
    ("size", "scale"), [((7, 11), 0.1), ((9, 6), 0.1), ((7, 11), 0.6), ((1, 1), 1), ((2, 1), 1)]
)
@pytest.mark.usefixtures("small_blocks")
def test_attention_equals_the_plain_loop(
    size: tuple[int, int],
    scale: float,
    gradients: bool,
    flags: dict[str, str | bool],
    patch: int,
) -> None:
    """With the larger scale some weights of known keys fall below the floor."""
    low, high = maps_of(*size, batch=2, scale=scale)
    hole = two_holes(*size)
    wanted = plain(low, high, hole, patch=patch, **flags)
    layer = AttentionTransfer(4, refine=False, patch=patch, **flags)  # type: ignore[arg-type]
    with torch.set_grad_enabled(gradients):
        made = layer(low, high, hole).filled
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("patch", [1, 3])
@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("again", [False, True])
@pytest.mark.usefixtures("small_blocks")
def test_gradients_equal_those_of_the_plain_loop(
    again: bool, flags: dict[str, str | bool], patch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if again:
        monkeypatch.setattr(attention, "KEPT_BYTES", 0)
    low, high = (x.requires_grad_() for x in maps_of(5, 7, batch=2, scale=0.1))
    hole = two_holes(5, 7)
    weight = torch.randn(2, 4, 10, 14, generator=seeded(5), dtype=torch.float64)
    layer = AttentionTransfer(4, refine=False, patch=patch, **flags)  # type: ignore[arg-type]
    made = torch.autograd.grad((layer(low, high, hole).filled * weight).sum(), (low, high))
    wanted = torch.autograd.grad(
        (plain(low, high, hole, patch=patch, **flags) * weight).sum(), (low, high)
    )
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-12)


def test_large_attention_is_computed_again_for_the_gradients(
    monkeypatch: pytest.MonkeyPatch, small_blocks: None
) -> None:
    """Only what enters a block is kept, not the weights of all blocks."""

    def kept() -> int:
        sizes: list[int] = []

        def pack(x: Tensor) -> Tensor:
            sizes.append(x.numel())
            return x

        low, high = (x.requires_grad_() for x in maps_of(8, 8))
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
            AttentionTransfer(4, refine=False)(low, high, no_hole(high))
        return sum(size == 7 * 64 for size in sizes)

    assert kept() >= 2 * 9
    monkeypatch.setattr(attention, "KEPT_BYTES", 0)
    assert kept() == 0


def test_refinement_is_four_dilated_convolutions() -> None:
    layer = AttentionTransfer(8).double()
    low, high = maps_of(6, 9, batch=2, low=8)
    hole = two_holes(6, 9)
    state = {f"x.{name}": tensor for name, tensor in layer.state_dict().items()}
    with torch.no_grad():
        made = layer(low, high, hole).filled
        wanted = oracle.transfer(state, "x", low, high, hole)
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("mask_resize", ["bilinear", "maxpool"])
def test_what_the_hole_touched_is_never_copied(mask_resize: str) -> None:
    low, high = maps_of(16, 16, scale=0.1)
    hole = no_hole(high)
    hole[..., 20:44, 12:36] = 1
    touched = F.max_pool2d(hole, 2)
    other = low + 3 * touched * torch.randn(low.shape, generator=seeded(6), dtype=low.dtype)
    made = [attended(x, high, hole, mask_resize=mask_resize) for x in (low, other)]
    torch.testing.assert_close(*made, rtol=0, atol=1e-5)
    assert made[0].std() > 0.1


def test_a_thin_line_is_missed_unless_the_mask_is_pooled() -> None:
    hole = torch.zeros(1, 1, 64, 64)
    hole[..., 34, :] = 1
    found = {how: bool(shrunk(hole, 8, 8, how).any()) for how in ("nearest", "bilinear", "maxpool")}
    assert found == {"nearest": False, "bilinear": False, "maxpool": True}


def test_sharp_features_retrieve_themselves() -> None:
    low, high = maps_of(9, 12, scale=20.0, high=16)
    made = attended(low, high, no_hole(high))
    wanted = low.clone()
    for border in (0, -1):
        wanted[..., border, :] /= 2
        wanted[..., border] /= 2
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-5)


def test_blank_features_average_everything() -> None:
    low, high = torch.ones(1, 2, 32, 32), torch.zeros(1, 3, 16, 16)
    made = attended(low, high, no_hole(high))[..., 1:-1, 1:-1]
    torch.testing.assert_close(made, torch.full_like(made, (31 / 32) ** 2), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("strict", "wanted"), [(False, 36 / 144), (True, 1.0)])
def test_missing_keys_keep_their_place_in_the_sum_unless_strict(
    strict: bool, wanted: float
) -> None:
    """All but the inner 6x6 of 12x12 keys are missing; no window of those reaches the border."""
    low, high = torch.ones(1, 2, 24, 24), torch.zeros(1, 3, 12, 12)
    hole = torch.ones(1, 1, 48, 48)
    hole[..., 8:40, 8:40] = 0  # 8x8 cells, which are 6x6 windows of 3x3
    made = attended(low, high, hole, strict=strict, mask_resize="nearest")[..., 1:-1, 1:-1]
    torch.testing.assert_close(made, torch.full_like(made, wanted), rtol=0, atol=1e-5)


def test_with_nothing_known_only_the_floor_is_left() -> None:
    low, high = maps_of(6, 6)
    low = torch.full_like(low, 1e6)
    hole = torch.ones_like(no_hole(high))
    made = attended(low, high, hole)
    # Of 6 * 6 windows those in the first row and column have one row and column outside.
    sums = torch.tensor([5.0, 6.0, 6.0, 5.0], dtype=low.dtype)  # of the window's rows 0..3
    pairs = torch.stack([sums[1] + sums[3], sums[0] + sums[2]])  # even and odd output rows
    wanted = 1e-8 * 1e6 / 4 * pairs[:, None] * pairs
    torch.testing.assert_close(made[0, 0, 2:-2, 2:-2], wanted.repeat(4, 4), rtol=1e-12, atol=0)
    assert attended(low, high, hole, strict=True).abs().max() == 0


@pytest.mark.parametrize("cosine", [False, True])
def test_the_norm_of_queries_is_their_temperature_unless_cosine(cosine: bool) -> None:
    low, high = maps_of(8, 8, scale=0.05)
    made = [attended(low, factor * high, no_hole(high), cosine=cosine) for factor in (1, 3)]
    difference = (made[0] - made[1]).abs().max()
    assert difference < 1e-9 if cosine else difference > 0.1


def test_attention_is_linear_in_what_it_copies() -> None:
    low, high = maps_of(8, 8, scale=0.05)
    made = [attended(factor * low, high, no_hole(high)) for factor in (1, 2)]
    torch.testing.assert_close(2 * made[0], made[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("axis", [-1, -2])
def test_attention_commutes_with_flips(axis: int) -> None:
    low, high = maps_of(7, 10, batch=2, scale=0.1)
    hole = two_holes(7, 10)
    made = attended(low, high, hole).flip(axis)
    mirrored = attended(low.flip(axis), high.flip(axis), hole.flip(axis))
    torch.testing.assert_close(made, mirrored, rtol=0, atol=1e-9)


# --- the maps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("variant", "factor"), [("released", 4), ("paper", 2)])
def test_maps_are_those_of_every_attention(variant: str, factor: int) -> None:
    net = network(variant=variant)
    image, hole = picture(1, 64, 128)
    made = run(net, image, hole, maps=True)
    for level in range(len(net.transfer)):
        suffix, cell = f".{level}" if level else "", factor * 2**level
        sources = min(4, 64 * 128 // cell**2)
        size = 64 // cell, 128 // cell
        assert made.maps[f"source{suffix}"].shape == (1, sources, 2, *size)
        assert made.maps[f"weight{suffix}"].shape == (1, sources, *size)
    assert len(made.maps) == 2 * len(net.transfer)
    without = run(net, image, hole)
    assert without.maps == {}
    assert torch.equal(made.image, without.image)


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.usefixtures("small_blocks")
def test_the_source_of_sharp_features_is_their_own_place(gradients: bool) -> None:
    low, high = maps_of(6, 9, scale=20.0, high=16)
    with torch.set_grad_enabled(gradients):
        made = AttentionTransfer(4, refine=False)(low, high, no_hole(high), maps=True)
    assert made.source is not None
    assert made.weight is not None
    x = ((torch.arange(9) + 0.5) / 9).expand(6, 9)
    y = ((torch.arange(6) + 0.5) / 6)[:, None].expand(6, 9)
    wanted = torch.stack([x, y])[None].double()
    torch.testing.assert_close(made.source[:, 0], wanted, rtol=0, atol=1e-6)
    torch.testing.assert_close(
        made.weight[:, :1], torch.ones(1, 1, 6, 9).double(), rtol=0, atol=1e-5
    )


@pytest.mark.usefixtures("small_blocks")
def test_nothing_is_borrowed_from_the_hole() -> None:
    low, high = maps_of(7, 11, batch=2, scale=0.1)
    hole = two_holes(7, 11)
    layer = AttentionTransfer(4, refine=False, mask_resize="maxpool")
    with torch.no_grad():
        fast = layer(low, high, hole, maps=True)
    slow = layer(low, high, hole, maps=True)
    torch.testing.assert_close(fast.source, slow.source, rtol=0, atol=1e-12)
    torch.testing.assert_close(fast.weight, slow.weight, rtol=0, atol=1e-12)
    x = (fast.source[:, 0, 0] * 11).long()
    y = (fast.source[:, 0, 1] * 7).long()
    cells = F.max_pool2d(hole, 4)[:, 0]
    for k in range(2):
        assert (cells[k][y[k], x[k]] == 0).all()


def test_every_layer_is_a_convolution_with_a_bias() -> None:
    layers = [m for m in PennetGenerator().modules() if isinstance(m, nn.Conv2d)]
    assert len(layers) == 34
    assert all(layer.bias is not None and not layer.bias.any() for layer in layers)
