"""Notices when another program changes the file of the open picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Slot

from app.language import tr
from app.session.notices import Notice

if TYPE_CHECKING:
    from app.session.session import Session

SETTLE_MS = 700
"""Programs write in several steps, and our own saving has to be noted first."""


class DiskWatch(QObject):
    """Says so once for each change, and offers to open the file again."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._watcher.fileChanged.connect(self._check_later)
        self._timer.timeout.connect(self.check)
        session.document_changed.connect(self._follow)
        session.document_changed.connect(self._check_later)
        session.files.opened.connect(self._follow)

    @Slot()
    def _check_later(self) -> None:
        self._timer.start()

    @Slot()
    def check(self) -> None:
        """Compare the file with what was opened or saved."""
        from engine.pictures import changed_on_disk

        document = self._session.document
        if document is None or document.path is None or not self._session.files.tasks.is_idle:
            return
        self._follow()
        if not changed_on_disk(document.picture):
            return
        path = document.path
        if not path.exists():
            self._session.warn(
                tr("“{name}” was moved or deleted; save to keep your picture.", name=path.name)
            )
            return
        again = (tr("Reload"), self._session.files.reload)
        text = tr("“{name}” was changed by another program.", name=path.name)
        self._session.noticed.emit(Notice(text, "warning", (again,), lasts=True))

    @Slot()
    def _follow(self) -> None:
        """Watch the open picture's file; one that was replaced has to be taken up anew."""
        document = self._session.document
        path = str(document.path) if document is not None and document.path is not None else ""
        watched = self._watcher.files()
        if watched != [path]:
            if watched:
                self._watcher.removePaths(watched)
            if path:
                self._watcher.addPath(path)
