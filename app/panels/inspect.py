"""Looks behind a fill: where the pixel under the cursor came from, and how strongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from app.session.session import Session

LINES = 3
"""Room for the longest sentence, so that what is below does not jump while the cursor moves."""


class InspectPanel(QWidget):
    """A switch, and a sentence about the pixel under the cursor."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._switch = QCheckBox("Show where pixels come from")
        self._switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._switch.setToolTip("Runs note the origin of every pixel; networks are slower then")
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setProperty("role", "dim")
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._words.setAccessibleName("Origin of the pixel under the cursor")
        self._words.setMinimumHeight(LINES * self.fontMetrics().lineSpacing())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self._switch)
        layout.addWidget(self._words)
        self._switch.toggled.connect(session.inspector.use)
        session.inspector.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        inspector = self._session.inspector
        with QSignalBlocker(self._switch):
            self._switch.setChecked(inspector.is_on)
        self._words.setText(inspector.words)
