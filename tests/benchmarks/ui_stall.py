"""How long the window's thread waits for its timer while a backend works in the other thread.

`python -m tests.benchmarks.ui_stall` prints the figures; `make bench` calls `measure`.
"""

from __future__ import annotations

import os
import time
from typing import Any

import cv2
import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Slot
from PySide6.QtCore import Qt as QtNames

from engine.jobs import CancelToken, Job, Progress, Steps
from engine.pipeline import InpaintRequest, InpaintResult, inpaint
from engine.qt import JobRunner

BACKENDS = ("patchmatch", "telea")
_TICK_MS = 16


class _Clock(QObject):
    """A 16 ms timer that notes when it really fired."""

    def __init__(self, runner: JobRunner, app: QCoreApplication) -> None:
        super().__init__()
        self.times: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(QtNames.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._note)
        self._timer.start(_TICK_MS)
        runner.idle.connect(app.quit)

    @Slot()
    def _note(self) -> None:
        self.times.append(time.perf_counter())

    def gaps_ms(self) -> np.ndarray:
        return np.diff(self.times) * 1000.0


def measure(megapixels: float = 12.0) -> dict[str, float]:
    """Gaps between ticks of a 16 ms timer while each backend fills a blob.

    Args:
        megapixels: size of the picture.

    Returns:
        For each backend, and for a worker that sleeps ("idle": what the machine itself adds),
        `NAME_p50_ms`, `NAME_p99_ms`, `NAME_max_ms` and `NAME_seconds`.
    """
    app = QCoreApplication.instance() or QCoreApplication([])
    pixels, hole = _picture(megapixels)
    figures = _figures("idle", Job("Sleep", _sleep), app)
    for backend in BACKENDS:
        small = InpaintRequest(pixels[:64, :64], _blob(64, 64, 6), backend)
        _gaps(_filling(small), app)  # what is imported or compiled, is by now
        figures |= _figures(backend, _filling(InpaintRequest(pixels, hole, backend)), app)
    return figures


def _filling(request: InpaintRequest) -> Job[InpaintResult]:
    return Job("Fill", lambda token: inpaint(request, token))


def _sleep(_: CancelToken) -> Steps[None]:
    for share in range(20):
        yield Progress(share, 20, "sleeping")
        time.sleep(0.1)


def _figures(name: str, job: Job[Any], app: QCoreApplication) -> dict[str, float]:
    start = time.perf_counter()
    gaps = _gaps(job, app)
    return {
        f"{name}_p50_ms": float(np.median(gaps)),
        f"{name}_p99_ms": float(np.percentile(gaps, 99)),
        f"{name}_max_ms": float(gaps.max()),
        f"{name}_seconds": time.perf_counter() - start,
    }


def _gaps(job: Job[Any], app: QCoreApplication) -> np.ndarray:
    runner = JobRunner()
    clock = _Clock(runner, app)
    runner.submit(job)
    app.exec()
    if not runner.shutdown():
        raise RuntimeError("the worker did not end")
    return clock.gaps_ms()


def _picture(megapixels: float) -> tuple[np.ndarray, np.ndarray]:
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    return cv2.GaussianBlur(pixels, (0, 0), 2), _blob(height, width, height // 8)


def _blob(height: int, width: int, radius: int) -> np.ndarray:
    marks = np.zeros((height, width), np.uint8)
    cv2.circle(marks, (width // 2, height // 2), radius, 1, -1)
    hole: np.ndarray = marks > 0
    return hole


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for name, value in measure().items():
        print(f"{name:24} {value:8.1f}")
