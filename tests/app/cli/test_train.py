"""`lacuna train`: what it asks for, what it says, and that it goes on where it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from training import config as configs
from training.events import Finished, from_line

if TYPE_CHECKING:
    from pathlib import Path

QUICK = [
    "--preset",
    "quick",
    "--size",
    "64",
    "--batch",
    "1",
    "--device",
    "cpu",
    "--set",
    "workers=0",
]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(3):
        pixels = rng.integers(0, 256, (70, 80, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def train(photos: Path, out: Path, *more: str) -> int:
    words = ["train", "--backend", "diet-pepsi-g4", "--data", str(photos), "--out", str(out)]
    return main([*words, *QUICK, *more])


def test_a_run_prints_its_model_and_tells_the_rest_on_stderr(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(photos, tmp_path / "run", "--steps", "1") == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == str(tmp_path / "run" / "model.safetensors")
    assert "1,509,811 parameters" in captured.err
    assert "Ended after 1 steps." in captured.err
    assert configs.load(tmp_path / "run" / "config.toml").data == str(photos)


def test_quiet_prints_the_model_alone(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(photos, tmp_path / "run", "--steps", "1", "--quiet") == 0
    captured = capsys.readouterr()
    assert captured.out.strip().endswith("model.safetensors")
    assert captured.err == ""


def test_events_are_lines_and_a_run_goes_on(
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.runner._listen", lambda *_: None)
    assert train(photos, tmp_path / "run", "--steps", "1", "--events") == 0
    capsys.readouterr()
    words = ["train", "--out", str(tmp_path / "run"), "--resume", "--steps", "2", "--events"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[0])["step"] == 1
    last = from_line(lines[-1])
    assert isinstance(last, Finished)
    assert last.step == 2


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--out", "RUN"], 2, "Name the generator with --backend ID"),
        (["--backend", "pepsi", "--data", "DATA"], 2, "--out RUN_DIR"),
        (["--backend", "telea", "--data", "DATA", "--out", "RUN"], 2, "“telea” cannot be trained"),
        (["--backend", "pepsy", "--data", "DATA", "--out", "RUN"], 2, "did you mean “pepsi”"),
        (
            ["--backend", "pepsi", "--data", "DATA", "--out", "RUN", "--set", "loss.l2=1"],
            2, "did you mean “l1”",
        ),
        (["--backend", "pepsi", "--data", "NONE", "--out", "RUN", "--device", "cpu"], 1, "NONE"),
        (["--out", "RUN", "--resume"], 1, "config.toml"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    sentence: str,
) -> None:
    places = {"RUN": tmp_path / "run", "DATA": photos, "NONE": tmp_path / "NONE"}
    assert main(["train", *(str(places.get(word, word)) for word in words)]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert sentence in line
    assert not (tmp_path / "run").exists()  # so that the next try is not refused


def test_a_run_folder_is_never_overwritten(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(photos, tmp_path / "run", "--steps", "1") == 0
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    assert train(photos, tmp_path / "run", "--steps", "1") == 1
    assert "holds a run already" in capsys.readouterr().err
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before
