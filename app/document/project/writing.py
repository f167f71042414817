"""Writes a project file in one step: the old one or the new one, never half of one."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING

import msgspec
import numpy as np

from app.document.project import facts
from app.document.project.parts import MANIFEST, PartWriter, ProjectError, opened_parts
from app.document.project.reading import manifest_of
from app.language import tr
from engine import __version__
from engine.jobs import Progress
from engine.pictures import present_fingerprint
from engine.pictures.files import opened, replacing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.document.belongings import Belongings, NamedMask
    from app.document.history import Edit
    from app.document.project.snapshot import KeptResult, Snapshot
    from app.document.tiles import Layer, PackedTile, TileKey
    from engine.jobs import CancelToken, Steps
    from engine.pipeline import Patch

_BLOCK = 1 << 20
_NEAR = 2
"""A picture is near its project if no more than so many folders lead up to a common one."""


def write_project(
    snapshot: Snapshot, path: Path, token: CancelToken, *, embed: bool
) -> Steps[None]:
    """Write a snapshot into a project file.

    Args:
        snapshot: what to write.
        path: the file, replaced if it exists.
        token: to stop; the old file is then as it was.
        embed: put the picture's file inside.

    Raises:
        Cancelled: when stopped.
        PictureError: if the file cannot be written.
        ProjectError: if the picture's file has changed this very moment.
    """
    with _base_of(snapshot) as base, replacing(path) as file, PartWriter(file) as parts:
        yield from _Writing(snapshot, parts, path.absolute().parent).all(base, token, embed=embed)


@dataclass(frozen=True, slots=True)
class _Base:
    """The file of the picture, open for reading, and how many bytes it has."""

    file: IO[bytes]
    size: int


@contextmanager
def _base_of(snapshot: Snapshot) -> Iterator[_Base | None]:
    """The picture's file, wherever it is; None for a picture that needs none."""
    source = snapshot.source
    if snapshot.is_whole:
        yield None
    elif snapshot.carried is not None:
        # Copied, so that the old project is closed when the new one takes its place.
        with tempfile.TemporaryFile() as file:
            with opened_parts(snapshot.carried) as parts:
                part = manifest_of(parts, snapshot.carried.name).picture.part
                with parts.stream(part) as stream:
                    shutil.copyfileobj(stream, file, _BLOCK)
            size = file.tell()
            file.seek(0)
            yield _Base(file, size)
    else:
        path = Path(source.path or "")
        if present_fingerprint(path) != source.fingerprint:
            raise ProjectError(
                tr(
                    "“{name}” has just been changed by another program; save the project again.",
                    name=path.name,
                )
            )
        with opened(path) as file:
            yield _Base(file, path.stat().st_size)


@dataclass
class _Writing:
    """One snapshot on its way into an archive."""

    snapshot: Snapshot
    parts: PartWriter
    folder: Path
    _masks: dict[int, int] = field(default_factory=dict)
    _mask_facts: list[facts.MaskFacts] = field(default_factory=list)

    def all(self, base: _Base | None, token: CancelToken, *, embed: bool) -> Steps[None]:
        snapshot, total = self.snapshot, len(self.snapshot.results) + 4
        yield Progress(0, total, "")
        picture = self._picture(base, token, embed=embed or snapshot.carried is not None)
        yield Progress(1, total, "")
        layers = self._layers("", snapshot.tiles)
        original = None
        if snapshot.originals is not None:
            original = self._tiles("original.tiles", "image", snapshot.originals)
        token.check()
        yield Progress(2, total, "")
        belongings = self._belongings(snapshot.belongings)
        history = self._history(token)
        results = []
        for number, result in enumerate(snapshot.results):
            token.check()
            yield Progress(3 + number, total, "")
            results.append(self._result(result))
        manifest = facts.ProjectFacts(
            format=facts.FORMAT,
            version=facts.VERSION,
            app_version=__version__,
            saved=time.time(),
            picture=picture,
            image=layers["image"],
            mask=layers["mask"],
            source=layers["source"],
            original=original,
            masks=self._mask_facts,
            belongings=belongings,
            history=history,
            results=results,
            current_result=snapshot.current_result,
            view=snapshot.view,
            method=snapshot.method,
        )
        token.check()
        self.parts.write(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))

    # --- the picture -------------------------------------------------------------------------

    def _picture(
        self, base: _Base | None, token: CancelToken, *, embed: bool
    ) -> facts.PictureFacts:
        snapshot, source = self.snapshot, self.snapshot.source
        height, width, channels = snapshot.shape
        common = facts.PictureFacts(
            name=source.path.name if source.path is not None else "",
            path=_reference(source.path, self.folder) if source.path is not None else "",
            is_whole=snapshot.is_whole,
            width=width,
            height=height,
            channels=channels,
            dtype="uint8" if snapshot.dtype == "uint8" else "uint16",
        )
        if base is None:
            blocks = {"icc": source.icc, "exif": source.exif, "xmp": source.xmp}
            return msgspec.structs.replace(
                common,
                format=source.format,
                mode=source.mode,
                dpi=source.dpi,
                blocks={
                    name: self.parts.write(f"picture/{name}", block)
                    for name, block in blocks.items()
                    if block
                },
            )
        if not embed:
            digest = _copied(base.file, None, token)
            return msgspec.structs.replace(common, file_size=base.size, sha256=digest)
        ending = PurePath(common.name).suffix
        with self.parts.stream(f"picture/original{ending}", shrinks=False) as (part, stream):
            digest = _copied(base.file, stream, token)
        return msgspec.structs.replace(common, file_size=base.size, sha256=digest, part=part)

    # --- layers, masks and steps -------------------------------------------------------------

    def _layers(
        self, prefix: str, tiles: Mapping[TileKey, PackedTile]
    ) -> dict[Layer, facts.TilesFacts]:
        """The members of each layer."""
        layers: tuple[Layer, ...] = ("image", "mask", "source")
        return {layer: self._tiles(f"{prefix}{layer}.tiles", layer, tiles) for layer in layers}

    def _tiles(
        self, name: str, layer: Layer, tiles: Mapping[TileKey, PackedTile]
    ) -> facts.TilesFacts:
        keys = sorted(key for key in tiles if key.layer == layer)
        if not keys:
            return facts.TilesFacts()
        with self.parts.stream(name, shrinks=layer != "image") as (part, stream):
            for key in keys:
                stream.write(_little_endian(tiles[key].unpacked()).data.cast("B"))
        return facts.TilesFacts(part, [(key.row, key.column) for key in keys])

    def _belongings(self, belongings: Belongings) -> facts.BelongingsFacts:
        numbers = [self._mask(mask) for mask in belongings.masks]
        return facts.BelongingsFacts(numbers, belongings.current, list(belongings.keypoints))

    def _mask(self, mask: NamedMask) -> int:
        """The number of a mask; many undo steps know the same one."""
        if id(mask) not in self._masks:
            tiles = self._tiles(f"masks/{len(self._masks) + 1}.tiles", "mask", mask.tiles)
            self._masks[id(mask)] = len(self._mask_facts)
            self._mask_facts.append(facts.MaskFacts(mask.name, tiles))
        return self._masks[id(mask)]

    def _history(self, token: CancelToken) -> facts.HistoryFacts:
        history = self.snapshot.history
        steps: dict[str, list[facts.StepFacts]] = {"done": [], "undone": []}
        for side, edits in (("done", history.done), ("undone", history.undone)):
            for number, edit in enumerate(edits, 1):
                token.check()
                steps[side].append(self._step(f"history/{side}-{number}/", edit))
        return facts.HistoryFacts(
            steps["done"],
            steps["undone"],
            history.began_filled,
            self.snapshot.saved_after,
            list(history.older),
        )

    def _step(self, prefix: str, edit: Edit) -> facts.StepFacts:
        belongings = None if edit.belongings is None else self._belongings(edit.belongings)
        layers = self._layers(prefix, edit.tiles)
        return facts.StepFacts(
            edit.label, edit.kind, layers["image"], layers["mask"], layers["source"], belongings
        )

    # --- results -----------------------------------------------------------------------------

    def _result(self, kept: KeptResult) -> facts.ResultFacts:
        made, prefix = kept.result, f"results/{kept.number}"
        height, width = kept.thumbnail.shape[:2]
        thumbnail = np.ascontiguousarray(kept.thumbnail).reshape(-1)
        return facts.ResultFacts(
            number=kept.number,
            label=kept.label,
            is_kept=kept.is_kept,
            backend=made.backend,
            reason=made.reason,
            device=made.device,
            fallback=made.fallback,
            seconds=(made.seconds.load, made.seconds.inpaint, made.seconds.total),
            hole_share=made.hole_share,
            regions=made.regions,
            detail=made.detail,
            recipe=msgspec.to_builtins(made.recipe),
            patches=[self._patch(prefix, patch) for patch in made.patches],
            thumbnail=self.parts.write(f"{prefix}/thumbnail.rgb", thumbnail),
            thumbnail_size=(width, height),
        )

    def _patch(self, prefix: str, patch: Patch) -> facts.PatchFacts:
        box, hole = patch.box, np.packbits(patch.hole.reshape(-1))
        pixels = _little_endian(patch.pixels).reshape(-1).view(np.uint8)
        return facts.PatchFacts(
            (box.left, box.top, box.right, box.bottom),
            self.parts.write(f"{prefix}/pixels.raw", pixels, shrinks=False),
            self.parts.write(f"{prefix}/hole.bits", hole),
        )


def _little_endian(pixels: np.ndarray) -> np.ndarray:
    """The same pixels, contiguous, as the file holds them on every machine."""
    return np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))


def _reference(picture: Path, folder: Path) -> str:
    """The path of a picture as a project in that folder notes it."""
    path = picture.absolute()
    try:
        relative = PurePath(os.path.relpath(path, folder))
    except ValueError:  # another drive
        return path.as_posix()
    return path.as_posix() if relative.parts.count("..") > _NEAR else relative.as_posix()


def _copied(file: IO[bytes], into: IO[bytes] | None, token: CancelToken) -> str:
    """SHA-256 of a file, which is copied on the way if that is wanted."""
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        token.check()
        digest.update(block)
        if into is not None:
            into.write(block)
    return digest.hexdigest()
