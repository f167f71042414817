"""A path that can be typed, chosen or dropped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.language import tr
from app.panels.controls import TextField

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QDragEnterEvent, QDropEvent


class PathRow(QWidget):
    """A field and a button.

    Signals:
        changed: the path that the user gave, as text.
        ask: the button was pressed.
    """

    changed = Signal(str)
    ask = Signal()

    def __init__(self, name: str, placeholder: str) -> None:
        super().__init__()
        self.field = _DropField()
        self.field.setAccessibleName(name)
        self.field.setPlaceholderText(placeholder)
        self.field.editingFinished.connect(self._on_edited)
        self.field.dropped.connect(self.changed)
        self.choose = QPushButton(tr("Choose…"))
        self.choose.setAccessibleName(tr("Choose: {name}", name=name))
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self.ask)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.field, 1)
        layout.addWidget(self.choose)

    def show_path(self, path: str) -> None:
        """Show a path, unless another one is being typed."""
        if not self.field.isModified() and self.field.text() != path:
            self.field.setText(path)
            self.field.setToolTip(path)

    def _on_edited(self) -> None:
        if self.field.isModified():
            self.field.setModified(False)
            self.changed.emit(self.field.text().strip())


class _DropField(TextField):
    """Takes a dropped file or folder as its path, not as text."""

    dropped = Signal(str)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(str(paths[0]))
        else:
            super().dropEvent(event)


def dropped_paths(data: QMimeData) -> list[Path]:
    """The local files and folders among what is dropped."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
