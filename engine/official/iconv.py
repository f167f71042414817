"""Weights of IConv as its authors released them (hukkelas/DeepPrivacy, generators without growing).

A file of theirs holds the running average of the generator beside much that only training needs.
Older files number the levels from the coarsest and wrap the state in another dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import InvalidInputError
from engine.official import Converted
from engine.official.comparing import complaints, listed

if TYPE_CHECKING:
    from torch import Tensor

_TENSOR = r"(weight|bias)"
_AVERAGE = rf"expected_value_updater\.input_updater\.{_TENSOR}"
_BLOCK = r"(encoder|decoder)\.basic_block(\d{1,4})\.layers"
_SKIP = r"decoder\.skip_connection(\d{1,4})"
_POSE = r"decoder\.pose_fcnn\.pose_preprocessor"

_NAMES = (
    (rf"from_rgb\.0\.{_TENSOR}", r"from_rgb.\1"),
    (rf"from_rgb\.0\.{_AVERAGE}", r"from_rgb.impute.\1"),
    (rf"{_BLOCK}\.0\.{_TENSOR}", r"\1.\2.0.\3"),
    (rf"{_BLOCK}\.0\.{_AVERAGE}", r"\1.\2.0.impute.\3"),
    (rf"{_BLOCK}\.0\.mask_updater\.weight", r"\1.\2.0.certainty"),
    (rf"{_BLOCK}\.3\.{_TENSOR}", r"\1.\2.1.\3"),
    (rf"{_BLOCK}\.3\.{_AVERAGE}", r"\1.\2.1.impute.\3"),
    (rf"{_BLOCK}\.3\.mask_updater\.weight", r"\1.\2.1.certainty"),
    (rf"{_SKIP}\.(beta0|beta1)", r"skips.\1.\2"),
    (rf"{_SKIP}\.conv\.layers\.0\.{_TENSOR}", r"skips.\1.\2"),
    (rf"{_POSE}\.1\.{_TENSOR}", r"pose.0.\1"),
    (rf"{_POSE}\.3\.{_TENSOR}", r"pose.1.\1"),
    (rf"rgb_convolutions\.(\d{{1,4}})\.{_TENSOR}", r"heads.\1.\2"),
)
"""Their names of tensors, and ours."""

_DEAD = re.compile(rf"{_POSE}\.[13]\.linear\.{_TENSOR}")
"""A second layer inside each linear one, stored and never used."""

_LEVEL = re.compile(r"((?:en|de)coder\.basic_block|decoder\.skip_connection)(\d)\.")


def convert(checkpoint: Mapping[str, object]) -> Converted:
    """A released generator in our names.

    Args:
        checkpoint: what the file holds: a whole training state, or a generator's state alone,
            wrapped or not.

    Raises:
        InvalidInputError: if it is not a generator of this family with every level at once.
    """
    state, notes = _generator(checkpoint)
    if not any(name.startswith("rgb_convolutions.") for name in state):
        raise InvalidInputError(
            "expected an IConv generator with an RGB head at each level, rgb_convolutions.4.weight"
            " and so on; generators that were grown level by level and discriminators cannot be"
            f" imported. Found {listed(state)}"
        )
    used = {name: tensor for name, tensor in _levelled(state).items() if not _DEAD.fullmatch(name)}
    if len(used) < len(state):
        notes.append("Layers that the released program stores but never uses were left out.")
    names = {name: _ours(name) for name in used}
    strangers = [name for name, ours in names.items() if not ours]
    if strangers:
        raise InvalidInputError(
            "expected the names of an IConv generator, such as"
            f" encoder.basic_block4.layers.0.weight; found {listed(strangers)}"
        )
    renamed = {names[name]: tensor.detach().float() for name, tensor in used.items()}
    configuration = _configuration(renamed)
    _compare(renamed, configuration)
    if not configuration["imputation"]:
        notes.append("The file is the ablation with plain convolutions, without imputation.")
    return Converted(renamed, configuration, tuple(notes))


def _generator(checkpoint: Mapping[str, object]) -> tuple[dict[str, Tensor], list[str]]:
    """The generator's tensors, and what to say about where they lay."""
    import torch

    notes, found = [], checkpoint
    for part in ("running_average_generator", "G"):
        inner = checkpoint.get(part)
        if isinstance(inner, Mapping):
            found = inner
            if part == "G":
                notes.append("The file has no running average; its last training state was taken.")
            break
    wrapped = found.get("parameters")
    if isinstance(wrapped, Mapping):
        found = wrapped
    state = {name: value for name, value in found.items() if isinstance(value, torch.Tensor)}
    strangers = [name for name in found if name not in state]
    if strangers or not state:
        raise InvalidInputError(
            "expected running_average_generator, G, or a generator's state of tensors alone;"
            f" found {listed(strangers) if strangers else 'nothing'}"
        )
    return state, notes


def _levelled(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state with new-style names: levels by their side, not by their number."""
    if not any("basic_block0." in name for name in state):
        return dict(state)
    renamed = {}
    for name, tensor in state.items():
        if name.startswith("decoder.to_rgb"):
            continue
        new = re.sub(r"^encoder\.from_rgb\.conv\.layers\.", "from_rgb.", name)
        renamed[_LEVEL.sub(lambda level: f"{level[1]}{4 * 2 ** int(level[2])}.", new)] = tensor
    return renamed


def _ours(name: str) -> str:
    """Our name of a tensor, empty if there is none."""
    for theirs, ours in _NAMES:
        match = re.fullmatch(theirs, name)
        if match:
            return match.expand(ours)
    return ""


def _configuration(state: Mapping[str, Tensor]) -> dict[str, bool | int | float | str]:
    """The arguments of the network that these names and shapes belong to.

    Pooling leaves no trace in a file; all released generators were trained with the plain one.
    """
    levels = [int(name.split(".")[1]) for name in state if re.match(r"heads\.\d+\.", name)]
    narrowest, pose = state.get("heads.4.weight"), state.get("pose.0.weight")
    if narrowest is None or narrowest.ndim != 4:
        raise InvalidInputError(
            "expected rgb_convolutions.4.weight of shape (3, base, 1, 1);"
            f" found {'none' if narrowest is None else tuple(narrowest.shape)}"
        )
    return {
        "side": max(levels),
        "base": narrowest.shape[1],
        "keypoints": 0 if pose is None or pose.ndim != 2 else pose.shape[1] // 2,
        "pool": "plain",
        "imputation": any(".impute." in name for name in state),
    }


def _compare(
    state: Mapping[str, Tensor], configuration: Mapping[str, bool | int | float | str]
) -> None:
    """Refuse a state that is not exactly that of the network of this configuration."""
    import torch

    from engine.models.iconv import IconvGenerator

    with torch.device("meta"):
        network = IconvGenerator(**configuration)  # type: ignore[arg-type]
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in state.items()}
    found = complaints(given, wanted)
    if found:
        raise InvalidInputError(
            f"this is no IConv generator of side {configuration['side']} and base"
            f" {configuration['base']}; " + "; ".join(found)
        )
