"""The program's entry: which command is meant, what the small ones print, what starts quickly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.__main__ import main
from app.cli import console, display
from app.cli.console import run_job
from engine import __version__, registry, weights
from engine.errors import Cancelled
from engine.jobs import Job, Progress
from engine.pictures import Picture, open_picture, save_mask, save_picture

if TYPE_CHECKING:
    from engine.backend import Problem
    from engine.jobs import CancelToken, Steps
    from engine.types import ImageF32

ROOT = Path(__file__).resolve().parents[3]


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["inpaint", "--help"]])
def test_help_is_shown_without_loading_anything_heavy(words: list[str]) -> None:
    code = f"""
import sys
from app.__main__ import main
try:
    main({words!r})
except SystemExit as end:
    assert end.code == 0
heavy = {{"numpy", "cv2", "numba", "PIL", "PySide6", "rich", "torch", "msgspec"}} & set(sys.modules)
print("loaded:", sorted(heavy))
"""
    assert "loaded: []" in python(code)


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == f"lacuna {__version__}"


def test_the_package_and_the_code_agree_on_the_version() -> None:
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_backends_lists_all_fields_of_all_backends(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backends", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == [spec.id for spec in registry.specs()]
    for row in rows:
        assert {
            "id", "label", "kind", "role", "paper", "parameters", "native_side", "multiple",
            "options", "weights", "usable", "why", "heeds_forbidden", "keypoints",
        } <= set(row)  # fmt: skip
        if row["kind"] == "classical":
            assert row["role"] == "alone"
            assert row["weights"] is None
            assert row["usable"] is True
            assert row["why"] is None


def test_a_network_without_weights_is_listed_with_the_ways_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "folders", tuple)
    main(["backends", "--json"])
    row = next(row for row in json.loads(capsys.readouterr().out) if row["id"] == "pennet")
    assert row["usable"] is False
    assert row["role"] == "none"
    assert row["weights"]["present"] is False
    assert "train it" in row["why"]
    assert "lacuna import-weights FILE --as pennet" in row["why"]
    assert (row["parameters"], row["native_side"], row["multiple"]) == (10_231_538, 256, 64)


def test_a_network_with_weights_is_listed_with_their_card(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "folders", lambda: (tmp_path,))
    spec = registry.get("diet-pepsi-g4")
    card = weights.Card(
        backend=spec.id, role="guide", trained_on="ten pictures", licence="CC0", masks=("square",)
    )
    path = tmp_path / "mine.safetensors"
    file = weights.save(path, weights.random(spec, 0).state_dict(), card)
    main(["backends", "--json"])
    row = next(row for row in json.loads(capsys.readouterr().out) if row["id"] == spec.id)
    assert (row["usable"], row["why"], row["role"]) == (True, None, "guide")
    assert row["weights"] == {
        "present": True, "path": str(path), "sha256": file.sha256, "bytes": path.stat().st_size,
        "licence": "CC0", "trained_on": "ten pictures", "masks": ["square"],
    }  # fmt: skip


def test_backends_prints_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backends"]) == 0
    assert "patchmatch" in capsys.readouterr().out


def test_the_self_test_passes_for_every_usable_backend(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "folders", tuple)
    assert main(["self-test", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    kinds = {spec.id: spec.kind for spec in registry.specs()}
    assert {kinds[row["id"]] for row in document["backends"]} == {"classical"}
    assert {kinds[row["id"]] for row in document["not_usable"]} == {"gan"}
    assert len(document["backends"]) + len(document["not_usable"]) == len(kinds)
    assert all(row["device"] == "cpu" and row["seconds"] >= 0 for row in document["backends"])


def test_the_self_test_fails_with_a_backend(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Idle:
        def inpaint(self, problem: Problem, _: CancelToken) -> Steps[ImageF32]:
            yield Progress(0.0, 1.0, "idling")
            return problem.image

    monkeypatch.setitem(registry._loaded, "telea", Idle())
    assert main(["self-test"]) == 1
    assert "FAILED  telea: it left part of the hole unfilled" in capsys.readouterr().out


def test_keys_prints_every_action(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows["undo"]) == {"id", "label", "menu", "keys"}
    assert "Ctrl+Z" in rows["undo"]["keys"]


def test_keys_shows_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys"]) == 0
    assert "[" in capsys.readouterr().out


def test_the_demo_says_where_its_pictures_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    save_picture(Picture(rng.integers(0, 255, (60, 80, 3)).astype(np.uint8)), tmp_path / "a.png")
    hole = np.zeros((60, 80), bool)
    hole[20:30, 30:40] = True
    save_mask(hole, tmp_path / "a_mask.png")
    pair = [(tmp_path / "a.png", tmp_path / "a_mask.png")]
    monkeypatch.setattr("engine.resources.samples", lambda: pair)
    assert main(["demo", "-o", str(tmp_path / "out"), "--quiet"]) == 0
    made = tmp_path / "out" / "a_before_after.png"
    assert str(made) in capsys.readouterr().out
    assert open_picture(made).width == 80 + 8 + 80


def test_a_demo_that_cannot_make_its_folder_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").touch()
    assert main(["demo", "-o", str(tmp_path / "taken")]) == 1
    assert "taken” cannot be made" in capsys.readouterr().err


def test_a_mistyped_command_is_not_taken_for_a_picture(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["inpiant", "a.png", "b.png"]) == 2
    assert "did you mean “lacuna inpaint”" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["frobnicate", "n" * 300])
def test_a_word_that_is_no_command_and_no_file_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr(display, "has_display", lambda: False)
    assert main([word]) == 2
    assert f"no command or file “{word}”" in capsys.readouterr().err


def test_a_file_without_an_ending_is_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photo").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(display, "has_display", lambda: False)
    assert main(["photo"]) == 1
    assert "no display" in capsys.readouterr().err


def test_an_unknown_backend_does_not_open_the_editor(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--backend", "telae"]) == 2
    assert "did you mean “telea”" in capsys.readouterr().err


def test_without_a_display_the_editor_points_to_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert main(["photo.png"]) == 1
    assert "lacuna inpaint IMAGE MASK -o OUT" in capsys.readouterr().err


@pytest.mark.parametrize(
    "setting", [{"DISPLAY": ":4711"}, {"WAYLAND_DISPLAY": "wayland-9"}, {"DISPLAY": ""}]
)
def test_a_display_that_does_not_answer_is_none(
    monkeypatch: pytest.MonkeyPatch, setting: dict[str, str], tmp_path: Path
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not display.has_display()


def test_an_offscreen_platform_needs_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.has_display()


def test_the_editor_gets_files_mask_and_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    from app import gui

    calls: list[tuple[object, ...]] = []

    def run(*given: object) -> int:
        calls.append(given)
        return 0

    monkeypatch.setattr(gui, "run", run)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert main(["a.png", "--mask", "m.png", "--backend", "telea"]) == 0
    assert calls == [([Path("a.png")], Path("m.png"), "telea")]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to send to a child")
@pytest.mark.parametrize(
    "how", [["--backend", "telea", "--option", "radius=20"], ["--backend", "patchmatch"]]
)
def test_ctrl_c_ends_with_130_and_leaves_no_file(tmp_path: Path, how: list[str]) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (1500, 1500, 3)).astype(np.uint8)
    save_picture(Picture(pixels), tmp_path / "in.bmp")
    hole = np.zeros((1500, 1500), bool)
    hole[300:1200, 300:1200] = True
    save_mask(hole, tmp_path / "mask.bmp")
    words = [str(tmp_path / name) for name in ("in.bmp", "mask.bmp")]
    command = ["inpaint", *words, "-o", str(tmp_path / "out.png"), *how]
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if not line.startswith("Preparing"):
            break
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert time.monotonic() - asked < 2.0
    assert process.returncode == 130
    assert "Interrupted" in rest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.bmp", "mask.bmp"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to oneself")
def test_ctrl_c_in_the_last_step_is_not_lost() -> None:
    def work(_: CancelToken) -> Steps[str]:
        yield Progress(0.0, 1.0, "working")
        os.kill(os.getpid(), signal.SIGINT)
        return "a result that nobody wants any more"

    with pytest.raises(Cancelled):
        run_job(Job("a job", work), quiet=True)


def test_a_night_is_told_in_hundreds_of_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(console, "time", clock)

    def work(_: CancelToken) -> Steps[None]:
        for second in range(8 * 3600):
            clock.now = float(second)
            yield Progress(second, 8 * 3600, f"second {second}")

    run_job(Job("a job", work), quiet=False)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:3] == ["second 0 (0%)", "second 1 (0%)", "second 2 (0%)"]
    assert 200 < len(lines) < 600


# --- where the output goes -----------------------------------------------------------------------


def lacuna(*words: str, **how: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd=ROOT,
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how},
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("words", [["backends"], ["inpaint", "--help"]])
def test_output_in_a_small_encoding_is_no_fault(words: list[str], encoding: str) -> None:
    done = lacuna(*words, env={**os.environ, "PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", [["keys"], ["backends", "--json"]])
def test_output_that_cannot_be_written_is_one_sentence(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = lacuna(*words, stdout=full)
    (line,) = done.stderr.decode().splitlines()
    assert line == "lacuna: The output could not be written: No space left on device."
    assert done.returncode == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
@pytest.mark.parametrize("words", [["keys", "--json"], ["backends", "--json"]])
def test_a_reader_that_leaves_early_is_no_fault(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert lacuna(*words, stdout=writing).stderr == b""
    finally:
        os.close(writing)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX descriptors")
def test_without_any_output_the_work_is_still_done(tmp_path: Path) -> None:
    save_picture(Picture(np.zeros((20, 20, 3), np.uint8)), tmp_path / "in.png")
    hole = np.zeros((20, 20), bool)
    hole[5:9, 5:9] = True
    save_mask(hole, tmp_path / "mask.png")
    names = [str(tmp_path / name) for name in ("in.png", "mask.png", "out.png")]
    command = ["inpaint", *names[:2], "-o", names[2], "--backend", "telea"]
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", sys.executable, "-m", "app", *command],
        cwd=ROOT,
        check=False,
    )
    assert closed.returncode == 0
    assert (tmp_path / "out.png").is_file()


@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_is_checked_with_and_without_a_buffer(buffered: str) -> None:
    env = {**os.environ, "PYTHONUNBUFFERED": buffered}
    with Path("/dev/full").open("wb") as full:
        done = lacuna("backends", "--json", stdout=full, env=env)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
