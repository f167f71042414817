"""The window, with a real mouse and real keys: open, paint, inpaint, compare, save, close."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QDoubleSpinBox, QLabel, QToolButton

from engine.jobs import CancelToken, Job, Progress, Steps
from tests.app import fake_backend
from tests.app.conftest import stored_settings

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def pixels_of(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_the_first_page_offers_the_samples_and_a_click_opens_one(desk: Desk, qtbot: QtBot) -> None:
    def cards() -> list[QToolButton]:
        found = desk.window.startup.findChildren(QToolButton)
        return [button for button in found if button.accessibleName().startswith("Open the sample")]

    qtbot.waitUntil(lambda: len(cards()) >= 2)
    assert desk.window.startup.isVisible()
    assert desk.window.workspace is None
    qtbot.mouseClick(cards()[0], Qt.MouseButton.LeftButton)
    desk.wait(lambda: desk.session.has_picture)
    assert not desk.window.startup.isVisible()


def test_open_paint_enter_fills_the_hole_and_undo_takes_it_back(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    before = desk.document.image.copy()
    desk.paint((50, 60), (70, 60))
    hole = desk.document.hole()
    desk.run("green")
    inside = desk.document.mask == 255
    assert (desk.document.image[inside] == (0, 255, 0)).all()
    np.testing.assert_array_equal(desk.document.image[~hole], before[~hole])
    desk.key(Qt.Key.Key_Z, CTRL)
    np.testing.assert_array_equal(desk.document.image, before)
    assert desk.document.undo_label == "Brush Stroke"


def test_the_mask_stays_after_a_run_so_that_another_backend_fills_it_too(
    desk: Desk, photo: Path
) -> None:
    desk.open(photo)
    desk.paint()
    desk.run("green")
    desk.run("blue")
    inside = desk.document.mask == 255
    assert (desk.document.image[inside] == (0, 0, 255)).all()
    assert [result.label for result in desk.session.runs.shelf] == ["Green", "Blue"]


def test_enter_without_a_mask_says_what_to_do(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.key(Qt.Key.Key_Return)
    assert "Paint over" in desk.said()
    assert not desk.window.run_buttons.inpaint.isEnabled()
    assert "Paint over" in desk.window.run_buttons.inpaint.toolTip()


def test_esc_stops_a_run_and_leaves_everything_as_it_was(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.paint()
    image, mask = desk.document.image.copy(), desk.document.mask.copy()
    fake_backend.gate.clear()
    desk.key(Qt.Key.Key_Return)
    desk.wait(lambda: desk.session.runs.tasks.activity is not None)
    assert desk.window.run_buttons.cancel.isEnabled()
    desk.key(Qt.Key.Key_Escape)
    desk.wait(lambda: not desk.session.runs.is_running)
    np.testing.assert_array_equal(desk.document.image, image)
    np.testing.assert_array_equal(desk.document.mask, mask)
    assert len(desk.session.runs.shelf) == 0
    assert desk.document.undo_label == "Brush Stroke"


def test_esc_takes_back_a_stroke_before_it_stops_a_run(
    desk: Desk, photo: Path, qtbot: QtBot
) -> None:
    desk.open(photo)
    desk.paint()
    mask = desk.document.mask.copy()
    fake_backend.gate.clear()
    desk.key(Qt.Key.Key_Return)
    qtbot.mousePress(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.at(20, 20))
    qtbot.mouseMove(desk.canvas, desk.at(30, 20))
    desk.key(Qt.Key.Key_Escape)
    np.testing.assert_array_equal(desk.document.mask, mask)
    assert desk.session.runs.is_running
    qtbot.mouseRelease(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.at(30, 20))
    desk.key(Qt.Key.Key_Escape)
    desk.wait(lambda: not desk.session.runs.is_running)


def test_a_result_that_arrives_during_a_stroke_waits_for_its_end(
    desk: Desk, photo: Path, qtbot: QtBot
) -> None:
    desk.open(photo)
    desk.paint()
    fake_backend.gate.clear()
    desk.key(Qt.Key.Key_Return)
    qtbot.mousePress(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.at(20, 20))
    fake_backend.gate.set()
    desk.wait(lambda: len(desk.session.runs.shelf) == 1)
    assert not desk.document.dirty
    qtbot.mouseRelease(desk.canvas, Qt.MouseButton.LeftButton, pos=desk.at(20, 20))
    assert desk.document.dirty
    assert desk.document.undo_label == "Inpaint (Green)"


def test_what_is_painted_during_a_run_stays_painted(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.paint((60, 60), (70, 60))
    fake_backend.gate.clear()
    desk.key(Qt.Key.Key_Return)
    desk.paint((20, 20), (30, 20))
    fake_backend.gate.set()
    desk.wait(lambda: not desk.session.runs.is_running)
    assert tuple(desk.document.image[60, 65]) == (0, 255, 0)
    assert desk.document.mask[60, 65] == 0
    desk.paint((20, 100), (30, 100))
    assert desk.document.hole()[20, 25]
    assert desk.document.hole()[100, 25]


def test_a_result_for_a_picture_that_changed_meanwhile_only_waits_in_the_panel(
    desk: Desk, photo: Path
) -> None:
    desk.open(photo)
    desk.paint()
    desk.run("green")
    fake_backend.gate.clear()
    desk.session.use_backend("blue")
    desk.key(Qt.Key.Key_Return)
    desk.session.undo()
    fake_backend.gate.set()
    desk.wait(lambda: len(desk.session.runs.shelf) == 2)
    assert "waits in the results" in desk.said()
    assert not desk.document.dirty


def test_a_letter_in_a_text_field_is_no_command(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    field = desk.window.workspace.column.findChild(QDoubleSpinBox)
    field.setFocus()
    for key in (Qt.Key.Key_E, Qt.Key.Key_Return, Qt.Key.Key_PageDown):
        desk.key(key)
        field.setFocus()
    assert desk.session.tool_id == "brush"
    assert desk.said() == ""
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_E)
    assert desk.session.tool_id == "eraser"


def test_enter_in_a_number_gives_the_keyboard_back_to_the_canvas(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    field = desk.window.workspace.column.findChild(QDoubleSpinBox)
    field.setFocus()
    desk.key(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is desk.canvas


def test_clicking_panel_buttons_leaves_the_keyboard_with_the_canvas(
    desk: Desk, photo: Path, qtbot: QtBot
) -> None:
    desk.open(photo)
    desk.paint()
    qtbot.mouseClick(desk.window.run_buttons.cancel, Qt.MouseButton.LeftButton)
    for button in desk.window.workspace.column.findChildren(QAbstractButton):
        assert not button.focusPolicy() & Qt.FocusPolicy.ClickFocus, button.accessibleName()
    assert QApplication.focusWidget() is desk.canvas


def test_holding_backslash_shows_the_original_and_letting_go_ends_it(
    desk: Desk, photo: Path, qtbot: QtBot
) -> None:
    desk.open(photo)
    qtbot.keyPress(desk.canvas, Qt.Key.Key_Backslash)
    assert desk.session.comparing
    qtbot.keyRelease(desk.canvas, Qt.Key.Key_Backslash)
    assert not desk.session.comparing


def test_the_compare_button_shows_the_original_only_while_it_is_pressed(
    desk: Desk, photo: Path, qtbot: QtBot
) -> None:
    desk.open(photo)
    buttons = desk.window.findChildren(QToolButton)
    button = next(found for found in buttons if found.accessibleName().startswith("Compare"))
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    assert desk.session.comparing
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert not desk.session.comparing


def test_a_crash_does_not_cost_the_list_of_recent_files(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    assert stored_settings(desk.folder)["recent"] == [str(photo)]


def test_without_a_picture_the_status_bar_keeps_no_gaps(desk: Desk, photo: Path) -> None:
    def shown() -> list[str]:
        labels = desk.window.status.findChildren(QLabel)
        return [label.text() for label in labels if label.isVisible()]

    assert shown() == ["CPU"]
    desk.open(photo)
    assert len(shown()) == 4
    desk.session.files.close()
    assert shown() == ["CPU"]


def test_esc_stops_a_run_that_waits_for_the_preparation_at_once(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.paint()
    preparing = threading.Event()

    def prepare(_: CancelToken) -> Steps[None]:
        yield Progress(0, 1, "")
        preparing.wait(10)

    ended: list[object] = []
    job = Job("Preparing", prepare)
    desk.session.runs.tasks.start(job, ended.append, failed=ended.append, can_cancel=False)
    desk.key(Qt.Key.Key_Return)
    was_running = desk.session.runs.is_running
    desk.key(Qt.Key.Key_Escape)
    is_running, said = desk.session.runs.is_running, desk.said()
    desk.key(Qt.Key.Key_Return)
    preparing.set()
    assert was_running
    assert not is_running
    assert "Cancelled" in said
    desk.wait(lambda: len(desk.session.runs.shelf) == 1)


def test_closing_with_unsaved_changes_asks_and_cancel_keeps_the_window(
    desk: Desk, photo: Path
) -> None:
    desk.open(photo)
    desk.paint()
    desk.run()
    desk.answers.leave = "cancel"
    desk.window.close()
    assert desk.answers.asked == ["unsaved"]
    assert desk.window.isVisible()


def test_closing_can_save_first(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.paint()
    desk.run()
    image = desk.document.image.copy()
    desk.answers.leave = "save"
    desk.window.close()
    desk.wait(lambda: not desk.window.isVisible())
    np.testing.assert_array_equal(pixels_of(photo), image)


def test_closing_without_changes_asks_nothing_and_keeps_the_settings(
    desk: Desk, photo: Path
) -> None:
    desk.open(photo)
    desk.key(Qt.Key.Key_BracketRight)
    desk.window.close()
    assert not desk.window.isVisible()
    assert desk.answers.asked == []
    stored = stored_settings(desk.folder)
    assert stored["recent"] == [str(photo)]
    assert stored["brush_size"] == 22


def drop(desk: Desk, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    where, buttons = QPoint(50, 50), Qt.MouseButton.LeftButton
    none, copy = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(desk.window, QDragEnterEvent(where, copy, data, buttons, none))
    QApplication.sendEvent(desk.window, QDropEvent(QPointF(where), copy, data, buttons, none))


def test_dropped_pictures_open_and_can_be_paged_through(desk: Desk, photo: Path) -> None:
    other = photo.with_name("a second one.png")
    other.write_bytes(photo.read_bytes())
    text = photo.with_name("notes.txt")
    text.write_text("no picture")
    drop(desk, text, photo, other)
    desk.wait(lambda: desk.session.name == "photo.png")
    desk.key(Qt.Key.Key_PageDown)
    desk.wait(lambda: desk.session.name == "a second one.png")
    desk.key(Qt.Key.Key_PageDown)
    assert "last picture" in desk.said()


def test_a_drop_leaves_unsaved_work_open(desk: Desk, photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(photo.read_bytes())
    desk.open(photo)
    desk.paint()
    desk.run()
    work = desk.document
    drop(desk, other)
    desk.wait(lambda: desk.session.name == "other.png")
    assert desk.answers.asked == []
    assert [one.document for one in desk.session.pictures.unsaved] == [work]


def test_a_dropped_text_file_gets_a_sentence(desk: Desk, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    drop(desk, text)
    desk.wait(lambda: "notes.txt" in desk.said())
    assert desk.session.document is None


def test_a_very_long_name_widens_neither_window_nor_message(desk: Desk, photo: Path) -> None:
    long = photo.with_name(f"{'x' * 240}.png")
    long.write_bytes(photo.read_bytes())
    desk.open(long)
    desk.session.fail(f"“{long.name}” could not be saved.")
    desk.window._show_recent()
    assert desk.window.messages.width() <= desk.canvas.width()
    assert desk.window.minimumSizeHint().width() <= 1024


def test_the_command_line_opens_a_picture_with_its_mask(desk: Desk, photo: Path) -> None:
    mask = photo.with_name("mask.png")
    Image.fromarray(np.pad(np.full((20, 20), 255, np.uint8), 50)).save(mask)
    desk.window._doors.enter([photo], mask)
    desk.wait(lambda: desk.session.has_hole)
    assert desk.document.hole().sum() == 400
