"""A plan that is being carried out: what the window and the command line hold on to."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from engine.batch import report as reports
from engine.batch import sheet
from engine.batch.config import textual
from engine.batch.course import Course
from engine.batch.items import Plan, lacks_mask
from engine.batch.naming import text_of
from engine.batch.outlook import BatchProgress
from engine.batch.planning import plan as planned
from engine.batch.report import Report
from engine.errors import Cancelled, PictureError
from engine.jobs import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from engine.batch.cluster import Scheduler
    from engine.batch.report import End, Row
    from engine.jobs import CancelToken, Steps

log = logging.getLogger(__name__)

REPORT = "lacuna-batch.json"


class BatchRun:
    """A plan that is being carried out, once.

    `steps` is the task; everything else may be called from any thread meanwhile.
    """

    def __init__(
        self, plan: Plan, *, report_file: Path | None = None, scheduler: Scheduler | None = None
    ) -> None:
        """Prepare; nothing is read or written yet.

        Args:
            plan: what to do.
            report_file: where the report goes, a table and a contact sheet beside it; by default
                `REPORT` in the folder of the results.
            scheduler: whose workers do the work; None for this process.
        """
        self.plan = plan
        self.report_file = report_file or plan.config.output_folder / REPORT
        self._scheduler = scheduler
        self._paused = threading.Event()
        self._rows: list[Row] = []
        self._progress = BatchProgress(len(plan.items))
        self._report: Report | None = None

    def pause(self) -> None:
        """Begin with no further picture until `unpause`; those begun are finished."""
        self._paused.set()

    def unpause(self) -> None:
        """Go on."""
        self._paused.clear()

    @property
    def is_paused(self) -> bool:
        return self._paused.is_set()

    @property
    def progress(self) -> BatchProgress:
        """How the run stands."""
        return replace(self._progress, is_paused=self.is_paused)

    def rows(self, start: int = 0) -> tuple[Row, ...]:
        """The rows of what is finished from the n-th on, in the order in which they came."""
        return tuple(self._rows[start:])

    @property
    def report(self) -> Report | None:
        """The report, also of a run that was cancelled; None until `steps` has ended."""
        return self._report

    def steps(self, token: CancelToken) -> Steps[Report]:
        """Carry the plan out and write the reports.

        Returns:
            What became of every picture. A full disk or a folder that vanished ends the run early
            and is told there, in `ended` and `why`, as is a report that could not be written.

        Raises:
            InvalidInputError: if another run is writing into the same folder.
            PictureError: if the folder of the results cannot be written, or they will not fit.
            EngineError: if the backend cannot be had, or the scheduler.
            Cancelled: once the token is cancelled; `report` tells what was finished.
        """
        started = datetime.now().astimezone()
        course = Course(self.plan, self._rows, self._paused, self._scheduler)
        try:
            for self._progress in course.steps(token):
                yield Progress(self._progress.share, 1.0, self._progress.in_words())
        except (Cancelled, GeneratorExit):
            if course.has_begun:
                self._report = self._written(course, started, "cancelled", "Somebody stopped it.")
            raise
        yield Progress(1.0, 1.0, "Writing the report")
        yield from sheet.completed(course.pictures, self.plan, self._rows, token)
        self._report = self._written(course, started, course.end, course.why)
        return self._report

    def _written(self, course: Course, started: datetime, end: End, why: str | None) -> Report:
        """The report, on the disk if that can be."""
        report = Report(
            config=textual(self.plan.config),
            ended=end,
            why=text_of(why) if why else None,
            done=course.count("done"),
            skipped=course.count("skipped"),
            failed=course.count("failed"),
            without_mask=sum(lacks_mask(self.plan.config, item) for item in self.plan.items),
            remaining=len(self.plan.items) - len(self._rows),
            started=started.isoformat(timespec="seconds"),
            seconds=round(course.seconds, 3),
            files=course.rows_in_order(),
            orphans=tuple(text_of(path) for path in self.plan.orphans),
        )
        try:
            reports.save(report, self.report_file)
            sheet.save(report, course.pictures, self.report_file.with_suffix(".html"))
        except PictureError as error:
            log.warning("no report: %s", error)
            both = f"{why} {error}" if why else str(error)
            return msgspec.structs.replace(
                report, why=both, ended="error" if end == "finished" else end
            )
        return report


def retry(report: Report, token: CancelToken) -> Steps[Plan]:
    """The plan of those pictures that failed, with the same settings.

    Args:
        report: of the run; `report.load` reads one.
        token: as for `planning.plan`.

    Raises:
        EngineError, Cancelled: as `planning.plan` does.
    """
    failed = frozenset(row.image for row in report.files if row.status == "failed")
    return (yield from planned(report.config, token, only=failed))
