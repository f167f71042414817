"""Opens project files, whoever wrote them and however long ago."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np

from app.document.belongings import Belongings, NamedMask
from app.document.document import Document
from app.document.history import Edit
from app.document.project import facts
from app.document.project.parts import NO_PROJECT, ProjectError, opened_parts
from app.document.project.snapshot import KeptResult
from app.document.tiles import TileKey, copied, pack
from app.language import tr, tr_n
from engine.jobs import Progress
from engine.pictures import DEFAULT_PIXEL_LIMIT, Picture, Source, open_picture
from engine.pictures.reading import check_size, read_header
from engine.pipeline import InpaintResult, Patch, Seconds
from engine.recipe import Recipe
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.document.history import EditKind
    from app.document.project.parts import PartReader
    from app.document.tiles import Layer, PackedTile
    from engine.jobs import CancelToken, Steps
    from engine.types import Pixels

log = logging.getLogger(__name__)

MOST_MASKS, MOST_RESULTS, MOST_STEPS = 10_000, 10_000, 100_000
_BLOCK = 1 << 20
_KINDS = ("stroke", "mask", "result")


@dataclass(frozen=True, slots=True)
class OpenedProject:
    """A project as it was saved.

    Attributes:
        carried: the project file itself, if only that has the picture's file.
        notices: sentences the user must know.
    """

    document: Document
    path: Path
    carried: Path | None
    is_embedded: bool
    results: tuple[KeptResult, ...]
    current_result: int
    view: facts.View
    method: facts.Method
    notices: tuple[str, ...]


def open_project(
    path: Path, token: CancelToken, *, pixel_limit: int | None = DEFAULT_PIXEL_LIMIT
) -> Steps[OpenedProject]:
    """Open a project file.

    Args:
        path: the file.
        token: to stop.
        pixel_limit: as for `open_picture`.

    Raises:
        Cancelled: when stopped.
        ProjectError: if it is damaged, foreign, of a newer Lacuna, or its picture is missing.
        PictureTooLargeError: if the picture has more pixels.
        PictureError: if the file or the picture cannot be read.
    """
    yield Progress(0, 3, "")
    with opened_parts(path) as parts:
        manifest = manifest_of(parts, path.name)
        check_size(path, (manifest.picture.width, manifest.picture.height), pixel_limit)
        picture, carried = _picture(parts, manifest.picture, path, token)
        yield Progress(1, 3, "")
        token.check()
        reading = _Reading(parts, manifest)
        document = reading.document(picture, token)
        yield Progress(2, 3, "")
        results = tuple(reading.results(token))
        lost = len(manifest.results) - len(results)
        return OpenedProject(
            document,
            path,
            carried,
            bool(manifest.picture.part),
            results,
            manifest.current_result,
            manifest.view,
            manifest.method,
            (tr_n("{n} result could not be read.", "{n} results could not be read.", lost),)
            if lost
            else (),
        )


def manifest_of(parts: PartReader, name: str) -> facts.ProjectFacts:
    """The manifest of a project file.

    Raises:
        ProjectError: if it is of a newer format, or none.
    """
    data = parts.manifest()
    try:
        header = msgspec.json.decode(data, type=facts.Header)
        if header.format != facts.FORMAT:
            raise ProjectError(tr(NO_PROJECT, name=name))
        if header.version > facts.VERSION:
            raise ProjectError(
                tr(
                    "“{name}” was saved by a newer Lacuna (format {format}, this one knows format "
                    "{known}); get the newer one to open it.",
                    name=name,
                    format=header.version,
                    known=facts.VERSION,
                )
            )
        return msgspec.json.decode(data, type=facts.ProjectFacts)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"its manifest: {error}") from error


# --- the picture -----------------------------------------------------------------------------


def _picture(
    parts: PartReader, noted: facts.PictureFacts, project: Path, token: CancelToken
) -> tuple[Picture, Path | None]:
    """The picture, and the project if only that has its file."""
    found = _found(noted, project, token) if noted.sha256 else None
    if noted.is_whole:
        return _blank(parts, noted, project), None
    if found is not None:
        picture, carried = _decoded(found, noted), None
    elif noted.part:
        picture, carried = _embedded(parts, noted, project), project
    else:
        raise ProjectError(
            tr(
                "“{name}”, the picture of “{project}”, is not at “{path}” any more, or is another "
                "one by now; put it beside the project.",
                name=noted.name,
                project=project.name,
                path=noted.path,
            )
        )
    shape = (noted.height, noted.width, noted.channels)
    if picture.pixels.shape != shape or picture.pixels.dtype.name != noted.dtype:
        raise ValueError("the picture is not the one that the project was made of")
    return picture, carried


def _found(noted: facts.PictureFacts, project: Path, token: CancelToken) -> Path | None:
    """The picture's file where it was, or beside the project, if it is the same by its bytes."""
    folder = project.absolute().parent
    wished = [folder / noted.path] if noted.path else []
    # Asking for a file on another machine could already tell that machine who asks.
    wished = [path for path in wished if path.drive[:2] != "\\\\" or path.drive == folder.drive]
    # A name may hold anything: only its last part counts, and only as a file in this folder.
    wished.append(folder / (PurePath(noted.name.replace("\\", "/")).name or "."))
    for path in wished:
        with suppress(OSError, ValueError):
            same_size = path.is_file() and path.stat().st_size == noted.file_size
            if same_size and _digest(path, token) == noted.sha256:
                return Path(os.path.normpath(path))
    return None


def _digest(path: Path, token: CancelToken) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            token.check()
            digest.update(block)
    return digest.hexdigest()


def _embedded(parts: PartReader, noted: facts.PictureFacts, project: Path) -> Picture:
    """The picture whose file is inside, named as if it lay beside the project."""
    # Decoders want a file; what is in it decides, so its name may be ours.
    with tempfile.TemporaryDirectory(prefix="lacuna-") as folder:
        copy = Path(folder) / "picture"
        with parts.stream(noted.part) as stream, copy.open("wb") as file:
            shutil.copyfileobj(stream, file, _BLOCK)
        picture = _decoded(copy, noted)
    return Picture(
        picture.pixels, replace(picture.source, path=_beside(noted, project), fingerprint=None)
    )


def _decoded(path: Path, noted: facts.PictureFacts) -> Picture:
    """The picture of a file that says it has the noted size, before it is decoded."""
    header = read_header(path, pixel_limit=None)
    if (header.width, header.height) != (noted.width, noted.height):
        raise ValueError("the picture is not the one that the project was made of")
    return open_picture(path, pixel_limit=None)


def _blank(parts: PartReader, noted: facts.PictureFacts, project: Path) -> Picture:
    """An empty picture of the right size, all of whose tiles are in the project."""
    pixels = np.zeros((noted.height, noted.width, noted.channels), noted.dtype)
    blocks = {
        name: parts.read(part, parts.size(part))
        for name, part in noted.blocks.items()
        if name in ("icc", "exif", "xmp")
    }
    path = _beside(noted, project) if noted.name else None
    source = Source(
        format=noted.format, mode=noted.mode, dpi=noted.dpi, path=path, **cast("Any", blocks)
    )
    return Picture(pixels, source)


def _beside(noted: facts.PictureFacts, project: Path) -> Path:
    name = PurePath(noted.name.replace("\\", "/")).name
    return project.absolute().with_name(name or "Untitled.png")


# --- everything else -------------------------------------------------------------------------


class _Reading:
    """One manifest and the members it names."""

    def __init__(self, parts: PartReader, manifest: facts.ProjectFacts) -> None:
        self._parts = parts
        self._manifest = manifest
        noted = manifest.picture
        self._size = (noted.width, noted.height)
        self._channels, self._dtype = noted.channels, np.dtype(noted.dtype)
        if len(manifest.masks) > MOST_MASKS or len(manifest.results) > MOST_RESULTS:
            raise ValueError("it has too many masks or results")
        if len(manifest.history.done) + len(manifest.history.undone) > MOST_STEPS:
            raise ValueError("it has too many undo steps")
        self._masks = [
            NamedMask(mask.name, self._packed("mask", mask.tiles)) for mask in manifest.masks
        ]

    def document(self, picture: Picture, token: CancelToken) -> Document:
        """The document with its layers, belongings and undo steps."""
        manifest = self._manifest
        document = Document.new(picture)
        tiles: dict[TileKey, Pixels] = {}
        for layer, noted in self._layers(manifest):
            tiles |= dict(self._tiles(layer, noted))
            token.check()
        originals = None
        if manifest.original is not None:
            originals = self._packed("image", manifest.original)
        document.resume(tiles, self._belongings(manifest.belongings), originals)
        history = manifest.history
        done = [self._edit(step, token) for step in history.done]
        undone = [self._edit(step, token) for step in history.undone]
        document.resume_history(
            done, undone, began_filled=history.began_filled, saved_after=history.saved_after
        )
        return document

    def results(self, token: CancelToken) -> Iterator[KeptResult]:
        """The results; one that this Lacuna cannot read is left out."""
        for noted in self._manifest.results:
            token.check()
            try:
                yield self._result(noted)
            except (msgspec.ValidationError, KeyError, ValueError):
                log.warning("result %d cannot be read", noted.number, exc_info=True)

    @staticmethod
    def _layers(
        noted: facts.ProjectFacts | facts.StepFacts,
    ) -> Iterator[tuple[Layer, facts.TilesFacts]]:
        yield "image", noted.image
        yield "mask", noted.mask
        yield "source", noted.source

    def _tiles(self, layer: Layer, noted: facts.TilesFacts) -> Iterator[tuple[TileKey, Pixels]]:
        """The tiles of one member, each place once and inside the picture."""
        if not noted.places:
            return
        width, height = self._size
        keys = [TileKey(layer, row, column) for row, column in noted.places]
        boxes = [key.box(width, height) for key in keys]
        if len(set(keys)) < len(keys) or any(box.is_empty for box in boxes):
            raise ValueError(f"{noted.part} has tiles outside the picture")
        is_image = layer == "image"
        dtype = self._dtype if is_image else np.dtype(np.uint8)
        each = self._channels * dtype.itemsize if is_image else 1
        data = self._parts.read(noted.part, sum(box.area for box in boxes) * each)
        at = 0
        for key, box in zip(keys, boxes, strict=True):
            shape = (box.height, box.width, *([self._channels] if is_image else []))
            count = box.area * each
            tile = np.frombuffer(data[at : at + count], dtype.newbyteorder("<")).astype(dtype)
            yield key, tile.reshape(shape)
            at += count

    def _packed(self, layer: Layer, noted: facts.TilesFacts) -> dict[TileKey, PackedTile]:
        packing = copied if layer == "image" else pack
        return {key: packing(tile) for key, tile in self._tiles(layer, noted)}

    def _belongings(self, noted: facts.BelongingsFacts) -> Belongings:
        if not 0 <= noted.current < len(noted.masks) or max(noted.masks) >= len(self._masks):
            raise ValueError("its list of masks makes no sense")
        points = np.array(noted.keypoints, np.float64)
        if not np.isfinite(points).all():
            raise ValueError("its keypoints make no sense")
        masks = tuple(self._masks[number] for number in noted.masks)
        return Belongings(masks, noted.current, tuple(noted.keypoints))

    def _edit(self, noted: facts.StepFacts, token: CancelToken) -> Edit:
        token.check()
        tiles: dict[TileKey, PackedTile] = {}
        for layer, places in self._layers(noted):
            tiles |= self._packed(layer, places)
        belongings = None if noted.belongings is None else self._belongings(noted.belongings)
        kind = noted.kind if noted.kind in _KINDS else "stroke"
        return Edit(
            noted.label,
            cast("EditKind", kind),
            tiles,
            changes_image=any(key.layer == "image" for key in tiles),
            changes_mask=any(key.layer == "mask" for key in tiles),
            belongings=belongings,
        )

    def _result(self, noted: facts.ResultFacts) -> KeptResult:
        width, height = noted.thumbnail_size
        thumbnail = np.frombuffer(self._parts.read(noted.thumbnail, width * height * 3), np.uint8)
        made = InpaintResult(
            patches=tuple(self._patch(patch) for patch in noted.patches),
            backend=noted.backend,
            reason=noted.reason,
            device=noted.device,
            fallback=noted.fallback,
            seconds=Seconds(*noted.seconds),
            recipe=_recipe(noted.recipe),
            hole_share=noted.hole_share,
            regions=noted.regions,
            detail=noted.detail,
        )
        shaped = thumbnail.reshape(height, width, 3).copy()
        return KeptResult(noted.number, noted.label, made, shaped, noted.is_kept)

    def _patch(self, noted: facts.PatchFacts) -> Patch:
        box, (width, height) = Box(*noted.box), self._size
        if box.is_empty or box != box.intersected(Box(0, 0, width, height)):
            raise ValueError("a result lies outside the picture")
        size = box.area * self._channels * self._dtype.itemsize
        data = np.frombuffer(self._parts.read(noted.pixels, size), self._dtype.newbyteorder("<"))
        bits = np.frombuffer(self._parts.read(noted.hole, -(-box.area // 8)), np.uint8)
        hole = np.unpackbits(bits, count=box.area).reshape(box.height, box.width).astype(bool)
        pixels = data.astype(self._dtype).reshape(box.height, box.width, self._channels)
        return Patch(box, pixels, hole)


def _recipe(noted: Mapping[str, object]) -> Recipe:
    """A recipe; what a later Lacuna has added to recipes is left out."""
    known = {name: value for name, value in noted.items() if name in Recipe.__struct_fields__}
    return msgspec.convert(known, Recipe)
