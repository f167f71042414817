"""Jobs in a worker thread: order, cancelling, failing, and whose thread hears of it."""

from __future__ import annotations

import threading
import traceback
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QObject, Slot

from engine.errors import InvalidInputError
from engine.jobs import CancelToken, Job, Progress, Steps
from engine.qt import JobRunner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


class Ear(QObject):
    """Notes what arrives, and in which thread."""

    def __init__(self, runner: JobRunner) -> None:
        super().__init__()
        self.heard: list[tuple[str, int]] = []
        self.values: dict[int, object] = {}
        self.shares: list[float] = []
        self.threads: set[int] = set()
        runner.started.connect(self.on_started)
        runner.progressed.connect(self.on_progressed)
        runner.succeeded.connect(self.on_succeeded)
        runner.failed.connect(self.on_failed)
        runner.cancelled.connect(self.on_cancelled)

    def _note(self, what: str, ticket: int) -> None:
        self.heard.append((what, ticket))
        self.threads.add(threading.get_ident())

    @Slot(int)
    def on_started(self, ticket: int) -> None:
        self._note("started", ticket)

    @Slot(int, object)
    def on_progressed(self, _: int, progress: Progress) -> None:
        self.shares.append(progress.share)
        self.threads.add(threading.get_ident())

    @Slot(int, object)
    def on_succeeded(self, ticket: int, value: object) -> None:
        self._note("succeeded", ticket)
        self.values[ticket] = value

    @Slot(int, object)
    def on_failed(self, ticket: int, error: object) -> None:
        self._note("failed", ticket)
        self.values[ticket] = error

    @Slot(int)
    def on_cancelled(self, ticket: int) -> None:
        self._note("cancelled", ticket)

    @Slot()
    def on_idle(self) -> None:
        self._note("idle", 0)


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[JobRunner]:
    runner = JobRunner()
    yield runner
    assert runner.shutdown()


def returning(value: object) -> Job[object]:
    def work(token: CancelToken) -> Steps[object]:
        yield Progress(0.5, 1.0, "half")
        return value

    return Job("Return", work)


def raising(error: Exception) -> Job[object]:
    def work(token: CancelToken) -> Steps[object]:
        yield Progress(0.0, 1.0, "about to fail")
        raise error

    return Job("Raise", work)


def waiting(entered: threading.Event) -> Job[object]:
    """A job that goes on until it is cancelled."""

    def work(token: CancelToken) -> Steps[object]:
        while True:
            entered.set()
            token._event.wait(0.01)
            yield Progress(0.0, 1.0, "waiting")

    return Job("Wait", work)


def test_results_arrive_in_the_order_of_submission(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    with qtbot.waitSignal(runner.idle):
        tickets = [runner.submit(returning(value)) for value in "abc"]
    assert [ticket for what, ticket in ear.heard if what == "succeeded"] == tickets
    assert [ear.values[ticket] for ticket in tickets] == ["a", "b", "c"]


def test_slots_run_in_the_thread_of_the_window(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    with qtbot.waitSignal(runner.idle):
        runner.submit(returning(1))
        runner.submit(raising(ValueError("no")))
    assert ear.threads == {threading.get_ident()}


def test_work_runs_outside_the_thread_of_the_window(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)

    def work(token: CancelToken) -> Steps[int]:
        yield Progress(0.0, 1.0, "")
        return threading.get_ident()

    with qtbot.waitSignal(runner.idle):
        ticket = runner.submit(Job("Where", work))
    assert ear.values[ticket] != threading.get_ident()


def test_progress_is_passed_on(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    with qtbot.waitSignal(runner.idle):
        runner.submit(returning(1))
    assert ear.shares == [0.5]


def test_hasty_progress_does_not_flood_the_window(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)

    def work(token: CancelToken) -> Steps[None]:
        for step in range(2000):
            yield Progress(step, 2000, "")

    with qtbot.waitSignal(runner.idle):
        runner.submit(Job("Hasty", work))
    assert 1 <= len(ear.shares) < 200


@pytest.mark.parametrize("error", [InvalidInputError("bad mask"), ZeroDivisionError("bug")])
def test_an_error_arrives_and_the_next_job_still_runs(
    qtbot: QtBot, runner: JobRunner, error: Exception
) -> None:
    ear = Ear(runner)
    with qtbot.waitSignal(runner.idle):
        first, second = runner.submit(raising(error)), runner.submit(returning(2))
    assert ear.values[first] is error
    assert ear.values[second] == 2


def test_an_error_keeps_its_traceback_but_not_the_pictures_of_the_run(
    qtbot: QtBot, runner: JobRunner
) -> None:
    ear = Ear(runner)
    seen: list[weakref.ref[object]] = []

    def work(token: CancelToken) -> Steps[None]:
        picture = np.zeros((9, 9))
        seen.append(weakref.ref(picture))
        yield Progress(0.0, 1.0, "")
        raise ZeroDivisionError(f"bug in {picture.shape}")

    with qtbot.waitSignal(runner.idle):
        ticket = runner.submit(Job("Fail", work))
    error = ear.values[ticket]
    assert isinstance(error, ZeroDivisionError)
    assert "in work" in "".join(traceback.format_exception(error))
    assert seen[0]() is None


def test_a_running_job_can_be_cancelled(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    entered = threading.Event()
    ticket = runner.submit(waiting(entered))
    assert entered.wait(5)
    with qtbot.waitSignal(runner.idle, timeout=1000):
        runner.cancel(ticket)
    assert ("cancelled", ticket) in ear.heard


def test_a_waiting_job_can_be_cancelled_before_it_starts(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    entered = threading.Event()
    running, queued = runner.submit(waiting(entered)), runner.submit(returning(1))
    assert entered.wait(5)
    with qtbot.waitSignal(runner.idle, timeout=1000):
        runner.cancel(queued)
        runner.cancel(running)
    assert ("cancelled", queued) in ear.heard
    assert ("succeeded", queued) not in ear.heard


def test_cancelling_an_ended_job_does_nothing(qtbot: QtBot, runner: JobRunner) -> None:
    with qtbot.waitSignal(runner.idle):
        ticket = runner.submit(returning(1))
    runner.cancel(ticket)
    assert not runner.is_busy


def test_idle_comes_after_the_last_result(qtbot: QtBot, runner: JobRunner) -> None:
    ear = Ear(runner)
    runner.idle.connect(ear.on_idle)
    with qtbot.waitSignal(runner.idle):
        runner.submit(returning(1))
        runner.submit(returning(2))
    assert ear.heard[-2:] == [("succeeded", 2), ("idle", 0)]


def test_shutdown_stops_a_running_job(qtbot: QtBot) -> None:
    runner = JobRunner()
    entered = threading.Event()
    runner.submit(waiting(entered))
    assert entered.wait(5)
    assert runner.shutdown()


def test_shutdown_gives_up_waiting_after_its_limit(qtbot: QtBot) -> None:
    runner = JobRunner()
    entered, leave = threading.Event(), threading.Event()

    def work(token: CancelToken) -> Steps[None]:
        yield Progress(0.0, 1.0, "")
        entered.set()
        leave.wait(10)

    runner.submit(Job("Stubborn", work))
    assert entered.wait(5)
    assert not runner.shutdown(timeout_ms=50)
    leave.set()
    assert runner.shutdown()
