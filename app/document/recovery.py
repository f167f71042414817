"""Copies of unsaved work that outlive a crash: one file per open document, replaced as it grows."""

from __future__ import annotations

import functools
import hashlib
import logging
import platform
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from app.document import recovery_file
from app.document.belongings import Belongings, NamedMask
from app.document.document import Document
from app.document.recovery_file import DAMAGE, Facts, Work
from app.document.tiles import pack
from app.language import tr, tr_later
from engine.errors import PictureError
from engine.pictures import Picture, Source, changed_on_disk, open_picture, reads_back_alike
from engine.pictures.files import present_fingerprint
from engine.pictures.picture import Fingerprint

if TYPE_CHECKING:
    from app.document.tiles import PackedTile, TileKey
    from engine.types import Pixels

log = logging.getLogger(__name__)

SUFFIX = ".lacuna-recovery"
_DAMAGED = ".damaged"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document at one moment; nobody changes its tiles any more."""

    key: str
    source: Source
    shape: tuple[int, int, int]
    dtype: str
    tiles: dict[TileKey, PackedTile]
    belongings: Belongings
    mask_is_filled: bool
    has_whole_image: bool
    project: Path | None = None


@dataclass(frozen=True, slots=True)
class Recovery:
    """Work that a program which is no more had not saved.

    Attributes:
        file: the recovery file.
        path: the picture it belongs to; None for one that never was a file.
        written: when, in seconds since 1970.
    """

    file: Path
    path: Path | None
    written: float
    facts: Facts

    @property
    def name(self) -> str:
        return self.path.name if self.path is not None else tr("an unnamed picture")


@dataclass(frozen=True, slots=True)
class Recoveries:
    """What was found, newest first, and sentences about what could not be read."""

    found: tuple[Recovery, ...]
    notices: tuple[str, ...]


def take_snapshot(document: Document, project: Path | None = None) -> Snapshot:
    """All unsaved work of a document; call it where the document is edited, it is quick.

    The pixels of the file are not copied as long as the file is there to be read again.
    """
    picture = document.picture
    whole = picture.source.fingerprint is None or changed_on_disk(picture)
    if document.has_new_file and not reads_back_alike(picture):
        whole = True
    height, width, channels = document.image.shape
    return Snapshot(
        key=document.key,
        source=picture.source,
        shape=(height, width, channels),
        dtype=document.image.dtype.name,
        tiles=document.changed_tiles(whole_image=whole),
        belongings=document.belongings,
        mask_is_filled=document.mask_is_filled,
        has_whole_image=whole,
        project=project,
    )


def write_recovery(snapshot: Snapshot, folder: Path) -> Path:
    """Write a snapshot into the recovery folder, in place of the document's last one.

    Safe in any thread. Whoever kills the program meanwhile, the file is the old or the new one.

    Raises:
        PictureError: if the folder cannot be written.
    """
    with suppress(OSError):  # what is wrong with the folder shows below, with a sentence
        folder.mkdir(parents=True, exist_ok=True)
    path = path_of(snapshot.key, folder)
    source = snapshot.source
    blocks = {"icc": source.icc, "exif": source.exif, "xmp": source.xmp}
    masks = [mask.tiles for mask in snapshot.belongings.masks]
    recovery_file.write(path, _facts(snapshot), snapshot.tiles, masks, blocks)
    return path


def path_of(key: str, folder: Path) -> Path:
    """Where the recovery of the document with that key is kept."""
    return folder / f"{key}{SUFFIX}"


def remove_recovery(key: str, folder: Path) -> None:
    """The document was closed in peace, or its recovery is not wanted."""
    with suppress(OSError):
        path_of(key, folder).unlink(missing_ok=True)


def find_recoveries(folder: Path) -> Recoveries:
    """Recovery files of programs that run no more; damaged ones are set aside with a notice."""
    found: list[Recovery] = []
    notices: list[str] = []
    for file in _recovery_files(folder):
        try:
            facts = recovery_file.read_facts(file)
        except DAMAGE as error:
            log.warning("%s is damaged: %s", file, error)
            notices.append(_set_aside(file))
            continue
        if not _is_running(facts):
            path = Path(facts.path) if facts.path is not None else None
            found.append(Recovery(file, path, facts.written, facts))
    found.sort(key=lambda recovery: recovery.written, reverse=True)
    return Recoveries(tuple(found), tuple(notices))


def restore(recovery: Recovery) -> Document:
    """The document as it was, marked as unsaved; the recovery file stays.

    Raises:
        PictureError: if the picture has changed or vanished since, or the recovery is damaged.
    """
    facts = recovery.facts
    try:
        work = recovery_file.read_work(recovery.file)
    except DAMAGE as error:
        raise PictureError(
            tr(
                "The recovery copy of “{name}” is damaged ({error}) and cannot be used.",
                name=recovery.name,
                error=error,
            )
        ) from error
    if facts.has_whole_image or recovery.path is None:
        picture = _unfinished_picture(facts, work.blocks)
    else:
        picture = _reopened(recovery.path, facts)
    document = Document.new(picture)
    with document.edit(tr_later("Recovered work"), "result" if facts.mask_is_filled else "mask"):
        for key, tile in work.tiles.items():
            with document.touch(key.layer, key.box(document.width, document.height)) as view:
                view[...] = tile[: view.shape[0], : view.shape[1]]
        if facts.masks:
            document.put_belongings(_belongings(document, facts, work))
    document.mark_unsaved()
    return document


def _belongings(document: Document, facts: Facts, work: Work) -> Belongings:
    masks = []
    for name, tiles in zip(facts.masks, work.masks, strict=True):
        packed = {}
        for key, tile in tiles.items():
            box = key.box(document.width, document.height)
            packed[key] = pack(np.ascontiguousarray(tile[: box.height, : box.width]))
        masks.append(NamedMask(name, packed))
    current = min(facts.current_mask, len(masks) - 1)
    return Belongings(tuple(masks), current, tuple(facts.keypoints))


def _facts(snapshot: Snapshot) -> Facts:
    source = snapshot.source
    fingerprint = source.fingerprint or Fingerprint(0, 0)
    this = psutil.Process()
    digest = ""
    if source.path is not None and present_fingerprint(source.path) == source.fingerprint:
        digest = _digest(source.path, fingerprint)
    return Facts(
        host=platform.node(),
        pid=this.pid,
        process_started=this.create_time(),
        written=time.time(),
        path=str(source.path.absolute()) if source.path is not None else None,
        file_size=fingerprint.size,
        file_mtime_ns=fingerprint.mtime_ns,
        file_digest=digest,
        shape=snapshot.shape,
        dtype="uint8" if snapshot.dtype == "uint8" else "uint16",
        mask_is_filled=snapshot.mask_is_filled,
        has_whole_image=snapshot.has_whole_image,
        format=source.format,
        mode=source.mode,
        project=str(snapshot.project.absolute()) if snapshot.project is not None else "",
        masks=[mask.name for mask in snapshot.belongings.masks],
        current_mask=snapshot.belongings.current,
        keypoints=list(snapshot.belongings.keypoints),
    )


@functools.lru_cache(maxsize=16)
def _digest(path: Path, fingerprint: Fingerprint) -> str:  # noqa: ARG001 - part of the cache's key
    """BLAKE2b of a file's bytes, "" if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()
    except OSError:
        return ""


def _recovery_files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob(f"*{SUFFIX}"))
    except OSError:
        return []


def _set_aside(file: Path) -> str:
    """Rename a damaged recovery file, so that it is spoken of once only."""
    aside = file.with_name(file.name + _DAMAGED)
    with suppress(OSError):
        file.replace(aside)
    return tr(
        "A recovery copy is damaged and cannot be used; it is kept as “{aside}”.", aside=aside
    )


def _is_running(facts: Facts) -> bool:
    """Whether the program that wrote the file still runs, and not another with its number.

    A file from another host counts as left behind: hosts are renamed more often than home folders
    are shared, and offering the work of a running program once too often loses nothing.
    """
    if facts.host != platform.node():
        return False
    try:
        started: float = psutil.Process(facts.pid).create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return abs(started - facts.process_started) < 2


def _unfinished_picture(facts: Facts, blocks: dict[str, bytes | None]) -> Picture:
    """An empty picture of the right size, all of whose tiles are in the recovery file."""
    pixels: Pixels = np.zeros(facts.shape, facts.dtype)
    source = Source(
        format=facts.format,
        mode=facts.mode,
        icc=blocks["icc"],
        exif=blocks["exif"],
        xmp=blocks["xmp"],
        path=Path(facts.path) if facts.path is not None else None,
        fingerprint=Fingerprint(facts.file_size, facts.file_mtime_ns) if facts.path else None,
    )
    return Picture(pixels, source)


def _reopened(path: Path, facts: Facts) -> Picture:
    """The picture that the recovered tiles belong onto, unless it is another one by now."""
    now = present_fingerprint(path)
    if now is None:
        raise PictureError(
            tr(
                "The work on “{name}” cannot be recovered while the picture is missing; put "
                "it back into “{parent}”. The recovery copy is kept.",
                name=path.name,
                parent=path.parent,
            )
        )
    same = now == Fingerprint(facts.file_size, facts.file_mtime_ns)
    if facts.file_digest:
        same = _digest(path, now) == facts.file_digest
    if same:
        picture = open_picture(path, pixel_limit=None)
        if picture.pixels.shape == facts.shape and picture.pixels.dtype.name == facts.dtype:
            return picture
    raise PictureError(
        tr(
            "The work on “{name}” cannot be recovered: the picture has been changed "
            "since. Put the old one back into “{parent}”. The recovery copy is kept.",
            name=path.name,
            parent=path.parent,
        )
    )
