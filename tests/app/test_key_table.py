"""Every row of the key table works by key, by menu and by button, in each language and theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QMenu,
    QToolButton,
)
from pytestqt.exceptions import TimeoutError as QtTimeoutError

from app.actions import ACTIONS, action
from app.language import tr
from app.window.menus import TITLES
from tests.app.key_table import TABLE, Row, Situation
from tests.app.speaking import spoken
from tests.app.test_actions import Calls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.app.conftest import Desk

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
LEFT = Qt.MouseButton.LeftButton
TONGUES = [(tag, colours) for tag in ("en", "de") for colours in ("light", "dark")]


@pytest.fixture(params=TONGUES, ids="-".join)
def dressed(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[None]:
    """A language and a theme."""
    with spoken(qapp, *request.param):
        yield


@pytest.fixture
def now(dressed: None, desk: Desk, photo: Path, tmp_path: Path) -> Situation:
    """The window with the second of two pictures in a folder."""
    folder = tmp_path / "folder"
    folder.mkdir()
    first, second = folder / "first.png", folder / "second.png"
    for copy in (first, second):
        copy.write_bytes(photo.read_bytes())
    desk.window.resize(1280, 800)
    return Situation(desk, first, second)


def prepared(now: Situation, row: Row) -> None:
    now.begin()
    row.before(now)
    now.desk.canvas.setFocus()
    if row.id not in ("cancel", "keys"):
        now.desk.settle()
    now.desk.window.commands.refresh()
    assert not row.done(now), f"{row.id}: the test shows nothing"


def settled(now: Situation, row: Row, how: str) -> None:
    try:
        now.desk.wait(lambda: bool(row.done(now)))
    except QtTimeoutError:
        pytest.fail(f"{row.id} does nothing by {how}")
    now.desk.settle()


def pressed(now: Situation, row: Row, key: str) -> None:
    combination = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)[0]
    code, modifiers = combination.key(), combination.keyboardModifiers()
    QTest.keyPress(now.desk.canvas, code, modifiers)
    if row.is_held:
        assert row.done(now), key
    QTest.keyRelease(now.desk.canvas, code, modifiers)
    if row.is_held:
        assert not row.done(now), key


def entry(now: Situation, action_id: str) -> QMenu:
    """The menu of the bar in which the command stands, found by its title."""
    title = tr(TITLES[action(action_id).menu])
    return next(
        shown.menu() for shown in now.desk.window.menuBar().actions() if shown.text() == title
    )


def button(now: Situation, action_id: str) -> QAbstractButton:
    """The visible button of a command, wherever it stands."""
    window = now.desk.window
    if action_id in ("inpaint", "cancel"):
        return getattr(window.run_buttons, action_id)  # type: ignore[no-any-return]
    words = {
        "invert_mask": tr("Invert"),
        "clear_mask": tr("Clear"),
        "reselect_mask": tr("Reselect"),
        "keep_result": tr("Keep (Ctrl+J)"),
    }
    assert window.workspace is not None
    for found in window.workspace.column.findChildren(QAbstractButton):
        if found.isVisible() and words.get(action_id) in (found.text(), found.toolTip()):
            return found
    wanted = window.commands.actions[action_id]
    buttons = window.findChildren(QToolButton)
    return next(found for found in buttons if found.defaultAction() is wanted)


def test_every_row_works_by_its_keys(now: Situation) -> None:
    for row in TABLE:
        for key in row.keys:
            prepared(now, row)
            pressed(now, row, key)
            if not row.is_held:
                settled(now, row, key)


def test_every_row_works_by_the_menu(now: Situation) -> None:
    for row in TABLE:
        prepared(now, row)
        menu = entry(now, row.id)
        menu.popup(now.desk.window.mapToGlobal(now.desk.canvas.pos()))
        place = menu.actionGeometry(now.desk.window.commands.actions[row.id]).center()
        QTest.mouseClick(menu, LEFT, pos=place)
        settled(now, row, "menu")
        assert not menu.isVisible()


def test_every_row_with_a_button_works_by_it(now: Situation) -> None:
    column = now.desk.window
    for row in (row for row in TABLE if row.has_button):
        prepared(now, row)
        assert column.workspace is not None
        column.workspace.column.sections["mask"].set_unfolded(True)
        QApplication.processEvents()
        pressing = button(now, row.id)
        QTest.mousePress(pressing, LEFT)
        if row.is_held:
            assert row.done(now), row.id
        QTest.mouseRelease(pressing, LEFT)
        if row.is_held:
            assert not row.done(now), row.id
        else:
            settled(now, row, "button")


def test_the_table_names_the_keys_that_the_commands_have() -> None:
    for row in TABLE:
        assert set(row.keys) <= set(action(row.id).all_keys), row.id


def test_the_menu_shows_the_key_as_the_language_calls_it(now: Situation) -> None:
    now.begin()
    for row in TABLE:
        if not row.is_held:
            shown = now.desk.window.commands.actions[row.id].shortcut()
            own = action(row.id).keys[0]
            assert shown == QKeySequence.fromString(own, QKeySequence.SequenceFormat.PortableText)


def test_no_key_that_types_fires_while_a_text_field_has_the_focus(
    now: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    now.begin()
    column = now.desk.window.workspace.column  # type: ignore[union-attr]
    for section in column.sections.values():
        section.set_unfolded(True)
    fields = [*column.findChildren(QLineEdit), *column.findChildren(QAbstractSpinBox)]
    fields = [field for field in fields if field.isVisible() and field.isEnabled()]
    assert len(fields) > 4
    calls = Calls(monkeypatch)
    for field in fields:
        for key in (key for spec in ACTIONS for key in spec.all_keys if "+" not in key):
            combination = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)[0]
            if key == "Esc" or key.startswith("F"):
                continue
            field.setFocus()
            QTest.keyClick(field, combination.key())
    assert calls.made == []


def test_ctrl_enter_fills_from_a_text_field_too(now: Situation) -> None:
    now.begin()
    now.paint()
    field = now.desk.window.workspace.column.findChild(QAbstractSpinBox)  # type: ignore[union-attr]
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    now.desk.wait(lambda: now.results == ["Green"])
    now.desk.settle()
