"""Files with exactly the names and shapes of the released generator, and what comes of them."""

from __future__ import annotations

import functools

import pytest
import torch
from torch import Tensor

from engine.errors import InvalidInputError
from engine.models.gla import GlaGenerator
from engine.official.gla import convert
from tests.reference import gla as oracle

State = dict[str, Tensor]

# Their layers in the order of the oracle's; then the shape of each one's weight.
REGULAR = {
    "conv1": (32, 5, 5, 5),
    "conv2_downsample": (32, 32, 3, 3),
    "conv3": (64, 32, 3, 3),
    "conv4_downsample": (64, 64, 3, 3),
    "conv5": (128, 64, 3, 3),
    "conv6": (128, 128, 3, 3),
    **{f"conv{number}_atrous": (128, 128, 3, 3) for number in (7, 8, 9, 10)},
}
ATTENTIVE = {
    "pmconv1": (32, 5, 5, 5),
    "pmconv2_downsample": (32, 32, 3, 3),
    "pmconv3": (64, 32, 3, 3),
    "pmconv4_downsample": (128, 64, 3, 3),
    "pmconv5": (128, 128, 3, 3),
    "pmconv6": (128, 128, 3, 3),
}
AFTER = {"pmconv9": (128, 128, 3, 3), "pmconv10": (128, 128, 3, 3)}
DECODER = {
    "allconv11": (128, 256, 3, 3),
    "allconv12": (128, 128, 3, 3),
    "allconv13": (64, 128, 3, 3),
    "allconv14": (64, 64, 3, 3),
    "allconv15": (32, 64, 3, 3),
    "allconv16": (16, 32, 3, 3),
    "allconv17": (3, 16, 3, 3),
}
LAYERS = {"regular": REGULAR, "attentive": ATTENTIVE, "after": AFTER, "decoder": DECODER}
PROJECTIONS = {"query": (16, 128, 1, 1), "key": (16, 128, 1, 1), "value": (128, 128, 1, 1)}
GAMMA = "coarse_generator.contextul_attention.gamma"
BETAS = ("fine_generator.contextul_attention.beta", "fine_generator.contextul_attention.beta_2")


@functools.cache
def _drawn() -> tuple[tuple[str, str, Tensor], ...]:
    """Their name, the oracle's name and a tensor, for all that `gen.pt` holds."""
    random = torch.Generator().manual_seed(0)
    rows: list[tuple[str, str, Tensor]] = []

    def add(theirs: str, ours: str, shape: tuple[int, ...]) -> None:
        weight = torch.randn(shape, generator=random) / (shape[1] * shape[2] * shape[3]) ** 0.5
        rows.append((f"{theirs}.weight", f"{ours}.weight", weight))
        bias = torch.randn(shape[0], generator=random) / 10
        rows.append((f"{theirs}.bias", f"{ours}.bias", bias))

    for stage in ("coarse", "fine"):
        for part, layers in LAYERS.items():
            for index, (name, shape) in enumerate(layers.items()):
                add(f"{stage}_generator.{name}.conv", f"{stage}.{part}.{index}", shape)
        theirs, ours = f"{stage}_generator.contextul_attention", f"{stage}.attention"
        for kind, shape in PROJECTIONS.items():
            add(f"{theirs}.{kind}_conv", f"{ours}.{kind}", shape)
            if stage == "fine":
                add(f"{theirs}.{kind}_conv_p", f"{ours}.window_{kind}", shape)
        for scalar in ("gamma",) if stage == "coarse" else ("beta", "beta_2"):
            value = 1 + torch.rand(1, generator=random)
            rows.append((f"{theirs}.{scalar}", f"{ours}.{scalar}", value))
    return tuple(rows)


def official() -> State:
    return {theirs: tensor.clone() for theirs, _, tensor in _drawn()}


def oracle_state() -> State:
    return {ours: tensor for _, ours, tensor in _drawn()}


def test_the_synthetic_file_has_the_released_number_of_tensors() -> None:
    state = official()
    assert len(state) == 121
    assert sum(tensor.numel() for tensor in state.values()) == 4_368_553


def test_every_tensor_arrives_under_its_name() -> None:
    converted = convert(official())
    assert converted.configuration == {"preset": "released"}
    assert converted.notes == ()
    expected = oracle_state()
    assert converted.state.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(converted.state[name], tensor), name


def test_a_converted_network_does_what_the_released_formulas_say() -> None:
    converted = convert(official())
    network = GlaGenerator(**converted.configuration).eval()  # type: ignore[arg-type]
    network.load_state_dict(converted.state, strict=True)
    image = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    hole = torch.zeros(1, 1, 48, 64)
    hole[..., 10:30, 20:50] = 1
    with torch.inference_mode():
        made = network(image, hole).image
        plain = oracle.generate(oracle_state(), image, hole, preset="released")
    assert plain.std() > 0.03
    torch.testing.assert_close(made, plain, rtol=0, atol=1e-4)


@pytest.mark.parametrize("absent", [BETAS, (GAMMA, BETAS[0]), (GAMMA, BETAS[1])])
def test_the_older_tag_without_trainable_scalars_gets_ones(absent: tuple[str, ...]) -> None:
    state = official()
    for name in absent:
        del state[name]
    converted = convert(state)
    network = GlaGenerator(preset="released")
    network.load_state_dict(converted.state, strict=True)
    for name in absent:
        ours = name.replace("_generator.contextul", "")
        ours = ours.replace("coarse_attention", "coarse.attention")
        ours = ours.replace("fine_attention", "fine.attention")
        assert converted.state[ours].tolist() == [1.0]
        assert name in converted.notes[0]


def test_half_precision_files_become_single_precision() -> None:
    state = {name: tensor.half() for name, tensor in official().items()}
    assert {tensor.dtype for tensor in convert(state).state.values()} == {torch.float32}


def test_the_branch_master_is_refused_by_its_names() -> None:
    state = {n: t for n, t in official().items() if "fine_generator.contextul" not in n}
    del state[GAMMA]
    for module, kind in (("feature_attention", "conv"), ("patch_attention", "channel")):
        for name in ("query", "key", "value"):
            key = f"fine_generator.contextul_attention.{module}.{name}_{kind}"
            state |= {f"{key}.weight": torch.zeros(128, 128, 1, 1), f"{key}.bias": torch.zeros(128)}
    assert len(state) == 118
    with pytest.raises(InvalidInputError, match=r"branch master.*sensor_version.*feature_attent"):
        convert(state)


def test_the_discriminator_is_refused() -> None:
    state = {"dis_conv_module.conv1.conv.weight_orig": torch.zeros(64, 3, 5, 5)}
    with pytest.raises(InvalidInputError, match=r"discriminator.*gen\.pt.*found dis_conv_module"):
        convert(state)


def test_names_that_are_missing_or_too_many_are_listed() -> None:
    state = official()
    state["coarse_generator.extra.weight"] = state.pop("coarse_generator.conv3.conv.weight")
    words = (
        r"expected but not found: coarse_generator\.conv3\.conv\.weight; "
        r"found but not expected: coarse_generator\.extra\.weight"
    )
    with pytest.raises(InvalidInputError, match=words):
        convert(state)


@pytest.mark.parametrize("checkpoint", [{}, {"epoch": 3, "G": {}}])
def test_another_file_is_refused(checkpoint: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=r"not found: coarse_generator\.conv1\.conv\.weigh"):
        convert(checkpoint)


def test_values_that_are_no_tensors_are_refused() -> None:
    state: dict[str, object] = dict(official())
    state[GAMMA] = 1.0
    with pytest.raises(InvalidInputError, match=f"found but not expected: {GAMMA}"):
        convert(state)


def test_shapes_that_do_not_fit_are_named() -> None:
    state = official()
    state["fine_generator.allconv17.conv.weight"] = torch.zeros(3, 16, 5, 5)
    words = r"allconv17\.conv\.weight is \(3, 16, 5, 5\), expected \(3, 16, 3, 3\)"
    with pytest.raises(InvalidInputError, match=words):
        convert(state)
