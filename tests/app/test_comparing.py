"""Comparing in the window: keys, buttons, Esc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from tests.app import fake_backend

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

SHIFT, NONE = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
KEYS = [
    (Qt.Key.Key_Y, SHIFT, "wipe"),
    (Qt.Key.Key_Y, NONE, "side"),
    (Qt.Key.Key_D, NONE, "difference"),
]


@pytest.mark.parametrize(("key", "modifier", "comparison"), KEYS)
@pytest.mark.parametrize("end", ["esc", "again"])
def test_a_key_begins_comparing_and_the_same_or_esc_ends_it(
    desk: Desk,
    photo: Path,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier,
    comparison: str,
    end: str,
) -> None:
    desk.open(photo)
    action = desk.window.commands.actions[f"compare_{comparison}"]
    desk.key(key, modifier)
    assert desk.canvas.panes.comparison == comparison
    assert action.isChecked()
    desk.key(*((Qt.Key.Key_Escape, NONE) if end == "esc" else (key, modifier)))
    assert desk.canvas.panes.comparison == "none"
    assert not action.isChecked()


def test_one_comparison_takes_the_place_of_another(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    for key, modifier, _ in KEYS:
        desk.key(key, modifier)
    actions = desk.window.commands.actions
    checked = [
        name for name in actions if name.startswith("compare_") and actions[name].isChecked()
    ]
    assert checked == ["compare_difference"]


def test_the_buttons_of_the_tool_bar_compare(desk: Desk, photo: Path, qtbot: QtBot) -> None:
    desk.open(photo)
    for name, comparison in (
        ("Wipe over the Original", "wipe"),
        ("Beside the Original", "side"),
        ("Difference from the Original", "difference"),
    ):
        button = next(
            found
            for found in desk.window.findChildren(QToolButton)
            if found.accessibleName() == name
        )
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert desk.session.comparison == comparison
        assert button.isChecked()


def test_shift_and_arrows_move_the_divider_of_a_wipe_only(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    actions = desk.window.commands.actions
    assert not actions["divider_left"].isEnabled()
    desk.key(Qt.Key.Key_Y, SHIFT)
    desk.key(Qt.Key.Key_Left, SHIFT)
    desk.key(Qt.Key.Key_Left, SHIFT)
    desk.key(Qt.Key.Key_Right, SHIFT)
    assert desk.canvas.panes.share == pytest.approx(0.45)


def test_holding_backslash_works_during_a_wipe_and_goes_back_to_it(
    desk: Desk, photo: Path, qtbot: QtBot
) -> None:
    desk.open(photo)
    desk.key(Qt.Key.Key_Y, SHIFT)
    qtbot.keyPress(desk.canvas, Qt.Key.Key_Backslash)
    assert desk.session.comparing
    qtbot.keyRelease(desk.canvas, Qt.Key.Key_Backslash)
    assert not desk.session.comparing
    assert desk.canvas.panes.comparison == "wipe"


def test_esc_stops_a_run_before_it_ends_comparing(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.paint()
    desk.key(Qt.Key.Key_Y, SHIFT)
    fake_backend.gate.clear()
    desk.key(Qt.Key.Key_Return)
    desk.key(Qt.Key.Key_Escape)
    desk.wait(lambda: not desk.session.runs.is_running)
    assert desk.session.comparison == "wipe"
    desk.key(Qt.Key.Key_Escape)
    assert desk.session.comparison == "none"


def test_another_picture_is_shown_alone(desk: Desk, photo: Path, tmp_path: Path) -> None:
    desk.open(photo)
    desk.key(Qt.Key.Key_D)
    other = tmp_path / "other.png"
    other.write_bytes(photo.read_bytes())
    desk.open(other)
    assert desk.canvas.panes.comparison == "none"
    assert not desk.window.commands.actions["compare_difference"].isChecked()
