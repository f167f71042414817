"""How large a dialog opens: as large as it likes, but never larger than the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog

FRAME = QSize(16, 64)
"""What a window manager and a task bar may take of the screen around it."""


def open_at(dialog: QDialog, size: QSize) -> None:
    """Give a dialog its first size, or what the screen has room for."""
    room = dialog.screen().availableSize() - FRAME
    dialog.resize(size.boundedTo(room))
