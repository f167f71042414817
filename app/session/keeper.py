"""Keeps a copy of unsaved work on disk, so that a crash costs a few seconds of it."""

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
from app.language import tr, tr_later, tr_n
from app.session.tasks import Tasks
from engine.errors import EngineError
from engine.jobs import CancelToken, Job, Progress, Steps

if TYPE_CHECKING:
    from app.document import Document
    from app.session.session import Session

log = logging.getLogger(__name__)

WRITE_AFTER_MS = 4000
PAUSE_PER_COPY = 100
"""Copying takes no more than a hundredth of the window's time."""


class Keeper(QObject):
    """Writes the recovery copy some seconds after a change, in a thread of its own.

    Args:
        session: whose document is kept.
        folder: where the copies lie.
    """

    def __init__(self, session: Session, folder: Path) -> None:
        super().__init__(session)
        self.tasks = Tasks(self)
        self._session = session
        self._folder = folder
        self._kept: Document | None = None
        self._superseded: Path | None = None
        self._has_warned = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WRITE_AFTER_MS)
        self._timer.timeout.connect(self.write)
        session.history_changed.connect(self._on_history)
        session.document_changed.connect(self._on_document)

    def offer(self) -> bool:
        """Ask what to do with copies that a crash left behind; True if one is being restored."""
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
        newest = recoveries.found[0]
        self._session.files.tasks.start(
            Job(tr_later("Recovering {name}").format(name=newest.name), partial(_restore, newest)),
            partial(self._on_restored, newest, len(recoveries.found) - 1),
            failed=self._on_unrestored,
            can_cancel=False,
        )
        return True

    @Slot()
    def write(self) -> None:
        """Write a copy of the document as it is now."""
        document = self._kept
        if document is None:
            return
        if document.is_editing:
            self._timer.start()
            return
        projects = self._session.projects
        if not (projects.has_changes if projects.is_open else _has_work(document)):
            remove_recovery(document.key, self._folder)
            return
        start = time.monotonic()
        snapshot = take_snapshot(document, projects.path)
        # A picture that is in no file is copied whole: the larger it is, the rarer that happens.
        taken_ms = round((time.monotonic() - start) * 1000)
        self._timer.setInterval(max(WRITE_AFTER_MS, PAUSE_PER_COPY * taken_ms))
        self.tasks.start(
            Job(tr_later("Keeping a recovery copy"), partial(_write, snapshot, self._folder)),
            partial(self._on_written, document),
            failed=self._on_unwritten,
            quiet_s=math.inf,
        )

    def end(self) -> bool:
        """The program ends in peace: no copy is needed. False if the thread still runs."""
        self._timer.stop()
        has_ended = self.tasks.shutdown()
        self._forget()
        return has_ended

    def _forget(self) -> None:
        if self._kept is not None:
            remove_recovery(self._kept.key, self._folder)
            self._kept = None

    def _on_history(self) -> None:
        # Not restarted by each stroke: who never pauses would never get a copy.
        if not self._timer.isActive():
            self._timer.start()

    def _on_document(self) -> None:
        self._timer.stop()
        self._forget()
        self._kept = self._session.document

    def _on_written(self, document: Document, _: object) -> None:
        if document is not self._kept:
            remove_recovery(document.key, self._folder)
        if self._superseded is not None:
            _unlink(self._superseded)
            self._superseded = None

    def _on_unwritten(self, error: Exception) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._session.warn(tr("No recovery copy can be kept: {error}", error=error))

    def _on_restored(self, recovery: Recovery, others: int, document: Document) -> None:
        self._session.show_document(document)
        if recovery.facts.project:
            self._session.projects.resume(Path(recovery.facts.project))
        self._superseded = recovery.file
        self.write()
        sentences = [tr("“{name}” is recovered; it is not saved yet.", name=recovery.name)]
        if others:
            sentences.append(
                tr_n(
                    "{n} more will be offered at the next start.",
                    "{n} more will be offered at the next start.",
                    others,
                )
            )
        self._session.warn(" ".join(sentences))

    def _on_unrestored(self, error: Exception) -> None:
        if isinstance(error, EngineError):
            self._session.fail(str(error))
        else:
            self._session.fail(tr("The recovery copy cannot be used: {error}", error=error))


def _has_work(document: Document) -> bool:
    """Whether anything would be lost: unsaved pixels, or a mask that was painted."""
    return document.dirty or document.can_undo


def _write(snapshot: Snapshot, folder: Path, _: CancelToken) -> Steps[None]:
    yield Progress(0, 1, "")
    write_recovery(snapshot, folder)


def _restore(recovery: Recovery, _: CancelToken) -> Steps[Document]:
    yield Progress(0, 1, "")
    return restore(recovery)


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s stays: %s", file, error)
