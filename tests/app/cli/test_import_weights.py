"""`lacuna import-weights`: an official checkpoint in, a file of weights out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
import torch

from app.__main__ import main
from engine import registry, weights
from engine.official import RELEASES, Converted, Release
from tests.engine.tiny_network import TinyGenerator, row

if TYPE_CHECKING:
    from torch import Tensor

SPEC = row("tiny", width=4)


@pytest.fixture(autouse=True)
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend whose official checkpoints hold its state under netG; a data folder of its own."""

    def convert(held: dict[str, dict[str, Tensor]]) -> Converted:
        return Converted(held["netG"], {"width": 4}, ("Nothing was left out.",))

    module = ModuleType("tiny_converter")
    module.convert = convert  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tiny_converter", module)
    monkeypatch.setitem(registry._specs, "tiny", SPEC)
    release = Release("tiny_converter", "CC0", "noise", ("square",))
    monkeypatch.setitem(RELEASES, "tiny", release)
    own = tmp_path / "data" / "weights"
    monkeypatch.setattr(weights, "user_folder", lambda: own)
    monkeypatch.setattr(weights, "folders", lambda: (own, tmp_path / "shipped"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "gen_00001.pth"
    torch.save({"netG": TinyGenerator().state_dict()}, path)
    return path


def run(source: Path, output: Path, *more: str) -> int:
    return main(["import-weights", str(source), "--as", "tiny", "-o", str(output), *more])


def test_the_file_is_written_and_described(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "tiny.safetensors"
    assert run(source, output) == 0
    said = capsys.readouterr()
    assert said.out == f"{output}\n"
    assert "Tiny, 259 parameters (width 4)." in said.err
    assert "Trained on: noise." in said.err
    assert "Licence: CC0." in said.err
    assert "Nothing was left out." in said.err
    assert f"put it into “{weights.user_folder()}”" in said.err
    weights.load(SPEC, weights.opened(output))


def test_json_is_one_document(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "tiny.safetensors"
    assert run(source, output, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    file = weights.opened(output)
    assert document == {
        "output": str(output),
        "backend": "tiny",
        "configuration": {"width": 4},
        "parameters": 259,
        "licence": "CC0",
        "trained_on": "noise",
        "masks": ["square"],
        "ema": False,
        "notes": ["Nothing was left out."],
        "source_sha256": file.card.source_sha256,
        "sha256": file.sha256,
        "bytes": output.stat().st_size,
        "found_by_itself": False,
    }


def test_in_the_users_folder_the_editor_finds_it(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = weights.user_folder() / "tiny.safetensors"
    assert run(source, output) == 0
    assert "The editor finds it where it is." in capsys.readouterr().err
    found = weights.find(SPEC)
    assert found is not None
    assert found.path == output


def test_quiet_prints_the_path_only(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(source, tmp_path / "tiny.safetensors", "--quiet") == 0
    assert capsys.readouterr().err == ""


def test_an_existing_file_is_replaced_on_request_only(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "tiny.safetensors"
    output.write_bytes(b"as it was")
    assert run(source, output) == 2
    assert "add --overwrite" in capsys.readouterr().err
    assert output.read_bytes() == b"as it was"
    assert run(source, output, "--overwrite") == 0
    weights.opened(output)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as", "tyni", "-o", "out.safetensors"], "did you mean “tiny”"),
        (["--as", "telea", "-o", "out.safetensors"], "no official checkpoints for Telea"),
        (["--as", "tiny", "-o", "out.pth"], "must end in .safetensors"),
        (["--as", "tiny", "-o", "no/out.safetensors"], "folder does not exist"),
        (["--as", "tiny"], "-o/--output"),
        (["-o", "out.safetensors"], "--as"),
    ],
)
def test_wrong_usage_ends_with_2(
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["import-weights", source.name, *words]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


def test_the_checkpoint_is_never_overwritten(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = source.rename(tmp_path / "gen.safetensors")
    assert run(renamed, renamed, "--overwrite") == 2
    assert "is the checkpoint itself" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.unlink, "does not exist"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "damaged or was cut short"),
        (lambda path: torch.save({"netG": {}}, path), "5 missing"),
    ],
)
def test_a_file_that_cannot_be_imported_ends_with_1(
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    make: object,
    said: str,
) -> None:
    assert callable(make)
    make(source)
    assert run(source, tmp_path / "tiny.safetensors") == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "tiny.safetensors").exists()
