"""The authors' checkpoints of PEN-Net, made up with exactly their names and shapes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.errors import InvalidInputError
from engine.models.pennet import PennetGenerator
from engine.official.pennet import convert
from tests.reference import pennet as oracle

DOWN = ((32, 4), (64, 32), (128, 64), (256, 128), (512, 256), (512, 512))
UP = {"05": (512, 512), "04": (256, 1024), "03": (128, 512), "02": (64, 256), "01": (32, 128)}
HEADS = {5: 1024, 4: 512, 3: 256, 2: 128, 1: 64}
ATTENTION = {"04": 256, "03": 128, "02": 64, "01": 32}


def shapes() -> dict[str, tuple[int, ...]]:
    """Of all weights, as the released files have them."""
    listed: dict[str, tuple[int, ...]] = {}
    for number, (outputs, inputs) in enumerate(DOWN, 1):
        listed[f"dw_conv0{number}.0"] = (outputs, inputs, 3, 3)
    for level, width in ATTENTION.items():
        for branch in range(4):
            listed[f"at_conv{level}.conv0{branch}.0"] = (width // 4, width, 3, 3)
    for level, (outputs, inputs) in UP.items():
        listed[f"up_conv{level}.0"] = (outputs, inputs, 3, 3)
    for number, inputs in HEADS.items():
        listed[f"torgb{number}.0"] = (3, inputs, 1, 1)
    listed["decoder.0"], listed["decoder.2"] = (32, 64, 3, 3), (3, 32, 3, 3)
    return listed


def official() -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(0)
    state: dict[str, Tensor] = {}
    for name, shape in shapes().items():
        spread = (2 / (shape[1] * shape[2] * shape[3])) ** 0.5
        state[f"{name}.weight"] = torch.randn(shape, generator=random) * spread
        state[f"{name}.bias"] = torch.randn(shape[0], generator=random) * 0.1
    return state


def discriminator() -> dict[str, Tensor]:
    return {"encoder.0.weight_orig": torch.zeros(64, 3, 5, 5), "classifier.bias": torch.zeros(1)}


def test_the_released_file_has_68_tensors_and_ten_million_numbers() -> None:
    state = official()
    assert len(state) == 68
    assert sum(tensor.numel() for tensor in state.values()) == 10_231_538


def test_every_tensor_arrives_where_it_belongs() -> None:
    """Each is marked with a number of its own, so that two of one shape cannot change places."""
    names = {
        "dw_conv01.0": "down.0",
        "dw_conv06.0": "down.5",
        "at_conv04.conv03.0": "transfer.3.refine.3",
        "at_conv01.conv00.0": "transfer.0.refine.0",
        "at_conv02.conv01.0": "transfer.1.refine.1",
        "up_conv05.0": "up.4",
        "up_conv01.0": "up.0",
        "torgb5.0": "heads.4",
        "torgb1.0": "heads.0",
        "decoder.0": "decoder.0",
        "decoder.2": "decoder.1",
    }
    state = {
        name: torch.full_like(tensor, number) for number, (name, tensor) in enumerate(
            official().items()
        )
    }  # fmt: skip
    made = convert({"netG": state}).state
    assert len({float(tensor.flatten()[0]) for tensor in made.values()}) == 68
    for theirs, ours in names.items():
        for part in ("weight", "bias"):
            assert torch.equal(made[f"{ours}.{part}"], state[f"{theirs}.{part}"])


def test_a_converted_file_runs_as_the_formulas_say() -> None:
    converted = convert({"netG": official()})
    with torch.device("meta"):
        network = PennetGenerator(**converted.configuration)  # type: ignore[arg-type]
    network = network.to_empty(device="cpu")
    network.load_state_dict(converted.state, strict=True)
    image = torch.rand(1, 3, 64, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1
    hole = torch.zeros(1, 1, 64, 128)
    hole[..., 20:40, 30:80] = 1
    with torch.inference_mode():
        made = network.eval()(image, hole).image
        wanted = oracle.generate(converted.state, image, hole)
    assert wanted.std() > 0.1
    torch.testing.assert_close(made, wanted, rtol=0, atol=1e-5)
    assert converted.notes == ()


def test_a_bare_state_is_taken_too() -> None:
    state = official()
    made = convert(state).state
    assert torch.equal(made["down.2.weight"], state["dw_conv03.0.weight"])


def test_half_precision_becomes_single() -> None:
    half = {name: tensor.half() for name, tensor in official().items()}
    assert {tensor.dtype for tensor in convert({"netG": half}).state.values()} == {torch.float32}


def test_the_discriminator_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"expected netG.*found netD.*begins with gen_"):
        convert({"netD": discriminator()})


def test_a_discriminator_without_its_wrapping_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"not expected: encoder\.0\.weight_orig"):
        convert(discriminator())


def test_missing_and_unknown_names_are_told() -> None:
    state = official()
    state["at_conv05.conv00.0.weight"] = state.pop("torgb3.0.bias")
    with pytest.raises(
        InvalidInputError,
        match=r"expected but not found: torgb3\.0\.bias; found but not expected: at_conv05\.conv00",
    ):
        convert({"netG": state})


def test_wrong_shapes_are_told() -> None:
    state = official()
    state["dw_conv01.0.weight"] = torch.zeros(32, 3, 3, 3)
    with pytest.raises(
        InvalidInputError,
        match=r"dw_conv01\.0\.weight is \(32, 3, 3, 3\), expected \(32, 4, 3, 3\)",
    ):
        convert({"netG": state})


@pytest.mark.parametrize("found", [{}, {"netG": {}}, {"netG": "a string"}, {"iteration": 7}])
def test_what_holds_no_tensors_is_refused(found: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match=r"expected netG, the tensors of PEN-Net"):
        convert(found)
