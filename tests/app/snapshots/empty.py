"""Panels and lists that show nothing and do not say why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QComboBox,
    QGraphicsView,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QStackedWidget,
    QTextEdit,
    QWidget,
)

from app.dialogs.batch_table import BatchTable
from app.dialogs.close_up import CloseUp
from app.panels.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOMS = (QAbstractScrollArea, QGroupBox, QStackedWidget, CloseUp, Section)
"""What is seen as a room of its own, and looks broken with nothing in it."""


def speechless(window: QWidget) -> list[str]:
    """Visible rooms of a window in which there is neither a word nor a thing to use."""
    return [
        f"{type(room).__name__} “{room.accessibleName() or room.objectName()}”"
        for room in window.findChildren(QWidget)
        if isinstance(room, ROOMS)
        and not isinstance(room, QHeaderView)
        and room.isVisible()
        and not any(_speaking(room))
    ]


def _speaking(room: QWidget) -> Iterator[bool]:
    yield _says(room)
    inside = room.findChildren(QWidget)
    yield from (_says(part) for part in inside if part.isVisibleTo(room))


def _says(part: QWidget) -> bool:
    if isinstance(part, CloseUp):
        return bool(part.note) or part._image is not None
    if isinstance(part, BatchTable) and part.hint:
        return True
    if isinstance(part, QGraphicsView):
        return bool(part.scene().items())
    if isinstance(part, QAbstractItemView):
        return part.model() is not None and part.model().rowCount() > 0
    if isinstance(part, (QPlainTextEdit, QTextEdit)):
        return bool(part.toPlainText() or part.placeholderText())
    if isinstance(part, QLabel):
        return bool(part.text()) or not part.pixmap().isNull()
    return isinstance(part, (QAbstractButton, QComboBox, QLineEdit)) or (
        isinstance(part, QAbstractSlider) and not isinstance(part, QScrollBar)
    )
