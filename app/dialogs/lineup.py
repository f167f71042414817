"""Several fills of one mask, by backend or by seed, and where they disagree."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.close_up import CloseUp, SharedView
from app.dialogs.sizes import open_at
from app.language import told, tr
from app.panels.legend import Legend
from app.session.colours import coloured
from app.session.notices import duration
from app.session.place_words import explained, in_words
from app.session.qimages import qimage

if TYPE_CHECKING:
    from app.session.lineup import Entry, Lineup
    from app.session.session import Session
    from engine.disagreement import Levels

FIRST_SIZE = QSize(1120, 780)
SMALLEST = QSize(560, 420)
LEGEND_WIDTH = 260


class LineupDialog(QDialog):
    """A grid of fills and the map of their disagreement; one is chosen and applied.

    Closing it stops nothing: the results come to the panel all the same. Esc stops the runs first.
    """

    def __init__(self, session: Session, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._lineup: Lineup = session.lineup
        self._runs = session.runs
        self._view = SharedView(self)
        self._entries: list[Entry] = []
        self._chosen: Entry | None = None
        self._cells: list[FillCell] = []
        self._map = MapCell(self._view)
        self._hint = QLabel(
            tr("Wheel and drag move all pictures together. Click chooses one, twice applies it.")
        )
        self._hint.setProperty("role", "dim")
        self._hint.setWordWrap(True)
        self._legend = Legend()
        self._legend.setMaximumWidth(LEGEND_WIDTH)
        self._apply = QPushButton(tr("Apply"))
        self._stop = QPushButton(tr("Stop"))
        self._close = QPushButton(tr("Close"))
        for button in (self._apply, self._stop, self._close):
            button.setAutoDefault(False)
        self._grid = QGridLayout()
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        self._grid.setSpacing(8)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._hint, 1)
        buttons.addWidget(self._legend, 1)
        for button in (self._stop, self._apply, self._close):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(10)
        layout.addLayout(self._grid, 1)
        layout.addLayout(buttons)
        self.setMinimumSize(SMALLEST)
        open_at(self, FIRST_SIZE)

    def _connect(self) -> None:
        self._lineup.changed.connect(self._show)
        self._runs.tasks.changed.connect(self._show_progress)
        self._apply.clicked.connect(self._apply_chosen)
        self._stop.clicked.connect(self._lineup.cancel)
        self._close.clicked.connect(self.accept)

    def reject(self) -> None:
        if self._lineup.is_running:
            self._lineup.cancel()
        else:
            super().reject()

    # --- showing -----------------------------------------------------------------------------

    @Slot()
    def _show(self) -> None:
        lineup = self._lineup
        if lineup.entries is not self._entries:
            self._entries = lineup.entries
            self.setWindowTitle(
                tr("Variations") if lineup.are_variations else tr("Compare Backends")
            )
            self._build()
        for cell in self._cells:
            cell.show_entry(is_chosen=cell.entry is self._chosen)
        self._show_levels()
        self._stop.setEnabled(lineup.is_running)
        self._apply.setEnabled(self._chosen is not None)

    @Slot()
    def _show_progress(self) -> None:
        activity = self._runs.activity
        running = (cell for cell in self._cells if cell.entry.state == "running")
        for cell in running:
            if activity is not None:
                percent = round(100 * activity.share)
                cell.picture.show_note(tr("Is filling… {percent} %", percent=percent))

    def _show_levels(self) -> None:
        levels = self._lineup.disagreement
        highest = self._map.show_levels(levels, is_running=self._lineup.is_running)
        self._legend.setVisible(levels is not None)
        self._legend.show_ends(
            tr("0, all agree"), tr("{highest} grey levels", highest=round(highest))
        )

    def _build(self) -> None:
        """A cell for each backend and one for the map, in a grid as square as can be."""
        for old in self._cells:
            self._grid.removeWidget(old)
            old.deleteLater()
        self._grid.removeWidget(self._map)
        self._chosen = None
        self._view.fit()
        self._cells = [FillCell(entry, self._view) for entry in self._entries]
        columns = math.ceil(math.sqrt(len(self._cells) + 1))
        for index in range(self._grid.columnCount()):
            self._grid.setColumnStretch(index, 0)
        for index in range(columns):  # equal, so that all pictures have one scale
            self._grid.setColumnStretch(index, 1)
        for index, cell in enumerate((*self._cells, self._map)):
            self._grid.addWidget(cell, index // columns, index % columns)
            self._grid.setRowStretch(index // columns, 1)
        for cell in self._cells:
            cell.picture.clicked.connect(partial(self._choose, cell.entry))
            cell.picture.activated.connect(partial(self._take, cell.entry))

    def _choose(self, entry: Entry) -> None:
        if entry.result is not None:
            self._chosen = entry
            self._show()

    def _take(self, entry: Entry) -> None:
        self._choose(entry)
        if entry is self._chosen:
            self._apply_chosen()

    @Slot()
    def _apply_chosen(self) -> None:
        if self._chosen is not None:
            self._lineup.apply(self._chosen)
            self.accept()


class Cell(QFrame):
    """A picture under a title."""

    def __init__(self, title: str, view: SharedView) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setProperty("current", False)
        self.title = QLabel(title)
        self.facts = QLabel()
        self.facts.setProperty("role", "dim")
        self.facts.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.picture = CloseUp(view)
        self.picture.setAccessibleName(title)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.facts)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(7, 5, 7, 7)
        inside.setSpacing(4)
        inside.addLayout(head)
        inside.addWidget(self.picture, 1)


class FillCell(Cell):
    """One fill, or why there is none."""

    def __init__(self, entry: Entry, view: SharedView) -> None:
        super().__init__(entry.title, view)
        self.entry = entry
        self._is_shown = False

    def show_entry(self, *, is_chosen: bool) -> None:
        """Show how far it is."""
        entry = self.entry
        if entry.picture is not None and not self._is_shown:
            self._is_shown = True
            self.picture.show_picture(qimage(entry.picture))
        if entry.result is not None:
            time, place = duration(entry.result.result.seconds.total), entry.result.place
            self.facts.setText(time if place is None else in_words(place))
            lines = (told(entry.result.result.fallback or ""), explained(place))
            self.setToolTip("\n".join(line for line in lines if line))
        self.picture.show_note(_state(entry))
        self.setProperty("current", is_chosen)
        self.style().unpolish(self)
        self.style().polish(self)


class MapCell(Cell):
    """Where the fills differ, and by how much."""

    def __init__(self, view: SharedView) -> None:
        super().__init__(tr("Where they differ"), view)
        self.setToolTip(
            tr("The standard deviation of each pixel over the fills, in grey levels of 0 to 255")
        )
        self.picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._shown: Levels | None = None

    def show_levels(self, levels: Levels | None, *, is_running: bool) -> float:
        """Show a map of grey levels, scaled to the largest, or say why there is none.

        Returns:
            That largest, at least 1.
        """
        self.picture.show_note(
            tr("Comes when all are done.") if is_running else tr("There are not two fills.")
        )
        highest = 1.0 if levels is None else max(1.0, float(levels.max()))
        if levels is None:
            self.picture.show_picture(None)
        elif levels is not self._shown:
            self.picture.show_picture(qimage(coloured(levels / np.float32(highest))))
        self._shown = levels
        return highest


def _state(entry: Entry) -> str:
    """What stands where the picture will be."""
    if entry.state == "failed":
        return told(entry.error)
    return {
        "waiting": tr("Waits for its turn."),
        "running": tr("Is filling…"),
        "stopped": tr("Was stopped."),
    }.get(entry.state, "")
