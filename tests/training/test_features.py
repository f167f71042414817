"""VGG16's features: layers, colours, and files of weights that are not what they seem."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from engine import resources
from engine.errors import InvalidInputError, WeightsError
from engine.generator import Generation
from training import features as module
from training.batch import Batch
from training.features import FILE, Vgg16, features, loaded, random
from training.losses import LOSSES
from training.recipes import recipe

if TYPE_CHECKING:
    from pathlib import Path

    from training.config import TrainingConfig


def config(choice: str, seed: int = 0) -> TrainingConfig:
    return msgspec.structs.replace(recipe("regionwise"), features=choice, seed=seed)


@pytest.fixture(scope="module")
def network() -> Vgg16:
    return random(7)


@pytest.fixture
def state(network: Vgg16) -> dict[str, Tensor]:
    """As torchvision's file has it: more than is needed."""
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    state["features.17.weight"] = torch.zeros(2)
    state["classifier.0.weight"] = torch.full((3,), torch.nan)
    return state


def picture(height: int, width: int, batch: int = 1) -> Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(2)) * 2 - 1


def published(folder: Path, state: dict[str, Tensor], name: str = "vgg16_features-{}.pth") -> Path:
    """Saved under a name with the start of its own sha256, as torchvision publishes files."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "draft"
    torch.save(state, draft)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()[:8]
    return draft.rename(folder / name.format(digest))


# --- the network ---------------------------------------------------------------------------------


def test_the_poolings_are_layers_4_9_and_16(network: Vgg16) -> None:
    poolings = [n for n, layer in enumerate(network.features) if isinstance(layer, nn.MaxPool2d)]
    assert poolings == [4, 9, 16]
    convolutions = [n for n, layer in enumerate(network.features) if isinstance(layer, nn.Conv2d)]
    assert convolutions == [0, 2, 5, 7, 10, 12, 14]


@pytest.mark.parametrize("size", [(224, 224), (64, 96), (256, 256)])
def test_features_have_one_size_whatever_the_pictures(
    network: Vgg16, size: tuple[int, int]
) -> None:
    shapes = [tuple(each.shape) for each in network(picture(*size))]
    assert shapes == [(1, 64, 112, 112), (1, 128, 56, 56), (1, 256, 28, 28)]


def test_features_are_those_of_the_layers_in_a_row(network: Vgg16) -> None:
    x = network.prepared(picture(40, 40))
    state = network.state_dict()
    expected = []
    for block in ((0, 2), (5, 7), (10, 12, 14)):
        for n in block:
            weight, bias = (state[f"features.{n}.{kind}"] for kind in ("weight", "bias"))
            x = F.conv2d(x, weight, bias, padding=1).relu()
        x = F.max_pool2d(x, 2)
        expected.append(x)
    for made, wanted in zip(network(picture(40, 40)), expected, strict=True):
        torch.testing.assert_close(made, wanted, rtol=1e-4, atol=1e-3)


def test_middle_grey_is_what_the_original_weights_expect(network: Vgg16) -> None:
    grey = network.prepared(torch.zeros(1, 3, 50, 70))
    assert grey.shape == (1, 3, 224, 224)
    original = torch.tensor([127.5 - 123.68, 127.5 - 116.779, 127.5 - 103.939])  # red first
    assert (grey.mean((0, 2, 3)) - original).abs().max() < 0.7
    exact = (0.5 - torch.tensor([0.48235, 0.45882, 0.40784])) * 255
    torch.testing.assert_close(grey[0, :, 3, 4], exact)


def test_colours_span_256_values(network: Vgg16) -> None:
    span = network.prepared(torch.ones(1, 3, 8, 8)) - network.prepared(-torch.ones(1, 3, 8, 8))
    torch.testing.assert_close(span, torch.full_like(span, 255))


def test_pictures_are_resized_linearly(network: Vgg16) -> None:
    ramp = torch.linspace(-1, 1, 448).expand(1, 3, 448, 448)
    halves = (ramp[..., ::2] + ramp[..., 1::2]) / 2
    expected = network.prepared(halves[..., ::2, :].contiguous())
    torch.testing.assert_close(network.prepared(ramp), expected, atol=1e-3, rtol=0)


def test_a_picture_of_the_right_size_is_not_touched(network: Vgg16) -> None:
    image = picture(224, 224)
    back = network.prepared(image) / 127.5 + 2 * network.mean - 1
    torch.testing.assert_close(back, image)


def test_the_network_is_frozen_and_lets_gradients_through(network: Vgg16) -> None:
    assert not any(part.requires_grad for part in network.parameters())
    assert not network.training
    image = picture(32, 32).requires_grad_()
    network(image)[2].sum().backward()
    assert image.grad is not None
    assert image.grad.any()


def test_gradients_through_the_preparation_are_right(network: Vgg16) -> None:
    image = picture(3, 4).double().requires_grad_()
    twin = Vgg16().double()
    assert torch.autograd.gradcheck(twin.prepared, (image,), fast_mode=True)


def test_half_precision_keeps_the_colours_exact(network: Vgg16) -> None:
    half = picture(32, 32).bfloat16()
    exact = network.prepared(half.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(network.prepared(half), exact)


# --- random weights ------------------------------------------------------------------------------


def test_random_features_are_the_same_for_the_same_seed() -> None:
    state = torch.random.get_rng_state()
    first, again, other = (features(config("random", seed)) for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), state)
    image = picture(32, 32)
    assert torch.equal(first(image)[2], again(image)[2])
    assert not torch.equal(first(image)[2], other(image)[2])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_with_random_features_the_papers_weights_make_a_few_per_cent(seed: int) -> None:
    """Against a picture that is learned but for its hole, which is filled with a blur."""
    with Image.open(resources.samples()[0][0]) as photo:
        pixels = np.asarray(photo.convert("RGB").resize((256, 256)), np.float32)
    real = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1
    hole = torch.zeros(1, 1, 256, 256)
    hole[..., 64:192, 64:192] = 1
    blurred = F.avg_pool2d(real, 31, 1, 15, count_include_pad=False)
    softened = F.avg_pool2d(real, 5, 1, 2, count_include_pad=False)
    made = torch.where(hole > 0, blurred, softened)
    given = config("random", seed)
    batch = Batch(real, hole, Generation(made, (made,)), features=features(given))
    total = {
        name: weight * LOSSES[name].function(batch).item() for name, weight in given.losses.items()
    }
    for name in ("correlation", "style"):
        assert 0.005 < total[name] / total["reconstruction"] < 0.2


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["features.", ""])
def test_both_kinds_of_names_are_understood(
    network: Vgg16, state: dict[str, Tensor], tmp_path: Path, prefix: str
) -> None:
    renamed = {name.replace("features.", prefix): value for name, value in state.items()}
    made = features(config(str(published(tmp_path, renamed))))
    assert torch.equal(made(picture(32, 32))[2], network(picture(32, 32))[2])
    assert not any(part.requires_grad for part in made.parameters())


def test_a_safetensors_file_will_do(
    network: Vgg16, state: dict[str, Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "vgg.safetensors"
    save_file(state, path)
    assert torch.equal(loaded(path)(picture(32, 32))[1], network(picture(32, 32))[1])


def test_the_cache_of_torch_hub_is_looked_into(
    network: Vgg16, state: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = published(tmp_path / "hub" / "checkpoints", state)
    monkeypatch.setattr(module, "FILE", path.name)
    made = features(config("auto"))
    assert torch.equal(made(picture(32, 32))[0], network(picture(32, 32))[0])


def test_without_weights_the_message_names_the_file_and_the_way_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InvalidInputError) as caught:
        features(config("auto"))
    message = str(caught.value)
    assert str(tmp_path / "hub" / "checkpoints" / FILE) in message
    assert "by hand" in message
    assert "features=random" in message
    assert not list(tmp_path.iterdir())


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"nowhere\.pth” does not exist.*features=random"):
        features(config(str(tmp_path / "nowhere.pth")))


def test_a_file_that_is_not_what_its_name_says_is_refused(
    state: dict[str, Tensor], tmp_path: Path
) -> None:
    path = published(tmp_path, state)
    digest = path.stem[-8:]
    wrong = path.rename(tmp_path / FILE)
    with pytest.raises(WeightsError, match=f"begins with {digest}, not 88682ab5"):
        loaded(wrong)


@pytest.mark.parametrize("name", ["vgg16-{}.pth", "mine.pth"])
def test_weights_for_variance_1_are_refused_under_any_name(
    state: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = published(tmp_path, state, name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    monkeypatch.setattr(module, "UNIT_VARIANCE", digest)
    with pytest.raises(WeightsError, match=r"losses would vanish .*vgg16_features-amdegroot"):
        loaded(path)


def test_another_network_is_refused(state: dict[str, Tensor], tmp_path: Path) -> None:
    state["features.5.weight"] = torch.zeros(64, 64, 3, 3)
    with pytest.raises(WeightsError, match=r"features\.5\.weight should be \(128, 64, 3, 3\)"):
        loaded(published(tmp_path, state))
    del state["features.5.weight"]
    with pytest.raises(WeightsError, match=r"features\.5\.weight .* is missing"):
        loaded(published(tmp_path, state))


@pytest.mark.parametrize("name", ["cut.pth", "cut.safetensors"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(WeightsError, match="cut"):
        loaded(path)


def test_a_file_that_could_run_a_program_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "vgg.pth"
    torch.save({"features.0.weight": nn.Conv2d(3, 64, 3)}, path)
    with pytest.raises(WeightsError, match="could run a program"):
        loaded(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        features(config(str(tmp_path)))
