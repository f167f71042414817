"""Weights of PEN-Net as its authors released them (researchmm/PEN-Net-for-Inpainting, PyTorch).

A file `gen_XXXXX.pth` is a dictionary whose `netG` is the generator's state. The paper's own
seven-level network was never released.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import InvalidInputError
from engine.official import Converted
from engine.official.comparing import complaints, listed

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backend import OptionValue

LAYERS = {
    **{f"dw_conv0{level + 1}.0": f"down.{level}" for level in range(6)},
    **{
        f"at_conv0{level + 1}.conv0{branch}.0": f"transfer.{level}.refine.{branch}"
        for level in range(4)
        for branch in range(4)
    },
    **{f"up_conv0{level + 1}.0": f"up.{level}" for level in range(5)},
    **{f"torgb{level + 1}.0": f"heads.{level}" for level in range(5)},
    "decoder.0": "decoder.0",
    "decoder.2": "decoder.1",
}
"""Their names of layers, and ours; each has a weight and a bias."""

CONFIGURATION: Mapping[str, OptionValue] = {
    "variant": "released",
    "cosine": False,
    "strict": False,
    "mask_resize": "bilinear",
}
"""What their program did when it trained the weights; the file does not tell."""


def convert(checkpoint: Mapping[str, object]) -> Converted:
    """A released generator in our names.

    Args:
        checkpoint: what the file holds: `netG`, or the generator's state itself.

    Raises:
        InvalidInputError: if it is not exactly this generator.
    """
    state = _generator(checkpoint)
    _compare(state)
    renamed = {}
    for theirs, ours in LAYERS.items():
        for part in ("weight", "bias"):
            renamed[f"{ours}.{part}"] = state[f"{theirs}.{part}"].detach().float()
    return Converted(renamed, CONFIGURATION)


def _generator(checkpoint: Mapping[str, object]) -> dict[str, Tensor]:
    import torch

    if "netD" in checkpoint and "netG" not in checkpoint:
        raise InvalidInputError(
            "expected netG, a generator; found netD, PEN-Net's discriminator, which paints nothing;"
            " choose the file whose name begins with gen_."
        )
    found = checkpoint.get("netG", checkpoint)
    entries = found if isinstance(found, Mapping) else {}
    state = {name: value for name, value in entries.items() if isinstance(value, torch.Tensor)}
    strangers = [name for name in entries if name not in state]
    if strangers or not state:
        raise InvalidInputError(
            "expected netG, the tensors of PEN-Net's generator, such as dw_conv01.0.weight;"
            f" found {listed(strangers) if strangers else 'none'}."
        )
    return state


def _compare(state: Mapping[str, Tensor]) -> None:
    """Refuse a state that has not exactly the names and shapes of the released generator."""
    wanted = _shapes()
    given = {name: tuple(tensor.shape) for name, tensor in state.items()}
    found = complaints(given, wanted)
    if found:
        raise InvalidInputError(
            f"this is not the released generator of PEN-Net; {'; '.join(found)}."
        )


def _shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every tensor, by their names."""
    import torch

    from engine.models.pennet import PennetGenerator

    with torch.device("meta"):
        ours = PennetGenerator(variant="released").state_dict()
    return {
        f"{theirs}.{part}": tuple(ours[f"{layer}.{part}"].shape)
        for theirs, layer in LAYERS.items()
        for part in ("weight", "bias")
    }
