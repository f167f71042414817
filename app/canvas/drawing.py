"""The outline that a tool is drawing: a light line on a dark one, over any picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.canvas.navigation import Viewport
    from app.tools import Sketch

LIGHT, SHADE = QColor(255, 255, 255), QColor(0, 0, 0, 170)
KNOT = 3
"""Half the side of the square around a corner, in widget pixels like all lengths here."""

MARGIN = 8
LABEL_AWAY = QPointF(14, 18)
LABEL_ROOM = (260, 90)
"""Device pixels right of and below the cursor that a label takes at most, at 200 %."""


class Drawing:
    """Follows a `Sketch`; the path is kept in picture pixels and only grows while it is drawn."""

    def __init__(self) -> None:
        self._sketch: Sketch | None = None
        self._path = QPainterPath()
        self._points: list[tuple[float, float]] = []
        self._count = 0

    def follow(self, sketch: Sketch | None, viewport: Viewport) -> list[QRect]:
        """Take over what is drawn by now; gives back the device rectangles to paint again."""
        former, self._sketch = self._sketch, sketch
        if former is None and sketch is None:
            return []
        old, count = self._points, self._count
        points = sketch.points if sketch is not None else []
        grows = points is old and len(points) >= count
        self._points, self._count = points, len(points)
        if not grows:
            changed = [*old[:count], *points]
            self._path = _path(points)
        else:
            changed = points[max(count - 1, 0) :]
            for x, y in points[count:]:
                self._path.lineTo(x, y)
        changed += [*points[:1]] if grows else []
        for state in (former, sketch):
            if state is not None and state.cursor is not None:
                changed.append(state.cursor)
        return [_device_rect(changed, viewport, has_label=_has_label(former, sketch))]

    def paint(self, painter: QPainter, viewport: Viewport) -> None:
        """Draw in device pixels of the view."""
        sketch = self._sketch
        if sketch is None or not sketch.points:
            return
        ways = QTransform(viewport.zoom, 0, 0, viewport.zoom, viewport.left, viewport.top)
        path = ways.map(self._path)
        end = sketch.points[0] if sketch.is_closed else sketch.cursor or sketch.points[-1]
        line = ways.map(QPolygonF([QPointF(*sketch.points[-1]), QPointF(*end)]))
        ratio = painter.device().devicePixelRatio()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        style = Qt.PenStyle.DashLine if sketch.is_dashed else Qt.PenStyle.SolidLine
        for pen in (QPen(SHADE, 3 * ratio), QPen(LIGHT, 1.25 * ratio, style)):
            painter.setPen(pen)
            painter.drawPath(path)
            painter.drawPolyline(line)
        if sketch.has_knots:
            _paint_knots(painter, [ways.map(QPointF(x, y)) for x, y in sketch.points], ratio)
        if sketch.label and sketch.cursor is not None:
            _paint_label(painter, ways.map(QPointF(*sketch.cursor)), sketch.label, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _path(points: list[tuple[float, float]]) -> QPainterPath:
    path = QPainterPath()
    for index, (x, y) in enumerate(points):
        if index == 0:
            path.moveTo(x, y)
        else:
            path.lineTo(x, y)
    return path


def _has_label(*sketches: Sketch | None) -> bool:
    return any(sketch is not None and sketch.label for sketch in sketches)


def _device_rect(
    points: Iterable[tuple[float, float]], viewport: Viewport, *, has_label: bool
) -> QRect:
    shown = [
        QPointF(viewport.left + x * viewport.zoom, viewport.top + y * viewport.zoom)
        for x, y in points
    ]
    rect = QPolygonF(shown).boundingRect().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
    if has_label:
        rect.adjust(0, 0, *LABEL_ROOM)
    return rect.toAlignedRect()


def _paint_knots(painter: QPainter, places: list[QPointF], ratio: float) -> None:
    painter.setPen(QPen(SHADE, ratio))
    painter.setBrush(LIGHT)
    half = KNOT * ratio
    for place in places:
        painter.drawRect(QRectF(place.x() - half, place.y() - half, 2 * half, 2 * half))


def _paint_label(painter: QPainter, place: QPointF, text: str, ratio: float) -> None:
    room = _label_room(painter, text, ratio)
    room.moveTopLeft(place + LABEL_AWAY * ratio)
    _fill_label(painter, room, text, ratio)


def paint_caption(painter: QPainter, middle: QPointF, text: str, ratio: float) -> None:
    """Write a few words around a device position, light on a dark pill."""
    room = _label_room(painter, text, ratio)
    room.moveCenter(middle)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _fill_label(painter, room, text, ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _label_room(painter: QPainter, text: str, ratio: float) -> QRectF:
    """The size of a label; sets the painter's font."""
    font = QApplication.font()
    font.setPointSizeF(font.pointSizeF() * ratio)  # the painter counts in device pixels
    painter.setFont(font)
    room = painter.fontMetrics().boundingRect(text).toRectF()
    return room.adjusted(-6 * ratio, -3 * ratio, 6 * ratio, 3 * ratio)


def _fill_label(painter: QPainter, room: QRectF, text: str, ratio: float) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(SHADE)
    painter.drawRoundedRect(room, 4 * ratio, 4 * ratio)
    painter.setPen(LIGHT)
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
