"""The points of a face on the canvas, by mouse and keys: seen, moved, undone, used, kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from app.canvas.points import LEFT, MIDDLE, RIGHT
from app.panels.keypoints import KeypointRow
from app.session.hole import extent
from engine import registry
from tests.app import fake_backend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
NOSE, LEFT_EYE, RIGHT_EYE = 0, 1, 2


@pytest.fixture(autouse=True)
def face(fakes: None) -> Iterator[None]:
    """A backend "face" that knows the seven points and paints green."""
    names = registry.get("iconv-face").keypoints
    registry.register(replace(fake_backend.GREEN, id="face", label="Face", keypoints=names))
    yield
    registry._specs.pop("face")
    registry._loaded.pop("face", None)


@pytest.fixture
def at_face(desk: Desk, photo: Path) -> Desk:
    """The photo is open with a hole in its middle, and the points are shown."""
    desk.open(photo)
    desk.session.toolbox.use("rectangle")
    desk.paint((40, 40), (80, 80))
    desk.settle()
    desk.session.toolbox.use("brush")
    desk.session.use_backend("face")
    desk.canvas.fit()
    return desk


def points(desk: Desk) -> tuple[tuple[float, float], ...]:
    return desk.session.keypoints.points


def drag(desk: Desk, qtbot: QtBot, index: int, dx: float, dy: float) -> None:
    x, y = points(desk)[index]
    start, end = desk.at(x, y), desk.at(x + dx, y + dy)
    qtbot.mouseMove(desk.canvas, start)
    qtbot.mousePress(desk.canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(desk.canvas, (start + end) / 2)
    qtbot.mouseMove(desk.canvas, end)
    qtbot.mouseRelease(desk.canvas, Qt.MouseButton.LeftButton, pos=end)


def colour_at(desk: Desk, place: tuple[float, float]) -> str:
    ratio = desk.canvas.devicePixelRatioF()
    image = desk.canvas.grab().toImage()
    at = desk.at(*place)
    return image.pixelColor(round(at.x() * ratio), round(at.y() * ratio)).name()


def test_points_are_seen_only_with_a_backend_that_knows_them(at_face: Desk) -> None:
    assert colour_at(at_face, points(at_face)[NOSE]) == MIDDLE.name()
    places = points(at_face)
    at_face.session.use_backend("green")
    assert points(at_face) == ()
    assert colour_at(at_face, places[NOSE]) not in (MIDDLE.name(), LEFT.name(), RIGHT.name())


def test_left_and_right_have_colours_of_their_own(at_face: Desk) -> None:
    assert colour_at(at_face, points(at_face)[LEFT_EYE]) == LEFT.name()
    assert colour_at(at_face, points(at_face)[RIGHT_EYE]) == RIGHT.name()


def test_they_start_around_the_hole_and_follow_it(at_face: Desk) -> None:
    hole = extent(at_face.document.mask)
    assert hole is not None
    nose, left, right = points(at_face)[:3]
    assert hole.left < right[0] < nose[0] < left[0] < hole.right
    assert hole.top < left[1] < nose[1] < hole.bottom
    at_face.paint((100, 60), (110, 60))
    assert points(at_face)[NOSE][0] > nose[0]


def test_all_points_start_inside_the_picture(at_face: Desk) -> None:
    assert all(0 <= x <= 120 and 0 <= y <= 120 for x, y in points(at_face))


def test_a_point_is_dragged_and_the_mask_stays(at_face: Desk, qtbot: QtBot) -> None:
    mask, before = at_face.document.mask.copy(), points(at_face)
    drag(at_face, qtbot, NOSE, 10, -6)
    after = points(at_face)
    assert after[NOSE] == pytest.approx((before[NOSE][0] + 10, before[NOSE][1] - 6), abs=0.6)
    assert after[1:] == before[1:]
    np.testing.assert_array_equal(at_face.document.mask, mask)


def test_a_drag_is_one_undo_step(at_face: Desk, qtbot: QtBot) -> None:
    before = points(at_face)
    drag(at_face, qtbot, LEFT_EYE, 5, 5)
    moved = points(at_face)
    assert at_face.document.undo_label == "Move Keypoint"
    at_face.key(Qt.Key.Key_Z, CTRL)
    assert points(at_face) == before
    assert colour_at(at_face, before[LEFT_EYE]) == LEFT.name()
    at_face.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert points(at_face) == moved


def test_escape_gives_a_held_point_back(at_face: Desk, qtbot: QtBot) -> None:
    before, steps = points(at_face), at_face.document.steps
    start = at_face.at(*before[NOSE])
    qtbot.mousePress(at_face.canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(at_face.canvas, at_face.at(20, 20))
    assert points(at_face) != before
    at_face.key(Qt.Key.Key_Escape)
    qtbot.mouseRelease(at_face.canvas, Qt.MouseButton.LeftButton, pos=at_face.at(20, 20))
    assert points(at_face) == before
    assert at_face.document.steps == steps


def test_no_point_leaves_the_picture(at_face: Desk, qtbot: QtBot) -> None:
    drag(at_face, qtbot, NOSE, 500, -500)
    assert points(at_face)[NOSE] == (120.0, 0.0)


def test_keys_select_and_move_a_point(at_face: Desk) -> None:
    before = points(at_face)
    at_face.canvas.setFocus()
    at_face.key(Qt.Key.Key_K)
    at_face.key(Qt.Key.Key_K)
    assert at_face.session.keypoints.selected == LEFT_EYE
    at_face.key(Qt.Key.Key_Right)
    at_face.key(Qt.Key.Key_Down, SHIFT)
    x, y = before[LEFT_EYE]
    assert points(at_face)[LEFT_EYE] == pytest.approx((x + 1, y + 10))


def test_nudges_in_a_row_are_one_step_until_something_else_is_done(at_face: Desk) -> None:
    at_face.canvas.setFocus()
    steps = len(at_face.document.steps[0])
    at_face.key(Qt.Key.Key_K)
    for _ in range(3):
        at_face.key(Qt.Key.Key_Left)
    assert len(at_face.document.steps[0]) == steps + 1
    at_face.paint((100, 100), (105, 100))
    at_face.key(Qt.Key.Key_Left)
    assert len(at_face.document.steps[0]) == steps + 3


def test_arrows_pan_again_once_the_point_is_let_go(at_face: Desk) -> None:
    at_face.canvas.setFocus()
    at_face.canvas.zoom_to(8.0)
    at_face.key(Qt.Key.Key_K, SHIFT)
    assert at_face.session.keypoints.selected == 6
    at_face.key(Qt.Key.Key_Escape)
    assert at_face.session.keypoints.selected == -1
    before, left = points(at_face), at_face.canvas.viewport.left
    at_face.key(Qt.Key.Key_Left)
    assert points(at_face) == before
    assert at_face.canvas.viewport.left != left


def test_beside_the_points_the_brush_paints(at_face: Desk) -> None:
    before = int(at_face.document.mask.sum())
    at_face.paint((100, 20), (110, 20))
    assert int(at_face.document.mask.sum()) > before


def test_hidden_with_the_mask_they_are_not_in_the_way(at_face: Desk, qtbot: QtBot) -> None:
    before = points(at_face)
    at_face.session.hide_mask(True)
    drag(at_face, qtbot, NOSE, 10, 0)
    assert points(at_face) == before


def test_a_run_is_guided_by_what_is_seen_and_its_recipe_says_so(
    at_face: Desk, qtbot: QtBot
) -> None:
    drag(at_face, qtbot, NOSE, 3, 3)
    wanted = points(at_face)
    at_face.run("face")
    (result,) = at_face.session.runs.shelf
    assert result.result.recipe.keypoints == wanted


def test_reusing_the_settings_of_a_result_puts_its_points_back(at_face: Desk, qtbot: QtBot) -> None:
    drag(at_face, qtbot, NOSE, 3, 3)
    at_face.run("face")
    wanted = points(at_face)
    drag(at_face, qtbot, NOSE, 9, 9)
    at_face.session.runs.reuse()
    assert points(at_face) == wanted


def test_the_panel_says_how_and_brings_them_back(at_face: Desk, qtbot: QtBot) -> None:
    assert at_face.window.workspace is not None
    (row,) = at_face.window.workspace.column.findChildren(KeypointRow)
    assert row.isVisible()
    start = points(at_face)
    drag(at_face, qtbot, RIGHT_EYE, 7, 0)
    assert "Right eye" in row._words.text()
    (reset,) = [each for each in row.findChildren(QPushButton) if "Hole" in each.text()]
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert points(at_face) == start
    assert not reset.isEnabled()
    at_face.session.use_backend("green")
    assert not row.isVisible()


def test_points_are_kept_in_a_project(at_face: Desk, qtbot: QtBot, tmp_path: Path) -> None:
    drag(at_face, qtbot, NOSE, 4, 4)
    wanted = points(at_face)
    at_face.answers.path = tmp_path / "a.lacuna"
    at_face.session.projects.save()
    at_face.settle()
    at_face.session.use_backend("green")
    at_face.open(tmp_path / "a.lacuna")
    assert at_face.session.backend.id == "face"
    assert points(at_face) == wanted


def test_another_picture_has_points_of_its_own(at_face: Desk, qtbot: QtBot, photo: Path) -> None:
    drag(at_face, qtbot, NOSE, 4, 4)
    at_face.open(photo)
    assert not at_face.session.keypoints.are_placed
    assert at_face.session.keypoints.selected == -1


def test_beside_the_original_a_point_is_dragged_in_either_pane(at_face: Desk, qtbot: QtBot) -> None:
    at_face.session.show_comparison("side")
    before = points(at_face)[NOSE]
    drag(at_face, qtbot, NOSE, 8, 0)
    assert points(at_face)[NOSE][0] == pytest.approx(before[0] + 8, abs=0.6)


def test_a_comparison_of_backends_is_guided_too(
    at_face: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    drag(at_face, qtbot, NOSE, 3, 3)
    wanted = points(at_face)
    specs = (registry.get("green"), registry.get("face"))
    monkeypatch.setattr(type(at_face.session.models), "usable", specs)
    at_face.session.lineup.compare()
    at_face.wait(lambda: not at_face.session.lineup.is_running)
    asked = [entry.request.keypoints for entry in at_face.session.lineup.entries]
    assert asked == [(), wanted]
