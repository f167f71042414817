"""The course of a run: which picture is begun when, what is counted, and when it ends."""

from __future__ import annotations

import time
from collections import Counter, deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from engine import memory
from engine.batch import naming, notes
from engine.batch.lanes import Lanes
from engine.batch.manifest import Manifest, leftovers
from engine.batch.naming import text_of
from engine.batch.outlook import BatchProgress, Outlook
from engine.batch.thumbnails import pictured
from engine.batch.work import Order, settled
from engine.errors import PictureError

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

    from engine.batch.cluster import Scheduler
    from engine.batch.items import Item, Plan
    from engine.batch.lanes import Finished
    from engine.batch.manifest import Status
    from engine.batch.report import End, Row
    from engine.batch.thumbnails import Thumbnails
    from engine.batch.work import Outcome
    from engine.jobs import CancelToken

_TICK_SECONDS = 0.1


class Crew(Protocol):
    """Who works on the pictures: `Lanes` here, or `cluster.Workers` elsewhere."""

    @property
    def waits_for(self) -> str:
        """What they wait for, in words; "" if for nothing but the pictures."""

    def starts(self, item: Item, *, pictured: bool) -> bool:
        """Begin with an item if there is room for it."""

    def finished(self, timeout: float) -> Finished | None:
        """The next item that is finished; None if there is none for so many seconds."""

    def stop(self) -> None:
        """Stop what is being filled."""

    def close(self) -> None:
        """Stop, and wait until what is being written is whole."""


class Course:
    """One execution of a plan.

    Attributes:
        pictures: thumbnails, by the pictures' paths as text.
        end: how it ended.
        why: a sentence, if it ended early.
        has_begun: whether anything was written.
        seconds: wall time so far, pauses left out.
    """

    def __init__(
        self,
        plan: Plan,
        rows: list[Row],
        paused: threading.Event,
        scheduler: Scheduler | None = None,
    ) -> None:
        """Prepare.

        Args:
            plan: what to do.
            rows: grows with every picture that is finished.
            paused: while it is set, no picture is begun.
            scheduler: whose workers do the work; None for this process.
        """
        self.pictures: dict[str, Thumbnails] = {}
        self.end: End = "finished"
        self.why: str | None = None
        self.has_begun = False
        self.seconds = 0.0
        self._plan = plan
        self._rows = rows
        self._paused = paused
        self._scheduler = scheduler
        self._counts: Counter[Status] = Counter()
        items = _reached(plan)
        if len(items) < len(plan.items):
            self.end, self.why = "stopped", items[-1].reason
        self._settled = [item for item in items if item.intent != "ready"]
        ready = tuple(item for item in items if item.intent == "ready")
        self._waiting = deque(ready)
        self._pictured = frozenset(id(item) for item in pictured(ready))
        self._under_way: list[Item] = []
        self._outlook = Outlook(self._waiting)

    def count(self, status: Status) -> int:
        """How many pictures have it by now."""
        return self._counts[status]

    def rows_in_order(self) -> tuple[Row, ...]:
        """The rows so far, in the order of the plan."""
        places = {text_of(item.image): place for place, item in enumerate(self._plan.items)}
        return tuple(sorted(self._rows, key=lambda row: places[row.image]))

    def steps(self, token: CancelToken) -> Generator[BatchProgress, None, None]:
        """Work on every picture.

        Raises:
            EngineError: if nothing can be begun.
            Cancelled: once the token is cancelled; what is being written is finished before.
        """
        order = Order.of(self._plan.config)
        _check_space(self._plan)
        manifest = self._opened_manifest()
        taken = {naming.key_of(item.output) for item in self._plan.items if item.output}
        try:
            crew = self._crew(order, manifest, frozenset(taken))
        except BaseException:
            manifest.close()
            raise
        self.has_begun = True
        try:
            manifest.begin(self._plan.config, order.settings)
            outcomes = [settled(item, self._plan.config) for item in self._settled]
            manifest.append(*(outcome.entry for outcome in outcomes if outcome.entry))
            for outcome in outcomes:
                self._note(outcome)
            yield from self._loop(crew, token)
        finally:
            crew.close()
            while (found := crew.finished(0)) is not None:
                self._take(found)
            if not self._under_way:  # else workers that do not answer may still be at it
                notes.clear(self._plan.config.output_folder)
            manifest.close()

    def _loop(self, crew: Crew, token: CancelToken) -> Generator[BatchProgress, None, None]:
        while self._waiting or self._under_way:
            token.check()
            begin = time.monotonic()
            self._start_some(crew)
            yield self._progress(crew)
            was_working = bool(self._under_way)
            found = crew.finished(_TICK_SECONDS)
            if found is not None:
                self._take(found)
                if self.end == "error":
                    crew.stop()
            if was_working:
                self.seconds += time.monotonic() - begin
        yield self._progress(crew)

    def _start_some(self, crew: Crew) -> None:
        """Begin with as many of the waiting pictures as there is room for, in their order."""
        while self._waiting and not self._paused.is_set():
            item = self._waiting[0]
            if not crew.starts(item, pictured=id(item) in self._pictured):
                return
            self._waiting.popleft()
            self._under_way.append(item)
            self._outlook.start(item)

    def _take(self, found: Finished) -> None:
        """Note what the crew handed back, and whether it means the end."""
        self._under_way.remove(found.item)
        outcome = found.outcome
        status = outcome.row.status if outcome else None
        self._outlook.finish(found.item, counts=status == "done")
        if outcome is not None:
            self._note(outcome)
        if found.end:
            self._stop("error", found.end)
        elif status == "failed" and self._plan.config.stop_on_error:
            self._stop("stopped", self._rows[-1].reason)

    def _note(self, outcome: Outcome) -> None:
        self._rows.append(outcome.row)
        self._counts[outcome.row.status] += 1
        if outcome.pictures is not None:
            self.pictures[outcome.row.image] = outcome.pictures

    def _stop(self, end: End, why: str | None) -> None:
        self._waiting.clear()
        if self.end != "error":  # the first reason is the one that others follow from
            self.end, self.why = end, why

    def _progress(self, crew: Crew) -> BatchProgress:
        left = self._outlook.seconds_left(self.seconds)
        total, finished = len(self._plan.items), len(self._rows)
        share = finished / total if total else 1.0
        if left is not None and self.seconds > 0:
            share = self.seconds / (self.seconds + left)
        return BatchProgress(
            total=total,
            done=self._counts["done"],
            skipped=self._counts["skipped"],
            failed=self._counts["failed"],
            seconds=self.seconds,
            seconds_left=left,
            share=share,
            current=tuple(item.image.name for item in self._under_way),
            is_paused=self._paused.is_set(),
            waits_for=crew.waits_for,
        )

    def _crew(self, order: Order, manifest: Manifest, taken: frozenset[str]) -> Crew:
        if self._scheduler is None:
            return Lanes(order, manifest, taken)
        from engine.batch.cluster import Workers

        return Workers(self._scheduler, order, manifest, taken)

    def _opened_manifest(self) -> Manifest:
        folder = self._plan.config.output_folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PictureError(
                f"The folder “{folder}” cannot be made: {error.strerror}."
            ) from error
        manifest = Manifest(folder)
        if self._plan.resumes:
            places = {item.output.parent for item in self._plan.items if item.output}
            for left in leftovers({folder, *places}):
                with suppress(OSError):
                    left.unlink()
            # Its workers may still be at it, so their notes are kept for the while.
            manifest.append(*notes.entries(folder))
        else:
            notes.clear(folder)
        return manifest


def _reached(plan: Plan) -> tuple[Item, ...]:
    """The items of a run: with `stop_on_error`, those after a certain failure are not reached."""
    if plan.config.stop_on_error:
        for place, item in enumerate(plan.items):
            if item.intent == "failed":
                return plan.items[: place + 1]
    return plan.items


def _check_space(plan: Plan) -> None:
    if plan.lacks_space:
        raise PictureError(
            f"The results need about {memory.in_words(plan.needed_bytes)} and "
            f"{memory.in_words(plan.free_bytes or 0)} are free in “{plan.config.output}”; make "
            "room or choose another folder."
        )
