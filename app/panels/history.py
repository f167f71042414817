"""Every step that was done or undone; a click jumps there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QBrush, QPalette
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.language import told, tr, tr_later

if TYPE_CHECKING:
    from app.session.session import Session

OPENED = tr_later("Opened")
HEIGHT = 170


class HistoryPanel(QWidget):
    """The list of steps, the present one marked, undone ones dimmed."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._list = QListWidget()
        self._list.setFixedHeight(HEIGHT)
        self._list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._list.setAccessibleName(tr("History"))
        self._list.setUniformItemSizes(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._list)
        self._list.itemClicked.connect(self._jump_later)
        self._list.itemActivated.connect(self._jump_later)
        session.history_changed.connect(self._show)
        session.document_changed.connect(self._show)

    @Slot()
    def _show(self) -> None:
        document = self._session.document
        with QSignalBlocker(self._list):
            self._list.clear()
            if document is None:
                return
            done, undone = document.steps
            dim = QBrush(
                self.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
            )
            self._list.addItem(tr(OPENED))
            for label in done:
                self._list.addItem(told(label))
            for label in undone:
                item = QListWidgetItem(told(label))
                item.setForeground(dim)
                self._list.addItem(item)
            self._list.setCurrentRow(len(done))

    def _jump_later(self) -> None:
        # The jump rebuilds the list, which must not happen while the list handles the click.
        QTimer.singleShot(0, self, self._jump)

    def _jump(self) -> None:
        document, row = self._session.document, self._list.currentRow()
        if document is not None and row >= 0:
            self._session.jump_in_history(row - len(document.steps[0]))
