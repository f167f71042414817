"""The switches of blending: how a fill is made to fit into the picture."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.controls import check_box
from app.schema import rows

if TYPE_CHECKING:
    from app.session.session import Session

PREFIX = "blend_"
"""Of the settings that these boxes set."""


class BlendBoxes(QWidget):
    """A check box for each switch, in the words of the settings page."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._boxes = {
            row.name: check_box(row.label, f"<p>{escape(row.text)}</p>")
            for row in rows()
            if row.name.startswith(PREFIX)
        }
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        for name, box in self._boxes.items():
            layout.addWidget(box)
            box.toggled.connect(partial(session.change_setting, name))
        session.backend_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        for name, box in self._boxes.items():
            with QSignalBlocker(box):
                box.setChecked(getattr(self._session.settings, name))
