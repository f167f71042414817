"""Opening files with a sentence for every failure, and replacing them in one step."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from engine.errors import PictureError
from engine.pictures.picture import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY_S = 24 * 3600

_WHY_UNREADABLE = {
    errno.ENOENT: "does not exist; it may have been moved, renamed or deleted",
    errno.ENOTDIR: "does not exist; part of its path is not a folder",
    errno.EISDIR: "is a folder, not a picture; choose a file inside it",
    errno.EACCES: "may not be read; ask its owner for permission or choose another file",
    errno.EPERM: "may not be read; ask its owner for permission or choose another file",
    errno.ENAMETOOLONG: "has a name that is too long for this file system; rename it",
    errno.ELOOP: "is a link that leads back to itself; choose another file",
    errno.ENODEV: "cannot be used: it is a pipe or a device; choose a file",
}

_WHY_UNWRITABLE = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "your disk quota is used up; free some space or choose another folder",
    errno.EROFS: "this disk is read-only; choose another folder",
    errno.EACCES: "its folder may not be written to; choose another folder",
    errno.EPERM: "its folder may not be written to; choose another folder",
    errno.ENOENT: "its folder does not exist; choose another folder",
    errno.ENOTDIR: "part of its path is not a folder; choose another folder",
    errno.EISDIR: "a folder has this name; choose another name",
    errno.ENAMETOOLONG: "the name is too long for this file system; choose a shorter one",
    errno.EFBIG: "the file would be too large for this file system; choose another folder",
    errno.ELOOP: "it is a link that leads back to itself; choose another name",
    errno.ENODEV: "a pipe or a device has this name; choose another name",
}


def _read_umask() -> int:
    """What permissions new files are denied: there is no way to ask but to set."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


_UMASK = _read_umask()  # once, because between the two calls no other thread may make a file


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file open for reading.

    Raises:
        PictureError: if it cannot be opened, or is no regular file, or is empty.
    """
    try:
        _check_is_file(path)
        file = path.open("rb")
    except (OSError, ValueError) as error:
        raise PictureError(f"“{path.name or path}” {_why(error, _WHY_UNREADABLE)}.") from error
    with file:
        if os.fstat(file.fileno()).st_size == 0:
            raise PictureError(
                f"“{path.name}” is empty (0 bytes); copy it again from where it came from."
            )
        yield file


def _check_is_file(path: Path) -> None:
    """Opening a pipe would wait for ever, so look first."""
    if not stat.S_ISREG(path.stat().st_mode):
        kind = errno.EISDIR if path.is_dir() else errno.ENODEV
        raise OSError(kind, os.strerror(kind))


def fingerprint_of(file: IO[bytes]) -> Fingerprint:
    """Size and time of an open file."""
    status = os.fstat(file.fileno())
    return Fingerprint(status.st_size, status.st_mtime_ns)


def present_fingerprint(path: Path) -> Fingerprint | None:
    """Size and time of a file as it is now, None if it cannot be asked."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return Fingerprint(status.st_size, status.st_mtime_ns)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of `path` in one step once the block has ended well.

    The bytes go into a temporary file in the same folder and reach the disk before it is renamed,
    so whatever happens in between, `path` is the old file or the new one. A link stays a link: the
    file it points to is replaced. Permissions of a replaced file are kept.

    Raises:
        PictureError: if the file cannot be written; the old one is then as it was.
    """
    with _refusals_explained(path), _temporary_beside(path) as file:
        yield file


def check_place(path: Path) -> None:
    """Refuse a file that `replacing` could not write, as far as one can know before.

    Raises:
        PictureError: in the words of `replacing`.
    """
    with _refusals_explained(path):
        folder = _target_of(path).parent
        folder.stat()
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def check_folder(path: Path) -> None:
    """Refuse a folder that could not be made or written, as far as one can know before.

    Raises:
        PictureError: naming what is in the way.
    """
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not there.is_dir():
        raise PictureError(
            f"“{path}” cannot be written: “{there}” is a file; choose another folder."
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise PictureError(
            f"“{path}” cannot be written: “{there}” may not be changed; choose another folder."
        )


@contextmanager
def _refusals_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        why = _why(error, _WHY_UNWRITABLE)
        raise PictureError(f"“{path.name or path}” could not be saved: {why}.") from error


@contextmanager
def _temporary_beside(path: Path) -> Iterator[IO[bytes]]:
    target = _target_of(path)
    _sweep(target.parent)
    handle, name = tempfile.mkstemp(prefix=".lacuna-", suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_permissions_for(target))
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _flush_folder(target.parent)


def _target_of(path: Path) -> Path:
    """The file that a link leads to, or the path itself; one that may be replaced.

    Raises:
        OSError: if something that is no file has that name, or none can have it.
        PictureError: if the file is write-protected.
    """
    try:
        target = path.resolve() if path.is_symlink() else path
    except RuntimeError as error:  # what Python says of a loop until 3.12
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target
    if not stat.S_ISREG(mode):
        kind = errno.EISDIR if stat.S_ISDIR(mode) else errno.ENODEV
        raise OSError(kind, os.strerror(kind))
    if not os.access(target, os.W_OK):
        raise PictureError(
            f"“{path.name}” could not be saved: the file is write-protected; choose another name."
        )
    return target


def _sweep(folder: Path) -> None:
    """Remove what a program killed while saving left behind; a day is longer than any save."""
    with suppress(OSError):
        for left in folder.glob(".lacuna-*.tmp"):
            if time.time() - left.stat().st_mtime > _DAY_S:
                left.unlink()


def _permissions_for(target: Path) -> int:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return 0o666 & ~_UMASK


def _flush_folder(folder: Path) -> None:
    """Bring the renaming itself to the disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _why(error: OSError | ValueError, sentences: dict[int, str]) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in sentences:
        return sentences[number]
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be used ({detail}); choose another file"
