"""Keys that are no plain shortcuts: those of a text field, and those that act while held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

if TYPE_CHECKING:
    from app.window.menus import Commands

TEXT_FIELDS = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit, QKeySequenceEdit)
COMMAND_KEYS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


class KeyGuard(QObject):
    """Watches the keys that reach the window because the focused widget did not want them."""

    def __init__(self, commands: Commands, window: QWidget) -> None:
        super().__init__(window)
        self._commands = commands
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowDeactivate:
            self._commands.let_go()
        elif isinstance(event, QKeyEvent):
            is_text = belongs_to_text(event, QApplication.focusWidget())
            if event.type() == QEvent.Type.ShortcutOverride:
                if is_text:
                    event.accept()
                return is_text
            if not is_text and self._hold(event):
                return True
        return super().eventFilter(watched, event)

    def _hold(self, event: QKeyEvent) -> bool:
        verb = self._commands.held(QKeySequence(event.keyCombination()))
        if verb is None:
            return False
        if not event.isAutoRepeat():
            verb(event.type() == QEvent.Type.KeyPress)
        return True


def belongs_to_text(event: QKeyEvent, focused: QWidget | None) -> bool:
    """Whether the key is for the text field that has the focus, and so no shortcut.

    Everything without Ctrl, Alt or Meta is: letters, Enter, PgUp. Esc and the function keys stay
    with the program.
    """
    is_list_with_text = isinstance(focused, QComboBox) and focused.isEditable()
    if not isinstance(focused, TEXT_FIELDS) and not is_list_with_text:
        return False
    key = event.key()
    if key == Qt.Key.Key_Escape or Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35:
        return False
    return not event.modifiers() & COMMAND_KEYS
