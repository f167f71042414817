"""Fine-tuning: what a run needs, then the run itself; it goes on when the dialog is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QKeyEvent
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

from app.dialogs.sizes import open_at
from app.dialogs.train_setup import SetupPage
from app.language import told, tr
from app.session.notices import shortened

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from app.dialogs.train_run import RunPage
    from app.session.session import Session
    from app.session.training import Training

FIRST_SIZE = QSize(980, 720)
SMALLEST = QSize(760, 460)


class TrainDialog(QDialog):
    """Two pages: a new run, and the one that is there."""

    def __init__(self, session: Session, icons: dict[str, QIcon], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Fine-tune"))
        self._session = session
        self._icons = icons
        self._training: Training = session.training
        self.pages = QStackedWidget()
        self.setup: SetupPage | None = None
        self.run: RunPage | None = None
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setProperty("role", "dim")
        self.why.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.start = _button(tr("Start"), "")
        self.pause = _button(
            tr("Pause"), tr("Write a checkpoint and free memory and graphics card")
        )
        self.stop = _button(tr("Stop"), tr("Write a checkpoint and end the run"))
        self.kill = _button(tr("End Now"), tr("Lose what came after the last checkpoint"))
        self.go_on = _button(tr("Continue"), tr("Go on from the last checkpoint"))
        self.use = _button(
            tr("Use in Editor"), tr("Copy the model to your weights and choose its network")
        )
        self.new = _button(tr("New Training…"), tr("The files of this run stay where they are"))
        self.show_folder = _button(tr("Show in Folder"), tr("Show where the files of the run are"))
        self.close_button = _button(tr("Close"), tr("A run goes on without the dialog"))
        self._lay_out()
        self._connect()
        self._show_state()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.setContentsMargins(18, 0, 18, 14)
        at_left = (self.pause, self.stop, self.kill, self.go_on, self.use, self.new)
        for button in (*at_left, self.show_folder):
            buttons.addWidget(button)
        buttons.addWidget(self.why, 1)
        buttons.addWidget(self.start)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.pages, 1)
        layout.addLayout(buttons)
        self.setMinimumSize(SMALLEST)
        open_at(self, FIRST_SIZE)

    def _connect(self) -> None:
        training = self._training
        training.moved.connect(self._show_state)
        self._session.models.moved.connect(self._show_buttons)
        self.start.clicked.connect(self._on_start)
        self.pause.clicked.connect(training.pause)
        self.stop.clicked.connect(training.stop)
        self.kill.clicked.connect(training.kill)
        self.go_on.clicked.connect(training.go_on)
        self.use.clicked.connect(training.use_in_editor)
        self.new.clicked.connect(training.forget)
        self.show_folder.clicked.connect(self._on_show_folder)
        self.close_button.clicked.connect(self.reject)

    # --- showing -----------------------------------------------------------------------------

    @Slot()
    def _show_state(self) -> None:
        """Show the page that fits what is going on."""
        page = self._setup_page() if self._training.state == "none" else self._run_page()
        self.pages.setCurrentWidget(page)
        self._show_buttons()

    def _setup_page(self) -> QWidget:
        if self.setup is None:
            self.setup = SetupPage(self._session)
            self.setup.changed.connect(self._show_buttons)
            self.pages.addWidget(self.setup)
            self.setup.presets.buttons[self.setup.wish.preset].setFocus()
        return self.setup

    def _run_page(self) -> QWidget:
        if self.setup is not None:
            # The next run is asked for anew: another folder, another proposal.
            self._training.checks.stop()
            self.pages.removeWidget(self.setup)
            self.setup.deleteLater()
            self.setup = None
        if self.run is None:
            from app.dialogs.train_run import RunPage

            self.run = RunPage(self._session, self._icons)
            self.pages.addWidget(self.run)
        return self.run

    @Slot()
    def _show_buttons(self) -> None:
        training = self._training
        state = training.state
        is_new = state == "none"
        self.start.setVisible(is_new)
        why = self.setup.problem if is_new and self.setup is not None else ""
        self.why.setText(shortened(told(why)))
        self.start.setEnabled(not why)
        for button in (self.pause, self.stop):
            button.setVisible(training.is_on)
            button.setEnabled(state == "running")
        self.kill.setVisible(training.is_on and training.is_overdue)
        self.go_on.setVisible(training.can_go_on)
        has_model = training.model is not None and not training.is_on and not is_new
        self.use.setVisible(has_model)
        self.use.setEnabled(not self._session.models.is_busy)
        self.new.setVisible(not is_new and not training.is_on)
        self.show_folder.setVisible(not is_new)

    # --- verbs -------------------------------------------------------------------------------

    def _on_start(self) -> None:
        setup = self.setup
        if setup is not None and not setup.problem:
            self._training.wish = setup.wish
            self._training.start(setup.config(), setup.run_folder)

    def _on_show_folder(self) -> None:
        if self._training.folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._training.folder)))

    # --- Qt ----------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # Enter ends the typing in a field; a day of training begins with a button.
            event.accept()
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Nobody sees the checks any more; a run goes on."""
        self._training.checks.stop()
        super().done(result)


def _button(label: str, tip: str) -> QPushButton:
    button = QPushButton(label)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
