"""The plan of a folder, made anew in a worker whenever the wish changes."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.language import tr, tr_later
from app.session.tasks import Tasks
from engine.errors import EngineError
from engine.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.session.batch_wish import Wish
    from app.session.batch_work import Survey

log = logging.getLogger(__name__)

SETTLE_MS = 300
"""Rest after a change before the folders are looked at: a name is typed letter by letter."""


class BatchPlanning(QObject):
    """Whoever asked last gets the answer.

    Signals:
        changed: `survey`, `pictures`, `problem` or `is_busy` is new.
        moved: `message` is.
    """

    changed = Signal()
    moved = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.survey: Survey | None = None
        """Of the wish asked for last, unless that is still looked into: then of one before."""
        self.pictures: int | None = None
        """How many there are, also while masks or output are missing; None = not known."""
        self.problem = ""
        self._wish: Wish | None = None
        self._tasks: Tasks | None = None
        self._ticket: int | None = None
        # What ended just before it was cancelled is known by its number.
        self._number = 0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(SETTLE_MS)
        self._rest.timeout.connect(self._begin)

    @property
    def is_busy(self) -> bool:
        """Whether the answer to the last wish is still to come."""
        return self._rest.isActive() or self._ticket is not None

    @property
    def message(self) -> str:
        """How far the planning is; empty if it does not go on."""
        if self._ticket is None or self._tasks is None:
            return ""
        activity = self._tasks.activity_of(self._ticket)
        return activity.message if activity is not None else ""

    def ask(self, wish: Wish) -> None:
        """Plan for a wish, unless that was the last one; its recipe must be there."""
        if wish == self._wish:
            return
        before, self._wish = self._wish, wish
        self._stop()
        self.problem = ""
        if before is None or _sources(before) != _sources(wish):
            # A table of other pictures would be taken for that of these.
            self.survey = self.pictures = None
        if wish.images:
            self._rest.start()
        self.changed.emit()

    def ask_again(self) -> None:
        """Plan once more for the last wish: files may have come or gone."""
        wish, self._wish = self._wish, None
        if wish is not None:
            self.ask(wish)

    def stop(self) -> None:
        """Nobody looks any more; the next wish is looked into, even if it is the same."""
        self._stop()
        self._wish = self.survey = self.pictures = None
        self.problem = ""

    def end(self) -> bool:
        """Whether the thread has ended; the program is about to end."""
        return self._tasks is None or self._tasks.shutdown()

    # --- work --------------------------------------------------------------------------------

    def _stop(self) -> None:
        self._rest.stop()
        self._number += 1
        if self._ticket is not None and self._tasks is not None:
            self._tasks.cancel(self._ticket)
        self._ticket = None

    @Slot()
    def _begin(self) -> None:
        from app.session import batch_work as work

        wish = self._wish
        if wish is None:
            return
        if self._tasks is None:
            self._tasks = Tasks(self)
            self._tasks.changed.connect(self.moved)
        job: Job[Any]
        done: Callable[[int, Any], None]
        if wish.missing:
            job = Job(tr_later("Counting"), partial(work.count, Path(wish.images), wish.recursive))
            done = self._on_count
        else:
            job = Job(tr_later("Planning"), partial(work.look, wish))
            done = self._on_survey
        self._ticket = self._tasks.start(
            job, partial(done, self._number), failed=partial(self._on_failed, self._number)
        )
        self.changed.emit()

    def _on_count(self, number: int, pictures: int) -> None:
        if number == self._number:
            self._ticket, self.pictures, self.survey = None, pictures, None
            self.changed.emit()

    def _on_survey(self, number: int, survey: Survey) -> None:
        if number == self._number:
            self._ticket, self.survey = None, survey
            self.pictures = survey.counts.pictures
            self.changed.emit()

    def _on_failed(self, number: int, error: Exception) -> None:
        if number == self._number:
            self._ticket, self.survey = None, None
            self.problem = sentence(error)
            self.changed.emit()


def sentence(error: Exception) -> str:
    """An error for people."""
    if isinstance(error, EngineError):
        return str(error)
    log.warning("work on a folder failed: %s", error)
    return tr("That was stopped by a fault of the program: {error}", error=error)


def _sources(wish: Wish) -> Wish:
    """What decides which pictures and masks there are."""
    return replace(wish, output="", name="", on_existing="rename", resumes=True, recipe=None)
