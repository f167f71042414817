"""Checkpoints with exactly the names and shapes of the released ones, and what comes of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.errors import InvalidInputError
from engine.models.iconv import IconvGenerator
from engine.official.iconv import convert
from tests.reference import iconv as oracle

State = dict[str, Tensor]

CELEBA = {"side": 256, "base": 256, "keypoints": 0, "pool": "plain", "imputation": True}
FACES = {"side": 128, "base": 128, "keypoints": 7, "pool": "plain", "imputation": True}
ABLATION = {"side": 256, "base": 128, "keypoints": 0, "pool": "plain", "imputation": False}
TINY = {"side": 32, "base": 8, "keypoints": 5, "pool": "plain", "imputation": True}
TINY_ABLATION = {"side": 32, "base": 8, "keypoints": 0, "pool": "plain", "imputation": False}


class Official:
    """A state as their program writes it, levels named by their side."""

    def __init__(self, flags: dict[str, int | bool | str]) -> None:
        self.side, self.base = int(flags["side"]), int(flags["base"])
        self.imputes, self.pose = bool(flags["imputation"]), int(flags["keypoints"])
        self.state: State = {}
        torch.manual_seed(0)
        levels = [4 * 2**level for level in range(12) if 4 * 2**level <= self.side]
        self.add("from_rgb.0", self.width(self.side), 3 if self.imputes else 5, 1, 1)
        if self.imputes:
            self.add("from_rgb.0.expected_value_updater.input_updater", 3, 1, 5, 5)
        for r in reversed(levels):
            self.block(f"encoder.basic_block{r}", r, self.width(r), self.width(max(r // 2, 4)))
        self.add_pose()
        for r in levels:
            self.add_decoder(r, self.width(max(r // 2, 4)))

    def width(self, r: int) -> int:
        return self.base * 32 // max(r, 32)

    def add(self, name: str, *shape: int) -> None:
        self.state[f"{name}.weight"] = torch.randn(shape)
        self.state[f"{name}.bias"] = torch.randn(shape[0]) / 10

    def block(self, name: str, r: int, inputs: int, outputs: int) -> None:
        for index, channels in ((0, inputs), (3, outputs)):
            layer = f"{name}.layers.{index}"
            self.add(layer, channels, inputs, 3, 3)
            if self.imputes:
                window = 3 if r in (4, 8) else 5
                average = f"{layer}.expected_value_updater.input_updater"
                self.add(average, inputs, 1, window, window)
                self.state[f"{average}.weight"] /= inputs**0.5
                self.state[f"{layer}.mask_updater.weight"] = torch.rand(1, 1, 3, 3) + 0.5

    def add_pose(self) -> None:
        for index, outputs, inputs in ((1, 128, 2 * self.pose), (3, 256, 128)):
            if self.pose:
                name = f"decoder.pose_fcnn.pose_preprocessor.{index}"
                self.add(name, outputs, inputs)
                self.add(f"{name}.linear", outputs, inputs)

    def add_decoder(self, r: int, channels: int) -> None:
        skip = f"decoder.skip_connection{r}"
        if r == 4:
            channels += 32 + (16 if self.pose else 0)
        elif self.imputes:
            self.state[f"{skip}.beta0"] = torch.tensor(0.5)
            self.state[f"{skip}.beta1"] = torch.tensor(1.5)
        else:
            self.add(f"{skip}.conv.layers.0", channels, 2 * channels, 1, 1)
        self.block(f"decoder.basic_block{r}", r, channels, self.width(r))
        self.add(f"rgb_convolutions.{r}", 3, self.width(r), 1, 1)


def official(flags: dict[str, int | bool | str]) -> State:
    return Official(flags).state


def old_style(state: State) -> State:
    """The same with levels named by their number."""
    renamed = {}
    for name, tensor in state.items():
        new = name.replace("from_rgb.", "encoder.from_rgb.conv.layers.")
        for level in range(7):
            for kind in ("encoder.basic_block", "decoder.basic_block", "decoder.skip_connection"):
                if name.startswith(f"{kind}{4 * 2**level}."):
                    new = name.replace(f"{kind}{4 * 2**level}.", f"{kind}{level}.")
        renamed[new] = tensor
    assert "encoder.basic_block0.layers.0.weight" in renamed
    renamed["decoder.to_rgb.conv.weight"] = torch.zeros(3, 8, 1, 1)
    return renamed


def wrapped(state: State) -> dict[str, object]:
    return {"transition_step": 5, "transition_value": 1.0, "parameters": state}


@pytest.mark.parametrize(
    ("flags", "tensors", "numbers"),
    [(FACES, 154, 3_088_274), (CELEBA, 170, 11_528_427), (ABLATION, 84, 3_061_221)],
)
def test_a_released_state_has_the_configuration_that_its_shapes_tell(
    flags: dict[str, int | bool | str], tensors: int, numbers: int
) -> None:
    state = official(flags)
    assert len(state) == tensors
    assert sum(tensor.numel() for tensor in state.values()) == numbers
    converted = convert({"running_average_generator": state})
    assert converted.configuration == flags
    network = IconvGenerator(**converted.configuration)  # type: ignore[arg-type]
    network.load_state_dict(converted.state, strict=True)


@pytest.mark.parametrize("flags", [TINY, TINY_ABLATION])
@pytest.mark.parametrize("old", [False, True])
def test_a_converted_network_does_what_the_formulas_say(
    flags: dict[str, int | bool | str], old: bool
) -> None:
    state = official(flags)
    given = wrapped(old_style(state)) if old else state
    converted = convert({"running_average_generator": given, "G": {}, "D": {}, "global_step": 3})
    network = IconvGenerator(**converted.configuration).double().eval()  # type: ignore[arg-type]
    network.load_state_dict(converted.state, strict=True)
    image = torch.rand(2, 3, 32, 32, dtype=torch.float64) * 2 - 1
    hole = torch.zeros(2, 1, 32, 32, dtype=torch.float64)
    hole[0, :, 4:20, 8:30] = 1
    hole[1, :, 16:, :9] = 1
    image = torch.where(hole > 0.5, 0, image)
    points = torch.rand(2, 5, 2, dtype=torch.float64) if flags["keypoints"] else None
    inputs = {} if points is None else {"keypoints": points}
    with torch.no_grad():
        answer = network(image, hole, **inputs).image
        plain = _named_by_hand(state)
        expected = oracle.generate(plain, image, hole, **flags, points=points)  # type: ignore[arg-type]
    assert expected.std() > 0.05
    torch.testing.assert_close(answer, expected, rtol=1e-9, atol=1e-9)


def _named_by_hand(state: State) -> State:
    """Their state in the names of the oracle, by replacement of words rather than by a table."""
    words = {
        "from_rgb.0": "from_rgb",
        "coder.basic_block": "coder.",
        ".layers.0": ".0",
        ".layers.3": ".1",
        "expected_value_updater.input_updater": "impute",
        "mask_updater.weight": "certainty",
        "decoder.skip_connection": "skips.",
        ".conv.0": "",
        "decoder.pose_fcnn.pose_preprocessor.1.": "pose.0.",
        "decoder.pose_fcnn.pose_preprocessor.3.": "pose.1.",
        "rgb_convolutions": "heads",
    }
    renamed = {}
    for name, tensor in state.items():
        new = name
        for theirs, ours in words.items():
            new = new.replace(theirs, ours)
        renamed[new] = tensor.double()
    return renamed


def test_the_running_average_is_preferred() -> None:
    average, current = official(TINY), official(TINY)
    current["rgb_convolutions.4.bias"] += 1
    both = convert({"G": current, "running_average_generator": average})
    assert torch.equal(both.state["heads.4.bias"], average["rgb_convolutions.4.bias"])
    assert not any("running average" in note for note in both.notes)
    alone = convert({"G": current, "optimizer": {}})
    assert torch.equal(alone.state["heads.4.bias"], current["rgb_convolutions.4.bias"])
    assert any("running average" in note for note in alone.notes)


def test_what_was_left_out_is_told() -> None:
    assert any("never uses" in note for note in convert(official(TINY)).notes)
    notes = convert(official(TINY_ABLATION)).notes
    assert len(notes) == 1
    assert "plain convolutions" in notes[0]


def test_half_precision_files_become_single_precision() -> None:
    state = {name: tensor.half() for name, tensor in official(TINY).items()}
    assert {tensor.dtype for tensor in convert(state).state.values()} == {torch.float32}


def test_a_generator_that_was_grown_is_refused() -> None:
    state = official(TINY)
    grown = {name: tensor for name, tensor in state.items() if "rgb_convolutions" not in name}
    grown["decoder.to_rgb.conv.weight"] = torch.zeros(3, 8, 1, 1)
    with pytest.raises(InvalidInputError, match="grown level by level"):
        convert({"running_average_generator": wrapped(old_style(grown))})


def test_a_discriminator_is_refused() -> None:
    names = ("layers.from_rgb.conv.layers.0.weight", "output_layer.weight")
    with pytest.raises(InvalidInputError, match=r"Found layers\.from_rgb"):
        convert(wrapped({name: torch.zeros(1) for name in names}))


@pytest.mark.parametrize("checkpoint", [{}, {"D": {"a": torch.zeros(1)}}, {"epoch": 3}])
def test_a_file_without_a_generator_is_refused(checkpoint: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match="expected running_average_generator"):
        convert(checkpoint)


def test_names_that_are_missing_or_too_many_are_listed() -> None:
    state = official(TINY)
    del state["encoder.basic_block16.layers.3.mask_updater.weight"]
    with pytest.raises(InvalidInputError, match=r"expected but not found: encoder\.16\.1\.certain"):
        convert(state)
    state = official(TINY)
    state["encoder.basic_block64.layers.0.bias"] = torch.zeros(8)
    with pytest.raises(InvalidInputError, match=r"found but not expected: encoder\.64\.0\.bias"):
        convert(state)


@pytest.mark.parametrize("name", ["encoder.basic_block16.residual_conv.weight", "heads.4.extra"])
def test_names_of_another_program_are_refused(name: str) -> None:
    state = official(TINY)
    state[name] = torch.zeros(8)
    with pytest.raises(InvalidInputError, match=f"found {name}"):
        convert(state)


def test_shapes_that_do_not_fit_are_named() -> None:
    state = official(TINY)
    state["decoder.basic_block8.layers.0.weight"] = torch.zeros(16, 8, 3, 3)
    words = r"decoder\.8\.0\.weight is \(16, 8, 3, 3\), expected \(8, 8, 3, 3\)"
    with pytest.raises(InvalidInputError, match=words):
        convert(state)


def test_the_narrowest_head_must_have_the_shape_of_a_head() -> None:
    state = official(TINY)
    state["rgb_convolutions.4.weight"] = torch.zeros(3)
    with pytest.raises(InvalidInputError, match=r"rgb_convolutions\.4\.weight of shape"):
        convert(state)
