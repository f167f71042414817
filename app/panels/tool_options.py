"""What the tool in hand can be set to: only what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.language import told, tr, tr_later
from app.panels.controls import NumberRow, QuietComboBox, check_box, labelled

if TYPE_CHECKING:
    from app.session.session import Session
    from app.tools import AreaMode, SourceMode

SOURCE_MODES = (
    (tr_later("Never take from here"), "never"),
    (tr_later("Take only from here"), "only"),
)
AREA_MODES = (
    (tr_later("Add to the mask"), "add"),
    (tr_later("Subtract from the mask"), "subtract"),
    (tr_later("Keep only the inside"), "intersect"),
)
AREA_KEYS = tr_later(
    "Shift adds, Alt or the right button subtracts, both keys keep only the inside."
)
HINTS = {
    "rectangle": AREA_KEYS,
    "lasso": AREA_KEYS,
    "polygon": tr_later(
        "Enter, a double click or the first corner closes; Backspace takes a corner back. "
        "Shift adds, Alt or the right button subtracts, both keys keep only the inside."
    ),
    "wand": tr_later(
        "Drag on to change the tolerance; or set it here until something else is edited. "
        "Shift adds, Alt or the right button subtracts, both keys keep only the inside."
    ),
    "smart": tr_later(
        "Scribble inside an object. Scribble on what is still missing; with Alt or "
        "the right button on what does not belong to it."
    ),
}
"""By the id of the tool."""

NOT_STEERED = tr_later(
    "{backend} takes from no particular place, so these marks do not steer it. PatchMatch and the "
    "networks with attention (PEPSI, MPGA + GLA, PEN-Net) obey them."
)


class ToolOptions(QWidget):
    """Shows the settings of the tool in hand and changes them."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._size = NumberRow(tr("Size"), 1, 2000, suffix=" px", is_logarithmic=True)
        self._hardness = NumberRow(tr("Hardness"), 0, 100, suffix=" %")
        self._pressure = check_box(
            tr("Pen pressure changes the size"), tr("Only pens and tablets have pressure")
        )
        self._source_mode = _choice(tr("Source brush"), SOURCE_MODES)
        self._source_row = labelled(tr("Marks"), self._source_mode)
        self._area_mode = _choice(tr("What the area does"), AREA_MODES)
        self._area_row = labelled(tr("Mode"), self._area_mode)
        self._tolerance = NumberRow(tr("Tolerance"), 0, 100, suffix=" %")
        self._contiguous = check_box(
            tr("Only what is connected"), tr("Off: similar colours in the whole picture")
        )
        self._hint = QLabel()
        self._hint.setWordWrap(True)
        self._hint.setProperty("role", "dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        self._brush_rows = (self._size, self._hardness, self._pressure)
        self._wand_rows = (self._tolerance, self._contiguous)
        for row in (
            *(self._source_row, *self._brush_rows, self._area_row, *self._wand_rows),
            self._hint,
        ):
            layout.addWidget(row)
        self._size.changed.connect(session.toolbox.set_size)
        self._hardness.changed.connect(self._set_hardness)
        self._pressure.toggled.connect(session.toolbox.set_pressure)
        self._source_mode.currentIndexChanged.connect(self._set_source_mode)
        self._area_mode.currentIndexChanged.connect(self._set_area_mode)
        self._tolerance.changed.connect(self._set_tolerance)
        self._contiguous.toggled.connect(session.toolbox.set_contiguous)
        session.toolbox.changed.connect(self._show)
        session.backend_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        session, toolbox = self._session, self._session.toolbox
        self._size.show_value(toolbox.brush.size)
        self._hardness.show_value(toolbox.brush.hardness * 100)
        with QSignalBlocker(self._pressure), QSignalBlocker(self._source_mode):
            self._pressure.setChecked(toolbox.brush.pressure)
            self._source_mode.setCurrentIndex(
                self._source_mode.findData(session.settings.source_mode)
            )
        self._tolerance.show_value(toolbox.area.tolerance * 100)
        with QSignalBlocker(self._area_mode), QSignalBlocker(self._contiguous):
            self._contiguous.setChecked(toolbox.area.contiguous)
            self._area_mode.setCurrentIndex(self._area_mode.findData(toolbox.area.mode))
        for row in self._brush_rows:
            row.setVisible(toolbox.has_brush)
        for row in self._wand_rows:
            row.setVisible(session.tool_id == "wand")
        self._source_row.setVisible(session.tool_id == "source")
        self._area_row.setVisible(not toolbox.has_brush)
        hint = tr(HINTS.get(session.tool_id, ""))
        if session.tool_id == "source" and not session.backend.heeds_forbidden:
            hint = tr(NOT_STEERED, backend=told(session.backend.label))
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))

    def _set_hardness(self, percent: float) -> None:
        self._session.toolbox.set_hardness(percent / 100)

    def _set_tolerance(self, percent: float) -> None:
        self._session.toolbox.set_tolerance(percent / 100)

    def _set_source_mode(self, index: int) -> None:
        mode = cast("SourceMode", self._source_mode.itemData(index))
        self._session.toolbox.use_source_mode(mode)

    def _set_area_mode(self, index: int) -> None:
        self._session.toolbox.use_area_mode(cast("AreaMode", self._area_mode.itemData(index)))


def _choice(name: str, rows: tuple[tuple[str, str], ...]) -> QuietComboBox:
    """A combo box of labels and what they stand for."""
    combo = QuietComboBox()
    combo.setAccessibleName(name)
    for label, value in rows:
        combo.addItem(tr(label), value)
    return combo
