"""The tour of the first start: four notes, in nobody's way, shown once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QRect, Qt

from app.window.tour import STEPS
from tests.app.conftest import stored_settings

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from app.window.callout import Callout
    from tests.app.conftest import Desk

LEFT = Qt.MouseButton.LeftButton


def note(desk: Desk) -> Callout:
    found = desk.window.tour.note
    assert found is not None
    return found


def step(desk: Desk) -> int:
    return desk.window.tour._index


def area(widget: QWidget, desk: Desk) -> QRect:
    return QRect(widget.mapTo(desk.window, QPoint()), widget.size())


@pytest.fixture
def touring(desk: Desk, photo: Path, qtbot: QtBot) -> Desk:
    """Somebody who has begun the tour and opened a picture."""
    desk.window.commands.actions["tour"].trigger()
    desk.open(photo)
    desk.wait(lambda: step(desk) == 1)
    return desk


def test_the_first_start_offers_the_tour_once(desk: Desk) -> None:
    desk.window.begin(tour=True)
    desk.wait(lambda: desk.window.tour.note is not None)
    desk.window.tour.end()
    desk.window.tour.offer()
    assert desk.window.tour.note is None
    desk.window.close()
    assert stored_settings(desk.folder)["tour_shown"] is True


def test_a_start_with_a_file_shows_no_tour(desk: Desk, photo: Path) -> None:
    desk.window.begin([photo], tour=True)
    desk.wait(lambda: desk.session.has_picture)
    desk.settle()
    assert desk.window.tour.note is None


def test_a_window_that_no_person_started_shows_no_tour(desk: Desk) -> None:
    desk.window.begin()
    desk.settle()
    assert desk.window.tour.note is None


def test_doing_what_a_step_asks_for_goes_on(touring: Desk) -> None:
    touring.paint()
    assert step(touring) == 2
    touring.run()
    assert step(touring) == 3
    note(touring).onward.click()
    assert touring.window.tour.note is None


def test_a_stroke_is_finished_before_the_tour_goes_on(touring: Desk, qtbot: QtBot) -> None:
    qtbot.mousePress(touring.canvas, LEFT, pos=touring.at(50, 60))
    qtbot.mouseMove(touring.canvas, touring.at(70, 60))
    assert step(touring) == 1
    qtbot.mouseRelease(touring.canvas, LEFT, pos=touring.at(70, 60))
    assert step(touring) == 2


def test_next_goes_through_all_steps_with_the_mouse(desk: Desk, qtbot: QtBot) -> None:
    desk.window.commands.actions["tour"].trigger()
    qtbot.mouseClick(note(desk).onward, LEFT)  # opens a sample
    desk.wait(lambda: step(desk) == 1)
    for number in range(2, len(STEPS)):
        qtbot.mouseClick(note(desk).onward, LEFT)
        assert step(desk) == number
    assert not note(desk).skip.isVisible()
    qtbot.mouseClick(note(desk).onward, LEFT)
    assert desk.window.tour.note is None


def test_skip_ends_it_at_any_step(touring: Desk, qtbot: QtBot) -> None:
    qtbot.mouseClick(note(touring).skip, LEFT)
    assert touring.window.tour.note is None
    touring.paint()
    assert touring.window.tour.note is None


def test_esc_ends_it_after_the_stroke(touring: Desk, qtbot: QtBot) -> None:
    qtbot.mousePress(touring.canvas, LEFT, pos=touring.at(50, 60))
    touring.key(Qt.Key.Key_Escape)
    assert touring.window.tour.note is not None
    touring.key(Qt.Key.Key_Escape)
    assert touring.window.tour.note is None


def test_every_note_stands_in_the_window_and_beside_what_it_points_at(touring: Desk) -> None:
    tour = touring.window.tour
    for index in range(1, len(STEPS)):
        tour._show(index)
        spot, target = area(note(touring), touring), area(tour._target(STEPS[index]), touring)
        assert touring.window.rect().contains(spot)
        assert not spot.intersects(target)
        assert target.adjusted(-1, -1, 1, 1).contains(note(touring)._tip)


def test_a_note_follows_when_the_window_changes(touring: Desk) -> None:
    touring.window.tour._show(3)
    touring.window.resize(900, 600)
    touring.wait(lambda: touring.window.rect().contains(area(note(touring), touring)))


def test_the_canvas_keeps_the_keyboard_and_the_mouse(touring: Desk) -> None:
    assert touring.canvas.hasFocus()
    touring.key(Qt.Key.Key_E)
    assert touring.session.tool_id == "eraser"


def test_closing_the_picture_goes_back_to_the_first_step(touring: Desk) -> None:
    touring.session.files.close()
    assert step(touring) == 0
    assert note(touring).isVisible()
