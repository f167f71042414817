"""Window and dialogs in every language: all of it is in that language, and all of it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox

from app import gui
from app.catalogue import read_catalogue
from app.language import catalogue_path, tr
from app.settings import Settings, save
from app.window.tour import STEPS
from engine import registry
from tests.app.speaking import all_texts, clipped, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
SIZE = (1280, 720)


@pytest.fixture(params=["en", "de"])
def language(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[str]:
    with spoken(qapp, request.param):
        yield request.param


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    with spoken(qapp, "de"):
        yield


def keys(desk: Desk) -> QDialog:
    from app.dialogs.shortcuts import ShortcutsDialog

    return ShortcutsDialog(desk.window.commands, desk.session.settings, desk.window)


def settings(desk: Desk) -> QDialog:
    from app.dialogs.settings import SettingsDialog

    return SettingsDialog(desk.session, desk.window)


def about(desk: Desk) -> QDialog:
    from app.dialogs.about import AboutDialog

    return AboutDialog(desk.session.files.tasks, desk.window)


def models(desk: Desk) -> QDialog:
    from app.dialogs.models import ModelsDialog

    return ModelsDialog(desk.session, {}, desk.window)


def batch(desk: Desk) -> QDialog:
    desk.window.commands.actions["batch"].trigger()
    dialog = desk.window._batch.dialog
    assert dialog is not None
    return dialog


def training(desk: Desk) -> QDialog:
    desk.window.commands.actions["fine_tune"].trigger()
    dialog = desk.window._training.dialog
    assert dialog is not None
    dialog.setup.section.set_unfolded(True)
    return dialog


def question(desk: Desk) -> QDialog:
    from app.dialogs.questions import QuestionDialog

    answers = [tr("&Scale to the Picture"), tr("&Place at the Corner"), tr("Cancel")]
    return QuestionDialog(tr("“{name}” exists already.", name="a"), "", answers, 0, desk.window)


def quality(desk: Desk) -> QDialog:
    from app.dialogs.questions import QualityDialog

    return QualityDialog("a.jpg", desk.window)


def error(desk: Desk) -> QDialog:
    from app.dialogs.error import ErrorDialog

    return ErrorDialog(tr("Nothing was changed."), "Traceback", desk.window)


def lineup(desk: Desk) -> QDialog:
    from app.dialogs.lineup import LineupDialog

    return LineupDialog(desk.session, desk.window)


def variations(desk: Desk) -> QDialog:
    from app.dialogs.variations import VariationsDialog

    return VariationsDialog(1.3, desk.window)


DIALOGS = (
    keys, settings, about, models, batch, training, lineup, variations, question, quality, error,
)  # fmt: skip


@pytest.fixture(params=DIALOGS, ids=lambda maker: str(maker.__name__))
def shown(desk: Desk, qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[QDialog]:
    """Each dialog, visible; made after `language` or `german` was chosen."""
    maker: Callable[[Desk], QDialog] = request.param
    dialog = maker(desk)
    dialog.setModal(False)
    dialog.show()
    qtbot.waitUntil(dialog.isVisible)
    desk.settle()
    yield dialog
    dialog.reject()
    dialog.deleteLater()


def unfold(desk: Desk) -> None:
    """Open every section of the panels."""
    assert desk.window.workspace is not None
    for section in desk.window.workspace.column.sections.values():
        section.set_unfolded(True)


def assert_fits(window: QWidget, qtbot: QtBot) -> None:
    """Every word fits, once the layout has followed what was shown last."""

    def fits() -> None:
        assert clipped(window) == []

    qtbot.waitUntil(fits)


def untranslated(found: set[str]) -> set[str]:
    """Texts that are English although there is German for them."""
    known = read_catalogue(catalogue_path("de")).messages
    return {text for text in found if known.get(text, text) != text}


def test_a_dialog_is_german_throughout(german: None, shown: QDialog) -> None:
    assert not untranslated(all_texts(shown))


def test_every_word_of_a_dialog_fits(language: str, shown: QDialog, qtbot: QtBot) -> None:
    assert_fits(shown, qtbot)


def test_the_first_page_is_german_throughout(german: None, desk: Desk, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "Rakete" in all_texts(desk.window))
    assert not untranslated(all_texts(desk.window))


def test_the_window_is_german_throughout(german: None, desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.paint()
    desk.run()
    unfold(desk)
    found = all_texts(desk.window)
    assert "Rückgängig: Füllen (Green)" in found
    assert not untranslated(found)


def test_qt_speaks_it_too(german: None, desk: Desk, photo: Path) -> None:
    desk.open(photo)
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    assert box.buttons()[0].text() == "Schließen"
    save = desk.window.commands.actions["save"].shortcut()
    assert save.toString(QKeySequence.SequenceFormat.NativeText) == "Strg+S"
    assert QLocale().toString(1.5) == "1,5"
    box.deleteLater()


def test_the_window_opens_in_the_language_of_the_settings(
    qapp: QApplication, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "settings.json"
    save(Settings(language="de", tour_shown=True), path)
    with spoken(qapp, "en"):
        window = gui.open_window(qapp, path, tmp_path / "recovery")
        assert window.menuBar().actions()[0].text() == "&Datei"
        window.close()
        window.deleteLater()


def test_the_tour_fits_on_the_first_page(language: str, desk: Desk, qtbot: QtBot) -> None:
    desk.window.tour.begin()
    assert desk.window.tour.note is not None
    assert_fits(desk.window.tour.note, qtbot)


def test_every_step_of_the_tour_fits(language: str, desk: Desk, photo: Path, qtbot: QtBot) -> None:
    desk.open(photo)
    desk.window.tour.begin()
    for _ in STEPS:
        note = desk.window.tour.note
        assert note is not None
        assert_fits(note, qtbot)
        note.onward.click()
    assert desk.window.tour.note is None


def test_every_option_of_every_backend_fits(
    language: str, desk: Desk, photo: Path, qtbot: QtBot
) -> None:
    desk.window.resize(*SIZE)
    desk.open(photo)
    unfold(desk)
    for spec in registry.specs():
        desk.session.use_backend(spec.id)
        assert_fits(desk.window, qtbot)


@pytest.mark.parametrize("tool", ["brush", "source", "rectangle", "polygon", "wand", "smart"])
def test_every_word_of_the_window_fits(
    language: str, desk: Desk, photo: Path, qtbot: QtBot, tool: str
) -> None:
    desk.window.resize(*SIZE)
    desk.open(photo)
    desk.paint()
    desk.run()
    unfold(desk)
    desk.session.toolbox.use(tool)
    desk.settle()
    assert_fits(desk.window, qtbot)
