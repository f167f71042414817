"""Points of a face on the picture, to be pulled with the mouse or moved with the arrow keys."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.canvas.drawing import paint_caption
from app.document import keypoints
from app.language import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.canvas.view import CanvasView

RADIUS = 6.0
"""Widget pixels of a point, and from its middle to its rim when it is selected a third more."""

GRASP = 11.0
CAPTION_AWAY = 20.0
LIGHT, SHADE = QColor(255, 255, 255), QColor(0, 0, 0, 200)
LEFT, RIGHT, MIDDLE = QColor("#e69f00"), QColor("#56b4e9"), QColor("#f0e442")
"""Orange, sky blue and yellow differ to every eye (Okabe and Ito 2008), and so do the shapes."""


class Points(QObject):
    """What is shown, which point is held, and what the hand does with it.

    Signals:
        pulled: number of a point and the picture place that it is pulled to.
        let_go: pulling has ended; False = the point shall go back.
        nudged: by how many picture pixels an arrow key moves the selected point.
        chosen: number of a point that was pressed.
    """

    pulled = Signal(int, float, float)
    let_go = Signal(bool)
    nudged = Signal(float, float)
    chosen = Signal(int)

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._names: tuple[str, ...] = ()
        self._places: tuple[tuple[float, float], ...] = ()
        self._selected = -1
        self._hovered = -1
        self._held = -1
        self._grip = (0.0, 0.0)

    def show(
        self, names: Sequence[str], places: Sequence[tuple[float, float]], selected: int
    ) -> None:
        """Show other points; no names = none."""
        self._names, self._places, self._selected = tuple(names), tuple(places), selected
        if not names:
            self._hovered = self._held = -1
        self._view.update()

    @property
    def is_held(self) -> bool:
        return self._held >= 0

    @property
    def is_selected(self) -> bool:
        return 0 <= self._selected < len(self._places)

    @property
    def is_hovered(self) -> bool:
        return self._hovered >= 0

    def take(self, x: float, y: float) -> bool:
        """Take hold of the point at a picture place; False if there is none."""
        index = self._at(x, y)
        if index < 0:
            return False
        self._held = index
        place = self._places[index]
        self._grip = (place[0] - x, place[1] - y)
        self.chosen.emit(index)
        return True

    def pull(self, x: float, y: float) -> None:
        """Pull the point that is held."""
        self.pulled.emit(self._held, x + self._grip[0], y + self._grip[1])

    def release(self, *, keep: bool = True) -> bool:
        """Let go of the point; False if none is held."""
        was_held, self._held = self.is_held, -1
        if was_held:
            self.let_go.emit(keep)
        return was_held

    def hover(self, x: float, y: float) -> bool:
        """The pointer is at a picture place; True if it has come upon or left a point."""
        before, self._hovered = self._hovered, self._at(x, y)
        if before != self._hovered:
            self._view.update()
        return before != self._hovered

    def nudge(self, dx: float, dy: float) -> bool:
        """Move the selected point; False if there is none."""
        if self.is_selected:
            self.nudged.emit(dx, dy)
        return self.is_selected

    def paint(self, painter: QPainter) -> None:
        """Draw in device pixels: thin lines that show the face, and the points by shape."""
        if not self._names:
            return
        ratio = self._view.devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        by_name = dict(zip(self._names, map(self._spot, self._places), strict=True))
        for contour in keypoints.CONTOURS:
            line = QPolygonF([by_name[name] for name in contour if name in by_name])
            for colour, width in ((SHADE, 3.0), (LIGHT, 1.0)):
                painter.setPen(QPen(colour, width * ratio))
                painter.drawPolyline(line)
        for index, (name, spot) in enumerate(by_name.items()):
            self._paint_point(painter, name, spot, ratio, is_marked=index == self._selected)
        named = self._held if self.is_held else self._hovered
        named = named if named >= 0 else self._selected
        if 0 <= named < len(self._names):
            spot = by_name[self._names[named]] - QPointF(0, CAPTION_AWAY * ratio)
            paint_caption(painter, spot, tr(self._names[named]), ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    @staticmethod
    def _paint_point(
        painter: QPainter, name: str, spot: QPointF, ratio: float, *, is_marked: bool
    ) -> None:
        radius = RADIUS * ratio
        colour = MIDDLE
        if name in keypoints.LEFT | keypoints.RIGHT:
            colour = LEFT if name in keypoints.LEFT else RIGHT
        if is_marked:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for ring, width in ((SHADE, 4.0), (LIGHT, 2.0)):
                painter.setPen(QPen(ring, width * ratio))
                painter.drawEllipse(spot, radius * 1.7, radius * 1.7)
        painter.setBrush(colour)
        for pen, width in ((SHADE, 4.0), (LIGHT, 1.5)):
            painter.setPen(QPen(pen, width * ratio))
            if colour == LEFT:
                painter.drawRect(
                    QRectF(spot.x() - radius, spot.y() - radius, 2 * radius, 2 * radius)
                )
            elif colour == RIGHT:
                painter.drawEllipse(spot, radius, radius)
            else:
                reach = radius * 1.3
                painter.drawPolygon([spot + QPointF(*by) for by in _diamond(reach)])

    def _at(self, x: float, y: float) -> int:
        """The nearest point within grasp of a picture place; -1 = none."""
        grasp = GRASP * self._view.devicePixelRatioF() / self._view.zoom
        apart = [math.hypot(px - x, py - y) for px, py in self._places]
        nearest = min(range(len(apart)), key=apart.__getitem__, default=-1)
        return nearest if nearest >= 0 and apart[nearest] <= grasp else -1

    def _spot(self, place: tuple[float, float]) -> QPointF:
        view = self._view.viewport
        return QPointF(view.left + place[0] * view.zoom, view.top + place[1] * view.zoom)


def _diamond(reach: float) -> tuple[tuple[float, float], ...]:
    return ((0, -reach), (reach, 0), (0, reach), (-reach, 0))
