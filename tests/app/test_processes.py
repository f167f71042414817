"""A process that trains: its events, its end in every way, and that it takes nobody along."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app import processes
from app.processes import TrainingProcess
from training.events import Checkpoint, Finished, Started, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from app.processes import Outcome

FAKE = str(Path(__file__).parent / "fake_training.py")
SOON = 50


class Watcher:
    """Starts a fake and notes what it says."""

    def __init__(self, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
        self.process = TrainingProcess()
        self.run = folder / "run"
        self.events: list[object] = []
        self.outcomes: list[Outcome] = []
        self._config = folder / "wish.toml"
        self._config.write_text("version = 1\n", "utf-8")
        self._qtbot = qtbot
        self._monkeypatch = monkeypatch
        self.process.told.connect(self.events.append)
        self.process.ended.connect(self.outcomes.append)

    def start(self, what: str) -> int:
        self._monkeypatch.setenv("FAKE_TRAINING", what)
        words = ["train", str(self._config), "--out", str(self.run), "--events"]
        return self.process.start(words)

    def wait_for(self, kind: type) -> None:
        self._qtbot.waitUntil(
            lambda: any(isinstance(event, kind) for event in self.events), timeout=10_000
        )

    def end(self) -> Outcome:
        self._qtbot.waitUntil(lambda: bool(self.outcomes), timeout=10_000)
        return self.outcomes[0]


@pytest.fixture
def watcher(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    monkeypatch.setattr(processes, "program", lambda: (sys.executable, FAKE))
    watcher = Watcher(tmp_path, qtbot, monkeypatch)
    yield watcher
    if watcher.run.exists():
        (watcher.run / "enough").touch()
    watcher.process.shutdown(2000)


def test_the_same_program_is_started_whether_frozen_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert processes.program() == (sys.executable, "-m", "app")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert processes.program() == (sys.executable,)


def test_events_arrive_in_order_and_the_end_says_what_came_of_it(watcher: Watcher) -> None:
    watcher.start("done")
    outcome = watcher.end()
    kinds = [type(event) for event in watcher.events]
    assert kinds[:2] == [Started, Step]
    assert kinds[-1] is Finished
    assert outcome.sentence == ""
    assert outcome.finished is not None
    assert (outcome.finished.step, outcome.finished.reason) == (400, "done")
    assert not watcher.process.is_running


def test_stop_is_asked_for_and_answered(watcher: Watcher) -> None:
    watcher.start("waits")
    watcher.wait_for(Checkpoint)
    watcher.process.stop()
    assert watcher.process.is_stopping
    outcome = watcher.end()
    assert outcome.finished is not None
    assert outcome.finished.reason == "stopped"


def test_nothing_is_killed_before_its_time_and_nothing_that_was_not_asked(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_MS", 60_000)
    watcher.start("waits")
    watcher.wait_for(Checkpoint)
    watcher.process.kill()
    watcher.process.stop()
    watcher.process.kill()
    outcome = watcher.end()
    assert outcome.finished is not None


def test_one_that_does_not_stop_is_overdue_and_can_then_be_killed(
    watcher: Watcher, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_MS", SOON)
    watcher.start("deaf")
    watcher.wait_for(Checkpoint)
    with qtbot.waitSignal(watcher.process.overdue, timeout=10_000):
        watcher.process.stop()
    assert not watcher.outcomes
    watcher.process.kill()
    outcome = watcher.end()
    assert (outcome.finished, outcome.sentence) == (None, "")


def test_a_failure_is_told_in_its_own_words(watcher: Watcher) -> None:
    watcher.start("fails")
    outcome = watcher.end()
    assert outcome.finished is None
    assert outcome.sentence == "The losses ceased to be numbers."
    assert "Not an event {" in outcome.details


def test_a_refusal_on_stderr_is_the_sentence_and_the_rest_the_details(watcher: Watcher) -> None:
    watcher.start("refuses")
    outcome = watcher.end()
    assert outcome.sentence == "There are no pictures in “here”; name another folder."
    assert "Some library: a warning" in outcome.details
    assert not watcher.events


@pytest.mark.parametrize(("what", "words"), [("dies", "from outside"), ("vanishes", "code 3")])
def test_a_death_without_a_word_gets_a_sentence(watcher: Watcher, what: str, words: str) -> None:
    watcher.start(what)
    outcome = watcher.end()
    assert words in outcome.sentence
    assert outcome.finished is None


def test_a_program_that_is_not_there_gets_a_sentence(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "program", lambda: ("/nowhere/lacuna",))
    watcher.start("done")
    assert "could not be started" in watcher.end().sentence
    assert len(watcher.outcomes) == 1


def test_it_can_be_started_again_after_its_end(watcher: Watcher) -> None:
    watcher.start("fails")
    watcher.end()
    watcher.outcomes.clear()
    watcher.run = watcher.run.with_name("second")
    watcher.start("done")
    assert watcher.end().sentence == ""


def test_shutdown_waits_for_the_checkpoint_and_tells_nobody(watcher: Watcher) -> None:
    watcher.start("waits")
    watcher.wait_for(Checkpoint)
    assert watcher.process.shutdown()
    assert "finished" in (watcher.run / "events.jsonl").read_text("utf-8")
    assert not watcher.outcomes


def test_shutdown_kills_what_does_not_end(watcher: Watcher) -> None:
    watcher.start("deaf")
    watcher.wait_for(Checkpoint)
    assert not watcher.process.shutdown(SOON)
    assert not watcher.process.is_running


def test_a_process_is_known_by_its_id_and_a_word_it_was_started_with(watcher: Watcher) -> None:
    pid = watcher.start("waits")
    watcher.wait_for(Started)
    assert processes.is_alive(pid, str(watcher.run))
    assert not processes.is_alive(pid, "another")
    watcher.process.stop()
    watcher.end()
    assert not processes.is_alive(pid, str(watcher.run))
    assert not processes.is_alive(os.getpid(), str(watcher.run))
