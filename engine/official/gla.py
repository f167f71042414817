"""Weights of MPGA + GLA as its authors released them: `gen.pt` of the branch `sensor_version`.

The file is the bare state of the generator. Its attention saw masks the wrong way round, so the
network is built with the preset "released". The branch `master` is another network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import InvalidInputError
from engine.official import Converted
from engine.official.comparing import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_LAYERS = {
    "conv1": "regular.0",
    "conv2_downsample": "regular.1",
    "conv3": "regular.2",
    "conv4_downsample": "regular.3",
    "conv5": "regular.4",
    "conv6": "regular.5",
    "conv7_atrous": "regular.6",
    "conv8_atrous": "regular.7",
    "conv9_atrous": "regular.8",
    "conv10_atrous": "regular.9",
    "pmconv1": "attentive.0",
    "pmconv2_downsample": "attentive.1",
    "pmconv3": "attentive.2",
    "pmconv4_downsample": "attentive.3",
    "pmconv5": "attentive.4",
    "pmconv6": "attentive.5",
    "pmconv9": "after.0",
    "pmconv10": "after.1",
    "allconv11": "decoder.0",
    "allconv12": "decoder.1",
    "allconv13": "decoder.2",
    "allconv14": "decoder.3",
    "allconv15": "decoder.4",
    "allconv16": "decoder.5",
    "allconv17": "decoder.6",
}
_PROJECTIONS = {"query_conv": "query", "key_conv": "key", "value_conv": "value"}
_WINDOWS = {f"{theirs}_p": f"window_{ours}" for theirs, ours in _PROJECTIONS.items()}
_ATTENTION = "contextul_attention"  # as they spell it

_NAMES = {
    **{
        f"{stage}_generator.{theirs}.conv.{kind}": f"{stage}.{ours}.{kind}"
        for stage in ("coarse", "fine")
        for theirs, ours in _LAYERS.items()
        for kind in ("weight", "bias")
    },
    **{
        f"{stage}_generator.{_ATTENTION}.{theirs}.{kind}": f"{stage}.attention.{ours}.{kind}"
        for stage, table in (("coarse", _PROJECTIONS), ("fine", {**_PROJECTIONS, **_WINDOWS}))
        for theirs, ours in table.items()
        for kind in ("weight", "bias")
    },
    f"coarse_generator.{_ATTENTION}.gamma": "coarse.attention.gamma",
    f"fine_generator.{_ATTENTION}.beta": "fine.attention.beta",
    f"fine_generator.{_ATTENTION}.beta_2": "fine.attention.beta_2",
}
"""Their names of tensors, and ours."""

_SCALARS = tuple(name for name in _NAMES if name.endswith(("gamma", "beta", "beta_2")))
"""Constants of 1 in the tag `v1.0`, which does not store all of them."""

_MASTER = ("feature_attention.", "patch_attention.")
_DISCRIMINATOR = "dis_conv_module."


def convert(checkpoint: Mapping[str, object]) -> Converted:
    """A released generator in our names.

    Args:
        checkpoint: what `gen.pt` holds: names and tensors of the generator.

    Raises:
        InvalidInputError: if it is not that, or the generator of another branch.
    """
    import torch

    _refuse_relatives(checkpoint)
    absent = [name for name in _NAMES if name not in checkpoint]
    missing = [name for name in absent if name not in _SCALARS]
    strangers = [name for name in checkpoint if name not in _NAMES]
    state = {
        _NAMES[name]: tensor.detach().float()
        for name, tensor in checkpoint.items()
        if name in _NAMES and isinstance(tensor, torch.Tensor)
    }
    strangers += [name for name in checkpoint if name in _NAMES and _NAMES[name] not in state]
    complaints = []
    if missing:
        complaints.append(f"expected but not found: {listed(missing)}")
    if strangers:
        complaints.append(f"found but not expected: {listed(strangers)}")
    if not complaints:
        state |= {_NAMES[name]: torch.ones(1) for name in absent}
        complaints = _wrong_shapes(state)
    if complaints:
        raise InvalidInputError(
            f"this is no generator of sensor_version ({len(_NAMES)} tensors); "
            + "; ".join(complaints)
        )
    notes = []
    if absent:
        notes.append(f"The file does not hold {listed(absent)}; 1 was taken, as in its program.")
    return Converted(state, {"preset": "released"}, tuple(notes))


def _refuse_relatives(checkpoint: Mapping[str, object]) -> None:
    """Name the files that people take for the right one."""
    master = [name for name in checkpoint if any(part in name for part in _MASTER)]
    if master:
        raise InvalidInputError(
            "this is the generator of the branch master, which is not the network of the paper;"
            f" expected {_ATTENTION} in gen.pt of the branch sensor_version, found"
            f" {listed(master)}"
        )
    discriminator = [name for name in checkpoint if name.startswith(_DISCRIMINATOR)]
    if discriminator:
        raise InvalidInputError(
            "this is the discriminator; expected gen.pt with coarse_generator.conv1.conv.weight"
            f" and so on, found {listed(discriminator)}"
        )


def _wrong_shapes(state: Mapping[str, Tensor]) -> list[str]:
    """What to say of tensors that do not fit the network, in the words of the file."""
    import torch

    from engine.models.gla import GlaGenerator

    with torch.device("meta"):
        wanted = GlaGenerator(preset="released").state_dict()
    return [
        f"{theirs} is {tuple(state[ours].shape)}, expected {tuple(wanted[ours].shape)}"
        for theirs, ours in _NAMES.items()
        if state[ours].shape != wanted[ours].shape
    ][:3]
