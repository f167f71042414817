"""Known checkpoints: the real converters and networks, files with the official names."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

import pytest
import torch

from engine import networks, registry, weights
from engine.errors import WeightsError
from engine.jobs import finish
from engine.official import RELEASES
from engine.official.gla import _NAMES as GLA
from engine.official.importing import import_checkpoint
from engine.official.pennet import LAYERS

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from engine.official.importing import Imported

State = dict[str, "Tensor"]

ICONV = (
    (r"^from_rgb\.", "from_rgb.0."),
    (r"^((?:en|de)coder)\.(\d+)\.0\.", r"\1.basic_block\2.layers.0."),
    (r"^((?:en|de)coder)\.(\d+)\.1\.", r"\1.basic_block\2.layers.3."),
    (r"\.impute\.", ".expected_value_updater.input_updater."),
    (r"\.certainty$", ".mask_updater.weight"),
    (r"^skips\.(\d+)", r"decoder.skip_connection\1"),
    (r"^pose\.0", "decoder.pose_fcnn.pose_preprocessor.1"),
    (r"^pose\.1", "decoder.pose_fcnn.pose_preprocessor.3"),
    (r"^heads\.", "rgb_convolutions."),
)
"""From our names to theirs."""


def ours(backend_id: str) -> State:
    spec = registry.get(backend_id)
    state = networks.built(spec, {}, seed=4).state_dict()
    generator = torch.Generator().manual_seed(5)
    for name, tensor in state.items():
        if name.endswith("bias"):  # many start at 0, where a mix-up would not be seen
            state[name] = torch.rand(tensor.shape, generator=generator) - 0.5
    return state


def iconv(state: State) -> dict[str, object]:
    renamed = {}
    for name, tensor in state.items():
        for pattern, theirs in ICONV:
            name = re.sub(pattern, theirs, name)  # noqa: PLW2901 - one rule after the other
        renamed[name] = tensor
    last = {name: torch.zeros_like(tensor) for name, tensor in renamed.items()}
    return {"running_average_generator": renamed, "G": last, "global_step": 20_000_000}


def pennet(state: State) -> dict[str, object]:
    layers = {layer: theirs for theirs, layer in LAYERS.items()}
    parts = (name.rpartition(".") for name in state)
    return {"netG": {f"{layers[a]}.{b}": state[f"{a}.{b}"] for a, _, b in parts}}


def gla(state: State) -> dict[str, object]:
    return {theirs: state[name] for theirs, name in GLA.items()}


OFFICIAL = {"gla": gla, "pennet": pennet, "iconv-small": iconv, "iconv-face": iconv}


def imported(path: Path, held: object, backend_id: str) -> Imported:
    torch.save(held, path)
    spec = registry.get(backend_id)
    return finish(import_checkpoint(path, spec, path.with_name("out.safetensors")))


@pytest.mark.parametrize("backend_id", OFFICIAL)
def test_an_official_checkpoint_becomes_weights_of_its_backend(
    tmp_path: Path, backend_id: str
) -> None:
    state = ours(backend_id)
    done = imported(tmp_path / "gen.pth", OFFICIAL[backend_id](state), backend_id)
    spec = registry.get(backend_id)
    assert done.parameters == spec.parameters
    network = weights.load(spec, done.file)
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())


def test_imported_attention_sees_masks_as_its_training_did(tmp_path: Path) -> None:
    card = imported(tmp_path / "gen.pt", gla(ours("gla")), "gla").file.card
    assert card.configuration["preset"] == "released"
    assert "NC" in card.licence


def test_imported_iconv_pools_as_its_training_did(tmp_path: Path) -> None:
    card = imported(tmp_path / "gen.pth", iconv(ours("iconv-small")), "iconv-small").file.card
    assert card.configuration["pool"] == "plain"
    assert card.ema


@pytest.mark.parametrize(
    ("held", "asked", "reason"),
    [
        ("iconv-small", "iconv", "it has base 128, where iconv has 256"),
        (
            "iconv-small",
            "iconv-face",
            "it has side 256, where iconv-face has 128 and it has keypoints 0",
        ),
        ("iconv-face", "iconv-small", "it has keypoints 7, where iconv-small has 0"),
    ],
)
def test_a_checkpoint_of_another_size_is_sent_to_its_backend(
    tmp_path: Path, held: str, asked: str, reason: str
) -> None:
    with pytest.raises(WeightsError) as caught:
        imported(tmp_path / "gen.pth", iconv(ours(held)), asked)
    assert reason in str(caught.value)
    assert str(caught.value).endswith(f"; import it as {held}.")


@pytest.mark.parametrize("backend_id", RELEASES)
def test_every_release_has_its_backend_and_converter(backend_id: str) -> None:
    assert registry.get(backend_id).network
    assert callable(importlib.import_module(RELEASES[backend_id].converter).convert)
