"""Every number of a recipe, folded away: those who need it know the names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.language import tr, tr_later
from app.panels.controls import TextField
from app.session.training_words import CRITICS, loss

if TYPE_CHECKING:
    from app.session.training_wish import Wish

LABELS = {
    "steps": (tr_later("Steps"), tr_later("Pictures a step are the batch")),
    "batch": (tr_later("Batch"), tr_later("Pictures a step; fewer need less memory")),
    "size": (tr_later("Crop"), tr_later("Side of the crops in pixels")),
    "lr": (tr_later("Step size"), tr_later("Learning rate of the generator")),
    "critic_lr": (tr_later("Critic's step size"), tr_later("Learning rate of the critic")),
    "seed": (
        tr_later("Seed"),
        tr_later("The same seed, pictures and machine give the same weights"),
    ),
}
COLUMNS = 2
LABEL_WIDTH = 220
FIELD_WIDTH = 90
CHANGED = tr_later("changed from the recipe's {value}")


class Advanced(QWidget):
    """Numbers at the top, weights of the losses below; what is changed is marked.

    Signals:
        changed: name as `--set` has it, and the text; empty = as the recipe has it.
    """

    changed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, TextField] = {}
        self._values: dict[str, str] = {}
        self._grid = QGridLayout(self)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        for column in (0, 3):
            self._grid.setColumnMinimumWidth(column, LABEL_WIDTH)
        self._grid.setColumnMinimumWidth(2, 26)
        self._grid.setColumnStretch(5, 1)

    def show_wish(self, wish: Wish) -> None:
        """Show the fields of a recipe with what is changed in it."""
        values = wish.values()
        if values.keys() != self.fields.keys():
            self._build(wish, values)
        self._values = values
        for name, field in self.fields.items():
            text = wish.changes.get(name, values[name])
            if field.text() != text:
                field.setText(text)
            is_changed = name in wish.changes
            field.setToolTip(tr(CHANGED, value=values[name]) if is_changed else _tip(name))
            font = field.font()
            font.setBold(is_changed)
            field.setFont(font)

    def _build(self, wish: Wish, values: dict[str, str]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.fields = {}
        numbers = [name for name in values if name in LABELS]
        weights = [name for name in values if name.startswith("loss.")]
        critics = [name for name in values if name.startswith("critic_loss.")]
        row = self._add(0, "", numbers)
        row = self._add(row, tr("Weights of the losses; 0 leaves one out"), weights)
        critic = tr(CRITICS.get(wish.recipe.critic, wish.recipe.critic))
        self._add(row, tr("Critic: {critic}; what it learns from", critic=critic), critics)

    def _add(self, row: int, title: str, names: list[str]) -> int:
        """Fields in two columns under a title; the next free row."""
        if title:
            heading = QLabel(title)
            heading.setProperty("role", "dim")
            heading.setContentsMargins(0, 8, 0, 0)
            self._grid.addWidget(heading, row, 0, 1, -1)
            row += 1
        for number, name in enumerate(names):
            at, column = row + number // COLUMNS, number % COLUMNS * 3
            label = QLabel(_label(name))
            label.setToolTip(name)
            self._grid.addWidget(label, at, column)
            self._grid.addWidget(self._field(name), at, column + 1)
        return row + -(-len(names) // COLUMNS)

    def _field(self, name: str) -> TextField:
        field = self.fields[name] = TextField()
        field.setFixedWidth(FIELD_WIDTH)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setAccessibleName(_label(name))
        field.editingFinished.connect(lambda: self._on_edited(name))
        return field

    def _on_edited(self, name: str) -> None:
        text = self.fields[name].text().strip()
        self.changed.emit(name, "" if text == self._values[name] else text)


def _label(name: str) -> str:
    if name in LABELS:
        return tr(LABELS[name][0])
    table, _, own = name.partition(".")
    return loss(own) if table == "loss" else own.replace("_", " ")


def _tip(name: str) -> str:
    return tr(LABELS[name][1]) if name in LABELS else name
