"""`lacuna batch`: folders in, results and reports out, exit codes that scripts can trust."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.__main__ import main
from engine.batch import load_report, load_settings
from engine.recipe import Recipe
from engine.recipe import save as save_recipe
from tests.engine.batch.folders import mask, pairs, pixels_of, put, results

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
FIELDS = {
    "image", "mask", "output", "status", "reason", "seconds", "device", "hole_share", "sha256",
}  # fmt: skip


@pytest.fixture
def batch(tmp_path: Path) -> Callable[..., int]:
    """Runs the command over `images`, `masks` and `out` with Telea."""

    def run(*more: str) -> int:
        places = [str(tmp_path / name) for name in ("images", "masks", "out")]
        words = [places[0], "-m", places[1], "-o", places[2], "--backend", "telea"]
        return main(["batch", *words, *more])

    return run


def test_a_folder_is_filled_and_the_report_named(
    tmp_path: Path, batch: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    pairs(tmp_path, "a.png", "b.jpg")
    assert batch() == 0
    assert results(tmp_path) == ["a_inpainted.png", "b_inpainted.jpg"]
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path / 'out' / 'lacuna-batch.json'}\n"
    assert "2 done, 0 skipped, 0 failed" in captured.err


def test_json_is_one_document_with_the_promised_fields(
    tmp_path: Path, batch: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    pairs(tmp_path, "a.png", "b.png")
    (tmp_path / "images/b.png").write_bytes(b"")
    assert batch("--json", "--quiet") == 3
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert captured.err == ""
    assert [row["status"] for row in document["files"]] == ["done", "failed"]
    for row in document["files"]:
        assert set(row) >= FIELDS
    assert (document["done"], document["failed"]) == (1, 1)


def test_every_bad_file_is_named_on_stderr(
    tmp_path: Path, batch: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    pairs(tmp_path, "a.png", "b.png")
    (tmp_path / "images/b.png").write_bytes(b"")
    put(tmp_path / "images/c.png")
    assert batch() == 3
    errors = capsys.readouterr().err
    assert "Failed: “b.png” is empty" in errors
    assert "Skipped: “c.png” has no mask" in errors
    assert "Traceback" not in errors


def test_a_dry_run_prints_the_pairs_and_writes_nothing(
    tmp_path: Path, batch: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    pairs(tmp_path, "a.png")
    put(tmp_path / "images/b.png")
    mask(tmp_path / "masks/stray.png")
    assert batch("--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{tmp_path}/images/a.png\ta.png\t{tmp_path}/out/a_inpainted.png",
        f"{tmp_path}/images/b.png\tskipped\t“b.png” has no mask; make one of the same name.",
        f"{tmp_path}/masks/stray.png\torphan\tThis mask belongs to no picture.",
        "2 pictures: 1 ready, 1 without a mask, 1 mask without a picture.",
    ]
    assert not (tmp_path / "out").exists()


def test_a_dry_run_as_json_has_pairs_and_counts(
    tmp_path: Path, batch: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    pairs(tmp_path, "a.png")
    assert batch("--dry-run", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["pairs"][0]["masks"] == [str(tmp_path / "masks/a.png")]
    assert document["counts"]["ready"] == 1
    assert document["orphans"] == []


def test_the_report_goes_where_it_is_wanted(tmp_path: Path, batch: Callable[..., int]) -> None:
    pairs(tmp_path, "a.png")
    assert batch("--report", str(tmp_path / "night.json")) == 0
    assert load_report(tmp_path / "night.json").done == 1
    assert (tmp_path / "night.csv").exists()
    assert (tmp_path / "night.html").exists()
    assert not (tmp_path / "out/lacuna-batch.json").exists()


def test_resume_skips_what_is_whole(tmp_path: Path, batch: Callable[..., int]) -> None:
    pairs(tmp_path, "a.png")
    assert batch() == 0
    assert batch("--resume") == 0
    assert load_report(tmp_path / "out/lacuna-batch.json").skipped == 1
    assert results(tmp_path) == ["a_inpainted.png"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), ["a_inpainted.png", "a_inpainted_1.png"]),
        (("--on-existing", "skip"), ["a_inpainted.png"]),
        (("--on-existing", "overwrite"), ["a_inpainted.png"]),
        (("--name", "{stem}-{backend}{ext}"), ["a-telea.png", "a_inpainted.png"]),
    ],
)
def test_names_follow_the_options(
    tmp_path: Path, batch: Callable[..., int], words: tuple[str, ...], names: list[str]
) -> None:
    pairs(tmp_path, "a.png")
    assert batch() == 0
    assert batch(*words) == 0
    assert results(tmp_path) == names


def test_subfolders_and_alpha_and_inverted_masks(tmp_path: Path, batch: Callable[..., int]) -> None:
    pairs(tmp_path, "deep/a.png")
    assert batch("--recursive", "--invert-mask") == 0
    report = load_report(tmp_path / "out/lacuna-batch.json")
    assert report.files[0].hole_share == pytest.approx(1 - 1 / 36, abs=0.01)
    assert results(tmp_path) == ["deep/a_inpainted.png"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--name", "{date}{ext}"), "the token {date}; there are {stem}"),
        (("--option", "radius=99"), "radius must be"),
        (("--backend", "nope"), "There is no backend “nope”"),
        (("--weights", "random:1"), "Telea is no network"),
        (("-m", "missing"), "“missing” does not exist"),
        (("--report", "x.html"), "end it with .json"),
        (("--report", "nowhere/x.json"), "its folder does not exist"),
        (("--on-existing", "ask"), "invalid choice"),
        (("--scheduler", "somewhere"), "“somewhere” is no scheduler"),
        (("--tls-ca", "ca.pem"), "Certificates are for --scheduler"),
        (("--scheduler", "tcp://h:1", "--tls-ca", "ca.pem"), "takes three files"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(
    tmp_path: Path,
    batch: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    pairs(tmp_path, "a.png")
    assert batch(*words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert why in line
    assert not (tmp_path / "out").exists()


def test_the_input_folder_is_protected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs(tmp_path, "a.png")
    images, masks = str(tmp_path / "images"), str(tmp_path / "masks")
    words = ["batch", images, "-m", masks, "-o", images, "--backend", "telea"]
    assert main(words) == 2
    assert "is the folder of the pictures" in capsys.readouterr().err
    assert main([*words, "--in-place"]) == 0
    assert (tmp_path / "images/a_inpainted.png").exists()


def test_what_is_missing_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "pictures"]) == 2
    assert "Name -m MASKS and -o OUT_DIR" in capsys.readouterr().err


def test_a_scheduler_that_nobody_answers_at_is_one_sentence(
    tmp_path: Path,
    batch: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.batch.cluster.CONNECT_SECONDS", 0.5)
    pairs(tmp_path, "a.png")
    assert batch("--scheduler", "tcp://127.0.0.1:9", "--quiet") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "No scheduler answers at tcp://127.0.0.1:9" in line


def test_without_dask_it_is_said_what_to_install(
    tmp_path: Path,
    batch: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    pairs(tmp_path, "a.png")
    assert batch("--scheduler", "tcp://127.0.0.1:9", "--quiet") == 1
    assert "lacuna-inpaint[cluster]" in capsys.readouterr().err


def test_an_empty_folder_is_a_failure(
    tmp_path: Path, batch: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    assert batch() == 1
    assert "holds no pictures" in capsys.readouterr().err


def test_the_recipe_of_a_picture_drives_a_folder(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    recipe = Recipe(backend="navier-stokes", options={"radius": 4}, seed=6)
    save_recipe(recipe, tmp_path / "recipe.json")
    places = [str(tmp_path / name) for name in ("images", "masks", "out")]
    words = [places[0], "-m", places[1], "-o", places[2], "--recipe", str(tmp_path / "recipe.json")]
    assert main(["batch", *words, "--seed", "9"]) == 0
    used = load_report(tmp_path / "out/lacuna-batch.json").config.recipe
    assert (used.backend, used.options, used.seed) == ("navier-stokes", {"radius": 4}, 9)


def test_saved_settings_of_a_folder_are_enough(tmp_path: Path, batch: Callable[..., int]) -> None:
    pairs(tmp_path, "deep/a.png")
    settings = tmp_path / "settings.json"
    assert batch("--recursive", "--dry-run", "--save-recipe", str(settings)) == 0
    assert load_settings(settings).recursive
    assert main(["batch", "--recipe", str(settings)]) == 0
    assert results(tmp_path) == ["deep/a_inpainted.png"]


def test_stop_on_error_ends_with_3(tmp_path: Path, batch: Callable[..., int]) -> None:
    pairs(tmp_path, "a.png", "b.png", "c.png")
    (tmp_path / "images/b.png").write_bytes(b"")
    assert batch("--stop-on-error") == 3
    assert results(tmp_path) == ["a_inpainted.png"]


def test_notes_of_libraries_are_kept_from_stderr(tmp_path: Path) -> None:
    pairs(tmp_path, "a.tif", "b.png")
    whole = (tmp_path / "images/a.tif").read_bytes()
    (tmp_path / "images/a.tif").write_bytes(whole[: len(whole) // 2])
    words = [str(tmp_path / "images"), "-m", str(tmp_path / "masks"), "-o", str(tmp_path / "out")]
    command = [sys.executable, "-m", "app", "batch", *words, "--backend", "telea", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, "")


def started(root: Path) -> subprocess.Popen[str]:
    """The command in a process of its own, with its first result made."""
    words = [str(root / "images"), "-m", str(root / "masks"), "-o", str(root / "out")]
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "batch", *words, "--backend", "telea", "--json"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list((root / "out").glob("*_inpainted.png")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT")
def test_ctrl_c_stops_cleanly_with_a_report(tmp_path: Path) -> None:
    names = [f"{number:02}.png" for number in range(60)]
    pairs(tmp_path, *names)
    for number, name in enumerate(names):
        put(tmp_path / "images" / name, pixels_of(number, 960, 720))
    process = started(tmp_path)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    document: dict[str, Any] = json.loads(out)
    assert document["ended"] == "cancelled"
    assert document["done"] == len(results(tmp_path)) > 0
    assert document["remaining"] == 60 - document["done"]
    assert "Traceback" not in errors
    assert not list((tmp_path / "out").glob(".lacuna-*.tmp"))
