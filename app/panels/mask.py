"""The mask: its shape, and how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.panels.controls import (
    NUMBER_WIDTH,
    ColourButton,
    NumberBox,
    NumberRow,
    check_box,
    labelled,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.session.session import Session


class MaskPanel(QWidget):
    """Grow, shrink, invert, clear; colour, opacity and outline."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._step = NumberBox()
        self._step.setRange(1, 200)
        self._step.setDecimals(0)
        self._step.setSuffix(" px")
        self._step.setFixedWidth(NUMBER_WIDTH)
        self._step.setAccessibleName("Pixels to grow or shrink the mask by")
        self._step.setToolTip("By how much Grow and Shrink change the mask")
        self._colour = ColourButton("Mask colour")
        self._opacity = NumberRow("Opacity", 0, 100, suffix=" %")
        self._outline = check_box("Outline", "Draw the rim of the mask")
        self._shape = [
            _button("Grow", session.masks.grow, "Widen the mask"),
            _button("Shrink", session.masks.shrink, "Narrow the mask"),
        ]
        self._whole = [
            _button("Invert", session.masks.invert, "Swap what is kept and what is filled"),
            _button("Clear", session.masks.clear, "Remove the whole mask"),
            _button("Reselect", session.masks.reselect, "Bring the last mask back"),
        ]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(_line(*self._shape, self._step))
        layout.addWidget(_line(*self._whole))
        layout.addWidget(self._opacity)
        layout.addWidget(labelled("Colour", self._colour, self._outline))
        self._step.valueChanged.connect(self._set_step)
        self._opacity.changed.connect(self._set_opacity)
        self._outline.toggled.connect(self._set_outline)
        self._colour.changed.connect(self._set_colour)
        session.look_changed.connect(self._show)
        session.state_changed.connect(self._enable)
        self._show()
        self._enable()

    @Slot()
    def _show(self) -> None:
        settings = self._session.settings
        self._opacity.show_value(settings.mask_opacity * 100)
        self._colour.show_colour(settings.mask_colour)
        with QSignalBlocker(self._outline), QSignalBlocker(self._step):
            self._outline.setChecked(settings.mask_outline)
            self._step.setValue(settings.mask_step)

    @Slot()
    def _enable(self) -> None:
        session = self._session
        for button in self._shape:
            button.setEnabled(session.has_hole)
        states = (session.has_picture, session.has_hole, session.can_reselect)
        for button, state in zip(self._whole, states, strict=True):
            button.setEnabled(state)

    def _set_step(self, step: float) -> None:
        self._session.settings.mask_step = int(step)

    def _set_opacity(self, percent: float) -> None:
        self._session.settings.mask_opacity = percent / 100
        self._session.look_changed.emit()

    def _set_outline(self, on: bool) -> None:
        self._session.settings.mask_outline = on
        self._session.look_changed.emit()

    def _set_colour(self, colour: str) -> None:
        self._session.settings.mask_colour = colour
        self._session.look_changed.emit()


def _button(label: str, verb: Callable[[], None], help_text: str) -> QPushButton:
    button = QPushButton(label)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolTip(help_text)
    button.clicked.connect(lambda _: verb())
    return button


def _line(*widgets: QWidget) -> QWidget:
    """Widgets side by side; buttons share the width."""
    line = QWidget()
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    for widget in widgets:
        layout.addWidget(widget, 1)
    return line
