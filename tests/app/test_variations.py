"""Variations: one backend, several seeds, ranked by how well the fills fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QDoubleSpinBox, QPushButton

from app.dialogs.lineup import FillCell
from app.dialogs.questions import DialogQuestions
from app.dialogs.variations import VariationsDialog
from app.panels.results import ResultsPanel
from app.session.runs import NOTHING_MASKED
from tests.app import fake_backend

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.document import Document
    from app.session.results import Result
    from engine.jobs import Job

    Told: TypeAlias = Callable[..., None]
    from tests.app.conftest import Desk

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def vary(desk: Desk, photo: Path, backend: str = "telea", count: int | None = 3) -> None:
    """Paint a mask, choose a backend and the number, and trigger the menu's action.

    Telea with grain is at once there, which a first PatchMatch with its compiled code is not.
    """
    desk.open(photo)
    desk.paint((50, 60), (70, 60))
    desk.session.use_backend(backend)
    desk.answers.count = count
    desk.window.commands.actions["variations"].trigger()


def finish(desk: Desk) -> None:
    desk.wait(lambda: not desk.session.lineup.is_running)
    desk.wait(lambda: desk.session.runs.tasks.is_idle)


def shelf(desk: Desk) -> list[Result]:
    return list(desk.session.runs.shelf)


def scores(desk: Desk) -> list[float]:
    places = [result.place for result in shelf(desk)]
    return [place.score.total for place in places if place is not None]


def test_each_variation_has_the_next_seed_and_the_picture_stays(desk: Desk, photo: Path) -> None:
    desk.session.use_seed(7)
    desk.session.use_blend(("grain",))
    vary(desk, photo)
    before = desk.document.image.copy()
    finish(desk)
    assert sorted(result.result.recipe.seed for result in shelf(desk)) == [7, 8, 9]
    assert {result.result.backend for result in shelf(desk)} == {"telea"}
    assert (desk.document.image == before).all()
    assert desk.session.runs.shelf.current is None


def test_the_best_stands_first_and_says_its_place_and_why(desk: Desk, photo: Path) -> None:
    desk.session.use_blend(("grain",))
    vary(desk, photo)
    finish(desk)
    assert len(scores(desk)) == 3
    assert scores(desk) == sorted(scores(desk), reverse=True)
    panel = desk.window.findChild(ResultsPanel)
    assert panel is not None
    best = shelf(desk)[-1]
    card = panel._cards[best]
    assert card._place.text().startswith("1 of 3 · score ")
    assert "lower is better" in card.toolTip()
    order = [panel._layout.indexOf(panel._cards[result]) for result in reversed(shelf(desk))]
    assert order == sorted(order)


def test_the_dialog_tells_them_apart_by_their_seeds(desk: Desk, photo: Path) -> None:
    desk.session.use_blend(("grain",))
    vary(desk, photo)
    dialog = desk.window._lineup.dialog
    assert dialog is not None
    finish(desk)
    assert dialog.windowTitle() == "Variations"
    cells = dialog.findChildren(FillCell)
    assert {cell.title.text() for cell in cells} == {f"Seed {n}" for n in range(3)}
    assert all("score" in cell.facts.text() for cell in cells)


def test_stopping_keeps_and_ranks_what_is_done(
    desk: Desk, photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = desk.session.runs.launch

    def launched(
        document: Document, job: Job[object], done: Told, *, failed: Told, stopped: Told
    ) -> None:
        if job.title.startswith("Variation 3"):
            fake_backend.gate.clear()
        launch(document, job, done, failed=failed, stopped=stopped)

    monkeypatch.setattr(desk.session.runs, "launch", launched)
    desk.session.use_blend(("grain",))
    vary(desk, photo, "green", count=4)
    dialog = desk.window._lineup.dialog
    assert dialog is not None
    desk.wait(lambda: len(shelf(desk)) == 2)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    finish(desk)
    fake_backend.gate.set()
    states = [entry.state for entry in desk.session.lineup.entries]
    assert states == ["done", "done", "stopped", "stopped"]
    assert len(scores(desk)) == 2


def test_a_backend_with_one_answer_says_so_and_offers_the_others(desk: Desk, photo: Path) -> None:
    vary(desk, photo, "telea")
    assert desk.answers.asked == []
    notice = desk.window.messages.notice
    assert notice is not None
    assert notice.text.startswith("Telea fills this mask in one way only")
    words, act = notice.actions[0]
    assert words == "Compare Backends…"
    act()
    assert len(desk.session.lineup.entries) > 1
    desk.session.lineup.cancel()
    finish(desk)


def test_patchmatch_and_what_chooses_it_have_variations_without_grain(
    desk: Desk, photo: Path
) -> None:
    for backend in ("patchmatch", "auto"):
        desk.answers.asked.clear()
        vary(desk, photo, backend, count=None)
        assert desk.answers.asked == ["variations"]


def test_without_a_number_nothing_is_filled(desk: Desk, photo: Path) -> None:
    desk.session.use_blend(("grain",))
    vary(desk, photo, count=None)
    assert desk.answers.asked == ["variations"]
    assert not desk.session.lineup.is_running


def test_without_a_mask_there_is_nothing_to_vary(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.window.commands.actions["variations"].trigger()
    assert desk.window.messages.notice is not None
    assert desk.window.messages.notice.text == NOTHING_MASKED
    assert desk.answers.asked == []


@pytest.mark.parametrize(("typed", "count"), [("6", 6), ("8", 8), ("", 4)])
def test_the_number_is_asked_and_the_time_is_that_of_the_last_fill(
    desk: Desk, qtbot: QtBot, typed: str, count: int
) -> None:
    said: list[str] = []

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, VariationsDialog)
        if typed:
            box = dialog.findChild(QDoubleSpinBox)
            assert box is not None
            box.selectAll()
            qtbot.keyClicks(box, typed)
            qtbot.keyClick(box, Qt.Key.Key_Tab)
        said.append(dialog._time.text())
        buttons = dialog.findChild(QDialogButtonBox)
        assert buttons is not None
        ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        assert isinstance(ok, QPushButton)
        qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)

    questions = DialogQuestions()
    questions.window = desk.window
    QTimer.singleShot(100, answer)
    assert questions.variations(10.0) == count
    assert said[0].startswith("About ")
