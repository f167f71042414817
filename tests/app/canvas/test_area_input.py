"""Areas drawn on the canvas with a real mouse and real keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest

from app.canvas.drawing import Drawing
from app.canvas.navigation import Viewport
from app.tools import AreaSettings, Lasso, Polygon, Rectangle, Sketch
from app.tools.polygons import coverage
from tests.app.canvas.events import RIGHT, Hand, seen

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.canvas import CanvasView
    from app.document import Document

CORNERS = [(120, 110), (270, 130), (200, 190)]
"""In the view; the picture's corner lies at (100, 100)."""


@pytest.fixture
def areas() -> AreaSettings:
    return AreaSettings()


def assert_is_triangle(document: Document) -> None:
    expected = coverage([(x - 100, y - 100) for x, y in CORNERS], document.box)
    np.testing.assert_allclose(document.mask.astype(int), expected, atol=1)


def test_a_drag_with_the_rectangle_marks_it_when_it_is_let_go(
    qtbot: QtBot, view: CanvasView, hand: Hand, grey: Document, areas: AreaSettings
) -> None:
    view.set_tool(Rectangle(areas))
    hand.press(130, 120)
    hand.move(160, 170)
    assert not grey.hole().any()
    with qtbot.waitSignal(view.stroke_finished, timeout=1000):
        hand.release(160, 170)
    expected = np.zeros((100, 200), bool)
    expected[20:70, 30:60] = True
    np.testing.assert_array_equal(grey.hole(), expected)


def test_a_right_drag_subtracts_and_a_right_click_still_asks_for_the_menu(
    qtbot: QtBot, view: CanvasView, hand: Hand, grey: Document, areas: AreaSettings
) -> None:
    view.set_tool(Rectangle(areas))
    hand.drag((130, 120), (160, 170))
    hand.drag((90, 90), (150, 190), button=RIGHT)
    assert not grey.hole()[:, :50].any()
    assert grey.hole()[20:70, 50:60].all()
    with qtbot.waitSignal(view.menu_requested, timeout=1000):
        hand.press(150, 150, RIGHT)
        hand.release(150, 150, RIGHT)


@pytest.mark.parametrize("end", ["enter", "double click", "first corner"])
def test_a_polygon_is_clicked_corner_by_corner(
    qtbot: QtBot, view: CanvasView, hand: Hand, grey: Document, areas: AreaSettings, end: str
) -> None:
    view.set_tool(Polygon(areas))
    for corner in CORNERS:
        hand.move(*corner)
        hand.drag(corner)
    assert view.is_stroking
    with qtbot.waitSignal(view.stroke_finished, timeout=1000):
        if end == "enter":
            QTest.keyClick(view, Qt.Key.Key_Return)
        elif end == "double click":
            hand.double_click(*CORNERS[-1])
        else:
            hand.drag((CORNERS[0][0] + 3, CORNERS[0][1] - 2))
    assert not view.is_stroking
    assert_is_triangle(grey)


def test_backspace_takes_back_a_corner_and_esc_all(
    view: CanvasView, hand: Hand, grey: Document, areas: AreaSettings
) -> None:
    view.set_tool(Polygon(areas))
    for corner in [*CORNERS, (290, 195)]:
        hand.drag(corner)
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert_is_triangle(grey)
    hand.drag((150, 150))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.is_stroking
    assert grey.undo_label == "Add Polygon"


def test_another_tool_gives_up_a_polygon(
    view: CanvasView, hand: Hand, grey: Document, areas: AreaSettings
) -> None:
    view.set_tool(Polygon(areas))
    for corner in CORNERS:
        hand.drag(corner)
    view.set_tool(Lasso(areas))
    assert not view.is_stroking
    assert not grey.can_undo


def test_zooming_and_panning_leave_a_polygon_where_it_is_in_the_picture(
    view: CanvasView, hand: Hand, grey: Document, areas: AreaSettings
) -> None:
    view.set_tool(Polygon(areas))
    hand.drag(CORNERS[0])
    hand.drag(CORNERS[1])
    hand.press(200, 150, Qt.MouseButton.MiddleButton)
    hand.move(230, 160)
    hand.release(230, 160, Qt.MouseButton.MiddleButton)
    hand.drag((CORNERS[2][0] + 30, CORNERS[2][1] + 10))
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert_is_triangle(grey)


def test_the_outline_shows_while_it_is_drawn_and_is_gone_afterwards(
    view: CanvasView, hand: Hand, grey: Document, areas: AreaSettings
) -> None:
    before = seen(view)
    view.set_tool(Rectangle(areas))
    hand.press(130, 120)
    hand.move(200, 160)
    drawn = seen(view)
    assert not np.array_equal(drawn[119:122, 140:190], before[119:122, 140:190])
    np.testing.assert_array_equal(drawn[125:155, 135:195], before[125:155, 135:195])
    QTest.keyClick(view, Qt.Key.Key_Escape)
    hand.release(200, 160)
    np.testing.assert_array_equal(seen(view), before)


def test_a_growing_lasso_repaints_what_it_left_behind(
    view: CanvasView, hand: Hand, grey: Document, areas: AreaSettings
) -> None:
    """What Qt paints bit by bit looks like one painting of everything."""
    view.set_tool(Lasso(areas))
    hand.press(120, 110)
    for x, y in [(180, 115), (260, 140), (240, 180), (160, 185), (130, 150)]:
        hand.move(x, y)
        QCoreApplication.processEvents()
    step_by_step = view.grab().toImage()
    view.update()
    assert view.grab().toImage() == step_by_step


def test_a_longer_line_has_its_end_and_the_line_that_closes_it_painted_again() -> None:
    points = [(10.0, 10.0), (90.0, 10.0)]
    drawing, viewport = Drawing(), Viewport()
    drawing.follow(Sketch(points), viewport)
    points.append((90.0, 80.0))
    (rect,) = drawing.follow(Sketch(points), viewport)
    assert rect.contains(90, 80)
    assert rect.contains(90, 10)
    assert rect.contains(10, 10)
    points.append((80.0, 80.0))
    (rect,) = drawing.follow(Sketch(points, is_closed=False), viewport)
    assert rect.contains(85, 80)


def test_the_brush_has_a_ring_and_the_lasso_none(
    view: CanvasView, hand: Hand, grey: Document, areas: AreaSettings
) -> None:
    hand.move(200, 150)
    assert view._ring() is not None
    view.set_tool(Lasso(areas))
    assert view._ring() is None
