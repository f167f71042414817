"""Somebody who fills folders, for tests of the Batch dialog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget
    from pytestqt.qtbot import QtBot

    from app.dialogs.batch import BatchDialog
    from app.dialogs.batch_models import RowsModel
    from app.session.batch import Batch
    from app.session.batch_course import BatchCourse
    from app.session.batch_work import Survey
    from tests.app.conftest import Desk

SIDE = 24
LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@dataclass
class Batcher:
    """Opens the dialog, fills it in, presses its buttons, waits."""

    desk: Desk
    qtbot: QtBot
    pictures: Path
    masks: Path
    output: Path

    @property
    def batch(self) -> Batch:
        return self.desk.session.batch

    @property
    def course(self) -> BatchCourse:
        return self.batch.course

    @property
    def dialog(self) -> BatchDialog:
        dialog = self.desk.window._batch.dialog
        assert dialog is not None
        return dialog

    @property
    def survey(self) -> Survey:
        assert self.batch.planning.survey is not None
        return self.batch.planning.survey

    @property
    def why(self) -> str:
        return self.dialog.why.text()

    # --- what the person does ----------------------------------------------------------------

    def open(self) -> None:
        self.desk.window.commands.actions["batch"].trigger()
        self.qtbot.waitUntil(self.dialog.isActiveWindow)

    def close(self) -> None:
        self.press(self.dialog.close_button)
        assert self.desk.window._batch.dialog is None

    def press(self, button: QAbstractButton) -> None:
        assert button.isVisible(), "it is not there"
        assert button.isEnabled(), "it cannot be pressed"
        self.qtbot.mouseClick(button, LEFT, pos=QPoint(9, button.height() // 2))

    def key(self, widget: QWidget, key: Qt.Key) -> None:
        widget.setFocus()
        self.qtbot.keyClick(widget, key)

    def type_into(self, field: QWidget, text: str) -> None:
        field.setFocus()
        self.qtbot.keyClick(field, Qt.Key.Key_A, CONTROL)
        self.qtbot.keyClicks(field, text)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)

    def choose(self, box: QComboBox, data: str) -> None:
        """Take an entry of a list with the arrow keys."""
        box.setFocus()
        place = box.findData(data)
        while box.currentIndex() != place:
            step = Qt.Key.Key_Down if box.currentIndex() < place else Qt.Key.Key_Up
            self.qtbot.keyClick(box, step)

    def drop(self, widget: QWidget, path: Path) -> None:
        """Drop a file or folder on a widget."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        at = widget.rect().center()
        copy, no_key = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(at, copy, data, LEFT, no_key)
        QApplication.sendEvent(widget, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(widget, QDropEvent(QPointF(at), copy, data, LEFT, no_key))

    def fill_in(self) -> None:
        """As little as it takes."""
        self.open()
        self.drop(self.dialog, self.pictures)
        self.type_into(self.dialog.setup.masks.path.field, str(self.masks))
        self.plan()

    def plan(self) -> None:
        """Until the folders have been looked at."""
        self.desk.wait(lambda: not self.batch.planning.is_busy)

    def see(self) -> None:
        """Until the picture that was asked for last is shown."""
        pictures = self.batch.pictures
        self.desk.wait(lambda: pictures.path is not None and not pictures.is_reading)
        assert pictures.image is not None, pictures.problem

    def start(self) -> None:
        self.press(self.dialog.start)
        assert self.course.state == "running"

    def finish(self) -> None:
        """Until the run has ended and all its rows are there."""
        self.desk.wait(lambda: self.course.state == "ended")
        self.desk.wait(lambda: not self.course._clock.isActive())

    # --- what the person sees ----------------------------------------------------------------

    def rows(self, model: RowsModel) -> list[list[str]]:
        """The texts of all rows that are shown."""
        columns = range(model.columnCount())
        return [
            [model.index(row, column).data() for column in columns]
            for row in range(model.rowCount())
        ]

    def plan_rows(self) -> dict[str, list[str]]:
        """The rows of the plan, by their pictures, or by their masks where there is none."""
        rows = self.rows(self.dialog.setup.model)
        return {row[0] or row[1]: row for row in rows}

    def result_rows(self) -> dict[str, list[str]]:
        return {row[0]: row for row in self.rows(self.dialog.run.model)}


def put_picture(path: Path, seed: int = 0, size: tuple[int, int] = (SIDE, SIDE)) -> Path:
    """A picture file of seeded noise; size is width and height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def put_mask(path: Path, size: tuple[int, int] = (SIDE, SIDE)) -> Path:
    """A mask file whose middle quarter is white."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = 255
    Image.fromarray(mask).save(path)
    return path


def put_pairs(pictures: Path, masks: Path, count: int) -> None:
    """Pictures with masks of the same name: 0.png, 1.png, ..."""
    for number in range(count):
        put_picture(pictures / f"{number}.png", number)
        put_mask(masks / f"{number}.png")
