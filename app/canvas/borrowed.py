"""A filled pixel and the place it was borrowed from, joined by a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

if TYPE_CHECKING:
    from app.canvas.navigation import Viewport

LIGHT, SHADE = QColor(255, 255, 255), QColor(0, 0, 0, 190)
LEAST = 5.0
"""Half the side, in widget pixels, below which a square could not be seen."""

MARGIN = 4


@dataclass(frozen=True, slots=True)
class Borrowed:
    """What to draw.

    Attributes:
        target: middle of the filled pixel, in picture pixels.
        source: of the place it came from.
        cell: side of what was borrowed, in picture pixels.
    """

    target: tuple[float, float]
    source: tuple[float, float]
    cell: float

    def bounds(self, viewport: Viewport, ratio: float) -> QRect:
        """The device pixels that the drawing touches."""
        squares = self._squares(viewport, ratio)
        around = squares[0].united(squares[1])
        margin = MARGIN * ratio
        return around.adjusted(-margin, -margin, margin, margin).toAlignedRect()

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:
        """Draw in device pixels: the pixel thinly, its source boldly."""
        target, source = self._squares(viewport, ratio)
        line = QLineF(target.center(), source.center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, more in ((SHADE, 2.0), (LIGHT, 0.0)):
            painter.setPen(QPen(colour, (1 + more) * ratio))
            painter.drawLine(line)
            painter.drawRect(target)
            painter.setPen(QPen(colour, (2 + more) * ratio))
            painter.drawRect(source)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _squares(self, viewport: Viewport, ratio: float) -> tuple[QRectF, QRectF]:
        half = max(self.cell * viewport.zoom / 2, LEAST * ratio)

        def square(x: float, y: float) -> QRectF:
            middle = QPointF(viewport.left + x * viewport.zoom, viewport.top + y * viewport.zoom)
            return QRectF(middle.x() - half, middle.y() - half, 2 * half, 2 * half)

        return square(*self.target), square(*self.source)
