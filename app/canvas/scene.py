"""Paints a piece of the view: surround, picture, hole and source marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.canvas.colour import Conversion, conversion
from app.canvas.layers import (
    difference_tiles,
    mask_tiles,
    picture_tiles,
    rgb_of,
    source_tiles,
    tint,
)
from app.canvas.look import SOURCE_LOOKS, MaskLook, checkerboard, hatch
from app.canvas.overlays import GRID_ZOOM, paint_pixel_grid, paint_rim
from app.canvas.piece import Piece, Rough, qrect

if TYPE_CHECKING:
    from app.canvas.panes import Shown
    from app.document import Document, Layer
    from engine.types import Box

BUDGET_BYTES = 256 << 20
"""Of all tiles of a document together."""

ROUGH_SIDE = 512
"""The longer side of the rough picture that stands in until tiles are ready."""


@dataclass(slots=True)
class Look:
    """What is shown and how.

    Attributes:
        surround: colour around the picture.
        mask: of the hole.
        marks_visible: whether hole and source marks are shown.
        mask_filled: whether the hole has been filled, so that only its rim is shown, faintly.
        comparing: whether all is shown as it was opened, and nothing over it.
    """

    surround: QColor
    mask: MaskLook
    marks_visible: bool = True
    mask_filled: bool = False
    comparing: bool = False


class Scene:
    """The tiles of one document and the order in which they are painted.

    Args:
        document: what is shown.
        look: and how.
        screen: colour profile of the screen; None = sRGB.
    """

    def __init__(self, document: Document, look: Look, screen: bytes | None = None) -> None:
        self.look = look
        image, share = document.image, BUDGET_BYTES // 8
        self._see_through = image.shape[2] in (2, 4)
        convert = conversion(document.picture.source.icc, screen)
        self._picture = picture_tiles(
            lambda box: document.image[box.slices], image, 3 * share, convert
        )
        self._original = picture_tiles(document.original, image, 2 * share, convert)
        self._difference = difference_tiles(document, share)
        self._mask = mask_tiles(document, share)
        self._source = {value: source_tiles(document, value, share // 2) for value in SOURCE_LOOKS}
        self._has_source = document.has_source
        self._rough = _rough(document, convert)
        self.recolour()

    def recolour(self) -> None:
        """Take over the mask's colour and opacity from `look`."""
        mask = self.look.mask
        self._mask.use_shade(tint(rgb_of(mask.colour), mask.opacity))

    def spoil(self, layer: Layer, box: Box) -> None:
        """Pixels of a layer changed."""
        if layer == "image":
            self._picture.spoil(box)
            self._difference.spoil(box)
        elif layer == "mask":
            self._mask.spoil(box)
        else:
            self._has_source = True
            for cache in self._source.values():
                cache.spoil(box)

    def paint(self, piece: Piece, shows: Shown) -> None:
        """Paint all layers; `piece.undone` then says what has to be painted again."""
        piece.painter.setClipRect(qrect(piece.box))
        self._paint_surround(piece)
        self._paint_picture(piece, "original" if self.look.comparing else shows)
        look = self.look
        if look.marks_visible and not look.comparing:
            if self._has_source:
                self._paint_source(piece)
            if not look.mask_filled:
                piece.draw(self._mask)
            if look.mask.outline or look.mask_filled:
                paint_rim(piece, self._mask, faint=look.mask_filled)
        if piece.viewport.zoom >= GRID_ZOOM and not look.comparing:
            part = piece.box.intersected(piece.viewport.frame)
            paint_pixel_grid(piece.painter, part, piece.viewport)

    def _paint_surround(self, piece: Piece) -> None:
        frame = piece.viewport.frame
        if frame.intersected(piece.box) != piece.box:
            piece.painter.fillRect(qrect(piece.box), self.look.surround)
            piece.painter.fillRect(qrect(frame.grown(1)), self.look.surround.darker(140))

    def _paint_picture(self, piece: Piece, shows: Shown) -> None:
        if shows == "difference":
            piece.painter.fillRect(qrect(piece.viewport.frame), Qt.GlobalColor.black)
            piece.draw(self._difference)
            return
        if self._see_through:
            frame = piece.viewport.frame
            piece.painter.setBrushOrigin(frame.left, frame.top)
            piece.painter.fillRect(qrect(frame), checkerboard())
        shown = self._original if shows == "original" else self._picture
        piece.draw(shown, self._picture, rough=self._rough)

    def _paint_source(self, piece: Piece) -> None:
        """The marks are drawn solid on a sheet of their own, which the stripes then replace."""
        part = piece.box.intersected(piece.viewport.frame)
        if part.is_empty:
            return
        for value, cache in self._source.items():
            if all(tile is not None and tile.values is None for _, tile in piece.tiles(cache)):
                continue
            sheet = QImage(part.width, part.height, QImage.Format.Format_ARGB32_Premultiplied)
            sheet.fill(0)
            painter = QPainter(sheet)
            painter.translate(-part.left, -part.top)
            marks = Piece(painter, part, piece.viewport, piece.deadline, piece.undone)
            marks.draw(cache)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
            painter.setBrushOrigin(piece.viewport.left, piece.viewport.top)
            painter.fillRect(qrect(part), hatch(value))
            painter.end()
            piece.painter.drawImage(QPoint(part.left, part.top), sheet)


def _rough(document: Document, convert: Conversion | None) -> Rough:
    step = max(1, -(-max(document.width, document.height) // ROUGH_SIDE))
    pixels = document.image[::step, ::step]
    cache = picture_tiles(lambda box: pixels[box.slices], pixels, BUDGET_BYTES, convert)
    return Rough(cache.image(), step)
