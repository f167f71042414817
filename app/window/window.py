"""The main window: puts canvas, panels, bars and pages together and wires them to the session."""

from __future__ import annotations

import base64
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QMainWindow,
    QMenu,
    QStackedWidget,
    QToolBar,
)

from app import settings as settings_file
from app.actions import TOOL_BAR, TOOL_STRIP
from app.language import tr, tr_later
from app.panels.messages import MessageBar
from app.panels.run_buttons import RunButtons
from app.panels.status import Status
from app.session.preload import preload
from app.session.tasks import details_of
from app.window.batch import BatchRoom
from app.window.doors import Doors
from app.window.dressing import Dressing
from app.window.help import Help
from app.window.keyguard import KeyGuard
from app.window.lineup import LineupRoom
from app.window.menus import Commands
from app.window.startup import Startup
from app.window.tour import Tour
from app.window.training import TrainingRoom
from engine.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PySide6.QtGui import QCloseEvent, QShowEvent

    from app.session.notices import Notice
    from app.session.session import Session
    from app.window.workspace import Workspace

ICON_SIZE = QSize(20, 20)
FIRST_SIZE = QSize(1360, 860)
SMALLEST = QSize(760, 460)
"""Fits a screen of 1920x1080 at twice the size, with room for a task bar."""
PREPARE_AFTER_MS = 500


class MainWindow(QMainWindow):
    """Everything the user sees; what it means is the session's business."""

    def __init__(self, session: Session, settings_path: Path) -> None:
        super().__init__()
        self.session = session
        # So that it is deleted in this thread: Python's garbage collector runs in any.
        session.setParent(self)
        self._settings_path = settings_path
        self._may_close = self._is_closing = False
        self._dressing = Dressing(session.settings, self)
        self.workspace: Workspace | None = None
        self.startup = Startup()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.startup)
        self.messages = MessageBar(self._pages)
        self._training = TrainingRoom(session, self._dressing, self)
        self._batch = BatchRoom(session, self._dressing, self)
        self._lineup = LineupRoom(session, self)
        self._help = Help(session, self)
        self.tour = Tour(self)
        self.commands = Commands(session, self._receivers(), self)
        self.status = Status(session)
        self.run_buttons = RunButtons(session, self.commands)
        self._keys = KeyGuard(self.commands, self)
        self._doors = Doors(session, self.startup, self)
        self._lay_out()
        self._connect()
        self._restore()
        self._on_document()

    def _receivers(self) -> dict[str, object]:
        """The objects that verbs name; "canvas" joins them with the first picture."""
        session = self.session
        return {
            "session": session,
            "toolbox": session.toolbox,
            "files": session.files,
            "pictures": session.pictures,
            "clipboard": session.clipboard,
            "masks": session.masks,
            "runs": session.runs,
            "projects": session.projects,
            "keypoints": session.keypoints,
            "inspector": session.inspector,
            "batch": self._batch,
            "lineup": self._lineup,
            "training": self._training,
            "help": self._help,
            "tour": self.tour,
            "window": self,
        }

    # --- building ----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._menus = self.commands.fill(self.menuBar())
        self._recent_menu = QMenu(tr("Open Recent"), self)
        first = self._menus["File"].actions()[1]
        self._menus["File"].insertMenu(first, self._recent_menu)
        self.setCentralWidget(self._pages)
        self._bar = self._tool_bar("bar", tr("Tool Bar"))
        self._put_buttons(self._bar, TOOL_BAR)
        self._bar.addSeparator()
        self._bar.addWidget(self.run_buttons)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self._bar)
        self._strip = self._tool_bar("strip", tr("Tools"))
        self._put_buttons(self._strip, TOOL_STRIP)
        self.addToolBar(Qt.ToolBarArea.LeftToolBarArea, self._strip)
        self.setStatusBar(self.status)
        self.setMinimumSize(SMALLEST)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)

    def _tool_bar(self, name: str, title: str) -> QToolBar:
        bar = QToolBar(title)
        bar.setObjectName(name)
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.setIconSize(ICON_SIZE)
        return bar

    def _put_buttons(self, bar: QToolBar, groups: Iterable[Iterable[str]]) -> None:
        for index, group in enumerate(groups):
            if index:
                bar.addSeparator()
            for action_id in group:
                bar.addWidget(self.commands.button(action_id))

    def _connect(self) -> None:
        session = self.session
        session.document_changed.connect(self._on_document)
        session.history_changed.connect(self._show_title)
        session.look_changed.connect(self._dressing.follow_setting)
        session.noticed.connect(self.messages.show_notice)
        session.files.opened.connect(self._show_recent)
        # Now and not at the end only: a crash shall not cost the list of recent files.
        session.files.opened.connect(self._save_settings)
        session.models.wanted.connect(self.show_models)
        session.training.began.connect(self._save_settings)
        session.batch.began.connect(self._save_settings)
        self.messages.details_wanted.connect(self._show_details)
        self.startup.open_wanted.connect(session.files.ask_open)
        self.startup.picked.connect(self._open_name)
        self._recent_menu.aboutToShow.connect(self._fill_recent_menu)
        self._dressing.icons_ready.connect(self._put_icons_on)
        self._show_recent()

    def _restore(self) -> None:
        geometry = self.session.settings.geometry
        state = QByteArray(base64.b64decode(geometry)) if geometry else QByteArray()
        if state.isEmpty() or not self.restoreGeometry(state):
            available = self.screen().availableSize() if self.screen() else FIRST_SIZE
            self.resize(FIRST_SIZE.boundedTo(available))

    # --- showing -----------------------------------------------------------------------------

    @Slot()
    def _on_document(self) -> None:
        has_picture = self.session.has_picture
        if has_picture and self.workspace is None:
            self._build_workspace()
        elif self.workspace is not None:
            self.workspace.show_document()
        page = self.workspace if has_picture and self.workspace is not None else self.startup
        self._pages.setCurrentWidget(page)
        self._strip.setVisible(has_picture)
        self._show_title()
        if page is self.workspace:
            self.workspace.canvas.setFocus()
            self.status.show_zoom(self.workspace.canvas.zoom)

    def _build_workspace(self) -> None:
        from app.window.workspace import Workspace

        self.workspace = workspace = Workspace(self.session, self.commands)
        self._pages.addWidget(workspace)
        self.messages.float_over(workspace.canvas)
        workspace.canvas.zoom_changed.connect(self.status.show_zoom)
        self.run_buttons.hovered.connect(workspace.show_preview)
        if self._dressing.icons:
            workspace.use_icons(self._dressing.icons)

    @Slot()
    def _show_title(self) -> None:
        document = self.session.document
        self.setWindowTitle(f"{self.session.name}[*] - Lacuna" if document else "Lacuna")
        self.setWindowModified(self.session.has_unsaved)

    @Slot()
    def _put_icons_on(self) -> None:
        icons = self._dressing.icons
        for part in (
            self.commands,
            self.run_buttons,
            self.status,
            self.messages,
            self.startup,
        ):
            part.use_icons(icons)
        if self.workspace is not None:
            self.workspace.use_icons(icons)

    @Slot()
    def _show_recent(self) -> None:
        self.startup.show_recent(self.session.settings.recent)

    @Slot()
    def _save_settings(self) -> None:
        settings_file.save(self.session.settings, self._settings_path)

    def _fill_recent_menu(self) -> None:
        self._recent_menu.clear()
        for name in self.session.settings.recent:
            entry = self._recent_menu.addAction(name)
            entry.triggered.connect(lambda _=False, name=name: self._open_name(name))
        self._recent_menu.setEnabled(bool(self.session.settings.recent))

    @Slot(object)
    def _show_details(self, notice: Notice) -> None:
        from app.dialogs.error import ErrorDialog

        ErrorDialog(notice.text, notice.details, self).exec()

    def begin(
        self,
        files: Sequence[Path] = (),
        mask: Path | None = None,
        backend: str | None = None,
        *,
        tour: bool = False,
    ) -> None:
        """Do what the command line asked for, and prepare what takes a while.

        Args:
            files: pictures to open.
            mask: a mask for the first.
            backend: id of the backend to choose.
            tour: whether to offer the tour, if nothing is opened.
        """
        if backend is not None:
            self.session.use_backend(backend)
        self.session.files.tasks.start(
            Job(tr_later("Loading"), preload),
            lambda _: self._enter(files, mask, tour=tour),
            failed=self._on_unloadable,
            quiet_s=math.inf,
        )
        QTimer.singleShot(PREPARE_AFTER_MS, self.session.runs, self.session.runs.prepare)
        self.session.training.look_back()

    def _enter(self, files: Sequence[Path], mask: Path | None, *, tour: bool) -> None:
        if not self._doors.enter(files, mask) and tour:
            self.tour.offer()

    def _on_unloadable(self, error: Exception) -> None:
        self.session.fail(
            tr("A part of Lacuna cannot be loaded: {error}", error=error), details_of(error)
        )

    # --- verbs of the window -----------------------------------------------------------------

    def cancel(self) -> None:
        """Stop the stroke, a search or the run; else end the tour, a selection or comparing."""
        canvas = self.workspace.canvas if self.workspace is not None else None
        if canvas is not None and canvas.cancel_stroke():
            return
        session = self.session
        if session.selecting.cancel():
            return
        if session.runs.is_running:
            session.runs.cancel()
        elif not self.tour.end() and not session.keypoints.unselect():
            session.end_comparison()

    def show_panels(self, shown: bool) -> None:
        self.session.settings.panels_shown = shown
        self.session.look_changed.emit()

    def show_full_screen(self, shown: bool) -> None:
        self.session.full_screen = shown
        self.setWindowState(
            self.windowState() | Qt.WindowState.WindowFullScreen
            if shown
            else self.windowState() & ~Qt.WindowState.WindowFullScreen
        )

    def show_keys(self) -> None:
        self._help.show_keys(self.commands)

    def show_settings(self) -> None:
        from app.dialogs.settings import SettingsDialog

        dialog = SettingsDialog(self.session, self)
        dialog.exec()
        dialog.deleteLater()
        self._save_settings()

    @Slot()
    def show_models(self) -> None:
        from app.dialogs.models import ModelsDialog

        dialog = ModelsDialog(self.session, self._dressing.icons, self)
        dialog.exec()
        dialog.deleteLater()

    @Slot(str)
    def _open_name(self, name: str) -> None:
        self.session.files.open_all([Path(name)])

    # --- Qt ----------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._dressing.load_icons_later()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._is_closing = True
        if not self._may_close:
            leave = partial(self.session.files.leave_all, self._allow_close)
            self.session.batch.leave(leave)
        self._is_closing = False
        if not self._may_close:
            event.ignore()
            return
        settings = self.session.settings
        settings.geometry = base64.b64encode(self.saveGeometry().data()).decode()
        # Threads may need a moment to notice; nobody has to look at that.
        self.hide()
        if self.workspace is not None:
            self.workspace.strip.end()
        self.session.end()
        self._save_settings()
        event.accept()

    def _allow_close(self) -> None:
        self._may_close = True
        if not self._is_closing:
            # The picture had to be saved first.
            self.close()
