"""The list of backends: found by id, imported on first use, options checked before anything runs.

A new backend is one file in `engine/models/` and one row in `engine/catalogue.py`.
"""

from __future__ import annotations

import difflib
import importlib
import threading
from typing import TYPE_CHECKING, cast

from engine import catalogue
from engine import weights as files
from engine.errors import InvalidInputError, UnknownBackendError, UnusableBackendError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from engine.backend import BackendSpec, Inpainter, Option, Options, OptionValue

AUTO = "auto"
"""The id that stands for "choose for me"; `engine.auto` holds its rule."""

_specs: dict[str, BackendSpec] = {}
_loaded: dict[str, Inpainter] = {}
_networks: dict[tuple[str, str, str], Inpainter] = {}
_loading = threading.Lock()


def register(spec: BackendSpec) -> None:
    """Add a backend.

    Raises:
        ValueError: if the id is taken; two backends under one name would be a silent mix-up.
    """
    if spec.id in _specs:
        raise ValueError(f"a backend {spec.id!r} is already registered")
    _specs[spec.id] = spec


def specs() -> tuple[BackendSpec, ...]:
    """All backends, in the order in which menus show them."""
    return tuple(_specs.values())


def get(backend_id: str) -> BackendSpec:
    """The row of that id.

    Raises:
        UnknownBackendError: naming the nearest id, or all of them.
    """
    try:
        return _specs[backend_id]
    except KeyError:
        raise UnknownBackendError(
            f"There is no backend “{backend_id}”; {_suggestion(backend_id, _specs, 'there are')}"
        ) from None


def create(backend_id: str, *, weights: str | None = None, device: str = "cpu") -> Inpainter:
    """The backend itself: imported and built on the first call, the same object afterwards.

    Of the generators, only the one used last stays in memory.

    Args:
        backend_id: of a row.
        weights: of a generator; a path, "random:SEED", or None for those installed.
        device: of a generator: where it computes.

    Raises:
        UnknownBackendError: if no backend has that id.
        UnusableBackendError: if it cannot be imported here, or lacks weights.
        WeightsError: if the weights asked for cannot be used.
        DeviceError: if the device cannot hold it.
    """
    spec = get(backend_id)
    with _loading:
        if not spec.network:
            if spec.id not in _loaded:
                _loaded[spec.id] = _factory(spec)()
            return _loaded[spec.id]
        key = (spec.id, files.wished(spec, weights).label, device)
        if key not in _networks:
            _networks.clear()
            _networks[key] = _factory(spec)(spec, files.choice(spec, weights).network, device)
        return _networks[key]


def _factory(spec: BackendSpec) -> Callable[..., Inpainter]:
    module, _, name = spec.factory.partition(":")
    try:
        return cast("Callable[..., Inpainter]", getattr(importlib.import_module(module), name))
    except ImportError as error:
        raise UnusableBackendError(f"{spec.label} cannot run here: {error}.") from error


def complete_options(spec: BackendSpec, given: Mapping[str, OptionValue]) -> Options:
    """Every option of the backend: as given where given, the default otherwise.

    Raises:
        InvalidInputError: for an unknown name, a value of another type or out of range.
    """
    known = {option.name: option for option in spec.options}
    for name in given:
        if name not in known:
            raise InvalidInputError(_unknown_option(spec, name))
    return {
        name: checked(option, given[name]) if name in given else option.default
        for name, option in known.items()
    }


def parse_options(spec: BackendSpec, texts: Iterable[str]) -> Options:
    """Options from the command line's `KEY=VALUE` words; only those given.

    Raises:
        InvalidInputError: for a word without "=", an unknown name or an unusable value.
    """
    known = {option.name: option for option in spec.options}
    parsed: dict[str, OptionValue] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidInputError(f"“{text}” is no option; write it as NAME=VALUE.")
        if name not in known:
            raise InvalidInputError(_unknown_option(spec, name))
        parsed[name] = checked(known[name], _from_text(known[name], value))
    return parsed


def checked(option: Option, value: OptionValue) -> OptionValue:
    """The value in the option's own type.

    Raises:
        InvalidInputError: if it has another type or is out of range.
    """
    kind = type(option.default)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise InvalidInputError(f"{option.name} must be {_describe(option)}, not {value!r}.")
    if isinstance(value, str):
        fits = not option.choices or value in option.choices
    else:
        # Written so that NaN, which compares false with everything, does not fit.
        fits = (option.low is None or value >= option.low) and (
            option.high is None or value <= option.high
        )
    if not fits:
        raise InvalidInputError(f"{option.name} must be {_describe(option)}, not {value}.")
    return value


def _from_text(option: Option, text: str) -> OptionValue:
    if isinstance(option.default, bool):
        switches = {"on": True, "true": True, "yes": True, "1": True}
        switches |= {"off": False, "false": False, "no": False, "0": False}
        if text.lower() in switches:
            return switches[text.lower()]
    elif isinstance(option.default, str):
        return text
    else:
        try:
            return type(option.default)(text)
        except ValueError:
            pass
    raise InvalidInputError(f"{option.name} must be {_describe(option)}, not “{text}”.")


def _describe(option: Option) -> str:
    if isinstance(option.default, bool):
        return "on or off"
    if isinstance(option.default, str):
        return "one of " + ", ".join(option.choices) if option.choices else "a text"
    noun = "a whole number" if isinstance(option.default, int) else "a number"
    if option.low is not None and option.high is not None:
        return f"{noun} from {option.low:g} to {option.high:g}"
    if option.low is not None:
        return f"{noun} of at least {option.low:g}"
    return noun if option.high is None else f"{noun} of at most {option.high:g}"


def _unknown_option(spec: BackendSpec, name: str) -> str:
    names = [option.name for option in spec.options]
    if not names:
        return f"{spec.label} has no option “{name}”; it has none at all."
    return f"{spec.label} has no option “{name}”; {_suggestion(name, names, 'it has')}"


def _suggestion(word: str, known: Collection[str], lead: str) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean “{near[0]}”?" if near else f"{lead} {', '.join(known)}."


for _row in catalogue.ROWS:
    register(_row)
