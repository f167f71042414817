"""Mouse, pen, wheel, touch and keys on the canvas become strokes and navigation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QEventPoint,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication

from app.canvas.look import cross_cursor
from app.tools import Pointer

if TYPE_CHECKING:
    from app.canvas.view import CanvasView

WHEEL_NOTCH = 120
ZOOM_PER_NOTCH = 1.2
NUDGE = 64
"""Widget pixels that an arrow key moves the view."""

FAR = 10
"""Picture pixels that Shift and an arrow key move a keypoint."""

REACH = 5
"""Widget pixels within which two places are one to the hand."""

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)

ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
NO_BUTTON = Qt.MouseButton.NoButton


class Input:
    """What is held down at the moment, and what the next event therefore means.

    Positions are device pixels of the view. Panning and zooming leave a stroke under way alone:
    the picture point under the cursor stays the same, so the stroke goes on where it was.
    """

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._at = QPointF()
        self._stroke_button = NO_BUTTON
        self._pan_button = NO_BUTTON
        self._right_press: Pointer | None = None
        self._right_at = QPointF()
        self._space_held = False
        self._holds_divider = False
        self._shift = 0
        self._wheel_rest = 0
        self._pinch: tuple[QPointF, float] | None = None
        self._cross = cross_cursor()

    @property
    def is_panning(self) -> bool:
        return self._pan_button != NO_BUTTON or self._space_held

    def handle(self, event: QEvent) -> bool:
        """Whether the event was ours and is done with."""
        if isinstance(event, QMouseEvent):
            done = self._mouse(event)
        elif isinstance(event, QTabletEvent):
            done = self._tablet(event)
        elif isinstance(event, QWheelEvent):
            done = self._wheel(event)
        elif isinstance(event, QKeyEvent):
            done = self._key(event)
        elif isinstance(event, QNativeGestureEvent):
            done = self._native_gesture(event)
        elif isinstance(event, QTouchEvent):
            done = self._touch(event)
        else:
            return self._left_alone(event.type())
        if done:
            event.accept()
            self._view.show_sketch()
        return done

    def end_stroke(self) -> None:
        """Finish the stroke where the pointer was last; what waits for more is given up."""
        self._view.finish_stroke(self._pointer(self._at, Qt.KeyboardModifier.NoModifier))
        self._view.cancel_stroke()

    def show_cursor(self) -> None:
        if self._pan_button != NO_BUTTON:
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space_held:
            self._view.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._holds_divider or self._is_on_divider(self._at):
            self._view.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._view.points.is_held or self._view.points.is_hovered:
            self._view.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self._view.setCursor(self._cross)

    # --- presses, moves, releases of whatever points -------------------------------------------

    def _press(self, at: QPointF, button: Qt.MouseButton, pointer: Pointer) -> None:
        self._at = at
        is_stroking = self._view.is_stroking and not self._view.strokes.goes_on
        pans = self._space_held and button == Qt.MouseButton.LeftButton and not is_stroking
        if pans or button == Qt.MouseButton.MiddleButton:
            self._pan_button = button
            self._view.hover(at)
            self.show_cursor()
        elif is_stroking:
            return
        elif button == Qt.MouseButton.LeftButton and self._is_on_divider(at):
            self._holds_divider = True
        elif button == Qt.MouseButton.LeftButton and self._takes_point(pointer):
            self.show_cursor()
        elif button == Qt.MouseButton.LeftButton:
            self._view.hover(at)
            if self._view.strokes.begin(pointer):
                self._stroke_button = button
        elif button == Qt.MouseButton.RightButton and not self._view.is_stroking:
            self._right_press, self._right_at = pointer, at

    def _move(self, at: QPointF, pointer: Pointer) -> None:
        step, self._at = at - self._at, at
        if self._pan_button != NO_BUTTON or (self._space_held and self._view.is_stroking):
            self._view.pan_by(step.x(), step.y())
        elif self._holds_divider:
            self._view.move_divider(at)
        elif self._view.points.is_held:
            self._view.points.pull(pointer.x, pointer.y)
        elif self._view.is_stroking:
            self._view.strokes.go_on(pointer)
        elif self._right_press is not None and self._is_drag(at):
            press, self._right_press = self._right_press, None
            if self._view.strokes.begin(press):
                self._stroke_button = Qt.MouseButton.RightButton
                self._view.strokes.go_on(pointer)
        self._view.hover(at)
        if self._view.points.hover(pointer.x, pointer.y) or self._view.panes.divider is not None:
            self.show_cursor()

    def _release(self, at: QPointF, button: Qt.MouseButton, pointer: Pointer) -> None:
        self._at = at
        if button == self._pan_button:
            self._pan_button = NO_BUTTON
            self.show_cursor()
        elif button == Qt.MouseButton.LeftButton and self._holds_divider:
            self._holds_divider = False
        elif button == Qt.MouseButton.LeftButton and self._view.points.release():
            self.show_cursor()
        elif button == self._stroke_button:
            self._stroke_button = NO_BUTTON
            self._view.finish_stroke(pointer)
        elif button == Qt.MouseButton.RightButton and self._right_press is not None:
            self._right_press = None
            local = (at / self._view.devicePixelRatioF()).toPoint()
            self._view.menu_requested.emit(self._view.mapToGlobal(local))
        self._view.hover(at)

    def _takes_point(self, pointer: Pointer) -> bool:
        """Whether a press takes hold of a keypoint rather than beginning a stroke."""
        return not self._view.is_stroking and self._view.points.take(pointer.x, pointer.y)

    def _is_on_divider(self, at: QPointF) -> bool:
        return self._view.panes.is_divider(at, self._view.devicePixelRatioF())

    def _is_drag(self, at: QPointF) -> bool:
        distance = (at - self._right_at).manhattanLength() / self._view.devicePixelRatioF()
        return distance >= QApplication.startDragDistance()

    def _pointer(
        self,
        at: QPointF,
        modifiers: Qt.KeyboardModifier,
        *,
        pressure: float = 1.0,
        erase: bool = False,
        double: bool = False,
    ) -> Pointer:
        is_free = self._stroke_button == NO_BUTTON and not self._view.points.is_held
        if is_free and self._right_press is None:
            # A stroke belongs to the pane in which it began.
            self._shift = self._view.panes.shift_at(at)
        x, y = self._view.to_picture(at, self._shift)
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        reach = REACH * self._view.devicePixelRatioF() / self._view.zoom
        return Pointer(x, y, pressure, shift, alt, erase, double, reach)

    # --- mouse and pen -----------------------------------------------------------------------

    def _mouse(self, event: QMouseEvent) -> bool:
        at, kind = self._view.to_device(event.position()), event.type()
        erase = event.button() == Qt.MouseButton.RightButton
        double = kind == QEvent.Type.MouseButtonDblClick
        pointer = self._pointer(at, event.modifiers(), erase=erase, double=double)
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._view.setFocus(Qt.FocusReason.MouseFocusReason)
            self._press(at, event.button(), pointer)
        elif kind == QEvent.Type.MouseMove:
            self._move(at, pointer)
        elif kind == QEvent.Type.MouseButtonRelease:
            self._release(at, event.button(), pointer)
        else:
            return False
        return True

    def _tablet(self, event: QTabletEvent) -> bool:
        at, kind = self._view.to_device(event.position()), event.type()
        erase = (
            event.pointerType() == QPointingDevice.PointerType.Eraser
            or event.button() == Qt.MouseButton.RightButton
        )
        pointer = self._pointer(at, event.modifiers(), pressure=event.pressure(), erase=erase)
        if kind == QEvent.Type.TabletPress:
            self._view.setFocus(Qt.FocusReason.MouseFocusReason)
            self._press(at, event.button(), pointer)
        elif kind == QEvent.Type.TabletMove:
            self._move(at, pointer)
        elif kind == QEvent.Type.TabletRelease:
            self._release(at, event.button(), pointer)
        else:
            return False
        return True

    # --- wheel and touch pad ---------------------------------------------------------------------

    def _wheel(self, event: QWheelEvent) -> bool:
        turn = event.angleDelta()
        # Some systems turn a vertical wheel into a horizontal one while a modifier is held.
        delta = turn.y() if abs(turn.y()) >= abs(turn.x()) else turn.x()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._wheel_rest += delta
            notches = int(self._wheel_rest / WHEEL_NOTCH)
            self._wheel_rest -= notches * WHEEL_NOTCH
            if notches:
                self._view.resize_brush(notches)
        elif delta:
            factor = ZOOM_PER_NOTCH ** (delta / WHEEL_NOTCH)
            self._view.zoom_by(factor, self._view.to_device(event.position()))
        return True

    def _native_gesture(self, event: QNativeGestureEvent) -> bool:
        """A pinch on a touch pad: the value is the growth since the last event."""
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._view.zoom_by(1 + event.value(), self._view.to_device(event.position()))
        return True

    # --- touch screen ------------------------------------------------------------------------

    def _touch(self, event: QTouchEvent) -> bool:
        """One finger works the tool, two pan and zoom."""
        if event.deviceType() != QInputDevice.DeviceType.TouchScreen:
            return False
        kind = event.type()
        fingers = [
            self._view.to_device(point.position())
            for point in event.points()
            if point.state() != QEventPoint.State.Released
        ]
        if kind == QEvent.Type.TouchCancel:
            self._view.cancel_stroke()
            self._pinch = None
        elif len(fingers) >= 2:
            self._pinch_to(fingers[0], fingers[1])
        elif self._pinch is None:
            at = self._view.to_device(event.points()[0].position())
            pointer = self._pointer(at, event.modifiers())
            if kind == QEvent.Type.TouchBegin:
                self._view.setFocus(Qt.FocusReason.MouseFocusReason)
                self._press(at, Qt.MouseButton.LeftButton, pointer)
            elif kind == QEvent.Type.TouchUpdate:
                self._move(at, pointer)
            else:
                self._release(at, Qt.MouseButton.LeftButton, pointer)
        if kind == QEvent.Type.TouchEnd:
            self._pinch = None
            self._view.hover(None)
        return True

    def _pinch_to(self, first: QPointF, second: QPointF) -> None:
        middle, line = (first + second) / 2, second - first
        span = max(math.hypot(line.x(), line.y()), 1.0)
        if self._pinch is None:
            # The finger that came down first has begun to paint, or set a corner.
            if not self._view.strokes.goes_on:
                self._view.cancel_stroke()
            elif self._stroke_button != NO_BUTTON:
                self._view.strokes.step_back()
            self._stroke_button = NO_BUTTON
        else:
            last_middle, last_span = self._pinch
            step = middle - last_middle
            self._view.pan_by(step.x(), step.y())
            self._view.zoom_by(span / last_span, middle)
        self._pinch = (middle, span)

    # --- keys and focus ----------------------------------------------------------------------

    def _key(self, event: QKeyEvent) -> bool:
        kind, key = event.type(), event.key()
        if kind == QEvent.Type.ShortcutOverride:
            is_nudge = key in ARROWS and self._view.points.is_selected
            return key == Qt.Key.Key_Space or is_nudge or self._belongs_to_stroke(key)
        if key == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._hold_space(held=kind == QEvent.Type.KeyPress)
            return True
        if kind != QEvent.Type.KeyPress:
            return False
        if self._belongs_to_stroke(key):
            if key == Qt.Key.Key_Escape:
                self._view.cancel_stroke()
            elif key == Qt.Key.Key_Backspace:
                self._view.strokes.step_back()
            else:
                self._view.complete_stroke()
            return True
        if key in ARROWS and self._nudges_point(Qt.Key(key), event.modifiers()):
            return True
        if key in ARROWS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            nudge = NUDGE * self._view.devicePixelRatioF()
            across, down = ARROWS[Qt.Key(key)]
            self._view.pan_by(across * nudge, down * nudge)
            return True
        return False

    def _nudges_point(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        """Whether an arrow key moves the selected keypoint: by one pixel, with Shift by ten."""
        across, down = ARROWS[key]
        step = FAR if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
        return self._view.points.nudge(-across * step, -down * step)

    def _belongs_to_stroke(self, key: int) -> bool:
        """Whether a key is for the stroke under way and not the window's Cancel or Inpaint."""
        if key == Qt.Key.Key_Escape:
            return self._view.is_stroking or self._view.points.is_held
        return self._view.strokes.goes_on and key in (Qt.Key.Key_Backspace, *ENTER)

    def _hold_space(self, *, held: bool) -> None:
        self._space_held = held
        self._view.hover(self._at if self._view.underMouse() else None)
        self._view.update()
        self.show_cursor()

    def _left_alone(self, kind: QEvent.Type) -> bool:
        """The cursor or the focus went elsewhere; others may want to know, too."""
        if kind == QEvent.Type.Leave:
            self._view.hover(None)
        elif kind == QEvent.Type.FocusOut and self._space_held:
            self._hold_space(held=False)
        return False
