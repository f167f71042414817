"""Tiles of a layer as images that Qt can paint, kept up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from PySide6.QtGui import QImage

from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from app.canvas.pyramid import Pyramid, Raster

SIDE = 256
APRON = 2
"""Pixels of its neighbours that a tile has around it, so that smooth scaling shows no seams."""

OVERHEAD_BYTES = 1024
"""What a tile's objects take beside its arrays; all that a blank tile takes."""

Shades: TypeAlias = "npt.NDArray[np.uint32]"
"""(h, w) 0xAARRGGBB, premultiplied."""


class TileKey(NamedTuple):
    """A tile of one level; the level's pixels are 2^level picture pixels wide."""

    level: int
    row: int
    column: int

    @property
    def core(self) -> Box:
        """Its pixels of the level, without apron; may reach beyond the picture's edge."""
        left, top = self.column * SIDE, self.row * SIDE
        return Box(left, top, left + SIDE, top + SIDE)

    def parents(self, count: int) -> list[TileKey]:
        """The tiles of the next coarser levels that hold this one."""
        return [
            TileKey(self.level + up, self.row >> up, self.column >> up)
            for up in range(1, count + 1)
        ]


@dataclass(slots=True, eq=False)
class Tile:
    """One tile.

    Attributes:
        box: pixels of the level that it holds, apron included.
        values: (h, w) of these pixels: colours, or what `TileCache.colours` makes colours of;
            None if they are transparent all over.
        stale: the part of `box` that changed since it was made.
    """

    box: Box
    values: npt.NDArray[Any] | None
    stale: Box | None = None

    @property
    def nbytes(self) -> int:
        return OVERHEAD_BYTES + (0 if self.values is None else self.values.nbytes)

    def spoil(self, part: Box) -> None:
        """A part of the level changed."""
        part = part.intersected(self.box)
        if not part.is_empty:
            self.stale = part if self.stale is None else Box.around((self.stale, part))


class TileCache:
    """The tiles of one layer.

    Args:
        pyramid: the layer at all levels.
        shade: turns its values into colours.
        see_through: whether tiles have alpha; wholly transparent ones then take no memory.
        lazy: whether values become colours each time they are drawn: a quarter of the memory
            for layers of single bytes, and nothing to do when their colour changes.
        budget_bytes: the least recently used tiles go beyond this.
    """

    def __init__(
        self,
        pyramid: Pyramid,
        shade: Callable[[Raster], Shades],
        *,
        see_through: bool,
        lazy: bool = False,
        budget_bytes: int,
    ) -> None:
        self._pyramid = pyramid
        self._shade = shade
        self._see_through = see_through
        self.image_format = image_format(see_through=see_through)
        self._lazy = lazy
        self._budget_bytes = budget_bytes
        self._tiles: OrderedDict[TileKey, Tile] = OrderedDict()
        self._levels: set[int] = set()
        self.nbytes = 0

    def level_box(self, level: int) -> Box:
        """All pixels of a level."""
        return self._pyramid.box(level)

    def image(self) -> QImage:
        """The whole layer as one image of its own."""
        shades = self._shade(self._pyramid.pixels(0, self.level_box(0)))
        return wrapped(shades, self.image_format).copy()

    def keys(self, level: int, box: Box) -> list[TileKey]:
        """The tiles whose core touches a box of the level."""
        box = box.intersected(self._pyramid.box(level))
        if box.is_empty:
            return []
        return [
            TileKey(level, row, column)
            for row in range(box.top // SIDE, (box.bottom - 1) // SIDE + 1)
            for column in range(box.left // SIDE, (box.right - 1) // SIDE + 1)
        ]

    def ready(self, key: TileKey) -> Tile | None:
        """The tile as it is at hand, perhaps `stale`; None if it would have to be made."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def tile(self, key: TileKey) -> Tile:
        """The tile, made or brought up to date now if need be."""
        tile = self.ready(key)
        if tile is not None:
            return tile if tile.stale is None else self._refreshed(key, tile, tile.stale)
        tile = self._keep(key, self._made(key))
        while self.nbytes > self._budget_bytes and len(self._tiles) > 1:
            self.nbytes -= self._tiles.popitem(last=False)[1].nbytes
        return tile

    def spoil(self, box: Box) -> None:
        """The layer changed in a box of its pixels: what shows them is made anew when looked at."""
        self._pyramid.spoil(box)
        for level in self._levels:
            part = Box(
                box.left >> level,
                box.top >> level,
                -(-box.right >> level),
                -(-box.bottom >> level),
            )
            for key in self.keys(level, part.grown(APRON)):
                tile = self._tiles.get(key)
                if tile is not None:
                    tile.spoil(part)

    def colours(self, tile: Tile) -> Shades | None:
        """What to draw of a tile; None = nothing."""
        if tile.values is None or not self._lazy:
            return tile.values
        return self._shade(tile.values)

    def use_shade(self, shade: Callable[[Raster], Shades]) -> None:
        """Turn the values of a lazy layer into other colours from now on."""
        self._shade = shade

    def _values(self, key: TileKey, box: Box) -> npt.NDArray[Any] | None:
        raster = self._pyramid.pixels(key.level, box)
        if self._see_through and not raster.any():
            return None
        return np.ascontiguousarray(raster) if self._lazy else self._shade(raster)

    def _made(self, key: TileKey) -> Tile:
        box = key.core.grown(APRON).intersected(self._pyramid.box(key.level))
        return Tile(box, self._values(key, box))

    def _refreshed(self, key: TileKey, tile: Tile, part: Box) -> Tile:
        tile.stale = None
        values = self._values(key, part)
        if tile.values is None:
            return tile if values is None else self._keep(key, self._made(key))
        inside = part.moved(-tile.box.left, -tile.box.top).slices
        tile.values[inside] = 0 if values is None else values
        return tile

    def _keep(self, key: TileKey, tile: Tile) -> Tile:
        former = self._tiles.get(key)
        self.nbytes += tile.nbytes - (0 if former is None else former.nbytes)
        self._tiles[key] = tile
        self._levels.add(key.level)
        return tile


def image_format(*, see_through: bool) -> QImage.Format:
    """Of the images of tiles with and without alpha."""
    formats = QImage.Format
    return formats.Format_ARGB32_Premultiplied if see_through else formats.Format_RGB32


def wrapped(shades: Shades, image_format: QImage.Format) -> QImage:
    """An image on the memory of an array, which must outlive it."""
    height, width = shades.shape
    return QImage(shades.data, width, height, shades.strides[0], image_format)
