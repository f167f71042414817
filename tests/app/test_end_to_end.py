"""The real program on a virtual X display, with a real mouse and a real keyboard."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine import resources
from tests.app.desktop import PATIENCE_S, Person, retouches, virtual_display

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A copy of a bundled sample that fits the window at 100 %."""
    sample = next(path for path, _ in resources.samples() if path.name == "coffee.png")
    return Path(shutil.copy(sample, tmp_path / "coffee.png"))


@pytest.fixture
def person(photo: Path, tmp_path: Path) -> Iterator[Person]:
    """Somebody who has started the program with the photo."""
    homes = {
        f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "STATE", "DATA")
    }
    with virtual_display() as display:
        program = subprocess.Popen(
            [sys.executable, "-m", "app", str(photo), "--backend", "patchmatch"],
            cwd=ROOT,
            env=os.environ | homes | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        )
        yield Person(display, program)
        if program.poll() is None:
            program.kill()
        program.wait()


def test_paint_inpaint_and_save_change_the_hole_and_nothing_else(
    person: Person, photo: Path, tmp_path: Path
) -> None:
    retouches(person, photo)
    person.turn_to("coffee.png")
    person.do("key", "ctrl+q")
    assert person.program.wait(PATIENCE_S) == 0
    assert not list((tmp_path / "state").rglob("*.lacuna-recovery"))
