"""The program in a language, and what its widgets say."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLocale, Qt, QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QTabWidget,
    QTreeWidget,
    QWidget,
)

from app import gui, theme
from app.dialogs.model_details import ElidedLabel
from app.language import Choice, set_language
from engine import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

ARROW = 30
"""Pixels of a combo box that are not for its text."""


@contextmanager
def spoken(application: QApplication, tag: Choice, colours: str = "dark") -> Iterator[None]:
    """The program speaks this language in these colours; as it was before at the end."""
    locale, sheet, palette = QLocale(), application.styleSheet(), application.palette()
    theme.use_icon_files(resources.root() / "icons")
    theme.apply(application, colours)
    gui.speak(application, tag)
    yield
    for words in application.findChildren(QTranslator):
        application.removeTranslator(words)
        words.deleteLater()
    set_language("en")
    QLocale.setDefault(locale)
    application.setStyleSheet(sheet)
    application.setPalette(palette)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def texts(widget: QWidget) -> Iterator[str]:
    """Everything that the widget says, in whatever way."""
    yield from (widget.windowTitle(), widget.toolTip(), widget.accessibleName())
    yield widget.accessibleDescription()
    if isinstance(widget, (QLabel, QAbstractButton)):
        yield widget.text()
    elif isinstance(widget, QLineEdit):
        yield widget.placeholderText()
    elif isinstance(widget, QComboBox):
        yield from (widget.itemText(index) for index in range(widget.count()))
    elif isinstance(widget, QTabWidget):
        yield from (widget.tabText(index) for index in range(widget.count()))
    elif isinstance(widget, QListWidget):
        yield from (widget.item(row).text() for row in range(widget.count()))
    elif isinstance(widget, QTreeWidget):
        head = widget.headerItem()
        yield from (head.text(column) for column in range(widget.columnCount()))
    elif isinstance(widget, QMenu):
        yield widget.title()
        yield from (action.text() for action in widget.actions())


def all_texts(window: QWidget) -> set[str]:
    """What a window says with all that is in it, visible or not."""
    parts = [window, *window.findChildren(QWidget)]
    found = {text for part in parts for text in texts(part)}
    found |= {action.toolTip() for part in parts for action in part.actions()}
    return {text.partition("\t")[0].strip() for text in found if text.strip()}


def clipped(window: QWidget) -> list[str]:
    """Visible words of a window that do not fit where they stand."""
    return [
        f"{type(part).__name__}: {words}"
        for part in window.findChildren(QWidget)
        if part.isVisible() and (words := _overlong(part))
    ]


def _overlong(widget: QWidget) -> str:
    if isinstance(widget, ElidedLabel):  # is cut in its middle, and has all in its tool tip
        return ""
    if isinstance(widget, QLabel) and not widget.wordWrap() and widget.pixmap().isNull():
        is_plain = not Qt.mightBeRichText(widget.text())
        room, text = widget.contentsRect().width(), widget.text()
    elif isinstance(widget, QAbstractButton) and widget.text() and widget.icon().isNull():
        is_plain, text = True, widget.text()
        room = widget.width() + widget.fontMetrics().horizontalAdvance(text)
        room -= widget.sizeHint().width()
    elif isinstance(widget, QComboBox):
        is_plain, text, room = True, widget.currentText(), widget.width() - ARROW
    elif isinstance(widget, QLineEdit):
        is_plain, text, room = True, widget.placeholderText(), widget.width() - 12
    else:
        return ""
    needed = widget.fontMetrics().horizontalAdvance(text.replace("&", ""))
    return text if is_plain and needed > room + 1 else ""
