"""What holds for every generator, whatever its paper says."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.errors import InvalidInputError
from engine.layers import SHOWN_SOURCES, composite

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from engine.backend import Options
    from engine.generator import Generation, Generator


@dataclass(frozen=True)
class Model:
    """A network and what is known of it.

    Attributes:
        half: bound on how far bfloat16 takes the picture, as a mean over its pixels and in
            standard deviations of the picture: twice the largest of what three seeds gave.
    """

    id: str
    network: str
    parameters: int
    half: float
    configuration: Options = field(default_factory=dict)
    maps: tuple[str, ...] = ("source", "weight")


PEPSI = "engine.models.pepsi:PepsiGenerator"
GLA = "engine.models.gla:GlaGenerator"
PENNET = "engine.models.pennet:PennetGenerator"
ICONV = "engine.models.iconv:IconvGenerator"
TRUST = ("certainty", "gate")
FACE = {"side": 128, "base": 128, "keypoints": 7}

MODELS = (
    Model("pepsi", PEPSI, 3_524_019, 0.022),
    Model("diet-pepsi", PEPSI, 2_542_003, 0.029, {"diet": True}),
    Model("diet-pepsi-g2", PEPSI, 1_853_875, 0.033, {"diet": True, "groups": 2}),
    Model("diet-pepsi-g4", PEPSI, 1_509_811, 0.022, {"diet": True, "groups": 4}),
    Model("gla", GLA, 4_368_553, 0.016),
    Model("gla-released", GLA, 4_368_553, 0.034, {"preset": "released"}),
    Model("regionwise", "engine.models.regionwise:RegionwiseGenerator", 4_706_054, 0.0075, maps=()),
    Model("pennet", PENNET, 10_231_538, 0.0145),
    Model("pennet-paper", PENNET, 5_507_266, 0.009, {"variant": "paper"}),
    Model("iconv", ICONV, 11_528_427, 0.022, {"base": 256}, TRUST),
    Model("iconv-small", ICONV, 2_974_587, 0.023, {"base": 128}, TRUST),
    Model("iconv-face", ICONV, 3_053_330, 0.019, FACE, TRUST),
)

SIZE = (50, 70)
"""A size that every network must pad, or enlarge."""


def built(model: Model, seed: int = 7) -> Generator:
    """The network with weights under which no layer is near zero or clips everything."""
    torch.manual_seed(seed)
    module, name = model.network.split(":")
    network: Generator = getattr(import_module(module), name)(**model.configuration)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                layer.weight.normal_(0, (1.3 / layer.weight[0].numel()) ** 0.5)
    return network.eval()


@pytest.fixture(scope="module", params=MODELS, ids=lambda model: model.id)
def model(request: pytest.FixtureRequest) -> Model:
    made: Model = request.param
    return made


@pytest.fixture(scope="module")
def network(model: Model) -> Generator:
    return built(model)


def picture(height: int, width: int, batch: int = 1) -> tuple[Tensor, Tensor]:
    """Noise, and holes of which no two are alike, one of them at the border."""
    source = torch.Generator().manual_seed(height + width)
    image = torch.rand(batch, 3, height, width, generator=source) * 2 - 1
    hole = torch.zeros(batch, 1, height, width)
    hole[0, :, height // 3 : height // 2, width // 4 : width * 3 // 4] = 1
    for index in range(1, batch):
        hole[index, :, -height // (2 + index) :, : width // 3] = 1
    return image, hole


def generated(network: Generator, image: Tensor, hole: Tensor, **wishes: bool) -> Generation:
    with torch.inference_mode():
        made: Generation = network(image, hole, **{"stages": False, **wishes})
    return made


def assert_near(made: Tensor, expected: Tensor, share: float = 1e-5) -> None:
    """Equal up to that share of the largest value."""
    torch.testing.assert_close(made, expected, rtol=0, atol=share * expected.abs().max().item())


def test_the_number_of_parameters_is_the_papers(model: Model, network: Generator) -> None:
    assert sum(parameter.numel() for parameter in network.parameters()) == model.parameters


@pytest.mark.parametrize("size", [(64, 64), (100, 140), (136, 136), (65, 97)])
def test_any_size_comes_back_filled(network: Generator, size: tuple[int, int]) -> None:
    made = generated(network, *picture(*size)).image
    assert made.shape == (1, 3, *size)
    assert made.isfinite().all()
    assert made.std() > 0.02


def test_a_batch_gives_what_each_picture_gives_alone(network: Generator) -> None:
    image, hole = picture(*SIZE, batch=3)
    together = generated(network, image, hole, stages=True)
    for index in range(3):
        one = slice(index, index + 1)
        alone = generated(network, image[one], hole[one], stages=True)
        assert_near(together.image[one], alone.image)
        for ours, theirs in zip(together.stages, alone.stages, strict=True):
            assert_near(ours[one], theirs)


def test_what_lies_under_the_hole_is_never_seen(network: Generator) -> None:
    image, hole = picture(*SIZE, batch=2)
    expected = generated(network, image, hole).image
    kinds = torch.tensor([torch.nan, torch.inf, -torch.inf, 1e30, 0.3])
    garbage = kinds[torch.arange(image.numel()) % 5].view_as(image)
    spoilt = torch.where(hole > 0.5, garbage, image)
    assert torch.equal(generated(network, spoilt, hole).image, expected)


def test_what_lies_around_the_hole_is_seen(network: Generator) -> None:
    image, hole = picture(*SIZE)
    missing = hole.bool().expand_as(image)
    before = generated(network, image, hole).image
    after = generated(network, torch.where(missing, image, -image), hole).image
    assert (after - before)[missing].abs().mean() > 0.02 * before.std()


def test_the_extent_of_the_hole_is_seen(network: Generator) -> None:
    image, hole = picture(*SIZE)
    before = generated(network, image, hole).image
    after = generated(network, image, 1 - hole).image
    assert (after - before).abs().mean() > 0.1 * before.std()


@pytest.mark.parametrize("missing", [0.0, 1.0])
def test_a_mask_of_one_kind_leaves_picture_and_gradients_finite(
    model: Model, network: Generator, missing: float
) -> None:
    image, hole = picture(64, 64)
    hole.fill_(missing)
    if missing:
        image.fill_(torch.nan)
    assert generated(network, image, hole).image.isfinite().all()
    network.train()
    try:
        made = network(image, hole)
        wanted = list(network.parameters())
        loss = torch.stack([(part - 0.3).square().mean() for part in (made.image, *made.stages)])
        gradients = torch.autograd.grad(loss.sum(), wanted, allow_unused=True)
    finally:
        network.eval()
    given = [gradient for gradient in gradients if gradient is not None]
    assert len(given) > 0.8 * len(wanted)
    assert all(gradient.isfinite().all() for gradient in given)
    assert any(gradient.abs().max() > 0 for gradient in given)


def test_training_computes_the_same_picture(network: Generator) -> None:
    image, hole = picture(*SIZE, batch=2)
    expected = generated(network, image, hole).image
    network.train()
    try:
        made = network(image, hole)
    finally:
        network.eval()
    assert_near(made.image.detach(), expected)


def test_the_same_input_gives_the_same_bytes(network: Generator) -> None:
    image, hole = picture(64, 64, batch=2)
    given = image.clone(), hole.clone()
    first = generated(network, image, hole).image
    assert torch.equal(generated(network, image, hole).image, first)
    assert torch.equal(image, given[0])
    assert torch.equal(hole, given[1])


def test_known_pixels_keep_their_bits(network: Generator) -> None:
    image, hole = picture(*SIZE, batch=2)
    made = generated(network, image, hole).image
    result = composite(image, hole, made)
    missing = hole.bool().expand_as(image)
    assert torch.equal(result[~missing], image[~missing])
    assert torch.equal(result[missing], made[missing])


def test_stages_do_not_change_the_picture(network: Generator) -> None:
    image, hole = picture(*SIZE)
    without = generated(network, image, hole)
    assert without.stages == ()
    assert_near(generated(network, image, hole, stages=True).image, without.image)


def test_maps_do_not_change_the_picture(model: Model, network: Generator) -> None:
    image, hole = picture(*SIZE, batch=2)
    without = generated(network, image, hole)
    made = generated(network, image, hole, maps=True)
    assert not without.maps
    assert_near(made.image, without.image)
    assert {name.partition(".")[0] for name in made.maps} == set(model.maps)
    assert_maps(made.maps, batch=2)


def assert_maps(maps: Mapping[str, Tensor], *, batch: int) -> None:
    for name, shown in maps.items():
        kind, _, level = name.partition(".")
        count = shown.shape[1]
        assert 1 <= count <= (SHOWN_SOURCES if kind in ("source", "weight") else 1), name
        assert shown.shape[:-2] == ((batch, count, 2) if kind == "source" else (batch, count)), name
        assert shown.min() >= 0, name
        assert shown.max() <= 1, name
        if not level:
            assert min(shown.shape[-2:]) > 1, name
            assert shown.std() > 0, name


def test_a_hole_of_booleans_is_as_good(network: Generator) -> None:
    image, hole = picture(*SIZE)
    expected = generated(network, image, hole).image
    assert torch.equal(generated(network, image, hole.bool()).image, expected)


@pytest.mark.parametrize(
    ("image", "hole"),
    [
        ((3, 64, 64), (1, 64, 64)),
        ((2, 4, 64, 64), (2, 1, 64, 64)),
        ((2, 3, 64, 64), (1, 1, 64, 64)),
        ((2, 3, 64, 64), (2, 3, 64, 64)),
        ((2, 3, 64, 64), (2, 64, 64)),
        ((2, 3, 64, 64), (2, 1, 64, 72)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(
    network: Generator, image: tuple[int, ...], hole: tuple[int, ...]
) -> None:
    with pytest.raises(InvalidInputError, match="it must be"):
        network(torch.zeros(image), torch.zeros(hole))


def test_half_precision_stays_near(model: Model, network: Generator) -> None:
    image, hole = picture(*SIZE, batch=2)
    expected = generated(network, image, hole).image
    with torch.autocast("cpu", torch.bfloat16):
        made = generated(network, image, hole, stages=True)
    assert all(part.isfinite().all() for part in (made.image, *made.stages))
    assert (made.image - expected).abs().mean() < model.half * expected.std()


def test_weights_from_a_file_take_the_place_of_those_used_before(
    model: Model, network: Generator, tmp_path: Path
) -> None:
    image, hole = picture(*SIZE)
    expected = generated(network, image, hole).image
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    other = built(model, seed=8)
    assert not torch.equal(generated(other, image, hole).image, expected)
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert torch.equal(generated(other, image, hole).image, expected)
