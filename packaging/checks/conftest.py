"""The bundle as somebody has it who has just unpacked it somewhere odd.

It lies in a folder with a space and letters beyond ASCII, may not be written to, and runs with
nothing in its environment but an empty home. When root runs the checks, the bundle is run by
"nobody", because nothing is read-only for root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "dist" / "lacuna"
PATIENCE_S = 300
THREADS = {"OMP_NUM_THREADS": "1"}
"""The frozen and the un-frozen program sum up in the same order."""


@dataclass
class Program:
    """The frozen program, or the un-frozen one, in an environment of its own."""

    words: list[str]
    home: Path
    environment: dict[str, str]
    options: dict[str, Any] = field(default_factory=dict)

    def run(self, *words: str | Path, expected: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end.

        Raises:
            AssertionError: with what it said, if its exit code is not the expected one.
        """
        done = subprocess.run(
            [*self.words, *map(str, words)],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            **self.options,
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return done

    def start(self, *words: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        """Start it and go on."""
        return subprocess.Popen(
            [*self.words, *map(str, words)],
            env=self.environment | environment,
            cwd=self.home,
            **self.options,
        )

    def folder(self, name: str) -> Path:
        """A folder that the program may write to."""
        made = self.home / name
        made.mkdir()
        self.give(made)
        return made

    def gets(self, file: Path, folder: Path) -> Path:
        """A copy of a file that belongs to whoever runs the program."""
        copy = Path(shutil.copy(file, folder))
        self.give(copy)
        return copy

    def give(self, path: Path) -> None:
        """Make a file belong to whoever runs the program."""
        if "user" in self.options:
            os.chown(path, self.options["user"], self.options["group"])


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder that others may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="lacuna checks ", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def unpacked(scratch: Path) -> Path:
    """The folder of the bundle: odd name, read-only."""
    if not (BUNDLE / "lacuna").is_file():
        pytest.exit(f"There is no bundle in {BUNDLE}; run “make bundle” first.", 1)
    place = scratch / "Програма für Bilder" / "lacuna"
    place.parent.mkdir()
    shutil.copytree(BUNDLE, place, symlinks=True)
    for path in (place.parent, *place.parent.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    return place


@pytest.fixture(scope="session")
def somebody() -> dict[str, Any]:
    """Who runs the bundle, as `subprocess` wants it: not root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def program(words: list[str], home: Path, somebody: dict[str, Any]) -> Program:
    home.mkdir(parents=True)
    made = Program(words, home, {"HOME": str(home), **THREADS}, somebody)
    made.give(home)
    return made


@pytest.fixture
def frozen(unpacked: Path, somebody: dict[str, Any], scratch: Path, tmp_path: Path) -> Program:
    """The bundle in an empty environment with an empty home."""
    home = scratch / "Zuhause" / tmp_path.name
    return program([str(unpacked / "lacuna")], home, somebody)


@pytest.fixture
def plain(scratch: Path, tmp_path: Path) -> Program:
    """The un-frozen program of this checkout, likewise."""
    home = scratch / "plain" / tmp_path.name
    made = program([sys.executable, "-m", "app"], home, {})
    made.environment["PYTHONPATH"] = str(ROOT)
    return made
