"""Several pictures open at once: each keeps what is its own, and none is lost."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from tests.app import fake_backend

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.panels.strip import PictureStrip
    from app.session.open_picture import OpenPicture
    from tests.app.conftest import Desk

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALL = ["a.png", "b.png", "c.png"]


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Three pictures of seeded noise."""
    rng = np.random.default_rng(11)
    paths = [tmp_path / name for name in ALL]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (120, 120, 3), np.uint8)).save(path)
    return paths


@pytest.fixture
def many(desk: Desk, three: list[Path]) -> Desk:
    """The three pictures open, the first one shown."""
    desk.session.files.open_all(three)
    desk.wait(lambda: desk.session.name == "a.png")
    return desk


def strip(desk: Desk) -> PictureStrip:
    assert desk.window.workspace is not None
    return desk.window.workspace.strip


def texts(desk: Desk) -> list[str]:
    return [strip(desk).item(row).text() for row in range(strip(desk).count())]


def picture(desk: Desk, name: str) -> OpenPicture:
    return next(one for one in desk.session.pictures if one.name == name)


def go(desk: Desk, name: str) -> None:
    """Click on a cell."""
    item = strip(desk).item(texts(desk).index(name))
    at = strip(desk).visualItemRect(item).center()
    desk._qtbot.mouseClick(strip(desk).viewport(), Qt.MouseButton.LeftButton, pos=at)
    desk.wait(lambda: desk.session.name == name.removeprefix("• "))


def fill(desk: Desk, backend: str = "green") -> np.ndarray:
    desk.paint()
    desk.run(backend)
    return desk.document.image.copy()


def squeeze(desk: Desk) -> None:
    """Leave memory for the picture that is shown only, and wait until the rest is laid down."""
    desk.session.settings.pictures_mb = 0
    desk.session.pictures.keep_budget()
    others = [one for one in desk.session.pictures if one is not desk.session.pictures.current]
    desk.wait(lambda: not any(one.is_awake for one in others))


def test_one_picture_needs_no_strip(desk: Desk, three: list[Path]) -> None:
    desk.open(three[0])
    assert not strip(desk).isVisible()
    desk.open(three[1])
    assert strip(desk).isVisible()
    desk.session.files.close()
    assert not strip(desk).isVisible()


def test_many_files_stand_in_the_strip_in_their_order_and_the_first_is_shown(many: Desk) -> None:
    assert texts(many) == ALL
    assert strip(many).currentItem().text() == "a.png"
    assert many.window.windowTitle().startswith("a.png")


def test_what_nobody_has_looked_at_has_not_been_read(many: Desk) -> None:
    assert [one.document is None for one in many.session.pictures] == [False, True, True]


def test_dropped_files_stand_beside_what_is_open(many: Desk, photo: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
    QApplication.sendEvent(many.window, enter)
    QApplication.sendEvent(many.window, QDropEvent(QPointF(50, 50), copy, data, left, none))
    many.wait(lambda: many.session.name == "photo.png")
    assert texts(many) == [*ALL, "photo.png"]


def test_ctrl_tab_goes_round_and_ctrl_shift_tab_back(many: Desk) -> None:
    for expected in ("b.png", "c.png", "a.png"):
        many.key(Qt.Key.Key_Tab, CTRL)
        many.wait(lambda name=expected: many.session.name == name)
    for expected in ("c.png", "b.png"):
        many.key(Qt.Key.Key_Backtab, CTRL | SHIFT)
        many.wait(lambda name=expected: many.session.name == name)


def test_quick_steps_end_where_the_last_one_leads(many: Desk) -> None:
    many.key(Qt.Key.Key_Tab, CTRL)
    many.key(Qt.Key.Key_Tab, CTRL)
    many.wait(lambda: many.session.name == "c.png")
    many.settle()
    assert many.session.name == "c.png"


def test_a_click_shows_a_picture_and_leaves_the_keyboard_with_the_canvas(many: Desk) -> None:
    go(many, "b.png")
    assert many.canvas.hasFocus()


def test_each_picture_has_its_own_mask_results_and_undo(many: Desk) -> None:
    filled = fill(many)
    go(many, "b.png")
    assert not many.session.has_hole
    assert not many.session.can_undo
    assert len(many.session.runs.shelf) == 0
    fill(many, "blue")
    go(many, "• a.png")
    np.testing.assert_array_equal(many.document.image, filled)
    assert many.session.has_hole
    assert [result.label for result in many.session.runs.shelf] == ["Green"]
    many.session.undo()
    assert many.session.runs.shelf.current is None
    assert not many.document.dirty
    assert picture(many, "b.png").is_unsaved


def test_the_results_panel_shows_those_of_the_picture(many: Desk) -> None:
    from app.panels.results import ResultCard

    def labels() -> list[str]:
        cards = many.window.findChildren(ResultCard)
        return [card.result.label for card in cards if card.isVisible()]

    fill(many)
    go(many, "b.png")
    many.wait(lambda: labels() == [])
    fill(many, "blue")
    many.wait(lambda: labels() == ["Blue"])
    go(many, "• a.png")
    many.wait(lambda: labels() == ["Green"])


def test_zoom_and_place_are_found_again(many: Desk) -> None:
    many.canvas.zoom_to(3.0)
    many.canvas.pan_by(-40, -30)
    before = many.canvas.viewport.zoom, many.canvas.viewport.x, many.canvas.viewport.y
    go(many, "b.png")
    assert many.canvas.viewport.zoom != 3.0
    go(many, "a.png")
    after = many.canvas.viewport.zoom, many.canvas.viewport.x, many.canvas.viewport.y
    assert after == pytest.approx(before)


def test_an_unsaved_picture_has_a_mark_until_it_is_saved(many: Desk) -> None:
    fill(many)
    assert texts(many) == ["• a.png", "b.png", "c.png"]
    told = strip(many).item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == "a.png, not saved"
    many.session.files.save()
    many.settle()
    assert texts(many) == ALL


def test_a_run_goes_on_for_its_own_picture(many: Desk) -> None:
    before = many.document.image.copy()
    many.paint()
    fake_backend.gate.clear()
    many.session.use_backend("green")
    many.session.runs.inpaint()
    go(many, "b.png")
    untouched = many.document.image.copy()
    fake_backend.gate.set()
    many.settle()
    np.testing.assert_array_equal(many.document.image, untouched)
    other = picture(many, "a.png")
    assert other.document is not None
    assert not np.array_equal(other.document.image, before)
    assert len(other.shelf) == 1
    assert "a.png" in many.said()


def test_a_peek_ends_with_the_picture_it_is_about(many: Desk) -> None:
    filled = fill(many)
    many.session.undo()
    before = many.document.image.copy()
    [result] = many.session.runs.shelf
    many.session.runs.peek(result)
    np.testing.assert_array_equal(many.document.image, filled)
    document = many.document
    go(many, "b.png")
    assert not document.is_editing
    np.testing.assert_array_equal(document.image, before)


def test_opening_what_is_open_shows_it(many: Desk, three: list[Path]) -> None:
    document = many.document
    go(many, "b.png")
    many.session.files.open(three[0])
    assert many.document is document
    assert texts(many) == ALL


def test_a_file_that_cannot_be_read_leaves_the_strip(many: Desk, three: list[Path]) -> None:
    three[1].write_bytes(b"no picture")
    many.key(Qt.Key.Key_Tab, CTRL)
    many.wait(lambda: texts(many) == ["a.png", "c.png"])
    assert many.session.name == "a.png"
    assert "b.png" in many.said()


# --- closing -------------------------------------------------------------------------------------


def test_closing_shows_the_next_picture_and_the_last_one_the_start_page(many: Desk) -> None:
    for expected in ("b.png", "c.png"):
        many.key(Qt.Key.Key_W, CTRL)
        many.wait(lambda name=expected: many.session.name == name)
    many.key(Qt.Key.Key_W, CTRL)
    assert many.session.document is None
    assert many.window.startup.isVisible()


def test_closing_asks_about_unsaved_work_in_that_picture_only(many: Desk) -> None:
    fill(many)
    go(many, "b.png")
    many.key(Qt.Key.Key_W, CTRL)
    assert many.answers.asked == []
    many.wait(lambda: many.session.name == "c.png")
    go(many, "• a.png")
    many.key(Qt.Key.Key_W, CTRL)
    assert many.answers.asked == ["unsaved"]
    assert many.session.name == "a.png"


def test_the_middle_button_closes_a_picture_that_is_not_shown(many: Desk) -> None:
    at = strip(many).visualItemRect(strip(many).item(1)).center()
    many._qtbot.mouseClick(strip(many).viewport(), Qt.MouseButton.MiddleButton, pos=at)
    assert texts(many) == ["a.png", "c.png"]
    assert many.session.name == "a.png"


def test_quitting_asks_once_for_all(many: Desk) -> None:
    fill(many)
    go(many, "b.png")
    fill(many)
    many.window.close()
    assert many.answers.asked == ["unsaved_pictures a.png b.png"]
    assert many.window.isVisible()


def test_quitting_asks_by_name_about_the_only_unsaved_picture(many: Desk) -> None:
    fill(many)
    go(many, "b.png")
    many.answers.leave = "save"
    many.window.close()
    many.wait(lambda: not many.window.isVisible())
    assert many.answers.asked == ["unsaved", "overwrite"]


def test_stepping_through_the_folder_stops_no_run_of_another_picture(
    many: Desk, three: list[Path]
) -> None:
    three[1].with_name("d.png").write_bytes(three[1].read_bytes())
    many.paint()
    fake_backend.gate.clear()
    many.session.use_backend("green")
    many.session.runs.inpaint()
    go(many, "c.png")
    many.session.files._dropped = []
    many.key(Qt.Key.Key_PageDown)
    many.wait(lambda: many.session.name == "d.png")
    fake_backend.gate.set()
    many.settle()
    assert len(picture(many, "a.png").shelf) == 1


def test_quitting_can_save_all(many: Desk, three: list[Path]) -> None:
    images = [fill(many)]
    go(many, "b.png")
    images.append(fill(many, "blue"))
    many.answers.leave = "save"
    many.window.close()
    many.wait(lambda: not many.window.isVisible())
    assert many.answers.asked == ["unsaved_pictures a.png b.png", "overwrite", "overwrite"]
    for path, image in zip(three, images, strict=False):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), image)


def test_a_save_that_is_called_off_calls_the_quitting_off(many: Desk) -> None:
    fill(many)
    go(many, "b.png")
    fill(many)
    many.answers.leave, many.answers.replace = "save", "cancel"
    many.window.close()
    many.settle()
    assert many.window.isVisible()
    assert len(many.session.pictures.unsaved) == 2


# --- memory --------------------------------------------------------------------------------------


def test_beyond_the_budget_untouched_pictures_are_read_again(many: Desk) -> None:
    go(many, "b.png")
    squeeze(many)
    assert picture(many, "a.png").document is None
    go(many, "a.png")
    assert many.document.image.shape == (120, 120, 3)


def test_beyond_the_budget_work_is_laid_down_and_found_again(many: Desk) -> None:
    filled = fill(many)
    many.paint((20, 20), (40, 20))
    mask = many.document.mask.copy()
    go(many, "b.png")
    squeeze(many)
    other = picture(many, "a.png")
    assert other.document is not None
    assert other.document.is_resting
    assert other.document.contents().nbytes == 0
    assert sum(result.nbytes - result.thumbnail.nbytes for result in other.shelf) == 0
    go(many, "• a.png")
    np.testing.assert_array_equal(many.document.image, filled)
    np.testing.assert_array_equal(many.document.mask, mask)
    [result] = many.session.runs.shelf
    assert many.session.runs.shelf.current is result
    many.session.undo()
    many.session.undo()
    many.session.runs.apply(result)
    np.testing.assert_array_equal(many.document.image, filled)


def test_a_picture_that_rests_is_saved_when_quitting(many: Desk, three: list[Path]) -> None:
    filled = fill(many)
    go(many, "b.png")
    squeeze(many)
    many.answers.leave = "save"
    many.window.close()
    many.wait(lambda: not many.window.isVisible())
    np.testing.assert_array_equal(np.asarray(Image.open(three[0])), filled)


def test_a_picture_that_is_being_filled_stays_in_memory(many: Desk) -> None:
    many.paint()
    fake_backend.gate.clear()
    many.session.use_backend("green")
    many.session.runs.inpaint()
    go(many, "b.png")
    many.session.settings.pictures_mb = 0
    many.session.pictures.keep_budget()
    assert picture(many, "a.png").is_awake
    fake_backend.gate.set()
    many.settle()


def test_a_disk_that_refuses_is_told_once_and_nothing_is_lost(many: Desk) -> None:
    (many.folder / "resting").write_text("in the way")
    filled = fill(many)
    go(many, "b.png")
    many.session.settings.pictures_mb = 0
    for _ in range(3):
        many.session.pictures.keep_budget()
        many.wait(lambda: many.session.pictures.tasks.is_idle)
    assert many.said().count("cannot be put on disk") == 1
    other = picture(many, "a.png").document
    assert other is not None
    np.testing.assert_array_equal(other.image, filled)


def test_the_strip_has_a_small_picture_of_what_has_not_been_read(
    many: Desk, qtbot: QtBot, three: list[Path]
) -> None:
    Image.new("RGB", (200, 200), (0, 200, 0)).save(three[2])

    def middle() -> tuple[int, int, int]:
        image = strip(many).item(2).icon().pixmap(72, 48).toImage()
        colour = image.pixelColor(image.width() // 2, image.height() // 2)
        return colour.red(), colour.green(), colour.blue()

    qtbot.waitUntil(lambda: middle() == (0, 200, 0), timeout=10_000)
    assert picture(many, "c.png").document is None


def test_a_click_beside_the_cells_changes_nothing(many: Desk) -> None:
    at = QPoint(strip(many).viewport().width() - 3, 10)
    many._qtbot.mouseClick(strip(many).viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert many.session.name == "a.png"
    assert strip(many).currentItem().text() == "a.png"


def test_a_closed_picture_leaves_nothing_in_memory(many: Desk) -> None:
    fill(many)
    document = weakref.ref(many.document)
    patches = [weakref.ref(one.result.patches[0].pixels) for one in many.session.runs.shelf]
    go(many, "b.png")
    go(many, "• a.png")
    many.answers.leave = "discard"
    many.key(Qt.Key.Key_W, CTRL)
    many.wait(lambda: many.session.name == "b.png")
    many.settle()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert document() is None
    assert [pixels() for pixels in patches] == [None]


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_done_each_picture_is_found_as_it_was_left(many: Desk, seed: int) -> None:
    rng = np.random.default_rng(seed)
    many.session.settings.pictures_mb = 0
    left: dict[str, tuple[np.ndarray, np.ndarray, tuple[list[str], list[str]]]] = {}

    def look() -> tuple[np.ndarray, np.ndarray, tuple[list[str], list[str]]]:
        document = many.document
        return document.image.copy(), document.mask.copy(), document.steps

    def move_on() -> None:
        left[many.session.name] = look()
        step = int(rng.choice([-1, 1]))
        aim = ALL[(ALL.index(many.session.name) + step) % len(ALL)]
        many.session.pictures.step(step)
        many.wait(lambda: many.session.name == aim)
        if aim in left:
            image, mask, steps = look()
            np.testing.assert_array_equal(image, left[aim][0])
            np.testing.assert_array_equal(mask, left[aim][1])
            assert steps == left[aim][2]
        many.session.pictures.keep_budget()

    def paint() -> None:
        x, y = rng.integers(20, 90, 2)
        many.paint((x, y), (x + 10, y))

    def run() -> None:
        if many.session.has_hole:
            many.run(str(rng.choice(["green", "blue"])))

    def apply() -> None:
        if len(many.session.runs.shelf):
            many.session.runs.step(int(rng.choice([-1, 1])))

    deeds = [move_on, move_on, paint, run, apply, many.session.undo, many.session.redo]
    for _ in range(60):
        deeds[int(rng.integers(len(deeds)))]()
    assert [one.name for one in many.session.pictures] == ALL
    assert "disk" not in many.said()
