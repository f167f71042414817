"""A batch over many machines: the workers of a dask scheduler in the place of this process's lanes.

The plan, the manifest and the reports stay here; a picture travels as its path, and comes back as
its row. Workers see the same folders, and note there what they begin (`notes`).
"""

from __future__ import annotations

import bisect
import itertools
import logging
import queue
import secrets
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine import __version__
from engine.batch import naming, notes, worker
from engine.batch.lanes import Finished
from engine.batch.manifest import leftovers
from engine.batch.naming import text_of
from engine.batch.work import given_up
from engine.errors import ClusterError, EngineError, InvalidInputError, PictureError

if TYPE_CHECKING:
    from pathlib import Path

    from distributed import Client, Future

    from engine.batch.items import Item
    from engine.batch.manifest import Manifest
    from engine.batch.work import Order, Outcome

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10

_PER_THREAD = 3  # tasks under way for each thread: some wait there, so that none waits for us
_CENSUS_SECONDS = 1.0
_TICK_SECONDS = 0.1
_CLOSE_SECONDS = 30
_UNREACHABLE = (OSError, ValueError, RuntimeError)
"""What dask raises when nobody is at the other end, or nobody any more."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Where the scheduler is, and the certificates to reach it with.

    Attributes:
        address: such as tcp://HOST:PORT, or tls://HOST:PORT.
        ca: file of the authority that signed the certificates of scheduler and workers.
        cert: file of our certificate.
        key: file of its key; may be the same file.
    """

    address: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Refuse what cannot be reached.

        Raises:
            InvalidInputError: if address and certificates do not go together.
        """
        protocol, separator, place = self.address.partition("://")
        if not separator or protocol not in ("tcp", "tls") or ":" not in place:
            raise InvalidInputError(
                f"“{self.address}” is no scheduler; give tcp://HOST:PORT or tls://HOST:PORT."
            )
        files = (self.ca, self.cert, self.key)
        if any(files) and not all(files):
            raise InvalidInputError(
                "An encrypted connection takes three files: authority, certificate and key "
                "(--tls-ca, --tls-cert, --tls-key)."
            )
        if any(files) and protocol != "tls":
            raise InvalidInputError(
                f"“{self.address}” is not encrypted although there are certificates; give "
                f"tls://{place}."
            )
        for path in files:
            if path is not None and not path.is_file():
                raise InvalidInputError(f"“{path}” is no file; name a certificate in PEM form.")


class Workers:
    """The workers of a scheduler, used as `lanes.Lanes` is."""

    def __init__(
        self, scheduler: Scheduler, order: Order, manifest: Manifest, taken: frozenset[str]
    ) -> None:
        """Connect, and see that the workers that are there can do the work.

        Args:
            scheduler: of the workers.
            order: of the run.
            manifest: is told of every picture.
            taken: keys of the names of all results.

        Raises:
            ClusterError: if there is no scheduler, or a worker would do it wrongly.
            InvalidInputError: if dask is not installed.
        """
        self._order = order
        self._manifest = manifest
        self._taken = sorted(taken)
        self._address = scheduler.address
        self._run = secrets.token_hex(8)
        self._numbers = itertools.count()
        self._under_way: dict[str, tuple[Future[Outcome | None], Item]] = {}
        self._done: queue.SimpleQueue[Future[Outcome | None]] = queue.SimpleQueue()
        self._left: deque[Finished] = deque()
        self._threads, self._counted = 0, 0.0
        self._places: set[Path] = set()
        self._client = _connected(scheduler)
        try:
            self._check()
        except BaseException:
            self._client.close()
            raise

    @property
    def waits_for(self) -> str:
        """What the run waits for, in words; "" if for nothing but its pictures."""
        return "" if self._threads else f"no worker at {self._address}"

    def starts(self, item: Item, *, pictured: bool) -> bool:
        """Send an item to the workers if they have not enough to do already."""
        if len(self._under_way) >= _PER_THREAD * self._counted_threads():
            return False
        taken = frozenset(in_the_way(item.output, self._taken))
        task = worker.Task(self._run, worker.versions(), item, self._order, taken, pictured)
        key = f"lacuna-{self._run}-{next(self._numbers)}"
        future = self._client.submit(worker.carry_out, task, key=key, pure=False)
        self._under_way[key] = future, item
        if item.output is not None:
            self._places.add(item.output.parent)
        future.add_done_callback(self._done.put)
        return True

    def finished(self, timeout: float) -> Finished | None:
        """The next item that is finished; None if there is none for so many seconds."""
        return self._left.popleft() if self._left else self._next(timeout)

    def _next(self, timeout: float) -> Finished | None:
        try:
            key = self._done.get(timeout=timeout).key
        except queue.Empty:
            lost = (key for key, (future, _) in self._under_way.items() if future.cancelled())
            key = next(lost, "")
        if key not in self._under_way:
            return None
        future, item = self._under_way.pop(key)
        return self._noted(self._result(future, item))

    def stop(self) -> None:
        """Stop what is being filled; what is waiting will hand itself back."""
        if self._client.status != "running":  # dask would wait for the scheduler to come back
            return
        try:
            self._client.run(worker.stop, self._run, on_error="ignore")
        except _UNREACHABLE as error:
            log.warning("the workers could not be told to stop: %s", error)

    def close(self) -> None:
        """Stop, and wait a while for what is being written."""
        end = time.monotonic() + _CLOSE_SECONDS
        if self._under_way:
            self.stop()
        while self._under_way and self._counted_threads() and time.monotonic() < end:
            found = self._next(_TICK_SECONDS)
            if found is not None:
                self._left.append(found)
        if not self._under_way:  # nobody writes any more, so these are of workers that died
            for left in leftovers(self._places):
                with suppress(OSError):
                    left.unlink()
        self._client.close()

    def _check(self) -> None:
        """Let every worker that is there see whether it is fit."""
        places = self._order.config.places
        try:
            self._client.run(worker.check, worker.versions(), places)
        except ClusterError:
            raise
        except Exception as error:  # whatever an unfit worker says, as of modules it does not have
            raise ClusterError(
                f"A worker of {self._address} cannot work: {type(error).__name__}: {error}. "
                f"Install Lacuna {__version__} where the workers run."
            ) from error

    def _counted_threads(self) -> int:
        """Threads of all workers, as of a second ago."""
        if time.monotonic() - self._counted >= _CENSUS_SECONDS:
            try:
                self._threads = sum(self._client.nthreads().values())
            except _UNREACHABLE as error:
                log.warning("%s does not answer: %s", self._address, error)
                self._threads = 0
            self._counted = time.monotonic()
        return self._threads

    def _result(self, future: Future[Outcome | None], item: Item) -> Finished:
        """What a worker handed back, or what became of it."""
        from distributed import KilledWorker

        try:
            if future.cancelled():
                return Finished(item, None, self._lost())
            return Finished(item, future.result())
        except KilledWorker as error:
            sentence = (
                f"{error.allowed_failures + 1} workers died while it was worked on; try it alone, "
                "and look at their logs and their memory."
            )
            return Finished(item, given_up(item, self._order, sentence))
        except EngineError as error:
            return Finished(item, None, str(error))
        except Exception as error:  # a fault of ours or of dask's: nothing may be lost here
            log.exception("%s was lost", item.image)
            return Finished(item, None, f"A fault of the program: {error}.")
        finally:
            future.release()

    def _noted(self, found: Finished) -> Finished:
        """The same, once the manifest says so and the worker's note is not needed any more."""
        outcome, image = found.outcome, text_of(found.item.image)
        if outcome is None:
            return found
        try:
            if outcome.entry is not None:
                self._manifest.append(outcome.entry)
        except PictureError as error:
            return replace(found, end=outcome.end or str(error))
        notes.remove(self._order.config.output_folder, image)
        return replace(found, end=outcome.end)

    def _lost(self) -> str:
        return (
            f"The scheduler at {self._address} is gone. What is finished is kept; start it again "
            "and resume."
        )


def in_the_way(output: Path | None, taken: list[str]) -> list[str]:
    """Those of the names that `naming.free` might come upon when it looks for a free one.

    Args:
        output: the name wanted; None if nothing will be written.
        taken: keys of all names, sorted. A million of them do not travel with every picture.
    """
    if output is None:
        return []
    first = naming.key_of(output.with_name(f"{output.stem}_"))
    start = bisect.bisect_left(taken, first)
    return list(itertools.takewhile(lambda key: key.startswith(first), taken[start:]))


def _connected(scheduler: Scheduler) -> Client:
    try:
        from distributed import Client, Security
    except ImportError as error:
        raise InvalidInputError(
            "A batch over many machines needs dask; install it with "
            "pip install “lacuna-inpaint[cluster]”."
        ) from error
    security = None
    if scheduler.ca is not None:
        security = Security(
            tls_ca_file=str(scheduler.ca),
            tls_client_cert=str(scheduler.cert),
            tls_client_key=str(scheduler.key),
            require_encryption=True,
        )
    try:
        return Client(
            scheduler.address,
            security=security,
            timeout=CONNECT_SECONDS,
            set_as_default=False,
            name="lacuna-batch",
        )
    except _UNREACHABLE as error:
        raise ClusterError(
            f"No scheduler answers at {scheduler.address} ({error}); start one with "
            "“dask scheduler”, and see docs/cluster.md."
        ) from error
