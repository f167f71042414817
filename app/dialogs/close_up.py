"""Pictures of one place that are looked at together: what zooms or pans one, does so in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPalette, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

LARGEST = 32.0
STEP = 1.25
SHARP = 3.0
"""From this many screen pixels per picture pixel on, these are shown as squares."""


class SharedView(QObject):
    """Which part of the pictures is seen; shares of the picture, so that all sizes understand it.

    Signals:
        changed: another part.

    Attributes:
        zoom: 1 = the whole picture is fitted.
        middle: of what is seen, 0..1 from left and top.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.zoom = 1.0
        self.middle = QPointF(0.5, 0.5)

    def zoom_by(self, factor: float, at: QPointF) -> None:
        """Magnify around a point of the picture, given as shares."""
        zoom = min(LARGEST, max(1.0, self.zoom * factor))
        self.middle = at + (self.middle - at) * (self.zoom / zoom)
        self.zoom = zoom
        self._settle()

    def pan_by(self, across: float, down: float) -> None:
        """Move what is seen by shares of the picture."""
        self.middle += QPointF(across, down)
        self._settle()

    def fit(self) -> None:
        self.zoom = 1.0
        self._settle()

    def _settle(self) -> None:
        margin = 0.5 / self.zoom
        across, down = (min(max(each, margin), 1 - margin) for each in self.middle.toTuple())
        self.middle = QPointF(across, down)
        self.changed.emit()


class CloseUp(QWidget):
    """One of the pictures; empty until there is one.

    Signals:
        clicked: pressed and let go in one place, or Space.
        activated: clicked twice, or Enter.

    Attributes:
        note: what stands in place of a picture.
    """

    clicked = Signal()
    activated = Signal()

    def __init__(self, view: SharedView) -> None:
        super().__init__()
        self._view = view
        self._image: QImage | None = None
        self.note = ""
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._has_moved = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        view.changed.connect(self.update)

    def show_picture(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def show_note(self, text: str) -> None:
        """Say why there is no picture yet."""
        self.note = text
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 80)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(10, 10, -10, -10), int(flags), self.note)
        else:
            scale = self._scale() * self._view.zoom
            is_smooth = scale < SHARP
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
            painter.drawImage(self._target(), self._image)

    def wheelEvent(self, event: QWheelEvent) -> None:
        factor = STEP ** (event.angleDelta().y() / 120)
        self._view.zoom_by(factor, self._share(event.position()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self._last = event.position()
        self._has_moved = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        if (event.position() - self._pressed).manhattanLength() > QApplication.startDragDistance():
            self._has_moved = True
        if self._has_moved:
            step = self._share(self._last) - self._share(event.position())
            self._view.pan_by(*step.toTuple())
            self._last = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_click = self._pressed is not None and not self._has_moved
        self._pressed = None
        if was_click and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def mouseDoubleClickEvent(self, _: QMouseEvent) -> None:
        self.activated.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Space:
            self.clicked.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._view.zoom_by(STEP, self._view.middle)
        elif key == Qt.Key.Key_Minus:
            self._view.zoom_by(1 / STEP, self._view.middle)
        elif key == Qt.Key.Key_0:
            self._view.fit()
        else:
            super().keyPressEvent(event)

    def _scale(self) -> float:
        """Screen pixels per picture pixel while all of the picture is fitted."""
        if self._image is None:
            return 1.0
        across, down = self.width() / self._image.width(), self.height() / self._image.height()
        return min(across, down)

    def _target(self) -> QRectF:
        """Where all of the picture would lie."""
        if self._image is None:
            return QRectF(self.rect())
        scale = self._scale() * self._view.zoom
        width, height = self._image.width() * scale, self._image.height() * scale
        middle = self._view.middle
        left, top = self.width() / 2 - middle.x() * width, self.height() / 2 - middle.y() * height
        return QRectF(left, top, width, height)

    def _share(self, at: QPointF) -> QPointF:
        """From widget pixels to shares of the picture."""
        target = self._target()
        across, down = (at.x() - target.left()), (at.y() - target.top())
        return QPointF(across / target.width(), down / target.height())
