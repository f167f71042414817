"""A filled pixel and the places it was borrowed from, joined by lines."""

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

FAINTEST = 0.35
"""Opacity of a place that gave next to nothing; the strongest is opaque."""

MARGIN = 4


@dataclass(frozen=True, slots=True)
class Borrowed:
    """What to draw.

    Attributes:
        target: middle of the filled pixel, in picture pixels.
        sources: x and y of each place it came from and its weight, 0..1, the strongest first.
        cell: side of what was borrowed, in picture pixels.
    """

    target: tuple[float, float]
    sources: tuple[tuple[float, float, float], ...]
    cell: float

    def bounds(self, viewport: Viewport, ratio: float) -> QRect:
        """The device pixels that the drawing touches."""
        around = self._square(*self.target, viewport, ratio)
        for x, y, _ in self.sources:
            around = around.united(self._square(x, y, viewport, ratio))
        margin = MARGIN * ratio
        return around.adjusted(-margin, -margin, margin, margin).toAlignedRect()

    def paint(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:
        """Draw in device pixels: the pixel thinly, its sources the bolder the more they gave."""
        target = self._square(*self.target, viewport, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        strongest = max((weight for *_, weight in self.sources), default=1.0) or 1.0
        for x, y, weight in reversed(self.sources):
            share = weight / strongest
            source = self._square(x, y, viewport, ratio)
            painter.setOpacity(FAINTEST + (1 - FAINTEST) * share)
            for colour, more in ((SHADE, 2.0), (LIGHT, 0.0)):
                painter.setPen(QPen(colour, (1 + more) * ratio))
                painter.drawLine(QLineF(target.center(), source.center()))
                painter.drawRect(target)
                painter.setPen(QPen(colour, (1 + share + more) * ratio))
                painter.drawRect(source)
        painter.setOpacity(1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _square(self, x: float, y: float, viewport: Viewport, ratio: float) -> QRectF:
        half = max(self.cell * viewport.zoom / 2, LEAST * ratio)
        middle = QPointF(viewport.left + x * viewport.zoom, viewport.top + y * viewport.zoom)
        return QRectF(middle.x() - half, middle.y() - half, 2 * half, 2 * half)
