"""What a worker on another machine does: one picture after another, each within its own bounds.

Functions that `cluster` sends there by name. The worker has Lacuna installed and sees the same
folders; what it must remember between two pictures, it keeps in this module.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import socket
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from engine import __version__
from engine.batch import notes
from engine.batch.naming import text_of
from engine.batch.room import Room, held_bytes
from engine.batch.work import Surroundings, worked
from engine.errors import Cancelled, ClusterError
from engine.jobs import CancelToken

if TYPE_CHECKING:
    from engine.batch.items import Item
    from engine.batch.work import Order, Outcome

_DECIDING = ("numpy", "numba", "opencv-python-headless", "pillow", "torch")
"""Libraries of which another version may compute another last bit."""


@dataclass(frozen=True, slots=True)
class Task:
    """One picture, with all that a worker needs to know.

    Attributes:
        run: name of the run it belongs to.
        versions: of Lacuna and its libraries, as `versions` gave them where the run was begun.
        item: the picture.
        order: of the run.
        taken: keys of the names that other pictures of the run will get, as far as they could be
            in the way of this one's.
        pictured: whether to make thumbnails.
    """

    run: str
    versions: dict[str, str]
    item: Item
    order: Order
    taken: frozenset[str]
    pictured: bool


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Lacuna and of the libraries that decide how a picture comes out."""
    found = {"lacuna": __version__}
    for name in _DECIDING:
        with suppress(importlib.metadata.PackageNotFoundError):  # a bundle has no such records
            # Builds for another device ("+cu130") are the same version.
            found[name] = importlib.metadata.version(name).partition("+")[0]
    return found


def check(wanted: dict[str, str], places: tuple[str, ...]) -> None:
    """Refuse to work with other versions, or without seeing the folders.

    Raises:
        ClusterError: naming this machine and what differs.
    """
    host = socket.gethostname()
    for name, version in wanted.items():
        own = versions().get(name)
        if own != version:
            raise ClusterError(
                f"The worker on {host} has {name} {own or 'not at all'}, where the run was begun "
                f"it is {version}; install the same there, or results would depend on the machine."
            )
    for place in places:
        if not os.path.exists(place):  # noqa: PTH110 - does not raise, whatever became of a disk
            raise ClusterError(
                f"The worker on {host} does not see “{place}”; mount it there under the same path."
            )


def carry_out(task: Task) -> Outcome | None:
    """Work on a picture; None if its run was stopped.

    Raises:
        ClusterError: if this process is not fit to do it.
    """
    check(task.versions, task.order.config.places)
    token = _token(task.run)
    room = _room(network=bool(task.order.config.backend.network))
    results = task.order.config.output_folder
    around = Surroundings(
        partial(notes.write, results), partial(room.filling.admitted, token=token), task.taken
    )
    known = task.item.trace.begun if task.item.trace else None
    begun = notes.find(results, text_of(task.item.image))
    try:
        with room.held.admitted(held_bytes(task.item), token):
            outcome = worked(task.item, task.order, around, token, pictured=task.pictured)
    except Cancelled:
        return None
    return _finished(outcome) if begun != known else outcome


def stop(run: str) -> None:
    """Stop what is being filled for a run; what is being written will be whole."""
    _token(run).cancel()


@functools.lru_cache(maxsize=64)
def _token(run: str) -> CancelToken:  # noqa: ARG001 - the key
    return CancelToken()


@functools.lru_cache(maxsize=2)
def _room(*, network: bool) -> Room:
    return Room(network=network)


def _finished(outcome: Outcome) -> Outcome:
    """A result that its dead worker had put in its picture's place was made by this very run."""
    if outcome.row.status == "skipped" and outcome.entry and outcome.entry.status == "done":
        row = msgspec.structs.replace(outcome.row, status="done", reason=None)
        return replace(outcome, row=row)
    return outcome
