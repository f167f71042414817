"""Several pictures at a time, each through reading, filling and writing in a thread of its own.

While one lane reads or writes, others fill; there are two lanes more than fills may run at once, so
that the processor never waits for a disk. How many pictures are in memory is a matter of bytes.
"""

from __future__ import annotations

import logging
import os
import queue
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from engine import memory
from engine.batch.gates import Gate
from engine.batch.work import Surroundings, worked
from engine.errors import Cancelled, PictureError
from engine.jobs import CancelToken
from engine.pictures import FORMATS

if TYPE_CHECKING:
    from engine.batch.items import Item
    from engine.batch.manifest import Manifest
    from engine.batch.work import Order, Outcome

log = logging.getLogger(__name__)

MOST_BYTES = 3_000_000_000
"""What pictures and fills together may take, if twice that is free. A picture that needs more is
worked on while no other is."""

MOST_FILLS = 16

_SHARE_OF_FREE = 0.5
_SHARE_OF_PICTURES = 2 / 3  # of that; the rest is for fills
_HELD_PER_BYTE = {"TIFF": 6.1, "WEBP": 8.2}
_HELD_PER_BYTE_ELSE = 4.3
"""What a picture takes at its peak, the encoder of its result at work, as a multiple of its pixels;
measured at 24 megapixels."""
_HELD_PER_PIXEL = 2  # the hole and what it is made from
_EXTRA_LANES = 2


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
        network = bool(order.config.backend.network)  # one is in memory, and uses all cores
        fills = 1 if network else min(MOST_FILLS, _cores())
        limit = min(MOST_BYTES, _SHARE_OF_FREE * memory.available_bytes())
        pictures = round(_SHARE_OF_PICTURES * limit)
        self.token = CancelToken()
        self._order = order
        self._manifest = manifest
        self._held = Gate(fills + _EXTRA_LANES, pictures)
        self._filling = Gate(fills, round(limit) - pictures)
        self._around = Surroundings(
            manifest.append, partial(self._filling.admitted, token=self.token), taken
        )
        self._pool = ThreadPoolExecutor(fills + _EXTRA_LANES, "batch")
        self._finished: queue.SimpleQueue[Finished] = queue.SimpleQueue()

    def starts(self, item: Item, *, pictured: bool) -> bool:
        """Begin with an item if a lane is free and its pixels fit beside the others'."""
        if not self._held.enters(_held_bytes(item)):
            return False
        self._pool.submit(self._work, item, pictured=pictured)
        return True

    def finished(self, timeout: float) -> Finished | None:
        """The next item that is finished; None if there is none for so many seconds."""
        try:
            return self._finished.get(timeout=timeout)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Stop what is being filled, and wait until what is being written is whole."""
        self.token.cancel()
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
            self._held.leave(_held_bytes(item))
            self._finished.put(found)

    def _noted(self, item: Item, *, pictured: bool) -> Finished:
        outcome = worked(item, self._order, self._around, self.token, pictured=pictured)
        end = outcome.end
        if outcome.entry is not None:
            try:
                self._manifest.append(outcome.entry)
            except PictureError as error:
                end = end or str(error)
        return Finished(item, outcome, end)


def _held_bytes(item: Item) -> int:
    form = FORMATS.get(item.output.suffix.lower(), "") if item.output else ""
    per_byte = _HELD_PER_BYTE.get(form, _HELD_PER_BYTE_ELSE)
    return round(per_byte * item.picture_bytes + _HELD_PER_PIXEL * item.pixels)


def _cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
