"""The settings page: a row for each field of the schema, made from its type and its words."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.sizes import open_at
from app.language import tr
from app.panels.controls import (
    ColourButton,
    NumberRow,
    QuietComboBox,
    TextField,
    check_box,
    labelled,
)
from app.schema import Row, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.session.questions import Questions
    from app.session.session import Session
    from app.settings import Settings

LABEL_WIDTH = 190
FIRST_SIZE = QSize(580, 640)
INDENT = 23
"""Of a sentence under a check box: it stands below the words."""


class SettingsDialog(QDialog):
    """Changes take effect at once; those that cannot say so."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        # What was set in the panels meanwhile is shown, and is not lost to a stale row.
        session.toolbox.remember()
        self._session = session
        self.controls = {row.name: Control(row, session.questions, self._change) for row in rows()}
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.reset = QPushButton(tr("Reset to Defaults"))
        self.reset.setToolTip(tr("Set everything on this page to what Lacuna came with"))
        buttons.addButton(self.reset, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.rejected.connect(self.reject)
        self.reset.clicked.connect(self._reset)
        for button in buttons.buttons():
            if isinstance(button, QPushButton):
                # Enter in a number must not close the page.
                button.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 14)
        layout.setSpacing(10)
        layout.addWidget(self._page(), 1)
        layout.addWidget(buttons)
        buttons.setContentsMargins(18, 0, 18, 0)
        open_at(self, FIRST_SIZE)
        self._show()

    def _page(self) -> QScrollArea:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(18, 16, 18, 8)
        column.setSpacing(12)
        group = ""
        for row in rows():
            if row.group != group:
                group = row.group
                title = QLabel(group)
                title.setProperty("role", "heading")
                column.addWidget(title)
            column.addWidget(self.controls[row.name])
        column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        return area

    def _show(self) -> None:
        for control in self.controls.values():
            control.show_value(self._session.settings)

    def _change(self, name: str, value: object) -> None:
        self._session.change_setting(name, value)

    def _reset(self) -> None:
        for row in rows():
            self._session.change_setting(row.name, row.default)
        self._show()


class Control(QWidget):
    """The control of one row with its sentence below.

    Args:
        row: what it sets.
        questions: asks for files.
        changed: called with the row's name and the new value.
    """

    def __init__(
        self, row: Row, questions: Questions, changed: Callable[[str, object], None]
    ) -> None:
        super().__init__()
        self._row = row
        self._questions = questions
        self._changed = partial(changed, row.name)
        makers: dict[str, Callable[[], QWidget]] = {
            "switch": self._switch,
            "choice": self._choice,
            "whole": self._number,
            "number": self._number,
            "colour": self._colour,
            "file": self._file,
        }
        self._show: Callable[[object], None]
        line = makers[row.kind]()
        more = tr("Takes effect at the next start.") if row.waits else ""
        sentence = QLabel(f"{row.text} {more}".strip())
        sentence.setWordWrap(True)
        sentence.setProperty("role", "dim")
        if row.kind == "switch":
            sentence.setIndent(INDENT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(line)
        layout.addWidget(sentence)

    def show_value(self, settings: Settings) -> None:
        """Show what is set, without telling anybody."""
        self._show(getattr(settings, self._row.name))

    def _switch(self) -> QWidget:
        box = check_box(self._row.label)
        box.toggled.connect(self._changed)
        self._show = lambda value: _check(box, on=bool(value))
        return box

    def _choice(self) -> QWidget:
        combo = QuietComboBox()
        combo.setAccessibleName(self._row.label)
        for value, label in self._row.choices:
            combo.addItem(label, value)
        combo.currentIndexChanged.connect(lambda index: self._changed(combo.itemData(index)))

        def show(value: object) -> None:
            with QSignalBlocker(combo):
                combo.setCurrentIndex(combo.findData(value))

        self._show = show
        return labelled(self._row.label, combo, label_width=LABEL_WIDTH)

    def _number(self) -> QWidget:
        row = self._row
        scale, kind = (
            (100, float) if row.unit == "%" else (1, int if row.kind == "whole" else float)
        )
        line = NumberRow(
            row.label,
            row.low * scale,
            row.high * scale,
            suffix=f" {row.unit}" if row.unit else "",
            is_logarithmic=row.low > 0 and row.high / row.low >= 100,
            label_width=LABEL_WIDTH,
        )
        line.changed.connect(lambda number: self._changed(kind(number / scale)))
        self._show = lambda value: line.show_value(float(str(value)) * scale)
        return line

    def _colour(self) -> QWidget:
        button = ColourButton(self._row.label)
        button.changed.connect(self._changed)
        self._show = lambda value: button.show_colour(str(value))
        return labelled(self._row.label, button, label_width=LABEL_WIDTH)

    def _file(self) -> QWidget:
        field, button = TextField(), QPushButton(tr("Choose…"))
        field.setAccessibleName(self._row.label)
        button.setAccessibleName(tr("Choose: {label}", label=self._row.label))
        button.setAutoDefault(False)
        field.editingFinished.connect(lambda: self._changed(field.text()))

        def choose() -> None:
            folder = Path(field.text()).parent if field.text() else None
            path = self._questions.file_to_use(self._row.label, self._row.files, folder)
            if path is not None:
                field.setText(str(path))
                self._changed(str(path))

        button.clicked.connect(choose)
        self._show = lambda value: field.setText(str(value))
        return labelled(self._row.label, field, button, label_width=LABEL_WIDTH)


def _check(box: QCheckBox, *, on: bool) -> None:
    with QSignalBlocker(box):
        box.setChecked(on)
