"""Everything that can have the keyboard has a name for screen readers, and Tab gets there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QDialog,
    QRadioButton,
    QWidget,
)

from app.dialogs.sizes import FRAME, open_at
from tests.app.test_german import DIALOGS, unfold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

MOST_PRESSES = 400
FULL_HD_TWICE = QSize(960, 540) - FRAME


@pytest.fixture(params=DIALOGS, ids=lambda maker: str(maker.__name__))
def dialog(desk: Desk, qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[QDialog]:
    maker: Callable[[Desk], QDialog] = request.param
    made = maker(desk)
    made.setModal(False)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    desk.settle()
    yield made
    made.reject()
    made.deleteLater()


@pytest.fixture
def working(desk: Desk, photo: Path, tmp_path: Path) -> Desk:
    """A window with all there can be: two pictures, a result, every section unfolded."""
    other = tmp_path / "other.png"
    other.write_bytes(photo.read_bytes())
    desk.open(other)
    desk.open(photo)
    desk.paint()
    desk.run()
    unfold(desk)
    desk.window.resize(1280, 900)
    QApplication.processEvents()
    return desk


def focusable(window: QWidget) -> list[QWidget]:
    """What can have the keyboard now; a field inside of a spin box is the spin box."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisible()
        and widget.isEnabled()
        and widget.window() is window
        and not isinstance(widget.parentWidget(), QAbstractSpinBox)
        and widget.focusProxy() is None
    ]


def told(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface.text(QAccessible.Text.Name).strip()


def nameless(window: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"
        for widget in focusable(window)
        if not told(widget)
    ]


def unreached(window: QWidget, qtbot: QtBot) -> list[str]:
    """What Tab does not come to from where the keyboard is."""
    seen: set[QWidget] = set()
    for _ in range(MOST_PRESSES):
        focused = window.focusWidget() or window
        if focused in seen and len(seen) > 1:
            break
        seen.add(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    # Of buttons that exclude each other the chosen one stands for all; arrows go to the others.
    return [
        f"{type(widget).__name__} “{told(widget)}”"
        for widget in focusable(window)
        if widget not in seen and not _is_one_of_several(widget)
    ]


def _is_one_of_several(widget: QWidget) -> bool:
    if isinstance(widget, QRadioButton):
        return True
    if not isinstance(widget, QAbstractButton):
        return False
    group = widget.group()
    return group is not None and group.exclusive() and not widget.isChecked()


def test_every_part_of_a_dialog_has_a_name(dialog: QDialog) -> None:
    assert focusable(dialog)
    assert nameless(dialog) == []


def test_tab_reaches_every_part_of_a_dialog(dialog: QDialog, qtbot: QtBot) -> None:
    assert unreached(dialog, qtbot) == []


def test_every_part_of_the_window_has_a_name(working: Desk) -> None:
    assert len(focusable(working.window)) > 30
    assert nameless(working.window) == []


def test_tab_reaches_every_part_of_the_window(working: Desk, qtbot: QtBot) -> None:
    assert unreached(working.window, qtbot) == []


def test_the_first_page_has_names_and_is_reached(desk: Desk, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(focusable(desk.window)) >= 4)
    assert nameless(desk.window) == []
    assert unreached(desk.window, qtbot) == []


def test_the_notes_of_the_tour_have_names_and_are_reached(desk: Desk, qtbot: QtBot) -> None:
    desk.window.commands.actions["tour"].trigger()
    assert nameless(desk.window) == []
    assert unreached(desk.window, qtbot) == []


def test_every_dialog_fits_a_full_hd_screen_at_twice_the_size(dialog: QDialog) -> None:
    least = dialog.minimumSizeHint().expandedTo(dialog.minimumSize())
    assert least.width() <= FULL_HD_TWICE.width()
    assert least.height() <= FULL_HD_TWICE.height()


def test_no_dialog_opens_larger_than_the_screen(dialog: QDialog) -> None:
    open_at(dialog, QSize(9000, 9000))
    room = dialog.screen().availableSize() - FRAME
    least = dialog.minimumSizeHint().expandedTo(dialog.minimumSize())
    assert dialog.size() == room.expandedTo(least)


def test_the_window_fits_a_full_hd_screen_at_twice_the_size(working: Desk) -> None:
    working.window.resize(960, 500)
    QApplication.processEvents()
    assert (working.window.width(), working.window.height()) == (960, 500)
    assert working.canvas.height() > 200
