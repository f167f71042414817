"""Searches in the worker: the newest counts, strokes and changes of the picture come between."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QLabel, QWidget

from app.document.areas import Area, combine
from app.document.live import LiveStep
from app.tools.search import Search
from engine.jobs import Progress
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from engine.jobs import CancelToken, Steps
    from engine.types import Pixels
    from tests.app.conftest import Desk

SPOT = Box(10, 10, 30, 30)


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """120 x 120: dark, with a light square in each quarter."""
    pixels = np.full((120, 120, 3), 40, np.uint8)
    for top in (20, 80):
        for left in (20, 80):
            pixels[top : top + 20, left : left + 20] = 200
    path = tmp_path / "squares.png"
    Image.fromarray(pixels).save(path)
    return path


def number(parent: QWidget, name: str) -> QDoubleSpinBox:
    boxes = parent.findChildren(QDoubleSpinBox)
    return next(box for box in boxes if box.accessibleName() == name)


def test_the_wand_marks_a_square_and_its_options_change_the_same_step(
    desk: Desk, squares: Path
) -> None:
    desk.open(squares)
    desk.key(Qt.Key.Key_W)
    desk.paint((30, 30))
    desk.settle()
    assert desk.document.hole().sum() == 400
    column = desk.window.workspace.column
    box = next(found for found in column.findChildren(QCheckBox) if "connected" in found.text())
    box.click()
    desk.settle()
    assert desk.document.hole().sum() == 1600
    number(column, "Tolerance").setValue(100)
    desk.settle()
    assert desk.document.hole().all()
    assert desk.document.steps == (["Add Magic Wand"], [])


def test_wand_settings_are_remembered(desk: Desk, squares: Path) -> None:
    desk.open(squares)
    desk.session.toolbox.set_tolerance(0.33)
    desk.session.toolbox.set_contiguous(False)
    desk.session.toolbox.remember()
    settings = desk.session.settings
    assert (settings.wand_tolerance, settings.wand_contiguous) == (0.33, False)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (Qt.Key.Key_B, {"Size", "Hardness"}),
        (Qt.Key.Key_R, set()),
        (Qt.Key.Key_W, {"Tolerance"}),
    ],
)
def test_the_panel_shows_only_what_the_tool_has(
    desk: Desk, squares: Path, key: Qt.Key, shown: set[str]
) -> None:
    desk.open(squares)
    desk.key(key)
    content = desk.window.workspace.column.sections["tool"]
    boxes = content.findChildren(QDoubleSpinBox)
    assert {box.accessibleName() for box in boxes if box.isVisible()} == shown


def test_the_panel_says_which_keys_change_the_mode(desk: Desk, squares: Path) -> None:
    desk.open(squares)
    desk.key(Qt.Key.Key_L)
    labels = desk.window.workspace.column.sections["tool"].findChildren(QLabel)
    assert any("Alt" in label.text() and label.isVisible() for label in labels)


@pytest.mark.parametrize(
    ("key", "tool"),
    [
        (Qt.Key.Key_R, "rectangle"),
        (Qt.Key.Key_L, "lasso"),
        (Qt.Key.Key_P, "polygon"),
        (Qt.Key.Key_W, "wand"),
        (Qt.Key.Key_G, "smart"),
    ],
)
def test_a_letter_takes_up_an_area_tool_and_types_in_a_text_field(
    desk: Desk, squares: Path, key: Qt.Key, tool: str
) -> None:
    desk.open(squares)
    number(desk.window.workspace.column, "Size").setFocus()
    desk.key(key)
    assert desk.session.tool_id == "brush"
    desk.canvas.setFocus()
    desk.key(key)
    assert desk.session.tool_id == tool


class Slow:
    """A search that waits in the worker until it is let go."""

    def __init__(self, desk: Desk, step: LiveStep | None = None, value: int = 255) -> None:
        self.gate, self.begun = threading.Event(), threading.Event()
        self.value = value
        self.count = 0
        self.step = step or LiveStep(desk.document)
        self.search = Search(self.step, "Slow", self._find, partial(combine, mode="add"))

    def _find(self, _: Pixels, token: CancelToken) -> Steps[Area]:
        self.count += 1
        self.begun.set()
        while not self.gate.wait(0.002):
            yield Progress(0, 1, "")
            token.check()
        return Area(SPOT, np.full((20, 20), self.value, np.uint8))


@pytest.fixture
def slow(desk: Desk, squares: Path) -> Iterator[Slow]:
    desk.open(squares)
    slow = Slow(desk)
    yield slow
    slow.gate.set()
    desk.settle()


def test_what_was_found_is_written(desk: Desk, slow: Slow, qtbot: QtBot) -> None:
    desk.session.selecting.search(slow.search)
    with qtbot.waitSignal(desk.session.selecting.settled, timeout=10_000):
        slow.gate.set()
    assert desk.document.hole()[SPOT.slices].all()
    assert desk.document.undo_label == "Slow"


def test_an_area_found_during_a_stroke_is_written_after_it_as_a_step_of_its_own(
    desk: Desk, slow: Slow, qtbot: QtBot
) -> None:
    desk.session.selecting.search(slow.search)
    qtbot.mousePress(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.at(90, 90))
    slow.gate.set()
    desk.wait(lambda: desk.session.selecting.tasks.is_idle)
    assert not desk.document.hole()[SPOT.slices].any()
    qtbot.mouseRelease(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.at(90, 90))
    assert desk.document.hole()[SPOT.slices].all()
    assert desk.document.steps[0] == ["Brush Stroke", "Slow"]


def test_searches_of_different_steps_are_all_written(desk: Desk, slow: Slow) -> None:
    desk.session.selecting.search(slow.search)
    desk.wait(slow.begun.is_set)
    others = [Slow(desk, value=value) for value in (180, 200)]
    for other in others:
        other.search = replace(other.search, change=partial(combine, mode="replace"))
        other.gate.set()
        desk.session.selecting.search(other.search)
    slow.gate.set()
    desk.settle()
    assert desk.document.steps[0] == ["Slow", "Slow", "Slow"]
    assert desk.document.mask[15, 15] == 200


def test_a_search_waits_for_what_was_found_before_it_to_be_written(
    desk: Desk, slow: Slow, qtbot: QtBot
) -> None:
    slow.gate.set()
    other = Slow(desk)
    other.gate.set()
    qtbot.mousePress(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.at(90, 90))
    desk.session.selecting.search(slow.search)
    desk.session.selecting.search(other.search)
    desk.wait(lambda: desk.session.selecting.tasks.is_idle)
    qtbot.mouseRelease(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.at(90, 90))
    desk.settle()
    assert desk.document.steps[0] == ["Brush Stroke", "Slow"]
    assert (slow.count, other.count) == (1, 1)


def test_a_newer_search_of_the_same_step_lets_the_one_under_way_be_seen(
    desk: Desk, slow: Slow
) -> None:
    written: list[int] = []
    desk.document.on_history.append(lambda: written.append(int(desk.document.mask[15, 15])))
    newer, between = Slow(desk, slow.step, 200), Slow(desk, slow.step, 180)
    between.gate.set()
    newer.gate.set()
    desk.session.selecting.search(slow.search)
    desk.wait(slow.begun.is_set)
    desk.session.selecting.search(between.search)
    desk.session.selecting.search(newer.search)
    slow.gate.set()
    desk.settle()
    assert written == [255, 200]
    assert between.count == 0
    assert desk.document.steps[0] == ["Slow"]


def test_esc_takes_back_a_shape_that_is_being_computed(desk: Desk, squares: Path) -> None:
    desk.open(squares)
    desk.paint()
    painted = desk.document.mask.copy()
    desk.session.shaping.set_grow(3)
    desk.settle()
    desk.session.shaping.set_grow(50)
    desk.window.cancel()
    desk.settle()
    np.testing.assert_array_equal(desk.document.mask, painted)
    assert desk.session.shaping.grow == 0
    assert desk.document.steps == (["Brush Stroke"], [])


def test_esc_gives_up_a_search(desk: Desk, slow: Slow) -> None:
    desk.session.selecting.search(slow.search)
    desk.wait(slow.begun.is_set)
    desk.key(Qt.Key.Key_Escape)
    desk.settle()
    assert not slow.gate.is_set()
    assert not desk.document.can_undo


def test_what_was_found_in_a_picture_that_changed_is_looked_for_again(
    desk: Desk, slow: Slow
) -> None:
    desk.session.selecting.search(slow.search)
    desk.wait(slow.begun.is_set)
    with desk.document.edit("Inpaint", "result"), desk.document.touch("image", SPOT) as view:
        view[...] = 9
    slow.gate.set()
    desk.settle()
    assert slow.count == 2
    assert desk.document.undo_label == "Slow"


def test_another_picture_gets_nothing_of_it(desk: Desk, slow: Slow, photo: Path) -> None:
    desk.session.selecting.search(slow.search)
    desk.wait(slow.begun.is_set)
    desk.open(photo)
    desk.settle()
    assert not desk.document.can_undo


def test_a_discarded_step_is_not_made(desk: Desk, slow: Slow) -> None:
    desk.session.selecting.search(slow.search)
    slow.step.discard()
    slow.gate.set()
    desk.settle()
    assert not desk.document.can_undo


def test_a_search_that_starts_from_the_mask_is_dropped_when_that_is_edited_meanwhile(
    desk: Desk, slow: Slow
) -> None:
    desk.session.selecting.search(replace(slow.search, needs_open_step=True))
    desk.wait(slow.begun.is_set)
    desk.paint((90, 90), (95, 90))
    slow.gate.set()
    desk.settle()
    assert desk.document.steps[0] == ["Brush Stroke"]


def test_inpainting_after_each_stroke_waits_for_what_the_stroke_looks_for(
    desk: Desk, slow: Slow
) -> None:
    desk.session.run_after_stroke(on=True)
    desk.session.selecting.search(slow.search)
    desk.session.finish_stroke()
    assert not desk.session.runs.is_running
    slow.gate.set()
    desk.wait(lambda: len(desk.session.runs.shelf) == 1)
    assert (desk.document.image[SPOT.slices] == (0, 255, 0)).all()


def test_a_search_that_fails_says_so(desk: Desk, squares: Path) -> None:
    desk.open(squares)

    def fail(*_: object) -> Steps[Area]:
        yield Progress(0, 1, "")
        raise ValueError("no such place")

    desk.session.selecting.search(Search(LiveStep(desk.document), "Fail", fail, combine))
    desk.settle()
    assert "could not be selected: no such place" in desk.said()
    assert not desk.session.selecting.is_busy


def test_a_mask_from_transparency_replaces_the_mask(desk: Desk, tmp_path: Path) -> None:
    pixels = np.full((60, 80, 4), 200, np.uint8)
    pixels[10:20, 30:50, 3] = 0
    pixels[30:40, 30:50, 3] = 1
    path = tmp_path / "clear.png"
    Image.fromarray(pixels).save(path)
    desk.open(path)
    desk.paint((60, 50), (70, 50))
    desk.window.commands.actions["mask_from_alpha"].trigger()
    desk.settle()
    np.testing.assert_array_equal(desk.document.hole(), pixels[:, :, 3] == 0)
    assert desk.document.undo_label == "Mask from Transparency"


def test_a_picture_without_alpha_offers_no_mask_from_it(desk: Desk, squares: Path) -> None:
    desk.open(squares)
    assert not desk.window.commands.actions["mask_from_alpha"].isEnabled()


def test_smart_select_finds_a_square_under_a_scribble_in_the_worker(
    desk: Desk, squares: Path
) -> None:
    desk.open(squares)
    desk.key(Qt.Key.Key_G)
    desk.paint((25, 25), (35, 35))
    desk.settle()
    expected = np.zeros((120, 120), bool)
    expected[20:40, 20:40] = True
    assert np.count_nonzero(desk.document.hole() != expected) <= 12
    assert desk.document.steps == (["Add Smart Select"], [])


def test_a_click_on_the_tool_in_hand_keeps_it_marked(desk: Desk, squares: Path) -> None:
    desk.open(squares)
    action = desk.window.commands.actions["tool_lasso"]
    for _ in range(2):
        action.trigger()
        assert action.isChecked()
        assert desk.session.tool_id == "lasso"


def test_a_bar_shows_a_search_that_takes_a_while_and_its_button_stops_it(
    desk: Desk, slow: Slow, qtbot: QtBot
) -> None:
    desk.session.selecting.search(slow.search)
    desk.wait(desk.window.status._stop.isVisible)
    assert "Selecting" in desk.window.status._activity.text()
    qtbot.mouseClick(desk.window.status._stop, Qt.MouseButton.LeftButton)
    desk.wait(lambda: not desk.session.selecting.is_busy)
    assert not desk.document.can_undo
