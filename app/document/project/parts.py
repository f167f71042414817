"""The members of a project file: written one after another, read with suspicion.

Nothing is ever unpacked to a place that the archive names, a member is only as long as what it must
hold, and all of them together must fit into memory before the first is read.
"""

from __future__ import annotations

import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Self

from app.language import tr, tr_later
from engine import memory
from engine.errors import EngineError
from engine.pictures.files import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

MANIFEST = "manifest.json"
MOST_MEMBERS = 100_000
LONGEST_MANIFEST = 64 << 20
_QUICKLY = 1
_ENCRYPTED = 0x1
_DAMAGE = (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What `zipfile` raises for a damaged archive; RuntimeError is its word for encryption."""


NO_PROJECT = tr_later(
    "“{name}” is no project of Lacuna, or only the beginning of one; copy it again from where it "
    "came from."
)


class ProjectError(EngineError):
    """A project file cannot be used; the text names it and says what to do."""


class PartWriter:
    """Members of a new archive; names are made unique by a number."""

    def __init__(self, file: IO[bytes]) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_QUICKLY)
        self._names: set[str] = set()

    @contextmanager
    def stream(self, name: str, *, shrinks: bool = True) -> Iterator[tuple[str, IO[bytes]]]:
        """A member to write to, and its name.

        Args:
            name: the wish.
            shrinks: whether compressing pays; photographs would keep a core busy for seconds.
        """
        unique, number = name, 1
        while unique in self._names:
            number += 1
            stem, dot, ending = name.rpartition(".")
            unique = f"{stem}-{number}{dot}{ending}"
        self._names.add(unique)
        self._archive.compression = zipfile.ZIP_DEFLATED if shrinks else zipfile.ZIP_STORED
        with self._archive.open(unique, "w", force_zip64=True) as stream:
            yield unique, stream

    def write(self, name: str, data: bytes | npt.NDArray[np.uint8], *, shrinks: bool = True) -> str:
        """Write a member at once and return its name."""
        with self.stream(name, shrinks=shrinks) as (unique, stream):
            stream.write(data if isinstance(data, bytes) else data.data)
        return unique

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()


class PartReader:
    """Members of an archive that somebody else may have made."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self._members = {info.filename: info for info in archive.infolist()}
        self._check()

    def _check(self) -> None:
        infos = self._members.values()
        if len(infos) > MOST_MEMBERS:
            raise ValueError(f"it has {len(infos)} parts")
        needed = sum(info.file_size for info in infos)
        free = memory.available_bytes()
        if needed > free:
            raise ProjectError(
                tr(
                    "“{name}” needs {needed} of memory and {free} are free; close other programs. "
                    "If you do not know where the file comes from, do not open it.",
                    name=self._name,
                    needed=memory.in_words(needed),
                    free=memory.in_words(free),
                )
            )

    def manifest(self) -> bytes:
        """The manifest's bytes."""
        if MANIFEST not in self._members:
            raise ProjectError(tr(NO_PROJECT, name=self._name))
        size = self._members[MANIFEST].file_size
        if size > LONGEST_MANIFEST:
            raise ValueError("its manifest is too long")
        return self.read(MANIFEST, size)

    def size(self, part: str) -> int:
        """How many bytes a member says it has, for those whose length nothing else tells."""
        return self._members[part].file_size

    @contextmanager
    def stream(self, part: str) -> Iterator[IO[bytes]]:
        """A member to read from."""
        info = self._members[part]
        if info.flag_bits & _ENCRYPTED:
            raise ValueError(f"{part} is encrypted")
        with self._archive.open(info) as stream:
            yield stream

    def read(self, part: str, size: int) -> bytes:
        """A member that must have exactly `size` bytes."""
        if self.size(part) != size:
            raise ValueError(f"{part} has {self.size(part)} bytes, not {size}")
        with self.stream(part) as stream:
            data = stream.read(size + 1)
        if len(data) != size:
            raise ValueError(f"{part} is not as long as it says")
        return data


@contextmanager
def opened_parts(path: Path) -> Iterator[PartReader]:
    """The members of a project file.

    Raises:
        PictureError: if there is no such file, or it may not be read.
        ProjectError: if it is damaged, foreign or too large, also while members are read in the
            block.
    """
    try:
        with opened(path) as file, zipfile.ZipFile(file) as archive:
            yield PartReader(archive, path.name)
    except _DAMAGE as error:
        if not zipfile.is_zipfile(path):
            raise ProjectError(tr(NO_PROJECT, name=path.name)) from error
        raise ProjectError(
            tr(
                "“{name}” is damaged ({why}); copy it again from where it came from.",
                name=path.name,
                why=_words(error),
            )
        ) from error


def _words(error: BaseException) -> str:
    """What is wrong, in few words."""
    if isinstance(error, KeyError):
        return (
            tr("{part} is missing", part=error.args[0]) if error.args else tr("a part is missing")
        )
    return (str(error).strip().split("\n")[0] or type(error).__name__)[:120].rstrip(".")
