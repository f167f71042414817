"""The networks: what each is, which weights it has, and how to get, test and remove some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.model_details import ModelDetails
from app.dialogs.model_list import ModelList
from app.dialogs.sizes import open_at
from app.language import tr
from app.session.notices import shortened
from engine import weights
from engine.official import RELEASES

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from app.session.models import Models
    from app.session.notices import Activity, Notice
    from app.session.session import Session

FIRST_SIZE = QSize(880, 600)
SMALLEST = QSize(820, 420)
LIST_WIDTH = 440
LEAST_LIST = 430
LEAST_DETAILS = 350
BAR_WIDTH = 140
BAR_STEPS = 1000
ICON_SIDE = 18


class ModelsDialog(QDialog):
    """A table of the networks beside what is known of the chosen one; buttons for both.

    Esc stops the work at hand, if there is some, else it closes the dialog.
    """

    def __init__(self, session: Session, icons: dict[str, QIcon], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Models"))
        self._models: Models = session.models
        self._list = ModelList()
        self._details = ModelDetails(self._models)
        self._work = WorkRow(icons)
        self._import = _button(tr("Import…"), "")
        self._add = _button(tr("Add File…"), tr("Copy a file of weights to where Lacuna finds it"))
        self._remove = _button(tr("Remove…"), "")
        self._folder = _button(tr("Show in Folder"), "")
        self._test = _button(tr("Self-Test"), "")
        self._close = _button(tr("Close"), "")
        self._lay_out()
        self._connect()
        self._list.show_models(self._models)
        self._list.choose(session.backend.id)
        self._show_work()
        # Files may have come or gone since somebody looked last.
        self._models.refresh()

    def _lay_out(self) -> None:
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        split.addWidget(self._list)
        split.addWidget(self._details)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        self._list.setMinimumWidth(LEAST_LIST)
        self._details.setMinimumWidth(LEAST_DETAILS)
        split.setSizes([LIST_WIDTH, FIRST_SIZE.width() - LIST_WIDTH])
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self._import, self._add, self._remove, self._folder, self._test):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(split, 1)
        layout.addWidget(self._work)
        layout.addLayout(buttons)
        self.setMinimumSize(SMALLEST)
        open_at(self, FIRST_SIZE)

    def _connect(self) -> None:
        models = self._models
        models.changed.connect(self._on_changed)
        models.moved.connect(self._show_work)
        models.told.connect(self._work.show_notice)
        self._list.chosen_changed.connect(self._show_chosen)
        self._import.clicked.connect(self._on_import)
        self._add.clicked.connect(models.ask_add)
        self._remove.clicked.connect(self._on_remove)
        self._folder.clicked.connect(self._show_in_folder)
        self._test.clicked.connect(self._on_test)
        self._close.clicked.connect(self.reject)
        self._work.cancel.clicked.connect(models.cancel)

    # --- showing -----------------------------------------------------------------------------

    @Slot()
    def _on_changed(self) -> None:
        self._list.show_models(self._models)
        if self._models.arrived is not None:
            self._list.choose_file(self._models.arrived)
            self._models.arrived = None

    @Slot()
    def _show_chosen(self) -> None:
        self._details.show_chosen(self._list.chosen)
        self._show_buttons()

    @Slot()
    def _show_work(self) -> None:
        self._work.show_activity(self._models.activity)
        self._show_buttons()

    def _show_buttons(self) -> None:
        """Switch the buttons, each with the reason where it is off."""
        chosen, is_free = self._list.chosen, not self._models.is_busy
        spec, path = chosen.spec, chosen.path
        self._add.setEnabled(is_free)
        self._folder.setEnabled(path is not None)
        self._folder.setToolTip(
            tr("Show where the file is") if path else tr("There is no file to show")
        )
        is_released = spec is not None and spec.id in RELEASES
        self._import.setEnabled(is_free and is_released)
        self._import.setToolTip(
            tr("Convert a checkpoint that the authors released")
            if is_released
            else tr("There is no released checkpoint that could be converted")
        )
        self._test.setEnabled(is_free and chosen.file is not None)
        self._test.setToolTip(
            tr("Fill a small picture, to see whether and how fast it works here")
            if chosen.file is not None
            else tr("There are no weights to test")
        )
        is_own = path is not None and path.parent == weights.user_folder()
        self._remove.setEnabled(is_free and is_own)
        self._remove.setToolTip(_removal(has_file=path is not None, is_own=is_own))

    # --- verbs -------------------------------------------------------------------------------

    def _on_import(self) -> None:
        spec = self._list.chosen.spec
        if spec is not None:
            self._models.ask_import(spec)

    def _on_remove(self) -> None:
        path = self._list.chosen.path
        if path is not None:
            self._models.ask_remove(path)

    def _on_test(self) -> None:
        chosen = self._list.chosen
        if chosen.spec is not None and chosen.file is not None:
            self._models.test(chosen.spec, chosen.file)

    def _show_in_folder(self) -> None:
        path = self._list.chosen.path
        if path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

    # --- Qt ----------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._models.is_busy:
            self._models.cancel()
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Nobody would see what becomes of the work at hand, so it ends with the dialog."""
        self._models.cancel()
        super().done(result)


class WorkRow(QWidget):
    """One line: what is going on with a bar and a stop button, then what came of it."""

    def __init__(self, icons: dict[str, QIcon]) -> None:
        super().__init__()
        self.notice: Notice | None = None
        self._icons = icons
        self._symbol = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._bar = QProgressBar()
        self._bar.setRange(0, BAR_STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(BAR_WIDTH)
        self._bar.setAccessibleName(tr("Progress"))
        self.cancel = _button(tr("Cancel"), tr("Stop (Esc)"))
        self._report = _button(tr("Details"), "")
        self._report.clicked.connect(self._show_report)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._symbol)
        layout.addWidget(self._text, 1)
        for part in (self._bar, self.cancel, self._report):
            layout.addWidget(part)
        # As high as with its buttons, so that nothing jumps when work begins.
        self.setMinimumHeight(self.cancel.sizeHint().height())

    @Slot(object)
    def show_notice(self, notice: Notice | None) -> None:
        """Show what came of the work; None wipes that away."""
        self.notice = notice
        self._show_text(notice.text if notice is not None else "")
        icon = self._icons.get(notice.tone) if notice is not None else None
        self._symbol.setVisible(icon is not None)
        if icon is not None:
            self._symbol.setPixmap(icon.pixmap(ICON_SIDE, ICON_SIDE))
        self._report.setVisible(notice is not None and bool(notice.details))

    def show_activity(self, activity: Activity | None) -> None:
        """Show how far the work is; None = there is none."""
        for part in (self._bar, self.cancel):
            part.setVisible(activity is not None)
        if activity is None:
            self._report.setVisible(self.notice is not None and bool(self.notice.details))
            return
        self._symbol.hide()
        self._report.hide()
        self._show_text(activity.text)
        self._bar.setValue(round(activity.share * BAR_STEPS))

    def _show_text(self, text: str) -> None:
        self._text.setText(shortened(text))
        self._text.setToolTip(text if self._text.text() != text else "")

    def _show_report(self) -> None:
        from app.dialogs.error import ErrorDialog

        if self.notice is not None:
            ErrorDialog(self.notice.text, self.notice.details, self.window()).exec()


def _removal(*, has_file: bool, is_own: bool) -> str:
    if not has_file:
        return tr("There is no file to remove")
    return (
        tr("Move the file to the trash") if is_own else tr("This file came with Lacuna and stays")
    )


def _button(label: str, tip: str) -> QPushButton:
    button = QPushButton(label)
    button.setToolTip(tip)
    # Enter in the table must not press a button.
    button.setAutoDefault(False)
    return button
