"""Runs jobs in one worker thread; the only place where the engine meets Qt.

One thread and not a pool: one model in memory, results in the order in which they were asked for.
"""

from __future__ import annotations

import itertools
import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from engine.errors import Cancelled
from engine.jobs import CancelToken, Job, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

_PROGRESS_INTERVAL_SECONDS = 0.03
_SHUTDOWN_MS = 5000


class _Worker(QObject):
    """Lives in the worker thread and runs what arrives, one job at a time.

    At ordinary priority: a lower one was measured to make runs slower on a busy machine and the
    window no smoother.
    """

    started = Signal(int)
    progressed = Signal(int, object)
    succeeded = Signal(int, object)
    failed = Signal(int, object)
    cancelled = Signal(int)
    settled = Signal(int)

    @Slot(int, object, object)
    def run(self, ticket: int, job: Job[Any], token: CancelToken) -> None:
        self.started.emit(ticket)
        try:
            result = job.run(token, _Reporter(ticket, self.progressed.emit))
        except Cancelled:
            self.cancelled.emit(ticket)
        except Exception as error:  # the thread's border: nothing may pass it
            log.info("%s failed", job.title, exc_info=error)
            # The report needs the traceback, nobody the pictures that its frames hold.
            traceback.clear_frames(error.__traceback__)
            self.failed.emit(ticket, error)
        else:
            self.succeeded.emit(ticket, result)
        self.settled.emit(ticket)


class _Reporter:
    """Passes progress on, but no faster than a screen shows it: each step wakes the window."""

    def __init__(self, ticket: int, emit: Callable[[int, Progress], object]) -> None:
        self._ticket = ticket
        self._emit = emit
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PROGRESS_INTERVAL_SECONDS
            self._emit(self._ticket, progress)


class JobRunner(QObject):
    """Runs jobs one after another in a thread of its own.

    All signals carry the ticket that `submit` returned and arrive in the thread of the runner.
    Each ticket gets exactly one of `succeeded`, `failed` and `cancelled`.

    Connect methods of QObjects marked as slots, nothing else: PySide calls a lambda in the thread
    of the sender.
    """

    started = Signal(int)
    progressed = Signal(int, object)
    succeeded = Signal(int, object)
    failed = Signal(int, object)
    cancelled = Signal(int)
    idle = Signal()

    _requested = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tickets = itertools.count(1)
        self._tokens: dict[int, CancelToken] = {}
        self._thread = QThread(self)
        self._thread.setObjectName("lacuna-worker")
        self._worker = _Worker()
        self._worker.moveToThread(self._thread)
        self._requested.connect(self._worker.run)
        # Signal to signal: what hangs on the runner's signals then runs in the runner's thread.
        self._worker.started.connect(self.started)
        self._worker.progressed.connect(self.progressed)
        self._worker.succeeded.connect(self.succeeded)
        self._worker.failed.connect(self.failed)
        self._worker.cancelled.connect(self.cancelled)
        self._worker.settled.connect(self._settle)
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether a job waits or runs."""
        return bool(self._tokens)

    def submit(self, job: Job[Any]) -> int:
        """Queue the job and return its ticket."""
        ticket = next(self._tickets)
        token = CancelToken()
        self._tokens[ticket] = token
        self._requested.emit(ticket, job, token)
        return ticket

    def cancel(self, ticket: int) -> None:
        """Ask the job to stop; one that has ended is left alone."""
        if ticket in self._tokens:
            self._tokens[ticket].cancel()

    def shutdown(self, timeout_ms: int = _SHUTDOWN_MS) -> bool:
        """Cancel everything and end the thread; no job can be submitted afterwards.

        Returns:
            Whether the thread ended in time. If not, it ends with its job; it is never killed,
            because that would leave locks held and files half-written.
        """
        for token in self._tokens.values():
            token.cancel()
        self._thread.quit()
        return self._thread.wait(timeout_ms)

    @Slot(int)
    def _settle(self, ticket: int) -> None:
        del self._tokens[ticket]
        if not self._tokens:
            self.idle.emit()
