"""Somebody edits a picture at the pace of a person until the program is killed: what is recovered?

    python -m tests.app.killed --times 50

The program notes every state of its document; what is recovered must be the last of them, or the
last but one.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from app.document.recovery import find_recoveries, restore
from engine import resources
from engine.pictures import open_picture
from tests.app.monkey import Monkey, digest, opened

if TYPE_CHECKING:
    from app.document import Document

ROOT = Path(__file__).parents[2]
PICTURE = resources.root() / "sample" / "astronaut.png"
PACE_S = (0.5, 0.9)
STATES = "states"
READY_S = 60.0


def edit_for_ever(folder: Path, seed: int) -> None:
    """Open a window and edit; every state of the document is a line of a file."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    monkey = opened(folder, seed)
    rng = np.random.default_rng(seed)
    states = (folder / STATES).open("w")
    noted = [0.0]
    window = monkey.window

    def note(document: Document) -> None:
        states.write(digest(document) + "\n")
        states.flush()
        noted.append(time.monotonic())

    def begin() -> None:
        note(monkey.session.document)
        monkey.session.pictures.edited.connect(note)
        act()

    def act() -> None:
        # A result arrives when it likes; who waits for one does nothing else meanwhile.
        QTimer.singleShot(int(1000 * rng.uniform(*PACE_S)), act)
        if not monkey.session.runs.is_running and time.monotonic() - noted[-1] > PACE_S[0] / 2:
            edit(monkey, rng)

    window.session.files.open(PICTURE, begin)
    QApplication.exec()


def edit(monkey: Monkey, rng: np.random.Generator) -> None:
    """One edit: mostly a stroke, now and then a step back or forth, a run, or the mask anew."""
    session = monkey.session
    chance = rng.random()
    if chance < 0.6:
        session.toolbox.use("brush")
        monkey.stroke()
    elif chance < 0.7:
        session.undo()
    elif chance < 0.75:
        session.redo()
    elif chance < 0.85:
        session.masks.grow()
    elif chance < 0.95 and session.can_run:
        session.runs.inpaint()
    else:
        session.masks.invert()


def recovered(folder: Path) -> str:
    """The state that the next start of the program would offer."""
    found = find_recoveries(folder / "recovery").found
    if not found:
        from app.document import Document

        return digest(Document.new(open_picture(PICTURE)))
    return digest(restore(found[0]))


def killed(folder: Path, seed: int, seconds: float) -> int:
    """Edit, and kill it so many seconds after the first edit.

    Returns:
        How many edits are lost: 0 or 1, or more, which must not be.
    """
    command = [sys.executable, "-m", "tests.app.killed", "--folder", str(folder)]
    with subprocess.Popen([*command, "--seed", str(seed)], cwd=ROOT) as process:
        end = time.monotonic() + READY_S
        while not (folder / STATES).exists() or not (folder / STATES).stat().st_size:
            assert time.monotonic() < end, "the window did not open"
            time.sleep(0.01)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
    lines = (folder / STATES).read_text().split()
    edits = [line for at, line in enumerate(lines) if at == 0 or line != lines[at - 1]]
    state = recovered(folder)
    assert state in edits, "what is recovered is no state there ever was"
    return edits[::-1].index(state)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="edit here until killed")
    args = parser.parse_args()
    if args.folder is not None:
        edit_for_ever(args.folder, args.seed)
        return 0
    rng = np.random.default_rng(args.seed)
    lost = []
    for number in range(args.times):
        with tempfile.TemporaryDirectory() as name:
            lost.append(killed(Path(name), args.seed + number, rng.uniform(0.2, 8.0)))
            print(f"{number + 1}: {lost[-1]} edits lost", file=sys.stderr, flush=True)
    counts = {each: lost.count(each) for each in sorted(set(lost))}
    print(f"edits lost by {len(lost)} kills: {counts}")
    return 0 if max(lost) <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
