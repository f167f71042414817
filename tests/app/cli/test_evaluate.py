"""`lacuna evaluate`: tables for people, a document for programs, an exit code for scripts."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.__main__ import main
from engine import registry
from engine.jobs import Progress
from engine.pictures import Picture, save_picture
from tests.engine import tiny_network
from training import judges

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.backend import Problem
    from engine.jobs import CancelToken, Steps
    from engine.types import ImageF32


class Impatient:
    """Presses Ctrl-C while it fills."""

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            token.check()
            yield Progress(0, 1, "Waiting")


@pytest.fixture(autouse=True)
def networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two tiny networks; no judges, whatever is installed."""
    monkeypatch.setattr(judges, "find_spec", {}.get)
    specs = [replace(tiny_network.row(name), native_side=32) for name in ("tiny", "other")]
    specs.append(replace(registry.get("telea"), id="hasty", factory=f"{__name__}:Impatient"))
    for spec in specs:
        registry.register(spec)
    yield
    for spec in specs:
        registry._specs.pop(spec.id)
    registry._loaded.pop("hasty", None)
    registry._networks.clear()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of two pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(2):
        pixels = rng.integers(60, 190, (48, 64, 3)).astype(np.uint8)
        save_picture(Picture(pixels), folder / f"{number}.png")
    return folder


def evaluate(data: Path, *more: str, backend: str = "telea", masks: str = "free-form-test") -> int:
    words = ["--backend", backend, "--data", str(data), "--masks", masks, "--size", "40"]
    return main(["evaluate", *words, *more])


def only_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("lacuna: ")
    return line


def test_tables_go_to_stdout_and_what_is_missing_to_stderr(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(data, "--buckets", backend="telea,navier-stokes") == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    for heading in ("L1 %", "L2 %", "PSNR hole", "PSNR whole", "SSIM", "texture", "ms"):
        assert heading in lines[0]
    assert "FID" not in lines[0]
    assert [line.split()[0] for line in lines if "10–20 %" in line] == ["Telea", "Navier-Stokes"]
    assert sum("50–60 %" in line for line in lines) == 2
    assert any("parameters" in line and "memory" in line for line in lines)
    assert "LPIPS left out" in captured.err
    assert "FID and Inception Score left out" in captured.err
    assert captured.err.splitlines()[0].endswith("(0%)")


def test_quiet_prints_the_tables_only(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(data, "--quiet") == 0
    captured = capsys.readouterr()
    assert "Telea" in captured.out
    assert captured.err == ""


def test_the_document_has_the_means_their_intervals_and_every_fill(
    data: Path, tmp_path: Path
) -> None:
    assert evaluate(data, "--seed", "5", "--quiet", "--json", str(tmp_path / "r.json")) == 0
    document: dict[str, Any] = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert document["version"] == 1
    assert document["task"]["seed"] == 5
    assert document["task"]["data"] == str(data)
    assert len(document["missing"]) == 2
    (found,) = document["assessments"]
    assert (found["backend"], found["size"], found["parameters"]) == ("telea", 40, 0)
    assert found["ms"] > 0
    assert found["peak_bytes"] >= 0
    (row,) = found["rows"]
    assert row["holes"] is None
    assert [fill["picture"] for fill in row["fills"]] == ["0.png", "1.png"]
    psnr = row["figures"]["psnr_hole"]
    assert psnr["low"] <= psnr["mean"] <= psnr["high"]


def test_random_weights_and_several_networks_can_be_evaluated(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(data, "--weights", "random:1", backend="tiny,other") == 0
    costs = capsys.readouterr().out.splitlines()[-2:]
    assert [line.split()[0] for line in costs] == ["Tiny", "Other"]
    assert all(" 259 " in line for line in costs)


def test_pictures_that_cannot_be_read_are_listed_and_change_the_exit_code(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "1.png").write_bytes(b"no picture")
    assert evaluate(data) == 3
    captured = capsys.readouterr()
    assert "Telea" in captured.out
    assert "Left out: 1.png: " in captured.err


def test_without_a_single_usable_picture_it_fails(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in data.iterdir():
        path.write_bytes(b"no picture")
    assert evaluate(data, "--quiet") == 1
    assert "None of the 2 pictures" in only_sentence(capsys)


def test_a_folder_that_is_not_there_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(tmp_path / "nowhere", "--quiet") == 1
    assert "nowhere" in only_sentence(capsys)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"backend": "pepsy"}, "pepsi"),
        ({"backend": ","}, "lacuna backends"),
        ({"masks": "sqare"}, "square"),
        ({"more": ["--weights", "a.safetensors"]}, "leave --weights out"),
        ({"backend": "tiny,other", "more": ["--weights", "a.safetensors"]}, "one at a time"),
        ({"more": ["--size", "7"]}, "32"),
        ({"more": ["--limit", "0"]}, "from 1"),
    ],
)
def test_wrong_usage_is_told_before_the_work(
    data: Path, capsys: pytest.CaptureFixture[str], given: dict[str, Any], complaint: str
) -> None:
    more = given.pop("more", [])
    assert evaluate(data, *more, **given) == 2
    assert complaint in only_sentence(capsys)


def test_a_place_for_the_document_that_cannot_be_is_told_before_the_work(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(data, "--json", str(tmp_path / "no" / "r.json"), backend="hasty") != 0
    assert "r.json" in only_sentence(capsys)


def test_ctrl_c_ends_it_and_writes_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "r.json"
    assert evaluate(data, "--quiet", "--json", str(document), backend="hasty") == 130
    assert "Interrupted" in only_sentence(capsys)
    assert not document.exists()
