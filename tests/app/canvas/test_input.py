"""Mouse, pen, wheel and keys, as a window system sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest

from app.canvas.input import NUDGE
from app.tools import AreaSettings, Eraser, Polygon
from tests.app.canvas.events import MIDDLE, RIGHT, RUBBER, Hand

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.canvas import CanvasView
    from app.document import Document


def band(document: Document, y: float, left: float, right: float, radius: float) -> np.ndarray:
    """The pixels within a distance of a horizontal line."""
    rows, columns = np.mgrid[: document.height, : document.width] + 0.5
    return np.hypot(columns - np.clip(columns, left, right), rows - y) <= radius


def test_a_drag_paints_exactly_its_band(view: CanvasView, hand: Hand, grey: Document) -> None:
    hand.drag((140.5, 150.5), (180, 150.5), (230, 150.5), (260.5, 150.5))
    # The picture's corner lies at (100, 100).
    np.testing.assert_array_equal(grey.hole(), band(grey, 50.5, 40.5, 160.5, 10))


@pytest.mark.parametrize("zoom", [0.25, 2.0, 7.3])
def test_a_drag_paints_under_the_cursor_at_any_zoom(
    view: CanvasView, hand: Hand, grey: Document, zoom: float
) -> None:
    view.zoom_to(zoom)
    start = view.viewport.to_picture(190, 150)
    end = view.viewport.to_picture(215, 150)
    hand.drag((190, 150), (215, 150))
    expected = band(grey, start[1], start[0], end[0], 10)
    assert np.count_nonzero(grey.hole() != expected) <= 6


def test_a_stroke_is_announced_when_it_is_finished(
    qtbot: QtBot, view: CanvasView, hand: Hand, grey: Document
) -> None:
    with qtbot.waitSignal(view.stroke_finished, timeout=1000):
        hand.drag((150, 150), (160, 150))
    assert grey.undo_label == "Brush Stroke"


def test_a_double_click_is_two_dabs(view: CanvasView, hand: Hand, grey: Document) -> None:
    hand.drag((150, 150))
    hand.double_click(220, 150)
    assert not view.is_stroking
    assert grey.hole()[50, 50]
    assert grey.hole()[50, 120]


def test_a_drag_with_the_right_button_erases(view: CanvasView, hand: Hand, grey: Document) -> None:
    hand.drag((140, 150), (260, 150))
    hand.drag((130, 150), (200, 150), (290, 150), button=RIGHT)
    assert not grey.hole()[45:55].any()
    assert grey.undo_label == "Eraser Stroke"


def test_a_right_click_asks_for_the_menu_and_paints_nothing(
    qtbot: QtBot, view: CanvasView, hand: Hand, grey: Document
) -> None:
    with qtbot.waitSignal(view.menu_requested, timeout=1000) as asked:
        hand.press(150, 150, RIGHT)
        hand.move(151, 151)
        hand.release(151, 151, RIGHT)
    assert asked.args == [view.mapToGlobal(QPoint(151, 151))]
    assert not grey.can_undo


def test_alt_is_the_other_tool_for_one_stroke(view: CanvasView, hand: Hand, grey: Document) -> None:
    view.set_tool(Eraser(view.brush))
    hand.keys = Qt.KeyboardModifier.AltModifier
    hand.drag((150, 150), (200, 150))
    assert grey.hole()[50, 75]


def test_shift_click_draws_a_line(view: CanvasView, hand: Hand, grey: Document) -> None:
    hand.drag((120.5, 120.5), (140.5, 150.5))
    hand.keys = Qt.KeyboardModifier.ShiftModifier
    hand.drag((260.5, 150.5))
    line = band(grey, 50.5, 40.5, 160.5, 10)
    assert grey.hole()[line].all()


def test_a_pen_drives_the_size(view: CanvasView, hand: Hand, grey: Document) -> None:
    hand.pen((140, 150, 0.3), (260, 150, 0.9))
    hole = grey.hole()
    assert hole[:, 40].sum() == pytest.approx(6, abs=1)
    assert hole[:, 160].sum() == pytest.approx(18, abs=1)


def test_the_other_end_of_the_pen_erases(view: CanvasView, hand: Hand, grey: Document) -> None:
    hand.drag((140, 150), (260, 150))
    hand.pen((140, 150, 1.0), (200, 150, 1.0), (260, 150, 1.0), end=RUBBER)
    assert not grey.hole().any()


def test_the_wheel_zooms_at_the_cursor(view: CanvasView, hand: Hand, grey: Document) -> None:
    before = view.viewport.to_picture(130, 160)
    hand.wheel(130, 160, 120)
    assert view.zoom == pytest.approx(1.2)
    assert view.viewport.to_picture(130, 160) == pytest.approx(before, abs=0.5)
    hand.wheel(130, 160, -240)
    assert view.zoom == pytest.approx(1.0)


def test_a_wheel_turned_sideways_by_a_modifier_counts_as_well(
    view: CanvasView, hand: Hand, grey: Document
) -> None:
    hand.keys = Qt.KeyboardModifier.ControlModifier
    hand.wheel(130, 160, 0, sideways=120)
    assert view.zoom == pytest.approx(1.2)
    hand.keys = Qt.KeyboardModifier.ShiftModifier
    hand.wheel(130, 160, 0, sideways=120)
    assert view.brush.size == 22


def test_shift_and_wheel_change_the_size_of_the_brush(
    qtbot: QtBot, view: CanvasView, hand: Hand, grey: Document
) -> None:
    hand.keys = Qt.KeyboardModifier.ShiftModifier
    with qtbot.waitSignal(view.brush_changed, timeout=1000):
        hand.wheel(130, 160, 120)
    assert (view.brush.size, view.zoom) == (22, 1)
    for _ in range(3):
        hand.wheel(130, 160, -40)  # a wheel with finer steps
    assert view.brush.size == 20


def test_brush_slots_change_size_and_hardness(view: CanvasView) -> None:
    view.bigger_brush()
    view.bigger_brush()
    view.smaller_brush()
    view.softer()
    view.softer()
    view.harder()
    assert (view.brush.size, view.brush.hardness) == (22, 0.9)


def test_a_pinch_on_a_touch_pad_zooms_at_the_cursor(
    view: CanvasView, hand: Hand, grey: Document
) -> None:
    before = view.viewport.to_picture(130, 160)
    at = QPointF(130, 160)
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        at,
        at,
        view.mapToGlobal(at),
        0.5,
        QPointF(),
    )
    QCoreApplication.sendEvent(view, event)
    assert view.zoom == pytest.approx(1.5)
    assert view.viewport.to_picture(130, 160) == pytest.approx(before, abs=0.5)


@pytest.fixture(scope="module")
def screen() -> QPointingDevice:
    return QTest.createTouchDevice()


def touch(view: CanvasView, screen: QPointingDevice, *frames: dict[int, tuple[int, int]]) -> None:
    """Fingers by number and place, frame by frame; those missing from a frame were lifted."""
    down: dict[int, tuple[int, int]] = {}
    for frame in (*frames, {}):
        sequence = QTest.touchEvent(view, screen, False)
        for finger, place in frame.items():
            act = sequence.move if finger in down else sequence.press
            act(finger, QPoint(*place), view)
        for finger in down.keys() - frame.keys():
            sequence.release(finger, QPoint(*down[finger]), view)
        sequence.commit()
        down = frame


def test_one_finger_paints(view: CanvasView, screen: QPointingDevice, grey: Document) -> None:
    touch(view, screen, {0: (140, 150)}, {0: (200, 150)}, {0: (260, 150)})
    np.testing.assert_array_equal(grey.hole(), band(grey, 50, 40, 160, 10))


def test_two_fingers_zoom_at_their_middle_and_paint_nothing(
    view: CanvasView, screen: QPointingDevice, grey: Document
) -> None:
    before = view.viewport.to_picture(150, 160)
    touch(
        view,
        screen,
        {0: (100, 160)},
        {0: (100, 160), 1: (200, 160)},
        {0: (75, 160), 1: (225, 160)},
        {0: (50, 160), 1: (250, 160)},
        {1: (250, 160)},
        {1: (300, 200)},
    )
    assert view.zoom == pytest.approx(2.0)
    assert view.viewport.to_picture(150, 160) == pytest.approx(before, abs=0.5)
    assert not grey.can_undo
    assert not grey.mask.any()
    assert not grey.is_editing


@pytest.mark.parametrize("one_after_the_other", [True, False])
def test_two_fingers_leave_a_polygon_that_is_being_set(
    view: CanvasView, screen: QPointingDevice, grey: Document, one_after_the_other: bool
) -> None:
    view.set_tool(Polygon(AreaSettings()))
    for corner in ((120, 120), (220, 130), (160, 190)):
        touch(view, screen, {0: corner})
    begin = ({0: (100, 160)},) if one_after_the_other else ()
    touch(view, screen, *begin, {0: (100, 160), 1: (200, 160)}, {0: (75, 160), 1: (225, 160)})
    sketch = view.strokes.sketch
    assert sketch is not None
    assert sketch.points == [(20, 20), (120, 30), (60, 90)]


def test_two_fingers_pan(view: CanvasView, screen: QPointingDevice, grey: Document) -> None:
    touch(
        view,
        screen,
        {0: (100, 160), 1: (200, 160)},
        {0: (130, 150), 1: (230, 150)},
    )
    assert (view.viewport.left, view.viewport.top) == (130, 90)


@pytest.mark.parametrize("way", ["middle", "space"])
def test_dragging_pans(view: CanvasView, hand: Hand, grey: Document, way: str) -> None:
    if way == "space":
        QTest.keyPress(view, Qt.Key.Key_Space)
        hand.drag((200, 150), (230, 140))
        QTest.keyRelease(view, Qt.Key.Key_Space)
    else:
        hand.drag((200, 150), (230, 140), button=MIDDLE)
    assert (view.viewport.left, view.viewport.top) == (130, 90)
    assert not grey.can_undo


@pytest.mark.parametrize("way", ["middle", "space"])
def test_panning_in_the_middle_of_a_stroke_does_not_end_it(
    view: CanvasView, hand: Hand, grey: Document, way: str
) -> None:
    hand.press(140.5, 150.5)
    hand.move(170.5, 150.5)
    if way == "space":
        QTest.keyPress(view, Qt.Key.Key_Space)
    else:
        hand.press(170.5, 150.5, MIDDLE)
    hand.move(100.5, 130.5)
    if way == "space":
        QTest.keyRelease(view, Qt.Key.Key_Space)
    else:
        hand.release(100.5, 130.5, MIDDLE)
    assert view.is_stroking
    hand.move(190.5, 130.5)
    hand.release(190.5, 130.5)
    np.testing.assert_array_equal(grey.hole(), band(grey, 50.5, 40.5, 160.5, 10))
    grey.undo()
    assert not grey.can_undo


def test_zooming_in_the_middle_of_a_stroke_does_not_end_it(
    view: CanvasView, hand: Hand, grey: Document
) -> None:
    hand.press(140.5, 150.5)
    hand.move(170.5, 150.5)
    hand.wheel(170.5, 150.5, 480)
    assert view.is_stroking
    end = view.viewport.to_picture(260.5, 150.5)
    hand.move(260.5, 150.5)
    hand.release(260.5, 150.5)
    # The picture lies on whole device pixels: after the zoom the line may be half of one off.
    assert grey.hole()[band(grey, 50.5, 40.5, end[0], 9.5)].all()
    assert not grey.hole()[~band(grey, 50.5, 40.5, end[0], 10.5)].any()


def test_escape_takes_back_the_stroke_under_way(
    view: CanvasView, hand: Hand, grey: Document
) -> None:
    hand.press(140, 150)
    hand.move(200, 150)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not grey.mask.any()
    assert not grey.is_editing
    hand.move(250, 150)
    hand.release(250, 150)
    assert not grey.mask.any()
    hand.drag((150, 150), (160, 150))
    assert grey.hole().any()


def test_escape_is_left_to_the_window_when_there_is_no_stroke(
    view: CanvasView, hand: Hand, grey: Document
) -> None:
    def is_claimed() -> bool:
        event = QKeyEvent(
            QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier
        )
        event.ignore()
        QCoreApplication.sendEvent(view, event)
        return event.isAccepted()

    assert not is_claimed()
    hand.press(140, 150)
    assert is_claimed()
    hand.release(140, 150)
    assert not is_claimed()


def test_a_second_button_does_not_disturb_a_stroke(
    view: CanvasView, hand: Hand, grey: Document
) -> None:
    hand.press(140.5, 150.5)
    hand.press(150.5, 150.5, RIGHT)
    hand.move(260.5, 150.5)
    hand.release(260.5, 150.5, RIGHT)
    assert view.is_stroking
    hand.release(260.5, 150.5)
    np.testing.assert_array_equal(grey.hole(), band(grey, 50.5, 40.5, 160.5, 10))


def test_another_tool_ends_the_stroke_under_way(
    view: CanvasView, hand: Hand, grey: Document
) -> None:
    hand.press(140, 150)
    hand.move(200, 150)
    view.set_tool(Eraser(view.brush))
    assert not grey.is_editing
    assert grey.hole()[50, 90]
    hand.release(200, 150)
    assert grey.undo_label == "Brush Stroke"


def test_another_document_takes_back_the_stroke_under_way(
    view: CanvasView, hand: Hand, grey: Document
) -> None:
    hand.press(140, 150)
    hand.move(200, 150)
    view.set_document(None)
    assert not grey.is_editing
    assert not grey.mask.any()
    hand.release(200, 150)


@pytest.mark.parametrize(
    ("key", "step"),
    [
        (Qt.Key.Key_Left, (NUDGE, 0)),
        (Qt.Key.Key_Right, (-NUDGE, 0)),
        (Qt.Key.Key_Up, (0, NUDGE)),
        (Qt.Key.Key_Down, (0, -NUDGE)),
    ],
)
def test_arrows_nudge_the_view(
    view: CanvasView, grey: Document, key: Qt.Key, step: tuple[int, int]
) -> None:
    left, top = view.viewport.left, view.viewport.top
    QTest.keyClick(view, key)
    assert (view.viewport.left - left, view.viewport.top - top) == step


def test_the_cursor_is_reported_in_picture_pixels(
    qtbot: QtBot, view: CanvasView, hand: Hand, grey: Document
) -> None:
    with qtbot.waitSignal(view.cursor_moved, timeout=1000) as moved:
        hand.move(130.5, 110.25)
    assert moved.args == [30.5, 10.25]


def test_zoom_is_reported(qtbot: QtBot, view: CanvasView, grey: Document) -> None:
    with qtbot.waitSignal(view.zoom_changed, timeout=1000) as changed:
        view.zoom_in()
    assert changed.args == [1.5]


def test_without_a_document_events_do_no_harm(view: CanvasView, hand: Hand) -> None:
    hand.drag((150, 150), (200, 150))
    hand.drag((150, 150), (200, 150), button=MIDDLE)
    hand.drag((150, 150), (200, 150), button=RIGHT)
    hand.wheel(100, 100, 120)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.is_stroking
