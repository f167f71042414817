"""A batch to watch: how far it is, what it works on, what has become of each picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.dialogs.batch_models import ResultModel
from app.dialogs.batch_preview import Preview
from app.dialogs.batch_table import BatchTable, PartsBar
from app.dialogs.model_details import ElidedLabel
from app.language import told, tr, tr_later, tr_n
from app.session.batch_words import (
    RESULT_PARTS,
    ended,
    made_by,
    pace,
    result_note,
    tally,
    title,
)
from app.session.notices import shortened

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon, QResizeEvent

    from app.session.batch import Batch
    from app.session.batch_course import BatchCourse
    from engine.batch import Row

BAR_STEPS = 1000
LONGEST_NAME = 40
WIDTHS = (0.25, 0.25, 76)
CHOOSE = tr_later("Choose a row to see its result; Enter opens it in the editor.")


class RunPage(QWidget):
    """Follows `app.session.batch_course`; it may come late and go early."""

    def __init__(self, batch: Batch) -> None:
        super().__init__()
        self._batch = batch
        self._course: BatchCourse = batch.course
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.folder = ElidedLabel()
        self.folder.setProperty("role", "dim")
        self.bar = QProgressBar()
        self.bar.setRange(0, BAR_STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the folder"))
        self.tally = QLabel()
        self.tally.setWordWrap(True)
        self.pace = QLabel()
        self.pace.setProperty("role", "dim")
        self.preview = Preview(batch.pictures)
        self.parts = PartsBar(RESULT_PARTS)
        self.model = ResultModel(self)
        self.table = BatchTable(tr("What has become of the pictures"), self.model, WIDTHS)
        self._lay_out()
        self._connect()
        self.show_state()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(self.title)
        head.addWidget(self.folder, 1)
        figures = QHBoxLayout()
        figures.setSpacing(14)
        figures.addWidget(self.tally, 1)
        figures.addWidget(self.pace)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.bar)
        layout.addLayout(figures)
        layout.addWidget(self.preview)
        layout.addSpacing(2)
        layout.addWidget(self.parts)
        layout.addWidget(self.table, 1)

    def _connect(self) -> None:
        course = self._course
        course.changed.connect(self.show_state)
        course.moved.connect(self._show_progress)
        course.arrived.connect(self._take_rows)
        self.parts.chosen.connect(self._show_rows)
        self.table.current_changed.connect(self._show_row)
        self.table.activated.connect(lambda index: self._open(index.row()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.preview.fit(self.height())

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        self.model.use_icons(icons)

    # --- showing -----------------------------------------------------------------------------

    @Slot()
    def show_state(self) -> None:
        """Show the run as it is now, all of it."""
        run = self._course.run
        if run is None:
            return
        self.folder.setText(str(run.plan.config.output_folder))
        self._show_counts()
        if self.model.outcomes is not self._course.outcomes:
            self._show_rows(self.parts.part)
        if self._course.state == "ended" and self.table.currentIndex().row() < 0:
            self._show_row(-1)
        self._show_progress()

    @Slot()
    def _show_progress(self) -> None:
        course = self._course
        progress, report = course.progress, course.report
        if progress is None:
            return
        self.title.setText(headline(course))
        if course.state == "preparing":
            self.bar.setValue(0)
            self.tally.setText(told(course.message))
            return
        if report is not None:
            self.bar.setValue(BAR_STEPS if report.ended == "finished" else self.bar.value())
            self.tally.setText(ended(report))
            self.pace.clear()
            return
        self.bar.setValue(round(progress.share * BAR_STEPS))
        self.tally.setText(tally(progress))
        self.pace.setText(pace(progress))
        self._show_current()

    def _show_current(self) -> None:
        """The picture that is worked on, unless somebody looks at a result."""
        course = self._course
        if self.table.currentIndex().row() >= 0 or course.run is None:
            return
        item = course.current
        if item is not None and self.isVisible():
            self._batch.pictures.follow(course.run.plan.config, item)
            others = len(course.run.progress.current) - 1
            more = tr_n("and {n} other at the same time", "and {n} others at the same time", others)
            self.preview.show_words(
                tr("Now: {name}", name=item.image.name), more if others > 0 else ""
            )

    @Slot(object)
    def _take_rows(self, _: object) -> None:
        self.model.take_new()
        self._show_counts()

    @Slot(str)
    def _show_rows(self, part: str) -> None:
        self.model.show_outcomes(self._course.outcomes, part)
        self._show_row(-1)  # the table tells nobody that its current row is gone

    @Slot(int)
    def _show_row(self, number: int) -> None:
        row = self.model.row(number)
        if row is None:
            self._batch.pictures.forget()
            self.preview.show_words("", "", tr(CHOOSE) if self._course.state == "ended" else "")
            return
        shown = shown_file(row)
        self._batch.pictures.show_file(shown)
        self.preview.show_words(shown.name, made_by(row), result_note(row).text)

    def _open(self, number: int) -> None:
        row = self.model.row(number)
        if row is not None:
            self._batch.open_picture(shown_file(row))

    def _show_counts(self) -> None:
        parts = self._course.outcomes.parts
        self.parts.show_counts({part: len(rows) for part, rows in parts.items()})


def shown_file(row: Row) -> Path:
    """The result, made now or before; the picture itself if there is none."""
    return Path(row.output if row.sha256 and row.output else row.image)


def headline(course: BatchCourse) -> str:
    """What goes on, in a few words."""
    match course.state:
        case "preparing":
            return tr("Looking at the pictures")
        case "stopping":
            return tr("Stopping: what is being written is finished first")
        case "running" if course.is_paused:
            return tr("Paused")
        case "running" if course.is_held:
            return tr("Waiting while you inpaint in the editor")
        case "ended" if course.report is not None:
            return title(course.report)
        case _:
            images = course.run.plan.config.images if course.run is not None else ""
            return tr("Filling “{name}”", name=shortened(Path(images).name, LONGEST_NAME))
