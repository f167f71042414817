"""How fast the canvas answers: real mouse events on a real widget over a picture of 24 megapixels.

With the profile of a screen that is not sRGB the same is measured again, at 24 and at 100
megapixels, and told as a ratio to the times without one, in turns, so that a busy machine slows
both.

Run it with `python -m tests.benchmarks.painting`; it needs no display. Times are wall clock from
the event to the end of the paint event that shows it, in milliseconds.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import numpy as np
import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QApplication

    from app.canvas import CanvasView
    from app.document import Document

WIDTH, HEIGHT = 6000, 4000
VIEW = (1280, 800)
MOVES = 300
WARM_UP = 20
RUNS = 7
SIZES = (60, 400)
COLOUR_SIZES = {"24mp": (6000, 4000), "100mp": (11600, 8700)}
COLOUR_TURNS = 5
"""The quickest counts: whatever else the machine does can only make a turn slower."""


def measure() -> dict[str, float]:
    """Median and 99th percentile of moves at two zooms and two sizes, undo, redo and memory.

    Returns:
        Milliseconds, except `*_growth_mb` (resident memory from the first to the last move).
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication([])
    view, document = _open(application)
    figures: dict[str, float] = {}
    for zoom_name in ("fit", "actual"):
        for size in SIZES:
            view.fit() if zoom_name == "fit" else view.actual_size()
            view.brush.size = float(size)
            _settle(application, view)
            # The first time, the system hands out the memory that the mask has asked for.
            _stroke(application, view, "")
            document.undo()
            _settle(application, view)
            figures |= _stroke(application, view, f"{zoom_name}_{size}px")
            undos, redos = zip(
                *(_undo_redo(application, document) for _ in range(RUNS)), strict=True
            )
            figures[f"{zoom_name}_{size}px_undo_ms"] = float(np.median(undos))
            figures[f"{zoom_name}_{size}px_redo_ms"] = float(np.median(redos))
    for name, times in (("zoom", _zooms(application, view)), ("pan", _pans(application, view))):
        figures |= _spread(name, times)
    view.set_document(None)
    view.close()
    for name, size in COLOUR_SIZES.items():
        figures |= _colour(application, name, size)
    return figures


def _colour(application: QApplication, name: str, size: tuple[int, int]) -> dict[str, float]:
    """How much longer strokes and pans take with colour management; what another picture takes."""
    from PySide6.QtGui import QColorSpace

    space = QColorSpace(QColorSpace.NamedColorSpace.DisplayP3)
    wide = bytes(space.iccProfile().data())
    view, document = _open(application, size)
    times: dict[str, list[float]] = {}
    for _ in range(COLOUR_TURNS):
        for icc in (None, wide):
            view.set_screen_profile(icc)
            view.fit()
            _settle(application, view)
            figures = _stroke(application, view, "")
            document.undo()
            _settle(application, view)
            kind = "plain" if icc is None else "colour"
            times.setdefault(f"{kind}_move", []).append(figures["_move_median_ms"])
            times.setdefault(f"{kind}_pan", []).append(float(np.median(_pans(application, view))))
    made = {
        f"colour_{name}_{what}_ratio": float(
            min(times[f"colour_{what}"]) / min(times[f"plain_{what}"])
        )
        for what in ("move", "pan")
    }
    made[f"colour_{name}_move_median_ms"] = min(times["colour_move"])
    made[f"colour_{name}_show_ms"] = _timed(application, lambda: view.set_document(document))
    view.set_document(None)
    view.close()
    return made


def _open(
    application: QApplication, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> tuple[CanvasView, Document]:
    from app.canvas import CanvasView
    from app.document import Document
    from app.tools import Brush, BrushSettings
    from engine.pictures import Picture

    brush = BrushSettings(hardness=0.9)
    view = CanvasView(brush)
    view.resize(*VIEW)
    document = Document.new(Picture(_photograph(*size)))
    view.set_document(document)
    view.set_tool(Brush(brush))
    view.show()
    _settle(application, view)
    return view, document


def _photograph(width: int, height: int) -> np.ndarray:
    """Noise at several scales: as costly to average and to scale as a photograph."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    pixels >>= 2
    coarse = rng.integers(0, 192, (height // 50, width // 50, 3), np.uint8)
    return pixels + np.repeat(np.repeat(coarse, 50, axis=0), 50, axis=1)


def _settle(application: QApplication, view: CanvasView) -> None:
    """Paint until nothing is left to paint."""
    view.repaint()
    for _ in range(200):
        application.processEvents()


def _stroke(application: QApplication, view: CanvasView, name: str) -> dict[str, float]:
    from PySide6.QtCore import QEvent

    angles = np.linspace(0, 2 * np.pi, MOVES + WARM_UP)
    reach = np.linspace(0.1, 0.42, MOVES + WARM_UP)
    path = np.stack(
        (VIEW[0] * (0.5 + reach * np.cos(angles)), VIEW[1] * (0.5 + reach * np.sin(angles))), axis=1
    )
    kinds = QEvent.Type
    _mouse(application, view, kinds.MouseButtonPress, path[0])
    times, resident = [], 0
    for index, point in enumerate(path):
        if index == WARM_UP:
            resident = psutil.Process().memory_info().rss
        start = time.perf_counter()
        _mouse(application, view, kinds.MouseMove, point)
        application.processEvents()
        times.append(1000 * (time.perf_counter() - start))
    growth = (psutil.Process().memory_info().rss - resident) / 1e6
    _mouse(application, view, kinds.MouseButtonRelease, path[-1])
    application.processEvents()
    return _spread(f"{name}_move", times[WARM_UP:]) | {f"{name}_growth_mb": growth}


def _mouse(application: QApplication, view: CanvasView, kind: object, point: np.ndarray) -> None:
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    at = QPointF(*point)
    event = QMouseEvent(
        kind,
        at,
        view.mapToGlobal(at),
        none if kind == QEvent.Type.MouseMove else left,
        none if kind == QEvent.Type.MouseButtonRelease else left,
        Qt.KeyboardModifier.NoModifier,
    )
    application.sendEvent(view, event)


def _undo_redo(application: QApplication, document: Document) -> tuple[float, float]:
    return _timed(application, document.undo), _timed(application, document.redo)


def _timed(application: QApplication, step: Callable[[], object]) -> float:
    start = time.perf_counter()
    step()
    application.processEvents()
    return 1000 * (time.perf_counter() - start)


def _zooms(application: QApplication, view: CanvasView) -> list[float]:
    """Wheel notches from fit to 800 % and back."""
    from PySide6.QtCore import QPointF

    view.fit()
    _settle(application, view)
    at = QPointF(VIEW[0] * 0.4, VIEW[1] * 0.6)
    factors = [1.2] * 20 + [1 / 1.2] * 20
    return [
        _timed(application, lambda factor=factor: view.zoom_by(factor, at)) for factor in factors
    ]


def _pans(application: QApplication, view: CanvasView) -> list[float]:
    view.actual_size()
    _settle(application, view)
    return [_timed(application, lambda: view.pan_by(-9, -5)) for _ in range(100)]


def _spread(name: str, times: list[float]) -> dict[str, float]:
    return {
        f"{name}_median_ms": float(np.median(times)),
        f"{name}_p99_ms": float(np.percentile(times, 99)),
    }


if __name__ == "__main__":
    for label, figure in measure().items():
        print(f"{label:28s} {figure:8.2f}")
