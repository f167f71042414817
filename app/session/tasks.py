"""Jobs in the worker thread with what shall happen afterwards in this one."""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from app.session.notices import Activity
from engine.jobs import Job, Progress
from engine.qt import JobRunner

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Task:
    title: str
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    stopped: Callable[[], None] | None
    quiet_s: float
    can_cancel: bool
    progress: Progress
    started: float | None = None

    @property
    def seconds(self) -> float:
        """Time at work so far."""
        return 0.0 if self.started is None else time.monotonic() - self.started


class Tasks(QObject):
    """One worker thread, first in first out.

    Signals:
        changed: a task came, moved on or went; `activity` tells what to show.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = JobRunner(self)
        self._tasks: dict[int, _Task] = {}
        # Only slots of QObjects: anything else would be called in the worker's thread.
        self._runner.started.connect(self._on_started)
        self._runner.progressed.connect(self._on_progressed)
        self._runner.succeeded.connect(self._on_succeeded)
        self._runner.failed.connect(self._on_failed)
        self._runner.cancelled.connect(self._on_cancelled)

    def start(
        self,
        job: Job[Any],
        done: Callable[[Any], None],
        *,
        failed: Callable[[Exception], None],
        stopped: Callable[[], None] | None = None,
        quiet_s: float = 0.0,
        can_cancel: bool = True,
    ) -> int:
        """Queue a job; the callables run in this thread when it has ended.

        Args:
            job: what to do in the worker.
            done: gets the job's result.
            failed: gets the error.
            stopped: called after a cancel has been answered.
            quiet_s: seconds at work before the status bar shows it; infinite = never.
            can_cancel: whether the status bar offers to stop it.
        """
        task = _Task(job.title, done, failed, stopped, quiet_s, can_cancel, Progress(0, 1, ""))
        ticket = self._runner.submit(job)
        self._tasks[ticket] = task
        self.changed.emit()
        return ticket

    def cancel(self, ticket: int) -> None:
        """Ask a task to stop; one that still waits for another has stopped when this returns."""
        self._runner.cancel(ticket)
        task = self._tasks.get(ticket)
        if task is not None and task.started is None and ticket != next(iter(self._tasks)):
            # The worker drops it when its turn comes, which may be half a minute from now. The
            # first in the line may have begun already, and what it did is for the worker to say.
            self._on_cancelled(ticket)

    def cancel_shown(self) -> None:
        """Ask the task that `activity` tells of to stop."""
        shown = self._shown()
        if shown is not None and self._tasks[shown].can_cancel:
            self.cancel(shown)

    @property
    def is_idle(self) -> bool:
        return not self._tasks

    @property
    def activity(self) -> Activity | None:
        """The task at work, if it wants to be seen."""
        shown = self._shown()
        return None if shown is None else self.activity_of(shown)

    def activity_of(self, ticket: int) -> Activity | None:
        """How far a task is; None once it has ended."""
        task = self._tasks.get(ticket)
        if task is None:
            return None
        progress = task.progress
        return Activity(task.title, progress.message, progress.share, task.seconds, task.can_cancel)

    def is_waiting(self, ticket: int) -> bool:
        """Whether a task has not begun yet, because another one is at work."""
        task = self._tasks.get(ticket)
        return task is not None and task.started is None

    def shutdown(self) -> bool:
        """Stop everything and end the thread; False if it did not end in time."""
        # What has ended meanwhile is still to be delivered, but nobody is there any more.
        self._tasks.clear()
        return self._runner.shutdown()

    @Slot(int)
    def _on_started(self, ticket: int) -> None:
        if ticket in self._tasks:
            self._tasks[ticket].started = time.monotonic()
            self.changed.emit()

    @Slot(int, object)
    def _on_progressed(self, ticket: int, progress: Progress) -> None:
        if ticket in self._tasks:
            self._tasks[ticket].progress = progress
            self.changed.emit()

    @Slot(int, object)
    def _on_succeeded(self, ticket: int, result: object) -> None:
        task = self._ended(ticket)
        if task is not None:
            task.done(result)

    @Slot(int, object)
    def _on_failed(self, ticket: int, error: Exception) -> None:
        task = self._ended(ticket)
        if task is not None:
            log.info("%s failed: %s", task.title, error)
            task.failed(error)

    @Slot(int)
    def _on_cancelled(self, ticket: int) -> None:
        task = self._ended(ticket)
        if task is not None and task.stopped is not None:
            task.stopped()

    def _shown(self) -> int | None:
        """The ticket of the first task that wants to be seen by now."""
        for ticket, task in self._tasks.items():
            if task.seconds >= task.quiet_s:
                return ticket
        return None

    def _ended(self, ticket: int) -> _Task | None:
        task = self._tasks.pop(ticket, None)
        self.changed.emit()
        return task


def details_of(error: BaseException) -> str:
    """The traceback, for behind "Details" and for the log."""
    return "".join(traceback.format_exception(error))
