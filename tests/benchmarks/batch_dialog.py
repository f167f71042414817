"""Whether the Batch dialog stays smooth while it plans and fills thousands of pictures.

`python -m tests.benchmarks.batch_dialog --count 10000` shows the real window, gives the dialog the
folder, starts, and prints how long the window's thread let its 16 ms timer wait: 99 % of the times
(`p99_ms`) and the longest (`max_ms`), for planning and for filling.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.dialogs.questions import DialogQuestions
from app.session.session import Session
from app.settings import Settings
from app.window.window import MainWindow
from engine.recipe import Recipe
from tests.benchmarks.batch import make_small

if TYPE_CHECKING:
    from collections.abc import Callable

_TICK_MS = 16


class Ticks(QObject):
    """A timer that notes when it really fired, until a condition holds."""

    def __init__(self, is_over: Callable[[], bool]) -> None:
        super().__init__()
        self._is_over = is_over
        self._times: list[float] = []
        self._loop = QEventLoop(self)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._note)

    def gaps_ms(self) -> np.ndarray:
        """Run the event loop until it is over; milliseconds between ticks."""
        self._timer.start(_TICK_MS)
        self._loop.exec()
        return np.diff(self._times) * 1000.0

    def _note(self) -> None:
        self._times.append(time.perf_counter())
        if self._is_over():
            self._timer.stop()
            self._loop.quit()


def measure(count: int) -> dict[str, float]:
    """Gaps between ticks, and pictures a second, with so many small pictures."""
    app = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make_small(root, count)
        session = Session(Settings(), DialogQuestions(), root / "recovery", root / "resting")
        window = MainWindow(session, root / "settings.json")
        window.show()
        window.commands.actions["batch"].trigger()
        batch = session.batch
        wish = replace(batch.wish, images=str(root / "images"), rule="one")
        wish = replace(wish, mask=str(root / "mask.png"), output=str(root / "out"))
        batch.set_wish(replace(wish, recipe=Recipe(backend="telea")))
        plan = Ticks(lambda: not batch.planning.is_busy).gaps_ms()
        start = time.perf_counter()
        batch.start()
        fill = Ticks(lambda: batch.course.state == "ended").gaps_ms()
        seconds = time.perf_counter() - start
        report = batch.course.report
        assert report is not None
        assert report.done == count, report
        window._may_close = True
        window.close()
        app.processEvents()
    figures = {"per_s": count / seconds}
    for phase, gaps in (("plan", plan), ("fill", fill)):
        figures[f"{phase}_p50_ms"] = float(np.median(gaps))
        figures[f"{phase}_p99_ms"] = float(np.percentile(gaps, 99))
        figures[f"{phase}_max_ms"] = float(gaps.max())
    return figures


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    for figure, value in measure(parser.parse_args().count).items():
        print(f"{figure:16} {value:8.1f}")
