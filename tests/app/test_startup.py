"""The window stands before anything heavy is imported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CODE = """
import sys
from importlib.abc import MetaPathFinder

class Forbidden(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in {"torch", "torchvision", "numba", "llvmlite", "scipy"}:
            raise AssertionError(f"{name} was imported before the window stood")

sys.meta_path.insert(0, Forbidden())
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app import __main__, gui

application = QApplication(sys.argv[:1])
folder = Path(sys.argv[1])
window = gui.open_window(application, folder / "settings.json", folder / "recovery")
light = [name for name in ("numpy", "cv2", "PIL") if name in sys.modules]
assert not light, f"{light} can wait for the first picture"
window.session.files.open(folder / "photo.png")

def look():
    if window.session.has_picture and window.workspace.isVisible():
        window.close()
    else:
        QTimer.singleShot(20, look)

look()
sys.exit(application.exec())
"""


def test_the_window_opens_and_shows_a_picture_without_torch_and_numba(photo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(photo.parent)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "AssertionError" not in done.stderr


def test_ctrl_c_in_the_terminal_closes_the_window(photo: Path, tmp_path: Path) -> None:
    homes = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("CONFIG", "STATE")}
    log = tmp_path / "STATE" / "lacuna" / "log" / "lacuna.log"
    with subprocess.Popen(
        [sys.executable, "-m", "app", str(photo)],
        cwd=ROOT,
        env=os.environ | homes | {"QT_QPA_PLATFORM": "offscreen"},
    ) as program:
        deadline = time.monotonic() + 60
        while not (log.exists() and "the window stands" in log.read_text("utf-8")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 0
    assert (tmp_path / "CONFIG" / "lacuna" / "settings.json").exists()
