"""Size, hardness and the rest of the tool in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.controls import NumberRow, QuietComboBox, check_box, labelled

if TYPE_CHECKING:
    from app.session.session import Session
    from app.tools import SourceMode

SOURCE_MODES = (("Never take from here", "never"), ("Take only from here", "only"))


class ToolOptions(QWidget):
    """Shows the brush and changes it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._size = NumberRow("Size", 1, 2000, suffix=" px", is_logarithmic=True)
        self._hardness = NumberRow("Hardness", 0, 100, suffix=" %")
        self._pressure = check_box(
            "Pen pressure changes the size", "Only pens and tablets have pressure"
        )
        self._mode = QuietComboBox()
        self._mode.setAccessibleName("Source brush")
        for label, mode in SOURCE_MODES:
            self._mode.addItem(label, mode)
        self._mode_row = labelled("Marks", self._mode)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        for row in (self._mode_row, self._size, self._hardness, self._pressure):
            layout.addWidget(row)
        self._size.changed.connect(session.toolbox.set_size)
        self._hardness.changed.connect(self._set_hardness)
        self._pressure.toggled.connect(session.toolbox.set_pressure)
        self._mode.currentIndexChanged.connect(self._set_mode)
        session.toolbox.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        session = self._session
        self._size.show_value(session.toolbox.brush.size)
        self._hardness.show_value(session.toolbox.brush.hardness * 100)
        with QSignalBlocker(self._pressure), QSignalBlocker(self._mode):
            self._pressure.setChecked(session.toolbox.brush.pressure)
            self._mode.setCurrentIndex(self._mode.findData(session.settings.source_mode))
        self._mode_row.setVisible(session.tool_id == "source")

    def _set_hardness(self, percent: float) -> None:
        self._session.toolbox.set_hardness(percent / 100)

    def _set_mode(self, index: int) -> None:
        self._session.toolbox.use_source_mode(cast("SourceMode", self._mode.itemData(index)))
