"""A backend for tests: paints the hole, but only when it is let, and fails when it is told to."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from engine.backend import BackendSpec
from engine.jobs import Progress

if TYPE_CHECKING:
    from engine.backend import Problem
    from engine.jobs import CancelToken, Steps
    from engine.types import ImageF32

SPEC = BackendSpec(
    id="painter",
    label="Painter",
    promise="Paints the hole white",
    kind="classical",
    factory="tests.engine.batch.painter:Painter",
    min_context=4,
)

gate = threading.Event()
"""Cleared, fills wait (and can be cancelled)."""

failures: list[Exception] = []
"""What the next fills raise, one each."""

busy: list[int] = []
"""How many filled at once, noted by each."""

_lock = threading.Lock()
_inside = [0]


class Painter:
    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        with _lock:
            _inside[0] += 1
            busy.append(_inside[0])
            failure = failures.pop() if failures else None
        try:
            while not gate.is_set():
                token.check()
                time.sleep(0.002)
                yield Progress(1, 2, "Painting")
            if failure is not None:
                raise failure
            image = problem.image.copy()
            image[problem.hole] = 1.0
            return image
        finally:
            with _lock:
                _inside[0] -= 1
