"""The run of a folder, in a worker of its own, and how it stands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.language import told, tr, tr_later
from app.session.batch_outcomes import Outcomes, Places
from app.session.notices import Notice
from app.session.tasks import Tasks, details_of
from engine.errors import EngineError
from engine.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.session.runs import Runs
    from engine.batch import BatchProgress, BatchRun, Item, Plan, Report

State: TypeAlias = Literal["none", "preparing", "running", "stopping", "ended"]

TICK_MS = 150
MOST_PER_TICK = 500
"""Rows that are shown at once; a run that skips ten thousand at its beginning stalls nobody."""

RETRY = "lacuna-batch-retry.json"

_UNSEEN = float("inf")  # the status bar has a line of its own for it


class BatchCourse(QObject):
    """One run at a time.

    The editor goes on meanwhile. The two share memory and cores, so no picture is begun while the
    editor fills something: who waits at the screen goes first.

    Signals:
        changed: another state.
        moved: the run has gone on.
        arrived: rows (a tuple) that were added to `outcomes`.
        ended: a run has ended; `report` tells how.
        failed: a Notice on why it could not begin.
    """

    changed = Signal()
    moved = Signal()
    arrived = Signal(object)
    ended = Signal()
    failed = Signal(object)

    def __init__(self, runs: Runs, parent: QObject) -> None:
        super().__init__(parent)
        self.state: State = "none"
        self.run: BatchRun | None = None
        self.report: Report | None = None
        self.outcomes = Outcomes()
        self.is_paused = False
        self._runs = runs
        self._places: Places | None = None
        self._tasks: Tasks | None = None
        self._ticket: int | None = None
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._tick)

    # --- how it stands -----------------------------------------------------------------------

    @property
    def is_on(self) -> bool:
        return self.state in ("preparing", "running", "stopping")

    @property
    def is_held(self) -> bool:
        """Whether the run waits because the editor fills something."""
        return self.state == "running" and self._runs.is_running

    @property
    def progress(self) -> BatchProgress | None:
        return self.run.progress if self.run is not None else None

    @property
    def message(self) -> str:
        """What the worker does now."""
        if self._tasks is None or self._ticket is None:
            return ""
        activity = self._tasks.activity_of(self._ticket)
        return activity.message if activity is not None else ""

    @property
    def current(self) -> Item | None:
        """The picture that is being filled, the oldest of several."""
        progress = self.progress
        if self._places is None or progress is None or not progress.current:
            return None
        return self._places.first(progress.current[0], self.outcomes)

    @property
    def can_retry(self) -> bool:
        return self.state == "ended" and self.report is not None and self.report.failed > 0

    @property
    def can_go_on(self) -> bool:
        """Whether pictures were not reached."""
        return self.state == "ended" and self.report is not None and self.report.remaining > 0

    @property
    def sheet(self) -> Path | None:
        """The contact sheet of a run that has ended."""
        if self.report is None or self.run is None:
            return None
        return self.run.report_file.with_suffix(".html")

    # --- verbs -------------------------------------------------------------------------------

    def start(self, plan: Plan, report_file: Path | None = None) -> None:
        """Carry a plan out."""
        from engine.batch import BatchRun

        self.run = BatchRun(plan, report_file=report_file)
        self.outcomes, self._places, self.report = Outcomes(), Places(plan.items), None
        self.is_paused, self.state = False, "running"
        self.make_room()
        job = Job(tr_later("Filling a folder"), self.run.steps)
        self._submit(job, self._on_report, self._on_failed, self._on_stopped)

    def pause(self, on: bool) -> None:
        """Begin with no further picture, or go on."""
        self.is_paused = on
        self.make_room()
        self.changed.emit()

    def cancel(self) -> None:
        """Stop; what is finished stays, and what is being written is finished first."""
        if self._ticket is not None and self._tasks is not None:
            self.state = "stopping" if self.state == "running" else self.state
            self._tasks.cancel(self._ticket)
            self.changed.emit()

    def retry(self) -> None:
        """Fill those that failed once more."""
        from engine.batch import naming
        from engine.batch import retry as retried

        if self.can_retry and self.report is not None and self.run is not None:
            place = naming.free(self.run.plan.config.output_folder / RETRY, ())
            job = Job(tr_later("Planning"), partial(retried, self.report))
            self._prepare(job, partial(self.start, report_file=place))

    def go_on(self) -> None:
        """Fill those that were not reached; what is finished is kept."""
        from engine.batch import planned

        if self.can_go_on and self.report is not None:
            job = Job(tr_later("Planning"), partial(planned, self.report.config, resume=True))
            self._prepare(job, self.start)

    def forget(self) -> None:
        """Make room for another run."""
        if not self.is_on:
            self.state, self.run, self.report = "none", None, None
            self.outcomes, self._places = Outcomes(), None
            self._clock.stop()
            self.changed.emit()

    @Slot()
    def make_room(self) -> None:
        """Let the editor's own run go first; to be called when one begins or ends."""
        if self.run is not None and self.state == "running":
            waits = self.is_paused or self.is_held
            if waits != self.run.is_paused:
                (self.run.pause if waits else self.run.unpause)()
                self.moved.emit()

    def end(self) -> bool:
        """Stop, and say whether the thread has ended; the program is about to end."""
        self._clock.stop()
        return self._tasks is None or self._tasks.shutdown()

    # --- work --------------------------------------------------------------------------------

    def _prepare(self, job: Job[Plan], then: Callable[[Plan], None]) -> None:
        self.state = "preparing"
        self._submit(job, then, self._on_unprepared, partial(self._return_to, "ended"))

    def _submit(
        self,
        job: Job[Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        stopped: Callable[[], None],
    ) -> None:
        if self._tasks is None:
            self._tasks = Tasks(self)
        self._ticket = self._tasks.start(job, done, failed=failed, stopped=stopped, quiet_s=_UNSEEN)
        self._clock.start()
        self.changed.emit()

    @Slot()
    def _tick(self) -> None:
        if self.run is not None:
            rows = self.run.rows(len(self.outcomes.rows))[:MOST_PER_TICK]
            if rows:
                self.outcomes.add(rows)
                self.arrived.emit(rows)
            elif not self.is_on:
                self._clock.stop()
        self.moved.emit()

    def _on_report(self, report: Report) -> None:
        self._finish(report)

    def _on_stopped(self) -> None:
        self._finish(self.run.report if self.run is not None else None)

    def _on_failed(self, error: Exception) -> None:
        self._finish(self.run.report if self.run is not None else None)
        self.failed.emit(complaint(error))

    def _on_unprepared(self, error: Exception) -> None:
        self._return_to("ended")
        self.failed.emit(complaint(error))

    def _return_to(self, state: State) -> None:
        self._ticket, self.state = None, state
        self.changed.emit()

    def _finish(self, report: Report | None) -> None:
        self.report = report
        if report is None:  # it could not even begin
            self._return_to("none")
            self.forget()
        else:
            self._return_to("ended")
            self.ended.emit()


def complaint(error: Exception) -> Notice:
    """An error as a notice, with details if it is a fault of ours."""
    if isinstance(error, EngineError):
        return Notice(told(str(error)), "error", lasts=True)
    text = tr("That was stopped by a fault of the program: {error}", error=error)
    return Notice(text, "error", details=details_of(error), lasts=True)
