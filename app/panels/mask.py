"""The mask: which one, its shape, and how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.language import tr
from app.panels.controls import (
    ColourButton,
    NumberRow,
    check_box,
    labelled,
    push_button,
    side_by_side,
)
from app.panels.mask_list import MaskList

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.session.session import Session


WIDEST = 100
"""Pixels; more than that is another mask."""


class MaskPanel(QWidget):
    """Grow, smooth and feather as one live step; invert, clear; colour, opacity and outline."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        shaping = session.shaping
        self._grow = _shape_row(tr("Grow"), -WIDEST, shaping.set_grow, tr("Below zero it shrinks"))
        self._smooth = _shape_row(
            tr("Smooth"), 0, shaping.set_smooth, tr("Round off the mask's edge")
        )
        self._feather = _shape_row(
            tr("Feather"), 0, shaping.set_feather, tr("Soften the mask's edge")
        )
        self._colour = ColourButton(tr("Mask colour"))
        self._opacity = NumberRow(tr("Opacity"), 0, 100, suffix=" %")
        self._outline = check_box(tr("Outline"), tr("Draw the rim of the mask"))
        self._whole = [
            push_button(
                tr("Invert"), session.masks.invert, tr("Swap what is kept and what is filled")
            ),
            push_button(tr("Clear"), session.masks.clear, tr("Remove the whole mask")),
            push_button(tr("Reselect"), session.masks.reselect, tr("Bring the last mask back")),
        ]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        self._shape = (self._grow, self._smooth, self._feather)
        layout.addWidget(MaskList(session))
        for row in self._shape:
            layout.addWidget(row)
        layout.addWidget(side_by_side(*self._whole))
        layout.addWidget(self._opacity)
        layout.addWidget(labelled(tr("Colour"), self._colour, self._outline))
        shaping.changed.connect(self._show_shape)
        self._opacity.changed.connect(self._set_opacity)
        self._outline.toggled.connect(self._set_outline)
        self._colour.changed.connect(self._set_colour)
        session.look_changed.connect(self._show)
        session.state_changed.connect(self._enable)
        self._show()
        self._show_shape()
        self._enable()

    @Slot()
    def _show(self) -> None:
        settings = self._session.settings
        self._opacity.show_value(settings.mask_opacity * 100)
        self._colour.show_colour(settings.mask_colour)
        with QSignalBlocker(self._outline):
            self._outline.setChecked(settings.mask_outline)

    @Slot()
    def _show_shape(self) -> None:
        """What the live step does to the mask now; nothing after any other edit."""
        shaping = self._session.shaping
        sizes = (shaping.grow, shaping.smooth, shaping.feather)
        for row, size in zip(self._shape, sizes, strict=True):
            row.show_value(size)

    @Slot()
    def _enable(self) -> None:
        session = self._session
        # The hole may be shrunk to nothing, and the slider is the way back.
        is_shaped = any((session.shaping.grow, session.shaping.smooth, session.shaping.feather))
        for row in self._shape:
            row.setEnabled(session.has_hole or is_shaped)
        states = (session.has_picture, session.has_hole, session.can_reselect)
        for button, state in zip(self._whole, states, strict=True):
            button.setEnabled(state)

    def _set_opacity(self, percent: float) -> None:
        self._session.settings.mask_opacity = percent / 100
        self._session.look_changed.emit()

    def _set_outline(self, on: bool) -> None:
        self._session.settings.mask_outline = on
        self._session.look_changed.emit()

    def _set_colour(self, colour: str) -> None:
        self._session.settings.mask_colour = colour
        self._session.look_changed.emit()


def _shape_row(label: str, low: int, changed: Callable[[int], None], help_text: str) -> NumberRow:
    row = NumberRow(label, low, WIDEST, suffix=" px", help_text=help_text)
    row.changed.connect(lambda pixels: changed(round(pixels)))
    return row
