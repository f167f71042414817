"""What is in a folder of pictures: those that can be used, and what is wrong with the others.

Every file is decoded once, because only that shows whether it is whole; with a memory, once until
it changes. Threads do it, as decoders release the interpreter's lock; what comes out is in the
order of the paths all the same.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.errors import InvalidInputError, PictureError, PictureTooLargeError
from engine.jobs import Progress
from engine.pictures import DEFAULT_PIXEL_LIMIT, open_picture
from engine.scan_memory import Seen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from engine.jobs import CancelToken, Steps
    from engine.scan_memory import ScanMemory

Pixels8: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""

TroubleKind: TypeAlias = Literal[
    "corrupt", "unreadable", "too-large", "tiny", "duplicate", "not-rgb"
]

ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".ppm",
     ".pgm", ".pbm", ".pnm", ".jp2", ".avif", ".tga", ".mpo"}
)  # fmt: skip
"""Files with other endings are not taken for pictures: notes, tables and archives lie beside them.
"""

MOST_THREADS = 8
"""Each holds a decoded picture."""

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Found:
    """A usable picture.

    Attributes:
        path: the file.
        width: upright, in pixels.
        height: upright, in pixels.
        digest: of its upright RGB pixels, in hexadecimal; the same for copies in other lossless
            formats or with other metadata.
    """

    path: Path
    width: int
    height: int
    digest: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the user should know of a file.

    Attributes:
        path: the file.
        kind: what is wrong; pictures that are only "not-rgb" are used nonetheless, converted.
        sentence: the same for people, with the file's name.
    """

    path: Path
    kind: TroubleKind
    sentence: str


@dataclass(frozen=True, slots=True)
class Scan:
    """A folder's pictures and troubles, both in the order of their paths."""

    pictures: tuple[Found, ...]
    problems: tuple[Trouble, ...]

    def count(self, kind: TroubleKind) -> int:
        """How many files have this trouble."""
        return sum(trouble.kind == kind for trouble in self.problems)


def picture_files(
    folder: Path, *, recursive: bool = True, without: Collection[Path] = ()
) -> tuple[Path, ...]:
    """Files in a folder and its subfolders that are called like pictures, sorted.

    Hidden files and folders are left out; links to folders are not followed, as they may lead back.

    Args:
        folder: where to look.
        recursive: whether to look into subfolders.
        without: subfolders to leave out.

    Raises:
        InvalidInputError: if there is no such folder, or it may not be read.
    """
    if not folder.is_dir():
        raise InvalidInputError(f"“{folder}” is no folder; choose one that holds pictures.")

    def refuse(error: OSError) -> None:
        if error.filename == str(folder):
            raise InvalidInputError(f"“{folder}” cannot be read: {error.strerror}.") from error

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        base = folder.__class__(place)
        folders[:] = [
            name
            for name in folders
            if recursive and not name.startswith(".") and base / name not in without
        ]
        found += [
            base / name
            for name in names
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in ENDINGS  # noqa: PTH122 - a million of them
        ]
    return tuple(sorted(found))


def opened_rgb(path: Path, *, pixel_limit: int | None = DEFAULT_PIXEL_LIMIT) -> tuple[Pixels8, str]:
    """The upright picture as RGB bytes, and the mode of the file.

    Grey becomes three equal channels, 16 bits become 8, alpha is left out.

    Args:
        path: a picture file.
        pixel_limit: as for `engine.pictures.open_picture`.

    Raises:
        PictureError: if it cannot be read.
    """
    picture = open_picture(path, pixel_limit=pixel_limit)
    return _rgb(picture.pixels), picture.source.mode


def scan(
    folder: Path,
    token: CancelToken,
    *,
    smallest: int = 1,
    pixel_limit: int | None = DEFAULT_PIXEL_LIMIT,
    threads: int | None = None,
    memory: ScanMemory | None = None,
) -> Steps[Scan]:
    """Look at every picture in a folder and its subfolders.

    Args:
        folder: where to look.
        token: ends it within a picture or so.
        smallest: the shorter side that a picture must have, in pixels.
        pixel_limit: pixels that a file may declare.
        threads: that decode; None = as many as there are processors, at most `MOST_THREADS`.
        memory: of an earlier scan of this folder; spares decoding what has not changed.

    Returns:
        What was found. Of pictures with the same pixels the first path is kept.

    Raises:
        InvalidInputError: if there is no such folder.
        Cancelled: once the token is cancelled.
    """
    paths = picture_files(folder)
    threads = threads or min(MOST_THREADS, os.cpu_count() or 1)
    pictures: dict[str, Found] = {}
    problems: list[Trouble] = []
    looks = _looks(paths, token, _Look(smallest, pixel_limit, memory), threads)
    for number, (found, trouble) in enumerate(looks):
        yield Progress(number, len(paths), f"Looking at {paths[number].name}")
        if trouble is not None:
            problems.append(trouble)
        if found is None:
            continue
        if found.digest in pictures:
            first = pictures[found.digest].path.relative_to(folder)
            sentence = f"“{found.path.name}” shows the same pixels as “{first}”."
            if trouble is not None:
                problems.pop()  # a copy is left out, so that nothing is converted
            problems.append(Trouble(found.path, "duplicate", sentence))
        else:
            pictures[found.digest] = found
    yield Progress(1, 1, f"Looked at {len(paths)} files")
    return Scan(tuple(pictures.values()), tuple(problems))


_Answer: TypeAlias = tuple[Found | None, Trouble | None]


def _looks(
    paths: tuple[Path, ...], token: CancelToken, look: _Look, threads: int
) -> Iterator[_Answer]:
    """What each file holds, in order; no more than a few are decoded ahead."""
    pool = ThreadPoolExecutor(threads, "scan")
    ahead: deque[Future[_Answer]] = deque()
    is_whole = False
    try:
        for path in paths:
            token.check()
            if len(ahead) >= 2 * threads:
                yield ahead.popleft().result()
            ahead.append(pool.submit(look, path))
        while ahead:
            token.check()
            yield ahead.popleft().result()
        is_whole = True
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        if look.memory is not None:
            look.memory.save(is_whole=is_whole)


@dataclass(frozen=True, slots=True)
class _Look:
    """What is wanted of every picture."""

    smallest: int
    pixel_limit: int | None
    memory: ScanMemory | None

    def __call__(self, path: Path) -> _Answer:
        try:
            seen = self._seen(path)
        except PictureError as error:
            return None, Trouble(path, _kind_of(error), str(error))
        width, height = seen.width, seen.height
        if min(height, width) < self.smallest:
            sentence = (
                f"“{path.name}” has {width} × {height} pixels; its shorter side must have "
                f"{self.smallest}."
            )
            return None, Trouble(path, "tiny", sentence)
        found = Found(path, width, height, seen.digest)
        if seen.mode == "RGB":
            return found, None
        sentence = f"“{path.name}” is {seen.mode}, not RGB; it is converted."
        return found, Trouble(path, "not-rgb", sentence)

    def _seen(self, path: Path) -> Seen:
        """The picture, remembered or decoded.

        Raises:
            PictureError: if it cannot be read.
        """
        try:
            file = path.stat()  # before it is read: what changes meanwhile is read again next time
        except OSError:
            file = None
        if self.memory is not None and file is not None:
            seen = self.memory.get(path, file)
            if seen is not None and not self._is_too_large(seen):
                return seen
        pixels, mode = opened_rgb(path, pixel_limit=self.pixel_limit)
        height, width = pixels.shape[:2]
        size, changed_ns = (file.st_size, file.st_mtime_ns) if file is not None else (0, 0)
        seen = Seen(size, changed_ns, width, height, _digest(pixels), mode)
        if self.memory is not None and file is not None:
            self.memory.put(path, seen)
        return seen

    def _is_too_large(self, seen: Seen) -> bool:
        return self.pixel_limit is not None and seen.width * seen.height > self.pixel_limit


def _kind_of(error: PictureError) -> TroubleKind:
    if isinstance(error, PictureTooLargeError) or isinstance(error.__cause__, MemoryError):
        return "too-large"
    # What the system refuses has a number; what decoders raise as OSError has none.
    if isinstance(error.__cause__, OSError) and error.__cause__.errno is not None:
        return "unreadable"
    return "corrupt"


def _digest(pixels: Pixels8) -> str:
    """Content of a contiguous (H, W, 3) array with its shape."""
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=_DIGEST_BYTES)
    digest.update(pixels.data)
    return digest.hexdigest()


def _rgb(pixels: npt.NDArray[np.generic]) -> Pixels8:
    if pixels.dtype == np.uint16:
        # 65535 is 257 x 255: the nearest of the 256 steps.
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if pixels.shape[2] < 3:
        pixels = np.repeat(pixels[:, :, :1], 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, :3], np.uint8)
