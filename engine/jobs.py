"""Long tasks without threads: a task is a generator that yields progress and returns its result.

Whoever runs it decides where: the editor in its worker thread (`engine.qt`), the command line in
place, a test with `finish`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from engine.errors import Cancelled

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task is: `done` of `total` units (0..1 when `total` is 1), and what it does now."""

    done: float
    total: float
    message: str

    @property
    def share(self) -> float:
        """Progress as a number in 0..1."""
        return min(1.0, max(0.0, self.done / self.total)) if self.total > 0 else 0.0


Steps: TypeAlias = Generator[Progress, None, T]


class CancelToken:
    """A wish to stop, shared between the thread that asks and the one that works."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        self._event.set()

    def check(self) -> None:
        """Raise `Cancelled` if somebody asked to stop."""
        if self._event.is_set():
            raise Cancelled


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """A titled task that has not started yet."""

    title: str
    work: Callable[[CancelToken], Steps[T]]

    def run(self, token: CancelToken, on_progress: Callable[[Progress], None]) -> T:
        """Run to the end in the calling thread, reporting every step.

        Raises:
            Cancelled: if the token is cancelled; also between two steps.
        """
        steps = self.work(token)
        try:
            while True:
                token.check()
                try:
                    on_progress(next(steps))
                except StopIteration as end:
                    result: T = end.value
                    return result
        finally:
            steps.close()


def finish(steps: Steps[T]) -> T:
    """Run a task's steps to the end and return its result, ignoring progress."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def scaled(steps: Steps[T], start: float, stop: float) -> Steps[T]:
    """The same task, its progress mapped onto the part `start`..`stop` of a larger one (0..1)."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        yield Progress(start + (stop - start) * step.share, 1.0, step.message)
