"""A training run to watch: where it is, how it goes, what it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSplitter, QVBoxLayout, QWidget

from app.dialogs.model_details import ElidedLabel
from app.dialogs.models import WorkRow
from app.dialogs.train_curves import Curves
from app.dialogs.train_sheet import Sheet
from app.language import in_sentence, told, tr
from app.session.notices import Notice
from app.session.training_words import ENDS, PRESETS

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from app.session.session import Session
    from app.session.training import Training

BAR_STEPS = 1000
LEAST_CURVES = 420
LEAST_SHEET = 220
FIRST_SIZES = [600, 320]
GAP = 8


class RunPage(QWidget):
    """Follows `app.session.training`; it may come late and go early."""

    def __init__(self, session: Session, icons: dict[str, QIcon]) -> None:
        super().__init__()
        self._training: Training = session.training
        self._models = session.models
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.folder = ElidedLabel()
        self.folder.setProperty("role", "dim")
        self.place = QLabel()
        self.place.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, BAR_STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the training"))
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        font = self.verdict.font()
        font.setBold(True)
        self.verdict.setFont(font)
        self.curves = Curves()
        self.sheet = Sheet()
        self.message = WorkRow(icons)
        self.message.show_activity(None)
        self._remark = ""
        self._lay_out()
        self._training.moved.connect(self.show_run)
        self._training.sheet_changed.connect(self._show_sheet)
        self._models.told.connect(self._on_told)
        self._models.moved.connect(self._on_moved)
        self.message.cancel.clicked.connect(self._models.cancel)
        self.show_run()
        self._show_sheet()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(self.title)
        head.addWidget(self.folder, 1, Qt.AlignmentFlag.AlignBottom)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        split.addWidget(self.curves)
        split.addWidget(self.sheet)
        self.curves.setContentsMargins(0, 0, GAP, 0)
        self.sheet.setContentsMargins(GAP, 0, 0, 0)
        split.setSizes(FIRST_SIZES)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 1)
        self.curves.setMinimumWidth(LEAST_CURVES)
        self.sheet.setMinimumWidth(LEAST_SHEET)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 0)
        layout.setSpacing(7)
        layout.addLayout(head)
        layout.addWidget(self.place)
        layout.addWidget(self.bar)
        layout.addWidget(self.verdict)
        layout.addSpacing(4)
        layout.addWidget(split, 1)
        layout.addWidget(self.message)

    @Slot()
    def show_run(self) -> None:
        """Show where the run is now."""
        training = self._training
        course, config, spec = training.course, training.config, training.spec
        if config is None or spec is None:
            return
        self.title.setText(
            tr(
                "{label}, {preset}",
                label=told(spec.label),
                preset=in_sentence(tr(PRESETS[config.preset][0])),
            )
        )
        self.folder.setText(str(training.folder))
        self.place.setText(sentence(training))
        self.bar.setValue(round(course.share * BAR_STEPS))
        verdict = told(course.verdict)
        self.verdict.setText(f"{verdict[:1].upper()}{verdict[1:]}." if verdict else "")
        self.verdict.setVisible(bool(verdict))
        self.curves.show_course(course)
        self._show_remark()

    def _show_remark(self) -> None:
        """What went wrong, else the newest remark."""
        training = self._training
        remark = training.course.remarks[-1] if training.course.remarks else ""
        said = training.complaint.text if training.complaint is not None else remark
        if said != self._remark:
            self._remark = said
            self.message.show_notice(training.complaint or (Notice(said) if said else None))

    @Slot()
    def _show_sheet(self) -> None:
        training = self._training
        sample = training.course.sample
        self.sheet.show_sheet(training.sheet, sample[0] if sample is not None else None)

    @Slot(object)
    def _on_told(self, notice: Notice | None) -> None:
        """What became of the model on its way into the editor."""
        self.message.show_notice(notice)

    @Slot()
    def _on_moved(self) -> None:
        self.message.show_activity(self._models.activity)


def sentence(training: Training) -> str:
    """Where a run is and how fast, or how it ended."""
    course = training.course
    at = course.place
    match training.state:
        case "running":
            return _pace(training) if course.started is not None else tr("Starting: loading torch.")
        case "stopping" if training.is_overdue:
            return tr(
                "It takes long over {at}. You can wait, or end it now and lose what came "
                "after step {checkpoint:,}.",
                at=at,
                checkpoint=course.checkpoint or 0,
            )
        case "stopping":
            return tr("Stops after {at}, with a checkpoint.", at=at)
        case "failed":
            return (
                tr("Failed at {at}.", at=at)
                if course.started is not None
                else tr("Could not begin.")
            )
        case "paused" if course.finished is not None:
            return tr("Paused at {at}; memory and graphics card are free.", at=at)
        case _ if course.finished is not None:
            return tr("{reason} at {at}.", reason=tr(ENDS[course.finished.reason]), at=at)
        case _:
            return tr(
                "Interrupted at {at}; it goes on from step {checkpoint:,}.",
                at=at,
                checkpoint=course.checkpoint or 0,
            )


def _pace(training: Training) -> str:
    course = training.course
    words = [f"{course.place[:1].upper()}{course.place[1:]}"]
    if course.rate:
        words.append(tr("{rate:.3g} pictures a second", rate=course.rate))
    if course.left:
        words.append(course.left)
    if course.started is not None:
        words.append(tr("on {device}", device=course.started.device))
        words.append(tr("{pictures:,} pictures", pictures=course.started.pictures))
    return "   ".join(words)
