"""What holds the editor together: looks, log, faults."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QPushButton, QTextBrowser

from app import gui, theme
from app.dialogs.about import AboutDialog
from app.dialogs.error import ErrorDialog
from app.dialogs.questions import DialogQuestions, QualityDialog, QuestionDialog
from app.dialogs.shortcuts import ShortcutsDialog
from engine import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
def test_text_can_be_read_on_every_ground(colours: theme.Colours) -> None:
    for ground in (colours.window, colours.panel, colours.field, colours.raised, colours.selection):
        assert contrast(colours.text, ground) >= 4.5
        assert contrast(colours.dim, ground) >= 3.0
    assert contrast(colours.on_accent, colours.accent) >= 4.5


def test_greys_are_neutral_so_that_they_do_not_tint_the_picture() -> None:
    for colours in (theme.DARK, theme.LIGHT):
        for name in ("window", "panel", "surround", "field"):
            colour = QColor(getattr(colours, name))
            assert colour.red() == colour.green() == colour.blue(), name


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[QApplication]:
    """The application, undressed again afterwards."""
    sheet, palette = qapp.styleSheet(), qapp.palette()
    yield qapp
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)


def test_choosing_a_theme_changes_the_whole_program(desk: Desk, dressed: QApplication) -> None:
    for choice, colours in (("light", theme.LIGHT), ("dark", theme.DARK)):
        desk.window.commands.actions[f"theme_{choice}"].trigger()
        assert dressed.palette().color(QPalette.ColorRole.Window) == QColor(colours.window)
        assert desk.session.settings.theme == choice


@pytest.mark.parametrize("role", sorted(theme.ICONS))
def test_every_role_has_an_icon(qapp: QApplication, role: str) -> None:
    assert not theme.icon(role, theme.DARK).pixmap(20, 20).isNull()


@pytest.fixture
def root_log() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield root
    root.setLevel(level)
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()


def test_the_program_has_an_icon_at_every_size(qapp: QApplication) -> None:
    for side in (16, 32, 128):
        assert (
            gui.program_icon().pixmap(side, side).toImage().pixelColor(side // 4, side // 2).alpha()
        )


def test_the_log_goes_to_a_file(tmp_path: Path, root_log: logging.Logger) -> None:
    gui.write_log(tmp_path / "log" / "lacuna.log")
    assert "starts" in (tmp_path / "log" / "lacuna.log").read_text("utf-8")


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, root_log: logging.Logger
) -> None:
    (tmp_path / "log").write_text("in the way")
    gui.write_log(tmp_path / "log" / "lacuna.log")


def test_the_logs_together_never_grow_beyond_their_bound(
    tmp_path: Path, root_log: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gui, "LOG_BYTES", 5000)
    gui.write_log(tmp_path / "lacuna.log")
    for number in range(1000):
        logging.getLogger("app").info("line %d of a long day", number)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["lacuna.log", *(f"lacuna.log.{n}" for n in (1, 2, 3))]
    assert all(file.stat().st_size <= 5000 for file in files)
    assert "line 999" in files[0].read_text("utf-8")


def soon(act: Callable[[], None]) -> None:
    """Do something once a dialog runs."""
    QTimer.singleShot(50, act)


def test_what_nobody_caught_becomes_a_sentence_with_the_traceback_behind_it(desk: Desk) -> None:
    seen: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ErrorDialog)
        assert not dialog._text.isVisible()
        dialog._copy()
        seen.append(QGuiApplication.clipboard().text())
        dialog.reject()

    soon(look)
    error = ValueError("deep inside")
    gui.Excepthook(desk.window)(ValueError, error, None)
    assert "deep inside" in seen[0]
    assert "Lacuna" in seen[0]
    QGuiApplication.clipboard().clear()


def test_ctrl_c_in_the_terminal_closes_the_window(desk: Desk) -> None:
    gui.Excepthook(desk.window)(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not desk.window.isVisible()


def test_closing_a_question_means_its_last_answer(qtbot: QtBot) -> None:
    dialog = QuestionDialog("Save?", "", ["Save", "Discard", "Cancel"], 0, None)
    qtbot.addWidget(dialog)
    soon(dialog.reject)
    dialog.exec()
    assert dialog.chosen == 2


def test_enter_in_a_question_means_its_default(qtbot: QtBot) -> None:
    questions = DialogQuestions()

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QuestionDialog)
        qtbot.keyClick(dialog, "\r")

    soon(press)
    assert questions.unsaved("photo.png") == "save"
    soon(press)
    assert questions.replace_changed("photo.png") == "save_as"
    soon(press)
    assert questions.open_anyway("It is large.") is False


def test_a_name_without_an_ending_gets_that_of_the_chosen_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = (str(tmp_path / "name"), "TIFF (*.tif *.tiff)")
    monkeypatch.setattr("app.dialogs.questions.QFileDialog.getSaveFileName", lambda *_: answer)
    assert DialogQuestions().picture_to_save(tmp_path / "a.png", "Save") == tmp_path / "name.tif"


@pytest.mark.parametrize(("answer", "expected"), [("Replace", "name.png"), ("Cancel", None)])
def test_an_ending_that_was_added_replaces_no_file_without_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, expected: str | None
) -> None:
    (tmp_path / "name.png").touch()
    typed = (str(tmp_path / "name"), "PNG (*.png)")
    monkeypatch.setattr("app.dialogs.questions.QFileDialog.getSaveFileName", lambda *_: typed)

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QuestionDialog)
        buttons = dialog.findChildren(QPushButton)
        next(b for b in buttons if b.text().replace("&", "") == answer).click()

    wanted = None if expected is None else tmp_path / expected
    for ask in (
        lambda: DialogQuestions().picture_to_save(tmp_path / "a.png", "Save"),
        lambda: DialogQuestions().mask_to_save(tmp_path / "a.png"),
    ):
        soon(press)
        assert ask() == wanted


def test_the_quality_is_what_the_dialog_shows(qtbot: QtBot) -> None:
    dialog = QualityDialog("photo.jpg", None)
    qtbot.addWidget(dialog)
    assert dialog.quality == 92
    dialog._row._number.setValue(80)
    assert dialog.quality == 80


@pytest.fixture
def about(desk: Desk, qtbot: QtBot) -> AboutDialog:
    return AboutDialog(desk.session.files.tasks, desk.window)


def test_the_credits_name_every_method_with_its_paper(about: AboutDialog) -> None:
    shown = about.pages.widget(0)
    assert isinstance(shown, QTextBrowser)
    for spec in registry.specs():
        if spec.paper:
            assert " ".join(spec.paper.split()) in " ".join(shown.toPlainText().split())


def test_the_licence_of_a_library_can_be_read_in_full(about: AboutDialog, desk: Desk) -> None:
    about.pages.setCurrentWidget(about.licences)
    desk.wait(lambda: about.licences.names.count() > 0)
    [pillow] = about.licences.names.findItems("pillow", Qt.MatchFlag.MatchStartsWith)
    about.licences.names.setCurrentItem(pillow)
    assert about.licences.licence.text() == "MIT-CMU"
    assert "Permission to use, copy, modify" in about.licences.text.toPlainText()


def test_closing_while_licences_are_read_leaves_nothing_behind(
    about: AboutDialog, desk: Desk
) -> None:
    about.pages.setCurrentWidget(about.licences)
    about.reject()
    desk.settle()
    assert about.licences.names.count() == 0


@pytest.fixture
def sheet(desk: Desk, qtbot: QtBot) -> ShortcutsDialog:
    return ShortcutsDialog(desk.window.commands, desk.session.settings, desk.window)


def shown(sheet: ShortcutsDialog) -> list[str]:
    return [item.text(0) for _, items in sheet._groups for item in items if not item.isHidden()]


def test_the_key_sheet_finds_commands_and_keys(sheet: ShortcutsDialog) -> None:
    sheet._search.setText("pgup")
    assert shown(sheet) == ["Previous in Folder"]
    sheet._search.setText("eraser")
    assert "Eraser" in shown(sheet)
    assert "Open" not in shown(sheet)


def select(sheet: ShortcutsDialog, label: str) -> None:
    items = [item for _, found in sheet._groups for item in found]
    sheet._tree.setCurrentItem(next(item for item in items if item.text(0) == label))


def test_a_key_can_be_changed_and_put_back(desk: Desk, sheet: ShortcutsDialog) -> None:
    select(sheet, "Eraser")
    sheet._key.setKeySequence("N")
    sheet._assign_key()
    assert desk.session.settings.keys == {"tool_eraser": ["N"]}
    assert desk.window.commands.actions["tool_eraser"].shortcut().toString() == "N"
    sheet._reset_key()
    assert desk.session.settings.keys == {}
    assert desk.window.commands.actions["tool_eraser"].shortcut().toString() == "E"


def test_a_key_that_is_taken_is_refused(desk: Desk, sheet: ShortcutsDialog) -> None:
    select(sheet, "Eraser")
    sheet._key.setKeySequence("B")
    sheet._assign_key()
    assert desk.session.settings.keys == {}
    assert "Brush" in sheet._message.text()
