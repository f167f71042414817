"""How many variations of a fill to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout

from app.language import tr
from app.panels.controls import NumberRow
from app.session.notices import duration

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

FEWEST, USUAL, MOST = 2, 4, 8


class VariationsDialog(QDialog):
    """Asks for the number and says how long that takes, if one is known."""

    def __init__(self, seconds: float | None, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Variations"))
        self.count = USUAL
        self._seconds = seconds
        self._row = NumberRow(tr("Number"), FEWEST, MOST)
        self._row.show_value(USUAL)
        self._row.changed.connect(self._set)
        text = QLabel(
            tr(
                "The mask is filled with one seed after another; the fills are ranked by how well "
                "they fit."
            )
        )
        text.setWordWrap(True)
        self._time = QLabel()
        self._time.setProperty("role", "dim")
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        for part in (text, self._row, self._time, buttons):
            layout.addWidget(part)
        self.setMinimumWidth(400)
        self._set(USUAL)

    def _set(self, count: float) -> None:
        self.count = round(count)
        self._time.setText(
            tr("How long one takes is not known yet.")
            if self._seconds is None
            else tr("About {time} in all.", time=duration(self._seconds * self.count))
        )
