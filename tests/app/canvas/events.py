"""Events as a window system sends them, and what the canvas then shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QImage,
    QInputDevice,
    QMouseEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)

if TYPE_CHECKING:
    from app.canvas import CanvasView

LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)
NO_BUTTON = Qt.MouseButton.NoButton
NO_KEY = Qt.KeyboardModifier.NoModifier

PEN = QPointingDevice.PointerType.Pen
RUBBER = QPointingDevice.PointerType.Eraser


@dataclass
class Hand:
    """Sends the events that a window system would send; positions are widget coordinates."""

    view: CanvasView
    held: Qt.MouseButton = NO_BUTTON
    keys: Qt.KeyboardModifier = NO_KEY

    def press(self, x: float, y: float, button: Qt.MouseButton = LEFT) -> None:
        self.held |= button
        self._mouse(QEvent.Type.MouseButtonPress, x, y, button)

    def move(self, x: float, y: float) -> None:
        self._mouse(QEvent.Type.MouseMove, x, y, NO_BUTTON)

    def release(self, x: float, y: float, button: Qt.MouseButton = LEFT) -> None:
        self.held &= ~button
        self._mouse(QEvent.Type.MouseButtonRelease, x, y, button)

    def drag(self, *points: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
        self.press(*points[0], button)
        for point in points[1:]:
            self.move(*point)
        self.release(*points[-1], button)

    def double_click(self, x: float, y: float) -> None:
        """The second press of a double click; the first came as an ordinary click."""
        self.held |= LEFT
        self._mouse(QEvent.Type.MouseButtonDblClick, x, y, LEFT)
        self.release(x, y)

    def wheel(self, x: float, y: float, turn: int, sideways: int = 0) -> None:
        at = QPointF(x, y)
        event = QWheelEvent(
            at,
            self.view.mapToGlobal(at),
            QPoint(),
            QPoint(sideways, turn),
            self.held,
            self.keys,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QCoreApplication.sendEvent(self.view, event)

    def pen(
        self, *points: tuple[float, float, float], end: QPointingDevice.PointerType = PEN
    ) -> None:
        """A pen stroke through points of x, y and pressure."""
        kinds = QEvent.Type
        self._tablet(kinds.TabletPress, *points[0], end, LEFT, LEFT)
        for point in points[1:]:
            self._tablet(kinds.TabletMove, *point, end, NO_BUTTON, LEFT)
        self._tablet(kinds.TabletRelease, *points[-1][:2], 0.0, end, LEFT, NO_BUTTON)

    def _mouse(self, kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton) -> None:
        at = QPointF(x, y)
        event = QMouseEvent(kind, at, self.view.mapToGlobal(at), button, self.held, self.keys)
        QCoreApplication.sendEvent(self.view, event)

    def _tablet(
        self,
        kind: QEvent.Type,
        x: float,
        y: float,
        pressure: float,
        end: QPointingDevice.PointerType,
        button: Qt.MouseButton,
        buttons: Qt.MouseButton,
    ) -> None:
        at = QPointF(x, y)
        device = QPointingDevice(
            "pen", 1, QInputDevice.DeviceType.Stylus, end, QInputDevice.Capability.Pressure, 1, 2
        )
        event = QTabletEvent(
            kind,
            device,
            at,
            self.view.mapToGlobal(at),
            pressure,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            self.keys,
            button,
            buttons,
        )
        QCoreApplication.sendEvent(self.view, event)


def seen(view: CanvasView) -> np.ndarray:
    """What the widget shows once it has finished painting, (H, W, 3) RGB."""
    view.hover(None)
    for _ in range(50):
        QCoreApplication.processEvents()
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return rows[:, : image.width(), 2::-1].copy()
