"""Everything that a batch needs at the left, and what will come of it at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.batch_models import PlanModel
from app.dialogs.batch_output import MethodStep, OutputStep
from app.dialogs.batch_preview import Preview
from app.dialogs.batch_sources import MasksStep, PicturesStep
from app.dialogs.batch_table import BatchTable, PartsBar
from app.language import told, tr, tr_later
from app.session.batch_words import NO_PICTURE, PARTS, counted, note, percent

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QIcon, QResizeEvent

    from app.session.batch import Batch
    from app.session.batch_work import Part
    from app.session.session import Session

STEPS_WIDTH = 336
WIDTHS = (0.2, 0.16, 0.21, 96)
MOST_SEARCHED = 2000
"""Rows that are looked through for the picture that was chosen before."""

NOTHING = tr_later("The pairs of pictures and masks appear here before anything starts.")
LOOKING = tr_later("Looking at the folders")


class SetupPage(QWidget):
    """Fills in the wish; the worker plans.

    Signals:
        changed: another plan.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._batch: Batch = session.batch
        planning, questions = session.batch.planning, session.questions
        self.pictures = PicturesStep(planning, questions)
        self.masks = MasksStep(questions)
        self.output = OutputStep(session.batch, questions)
        self.method = MethodStep()
        self.parts = PartsBar(cast("dict[str, str]", PARTS))
        self.again = QPushButton(tr("Look Again"))
        self.again.setToolTip(tr("Files may have come or gone (F5)"))
        self.again.setAutoDefault(False)
        self.model = PlanModel(self)
        self.table = BatchTable(tr("Pictures and their masks"), self.model, WIDTHS, tr(NOTHING))
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setProperty("role", "dim")
        self.preview = Preview(session.batch.pictures)
        self._lay_out()
        self._connect()
        self.show_wish()
        self._show_plan()

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("column")
        steps = QVBoxLayout(inside)
        steps.setContentsMargins(16, 14, 16, 14)
        steps.setSpacing(15)
        for step in (self.pictures, self.masks, self.output, self.method):
            steps.addWidget(step)
        steps.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFixedWidth(STEPS_WIDTH)
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(self.parts, 1)
        bar.addWidget(self.again)
        pairs = QVBoxLayout()
        pairs.setContentsMargins(14, 12, 16, 0)
        pairs.setSpacing(8)
        pairs.addLayout(bar)
        pairs.addWidget(self.table, 1)
        pairs.addWidget(self.summary)
        pairs.addWidget(self.preview)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area)
        layout.addLayout(pairs, 1)

    def _connect(self) -> None:
        batch = self._batch
        for step in (self.pictures, self.masks, self.output, self.method):
            step.wished.connect(batch.set_wish)
        self.method.open_wanted.connect(batch.ask_recipe)
        self.method.save_wanted.connect(batch.ask_save_recipe)
        batch.changed.connect(self.show_wish)
        batch.planning.changed.connect(self._show_plan)
        batch.planning.moved.connect(self._show_summary)
        self.parts.chosen.connect(self._show_rows)
        self.again.clicked.connect(batch.planning.ask_again)
        QShortcut(QKeySequence("F5"), self).activated.connect(self.again.click)
        self.table.current_changed.connect(self._show_row)
        self.table.activated.connect(lambda index: self._open(index.row()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.preview.fit(self.height())

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        self.model.use_icons(icons)

    def take(self, paths: list[Path]) -> None:
        """Take what was dropped on the dialog as the folder of the pictures."""
        self.pictures.take(str(paths[0]))

    # --- showing -----------------------------------------------------------------------------

    @Slot()
    def show_wish(self) -> None:
        """Show the wish as it is now."""
        batch = self._batch
        wish, recipe = batch.wish, batch.recipe
        self.pictures.show_wish(wish)
        self.masks.show_wish(wish)
        self.output.show_wish(wish, recipe)
        self.method.show_wish(wish, recipe, batch.source)
        self.changed.emit()

    @Slot()
    def _show_plan(self) -> None:
        survey = self._batch.planning.survey
        self.again.setEnabled(bool(self._batch.wish.images))
        if survey is not self.model.survey:
            parts = survey.parts if survey is not None else {}
            self.parts.show_counts({part: len(rows) for part, rows in parts.items()})
            self._show_rows(self.parts.part)
        self._show_summary()
        self.changed.emit()

    @Slot(str)
    def _show_rows(self, part: str) -> None:
        before = self.model.item(self.table.currentIndex().row())
        self.model.show_survey(self._batch.planning.survey, cast("Part", part))
        self._choose(before.image if before is not None else None)

    def _choose(self, image: Path | None) -> None:
        """Make the row of a picture the current one, if it is among the first, else the first."""
        near = range(min(self.model.rowCount(), MOST_SEARCHED))
        found = (row for row in near if _image(self.model, row) == image)
        row = next(found, 0) if image is not None else 0
        if self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(row, 0))
        else:
            self._show_row(-1)

    @Slot()
    def _show_summary(self) -> None:
        planning = self._batch.planning
        if planning.is_busy:
            self.summary.setText(tr("{message}…", message=told(planning.message or LOOKING)))
        elif planning.survey is not None:
            self.summary.setText(counted(planning.survey))
        else:
            self.summary.setText("")

    @Slot(int)
    def _show_row(self, row: int) -> None:
        survey, item = self.model.survey, self.model.item(row)
        pictures = self._batch.pictures
        if survey is None or row < 0:
            pictures.forget()
            self.preview.show_words("")
            return
        if item is None:
            orphan = survey.plan.orphans[self.model.shown[row] - len(survey.plan.items)]
            pictures.show_file(orphan)
            self.preview.show_words(orphan.name, "", tr(NO_PICTURE))
            return
        pictures.show_item(survey.plan.config, item)
        share = item.hole_share
        facts = [
            tr("{width} × {height} pixels", width=item.size[0], height=item.size[1])
            if item.size
            else ""
        ]
        facts += [tr("{share} of it is filled", share=percent(share)) if share is not None else ""]
        said = note(survey.plan, item).text
        self.preview.show_words(item.image.name, ", ".join(filter(None, facts)), said)

    def _open(self, row: int) -> None:
        item = self.model.item(row)
        if item is not None:
            self._batch.open_picture(item.image)


def _image(model: PlanModel, row: int) -> Path | None:
    item = model.item(row)
    return item.image if item is not None else None
