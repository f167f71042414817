"""Several pictures in the real program: by the keyboard, and after it was killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engine import resources
from tests.app.desktop import PATIENCE_S, STROKE, Person, virtual_display, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Copies of the bundled samples."""
    return [Path(shutil.copy(path, tmp_path / path.name)) for path, _ in resources.samples()]


@contextlib.contextmanager
def started(display: str, home: Path, *files: Path) -> Iterator[Person]:
    """Somebody who has started the program; it is gone at the end."""
    homes = {
        f"XDG_{name}_HOME": str(home / name.lower())
        for name in ("CONFIG", "STATE", "DATA", "CACHE")
    }
    program = subprocess.Popen(
        [sys.executable, "-m", "app", *map(str, files), "--backend", "telea"],
        cwd=ROOT,
        env=os.environ | homes | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
    )
    try:
        yield Person(display, program)
    finally:
        if program.poll() is None:
            program.kill()
        program.wait()


def fill(person: Person, photo: Path) -> None:
    """Paint over a picture that is shown at 100 %, and fill."""
    person.turn_to(photo.name)
    before = np.asarray(Image.open(photo).convert("RGB"))
    person.do("mousemove", "--sync", "5", "5")  # the brush's outline shall hide nothing
    person.do("key", "ctrl+1")
    wait_for("the picture", partial(person.finds, before))
    left, top = person.finds(before) or (0, 0)
    person.drags([(left + x, top + y) for x, y in STROKE])
    person.do("key", "Return")
    wait_for("the result", lambda: "*" in person.do("getwindowname", person.window(photo.name)))


def windows(person: Person) -> list[str]:
    """Ids of the windows that are called like the program: the first page, and its questions."""
    return person.do("search", "--onlyvisible", "--name", "^Lacuna$").split()


def test_keys_go_through_the_pictures_and_close_them(photos: list[Path], tmp_path: Path) -> None:
    first, second, third = (photo.name for photo in photos)
    with virtual_display() as display, started(display, tmp_path, *photos) as person:
        person.turn_to(first)
        for key, title in (
            ("ctrl+Tab", second),
            ("ctrl+Tab", third),
            ("ctrl+Tab", first),
            ("ctrl+shift+Tab", third),
            ("ctrl+w", second),
        ):
            person.do("key", key)
            person.turn_to(title)
        person.do("key", "ctrl+q")
        assert person.program.wait(PATIENCE_S) == 0


def test_a_program_that_was_killed_offers_all_its_work_again(
    photos: list[Path], tmp_path: Path
) -> None:
    kept = tmp_path / "state" / "lacuna" / "recovery"
    with virtual_display() as display:
        with started(display, tmp_path, *photos[:2]) as person:
            fill(person, photos[0])
            person.do("key", "ctrl+Tab")
            fill(person, photos[1])
            wait_for("two copies", lambda: len(list(kept.glob("*.lacuna-recovery"))) == 2)
        with started(display, tmp_path) as person:
            wait_for("the question", lambda: len(windows(person)) == 2)
            for window in windows(person):  # the one behind the question hears nothing
                person.do("windowfocus", "--sync", window)
                person.do("key", "Return")
            names = [photo.name for photo in photos[:2]]
            changed: set[str] = set()

            def are_both_back() -> bool:
                window = next(filter(None, map(person.window, names)), "")
                if not window:
                    return False
                # Each comes to the front when it is read, so only the title tells which it is.
                title = person.do("getwindowname", window)
                changed.update(name for name in names if name in title and "*" in title)
                person.do("windowfocus", "--sync", window)
                person.do("key", "ctrl+Tab")
                return len(changed) == len(names)

            wait_for("both with their changes", are_both_back)
