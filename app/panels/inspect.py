"""Looks behind a fill: where pixels came from, what a network was sure of, and its stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QCheckBox, QLabel, QSlider, QVBoxLayout, QWidget

from app.language import tr
from app.panels.controls import QuietComboBox, QuietSlider, labelled
from app.panels.legend import Legend
from app.session import inspect_words

if TYPE_CHECKING:
    from app.session.session import Session

LINES = 3
"""Room for the longest sentence, so that what is below does not jump while the cursor moves."""


class InspectPanel(QWidget):
    """A switch, a sentence about the pixel under the cursor, and what can be laid over the picture.

    Only what the result in the picture has can be chosen: levels, maps and stages come and go.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._switch = QCheckBox(tr("Show where pixels come from"))
        self._switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._switch.setToolTip(tr("Runs note the origin of every pixel; networks are slower then"))
        self._words = self._dim_label()
        self._words.setAccessibleName(tr("Origin of the pixel under the cursor"))
        self._words.setMinimumHeight(LINES * self.fontMetrics().lineSpacing())
        self._level = QuietComboBox()
        self._level.setAccessibleName(tr("Level"))
        self._map = QuietComboBox()
        self._map.setAccessibleName(tr("Map over the hole"))
        self._legend = Legend("0 %", "100 %")
        self._stage = QuietSlider()
        self._stage.setAccessibleName(tr("Stage"))
        self._stage.setTickPosition(QSlider.TickPosition.TicksBelow)
        self._stage.setPageStep(1)
        self._stage.setToolTip(tr("What the network made on its way; the result stays as it is"))
        self._stage_name = self._dim_label()
        self._rows = {
            "level": labelled(tr("Level"), self._level),
            "map": labelled(tr("Map"), self._map),
            "stage": labelled(tr("Stage"), self._stage),
        }
        self._lay_out()
        self._connect()
        self._show()
        self._show_choices()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        rows = self._rows
        for part in (self._switch, self._words, rows["level"], rows["map"], self._legend):
            layout.addWidget(part)
        layout.addWidget(rows["stage"])
        layout.addWidget(self._stage_name)

    def _connect(self) -> None:
        inspector = self._session.inspector
        self._switch.toggled.connect(inspector.use)
        self._level.currentIndexChanged.connect(self._use_level)
        self._map.currentIndexChanged.connect(self._use_map)
        self._stage.valueChanged.connect(self._use_stage)
        inspector.changed.connect(self._show)
        inspector.sheets_changed.connect(self._show_choices)

    @Slot()
    def _show(self) -> None:
        inspector = self._session.inspector
        with QSignalBlocker(self._switch):
            self._switch.setChecked(inspector.is_on)
        self._words.setText(inspector.words)

    @Slot()
    def _show_choices(self) -> None:
        inspector = self._session.inspector
        levels, maps, stages = inspector.levels, inspector.map_names, inspector.stage_keys
        with QSignalBlocker(self._level):
            named = [(inspect_words.of_level(level), key) for key, level in levels.items()]
            _fill(self._level, named, inspector.level_key)
        with QSignalBlocker(self._map):
            named = [(inspect_words.of_map(name), name) for name in maps]
            _fill(self._map, [(tr("Nothing"), ""), *named], inspector.map_name)
        with QSignalBlocker(self._stage):
            self._stage.setRange(0, max(0, len(stages) - 1))
            self._stage.setValue(stages.index(inspector.stage) if stages else 0)
        self._rows["level"].setVisible(len(levels) > 1)
        self._rows["map"].setVisible(bool(maps))
        self._legend.setVisible(bool(inspector.map_name))
        self._rows["stage"].setVisible(bool(stages))
        self._stage_name.setVisible(bool(stages))
        self._stage_name.setText(inspect_words.of_stage(inspector.stage))

    @Slot(int)
    def _use_level(self, index: int) -> None:
        self._session.inspector.use_level(str(self._level.itemData(index)))

    @Slot(int)
    def _use_map(self, index: int) -> None:
        self._session.inspector.use_map(str(self._map.itemData(index) or ""))

    @Slot(int)
    def _use_stage(self, place: int) -> None:
        inspector = self._session.inspector
        inspector.use_stage(inspector.stage_keys[place])

    @staticmethod
    def _dim_label() -> QLabel:
        label = QLabel()
        label.setWordWrap(True)
        label.setProperty("role", "dim")
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        return label


def _fill(combo: QuietComboBox, rows: list[tuple[str, str]], chosen: str) -> None:
    """Labels and what they stand for; left alone if they are there already."""
    there = [(combo.itemText(index), combo.itemData(index)) for index in range(combo.count())]
    if there != rows:
        combo.clear()
        for label, value in rows:
            combo.addItem(label, value)
    combo.setCurrentIndex(combo.findData(chosen))
