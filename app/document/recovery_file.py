"""The file that keeps unsaved work: a zip of arrays and one JSON record, nothing executable."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import numpy as np

from app.document.tiles import TILE, Layer, PackedTile, TileKey
from engine.pictures.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

DAMAGE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged file raises."""

_LAYERS: tuple[Layer, ...] = ("image", "mask", "source")


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a recovery file that is no array.

    Attributes:
        process_started: when the writing program began, since its number may be used again.
        path: the picture; None for one that never was a file.
        file_digest: BLAKE2b of the picture file, "" if it could not be taken.
        has_whole_image: all tiles of the image are here, so that the picture is not needed.
        project: path of the project file that the work belongs to; empty without one.
        masks: names of the masks; of those not in use the tiles are in the layers “mask 0” and on.
        current_mask: number of the one in use.
        keypoints: of a face, in picture pixels.
    """

    version: Literal[1] = 1
    host: str
    pid: int
    process_started: float
    written: float
    path: str | None
    file_size: int
    file_mtime_ns: int
    file_digest: str
    shape: tuple[int, int, int]
    dtype: Literal["uint8", "uint16"]
    mask_is_filled: bool
    has_whole_image: bool
    format: str
    mode: str
    project: str = ""
    masks: list[str] = []
    current_mask: Annotated[int, msgspec.Meta(ge=0)] = 0
    keypoints: list[tuple[float, float]] = []


@dataclass(frozen=True, slots=True)
class Work:
    """What the arrays hold.

    Attributes:
        tiles: of all layers; those at the picture's rim are filled up with 0.
        masks: tiles of each mask; none of the one in use.
        blocks: ICC, EXIF and XMP.
    """

    tiles: dict[TileKey, npt.NDArray[Any]]
    masks: list[dict[TileKey, npt.NDArray[Any]]]
    blocks: dict[str, bytes | None]


def write(
    path: Path,
    facts: Facts,
    tiles: dict[TileKey, PackedTile],
    masks: Sequence[Mapping[TileKey, PackedTile]],
    blocks: dict[str, bytes | None],
) -> None:
    """Write a recovery file in one step.

    Raises:
        PictureError: if it cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    for layer in _LAYERS:
        of_layer = {key: tile for key, tile in tiles.items() if key.layer == layer}
        arrays |= _arrays(layer, of_layer)
    for number, mask in enumerate(masks):
        arrays |= _arrays(f"mask {number}", mask)
    for name, block in blocks.items():
        arrays[name] = np.frombuffer(block or b"", np.uint8)
    arrays["facts"] = np.frombuffer(msgspec.json.encode(facts), np.uint8)
    with replacing(path) as file, zipfile.ZipFile(file, "w", compresslevel=1) as archive:
        for name, array in arrays.items():
            # Photographs hardly shrink and would keep a core busy for seconds.
            is_photo = name == "image_tiles"
            archive.compression = zipfile.ZIP_STORED if is_photo else zipfile.ZIP_DEFLATED
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, array, allow_pickle=False)


def read_facts(path: Path) -> Facts:
    """The record of a recovery file; raises one of `DAMAGE` if it is torn or none."""
    with zipfile.ZipFile(path) as archive:
        return msgspec.json.decode(_array(archive, "facts").tobytes(), type=Facts)


def read_work(path: Path) -> Work:
    """The arrays of a recovery file; raises one of `DAMAGE` if it is torn."""
    tiles: dict[TileKey, npt.NDArray[Any]] = {}
    with zipfile.ZipFile(path) as archive:
        facts = msgspec.json.decode(_array(archive, "facts").tobytes(), type=Facts)
        for layer in _LAYERS:
            tiles |= _tiles(archive, layer, layer)
        masks = [_tiles(archive, f"mask {n}", "mask") for n in range(len(facts.masks))]
        blocks = {name: _array(archive, name).tobytes() or None for name in ("icc", "exif", "xmp")}
    return Work(tiles, masks, blocks)


def _arrays(name: str, tiles: Mapping[TileKey, PackedTile]) -> dict[str, npt.NDArray[Any]]:
    """The two arrays of a layer: where its tiles are, and what is in them."""
    places = np.array([key[1:] for key in tiles], np.int32).reshape(-1, 2)
    return {f"{name}_places": places, f"{name}_tiles": _stacked(list(tiles.values()))}


def _tiles(archive: zipfile.ZipFile, name: str, layer: Layer) -> dict[TileKey, npt.NDArray[Any]]:
    places, stack = _array(archive, f"{name}_places"), _array(archive, f"{name}_tiles")
    return {
        TileKey(layer, int(row), int(column)): tile
        for (row, column), tile in zip(places, stack, strict=True)
    }


def _array(archive: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
    with archive.open(f"{name}.npy") as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def _stacked(tiles: list[PackedTile]) -> npt.NDArray[Any]:
    """(N, 256, 256, ...) array of tiles."""
    if not tiles:
        return np.zeros((0, TILE, TILE), np.uint8)
    first = tiles[0]
    stack = np.zeros((len(tiles), TILE, TILE, *first.shape[2:]), first.values.dtype)
    for place, tile in zip(stack, tiles, strict=True):
        place[: tile.shape[0], : tile.shape[1]] = tile.unpacked()
    return stack
