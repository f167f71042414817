"""Every library that is inside, with its licence in full."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app import licences
from app.language import told, tr, tr_later
from engine.jobs import Job

if TYPE_CHECKING:
    from app.licences import Part
    from app.session.tasks import Tasks

LIST_WIDTH = 230
READING = tr_later("Reading the licences…")


class LicencesPage(QWidget):
    """Names on the left, the licence of the chosen one on the right."""

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._parts: list[Part] = []
        self._ticket: int | None = None
        self._is_left = False
        self.names = QListWidget()
        self.names.setFixedWidth(LIST_WIDTH)
        self.names.setAccessibleName(tr("Libraries"))
        self.names.currentRowChanged.connect(self._show)
        self.licence = QLabel(tr(READING))
        self.licence.setProperty("role", "dim")
        self.licence.setWordWrap(True)
        self.licence.setTextFormat(Qt.TextFormat.PlainText)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(tr("Licence"))
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self.licence)
        right.addWidget(self.text, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.names)
        layout.addLayout(right, 1)

    def load(self) -> None:
        """Read them in the worker; once."""
        if self._ticket is not None:
            return
        self._ticket = self._tasks.start(
            Job(tr_later("Reading licences"), licences.parts),
            self._take,
            failed=self._refuse,
            quiet_s=math.inf,
        )

    def leave(self) -> None:
        """The dialog closes; what is still being read is for nobody."""
        self._is_left = True
        if self._ticket is not None:
            self._tasks.cancel(self._ticket)

    def _take(self, parts: list[Part]) -> None:
        if self._is_left:
            return
        self._parts = parts
        self.names.addItems([part.name for part in parts])
        self.names.setCurrentRow(0)

    def _refuse(self, error: Exception) -> None:
        if not self._is_left:
            self.licence.setText(tr("The licences cannot be read: {error}", error=error))

    @Slot(int)
    def _show(self, row: int) -> None:
        part = self._parts[row]
        self.licence.setText(told(part.licence))
        self.text.setPlainText(part.text)
