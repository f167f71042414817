"""Qt models over plans and results: a cell is made when it is looked at, never before."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
)
from PySide6.QtGui import QIcon

from app.language import tr, tr_later
from app.session.batch_outcomes import Outcomes
from app.session.batch_words import NO_PICTURE, Note, note, result_note
from app.session.notices import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.session.batch_work import Part, Survey
    from engine.batch import Item, Row

Index = QModelIndex | QPersistentModelIndex

NOBODY = QModelIndex()
ROLE = Qt.ItemDataRole
ICON_SIZE = QSize(16, 16)
MARKS = ("warning", "error", "missing", "skipped", "done")


class RowsModel(QAbstractTableModel):
    """A table of which a part may be shown.

    Attributes:
        columns: headings.
        shown: numbers of the rows that are shown.
    """

    columns: tuple[str, ...] = ()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.shown: Sequence[int] = ()
        self._icons: dict[str, QIcon] = {}

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        """Take the icons of the marks, drawn once and not anew for every cell."""
        self._icons = {
            mark: QIcon(icons[mark].pixmap(ICON_SIZE)) for mark in MARKS if mark in icons
        }
        if rows := self.rowCount():
            last = len(self.columns) - 1
            self.dataChanged.emit(self.index(0, last), self.index(rows - 1, last))

    def cell(self, number: int, column: int) -> str:
        """The text of a row's column."""
        raise NotImplementedError

    def note(self, number: int) -> Note:
        """What the row has to say."""
        raise NotImplementedError

    # --- Qt ----------------------------------------------------------------------------------

    def rowCount(self, parent: Index = NOBODY) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = NOBODY) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self.columns)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = ROLE.DisplayRole
    ) -> Any:  # noqa: ANN401 - a QVariant
        if orientation == Qt.Orientation.Horizontal and role == ROLE.DisplayRole:
            return tr(self.columns[section])
        return None

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:  # noqa: ANN401 - a QVariant
        if not index.isValid():
            return None
        text, icon = self.face(index.row(), index.column())
        if role == ROLE.DisplayRole:
            return text
        if role == ROLE.ToolTipRole:
            return f"<p>{escape(text)}</p>" if text else None
        return icon if role == ROLE.DecorationRole else None

    def face(self, row: int, column: int) -> tuple[str, QIcon | None]:
        """Text and icon of a cell that is shown."""
        number = self.shown[row]
        if column < len(self.columns) - 1:
            return self.cell(number, column), None
        mark, text = self.note(number)
        return text, self._icons.get(mark)


class PlanModel(RowsModel):
    """The pairs of a plan, then the masks that belong to no picture."""

    columns = (
        tr_later("Picture"),
        tr_later("Mask"),
        tr_later("Result"),
        tr_later("Size"),
        tr_later("Note"),
    )

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.survey: Survey | None = None

    def show_survey(self, survey: Survey | None, part: Part) -> None:
        """Show the rows of a part of a plan."""
        self.beginResetModel()
        self.survey = survey
        self.shown = survey.parts[part] if survey is not None else ()
        self.endResetModel()

    def item(self, row: int) -> Item | None:
        """The picture of a shown row; None for a mask without one."""
        if self.survey is None or not 0 <= row < len(self.shown):
            return None
        items = self.survey.plan.items
        number = self.shown[row]
        return items[number] if number < len(items) else None

    def cell(self, number: int, column: int) -> str:
        survey = cast("Survey", self.survey)
        plan, roots = survey.plan, survey.roots
        if number >= len(plan.items):
            orphan = plan.orphans[number - len(plan.items)]
            return str(orphan).removeprefix(roots.masks) if column == 1 else ""
        item = plan.items[number]
        if column == 0:
            return str(item.image).removeprefix(roots.images)
        if column == 1:
            masks = [str(mask).removeprefix(roots.masks) for mask in item.masks]
            return ", ".join(masks) or (tr("transparency") if plan.config.from_alpha else "")
        if column == 2:
            return str(item.output).removeprefix(roots.output) if item.output else ""
        return f"{item.size[0]} × {item.size[1]}" if item.size else ""

    def note(self, number: int) -> Note:
        plan = cast("Survey", self.survey).plan
        if number >= len(plan.items):
            return Note("missing", tr(NO_PICTURE))
        return note(plan, plan.items[number])


class ResultModel(RowsModel):
    """What has become of the pictures, in the order in which they were finished."""

    columns = (tr_later("Picture"), tr_later("Result"), tr_later("Time"), tr_later("Note"))

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.outcomes = Outcomes()
        self._part = "all"
        self._count = 0

    def show_outcomes(self, outcomes: Outcomes, part: str) -> None:
        """Show the rows of a part."""
        self.beginResetModel()
        self.outcomes, self._part = outcomes, part
        self._count = len(outcomes.parts[part])
        self.shown = outcomes.parts[part]
        self.endResetModel()

    def take_new(self) -> None:
        """Show what has come to the part since."""
        now = len(self.outcomes.parts[self._part])
        if now > self._count:
            self.beginInsertRows(NOBODY, self._count, now - 1)
            self._count = now
            self.endInsertRows()

    def rowCount(self, parent: Index = NOBODY) -> int:  # noqa: N802 - Qt's name
        # The list behind `shown` grows before the view is told.
        return 0 if parent.isValid() else self._count

    def row(self, row: int) -> Row | None:
        """The outcome in a shown row."""
        if not 0 <= row < self._count:
            return None
        return self.outcomes.rows[self.shown[row]]

    def cell(self, number: int, column: int) -> str:
        row = self.outcomes.rows[number]
        if column == 0:
            return Path(row.image).name
        if column == 1:
            return Path(row.output).name if row.output and row.status == "done" else ""
        return duration(row.seconds) if row.seconds else ""

    def note(self, number: int) -> Note:
        return result_note(self.outcomes.rows[number])
