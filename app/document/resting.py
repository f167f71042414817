"""All that a document holds, kept on disk while nobody looks at it.

The files have no name and vanish with the process, however that ends; what must outlive it is the
recovery copy's business. What is written is mapped back read-only, so that a document at rest can
still be read, saved and copied, page by page, without taking memory for long.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.document.tiles import Layer, PackedTile, TileKey, is_mapped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[Any]

ALIGNMENT = 64


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
