"""The settings page: made from the schema, in force at once, back to the defaults by one button."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPushButton,
)

from app.dialogs.settings import SettingsDialog
from app.schema import rows
from app.settings import Settings
from app.theme import DARK, LIGHT, use_icon_files
from engine import resources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

Found = TypeVar("Found")
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(desk: Desk, photo: Path, qtbot: QtBot) -> SettingsDialog:
    """The page over an open picture."""
    desk.open(photo)
    page = SettingsDialog(desk.session, desk.window)
    page.show()
    qtbot.waitUntil(page.isActiveWindow)
    return page


def control(page: SettingsDialog, name: str, kind: type[Found]) -> Found:
    found = page.controls[name].findChild(kind)
    assert isinstance(found, kind)
    return found


def type_number(qtbot: QtBot, box: QDoubleSpinBox, text: str) -> None:
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)


def test_every_row_says_in_words_what_it_sets() -> None:
    for row in rows():
        assert row.label, row.name
        assert row.text.endswith("."), row.name


def test_a_choice_names_exactly_the_values_that_its_type_allows() -> None:
    for row in rows():
        for value, label in row.choices:
            assert label
            msgspec.convert({row.name: value}, Settings)
        if row.kind == "choice":
            [field] = [f for f in msgspec.structs.fields(Settings) if f.name == row.name]
            inside = msgspec.inspect.type_info(field.type)
            assert isinstance(inside, msgspec.inspect.Metadata)
            assert isinstance(inside.type, msgspec.inspect.LiteralType)
            assert {value for value, _ in row.choices} == set(inside.type.values)


def test_the_bounds_of_a_number_are_those_of_its_type() -> None:
    for row in rows():
        if row.kind in ("whole", "number"):
            msgspec.convert({row.name: row.low}, Settings, strict=False)
            msgspec.convert({row.name: row.high}, Settings, strict=False)
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert({row.name: row.high + 1}, Settings, strict=False)


def test_the_page_has_a_control_for_every_row(page: SettingsDialog) -> None:
    assert set(page.controls) == {row.name for row in rows()}
    shown = {label.text() for label in page.findChildren(QLabel)}
    for row in rows():
        assert any(row.text in text for text in shown), row.name


def test_a_number_that_is_typed_is_in_force_at_once(
    desk: Desk, page: SettingsDialog, qtbot: QtBot
) -> None:
    type_number(qtbot, control(page, "brush_size", QDoubleSpinBox), "120")
    assert desk.session.toolbox.brush.size == 120
    type_number(qtbot, control(page, "mask_opacity", QDoubleSpinBox), "25")
    assert desk.session.settings.mask_opacity == 0.25
    assert desk.canvas._look.mask.opacity == 0.25


def test_whole_numbers_stay_whole_in_the_file(
    desk: Desk, page: SettingsDialog, qtbot: QtBot
) -> None:
    type_number(qtbot, control(page, "results_mb", QDoubleSpinBox), "100")
    assert isinstance(desk.session.settings.results_mb, int)
    assert desk.session.runs.shelf.budget_bytes == 100_000_000


def test_a_switch_works_by_the_space_bar(desk: Desk, page: SettingsDialog, qtbot: QtBot) -> None:
    box = control(page, "run_after_stroke", QCheckBox)
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert desk.session.settings.run_after_stroke
    assert desk.window.commands.actions["run_after_stroke"].isChecked()


def test_a_theme_is_put_on_while_the_page_is_open(
    desk: Desk, page: SettingsDialog, qtbot: QtBot, qapp: QApplication
) -> None:
    sheet, palette = qapp.styleSheet(), qapp.palette()
    use_icon_files(resources.root() / "icons")
    combo = control(page, "theme", QComboBox)
    for key, colours in ((Qt.Key.Key_Down, LIGHT), (Qt.Key.Key_Down, DARK)):
        qtbot.keyClick(combo, key)
        assert qapp.palette().window().color().name() == colours.window
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)


def test_what_was_set_in_a_panel_is_shown(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.toolbox.set_size(77)
    page = SettingsDialog(desk.session, desk.window)
    assert control(page, "brush_size", QDoubleSpinBox).value() == 77


def test_reset_gives_every_default_back_and_keeps_what_is_only_remembered(
    desk: Desk, page: SettingsDialog, qtbot: QtBot
) -> None:
    recent = list(desk.session.settings.recent)
    assert recent
    type_number(qtbot, control(page, "mask_step", QDoubleSpinBox), "9")
    qtbot.keyClick(page.reset, Qt.Key.Key_Space)
    settings = desk.session.settings
    for row in rows():
        assert getattr(settings, row.name) == row.default, row.name
    assert control(page, "mask_step", QDoubleSpinBox).value() == 4
    assert settings.recent == recent


def test_a_file_is_chosen_by_its_button(
    desk: Desk, page: SettingsDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    desk.answers.path = tmp_path / "screen.icc"
    qtbot.mouseClick(control(page, "display_profile_file", QPushButton), Qt.MouseButton.LeftButton)
    assert desk.answers.asked == ["file_to_use ICC profiles (*.icc *.icm)"]
    assert desk.session.settings.display_profile_file == str(tmp_path / "screen.icc")
    assert control(page, "display_profile_file", QLineEdit).text() == str(tmp_path / "screen.icc")


def soon(act: Callable[[], None]) -> None:
    QTimer.singleShot(50, act)


def test_ctrl_comma_opens_the_page_and_closing_it_writes_the_file(desk: Desk, photo: Path) -> None:
    desk.open(photo)

    def change_and_close() -> None:
        page = QApplication.activeModalWidget()
        assert isinstance(page, SettingsDialog)
        control(page, "mask_outline", QCheckBox).click()
        page.reject()

    soon(change_and_close)
    desk.key(Qt.Key.Key_Comma, CTRL)
    stored = msgspec.json.decode((desk.folder / "settings.json").read_bytes())
    assert stored["mask_outline"] is False
