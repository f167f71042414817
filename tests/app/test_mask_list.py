"""The list of masks in the panel, with mouse and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from app.panels.mask_list import MaskList

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def panel(desk: Desk, photo: Path) -> MaskList:
    desk.open(photo)
    assert desk.window.workspace is not None
    return desk.window.workspace.column.findChildren(MaskList)[0]


def press(qtbot: QtBot, panel: MaskList, label: str) -> None:
    (button,) = [each for each in panel.findChildren(QPushButton) if each.text() == label]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def names(desk: Desk) -> list[str]:
    return [mask.name for mask in desk.document.belongings.masks]


def test_masks_are_added_and_switched(desk: Desk, panel: MaskList, qtbot: QtBot) -> None:
    desk.paint()
    first = desk.document.mask.copy()
    press(qtbot, panel, "New")
    assert not desk.document.mask.any()
    assert panel._choice.currentText() == "Mask 2"
    panel._choice.setFocus()
    qtbot.keyClick(panel._choice, Qt.Key.Key_Up)
    assert (desk.document.mask == first).all()
    assert panel._choice.currentText() == "Mask 1"


def test_a_name_is_typed_over(desk: Desk, panel: MaskList, qtbot: QtBot) -> None:
    press(qtbot, panel, "New")
    qtbot.mouseDClick(panel._name, Qt.MouseButton.LeftButton)
    panel._name.selectAll()
    qtbot.keyClicks(panel._name, "Bob's lamp")
    qtbot.keyClick(panel._name, Qt.Key.Key_Return)
    assert names(desk) == ["Mask 1", "Bob's lamp"]
    assert panel._choice.itemText(1) == "Bob's lamp"
    desk.session.undo()
    assert panel._choice.currentText() == "Mask 2"


def test_letters_of_a_name_are_no_commands(desk: Desk, panel: MaskList, qtbot: QtBot) -> None:
    panel._name.setFocus()
    panel._name.selectAll()
    qtbot.keyClicks(panel._name, "eraser")
    assert desk.session.tool_id == "brush"
    qtbot.keyClick(panel._name, Qt.Key.Key_Return)
    assert names(desk) == ["eraser"]


def test_an_empty_name_is_not_taken(desk: Desk, panel: MaskList, qtbot: QtBot) -> None:
    panel._name.setFocus()
    panel._name.selectAll()
    qtbot.keyClick(panel._name, Qt.Key.Key_Delete)
    qtbot.keyClick(panel._name, Qt.Key.Key_Return)
    assert names(desk) == ["Mask 1"]
    assert panel._name.text() == "Mask 1"


def test_a_copy_is_made_and_deleted(desk: Desk, panel: MaskList, qtbot: QtBot) -> None:
    desk.paint()
    press(qtbot, panel, "Copy")
    assert names(desk) == ["Mask 1", "Mask 2"]
    assert desk.session.has_hole
    press(qtbot, panel, "Delete")
    assert names(desk) == ["Mask 1"]
    assert desk.session.has_hole


def test_the_only_mask_is_not_deleted_but_cleared_elsewhere(panel: MaskList) -> None:
    assert not panel._delete.isEnabled()


def test_a_key_goes_round_the_masks(desk: Desk, panel: MaskList, qtbot: QtBot) -> None:
    press(qtbot, panel, "New")
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_M, CTRL)
    assert desk.document.belongings.current == 0
    desk.key(Qt.Key.Key_M, CTRL)
    assert desk.document.belongings.current == 1


def test_the_list_follows_undo(desk: Desk, panel: MaskList, qtbot: QtBot) -> None:
    press(qtbot, panel, "New")
    desk.session.undo()
    assert panel._choice.count() == 1
    desk.session.redo()
    assert panel._choice.currentText() == "Mask 2"


def test_another_picture_has_masks_of_its_own(
    desk: Desk, panel: MaskList, qtbot: QtBot, photo: Path
) -> None:
    press(qtbot, panel, "New")
    desk.open(photo)
    assert panel._choice.count() == 1
