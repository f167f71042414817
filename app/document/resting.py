"""All that a document holds, kept on disk while nobody looks at it.

The files have no name and vanish with the process, however that ends; what must outlive it is the
recovery copy's business. What is written is mapped back read-only, so that a document at rest can
still be read, saved and copied, page by page, without taking memory for long.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from app.document.tiles import Layer, PackedTile, TileKey, is_mapped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from app.document.history import Edit, History
    from engine.pictures import Picture

    Array = npt.NDArray[Any]

ALIGNMENT = 64
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a document holds at one revision, by reference: nobody writes into it.

    Attributes:
        revision: of the document.
        layers: (H, W, C) and (H, W) arrays.
        tiles: the original tiles, the mask that was cleared last, and one dictionary for each edit.
    """

    revision: int
    layers: dict[Layer, Array]
    tiles: list[dict[TileKey, PackedTile]]

    @property
    def arrays(self) -> list[Array]:
        """Every array, each once."""
        found = list(self.layers.values())
        for tile in self._packed().values():
            found += [tile.values] if tile.starts is None else [tile.values, tile.starts]
        return found

    @property
    def nbytes(self) -> int:
        """Bytes in memory; what is mapped from a file takes none."""
        return sum(array.nbytes for array in self.arrays if not is_mapped(array))

    def laid_down(self, folder: Path) -> Contents:
        """The same contents with every array in a file.

        Raises:
            OSError: if the disk refuses them.
        """
        packed = self._packed()
        arrays = self.arrays
        there = dict(zip(map(id, arrays), mapped(arrays, folder), strict=True))
        tiles = {
            number: replace(
                tile,
                values=there[id(tile.values)],
                starts=None if tile.starts is None else there[id(tile.starts)],
            )
            for number, tile in packed.items()
        }
        layers = {layer: there[id(array)] for layer, array in self.layers.items()}
        told = [{key: tiles[id(tile)] for key, tile in some.items()} for some in self.tiles]
        return Contents(self.revision, layers, told)

    def picked_up(self) -> Contents:
        """The same contents with the layers in memory; tiles stay where they are."""
        layers = {layer: np.array(array) for layer, array in self.layers.items()}
        return replace(self, layers=layers)

    def _packed(self) -> dict[int, PackedTile]:
        """Each tile once: an edit and the originals may hold the same one."""
        return {id(tile): tile for some in self.tiles for tile in some.values()}


class Restable:
    """What lets a document's arrays lie on disk; `Document` has the rest of it."""

    mask: npt.NDArray[np.uint8]
    revision: int
    _picture: Picture
    _source: npt.NDArray[np.uint8] | None
    _history: History
    _edit: Edit | None
    _originals: dict[TileKey, PackedTile]
    _last_mask: dict[TileKey, PackedTile]

    def contents(self) -> Contents:
        """All that the document holds, by reference."""
        layers: dict[Layer, npt.NDArray[Any]] = {"image": self._picture.pixels, "mask": self.mask}
        if self._source is not None:
            layers["source"] = self._source
        edits = [edit.tiles for edit in self._history.edits]
        return Contents(self.revision, layers, [self._originals, self._last_mask, *edits])

    def exchange(self, contents: Contents) -> bool:
        """Hold the same content in other arrays: on disk, or in memory again.

        Args:
            contents: made of `contents()`.

        Returns:
            False, and nothing is done, if the document has changed since.
        """
        edits = self._history.edits
        originals, last_mask, *tiles = contents.tiles
        if self._edit is not None or contents.revision != self.revision or len(tiles) != len(edits):
            return False
        self._picture = replace(self._picture, pixels=contents.layers["image"])
        self.mask = contents.layers["mask"]
        self._source = contents.layers.get("source")
        self._originals, self._last_mask = originals, last_mask
        for edit, own in zip(edits, tiles, strict=True):
            edit.tiles = own
            edit.weigh()
        return True

    @property
    def is_resting(self) -> bool:
        """Whether the pixels lie on disk, where they can be read but not changed."""
        return is_mapped(self._picture.pixels)


def mapped(arrays: Iterable[Array], folder: Path) -> list[Array]:
    """Read-only maps of one nameless file with the arrays; those that are mapped stay as they are.

    Raises:
        OSError: if the disk refuses them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places: list[tuple[Array, int]] = []
    # Unbuffered, because a buffer would hold what a full disk refused and try again later.
    with tempfile.TemporaryFile(dir=folder, prefix="lacuna-resting-", buffering=0) as file:
        for array in arrays:
            if is_mapped(array) or array.size == 0:
                places.append((array, -1))
                continue
            file.seek(-(-file.tell() // ALIGNMENT) * ALIGNMENT)
            places.append((array, file.tell()))
            rest = np.ascontiguousarray(array).data.cast("B")
            while rest:
                rest = rest[file.write(rest) :]
        whole = np.memmap(file, np.uint8, "r") if any(at >= 0 for _, at in places) else None
    made: list[Array] = []
    for array, at in places:
        if whole is None or at < 0:
            made.append(array)
        else:
            made.append(whole[at : at + array.nbytes].view(array.dtype).reshape(array.shape))
    return made


def laid_down(value: Kept, folder: Path) -> Kept:
    """The same value with all its arrays in a file.

    Args:
        value: frozen dataclasses, tuples and dictionaries of them, however deep.
        folder: of the file.

    Raises:
        OSError: if the disk refuses them.
    """
    arrays = arrays_in(value)
    there = dict(zip(map(id, arrays), mapped(arrays, folder), strict=True))
    return cast("Kept", _exchanged(value, there))


def arrays_in(value: object) -> list[Array]:
    """The arrays in frozen dataclasses, tuples and dictionaries of them, however deep."""
    if isinstance(value, np.ndarray):
        return [value]
    return [array for part in _parts(value) for array in arrays_in(part)]


def _exchanged(value: object, there: dict[int, Array]) -> object:
    if isinstance(value, np.ndarray):
        return there[id(value)]
    if isinstance(value, tuple):
        return tuple(_exchanged(part, there) for part in value) if arrays_in(value) else value
    if isinstance(value, dict):
        return {name: _exchanged(part, there) for name, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type) and arrays_in(value):
        names = [field.name for field in fields(value)]
        return replace(value, **{name: _exchanged(getattr(value, name), there) for name in names})
    return value


def _parts(value: object) -> list[object]:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name) for field in fields(value)]
    return []
