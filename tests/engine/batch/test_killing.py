"""A run that is killed at any moment can be gone on with, and nothing is lost or made twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from engine.batch.manifest import NAME, Entry, digest
from tests.engine.batch.folders import pairs, pixels_of, put, results, run

ROOT = Path(__file__).parents[3]
COUNT = 10


def killed(root: Path, seconds: float, backend: str = "telea") -> bool:
    """Go on with the run in a process of its own; whether it was killed before its end."""
    words = [sys.executable, "-m", "tests.engine.batch.killed", str(root), str(seconds), backend]
    ended = subprocess.run(words, cwd=ROOT, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert ended.returncode in (0, -signal.SIGKILL)
    return ended.returncode != 0


def entries(root: Path) -> list[Entry]:
    found = []
    for line in (root / "out" / NAME).read_bytes().splitlines():
        try:
            found.append(msgspec.json.decode(line, type=Entry))
        except msgspec.DecodeError:
            continue
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_kill_and_resume_loses_nothing_and_makes_nothing_twice(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(COUNT)]
    pairs(tmp_path, *names)
    for number, name in enumerate(names):
        put(tmp_path / "images" / name, pixels_of(number, 480, 360))

    ends = [killed(tmp_path, moment) for moment in (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)]
    assert any(ends)
    report = run(tmp_path, resume=True)

    assert report.ended == "finished"
    assert [Path(row.image).name for row in report.files] == names
    assert results(tmp_path) == [f"{number}_inpainted.png" for number in range(COUNT)]
    for row in report.files:
        assert digest(Path(row.output or "")) == row.sha256
    done = Counter(entry.image for entry in entries(tmp_path) if entry.status == "done")
    assert set(done.values()) == {1}
    assert not list((tmp_path / "out").glob("*.tmp"))
    assert not list((tmp_path / "out").glob(".lacuna-*.tmp"))
