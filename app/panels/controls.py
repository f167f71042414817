"""Rows of a panel: a label, something to set, and nothing that grabs keys from the canvas."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from app.language import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.backend import Option, OptionValue

LABEL_WIDTH = 86
NUMBER_WIDTH = 72
SLIDER_STEPS = 1000


class NumberBox(QDoubleSpinBox):
    """A spin box that the wheel changes only once it has the focus, so that panels scroll.

    Enter and Esc give the keyboard back to the canvas.
    """

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.clearFocus()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class TextField(QLineEdit):
    """A line of text; Enter and Esc give the keyboard back to the canvas."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.clearFocus()


class QuietSlider(QSlider):
    """A slider that neither the wheel nor a click takes the keyboard for."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class QuietComboBox(QComboBox):
    """A combo box that lets the panel scroll under it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(8)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class NumberRow(QWidget):
    """Label, slider and number; `is_logarithmic` gives small numbers more room.

    Signals:
        changed: the new number, set by the user.
    """

    changed = Signal(float)

    def __init__(
        self,
        label: str,
        low: float,
        high: float,
        *,
        suffix: str = "",
        decimals: int = 0,
        is_logarithmic: bool = False,
        help_text: str = "",
        label_width: int = LABEL_WIDTH,
    ) -> None:
        super().__init__()
        self._low, self._high, self._is_logarithmic = low, high, is_logarithmic
        self._slider = QuietSlider()
        self._slider.setRange(0, SLIDER_STEPS)
        self._slider.setAccessibleName(label)
        self._number = NumberBox()
        self._number.setRange(low, high)
        self._number.setDecimals(decimals)
        self._number.setSuffix(suffix)
        self._number.setKeyboardTracking(False)
        self._number.setFixedWidth(NUMBER_WIDTH)
        self._number.setAccessibleName(label)
        self.setToolTip(help_text)
        lay_out_row(self, label, self._slider, self._number, label_width=label_width)
        self._slider.valueChanged.connect(self._on_slider)
        self._number.valueChanged.connect(self._on_number)

    def show_value(self, value: float) -> None:
        """Show a number without telling anybody."""
        with QSignalBlocker(self._slider), QSignalBlocker(self._number):
            self._slider.setValue(self._place(value))
            self._number.setValue(value)

    def _place(self, value: float) -> int:
        if self._is_logarithmic:
            share = math.log(value / self._low) / math.log(self._high / self._low)
        else:
            share = (value - self._low) / (self._high - self._low)
        return round(share * SLIDER_STEPS)

    def _on_slider(self, place: int) -> None:
        share = place / SLIDER_STEPS
        if self._is_logarithmic:
            value = self._low * (self._high / self._low) ** share
        else:
            value = self._low + (self._high - self._low) * share
        value = round(value, self._number.decimals())
        with QSignalBlocker(self._number):
            self._number.setValue(value)
        self.changed.emit(value)

    def _on_number(self, value: float) -> None:
        with QSignalBlocker(self._slider):
            self._slider.setValue(self._place(value))
        self.changed.emit(value)


class ColourButton(QToolButton):
    """A swatch that opens the colour dialog.

    Signals:
        changed: the new colour as "#rrggbb".
    """

    changed = Signal(str)

    def __init__(self, label: str) -> None:
        super().__init__()
        self._colour = "#000000"
        self.setAccessibleName(label)
        self.setToolTip(label)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(24)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._ask)

    def show_colour(self, colour: str) -> None:
        self._colour = colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._colour))
        painter.drawRoundedRect(self.rect().adjusted(1, 4, -1, -4), 3, 3)

    def _ask(self) -> None:
        colour = QColorDialog.getColor(QColor(self._colour), self.window(), self.accessibleName())
        if colour.isValid():
            self.show_colour(colour.name())
            self.changed.emit(colour.name())


def lay_out_row(row: QWidget, label: str, *parts: QWidget, label_width: int = LABEL_WIDTH) -> None:
    """Label at the left, all labels of a panel equally wide; the first part takes the rest."""
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    name = QLabel(label)
    name.setFixedWidth(label_width)
    name.setProperty("role", "dim")
    layout.addWidget(name)
    for index, part in enumerate(parts):
        layout.addWidget(part, 1 if index == 0 else 0)


def labelled(label: str, *parts: QWidget, label_width: int = LABEL_WIDTH) -> QWidget:
    """A row of a label and its controls."""
    row = QWidget()
    lay_out_row(row, label, *parts, label_width=label_width)
    return row


def check_box(label: str, help_text: str = "") -> QCheckBox:
    box = QCheckBox(label)
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.setToolTip(help_text)
    return box


def option_row(
    option: Option, value: OptionValue, changed: Callable[[OptionValue], None]
) -> QWidget:
    """The control for one option of a backend, by the type of its default."""
    if isinstance(option.default, bool):
        box = check_box(told(option.label), told(option.help))
        box.setChecked(bool(value))
        box.toggled.connect(changed)
        return box
    if isinstance(option.default, str) and not option.choices:
        return _text_option_row(option, str(value), changed)
    if isinstance(option.default, str):
        combo = QuietComboBox()
        for choice in option.choices:
            combo.addItem(told(choice), choice)
        combo.setCurrentIndex(combo.findData(str(value)))
        combo.setToolTip(told(option.help))
        combo.setAccessibleName(told(option.label))
        combo.currentIndexChanged.connect(lambda index: changed(combo.itemData(index)))
        return labelled(told(option.label), combo)
    return _number_option_row(option, float(value), changed)


def _text_option_row(option: Option, value: str, changed: Callable[[OptionValue], None]) -> QWidget:
    field = TextField()
    field.setText(value)
    field.setToolTip(told(option.help))
    field.setAccessibleName(told(option.label))
    field.editingFinished.connect(lambda: changed(field.text()))
    return labelled(told(option.label), field)


def _number_option_row(
    option: Option, value: float, changed: Callable[[OptionValue], None]
) -> QWidget:
    kind = int if isinstance(option.default, int) else float
    row = NumberRow(
        told(option.label),
        0.0 if option.low is None else option.low,
        100.0 if option.high is None else option.high,
        decimals=0 if kind is int else 2,
        help_text=told(option.help),
    )
    row.show_value(value)
    row.changed.connect(lambda number: changed(kind(number)))
    return row


def push_button(label: str, verb: Callable[[], None], help_text: str) -> QPushButton:
    """A button that a click does not take the keyboard for."""
    button = QPushButton(label)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(help_text)
    button.clicked.connect(lambda _: verb())
    return button


def side_by_side(*widgets: QWidget) -> QWidget:
    """Widgets side by side; buttons share the width."""
    line = QWidget()
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for widget in widgets:
        layout.addWidget(widget, 1)
    return line
