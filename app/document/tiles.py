"""Copies of 256-pixel tiles, small in memory when they hold few different runs of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from engine.types import Pixels

TILE = 256
"""Side of a tile in pixels; 256 * 256 positions are exactly what a uint16 can count."""

Layer: TypeAlias = Literal["image", "mask", "source"]


class TileKey(NamedTuple):
    """One tile of one layer."""

    layer: Layer
    row: int
    column: int

    def box(self, width: int, height: int) -> Box:
        """The tile's pixels in a picture of that size; narrower at the right and lower rim."""
        left, top = self.column * TILE, self.row * TILE
        return Box(left, top, min(left + TILE, width), min(top + TILE, height))


@dataclass(frozen=True, slots=True)
class PackedTile:
    """A copy of a tile: raw `values`, or runs of equal values beginning at `starts`.

    Run lengths instead of zlib because a mask tile must pack and unpack in some 40 microseconds
    for undo to stay under a frame or two on a stroke that crosses hundreds of tiles.
    """

    shape: tuple[int, ...]
    values: Pixels
    starts: npt.NDArray[np.uint16] | None

    @property
    def nbytes(self) -> int:
        """Bytes in memory; what is mapped from a file takes none."""
        arrays = (self.values,) if self.starts is None else (self.values, self.starts)
        return sum(array.nbytes for array in arrays if not is_mapped(array))

    @property
    def unpacked_bytes(self) -> int:
        return int(np.prod(self.shape)) * self.values.itemsize

    def unpacked(self) -> Pixels:
        """The tile's pixels; raw ones without a copy, so nobody may write into them."""
        if self.starts is None:
            return self.values
        count = int(np.prod(self.shape))
        ends = np.append(self.starts[1:].astype(np.int64), count)
        values: npt.NDArray[Any] = self.values
        pixels: Pixels = np.repeat(values, ends - self.starts).reshape(self.shape)
        return pixels


def is_mapped(array: npt.NDArray[Any]) -> bool:
    """Whether an array, or the one that it is a view of, lies in a file and not in memory."""
    # A copy of a map has its type, too, but no mode.
    return isinstance(array, np.memmap) and array.mode is not None


def pack(pixels: Pixels) -> PackedTile:
    """A copy of a tile: (h, w) of a mask as runs where that is smaller, (h, w, C) raw."""
    if pixels.ndim == 3:
        return copied(pixels)
    flat = pixels.reshape(-1)
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    if (changes.size + 1) * (2 + flat.itemsize) >= flat.nbytes:
        return copied(pixels)
    starts = np.zeros(changes.size + 1, np.uint16)
    np.add(changes, 1, out=starts[1:], casting="unsafe")
    return PackedTile(pixels.shape, flat[starts], starts)


def copied(pixels: Pixels) -> PackedTile:
    """A copy of a tile as it is: ten times quicker than `pack`, for what is not kept for long."""
    return PackedTile(pixels.shape, pixels.copy(), None)


def keys_in(layer: Layer, box: Box) -> Iterator[TileKey]:
    """The tiles that a non-empty box touches, row by row."""
    for row in range(box.top // TILE, (box.bottom - 1) // TILE + 1):
        for column in range(box.left // TILE, (box.right - 1) // TILE + 1):
            yield TileKey(layer, row, column)


def joined_boxes(keys: Iterable[TileKey], width: int, height: int) -> list[tuple[Layer, Box]]:
    """Boxes that cover the tiles: neighbours in a row become one box."""
    boxes: list[tuple[Layer, Box]] = []
    for key in sorted(keys):
        box = key.box(width, height)
        if boxes:
            layer, last = boxes[-1]
            if layer == key.layer and last.top == box.top and last.right == box.left:
                boxes[-1] = (layer, Box(last.left, last.top, box.right, last.bottom))
                continue
        boxes.append((key.layer, box))
    return boxes
