"""A run: in the Train dialog, without it, after a restart, and what comes of it."""

from __future__ import annotations

import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from app import processes
from app.panels.training import TrainingButton
from tests.app.trainer import STARTED, put_pepsi
from training import config as configs
from training.events import (
    to_line,
)
from training.recipes import recipe

if TYPE_CHECKING:
    from tests.app.trainer import Trainer


# --- a run ---------------------------------------------------------------------------------------


def test_start_hands_the_process_what_was_asked_for(trainer: Trainer) -> None:
    trainer.fill_in()
    folder = trainer.setup.run_folder
    trainer.choose(trainer.setup.device, "cpu")
    trainer.start("done")
    trainer.reach("ended")
    config = configs.load(folder / "config.toml")
    assert (config.backend, config.preset, config.steps) == ("pepsi", "quick", 400)
    assert (config.data, config.device) == (str(trainer.pictures), "cpu")
    words = (folder / "words.txt").read_text().splitlines()
    assert words[0] == "train"
    assert words[2:] == ["--out", str(folder), "--events"]
    assert not Path(words[1]).exists()


def test_a_run_shows_curves_quality_samples_time_and_verdict(trainer: Trainer) -> None:
    trainer.fill_in()
    trainer.start("waits")
    trainer.wait_for_sheet()
    run = trainer.run
    assert run.place.text().startswith("Step 40 of 400   12.5 pictures a second   2 h 05 min left")
    assert run.verdict.text() == "Still improving."
    assert run.bar.value() == 100
    legend = unescape(run.curves.legend.text()).replace("\xa0", " ")
    for word in ("Difference, whole picture", "Critic's own: hinge", "PSNR", "20.5", "0.75"):
        assert word in legend
    assert run.curves._lines["l1"][1].getData()[0].tolist() == [10, 20, 30, 40]
    assert run.curves._lines["PSNR"][1].getData()[1].tolist() == [20.5]
    assert run.sheet.image is not None
    assert run.sheet.caption.text() == "Original, hole, fill at step 40"


def test_stop_ends_with_a_checkpoint_and_offers_the_model(trainer: Trainer) -> None:
    trainer.fill_in()
    trainer.start("waits")
    trainer.wait_for_sheet()
    trainer.press(trainer.dialog.stop)
    assert not trainer.dialog.stop.isEnabled()
    assert "with a checkpoint" in trainer.run.place.text()
    trainer.reach("ended")
    assert trainer.run.place.text() == "Stopped at step 40 of 400."
    assert trainer.dialog.use.isVisible()
    assert not trainer.dialog.stop.isVisible()


def test_pause_and_continue(trainer: Trainer) -> None:
    trainer.fill_in()
    folder = trainer.setup.run_folder
    trainer.start("waits")
    trainer.wait_for_sheet()
    trainer.press(trainer.dialog.pause)
    trainer.reach("paused")
    assert "memory and graphics card are free" in trainer.run.place.text()
    trainer.press(trainer.dialog.go_on)
    trainer.desk.wait(lambda: trainer.training.course.step == 80)
    words = (folder / "words.txt").read_text().splitlines()
    assert words == ["train", "--resume", "--out", str(folder), "--events"]
    assert trainer.training.course.losses["l1"].steps == list(range(10, 90, 10))
    trainer.press(trainer.dialog.stop)
    trainer.reach("ended")


def test_a_night_that_is_over_can_be_followed_by_another(trainer: Trainer) -> None:
    trainer.fill_in()
    trainer.setup._on_preset("overnight")
    trainer.setup._on_number("size", "128")
    trainer.check()
    folder = trainer.setup.run_folder
    trainer.start("time")
    trainer.reach("ended")
    assert "The time is up" in trainer.run.place.text()
    trainer.press(trainer.dialog.go_on)
    trainer.reach("ended")
    assert "time_limit_s=57600.0" in (folder / "words.txt").read_text()


@pytest.mark.parametrize(("end", "words"), [("done", "Done at"), ("flat", "nothing improved")])
def test_a_run_at_its_end_is_not_continued(trainer: Trainer, end: str, words: str) -> None:
    trainer.fill_in()
    trainer.start(end)
    trainer.reach("ended")
    assert words in trainer.run.place.text()
    assert not trainer.dialog.go_on.isVisible()
    assert "has ended after 400 steps" in trainer.desk.said()


def test_a_failure_shows_its_sentence_and_folds_the_details(trainer: Trainer) -> None:
    trainer.fill_in()
    trainer.start("fails")
    trainer.reach("failed")
    assert trainer.run.message._text.text() == "The losses ceased to be numbers."
    assert trainer.run.message._report.isVisible()
    assert trainer.training.complaint is not None
    assert "Not an event {" in trainer.training.complaint.details
    assert trainer.dialog.go_on.isVisible()
    assert "The training of PEPSI has failed" in trainer.desk.said()


def test_a_process_that_cannot_begin_leaves_the_wish_for_the_next_try(trainer: Trainer) -> None:
    trainer.fill_in()
    trainer.setup._on_number("steps", "55")
    trainer.start("refuses")
    trainer.reach("failed")
    assert "There are no pictures in" in trainer.run.message._text.text()
    assert trainer.run.place.text() == "Could not begin."
    assert not trainer.dialog.go_on.isVisible()
    trainer.press(trainer.dialog.new)
    trainer.check()
    assert trainer.setup.config().steps == 55
    assert trainer.setup.config().data == str(trainer.pictures)
    assert trainer.dialog.start.isEnabled()


def test_a_process_that_does_not_stop_may_be_ended_after_a_while(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE_MS", 50)
    trainer.fill_in()
    trainer.start("deaf")
    trainer.wait_for_sheet()
    assert not trainer.dialog.kill.isVisible()
    trainer.press(trainer.dialog.stop)
    trainer.desk.wait(trainer.dialog.kill.isVisible)
    assert "lose what came after step 40" in trainer.run.place.text()
    trainer.press(trainer.dialog.kill)
    trainer.reach("paused")
    assert trainer.dialog.go_on.isVisible()
    assert not trainer.dialog.use.isVisible()


# --- without the dialog --------------------------------------------------------------------------


def test_the_run_goes_on_without_the_dialog_and_the_status_bar_opens_it_again(
    trainer: Trainer,
) -> None:
    trainer.fill_in()
    trainer.start("waits")
    trainer.wait_for_sheet()
    trainer.close()
    assert trainer.training.is_on
    button = trainer.desk.window.status.findChild(TrainingButton)
    assert button is not None
    assert button.text() == "Training: step 40 of 400, 2 h 05 min left"
    trainer.press(button)
    assert trainer.run.curves._lines["l1"][1].getData()[0].tolist() == [10, 20, 30, 40]
    assert trainer.run.sheet.image is not None
    trainer.press(trainer.dialog.stop)
    trainer.reach("ended")
    assert not button.isVisible()


def test_closing_the_program_stops_the_run_with_a_checkpoint(trainer: Trainer) -> None:
    trainer.fill_in()
    folder = trainer.setup.run_folder
    trainer.start("waits")
    trainer.wait_for_sheet()
    trainer.desk.window.close()
    assert '"reason": "stopped"' in (folder / "events.jsonl").read_text()
    assert trainer.desk.session.settings.training_run == str(folder)


def test_what_is_needed_after_a_crash_is_saved_when_a_run_begins(
    trainer: Trainer, tmp_path: Path
) -> None:
    trainer.fill_in()
    folder = trainer.setup.run_folder
    trainer.start("waits")
    trainer.wait_for_sheet()
    stored = msgspec.json.decode((tmp_path / "settings.json").read_bytes())
    assert stored["training_run"] == str(folder)
    assert stored["training_pid"] > 0
    trainer.press(trainer.dialog.stop)
    trainer.reach("ended")
    assert "training_pid" not in msgspec.json.decode((tmp_path / "settings.json").read_bytes())


# --- after a restart -----------------------------------------------------------------------------


def past_run(folder: Path, data: Path, *more: str, pid: int = 2**22 + 1) -> dict[str, object]:
    """A run of an earlier start of the program, and what the settings say of it."""
    folder.mkdir(parents=True)
    configs.save(
        msgspec.structs.replace(recipe("pepsi", "quick"), data=str(data)), folder / "config.toml"
    )
    lines = (
        to_line(msgspec.structs.replace(STARTED, steps=400)),
        '{"type":"step","step":30,"losses":{"l1":0.5},"rate":2.0,"seconds_left":9.0}',
        '{"type":"checkpoint","step":30,"path":"x"}',
        *more,
        '{"type":"step","step":4',
    )
    (folder / "events.jsonl").write_text("\n".join(lines), "utf-8")
    return {"training_run": str(folder), "training_pid": pid}


def remember(trainer: Trainer, facts: dict[str, object]) -> None:
    for name, value in facts.items():
        setattr(trainer.desk.session.settings, name, value)
    trainer.training.look_back()
    trainer.desk.settle()


def test_an_interrupted_run_is_offered_and_goes_on(trainer: Trainer, tmp_path: Path) -> None:
    remember(trainer, past_run(tmp_path / "runs" / "old", trainer.pictures))
    assert "The training of PEPSI was interrupted at step 30 of 400." in trainer.desk.said()
    notice = trainer.desk.window.messages.notice
    assert notice is not None
    assert notice.actions[0][0] == "Continue…"
    notice.actions[0][1]()
    assert "it goes on from step 30" in trainer.run.place.text()
    trainer.monkeypatch.setenv("FAKE_TRAINING", "waits")
    trainer.press(trainer.dialog.go_on)
    trainer.desk.wait(lambda: trainer.training.course.step == 80)
    trainer.press(trainer.dialog.stop)
    trainer.reach("ended")


def test_a_run_that_was_stopped_on_purpose_is_kept_but_nobody_is_bothered(
    trainer: Trainer, tmp_path: Path
) -> None:
    stopped = '{"type":"finished","step":30,"path":"m.safetensors","reason":"stopped"}'
    remember(trainer, past_run(tmp_path / "runs" / "old", trainer.pictures, stopped, pid=0))
    assert trainer.desk.said() == ""
    trainer.open()
    assert trainer.dialog.go_on.isVisible()
    trainer.press(trainer.dialog.new)
    assert trainer.dialog.start.isVisible()
    assert not trainer.dialog.use.isVisible()
    assert trainer.desk.session.settings.training_run == ""


def test_a_run_that_still_lives_is_not_trained_twice(trainer: Trainer, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "old"
    facts = past_run(folder, trainer.pictures)
    waits = [sys.executable, "-c", "print(flush=True); input()", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(waits, stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        other.stdout.readline()  # its command line is there to be read as soon as it speaks
        remember(trainer, facts | {"training_pid": other.pid})
        assert trainer.desk.said() == ""
        trainer.open()
        trainer.press(trainer.dialog.go_on)
        assert "has not ended yet" in trainer.run.message._text.text()
        assert trainer.training.state == "past"
        other.communicate(b"\n")


@pytest.mark.parametrize("has_folder", [True, False])
def test_a_run_folder_that_is_gone_or_empty_is_forgotten(
    trainer: Trainer, tmp_path: Path, has_folder: bool
) -> None:
    if has_folder:
        (tmp_path / "gone").mkdir()
    remember(trainer, {"training_run": str(tmp_path / "gone"), "training_pid": 5})
    assert trainer.training.state == "none"
    assert trainer.desk.session.settings.training_run == ""


# --- the model -----------------------------------------------------------------------------------


def test_use_in_editor_copies_the_model_and_chooses_its_network(
    trainer: Trainer, weight_folder: Path
) -> None:
    trainer.fill_in()
    folder = trainer.setup.run_folder
    trainer.start("done")
    trainer.reach("ended")
    put_pepsi(folder / "model.safetensors")
    for number in ("", "-2"):
        trainer.press(trainer.dialog.use)
        trainer.desk.wait(lambda: not trainer.desk.session.models.is_busy)
        copy = weight_folder / f"pepsi-Dunes-400{number}.safetensors"
        assert copy.read_bytes() == (folder / "model.safetensors").read_bytes()
    assert trainer.desk.session.backend.id == "pepsi"
    assert "PEPSI is chosen, with the new weights." in trainer.desk.said()
    assert "new weights" in trainer.run.message._text.text()


def test_a_model_that_has_gone_gets_a_sentence(trainer: Trainer, weight_folder: Path) -> None:
    trainer.fill_in()
    trainer.start("done")
    trainer.reach("ended")
    trainer.press(trainer.dialog.use)
    trainer.desk.wait(lambda: not trainer.desk.session.models.is_busy)
    assert "does not exist" in trainer.run.message._text.text()
    assert trainer.desk.session.backend.id == "green"
