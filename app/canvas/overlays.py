"""What lies over the picture in device pixels: rims, grid, context boxes and the brush."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, qRgba

from app.canvas.piece import CROSS, qrect
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from app.canvas.navigation import Viewport
    from app.canvas.piece import Piece
    from app.canvas.tiles import Tile, TileCache
    from app.tools import Outline

GRID_ZOOM = 8.0
"""From here on pixels are seen as squares with lines between them."""

GRID_COLOUR = QColor(128, 128, 128, 90)
LIGHT, DARK = QColor(255, 255, 255), QColor(0, 0, 0)
SHADE, CORE_COLOUR = QColor(0, 0, 0, 170), QColor(255, 255, 255, 120)

RIM_OPACITY, FAINT_OPACITY = 0.85, 0.4
SMALLEST_RING = 2.5
"""Device pixels; a smaller brush is shown by the cross of the cursor alone."""


def paint_rim(piece: Piece, cache: TileCache, *, faint: bool) -> None:
    """Draw the rim of the hole: a light line inside, a dark one outside, each a pixel wide.

    One of the two stands out from whatever the picture is made of. At less than 100 % every
    level pixel that holds any of the hole counts, so that a scratch one pixel wide keeps its rim.
    """
    crossed = [key for key, tile in piece.tiles(cache) if _is_crossed(tile)]
    if not crossed:
        return
    box = Box.around(piece.spot(cache, key) for key in crossed).intersected(piece.box)
    hole = piece.sampled(cache, box.grown(1))
    if hole is None:
        return
    levels = hole.view(np.uint8)
    inner = levels - cv2.erode(levels, CROSS, borderType=cv2.BORDER_REPLICATE)
    outer = cv2.dilate(levels, CROSS, borderType=cv2.BORDER_REPLICATE) - levels
    lines: npt.NDArray[np.uint8] = (inner + 2 * outer)[1:-1, 1:-1]
    if not lines.any():
        return
    lines = np.ascontiguousarray(lines)
    height, width = lines.shape
    image = QImage(lines.data, width, height, width, QImage.Format.Format_Indexed8)
    alpha = round(255 * (FAINT_OPACITY if faint else RIM_OPACITY))
    image.setColorTable([0, qRgba(255, 255, 255, alpha), qRgba(0, 0, 0, alpha)])
    piece.painter.drawImage(qrect(box), image)


def paint_pixel_grid(painter: QPainter, box: Box, viewport: Viewport) -> None:
    """Draw the lines between the pixels of the picture."""
    part = viewport.in_picture(box)
    lines = [
        *(
            QLineF(x, box.top, x, box.bottom)
            for x in (viewport.column(column) for column in range(part.left, part.right + 1))
        ),
        *(
            QLineF(box.left, y, box.right, y)
            for y in (viewport.row(row) for row in range(part.top, part.bottom + 1))
        ),
    ]
    painter.setPen(QPen(GRID_COLOUR, 1))
    painter.drawLines(lines)


def paint_boxes(painter: QPainter, boxes: Iterable[Box], viewport: Viewport) -> None:
    """Draw rectangles around what the next run will look at."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for box in boxes:
        rect = qrect(viewport.in_view(box)).adjusted(0, 0, -1, -1)
        for colour, style in ((DARK, Qt.PenStyle.SolidLine), (LIGHT, Qt.PenStyle.DashLine)):
            painter.setPen(QPen(colour, 1, style))
            painter.drawRect(rect)


def paint_sheets(
    painter: QPainter, sheets: Iterable[tuple[QImage, Box]], viewport: Viewport
) -> None:
    """Draw pictures stretched over boxes of the picture, smoothly."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for image, box in sheets:
        left, top = viewport.left + box.left * viewport.zoom, viewport.top + box.top * viewport.zoom
        size = box.width * viewport.zoom, box.height * viewport.zoom
        painter.drawImage(QRectF(left, top, *size), image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)


class Ring:
    """The brush as it would mark the picture: rim of the hole and, when soft, its full core."""

    def __init__(self, centre: QPointF, outline: Outline, zoom: float) -> None:
        self._centre = centre
        self._rim = outline.radius * zoom
        self._core = self._rim * (1 + outline.hardness) / 2

    @property
    def bounds(self) -> list[QRect]:
        """Device rectangles that hold the ring; a large one leaves out its middle."""
        outer = self._square(self._rim + 3)
        side = self._core * 0.7 - 3
        if side < 32:
            return [outer]
        inner = self._square(side)
        return [
            QRect(outer.left(), outer.top(), outer.width(), inner.top() - outer.top()),
            QRect(outer.left(), inner.bottom(), outer.width(), outer.bottom() - inner.bottom() + 1),
            QRect(outer.left(), inner.top(), inner.left() - outer.left(), inner.height()),
            QRect(inner.right(), inner.top(), outer.right() - inner.right() + 1, inner.height()),
        ]

    def paint(self, painter: QPainter) -> None:
        if self._rim < SMALLEST_RING:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        circles = [(self._rim + 1, SHADE), (self._rim, LIGHT)]
        if self._rim - self._core > 2:
            circles.append((self._core, CORE_COLOUR))
        for radius, colour in circles:
            # Exactly one pixel wide: Qt draws such lines ten times as fast as any others.
            painter.setPen(QPen(colour, 1))
            painter.drawEllipse(self._centre, radius, radius)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _square(self, half: float) -> QRect:
        x, y = self._centre.x(), self._centre.y()
        return QRectF(x - half, y - half, 2 * half, 2 * half).toAlignedRect()


def _is_crossed(tile: Tile | None) -> bool:
    """Whether a tile holds both hole and known pixels, its neighbours' next to it included."""
    if tile is None or tile.values is None:
        return False
    return 0 < cv2.countNonZero(tile.values) < tile.values.size
