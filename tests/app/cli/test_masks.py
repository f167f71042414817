"""`lacuna masks`: a set of masks that the same words write again."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from training.masks import KINDS, draw

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *more: str, kind: str = "brush", count: int = 3, size: str = "60x40") -> int:
    return main(
        ["masks", kind, "-o", str(folder), "--count", str(count), "--size", size, "--quiet", *more]
    )


def holes(folder: Path) -> list[np.ndarray]:
    return [np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_written_white_on_black(tmp_path: Path, kind: str) -> None:
    assert run(tmp_path / "set", kind=kind) == 0
    found = holes(tmp_path / "set")
    assert [hole.shape for hole in found] == [(40, 60)] * 3
    assert all(np.unique(hole).tolist() == [0, 255] for hole in found)
    expected = draw(kind, (40, 60), np.random.default_rng([0, 1]))
    np.testing.assert_array_equal(found[1] == 255, expected)


def test_the_manifest_describes_what_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--seed", "7", "--coverage", "10-20") == 0
    assert capsys.readouterr().out == f"{tmp_path / 'manifest.json'}\n"
    document = json.loads((tmp_path / "manifest.json").read_text())
    rows = document.pop("masks")
    assert document == {
        "version": 1,
        "kind": "brush",
        "width": 60,
        "height": 40,
        "seed": 7,
        "coverage": [0.1, 0.2],
        "hole": "white",
    }
    assert [row["mask"] for row in rows] == ["00000.png", "00001.png", "00002.png"]
    for row, hole in zip(rows, holes(tmp_path), strict=True):
        assert row["hole_share"] == pytest.approx((hole == 255).mean())
        assert 0.1 <= row["hole_share"] <= 0.2
        data = (tmp_path / row["mask"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(data).hexdigest()


def test_json_is_the_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--json") == 0
    written = json.loads((tmp_path / "manifest.json").read_text())
    assert json.loads(capsys.readouterr().out) == written


def test_the_same_words_give_the_same_bytes_and_a_longer_set_begins_alike(tmp_path: Path) -> None:
    for name, count in (("one", 2), ("two", 2), ("more", 4)):
        assert run(tmp_path / name, "--seed", "3", count=count) == 0
    one, two, more = (
        [path.read_bytes() for path in sorted((tmp_path / name).glob("*.png"))]
        for name in ("one", "two", "more")
    )
    assert one == two == more[:2]
    assert run(tmp_path / "other", "--seed", "4", count=2) == 0
    assert (tmp_path / "other" / "00000.png").read_bytes() != one[0]


@pytest.mark.parametrize("words", ["0.1-0.2", "10-20", "10%-20%", "10-20%"])
def test_coverage_may_be_a_share_or_per_cent(tmp_path: Path, words: str) -> None:
    assert run(tmp_path, "--coverage", words) == 0
    assert json.loads((tmp_path / "manifest.json").read_text())["coverage"] == [0.1, 0.2]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--coverage", "20-10"], "LOW-HIGH"),
        (["--coverage", "10-120"], "LOW-HIGH"),
        (["--coverage", "much"], "LOW-HIGH"),
        (["--size", "60"], "WIDTHxHEIGHT"),
        (["--size", "0x10"], "WIDTHxHEIGHT"),
        (["--size", "20000x10"], "WIDTHxHEIGHT"),
        (["--count", "0"], "whole number"),
        (["--seed", "-1"], "whole number"),
    ],
)
def test_words_without_sense_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    assert run(tmp_path / "set", *words) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_an_unknown_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "set", kind="squares") == 2
    assert "'square'" in capsys.readouterr().err


def test_a_folder_with_something_in_it_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "00000.png").write_bytes(b"mine")
    assert run(tmp_path) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "00000.png").read_bytes() == b"mine"


def test_a_smaller_set_leaves_nothing_of_a_larger_one(tmp_path: Path) -> None:
    assert run(tmp_path, count=4) == 0
    (tmp_path / "photo.png").write_bytes(b"mine")
    (tmp_path / "1.png").write_bytes(b"mine")
    assert run(tmp_path, "--overwrite", count=2) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["00000.png", "00001.png", "1.png", "manifest.json", "photo.png"]


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "set").write_text("mine")
    assert run(tmp_path / "set") == 2
    assert "is a file" in capsys.readouterr().err


def test_an_interrupted_set_has_no_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*words: object) -> np.ndarray:
        raise KeyboardInterrupt

    assert run(tmp_path) == 0
    monkeypatch.setattr("training.masks.kinds.draw", interrupted)
    assert run(tmp_path, "--overwrite") == 130
    assert not (tmp_path / "manifest.json").exists()


def test_torch_is_not_imported(tmp_path: Path) -> None:
    program = (
        "import sys; from app.__main__ import main; "
        f"code = main(['masks', 'mixed', '-o', {str(tmp_path / 'set')!r}, '--count', '1', "
        "'--size', '32x32']); sys.exit(code or 'torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
