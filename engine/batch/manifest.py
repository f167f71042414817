"""The manifest: a line for everything a run did, so that one that was killed can be gone on with.

`lacuna-batch.jsonl` lies in the folder of the results. A line is on the disk before the next step
is taken: "begun" before a result is written, "done" with its hash afterwards. Whatever moment the
power fails at, what is said to be done can be checked, and what was begun is known to be ours.
"""

from __future__ import annotations

import functools
import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, TypeAlias

import filelock
import msgspec

from engine import __version__, registry
from engine.batch.config import BatchConfig, textual, weights_label
from engine.batch.naming import text_of
from engine.errors import InvalidInputError, PictureError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.batch.items import Item

NAME = "lacuna-batch.jsonl"
LOCK = ".lacuna-batch.lock"

Status: TypeAlias = Literal["done", "skipped", "failed"]


class Mark(msgspec.Struct, frozen=True):
    """What tells one state of a file from another."""

    size: int
    mtime_ns: int
    sha256: str


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line about a picture.

    Attributes:
        image: absolute path as text (`text_of`).
        status: "begun" stands before the result is written.
        settings: `settings_digest` of the run.
        file: the picture.
        masks: the mask files; none if the mask is the picture's alpha.
        output: absolute path as text; "" if there is none.
        sha256: of the output.
        reason: why it was skipped or failed.
    """

    image: str
    status: Literal["begun", "done", "skipped", "failed"]
    settings: str = ""
    file: Mark | None = None
    masks: tuple[Mark, ...] = ()
    output: str = ""
    sha256: str = ""
    reason: str = ""
    seconds: float = 0.0
    device: str = ""
    backend: str = ""
    hole_share: float | None = None


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The line with which a run begins."""

    lacuna_batch: Literal[1] = 1
    app_version: str = __version__
    settings: str
    config: BatchConfig


@dataclass(frozen=True, slots=True)
class Trace:
    """What the manifest knows of a picture.

    Attributes:
        done: the last result that was made of it.
        begun: a later one that was begun and of which nothing is known.
    """

    done: Entry | None = None
    begun: Entry | None = None

    @property
    def output(self) -> str:
        """The file that is ours to replace or to keep; "" if there is none."""
        entry = self.begun or self.done
        return entry.output if entry else ""

    def after(self, entry: Entry) -> Trace:
        """What is known once another line has been read."""
        if entry.status == "begun":
            return Trace(self.done, entry)
        return Trace(entry) if entry.status == "done" else self


class Manifest:
    """The manifest of a folder, held by one run at a time."""

    def __init__(self, folder: Path) -> None:
        """Take hold of the folder's manifest.

        Raises:
            InvalidInputError: if another run holds it.
            PictureError: if it cannot be written.
        """
        self.path = folder / NAME
        self._writing = threading.Lock()
        self._lock = filelock.FileLock(folder / LOCK, thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise InvalidInputError(
                f"Another run is writing into “{folder}”; wait for it, or choose another folder."
            ) from error
        except OSError as error:
            raise _unwritable(self.path, error) from error
        try:
            self._file: IO[bytes] = self.path.open("a+b")
            self._end_torn_line()
        except OSError as error:
            self._lock.release()
            raise _unwritable(self.path, error) from error

    def begin(self, config: BatchConfig, settings: str) -> None:
        """Note that a run begins.

        Raises:
            PictureError: as `append`.
        """
        self._write(msgspec.json.encode(Opening(settings=settings, config=textual(config))))

    def append(self, *entries: Entry) -> None:
        """Note something; it is on the disk when this returns.

        Raises:
            PictureError: if it cannot be written, as on a full disk.
        """
        if entries:
            self._write(*map(msgspec.json.encode, entries))

    def close(self) -> None:
        """Let go of the manifest."""
        self._file.close()
        self._lock.release()

    def _write(self, *lines: bytes) -> None:
        try:
            with self._writing:
                self._file.write(b"".join(line + b"\n" for line in lines))
                self._file.flush()
                os.fsync(self._file.fileno())
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _end_torn_line(self) -> None:
        """Put an end to a line that a killed run left unfinished."""
        if self._file.seek(0, os.SEEK_END):
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")


def read(folder: Path) -> dict[str, Trace]:
    """What is known of each picture, by its path as text; nothing if there is no manifest.

    Lines that cannot be read are passed over: a killed run leaves at most one.

    Raises:
        PictureError: if there is a manifest that may not be read.
    """
    traces: dict[str, Trace] = {}
    decoder = msgspec.json.Decoder(Entry)
    try:
        with (folder / NAME).open("rb") as file:
            for line in file:
                try:
                    entry = decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
                traces[entry.image] = traces.get(entry.image, Trace()).after(entry)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise PictureError(f"“{folder / NAME}” cannot be read: {error.strerror}.") from error
    return traces


def kept(item: Item, settings: str) -> Entry | None:
    """The entry of an earlier result that is whole and would come out the same again.

    Args:
        item: a picture with its trace.
        settings: `settings_digest` of the present run.
    """
    done = item.trace.done if item.trace else None
    if done is None or done.settings != settings or done.file is None:
        return None
    output = Path(item.output or "")
    if done.output != text_of(output) or _digest(output) != done.sha256:
        return None
    replaced = output == item.image
    if not replaced and not _is_still(item.image, done.file):
        return None
    if len(item.masks) != len(done.masks):
        return None
    same = all(_is_still(path, mark) for path, mark in zip(item.masks, done.masks, strict=True))
    return done if same else None


def replaced_by(item: Item) -> Entry | None:
    """The entry of a run that was killed after it had put the result in its picture's place."""
    begun = item.trace.begun if item.trace else None
    if begun is None or begun.file is None or item.output != item.image:
        return None
    return None if _is_still(item.image, begun.file) else begun


def mark(path: Path, size: int, mtime_ns: int) -> Mark:
    """The state of a file whose size and time are known.

    Raises:
        PictureError: if it cannot be read.
    """
    try:
        return Mark(size, mtime_ns, _digest_of(path, size, mtime_ns))
    except OSError as error:
        raise PictureError(f"“{path.name}” cannot be read: {error.strerror}.") from error


def mark_of(path: Path) -> Mark:
    """The present state of a file.

    Raises:
        PictureError: if it cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise PictureError(f"“{path.name}” cannot be read: {error.strerror}.") from error
    return mark(path, status.st_size, status.st_mtime_ns)


def settings_digest(config: BatchConfig) -> str:
    """What, beside the files themselves, decides how results come out.

    Raises:
        InvalidInputError, UnusableBackendError, WeightsError: if the weights cannot be used.
    """
    recipe = config.recipe
    options = registry.complete_options(config.backend, recipe.options)
    deciding = {
        "backend": recipe.backend,
        "options": sorted(options.items()),
        "seed": recipe.seed,
        "size": recipe.size,
        "detail": recipe.detail,
        "weights": weights_label(config),
        "invert": config.invert_mask,
        "alpha": config.from_alpha or config.mask_alpha,
    }
    if recipe.blend:  # left out otherwise, so that results of earlier versions count as done
        deciding["blend"] = recipe.blend
    return hashlib.sha256(msgspec.json.encode(deciding)).hexdigest()


def _is_still(path: Path, mark: Mark) -> bool:
    try:
        status = path.stat()
        if status.st_size != mark.size:
            return False
        if status.st_mtime_ns == mark.mtime_ns:
            return True
        return _digest_of(path, status.st_size, status.st_mtime_ns) == mark.sha256
    except OSError:
        return False


def _digest(path: Path) -> str:
    """Sha256 of a file; "" if it cannot be read."""
    try:
        return digest(path)
    except OSError:
        return ""


def digest(path: Path) -> str:
    """Sha256 of a file, in hexadecimal.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.lru_cache(maxsize=256)
def _digest_of(path: Path, size: int, mtime_ns: int) -> str:  # noqa: ARG001 - make up the key
    """Sha256 of a file in one state; remembered, as one mask may serve a thousand pictures."""
    return digest(path)


def leftovers(folders: Iterable[Path]) -> list[Path]:
    """Temporary files that a killed run left in the folders of its results."""
    return [left for folder in folders if folder.is_dir() for left in folder.glob(".lacuna-*.tmp")]


def _unwritable(path: Path, error: OSError) -> PictureError:
    return PictureError(f"“{path}” could not be written: {error.strerror or error}.")
