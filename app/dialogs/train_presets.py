"""The recipes to choose from, each with one honest sentence and the time it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QRadioButton, QWidget

from app.language import tr
from app.session.training_words import PRESETS, time_needed
from training.recipes import recipe

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent

    from training.config import Preset

NAME_WIDTH = 110


class PresetRows(QWidget):
    """One row for each preset; a press anywhere in it chooses it.

    Signals:
        chosen: the preset that the user took.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[Preset, QRadioButton] = {}
        self._texts: dict[Preset, _Sentence] = {}
        self._group = QButtonGroup(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, (preset, (name, _)) in enumerate(PRESETS.items()):
            button = self.buttons[preset] = QRadioButton(tr(name))
            button.setFixedWidth(NAME_WIDTH)
            button.clicked.connect(lambda _=False, preset=preset: self.chosen.emit(preset))
            text = self._texts[preset] = _Sentence(button)
            self._group.addButton(button)
            grid.addWidget(button, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text, row, 1)

    def show_chosen(self, preset: Preset, backend: str, speed: float | None) -> None:
        """Mark a preset, and tell of each how long it takes.

        Args:
            preset: the one to mark.
            backend: the network to be trained.
            speed: picture pixels a second that it was measured to learn from; None = never.
        """
        self.buttons[preset].setChecked(True)
        for name, text in self._texts.items():
            text.setText(f"{tr(PRESETS[name][1])} {time_needed(recipe(backend, name), speed)}")


class _Sentence(QLabel):
    """Belongs to a button: a press on it is one on the button."""

    def __init__(self, button: QRadioButton) -> None:
        super().__init__()
        self._button = button
        self.setWordWrap(True)
        self.setProperty("role", "dim")

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        super().setText(text)
        self._button.setAccessibleDescription(text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._button.click()
