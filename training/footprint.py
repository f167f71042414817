"""How much memory a piece of work takes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

import psutil

if TYPE_CHECKING:
    from types import TracebackType

_INTERVAL_S = 0.005


class Footprint:
    """Watches this process from a thread, for as long as the block lasts.

    Unlike the system's own high-water mark it starts anew with each block, so that one process can
    compare several methods; what lives for less than some milliseconds may be missed.

    Attributes:
        peak_bytes: the most memory that was held above what was held when the block began.
    """

    peak_bytes = 0

    def __enter__(self) -> Self:
        self._process = psutil.Process()
        self._before = int(self._process.memory_info().rss)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="footprint", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(_INTERVAL_S):
            self._look()

    def _look(self) -> None:
        held = int(self._process.memory_info().rss) - self._before
        self.peak_bytes = max(self.peak_bytes, held)
