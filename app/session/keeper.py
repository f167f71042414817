"""Keeps a copy of unsaved work on disk, so that a crash costs the last edit, or a few seconds."""

from __future__ import annotations

import logging
import math
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from app.document.recovery import (
    Recovery,
    Snapshot,
    find_recoveries,
    remove_recovery,
    restore,
    take_snapshot,
    write_recovery,
)
from app.language import tr, tr_later
from app.session.tasks import Tasks
from engine.errors import EngineError
from engine.jobs import CancelToken, Job, Progress, Steps

if TYPE_CHECKING:
    from app.document import Document
    from app.session.session import Session

log = logging.getLogger(__name__)

SOONEST_MS, LATEST_MS = 150, 4000
PAUSE_PER_WRITE = 2
"""Small copies are written at once, so that a crash costs the last edit at most; one that takes the
disk longer has a pause twice as long behind it."""

PAUSE_PER_COPY = 100
FRAME_MS = 8
"""Copying that would be seen takes no more than a hundredth of the window's time."""


class Keeper(QObject):
    """Writes recovery copies soon after a change, in a thread of its own.

    Args:
        session: whose pictures are kept.
        folder: where the copies lie, one for each picture with unsaved work.
    """

    def __init__(self, session: Session, folder: Path) -> None:
        super().__init__(session)
        self.tasks = Tasks(self)
        self._session = session
        self._folder = folder
        open_now = [picture.document for picture in session.pictures]
        self._due = dict.fromkeys(each for each in open_now if each is not None)
        self._superseded: dict[Document, Path] = {}
        self._recovered: list[str] = []
        self._has_warned = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SOONEST_MS)
        self._writing_ms = 0
        self._timer.timeout.connect(self.write)
        session.pictures.edited.connect(self._on_edited)
        session.pictures.closed.connect(self._forget)

    def offer(self) -> bool:
        """Ask what to do with copies that a crash left behind; True if some are being restored."""
        recoveries = find_recoveries(self._folder)
        for notice in recoveries.notices:
            self._session.warn(notice)
        if not recoveries.found:
            return False
        answer = self._session.questions.recover([found.name for found in recoveries.found])
        if answer == "discard":
            for found in recoveries.found:
                _unlink(found.file)
        if answer != "recover":
            return False
        # The newest comes last, and so is the one that is shown.
        for found in reversed(recoveries.found):
            self._session.files.tasks.start(
                Job(
                    tr_later("Recovering {name}").format(name=found.name), partial(_restore, found)
                ),
                partial(self._on_restored, found),
                failed=self._on_unrestored,
                can_cancel=False,
            )
        return True

    @Slot()
    def write(self) -> None:
        """Write copies of all pictures that were changed since their last copy."""
        start = time.monotonic()
        for document in list(self._due):
            if not document.is_editing:
                del self._due[document]
                self._write(document)
        # A picture that is in no file is copied whole: the larger it is, the rarer that happens.
        taken_ms = round((time.monotonic() - start) * 1000)
        pause_ms = min(LATEST_MS, PAUSE_PER_WRITE * self._writing_ms)
        if taken_ms > FRAME_MS:
            pause_ms = max(pause_ms, PAUSE_PER_COPY * taken_ms)
        self._timer.setInterval(max(SOONEST_MS, pause_ms))
        if self._due:
            self._timer.start()

    def end(self) -> bool:
        """The program ends in peace: no copy is needed. False if the thread still runs."""
        self._timer.stop()
        has_ended = self.tasks.shutdown()
        for picture in self._session.pictures:
            if picture.document is not None:
                remove_recovery(picture.document.key, self._folder)
        return has_ended

    def _write(self, document: Document) -> None:
        picture = self._session.pictures.of(document)
        if picture is None or not picture.has_work:
            remove_recovery(document.key, self._folder)
            return
        project = picture.project.path if picture.project is not None else None
        snapshot = take_snapshot(document, project)
        self.tasks.start(
            Job(tr_later("Keeping a recovery copy"), partial(_write, snapshot, self._folder)),
            partial(self._on_written, document),
            failed=self._on_unwritten,
            quiet_s=math.inf,
        )

    @Slot(object)
    def _on_edited(self, document: Document) -> None:
        self._due[document] = None
        # Not restarted by each stroke: who never pauses would never get a copy.
        if not self._timer.isActive():
            self._timer.start()

    @Slot(object)
    def _forget(self, document: Document) -> None:
        self._due.pop(document, None)
        remove_recovery(document.key, self._folder)

    def _on_written(self, document: Document, writing_ms: int) -> None:
        self._writing_ms = writing_ms
        if self._session.pictures.of(document) is None:
            remove_recovery(document.key, self._folder)
        superseded = self._superseded.pop(document, None)
        if superseded is not None:
            _unlink(superseded)

    def _on_unwritten(self, error: Exception) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._session.warn(tr("No recovery copy can be kept: {error}", error=error))

    def _on_restored(self, recovery: Recovery, document: Document) -> None:
        picture = self._session.pictures.add(document)
        if recovery.facts.project:
            self._session.projects.resume(picture, Path(recovery.facts.project))
        self._superseded[document] = recovery.file
        self._due[document] = None
        self.write()
        self._recovered.append(f"“{recovery.name}”")
        names = ", ".join(self._recovered)
        self._session.warn(tr("Recovered, but not saved yet: {names}.", names=names))

    def _on_unrestored(self, error: Exception) -> None:
        if isinstance(error, EngineError):
            self._session.fail(str(error))
        else:
            self._session.fail(tr("The recovery copy cannot be used: {error}", error=error))


def _write(snapshot: Snapshot, folder: Path, _: CancelToken) -> Steps[int]:
    """Write a copy.

    Returns:
        How many milliseconds it took.
    """
    yield Progress(0, 1, "")
    start = time.monotonic()
    write_recovery(snapshot, folder)
    return round((time.monotonic() - start) * 1000)


def _restore(recovery: Recovery, _: CancelToken) -> Steps[Document]:
    yield Progress(0, 1, "")
    return restore(recovery)


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s stays: %s", file, error)
