"""The verbs of the Help menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from app import settings as settings_file
from app.language import tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.session.session import Session
    from app.window.menus import Commands


class Help(QObject):
    """Keys, report, log and credits."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._window = window

    def show_keys(self, commands: Commands) -> None:
        from app.dialogs.shortcuts import ShortcutsDialog

        ShortcutsDialog(commands, self._session.settings, self._window).exec()

    def copy_report(self) -> None:
        """Put what a report of a fault needs on the clipboard."""
        from app.report import report

        session = self._session
        text = report(session.settings, session.models.device, settings_file.log_file())
        QGuiApplication.clipboard().setText(text)
        session.say(tr("The report is on the clipboard; look through it before you pass it on."))

    def show_log_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(settings_file.log_folder())))

    def show_about(self) -> None:
        from app.dialogs.about import AboutDialog

        dialog = AboutDialog(self._session.files.tasks, self._window)
        dialog.exec()
        dialog.deleteLater()
