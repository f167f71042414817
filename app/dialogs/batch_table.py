"""A long table with a bar of buttons over it that show its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QHBoxLayout,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QWidget,
)

from app.language import tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from app.dialogs.batch_models import RowsModel

ROW_HEIGHT = 24
_FEATURE = QStyleOptionViewItem.ViewItemFeature
_PLAIN, _MARKED = _FEATURE.HasDisplay, _FEATURE.HasDisplay | _FEATURE.HasDecoration
FEATURES = ((_PLAIN, _PLAIN | _FEATURE.Alternate), (_MARKED, _MARKED | _FEATURE.Alternate))
"""Of a cell without and with an icon, in even and odd rows; to add flags up takes longer."""

LEAST_COLUMN = 48
MARGIN = 20


class PartsBar(QWidget):
    """One button for each part, with how many rows it has.

    Signals:
        chosen: key of the part that the user wants to see.
    """

    chosen = Signal(str)

    def __init__(self, parts: Mapping[str, str]) -> None:
        super().__init__()
        self.buttons: dict[str, QToolButton] = {}
        self._labels = parts
        self._counts: dict[str, int] = {}
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for key, label in parts.items():
            button = self.buttons[key] = QToolButton()
            button.setText(tr(label))
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        next(iter(self.buttons.values())).setChecked(True)
        self.show_counts({})

    @property
    def part(self) -> str:
        """Key of the part that is shown."""
        return next(key for key, button in self.buttons.items() if button.isChecked())

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Say how many rows each part has; where the chosen one has none, all are shown."""
        first = next(iter(self.buttons))
        for key, button in self.buttons.items():
            number = counts.get(key, 0)
            if number != self._counts.get(key):
                self._counts[key] = number
                label = tr(self._labels[key])
                button.setText(
                    tr("{label} {number:,}", label=label, number=number) if number else label
                )
                button.setEnabled(number > 0 or key == first)
        if not self._counts[self.part]:
            self.buttons[first].setChecked(True)


class BatchTable(QTableView):
    """Rows of one height; columns that are as wide as they are told, the last takes the rest.

    Signals:
        current_changed: the number of the current row, -1 if there is none.
    """

    current_changed = Signal(int)

    def __init__(
        self, name: str, model: RowsModel, widths: Sequence[float], hint: str = ""
    ) -> None:
        """Lay the columns out.

        Args:
            name: for screen readers.
            model: the rows.
            widths: of all columns but the last: a share of the table below 1, else pixels.
            hint: what stands in the table while there are no rows.
        """
        super().__init__()
        self._widths, self.hint = widths, hint
        self.setAccessibleName(name)
        self.setModel(model)
        self.setItemDelegate(_Cells(model, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.hide()
        # Rows that were measured one by one would cost a call each.
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(LEAST_COLUMN)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hint and not self.model().rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            room = self.viewport().rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room, int(flags), self.hint)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        whole = self.viewport().width()
        for column, width in enumerate(self._widths):
            pixels = width if width > 1 else width * whole
            self.setColumnWidth(column, max(LEAST_COLUMN, round(pixels)))

    def currentChanged(  # noqa: N802 - Qt's name
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().currentChanged(current, previous)
        if current.row() != previous.row():
            self.current_changed.emit(current.row())


class _Cells(QStyledItemDelegate):
    """Names are cut in their middle, as their ends tell them apart; sentences at their end."""

    def __init__(self, model: RowsModel, parent: QTableView) -> None:
        super().__init__(parent)
        self._model = model

    def initStyleOption(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        # Qt's own asks the model eight times; each time waits its turn when workers are busy.
        row, column = index.row(), index.column()
        option.text, icon = self._model.face(row, column)
        is_note = column == len(self._model.columns) - 1
        elide = Qt.TextElideMode.ElideRight if is_note else Qt.TextElideMode.ElideMiddle
        option.textElideMode = elide
        if icon is not None:
            option.icon = icon
        option.features = FEATURES[icon is not None][row % 2]
