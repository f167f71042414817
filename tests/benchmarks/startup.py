"""How long the window takes to stand, against a bare PySide6 window in the same run.

`python -m tests.benchmarks.startup` prints the figures; `make bench` calls `measure`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 7
HEAVY = ("torch", "numba", "scipy", "matplotlib")

BARE = """
import sys
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication(sys.argv)
window = QMainWindow()
window.show()
application.processEvents()
print("shown", flush=True)
"""

LACUNA = """
import os, sys, tempfile
from pathlib import Path
from app import __main__, gui
from PySide6.QtWidgets import QApplication
application = QApplication(sys.argv)
folder = Path(tempfile.mkdtemp())
window = gui.open_window(application, folder / "settings.json", folder / "recovery")
while not window.startup.isVisible():
    application.processEvents()
window.startup.repaint()
assert window.commands.actions["open"].isEnabled()
print("shown", *(name for name in sys.argv[1:] if name in sys.modules), flush=True)
os._exit(0)
"""


def measure() -> dict[str, float]:
    """Medians over fresh processes, bare and Lacuna in turns.

    Returns:
        `bare_ms` and `lacuna_ms` from the start of the process to a window that has been painted
        and can open a file, their `ratio`, and `heavy_modules`, how many of the libraries that
        must wait until they are needed were imported by then.
    """
    _run(BARE)
    _run(LACUNA)  # what has to be compiled or read from disk, is by now
    rounds = [(_run(BARE)[0], _run(LACUNA)) for _ in range(ROUNDS)]
    bare = statistics.median(seconds for seconds, _ in rounds)
    lacuna = statistics.median(seconds for _, (seconds, _) in rounds)
    return {
        "bare_ms": 1000 * bare,
        "lacuna_ms": 1000 * lacuna,
        "ratio": lacuna / bare,
        "heavy_modules": float(max(len(heavy) for _, (_, heavy) in rounds)),
    }


def _run(code: str) -> tuple[float, list[str]]:
    """Seconds until the process says that its window stands, and the heavy modules it named."""
    environment = os.environ | {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code, *HEAVY],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        line = process.stdout.readline() if process.stdout is not None else ""
        seconds = time.perf_counter() - start
    words = line.split()
    if not words:
        raise RuntimeError("the window did not open; see the messages above")
    return seconds, words[1:]


if __name__ == "__main__":
    for key, value in measure().items():
        print(f"{key:>14} {value:8.2f}")
