"""Several pictures at a time, each through reading, filling and writing in a thread of its own.

While one lane reads or writes, others fill; `room` bounds how many, by their bytes.
"""

from __future__ import annotations

import logging
import queue
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from engine.batch.room import Room, held_bytes
from engine.batch.work import Surroundings, worked
from engine.errors import Cancelled, PictureError
from engine.jobs import CancelToken

if TYPE_CHECKING:
    from engine.batch.items import Item
    from engine.batch.manifest import Manifest
    from engine.batch.work import Order, Outcome

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a lane hands back.

    Attributes:
        item: the picture.
        outcome: what became of it; None if it was cancelled.
        end: why no other picture can be worked on either; "" if they can.
    """

    item: Item
    outcome: Outcome | None
    end: str = ""


class Lanes:
    """Threads that work on pictures, and the bounds on what they may do at once."""

    def __init__(self, order: Order, manifest: Manifest, taken: frozenset[str]) -> None:
        """Prepare.

        Args:
            order: of the run.
            manifest: is told of every picture.
            taken: keys of the names of all results.
        """
        self._room = Room(network=bool(order.config.backend.network))
        self._token = CancelToken()
        self._order = order
        self._manifest = manifest
        self._around = Surroundings(
            manifest.append, partial(self._room.filling.admitted, token=self._token), taken
        )
        self._pool = ThreadPoolExecutor(self._room.pictures, "batch")
        self._finished: queue.SimpleQueue[Finished] = queue.SimpleQueue()

    @property
    def waits_for(self) -> str:
        """Nothing but its pictures."""
        return ""

    def starts(self, item: Item, *, pictured: bool) -> bool:
        """Begin with an item if a lane is free and its pixels fit beside the others'."""
        if not self._room.held.enters(held_bytes(item)):
            return False
        self._pool.submit(self._work, item, pictured=pictured)
        return True

    def finished(self, timeout: float) -> Finished | None:
        """The next item that is finished; None if there is none for so many seconds."""
        try:
            return self._finished.get(timeout=timeout)
        except queue.Empty:
            return None

    def stop(self) -> None:
        """Stop what is being filled."""
        self._token.cancel()

    def close(self) -> None:
        """Stop what is being filled, and wait until what is being written is whole."""
        self.stop()
        self._pool.shutdown(wait=True)

    def _work(self, item: Item, *, pictured: bool) -> None:
        found = Finished(item, None)
        try:
            found = self._noted(item, pictured=pictured)
        except Cancelled:
            log.info("%s was left", item.image)
        except Exception as error:  # a fault of ours: the thread's border, nothing may be lost here
            log.exception("%s was lost", item.image)
            found = Finished(item, None, f"A fault of the program: {error}.")
        finally:
            self._room.held.leave(held_bytes(item))
            self._finished.put(found)

    def _noted(self, item: Item, *, pictured: bool) -> Finished:
        outcome = worked(item, self._order, self._around, self._token, pictured=pictured)
        end = outcome.end
        if outcome.entry is not None:
            try:
                self._manifest.append(outcome.entry)
            except PictureError as error:
                end = end or str(error)
        return Finished(item, outcome, end)
