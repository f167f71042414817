"""The table of commands: sound in itself, and every key does its one thing."""

from __future__ import annotations

import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from app.actions import (
    ACTIONS,
    CONTEXT_MENU,
    MENUS,
    TOOL_BAR,
    TOOL_STRIP,
    ActionSpec,
    action,
)
from app.theme import ICONS
from app.window.menus import Commands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

ROOT = Path(__file__).resolve().parents[2]
KEYS = [(spec, key) for spec in ACTIONS for key in spec.all_keys]


def test_ids_are_unique() -> None:
    assert len({spec.id for spec in ACTIONS}) == len(ACTIONS)


def test_no_key_means_two_things() -> None:
    keys = [key for _, key in KEYS]
    assert len(set(keys)) == len(keys)


def test_every_action_is_in_a_menu_that_exists() -> None:
    assert {spec.menu.partition("/")[0] for spec in ACTIONS} == set(MENUS)


def test_bars_and_context_menu_name_actions_that_exist() -> None:
    for group in (*TOOL_BAR, *TOOL_STRIP, *CONTEXT_MENU):
        for action_id in group:
            assert action(action_id).id == action_id


def test_bars_have_icons() -> None:
    for group in (*TOOL_BAR, *TOOL_STRIP):
        assert all(action(action_id).icon in ICONS for action_id in group)


def test_the_table_is_read_without_qt() -> None:
    """`lacuna keys` prints it where there is no display and no Qt."""
    code = "import sys; sys.modules['PySide6'] = None; import app.actions"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_every_verb_predicate_and_state_exists(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    for spec in ACTIONS:
        assert callable(desk.window.commands._verb(spec)), spec.id
        for name in (spec.needs, spec.state):
            assert not name or hasattr(desk.session, name), spec.id


class Calls:
    """Takes the place of all verbs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[str, tuple[Any, ...]]] = []

        def verb(_: Commands, spec: ActionSpec) -> Any:  # noqa: ANN401
            return lambda *arguments: self.made.append((spec.id, arguments))

        monkeypatch.setattr(Commands, "_verb", verb)


def test_each_key_fires_its_verb_exactly_once_from_the_canvas(
    desk: Desk, photo: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(photo)
    calls = Calls(monkeypatch)
    for spec, key in KEYS:
        calls.made.clear()
        desk.window.commands.actions[spec.id].setEnabled(True)
        combination = QKeySequence(key)[0]
        qtbot.keyPress(desk.canvas, combination.key(), combination.keyboardModifiers())
        qtbot.keyRelease(desk.canvas, combination.key(), combination.keyboardModifiers())
        if spec.held:
            assert calls.made == [(spec.id, (True,)), (spec.id, (False,))], key
        else:
            assert [name for name, _ in calls.made] == [spec.id], key


@pytest.mark.parametrize("action_id", ["save", "undo", "fit", "inpaint", "compare"])
def test_nothing_that_needs_a_picture_is_offered_without_one(desk: Desk, action_id: str) -> None:
    assert not desk.window.commands.actions[action_id].isEnabled()


def test_undo_names_what_it_takes_back(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.paint()
    assert desk.window.commands.actions["undo"].text() == "Undo Brush Stroke"


def test_a_changed_key_works_and_the_old_one_does_not(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.settings.keys["tool_eraser"] = ["N"]
    desk.window.commands.use_keys()
    desk.key(Qt.Key.Key_E)
    assert desk.session.tool_id == "brush"
    desk.key(Qt.Key.Key_N)
    assert desk.session.tool_id == "eraser"


def test_tool_tips_name_the_key(desk: Desk) -> None:
    for action_id in (*chain(*TOOL_STRIP), "open", "save", "fit", "inpaint"):
        spec = action(action_id)
        assert f"({spec.all_keys[0]}" in desk.window.commands.actions[action_id].toolTip()
