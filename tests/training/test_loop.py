"""The run: it goes on exactly where it was, survives accidents, and says what happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from engine import registry, weights
from engine.errors import InvalidInputError, WeightsError
from engine.jobs import CancelToken
from training import events, loop, runner
from training.checkpoints import RunFolder
from training.discriminators import critic as built_critic
from training.learner import Learner
from training.recipes import recipe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.config import TrainingConfig
    from training.events import Event

FAMILIES = ("diet-pepsi-g4", "gla", "regionwise", "pennet", "iconv-small")
SIDE = 64


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of eight small pictures."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(8):
        coarse = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
        Image.fromarray(coarse).resize((96, 80)).save(folder / f"{number}.png")
    return folder


def config(photos: Path, backend: str = "diet-pepsi-g4", **changes: object) -> TrainingConfig:
    base = msgspec.structs.replace(
        recipe(backend),
        data=str(photos), size=SIDE, batch=2, steps=4, held_out=0.0, features="random",
        checkpoint_every=100, validate_every=100, device="cpu", workers=0, masks="free-form",
        penalty_every=2 if backend.startswith("iconv") else 1,
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def run(given: TrainingConfig, out: Path, *, resume: bool = False) -> list[Event]:
    told: list[Event] = []
    runner.run(given, out, told.append, resume=resume)
    return told


def final(out: Path) -> dict[str, object]:
    state = RunFolder(out).latest()
    assert state is not None
    return state


def same(one: object, other: object) -> bool:
    """Whether two states are equal bit for bit."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() - {"seconds"}
        return keys == other.keys() - {"seconds"} and all(same(one[k], other[k]) for k in keys)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.parametrize("backend", FAMILIES)
def test_a_run_that_is_interrupted_ends_as_if_it_had_not_been(
    backend: str, photos: Path, tmp_path: Path
) -> None:
    whole = config(photos, backend)
    run(whole, tmp_path / "whole")
    half = msgspec.structs.replace(whole, checkpoint_every=2)
    stopping = _stopped_after(2, half, tmp_path / "parts")
    assert stopping[-1] == events.Finished(
        step=2, path=str(tmp_path / "parts" / "model.safetensors"), reason="stopped"
    )
    run(half, tmp_path / "parts", resume=True)
    assert same(final(tmp_path / "parts"), final(tmp_path / "whole"))


def _stopped_after(steps: int, given: TrainingConfig, out: Path) -> list[Event]:
    """The events of a run that somebody stops after so many steps."""
    stop = CancelToken()
    real = Learner.step

    def step(self: Learner, raw: object, number: int) -> dict[str, torch.Tensor]:
        if number + 1 == steps:
            stop.cancel()
        return real(self, raw, number)  # type: ignore[arg-type]

    fabric = runner._fabric(given)
    RunFolder(out).begin(given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, "step", step)
        return list(loop.train(given, out, fabric, stop))


def test_the_exported_model_is_the_running_average_and_fills(photos: Path, tmp_path: Path) -> None:
    run(config(photos), tmp_path / "run")
    spec = registry.get("diet-pepsi-g4")
    file = weights.opened(tmp_path / "run" / "model.safetensors")
    state = final(tmp_path / "run")["learner"]["average"]  # type: ignore[index]
    assert same(dict(weights.load(spec, file).state_dict()), dict(state))
    assert file.card.role == "none"
    assert file.card.images_shown == 8
    assert file.card.ema is True


def test_a_run_starts_from_weights(photos: Path, tmp_path: Path) -> None:
    run(config(photos), tmp_path / "first")
    start = str(tmp_path / "first" / "model.safetensors")
    slow = config(photos, start=start, steps=1, lr=1e-9, critic_lr=1e-9)
    run(slow, tmp_path / "second")
    one, other = (final(tmp_path / name)["learner"]["average"] for name in ("first", "second"))  # type: ignore[index]
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, rtol=0, atol=1e-6)


def test_a_critic_starts_from_weights_and_others_are_refused(photos: Path, tmp_path: Path) -> None:
    given = config(photos, steps=1, critic_lr=1e-9)
    first = built_critic(given.critic, given)
    card = weights.Card(backend=given.backend, role="none", trained_on="", licence="")
    file = weights.save(tmp_path / "critic.safetensors", first.state_dict(), card)
    run(msgspec.structs.replace(given, critic_start=str(file.path)), tmp_path / "run")
    state = final(tmp_path / "run")["learner"]["critic"]  # type: ignore[index]
    for name, value in first.named_parameters():
        torch.testing.assert_close(state[name], value.detach(), rtol=0, atol=1e-6)
    other = msgspec.structs.replace(given, critic="sn-patch", critic_start=str(file.path))
    with pytest.raises(WeightsError, match="does not fit the critic sn-patch"):
        run(other, tmp_path / "other")


def test_events_tell_of_the_start_the_steps_and_the_end(photos: Path, tmp_path: Path) -> None:
    told = run(config(photos, held_out=0.3, validate_every=2), tmp_path / "run")
    assert isinstance(told[0], events.Started)
    assert told[0].pictures + told[0].held_out == 8
    assert told[0].parameters == 1_509_811
    steps = [event for event in told if isinstance(event, events.Step)]
    assert steps[0].step == 1
    assert set(steps[0].losses) == {"l1", "coarse_l1_fading", "hinge", "critic.hinge"}
    (first, second) = (event for event in told if isinstance(event, events.Validation))
    assert (first.step, second.step) == (2, 4)
    (sheet, _) = (event for event in told if isinstance(event, events.Sample))
    with Image.open(sheet.path) as picture:
        assert picture.width > 3 * SIDE
    assert told[-1] == events.Finished(
        step=4, path=str(tmp_path / "run" / "model.safetensors"), reason="done"
    )
    lines = (tmp_path / "run" / "events.jsonl").read_text("utf-8").splitlines()
    assert [events.from_line(line) for line in lines] == told


def test_a_run_folder_is_not_used_twice(photos: Path, tmp_path: Path) -> None:
    run(config(photos, steps=1), tmp_path / "run")
    with pytest.raises(InvalidInputError, match="holds a run already"):
        run(config(photos, steps=1), tmp_path / "run")


def test_inverted_masks_are_refused_with_their_histogram_before_the_folder_is_made(
    photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.full((64, 64), 255, np.uint8)).save(tmp_path / "masks" / "a.png")
    given = config(photos, masks=str(tmp_path / "masks"), coverage=(0.0, 0.4))
    with pytest.raises(InvalidInputError, match=r"1 with 80-100 %.*invert the files"):
        run(given, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_is_lengthened_by_resuming_it(photos: Path, tmp_path: Path) -> None:
    run(config(photos, steps=2), tmp_path / "run")
    run(config(photos, steps=3), tmp_path / "run", resume=True)
    assert final(tmp_path / "run")["step"] == 3


def test_time_ends_a_run(photos: Path, tmp_path: Path) -> None:
    told = run(config(photos, steps=10**6, time_limit_s=0.01), tmp_path / "run")
    assert isinstance(told[-1], events.Finished)
    assert told[-1].reason == "time"


def test_no_progress_ends_a_run(photos: Path, tmp_path: Path) -> None:
    still = config(
        photos, steps=50, held_out=0.3, validate_every=1, patience=2, lr=1e-12, critic_lr=1e-12
    )
    told = run(still, tmp_path / "run")
    assert isinstance(told[-1], events.Finished)
    assert (told[-1].reason, told[-1].step) == ("flat", 3)


# --- accidents -----------------------------------------------------------------------------------


def _broken(at: Callable[[int], bool], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make the losses of some calls no numbers; the numbers of the pictures of each call."""
    real, seen = Learner.step, []

    def step(self: Learner, raw: dict[str, torch.Tensor], number: int) -> dict[str, torch.Tensor]:
        losses = real(self, raw, number)
        seen.append(int(raw["number"][0]))
        if at(len(seen)):
            losses["l1"] = losses["l1"] * float("nan")
        return losses

    monkeypatch.setattr(Learner, "step", step)
    return seen


def test_a_loss_that_is_no_number_sends_the_run_back_and_on_with_other_pictures(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _broken(lambda call: call == 4, monkeypatch)
    told = run(config(photos, checkpoint_every=2), tmp_path / "run")
    (back,) = (event for event in told if isinstance(event, events.RolledBack))
    assert (back.step, back.to) == (4, 2)
    assert seen == [0, 2, 4, 6, 8, 10]  # the pictures from 4 to 7 are not shown again
    assert isinstance(told[-1], events.Finished)


def test_a_run_that_never_gets_numbers_gives_up_with_advice(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _broken(lambda _: True, monkeypatch)
    with pytest.raises(InvalidInputError, match="use smaller step sizes"):
        run(config(photos), tmp_path / "run")
    last = (tmp_path / "run" / "events.jsonl").read_text("utf-8").splitlines()[-1]
    assert isinstance(events.from_line(last), events.Failed)


def test_a_checkpoint_that_cannot_be_written_is_told_and_the_run_goes_on(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.errors import PictureError

    real = RunFolder.save

    def full(self: RunFolder, step: int, state: object) -> Path:
        if step == 2:
            raise PictureError("the disk is full.")
        return real(self, step, state)  # type: ignore[arg-type]

    monkeypatch.setattr(RunFolder, "save", full)
    told = run(config(photos, checkpoint_every=1), tmp_path / "run")
    assert any(
        isinstance(event, events.Notice) and "disk is full" in event.message for event in told
    )
    assert isinstance(told[-1], events.Finished)


def _started(given: TrainingConfig, out: Path, *more: str) -> subprocess.Popen[str]:
    from training import config as configs

    file = out.parent / "given.toml"
    configs.save(given, file)
    command = [sys.executable, "-m", "app", "train", str(file), "--out", str(out), "--events"]
    return subprocess.Popen(
        [*command, *more],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Another number of threads would sum in another order.
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
    )  # fmt: skip


def test_a_run_that_is_killed_goes_on_from_its_last_checkpoint(
    photos: Path, tmp_path: Path
) -> None:
    given = config(photos, steps=6, checkpoint_every=1)
    with _started(given, tmp_path / "run") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["type"] == "checkpoint" and json.loads(line)["step"] >= 2:
                process.kill()
                break
        process.wait(30)
    run(given, tmp_path / "run", resume=True)
    run(given, tmp_path / "whole")
    assert same(final(tmp_path / "run"), final(tmp_path / "whole"))


@pytest.mark.parametrize(("how", "code"), [("a line", 0), ("SIGTERM", 0), ("SIGINT", 130)])
def test_a_run_stops_when_it_is_asked(photos: Path, tmp_path: Path, how: str, code: int) -> None:
    with _started(config(photos, steps=10**6), tmp_path / "run") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        for line in process.stdout:
            if json.loads(line)["type"] == "step":
                break
        if how == "a line":
            process.stdin.write("stop\n")
            process.stdin.flush()
        else:
            process.send_signal(signal.Signals[how])
        asked = time.monotonic()
        rest = process.stdout.read().splitlines()
        assert process.wait(30) == code
        assert time.monotonic() - asked < 20
    assert json.loads(rest[-1])["reason"] == "stopped"
    assert json.loads(rest[-2])["type"] == "checkpoint"


def test_whoever_began_a_run_may_end_it(photos: Path, tmp_path: Path) -> None:
    stop, told = CancelToken(), []

    def tell(event: Event) -> None:
        told.append(event)
        if isinstance(event, events.Checkpoint):
            stop.cancel()

    runner.run(config(photos, checkpoint_every=2), tmp_path / "run", tell, stop=stop)
    assert isinstance(told[-1], events.Finished)
    assert (told[-1].step, told[-1].reason) == (2, "stopped")


@pytest.mark.parametrize("backend", FAMILIES)
def test_two_processes_learn_what_one_does_with_the_same_batch(
    backend: str, photos: Path, tmp_path: Path
) -> None:
    """Means, sums, means over all scores or all holes, and penalties at places drawn by picture."""
    given = config(photos, backend, batch=2, steps=2)
    if backend == "gla":
        # Its own critic drops features at random, in each process others; so another judges here.
        given = msgspec.structs.replace(given, critic="sn-patch")
    one = run(given, tmp_path / "one")
    with _started(given, tmp_path / "two", "--devices", "2") as process:
        assert process.stdout is not None
        # Not communicate(): it closes standard input, which ends the run before its first step.
        two = [events.from_line(line) for line in process.stdout]
        assert process.wait(30) == 0
    assert _curve(one)
    assert _curve(two) == pytest.approx(_curve(one), rel=2e-3, abs=2e-3)


def _curve(told: list[Event]) -> dict[str, float]:
    """The last report of every loss."""
    steps = [event for event in told if isinstance(event, events.Step)]
    return {name: value for step in steps for name, value in step.losses.items()}
