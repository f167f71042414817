"""Keeps the memory of a run within bounds: what does not fit beside the rest has to wait."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.jobs import CancelToken

_TICK_SECONDS = 0.1


class Gate:
    """Admits work as long as there is a place free and its bytes fit beside those inside.

    Work that would not fit even alone is admitted alone: it may succeed, and whoever waits for
    room that cannot come would wait for ever.
    """

    def __init__(self, places: int, limit_bytes: int) -> None:
        self._places = places
        self._limit = limit_bytes
        self._inside: list[int] = []
        self._changed = threading.Condition()

    def enters(self, size: int) -> bool:
        """Go in if that is possible now; whoever did must `leave`."""
        with self._changed:
            return self._enters(size)

    def leave(self, size: int) -> None:
        with self._changed:
            self._inside.remove(size)
            self._changed.notify_all()

    @contextmanager
    def admitted(self, size: int, token: CancelToken) -> Iterator[None]:
        """Wait until there is room, and hold it.

        Raises:
            Cancelled: if the token is cancelled meanwhile.
        """
        with self._changed:
            while not self._enters(size):
                token.check()
                self._changed.wait(_TICK_SECONDS)
        try:
            yield
        finally:
            self.leave(size)

    def _enters(self, size: int) -> bool:
        fits = len(self._inside) < self._places and sum(self._inside) + size <= self._limit
        if fits or not self._inside:
            self._inside.append(size)
            return True
        return False
