"""Comparing on the canvas: wipe, side by side, difference; all of it painted through tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QPointF, Qt

from tests.app.canvas.events import MIDDLE, Hand, seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.canvas import CanvasView
    from app.document import Document

    Show = Callable[[np.ndarray], Document]

BEFORE, AFTER = 60, 180
LOW = slice(220, 280)
"""Rows of the view that no caption covers, and neither does the divider's handle."""


@pytest.fixture
def changed(view: CanvasView, show: Show) -> Document:
    """400 x 300 pixels at 100 %: dark when it was opened, light now."""
    document = show(np.full((300, 400, 3), BEFORE, np.uint8))
    view.actual_size()
    with document.edit("Inpaint", "result"), document.touch("image", document.box) as pixels:
        pixels[...] = AFTER
    assert view.viewport.frame.left == view.viewport.frame.top == 0
    return document


def columns(view: CanvasView) -> np.ndarray:
    """Brightness of each column; -1 where it is not the same all the way down."""
    rows = seen(view)[LOW, :, 0].astype(int)
    return np.where((rows == rows[0]).all(axis=0), rows[0], -1)


def test_a_wipe_shows_the_original_left_of_the_divider(view: CanvasView, changed: Document) -> None:
    view.set_comparison("wipe")
    found = columns(view)
    assert (found[:190] == BEFORE).all()
    assert (found[210:] == AFTER).all()
    view.set_comparison("none")
    assert (columns(view) == AFTER).all()


def test_the_divider_follows_the_mouse_and_nothing_is_painted(
    view: CanvasView, hand: Hand, changed: Document
) -> None:
    view.set_comparison("wipe")
    hand.drag((201, 100), (150, 110), (100, 120))
    found = columns(view)
    assert (found[:90] == BEFORE).all()
    assert (found[110:] == AFTER).all()
    assert not changed.hole().any()


def test_the_divider_stops_at_both_edges(view: CanvasView, hand: Hand, changed: Document) -> None:
    view.set_comparison("wipe")
    hand.drag((200, 100), (-300, 100))
    assert (columns(view)[20:] == AFTER).all()
    hand.drag((1, 100), (900, 100))
    assert (columns(view)[:380] == BEFORE).all()


def test_steps_move_the_divider(view: CanvasView, changed: Document) -> None:
    view.set_comparison("wipe")
    view.nudge_divider(-1)
    view.nudge_divider(-1)
    found = columns(view)
    assert (found[:150] == BEFORE).all()
    assert (found[170:] == AFTER).all()


def test_the_cursor_says_that_the_divider_can_be_moved(
    view: CanvasView, hand: Hand, changed: Document
) -> None:
    view.set_comparison("wipe")
    hand.move(201, 50)
    assert view.cursor().shape() == Qt.CursorShape.SplitHCursor
    hand.move(300, 50)
    assert view.cursor().shape() != Qt.CursorShape.SplitHCursor


def test_painting_during_a_wipe_paints_on_the_picture(
    view: CanvasView, hand: Hand, changed: Document
) -> None:
    view.set_comparison("wipe")
    hand.drag((100.5, 250.5), (300.5, 250.5))
    assert changed.hole()[250, 90:311].all()
    shown = seen(view)[250]
    assert (shown[100:180, 0] > shown[100:180, 1]).all()
    assert (shown[220:300, 0] > shown[220:300, 1]).all()


def noisy(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (600, 900, 3), np.uint8)


@pytest.mark.parametrize("comparison", ["wipe", "side", "difference"])
def test_panning_and_moving_the_divider_show_what_a_fresh_paint_shows(
    view: CanvasView, hand: Hand, show: Show, comparison: str
) -> None:
    document = show(noisy(1))
    with document.edit("Inpaint", "result"), document.touch("image", document.box) as pixels:
        pixels[...] = noisy(2)
    view.actual_size()
    view.set_comparison(comparison)
    seen(view)
    for dx, dy in ((-37, 11), (64, -20), (3, 0), (-150, 5)):
        view.pan_by(dx, dy)
        QCoreApplication.processEvents()
    if comparison == "wipe":
        for x in (150, 90, 333, 210):
            view.move_divider(QPointF(x, 0))
            QCoreApplication.processEvents()
    piecewise = seen(view)
    view._repaint_all()
    np.testing.assert_array_equal(seen(view), piecewise)


def test_side_by_side_shows_the_same_place_twice(view: CanvasView, show: Show) -> None:
    document = show(noisy(1)[:200, :180])
    with document.edit("Inpaint", "result"), document.touch("image", document.box) as pixels:
        pixels[50:80, 50:80] = 255
    view.set_comparison("side")
    view.actual_size()
    shown = seen(view)
    left, right = shown[40:260, 5:190], shown[40:260, 205:390]  # without divider and captions
    frame = view.viewport.frame
    inner = np.zeros((300, 200), bool)
    inner[frame.top + 50 : frame.top + 80, frame.left + 50 : frame.left + 80] = True
    inner = inner[40:260, 5:190]
    np.testing.assert_array_equal(left[~inner], right[~inner])
    assert (right[inner] == 255).all()
    assert not (left[inner] == 255).all()


def test_side_by_side_fits_the_picture_into_its_half(view: CanvasView, show: Show) -> None:
    show(noisy(1))
    view.set_comparison("side")
    assert view.viewport.frame.right <= 200
    view.set_comparison("none")
    assert view.viewport.frame.width == 368


@pytest.mark.parametrize("x", [60.5, 260.5])
def test_either_half_can_be_painted_on(view: CanvasView, hand: Hand, show: Show, x: float) -> None:
    document = show(noisy(1)[:200, :180])
    view.set_comparison("side")
    view.actual_size()
    frame = view.viewport.frame
    hand.drag((x, 150.5), (x + 40, 150.5))
    hole = document.hole()
    assert hole[round(150 - frame.top), round(60 - frame.left) : round(100 - frame.left)].all()
    assert hole.sum() < 60 * 22


def test_a_stroke_is_seen_in_both_halves(view: CanvasView, hand: Hand, show: Show) -> None:
    show(noisy(1)[:200, :180])
    view.set_comparison("side")
    view.actual_size()
    seen(view)
    hand.press(60, 150)
    for x in range(70, 130, 10):
        hand.move(x, 150 + x % 20)
        QCoreApplication.processEvents()
    hand.release(130, 150)
    piecewise = seen(view)
    view._repaint_all()
    np.testing.assert_array_equal(seen(view), piecewise)


def test_what_lacks_tiles_is_painted_again_in_the_half_where_it_is(
    view: CanvasView, show: Show
) -> None:
    show(noisy(1))
    view.set_comparison("side")
    assert view._scene is not None
    is_complete = view._frame.refresh(view._scene, view.viewport, view.panes, deadline=0.0)
    assert not is_complete
    stale = view._frame.take_stale()
    assert min(box.left for box in stale) < 200
    assert max(box.right for box in stale) > 350


def test_a_stroke_stays_in_the_half_in_which_it_began(
    view: CanvasView, hand: Hand, show: Show
) -> None:
    document = show(noisy(1)[:200, :180])
    view.set_comparison("side")
    view.actual_size()
    hand.drag((260.5, 150.5), (230.5, 150.5), (190.5, 150.5))
    # On the left of the right half's picture, not at the right of the left one's.
    assert not document.hole()[:, 120:].any()


@pytest.mark.parametrize("x", [100, 330])
def test_zooming_keeps_the_place_under_the_cursor_in_either_half(
    view: CanvasView, hand: Hand, show: Show, x: int
) -> None:
    show(noisy(1))
    view.set_comparison("side")
    shift = 0 if x < 200 else 200
    before = view.viewport.to_picture(x - shift, 150)
    hand.wheel(x, 150, 360)
    assert view.viewport.to_picture(x - shift, 150) == pytest.approx(before, abs=1.5)


def test_both_halves_pan_together(view: CanvasView, hand: Hand, show: Show) -> None:
    show(noisy(1))
    view.set_comparison("side")
    view.actual_size()
    left = view.viewport.left
    hand.drag((330, 150), (290, 140), button=MIDDLE)
    assert view.viewport.left == left - 40


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(("kind", "unit"), [(np.uint8, 1), (np.uint16, 257)])
def test_a_difference_is_amplified_eight_times_and_black_where_there_is_none(
    view: CanvasView, show: Show, channels: int, kind: type, unit: int
) -> None:
    document = show(np.full((300, 400, channels), 100 * unit, kind))
    with document.edit("Inpaint", "result"), document.touch("image", document.box) as pixels:
        pixels[:, :200, :1] += 10 * unit
        pixels[:, 300:, :1] -= 60 * unit
    view.actual_size()
    view.set_comparison("difference")
    shown = seen(view)[LOW, :, 0]
    assert (shown[:, :200] == 80).all()
    assert (shown[:, 200:300] == 0).all()
    assert (shown[:, 300:] == 255).all()


def test_a_difference_in_transparency_shows(view: CanvasView, show: Show) -> None:
    document = show(np.full((300, 400, 4), 200, np.uint8))
    with document.edit("Inpaint", "result"), document.touch("image", document.box) as pixels:
        pixels[:, :, 3] = 195
    view.actual_size()
    view.set_comparison("difference")
    assert (seen(view)[LOW] == 40).all()


def test_a_difference_follows_what_is_edited(view: CanvasView, changed: Document) -> None:
    view.set_comparison("difference")
    assert (seen(view)[LOW] == 255).all()
    changed.undo()
    assert (seen(view)[LOW] == 0).all()


@pytest.mark.parametrize("comparison", ["wipe", "side", "difference"])
def test_comparing_with_the_held_key_shows_the_original_everywhere(
    view: CanvasView, changed: Document, comparison: str
) -> None:
    view.set_comparison(comparison)
    view.set_comparing(True)
    found = seen(view)[LOW, 20:180, 0]
    assert (found == BEFORE).all()
    view.set_comparing(False)
    assert view.panes.comparison == comparison
