"""What is done with files of weights in a worker thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.language import tr
from engine import registry, weights
from engine.errors import UnknownBackendError, WeightsError
from engine.jobs import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from engine.backend import BackendSpec
    from engine.jobs import CancelToken, Steps
    from engine.official.importing import Imported
    from engine.trial import Trial
    from engine.weights import Broken, WeightFile

LONGEST_STEM = 80


@dataclass(frozen=True, slots=True)
class Listing:
    """The folders of weights at one moment.

    Attributes:
        files: by id of the backend, the file that it uses first.
        broken: those that cannot be used.
    """

    files: dict[str, tuple[WeightFile, ...]]
    broken: tuple[Broken, ...]


def listing() -> Listing:
    """Look into the folders; reads headers only."""
    networks = [spec for spec in registry.specs() if spec.network]
    return Listing({spec.id: weights.installed(spec) for spec in networks}, weights.broken())


def look(_: CancelToken) -> Steps[Listing]:
    """The same as a task."""
    yield Progress(0, 1, "")
    return listing()


def name_for(spec: BackendSpec, source: Path) -> str:
    """What a file of weights is called that was made of this checkpoint."""
    stem = source.stem.strip(". ")[:LONGEST_STEM]
    return f"{stem if stem.startswith(spec.id) else f'{spec.id}-{stem}'}{weights.ENDING}"


def import_file(
    source: Path, spec: BackendSpec, output: Path, _: CancelToken
) -> Steps[tuple[Imported, Listing]]:
    """Make a file of weights of a checkpoint.

    Raises:
        WeightsError, InvalidInputError, PictureError: if that is not possible; the text says why.
    """
    from engine.official.importing import import_checkpoint

    _make_folder(output.parent)
    imported = yield from import_checkpoint(source, spec, output)
    return imported, listing()


def add_file(source: Path, target: Path, token: CancelToken) -> Steps[tuple[WeightFile, Listing]]:
    """Copy a file of weights, all of it or nothing, if it is one that can be used here.

    Raises:
        WeightsError: if it is none, is damaged, or belongs to a backend that is not here.
        PictureError: if the copy cannot be written.
    """
    from engine.pictures.files import replacing
    from engine.weight_files import content_sha256

    yield Progress(0.0, 1.0, tr("Reading"))
    file = weights.opened(source)
    try:
        registry.get(file.card.backend)
    except UnknownBackendError as error:
        raise WeightsError(
            tr(
                "“{name}” belongs to “{backend}”, which this version of Lacuna does not "
                "have; update Lacuna to use it.",
                name=source.name,
                backend=file.card.backend,
            )
        ) from error
    try:
        data = source.read_bytes()
    except OSError as error:
        raise WeightsError(
            tr(
                "“{source}” cannot be read: {strerror}.",
                source=source,
                strerror=error.strerror or error,
            )
        ) from error
    yield Progress(0.4, 1.0, tr("Checking"))
    if content_sha256(data) != file.card.content_sha256:
        raise WeightsError(
            tr(
                "“{name}” is damaged: its checksum is not the one that was saved with it; "
                "copy it again from where it came from.",
                name=source.name,
            )
        )
    yield Progress(0.7, 1.0, tr("Copying"))
    token.check()
    _make_folder(target.parent)
    with replacing(target) as copy:
        copy.write(data)
    return weights.opened(target), listing()


def remove_file(path: Path, _: CancelToken) -> Steps[Listing]:
    """Move a file to the trash.

    Raises:
        WeightsError: if there is no trash for it, or it may not be moved.
    """
    from PySide6.QtCore import QFile

    yield Progress(0.0, 1.0, "")
    # The method of an object: what the static one returns depends on the version of PySide.
    if not QFile(str(path)).moveToTrash() and path.exists():
        raise WeightsError(
            tr(
                "“{name}” could not be moved to the trash; delete it yourself in “{parent}”.",
                name=path.name,
                parent=path.parent,
            )
        )
    return listing()


def test(spec: BackendSpec, file: WeightFile, token: CancelToken) -> Steps[Trial]:
    """Let a network fill a tiny picture.

    Raises:
        EngineError: if it cannot.
    """
    from engine.trial import trial

    return (yield from trial(spec, token, weights=str(file.path)))


def digest(file: WeightFile, _: CancelToken) -> Steps[str]:
    """The checksum of a whole file.

    Raises:
        WeightsError: if it cannot be read.
    """
    yield Progress(0.0, 1.0, "")
    return file.sha256


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsError(
            tr(
                "The folder “{folder}” cannot be made: {strerror}.",
                folder=folder,
                strerror=error.strerror or error,
            )
        ) from error
