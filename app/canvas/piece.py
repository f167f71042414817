"""Tiles on their places in a piece of the view."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from app.canvas.tiles import wrapped
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from app.canvas.navigation import Viewport
    from app.canvas.tiles import Tile, TileCache, TileKey

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)

RIM = 4
"""Device pixels around a changed box that change with it: smoothing, averaging, the rim."""

COARSEST_PARENT = 3
"""How many levels coarser than wanted a tile may be to stand in for a missing one."""


@dataclass(frozen=True, slots=True)
class Rough:
    """The picture by every n-th pixel: poor, but there at once whatever the size."""

    image: QImage
    step: int


def qrect(box: Box) -> QRect:
    return QRect(box.left, box.top, box.width, box.height)


@dataclass(slots=True, eq=False)
class Piece:
    """A box of the view's device pixels that is being painted.

    Attributes:
        painter: in device pixels of the view.
        box: what is to be painted.
        viewport: where the picture lies.
        deadline: of `time.perf_counter`; tiles are made until then, later ones are stood in for.
        undone: what has to be painted again for lack of tiles.
        level: the coarsest one with at least one pixel per device pixel.
    """

    painter: QPainter
    box: Box
    viewport: Viewport
    deadline: float
    undone: list[Box] = field(default_factory=list)
    level: int = field(init=False)
    _frame: Box = field(init=False)
    _spots: dict[TileKey, Box] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.level = max(0, math.floor(-math.log2(self.viewport.zoom) + 1e-6))
        self._frame = self.viewport.frame

    def draw(self, cache: TileCache, *substitutes: TileCache, rough: Rough | None = None) -> None:
        """Draw the tiles of a layer.

        Args:
            cache: its tiles.
            substitutes: where to look for something to show instead of a missing tile.
            rough: the last resort.
        """
        smooth = self.viewport.zoom < 1
        self.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        for key, tile in self.tiles(cache):
            spot = self.spot(cache, key)
            if tile is None:
                self._draw_substitute(key, spot, substitutes, rough)
            else:
                self._draw_tile(cache, tile, key, spot)

    def tiles(self, cache: TileCache) -> Iterator[tuple[TileKey, Tile | None]]:
        """The tiles in this piece, made or brought up to date as long as there is time."""
        for key in self._keys(cache):
            if time.perf_counter() < self.deadline:
                yield key, cache.tile(key)
                continue
            tile = cache.ready(key)
            if tile is None or tile.stale is not None:
                # Rims are drawn from both sides of a tile's edge, also in pieces beside this one.
                self.undone.append(self.spot(cache, key).intersected(self.box).grown(RIM))
            yield key, tile

    def spot(self, cache: TileCache, key: TileKey) -> Box:
        """The device pixels that show a tile: together the tiles leave no gap and no overlap."""
        spot = self._spots.get(key)
        if spot is None:
            view, core, whole = self.viewport, key.core, cache.level_box(key.level)
            right, bottom = self._frame.right, self._frame.bottom
            if core.right < whole.right:
                right = view.column(core.right << key.level)
            if core.bottom < whole.bottom:
                bottom = view.row(core.bottom << key.level)
            left, top = view.column(core.left << key.level), view.row(core.top << key.level)
            spot = self._spots[key] = Box(left, top, right, bottom)
        return spot

    def sampled(self, cache: TileCache, box: Box) -> npt.NDArray[np.bool_] | None:
        """Which device pixels of a box show a pixel of a lazy layer that is not 0.

        Args:
            cache: the layer's tiles; only those at hand are looked at.
            box: in device pixels; may reach beyond the picture.

        Returns:
            (box.height, box.width), True where the nearest pixel, or in a shrunk picture one
            beside it, is not 0; None if all are.
        """
        found: npt.NDArray[np.bool_] | None = None
        for key in cache.keys(self.level, self._level_box(box)):
            tile = cache.ready(key)
            part = self.spot(cache, key).intersected(box)
            if tile is None or tile.values is None or part.is_empty:
                continue
            if found is None:
                found = np.zeros((box.height, box.width), np.bool_)
            columns = self._nearest(part.left, part.right, self.viewport.left, tile.box.left)
            rows = self._nearest(part.top, part.bottom, self.viewport.top, tile.box.top)
            # A device pixel covers up to two pixels of the level; none may be passed over.
            values = tile.values if self.viewport.zoom >= 1 else cv2.dilate(tile.values, CROSS)
            np.minimum(columns, values.shape[1] - 1, out=columns)
            np.minimum(rows, values.shape[0] - 1, out=rows)
            inside = part.moved(-box.left, -box.top).slices
            found[inside] = values[rows].take(columns, axis=1) != 0
        return found

    def _nearest(self, start: int, stop: int, edge: int, first: int) -> npt.NDArray[np.intp]:
        """For device pixels from start to stop, the level pixel under each one's centre."""
        scale = self.viewport.zoom * (1 << self.level)
        centres = np.arange(start, stop) + (0.5 - edge)
        pixels: npt.NDArray[np.intp] = np.floor(centres / scale).astype(np.intp)
        return np.maximum(pixels - first, 0)

    def _level_box(self, box: Box) -> Box:
        """The pixels of the level that a box of device pixels touches."""
        part = self.viewport.in_picture(box.intersected(self._frame))
        level = self.level
        return Box(
            part.left >> level, part.top >> level, -(-part.right >> level), -(-part.bottom >> level)
        )

    def _keys(self, cache: TileCache) -> list[TileKey]:
        """The tiles to draw, those near the middle first."""
        keys = cache.keys(self.level, self._level_box(self.box))
        if len(keys) > 1:
            x, y = self.viewport.width / 2, self.viewport.height / 2

            def from_middle(key: TileKey) -> float:
                spot = self.spot(cache, key)
                return math.hypot(spot.left + spot.width / 2 - x, spot.top + spot.height / 2 - y)

            keys.sort(key=from_middle)
        return keys

    def _draw_tile(self, cache: TileCache, tile: Tile, key: TileKey, spot: Box) -> None:
        colours = cache.colours(tile)
        if colours is not None:
            image = wrapped(colours, cache.image_format)
            self._draw_image(image, 1 << key.level, spot, tile.box.left, tile.box.top)

    def _draw_substitute(
        self, key: TileKey, spot: Box, substitutes: tuple[TileCache, ...], rough: Rough | None
    ) -> None:
        for cache in substitutes:
            for other in (key, *key.parents(COARSEST_PARENT)):
                tile = cache.ready(other)
                if tile is not None:
                    self._draw_tile(cache, tile, other, spot)
                    return
        if rough is not None:
            self._draw_image(rough.image, rough.step, spot, 0, 0)

    def _draw_image(self, image: QImage, step: int, spot: Box, left: int, top: int) -> None:
        """Draw the part of an image that belongs on a spot.

        Args:
            image: with pixels of `step` picture pixels.
            step: see above.
            spot: where to draw, in device pixels.
            left: of the image, in its own pixels from the picture's left edge.
            top: of the image.
        """
        scale = self.viewport.zoom * step
        x = (spot.left - self.viewport.left) / scale - left
        y = (spot.top - self.viewport.top) / scale - top
        source = QRectF(
            x,
            y,
            min(spot.width / scale, image.width() - x),
            min(spot.height / scale, image.height() - y),
        )
        self.painter.drawImage(QRectF(qrect(spot)), image, source)
