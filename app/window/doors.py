"""Ways into the program that are no menu: files dropped on the window, the command line."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from app.session.folder import is_picture
from app.session.projects import is_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QMimeData
    from PySide6.QtWidgets import QWidget

    from app.session.session import Session
    from app.window.startup import Startup


class Doors(QObject):
    """Takes what is dropped on a window, and what the command line named."""

    def __init__(self, session: Session, startup: Startup, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._startup = startup
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def enter(self, files: Sequence[Path], mask: Path | None) -> bool:
        """Open what the command line named, and recover work of last time.

        Returns:
            Whether there is going to be a picture.
        """
        session = self._session
        recovers = session.keep_copies().offer()
        if files:
            then = partial(session.masks.open, mask) if mask is not None else None
            session.files.open_all(files, then)
        return recovers or bool(files)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            if event.mimeData().hasUrls():
                event.acceptProposedAction()
                self._startup.show_drag(hot=True)
            return True
        if event.type() == QEvent.Type.DragLeave:
            self._startup.show_drag(hot=False)
        elif isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self._startup.show_drag(hot=False)
            event.acceptProposedAction()
            self._drop(event.mimeData())
            return True
        return super().eventFilter(watched, event)

    def _drop(self, data: QMimeData) -> None:
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        # Files that are no pictures are left out; if none is one, the first gets its sentence.
        known = [path for path in paths if is_picture(path) or is_project(path)]
        self._session.files.open_all(known or paths[:1])
