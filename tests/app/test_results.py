"""Every run is kept: applied, compared, stepped through, reused, dropped only for memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QMenu, QToolButton

from app.panels.results import ResultCard
from app.session.results import Result, Shelf
from engine.filling import Patch
from engine.pipeline import InpaintResult, Seconds
from engine.recipe import Recipe
from engine.types import Box

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

CTRL = Qt.KeyboardModifier.ControlModifier


def result(number: int, side: int = 10) -> Result:
    """A result that takes 4 bytes for each of side * side pixels."""
    patch = Patch(
        Box(0, 0, side, side), np.zeros((side, side, 3), np.uint8), np.ones((side, side), bool)
    )
    made = InpaintResult(
        (patch,), "green", None, "cpu", None, Seconds(0, 1, 1), Recipe(backend="green"), 0.1, 1
    )
    return Result(number, "Green", made, np.zeros((0, 0, 3), np.uint8))


def test_a_full_shelf_drops_the_oldest_but_no_favourite() -> None:
    shelf = Shelf(budget_bytes=1000)
    results = [result(number) for number in (1, 2, 3)]
    results[0].is_kept = True
    shelf.add(results[0])
    shelf.add(results[1])
    assert shelf.add(results[2]) == [results[1]]
    assert list(shelf) == [results[0], results[2]]


def test_the_newest_result_stays_even_if_it_is_larger_than_the_shelf() -> None:
    shelf = Shelf(budget_bytes=10)
    shelf.add(result(1))
    assert len(shelf) == 1


def test_stepping_stops_at_both_ends() -> None:
    shelf = Shelf(budget_bytes=10_000)
    first, second = result(1), result(2)
    shelf.add(first)
    shelf.add(second)
    shelf.current = second
    assert shelf.neighbour(1) is second
    assert shelf.neighbour(-1) is first
    assert shelf.neighbour(-5) is first


@pytest.fixture
def two(desk: Desk, photo: Path) -> Desk:
    """A desk with a green and a blue result on one mask; the blue one is in the picture."""
    desk.open(photo)
    desk.paint()
    desk.run("green")
    desk.run("blue")
    return desk


def colour(desk: Desk) -> tuple[int, ...]:
    return tuple(desk.document.image[60, 60].tolist())


GREEN, BLUE = (0, 255, 0), (0, 0, 255)


def cards(desk: Desk) -> list[ResultCard]:
    """Oldest first."""
    assert desk.window.workspace is not None
    found = desk.window.workspace.column.findChildren(ResultCard)
    return sorted(found, key=lambda card: card.result.number)


def test_a_click_on_a_card_applies_its_result_as_one_step(two: Desk, qtbot: QtBot) -> None:
    steps = len(two.document.steps[0])
    qtbot.mouseClick(cards(two)[0], Qt.MouseButton.LeftButton, pos=QPoint(60, 40))
    assert colour(two) == GREEN
    assert len(two.document.steps[0]) == steps + 1
    two.session.undo()
    assert colour(two) == BLUE


def test_comma_and_period_step_through_the_results(two: Desk) -> None:
    two.key(Qt.Key.Key_Comma)
    assert colour(two) == GREEN
    two.key(Qt.Key.Key_Period)
    assert colour(two) == BLUE


def test_holding_a_card_only_shows_its_result(two: Desk, qtbot: QtBot) -> None:
    steps = two.document.steps
    card = cards(two)[0]
    qtbot.mousePress(card, Qt.MouseButton.LeftButton, pos=QPoint(60, 40))
    two.wait(lambda: colour(two) == GREEN)
    qtbot.mouseRelease(card, Qt.MouseButton.LeftButton, pos=QPoint(60, 40))
    assert colour(two) == BLUE
    assert two.document.steps == steps


def test_the_card_of_the_result_in_the_picture_is_marked(two: Desk) -> None:
    assert [card.property("current") for card in cards(two)] == [False, True]


def marked(desk: Desk) -> list[int]:
    """Numbers of the results whose card says that they are in the picture."""
    return [card.result.number for card in cards(desk) if card.property("current")]


def test_the_mark_follows_undo_and_redo(two: Desk) -> None:
    two.session.undo()
    assert colour(two) == GREEN
    assert marked(two) == [1]
    two.session.undo()
    assert marked(two) == []
    two.session.redo()
    two.session.redo()
    assert colour(two) == BLUE
    assert marked(two) == [2]


def test_a_result_that_was_dropped_while_its_menu_was_open_is_deleted_in_peace(two: Desk) -> None:
    runs = two.session.runs
    first = next(iter(runs.shelf))
    runs.delete(first)
    runs.delete(first)
    assert len(runs.shelf) == 1


def test_a_deleted_result_is_not_marked_when_redo_brings_its_pixels_back(two: Desk) -> None:
    two.session.undo()
    two.session.runs.delete(list(two.session.runs.shelf)[1])
    two.session.redo()
    assert colour(two) == BLUE
    assert two.session.runs.shelf.current is None


def test_painting_keeps_the_mark(two: Desk) -> None:
    two.paint((10, 10), (20, 10))
    assert marked(two) == [2]


def test_deleting_a_result_leaves_the_picture(two: Desk) -> None:
    two.session.runs.delete()
    assert [item.label for item in two.session.runs.shelf] == ["Green"]
    assert colour(two) == BLUE


def test_ctrl_j_keeps_the_result(two: Desk) -> None:
    two.key(Qt.Key.Key_J, CTRL)
    assert [item.is_kept for item in two.session.runs.shelf] == [False, True]


def test_reusing_settings_chooses_backend_options_and_seed(two: Desk) -> None:
    green = next(iter(two.session.runs.shelf))
    two.session.seed = 5
    two.session.runs.reuse(green)
    assert two.session.backend.id == "green"
    assert two.session.options == {"strength": 1.0}
    assert two.session.seed == 0


def test_a_thumbnail_shows_the_filled_place(two: Desk) -> None:
    blue = list(two.session.runs.shelf)[1]
    height, width = blue.thumbnail.shape[:2]
    assert tuple(blue.thumbnail[height // 2, width // 2]) == BLUE


def test_a_picture_that_is_read_again_has_no_results_yet(two: Desk, photo: Path) -> None:
    two.answers.leave = "discard"
    two.open(photo)
    assert len(two.session.runs.shelf) == 0


def test_auto_says_why_it_chose(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.toolbox.set_size(1)
    desk.paint((30, 30), (60, 30))
    desk.run("auto")
    reason = next(iter(desk.session.runs.shelf)).result.reason
    assert reason is not None
    shown = [label.text() for label in cards(desk)[0].findChildren(QLabel)]
    assert f"{reason}." in shown


def test_a_stroke_can_start_the_run_by_itself(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.run_after_stroke(True)
    desk.paint()
    desk.wait(lambda: len(desk.session.runs.shelf) == 1)
    desk.settle()
    assert colour(desk) == GREEN


# --- which results are shown ---------------------------------------------------------------------


def view(desk: Desk) -> QComboBox:
    assert desk.window.workspace is not None
    boxes = desk.window.workspace.column.results.findChildren(QComboBox)
    return next(box for box in boxes if box.accessibleName() == "Results shown")


def choose(desk: Desk, label: str) -> None:
    """Choose a view of the results with the keyboard."""
    box = view(desk)
    box.setFocus()
    desk.key(Qt.Key.Key_Home)
    for _ in range(box.findText(label)):
        desk.key(Qt.Key.Key_Down)
    assert box.currentText() == label


def shown(desk: Desk) -> list[int]:
    return [card.result.number for card in cards(desk) if card.isVisible()]


def test_favourites_can_be_shown_alone(two: Desk) -> None:
    assert shown(two) == [1, 2]
    two.key(Qt.Key.Key_J, CTRL)
    choose(two, "Favourites")
    assert shown(two) == [2]
    two.session.runs.keep()
    assert shown(two) == []
    labels = two.window.workspace.column.results.findChildren(QLabel)  # type: ignore[union-attr]
    assert "No result is like that" in " ".join(each.text() for each in labels if each.isVisible())


def test_the_results_of_one_backend_can_be_shown_alone(two: Desk) -> None:
    choose(two, "Green")
    assert shown(two) == [1]
    two.run("green")
    assert shown(two) == [1, 3]
    choose(two, "All results")
    assert shown(two) == [1, 2, 3]


def test_the_results_of_one_mask_can_be_shown_alone(two: Desk) -> None:
    two.paint((20, 20), (25, 20))
    two.run("green")
    choose(two, "Same mask as result 3")
    assert shown(two) == [3]
    two.session.runs.step(-1)
    assert view(two).currentText() == "Same mask as result 2"
    assert shown(two) == [1, 2]


def test_a_view_that_is_gone_becomes_all(two: Desk) -> None:
    choose(two, "Green")
    two.session.runs.delete(next(iter(two.session.runs.shelf)))
    two.run("blue")
    assert view(two).currentText() == "All results"
    assert shown(two) == [2, 3]


# --- the same mask again -------------------------------------------------------------------------


def fill_again(desk: Desk, number: int, backend: str, qtbot: QtBot) -> None:
    """Press the button of a card and choose from its menu."""
    card = next(each for each in cards(desk) if each.result.number == number)
    buttons = card.findChildren(QToolButton)
    again = next(each for each in buttons if each.accessibleName() == "Same mask, other backend")
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = next(each for each in menu.actions() if each.text() == backend)
    count = len(desk.session.runs.shelf)
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    desk.wait(lambda: len(desk.session.runs.shelf) > count)
    desk.settle()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_another_backend_fills_the_same_mask(two: Desk, qtbot: QtBot) -> None:
    steps = len(two.document.steps[0])
    fill_again(two, 2, "Green", qtbot)
    assert colour(two) == GREEN
    assert two.session.backend.id == "blue"
    assert len(two.document.steps[0]) == steps + 1


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_mask_of_a_result_comes_back_for_another_backend(two: Desk, qtbot: QtBot) -> None:
    first = two.document.hole()
    two.paint((20, 20), (25, 20))
    two.run("green")
    assert not np.array_equal(two.document.hole(), first)
    fill_again(two, 1, "Blue", qtbot)
    np.testing.assert_array_equal(two.document.hole(), first)
    assert [each.result.backend for each in two.session.runs.shelf][-1] == "blue"
    choose(two, "Same mask as result 4")
    assert shown(two) == [1, 2, 4]


def test_the_menu_offers_no_backend_that_cannot_fill(two: Desk, qtbot: QtBot) -> None:
    two.wait(lambda: two.session.models.is_known)
    names = [spec.id for spec in two.session.models.usable]
    assert names == ["patchmatch", "telea", "navier-stokes", "green", "blue"]
