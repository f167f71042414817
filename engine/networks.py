"""The network of a backend: built from its row, and held against weights that shall fit it."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, cast

from engine.errors import InvalidInputError, UnusableBackendError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor
    from torch.nn import Module

    from engine.backend import BackendSpec, Options, OptionValue
    from engine.generator import Generator

_SHOWN = 3
"""How many of many differences are named."""


def built(spec: BackendSpec, configuration: Options, *, seed: int = 0) -> Generator:
    """The backend's network, freshly initialised; the global random numbers are not touched.

    Args:
        spec: of the backend.
        configuration: keyword arguments of the class that win over the backend's own.
        seed: of the initial weights.

    Raises:
        InvalidInputError: if the class does not take the configuration.
        UnusableBackendError: if the network cannot be imported here.
    """
    import torch

    network = _class_of(spec)
    given = {**spec.configuration, **configuration}
    _check_configuration(spec, given)
    # Only the CPU's numbers are used, and `torch.manual_seed` would also set those of a GPU.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        try:
            return network(**given)
        except (TypeError, ValueError, RuntimeError) as error:
            listed = ", ".join(f"{name}={value}" for name, value in given.items())
            raise InvalidInputError(
                f"{spec.label} cannot be built with {listed}: {error}."
            ) from error


def defaults(spec: BackendSpec) -> dict[str, OptionValue]:
    """The keyword arguments that the class of the backend's network takes, as it sets them itself.

    Raises:
        UnusableBackendError: if the network cannot be imported here.
    """
    parameters = inspect.signature(_class_of(spec)).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters}


def check_state(state: Mapping[str, Tensor], network: Module, subject: str, label: str) -> None:
    """Refuse weights that are not exactly those of the network in name, type and shape.

    Args:
        state: the weights.
        network: that shall have them.
        subject: what the message calls the weights.
        label: what it calls the network.

    Raises:
        WeightsError: with the expected and the found.
    """
    found = {name: _kind(tensor) for name, tensor in state.items()}
    expected = {name: _kind(tensor) for name, tensor in network.state_dict().items()}
    missing = [f"{name}, {kind}" for name, kind in expected.items() if name not in found]
    unknown = [f"{name}, {kind}" for name, kind in sorted(found.items()) if name not in expected]
    different = [
        f"{name} is {found[name]} and should be {kind}"
        for name, kind in expected.items()
        if name in found and found[name] != kind
    ]
    if missing or unknown or different:
        parts = (("missing", missing), ("unknown", unknown), ("different", different))
        raise WeightsError(
            f"{subject} does not fit {label}, which expects {len(expected)} tensors; found "
            f"{len(found)}. {' '.join(_first_of(word, lines) for word, lines in parts if lines)} "
            "Choose a file of the same network."
        )


def check_is_network(spec: BackendSpec) -> None:
    """Refuse a backend that is none.

    Raises:
        InvalidInputError: if it is classical.
    """
    if not spec.network:
        raise InvalidInputError(f"{spec.label} is no network and has no weights.")


def _class_of(spec: BackendSpec) -> type[Generator]:
    check_is_network(spec)
    module, _, name = spec.network.partition(":")
    try:
        return cast("type[Generator]", getattr(importlib.import_module(module), name))
    except ImportError as error:
        raise UnusableBackendError(f"{spec.label} cannot run here: {error}.") from error


def _check_configuration(spec: BackendSpec, given: Options) -> None:
    known = defaults(spec)
    for name, value in given.items():
        if name not in known:
            raise InvalidInputError(
                f"{spec.label} has no setting “{name}”; it has {', '.join(known) or 'none'}."
            )
        kinds = (int, float) if type(known[name]) is float else (type(known[name]),)
        if type(value) not in kinds:
            raise InvalidInputError(
                f"{spec.label} cannot have {name} = {value!r}; its own is {known[name]!r}."
            )


def _kind(tensor: Tensor) -> str:
    """Type and shape as people write them, such as "float32 32×4×3×3"."""
    shape = "×".join(map(str, tensor.shape)) or "scalar"
    return f"{str(tensor.dtype).removeprefix('torch.')} {shape}"


def _first_of(word: str, lines: Sequence[str]) -> str:
    rest = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f"{len(lines)} {word}: {'; '.join(lines[:_SHOWN])}{rest}."
