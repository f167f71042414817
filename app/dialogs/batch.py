"""Filling a folder: what is needed and what will come of it, then the run and its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.batch_path import dropped_paths
from app.dialogs.batch_run import RunPage
from app.dialogs.batch_setup import SetupPage
from app.dialogs.models import WorkRow
from app.dialogs.sizes import open_at
from app.language import told, tr
from app.session.batch_words import start_label
from app.session.notices import Notice, shortened

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QIcon

    from app.session.session import Session

FIRST_SIZE = QSize(1120, 760)
SMALLEST = QSize(860, 460)
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class BatchDialog(QDialog):
    """Two pages: a new run, and the one that is there."""

    def __init__(self, session: Session, icons: dict[str, QIcon], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Inpaint Folder"))
        self._batch = session.batch
        self._course = session.batch.course
        self.pages = QStackedWidget()
        self.setup = SetupPage(session)
        self.run = RunPage(session.batch)
        self.message = WorkRow(icons)
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setProperty("role", "dim")
        self.why.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.start = _button(tr("Fill"), tr("Fill the pictures (Ctrl+Enter)"))
        self.pause = _button(
            tr("Pause"), tr("Begin with no further picture; those begun are finished")
        )
        self.pause.setCheckable(True)
        self.cancel = _button(tr("Cancel"), tr("Stop; what is finished stays"))
        self.go_on = _button(
            tr("Resume"), tr("Fill those that were not reached; what is finished is kept")
        )
        self.retry = _button(tr("Retry Failed"), tr("Fill those that failed once more"))
        self.show_folder = _button(tr("Open Folder"), tr("Show the results"))
        self.show_sheet = _button(
            tr("Open Contact Sheet"), tr("Before, hole and after, in the browser")
        )
        self.save_report = _button(
            tr("Save Report…"), tr("What became of each picture: JSON and CSV")
        )
        self.new = _button(
            tr("New Folder…"), tr("Prepare another run; the results of this one stay")
        )
        self.close_button = _button(tr("Close"), tr("A run goes on without the dialog"))
        self._lay_out()
        self._connect()
        self.use_icons(icons)
        self.message.show_activity(None)
        self.show_notice(None)
        self._batch.watch()
        self._show_state()

    def _lay_out(self) -> None:
        self.pages.addWidget(self.setup)
        self.pages.addWidget(self.run)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        at_left = (self.pause, self.cancel, self.show_folder, self.show_sheet, self.save_report)
        for button in (*at_left, self.retry, self.go_on, self.new):
            buttons.addWidget(button)
        buttons.addWidget(self.why, 1)
        buttons.addWidget(self.start)
        buttons.addWidget(self.close_button)
        foot = QVBoxLayout()
        foot.setContentsMargins(18, 0, 18, 14)
        foot.setSpacing(10)
        foot.addWidget(self.message)
        foot.addLayout(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.pages, 1)
        layout.addLayout(foot)
        self.setAcceptDrops(True)
        self.setMinimumSize(SMALLEST)
        open_at(self, FIRST_SIZE)

    def _connect(self) -> None:
        batch, course = self._batch, self._course
        course.changed.connect(self._show_state)
        batch.told.connect(self.show_notice)
        self.setup.changed.connect(self._show_buttons)
        self.start.clicked.connect(batch.start)
        self.pause.toggled.connect(course.pause)
        self.cancel.clicked.connect(course.cancel)
        self.go_on.clicked.connect(course.go_on)
        self.retry.clicked.connect(course.retry)
        self.new.clicked.connect(batch.forget)
        self.save_report.clicked.connect(batch.ask_save_report)
        self.show_folder.clicked.connect(self._on_show_folder)
        self.show_sheet.clicked.connect(self._on_show_sheet)
        self.close_button.clicked.connect(self.reject)

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        """Take the icons of another theme."""
        self.setup.use_icons(icons)
        self.run.use_icons(icons)

    # --- showing -----------------------------------------------------------------------------

    @Slot(object)
    def show_notice(self, notice: Notice | None) -> None:
        """Show what was done or went wrong; None wipes that away."""
        self.message.show_notice(notice)
        self.message.setVisible(notice is not None)

    @Slot()
    def _show_state(self) -> None:
        """Show the page that fits what is going on."""
        self.pages.setCurrentWidget(self.setup if self._course.state == "none" else self.run)
        self._show_buttons()

    @Slot()
    def _show_buttons(self) -> None:
        course = self._course
        is_new, has_ended = course.state == "none", course.state == "ended"
        why = self._batch.why_not if is_new else ""
        self.why.setText(shortened(told(why)))
        survey = self._batch.planning.survey
        self.start.setText(start_label(survey if is_new else None))
        self.start.setVisible(is_new)
        self.start.setEnabled(not why)
        self.pause.setVisible(course.is_on)
        self.pause.setEnabled(course.state == "running")
        self.pause.setChecked(course.is_paused)
        self.pause.setText(tr("Continue") if course.is_paused else tr("Pause"))
        self.cancel.setVisible(course.is_on)
        self.cancel.setEnabled(course.state != "stopping")
        self.go_on.setVisible(course.can_go_on)
        self.retry.setVisible(course.can_retry)
        for button in (self.show_folder, self.show_sheet, self.save_report, self.new):
            button.setVisible(has_ended)

    # --- verbs -------------------------------------------------------------------------------

    def _on_show_folder(self) -> None:
        if self._course.run is not None:
            self._open(self._course.run.plan.config.output_folder)

    def _on_show_sheet(self) -> None:
        if self._course.sheet is not None:
            self._open(self._course.sheet)

    def _open(self, path: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.show_notice(Notice(tr("“{path}” could not be opened.", path=path), "warning"))

    # --- Qt ----------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in ENTER:
            super().keyPressEvent(event)
            return
        # Enter ends the typing in a field; a night's work begins with Ctrl+Enter or the button.
        event.accept()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.start.isVisible():
            self.start.click()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._course.state == "none" and dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.setup.take(paths)

    def done(self, result: int) -> None:
        """Nobody looks any more; a run goes on."""
        self._batch.unwatch()
        super().done(result)


def _button(label: str, tip: str) -> QPushButton:
    button = QPushButton(label)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
