"""Every window and dialog looks as it was accepted, in both themes, at 100 and 200 %."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from PySide6.QtCore import QBuffer
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QListWidget, QPushButton

from app.dialogs.close_up import CloseUp, SharedView
from app.dialogs.questions import QuestionDialog
from tests.app.snapshots import likeness, taking
from tests.app.snapshots.empty import speechless
from tests.app.speaking import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

HOW = (
    "Accepted, seen and their difference are in build/snapshots/differences, all pictures at full "
    "size in build/snapshots. If they are as they should be, `make snapshots` accepts them."
)


@pytest.mark.skipif(sys.platform != "linux", reason="the accepted pictures have Linux's fonts")
@pytest.mark.parametrize("scale", taking.SCALES)
def test_every_scene_looks_as_accepted(scale: int) -> None:
    folder, wrong = taking.take(scale)
    assert not wrong, wrong
    lines = taking.compare(folder, scale)
    assert not lines, "\n".join([*lines, HOW])


@pytest.mark.skipif(sys.platform != "linux", reason="the font is one of Linux")
@pytest.mark.parametrize("scale", taking.SCALES)
def test_every_scene_fits_in_german(scale: int) -> None:
    wrong = taking.play(scale, "de")
    assert not wrong, wrong


# --- the comparison sees what a person would see -------------------------------------------------


@pytest.fixture
def question(qapp: QApplication, qtbot: QtBot) -> Iterator[QuestionDialog]:
    with spoken(qapp, "en"):
        dialog = QuestionDialog("Save the changes?", "They are lost.", ["Yes", "No"], 0, None)
        dialog.show()
        qtbot.waitUntil(dialog.isVisible)
        yield dialog
        dialog.close()
        dialog.deleteLater()


def picture(dialog: QDialog) -> Image.Image:
    QApplication.processEvents()
    buffer = QBuffer()
    dialog.grab().save(buffer, "PNG")
    return likeness.kept(Image.open(BytesIO(buffer.data().data())), 1)


def is_alike(before: Image.Image, dialog: QDialog) -> bool:
    return likeness.difference(before, picture(dialog)).is_alike


def test_the_same_window_is_alike(question: QuestionDialog) -> None:
    assert is_alike(picture(question), question)


def test_hinting_makes_no_difference(question: QuestionDialog) -> None:
    before = picture(question)
    for label in question.findChildren(QLabel):
        font = QFont(label.font())
        font.setHintingPreference(QFont.HintingPreference.PreferFullHinting)
        label.setFont(font)
    assert is_alike(before, question)


def test_a_button_that_has_moved_is_seen(question: QuestionDialog) -> None:
    before = picture(question)
    button = question.findChildren(QPushButton)[0]
    button.move(button.x() - 20, button.y())
    assert not is_alike(before, question)


def test_another_word_is_seen(question: QuestionDialog) -> None:
    before = picture(question)
    question.findChildren(QLabel)[1].setText("Nothing is kept.")
    assert not is_alike(before, question)


def test_the_other_theme_is_seen(question: QuestionDialog, qapp: QApplication) -> None:
    before = picture(question)
    with spoken(qapp, "en", "light"):
        assert not is_alike(before, question)


def test_another_size_is_refused(question: QuestionDialog) -> None:
    before = picture(question)
    question.resize(question.width() + 20, question.height())
    with pytest.raises(ValueError, match="size"):
        likeness.difference(before, picture(question))


# --- and so does the search for empty rooms ------------------------------------------------------


@pytest.mark.parametrize("empty", [QListWidget, lambda: CloseUp(SharedView())])
def test_an_empty_room_is_found(question: QuestionDialog, empty: type[QListWidget]) -> None:
    assert speechless(question) == []
    question.layout().addWidget(empty())
    QApplication.processEvents()
    assert len(speechless(question)) == 1
