"""What an earlier scan found in a folder, so that the next one need not decode it again."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

import msgspec
import platformdirs

from engine.errors import PictureError
from engine.pictures.files import replacing

if TYPE_CHECKING:
    from os import stat_result
    from pathlib import Path

log = logging.getLogger(__name__)

_VERSION = 1


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """A whole picture, and the file's size and time of change by which it is known again."""

    size: int
    changed_ns: int
    width: int
    height: int
    digest: str
    mode: str

    def is_of(self, found: stat_result) -> bool:
        return (self.size, self.changed_ns) == (found.st_size, found.st_mtime_ns)


class _Document(msgspec.Struct, frozen=True):
    version: int
    seen: dict[str, Seen]


class ScanMemory:
    """The pictures of one folder, by path; damaged files are not remembered, as they may be mended.

    A file that is damaged itself, or of another version, counts as empty.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._before: dict[str, Seen] = {}
        self._now: dict[str, Seen] = {}
        try:
            document = msgspec.json.decode(file.read_bytes(), type=_Document)
        except (OSError, msgspec.DecodeError):
            return
        if document.version == _VERSION:
            self._before = document.seen

    def get(self, path: Path, found: stat_result) -> Seen | None:
        """What is known of a file that has not changed since."""
        seen = self._before.get(str(path))
        if seen is None or not seen.is_of(found):
            return None
        self._now[str(path)] = seen
        return seen

    def put(self, path: Path, seen: Seen) -> None:
        self._now[str(path)] = seen

    def save(self, *, is_whole: bool) -> None:
        """Keep it for the next time; a folder that may not be written only costs that time.

        Args:
            is_whole: every file was looked at, so that those which are gone can be forgotten.
        """
        kept = self._now if is_whole else {**self._before, **self._now}
        if kept == self._before:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._file) as file:
                file.write(msgspec.json.encode(_Document(_VERSION, kept)))
        except (OSError, PictureError) as error:
            log.info("the scan is not remembered: %s", error)


def memory_of(folder: Path) -> ScanMemory:
    """What is remembered of a folder, in the user's folder of caches."""
    name = hashlib.blake2b(str(folder.absolute()).encode("utf-8", "surrogateescape"), digest_size=8)
    return ScanMemory(_place() / f"{name.hexdigest()}.json")


def _place() -> Path:
    return platformdirs.user_cache_path("lacuna", appauthor=False) / "scans"
