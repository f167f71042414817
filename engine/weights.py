"""The weights of the networks: which are there, and a network that has them.

Files lie in the user's data folder or in `resources/weights`; `engine.weight_files` says what is in
them. Listing them does not import torch.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import platformdirs

from engine import resources
from engine.backend import LARGEST_SEED
from engine.errors import InvalidInputError, UnusableBackendError, WeightsError
from engine.networks import built, check_is_network, check_state
from engine.official import RELEASES
from engine.weight_files import ENDING, Card, Role, WeightFile, opened, save, tensors

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backend import BackendSpec
    from engine.generator import Generator

__all__ = [
    "ENDING", "Broken", "Card", "Choice", "Role", "WeightFile", "Wished", "broken", "by_sha256",
    "choice", "find", "folders", "installed", "is_random", "load", "of_recipe", "opened", "random",
    "save", "shipped", "user_folder", "why_missing", "wished",
]  # fmt: skip

log = logging.getLogger(__name__)

_RANDOM = "random:"

_Examined: TypeAlias = WeightFile | WeightsError

_examined: dict[tuple[Path, int, int], _Examined] = {}


class Broken(NamedTuple):
    """A file in one of the folders that cannot be used, and why."""

    path: Path
    why: str


class Choice(NamedTuple):
    """A network with weights.

    Attributes:
        network: on the CPU, in evaluation mode, without gradients.
        file: where its weights come from; None if they are random.
        label: what a recipe calls the weights: the file's sha256, or "random:SEED".
    """

    network: Generator
    file: WeightFile | None
    label: str


class Wished(NamedTuple):
    """Weights that somebody wishes for.

    Attributes:
        label: what a recipe calls them: the file's sha256, or "random:SEED".
        role: what they are good for; "none" if they are random.
        side: of the square pictures that they were trained on, in pixels.
    """

    label: str
    role: Role
    side: int | None


def user_folder() -> Path:
    """Where users put weights of their own; it need not exist."""
    return platformdirs.user_data_path("lacuna", appauthor=False) / "weights"


def folders() -> tuple[Path, ...]:
    """Where weights are looked for, the most important first; they need not exist."""
    return user_folder(), resources.root() / "weights"


def shipped() -> tuple[WeightFile, ...]:
    """The weights that came with Lacuna, of all backends; a broken file is left out."""
    files = (file for _, file in _examine_all() if isinstance(file, WeightFile))
    return tuple(file for file in files if file.path.parent == folders()[-1])


def installed(spec: BackendSpec) -> tuple[WeightFile, ...]:
    """All weights of the backend: the user's own, then those that came with Lacuna.

    In each folder the newest comes first. A file that cannot be used is left out; see `broken`.
    """
    found = (file for _, file in _examine_all() if isinstance(file, WeightFile))
    return tuple(file for file in found if file.card.backend == spec.id)


def find(spec: BackendSpec) -> WeightFile | None:
    """The weights that the backend uses unless told otherwise; None if it has none."""
    return next(iter(installed(spec)), None)


def broken() -> tuple[Broken, ...]:
    """The files in the folders that cannot be used, whatever backend they were meant for."""
    return tuple(
        Broken(path, str(error))
        for path, error in _examine_all()
        if isinstance(error, WeightsError)
    )


def why_missing(spec: BackendSpec) -> str:
    """What to tell who chooses a backend without weights: the reason and the ways out."""
    sentence = f"{spec.label} has no weights yet; train it on your own pictures"
    if spec.id in RELEASES:
        command = f"lacuna import-weights FILE --as {spec.id} -o OUT{ENDING}"
        sentence += f", or convert a file that its authors released with “{command}”"
    return f"{sentence}."


def is_random(wish: str) -> bool:
    """Whether a wish, or the label of a recipe, stands for random weights."""
    return wish.startswith(_RANDOM)


def by_sha256(spec: BackendSpec, digest: str) -> str | None:
    """The path of the installed weights with that sha256; None if they are not here."""
    return next((str(file.path) for file in installed(spec) if file.sha256 == digest), None)


def of_recipe(spec: BackendSpec, made_with: str | None) -> str | None:
    """The wish that gives a recipe's weights again; None for a recipe without.

    Args:
        spec: of the backend, which is a network.
        made_with: `Recipe.weights_sha256`.

    Raises:
        UnusableBackendError: if they are not here.
    """
    if made_with is None or is_random(made_with):
        return made_with
    found = by_sha256(spec, made_with)
    if found is None:
        raise UnusableBackendError(
            f"The recipe was made with other weights of {spec.label} (sha256 {made_with[:12]}…); "
            "name that file with --weights, or any other to fill differently."
        )
    return found


def wished(spec: BackendSpec, wish: str | None = None) -> Wished:
    """What `choice` would load with the same arguments; without loading it.

    Raises:
        UnusableBackendError, InvalidInputError, WeightsError: as `choice` does.
    """
    found = _chosen(spec, wish)
    if isinstance(found, WeightFile):
        return Wished(found.sha256, found.card.role, found.card.side or spec.native_side)
    return Wished(f"{_RANDOM}{found}", "none", spec.native_side)


def choice(spec: BackendSpec, wish: str | None = None) -> Choice:
    """The network with the weights that somebody wishes for.

    Args:
        spec: of the backend.
        wish: None for the best that is installed, "random:SEED", or the path of a file.

    Raises:
        UnusableBackendError: if nothing is wished for and nothing installed.
        InvalidInputError: if the seed is none, or the backend is no network.
        WeightsError: if the file cannot be used.
    """
    found = _chosen(spec, wish)
    if isinstance(found, WeightFile):
        return Choice(load(spec, found), found, found.sha256)
    return Choice(random(spec, found), None, f"{_RANDOM}{found}")


def load(spec: BackendSpec, file: WeightFile) -> Generator:
    """The backend's network with the weights of the file, ready to run on the CPU.

    Raises:
        WeightsError: if the file belongs to another backend, is damaged, or does not fit.
        UnusableBackendError: if the network cannot be imported here.
    """
    name = file.path.name
    _check_backend(spec, file)
    state = {name: _whole(value) for name, value in tensors(file).items()}
    try:
        network = built(spec, file.card.configuration)
    except InvalidInputError as error:
        raise WeightsError(f"“{name}” cannot be used here: {error}") from error
    check_state(state, network, f"“{name}”", spec.label)
    network.load_state_dict(state, strict=True)
    return _at_rest(network)


def random(spec: BackendSpec, seed: int) -> Generator:
    """The backend's network as it starts its training; same seed, same bytes."""
    return _at_rest(built(spec, {}, seed=seed))


def _examine_all() -> list[tuple[Path, _Examined]]:
    """What is in the folders, best first; a file is read again only after it has changed."""
    found = []
    for folder in folders():
        for key in sorted(_keys(folder), key=lambda key: -key[2]):
            if key not in _examined:
                try:
                    _examined[key] = opened(key[0])
                except WeightsError as error:
                    log.warning("A file of weights is left out: %s", error)
                    _examined[key] = error
            found.append((key[0], _examined[key]))
    return found


def _keys(folder: Path) -> list[tuple[Path, int, int]]:
    """The files of weights in a folder, by name, each with its size and time."""
    keys = []
    for path in sorted(folder.glob(f"*{ENDING}")):
        try:
            status = path.stat()
        except OSError as error:  # deleted a moment ago, or a link that leads nowhere
            log.debug("%s cannot be examined: %s", path, error)
        else:
            keys.append((path, status.st_size, status.st_mtime_ns))
    return keys


def _chosen(spec: BackendSpec, wish: str | None) -> WeightFile | int:
    """The file, or the seed of random weights, that somebody wishes for; see `choice`."""
    check_is_network(spec)
    if wish is not None and is_random(wish):
        return _seed(wish.removeprefix(_RANDOM))
    file = find(spec) if wish is None else opened(Path(wish))
    if file is None:
        raise UnusableBackendError(why_missing(spec))
    _check_backend(spec, file)
    return file


def _check_backend(spec: BackendSpec, file: WeightFile) -> None:
    if file.card.backend != spec.id:
        raise WeightsError(
            f"“{file.path.name}” holds weights of “{file.card.backend}”, not of “{spec.id}”; "
            "choose that backend or another file."
        )


def _whole(value: Tensor) -> Tensor:
    """In single precision, if it was kept in half of it."""
    return value.float() if value.element_size() == 2 and value.is_floating_point() else value


def _at_rest(network: Generator) -> Generator:
    return network.eval().requires_grad_(False)


def _seed(text: str) -> int:
    # Not all that isdigit() accepts is a number, but all that isdecimal() accepts is.
    seed = int(text) if text.isdecimal() and len(text) <= len(str(LARGEST_SEED)) else -1
    if not 0 <= seed <= LARGEST_SEED:
        raise InvalidInputError(
            f"“{_RANDOM}{text}” has no seed; write {_RANDOM} and a whole number from 0 to "
            f"{LARGEST_SEED}."
        )
    return seed
