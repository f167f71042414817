"""Compare Backends: every usable backend on one mask, the map of where they differ, one applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QPushButton

from app.dialogs.close_up import CloseUp
from app.dialogs.lineup import FillCell, LineupDialog
from app.panels.legend import Legend
from app.session.models import Models
from app.session.runs import NOTHING_MASKED
from engine import registry
from engine.errors import InvalidInputError
from tests.app import fake_backend
from tests.app.tiny_models import put, registered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.session.lineup import Entry
    from tests.app.conftest import Desk

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
GREEN, BLUE = (0, 255, 0), (0, 0, 255)


@pytest.fixture
def few(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at which Green, Telea and Blue are all that can fill."""
    usable = tuple(registry.get(name) for name in ("green", "telea", "blue"))
    monkeypatch.setattr(Models, "usable", usable)
    return desk


@pytest.fixture
def tiny() -> Iterator[None]:
    yield from registered()


def begin(desk: Desk, photo: Path) -> LineupDialog:
    """Paint a mask and press the keys."""
    desk.open(photo)
    desk.paint((50, 60), (70, 60))
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_Return, CTRL_SHIFT)
    dialog = desk.window._lineup.dialog
    assert dialog is not None
    return dialog


def finish(desk: Desk) -> None:
    desk.wait(lambda: not desk.session.lineup.is_running)
    desk.wait(lambda: desk.session.runs.tasks.is_idle)


def states(desk: Desk) -> dict[str, str]:
    return {entry.spec.id: entry.state for entry in desk.session.lineup.entries}


def entry_of(desk: Desk, backend: str) -> Entry:
    return next(each for each in desk.session.lineup.entries if each.spec.id == backend)


def cell(dialog: LineupDialog, backend: str) -> FillCell:
    cells = dialog.findChildren(FillCell)
    return next(each for each in cells if each.entry.spec.id == backend)


def button(dialog: LineupDialog, text: str) -> QPushButton:
    return next(each for each in dialog.findChildren(QPushButton) if each.text() == text)


def colour(desk: Desk) -> tuple[int, ...]:
    return tuple(desk.document.image[60, 60].tolist())


def test_every_usable_backend_fills_the_mask_and_the_picture_stays(few: Desk, photo: Path) -> None:
    begin(few, photo)
    before = few.document.image.copy()
    steps = len(few.document.steps[0])
    finish(few)
    assert states(few) == {"green": "done", "telea": "done", "blue": "done"}
    np.testing.assert_array_equal(few.document.image, before)
    assert len(few.document.steps[0]) == steps
    assert [each.label for each in few.session.runs.shelf] == ["Green", "Telea", "Blue"]
    assert few.session.runs.shelf.current is None


def test_each_keeps_its_recipe_with_its_own_options(few: Desk, photo: Path) -> None:
    few.session.settings.options["telea"] = {"radius": 7}
    few.session.use_seed(11)
    begin(few, photo)
    finish(few)
    recipes = {each.result.recipe.backend: each.result.recipe for each in few.session.runs.shelf}
    assert recipes["telea"].options == {"radius": 7}
    assert recipes["green"].options == {"strength": 1.0}
    assert {recipe.seed for recipe in recipes.values()} == {11}


def test_a_fill_is_that_of_the_backend_alone(few: Desk, photo: Path) -> None:
    dialog = begin(few, photo)
    finish(few)
    compared = entry_of(few, "telea").result
    dialog.accept()
    few.window.activateWindow()
    few.wait(few.window.isActiveWindow)
    few.run("telea")
    alone = few.session.runs.shelf.current
    assert compared is not None
    assert alone is not None
    (ours,), (theirs,) = compared.result.patches, alone.result.patches
    assert ours.box == theirs.box
    np.testing.assert_array_equal(ours.pixels[ours.hole], theirs.pixels[theirs.hole])


def test_networks_without_weights_are_left_out(
    tiny: None, desk: Desk, photo: Path, weight_folder: Path
) -> None:
    put(weight_folder, "a.safetensors")
    desk.session.models.refresh()
    desk.wait(lambda: desk.session.files.tasks.is_idle)
    begin(desk, photo)
    names = set(states(desk))
    assert {"green", "blue", "patchmatch", "telea", "navier-stokes", "tiny"} == names
    desk.session.lineup.cancel()
    finish(desk)


def test_the_grid_shows_each_fill_and_where_they_differ(few: Desk, photo: Path) -> None:
    dialog = begin(few, photo)
    legend = dialog.findChild(Legend)
    assert legend is not None
    assert not legend.isVisible()
    finish(few)
    few.wait(legend.isVisible)
    levels = few.session.lineup.disagreement
    assert levels is not None
    picture = entry_of(few, "green").picture
    assert picture is not None
    assert levels.shape == picture.shape[:2]
    rows, columns = levels.shape
    assert levels[rows // 2, columns // 2] > 60
    assert levels[0, 0] == 0
    assert legend.accessibleName() == f"0, all agree – {round(levels.max())} grey levels"
    middle = QPoint(cell(dialog, "blue").picture.width() // 2, 0)
    middle.setY(cell(dialog, "blue").picture.height() // 2)
    seen = cell(dialog, "blue").picture.grab().toImage().pixelColor(middle)
    assert (seen.red(), seen.green(), seen.blue()) == BLUE


def test_a_click_chooses_and_apply_puts_it_into_the_picture(
    few: Desk, photo: Path, qtbot: QtBot
) -> None:
    dialog = begin(few, photo)
    finish(few)
    steps = len(few.document.steps[0])
    assert not button(dialog, "Apply").isEnabled()
    qtbot.mouseClick(cell(dialog, "green").picture, Qt.MouseButton.LeftButton)
    assert cell(dialog, "green").property("current")
    assert colour(few) not in (GREEN, BLUE)
    qtbot.mouseClick(button(dialog, "Apply"), Qt.MouseButton.LeftButton)
    assert colour(few) == GREEN
    assert len(few.document.steps[0]) == steps + 1
    assert few.window._lineup.dialog is None


def test_a_double_click_applies(few: Desk, photo: Path, qtbot: QtBot) -> None:
    dialog = begin(few, photo)
    finish(few)
    qtbot.mouseDClick(cell(dialog, "blue").picture, Qt.MouseButton.LeftButton)
    assert colour(few) == BLUE


def test_the_keyboard_chooses_and_applies(few: Desk, photo: Path, qtbot: QtBot) -> None:
    dialog = begin(few, photo)
    finish(few)
    picture = cell(dialog, "blue").picture
    picture.setFocus()
    qtbot.keyClick(picture, Qt.Key.Key_Space)
    assert cell(dialog, "blue").property("current")
    qtbot.keyClick(picture, Qt.Key.Key_Return)
    assert colour(few) == BLUE


def test_esc_stops_the_run_and_those_that_wait(few: Desk, photo: Path, qtbot: QtBot) -> None:
    fake_backend.gate.clear()
    dialog = begin(few, photo)
    few.wait(lambda: few.session.runs.is_running)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    finish(few)
    assert states(few) == {"green": "stopped", "telea": "stopped", "blue": "stopped"}
    assert len(few.session.runs.shelf) == 0
    assert few.window._lineup.dialog is dialog
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert few.window._lineup.dialog is None


def test_the_cell_of_the_run_says_how_far_it_is(few: Desk, photo: Path) -> None:
    fake_backend.gate.clear()
    dialog = begin(few, photo)
    few.wait(lambda: cell(dialog, "green").picture.note == "Is filling… 50 %")
    assert cell(dialog, "blue").picture.note == "Waits for its turn."


def test_no_other_run_gets_in_between(few: Desk, photo: Path) -> None:
    begin(few, photo)
    arrived: list[bool] = []
    ended: list[bool] = []
    few.session.runs.results_changed.connect(lambda: arrived.append(few.session.can_run))
    few.session.runs.finished.connect(lambda: ended.append(few.session.can_run))
    finish(few)
    assert arrived == [False, False, True]
    assert ended == [False, False, True]


def test_a_backend_that_fails_says_why_and_the_others_go_on(
    few: Desk, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise InvalidInputError("Telea is on strike.")

    registry.create("telea")
    monkeypatch.setattr(type(registry._loaded["telea"]), "inpaint", refuse)
    begin(few, photo)
    finish(few)
    assert states(few) == {"green": "done", "telea": "failed", "blue": "done"}
    assert entry_of(few, "telea").error == "Telea is on strike."
    assert few.session.lineup.disagreement is not None


def test_the_results_come_without_the_dialog(few: Desk, photo: Path, qtbot: QtBot) -> None:
    fake_backend.gate.clear()
    dialog = begin(few, photo)
    qtbot.mouseClick(button(dialog, "Close"), Qt.MouseButton.LeftButton)
    fake_backend.gate.set()
    finish(few)
    assert len(few.session.runs.shelf) == 3


def other(photo: Path) -> Path:
    """A second picture."""
    path = photo.with_name("other.png")
    path.write_bytes(photo.read_bytes())
    return path


def test_it_goes_on_for_its_picture_while_another_one_is_shown(
    few: Desk, photo: Path, qtbot: QtBot
) -> None:
    fake_backend.gate.clear()
    dialog = begin(few, photo)
    first = few.session.pictures.current
    few.open(other(photo))
    fake_backend.gate.set()
    finish(few)
    assert len(few.session.runs.shelf) == 0
    assert first is not None
    assert len(first.shelf) == 3
    qtbot.mouseDClick(cell(dialog, "blue").picture, Qt.MouseButton.LeftButton)
    few.wait(lambda: few.session.pictures.current is first)
    assert colour(few) == BLUE


def test_it_ends_with_its_picture(few: Desk, photo: Path) -> None:
    fake_backend.gate.clear()
    begin(few, photo)
    few.answers.leave = "discard"
    few.session.files.close()
    fake_backend.gate.set()
    few.wait(lambda: few.session.runs.tasks.is_idle)
    assert few.session.document is None
    assert few.session.lineup.entries == []
    assert not few.session.lineup.is_running


def test_without_a_mask_nothing_is_compared(few: Desk, photo: Path) -> None:
    few.open(photo)
    few.canvas.setFocus()
    few.key(Qt.Key.Key_Return, CTRL_SHIFT)
    assert NOTHING_MASKED in few.said()
    assert few.window._lineup.dialog is None


def test_wheel_and_drag_move_all_pictures_together(few: Desk, photo: Path, qtbot: QtBot) -> None:
    dialog = begin(few, photo)
    finish(few)
    pictures = [each for each in dialog.findChildren(CloseUp) if each.isVisible()]
    assert len(pictures) == 4
    before = [each.grab().toImage() for each in pictures]
    first = pictures[0]
    at = QPointF(first.rect().center())
    QApplication.sendEvent(first, wheel(at, first.mapToGlobal(at), 360))
    zoomed = [each.grab().toImage() for each in pictures]
    assert all(one != other for one, other in zip(before, zoomed, strict=True))
    shift = QPoint(40, 25)
    qtbot.mousePress(first, Qt.MouseButton.LeftButton, pos=at.toPoint())
    qtbot.mouseMove(first, at.toPoint() + shift)
    qtbot.mouseRelease(first, Qt.MouseButton.LeftButton, pos=at.toPoint() + shift)
    panned = [each.grab().toImage() for each in pictures]
    assert all(one != other for one, other in zip(zoomed, panned, strict=True))
    assert not any(each.property("current") for each in dialog.findChildren(FillCell))
    qtbot.keyClick(first, Qt.Key.Key_0)
    assert [each.grab().toImage() for each in pictures][1:] == before[1:]


def wheel(at: QPointF, globally: QPointF, angle: int) -> QWheelEvent:
    return QWheelEvent(
        at, globally, QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
