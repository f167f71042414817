"""How a run stands, and how long the rest will take.

A picture costs something for its bytes, by the format of its result, something for its hole and
something in any case; how much, is learnt from those that are finished. Counting pictures instead
would be wrong by as much as their sizes differ.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.pictures import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from engine.batch.items import Item

_LEAST_FINISHED, _ENOUGH_FINISHED = 3, 20
_SHARE_FINISHED = 0.05
"""Nothing is foretold before that share of the pictures is finished, within the bounds above."""

_MEGA = 1e6
_PER_MEGABYTE = {"PNG": 0.090, "WEBP": 0.072, "TIFF": 0.028, "JPEG": 0.010, "BMP": 0.007}
_PER_MEGABYTE_DEEP = 0.030
"""Seconds of one core for reading and writing the pixels of photographs, measured at 24 megapixels;
only their proportions matter."""


_USUAL = np.array([0.03, 1.0, 5.0])
"""Seconds of one core for a picture, for the time its bytes were measured to take, and for each
megapixel of its hole; what backends take differs by tens, so the last is soon learnt."""
_TRUST = 8
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How a run stands.

    Attributes:
        total: pictures, those included that will not be filled.
        done: filled in this run.
        skipped: so far.
        failed: so far.
        seconds: since the start, pauses left out.
        seconds_left: estimate; None as long as too few are finished.
        share: of the work, 0..1.
        current: names of the pictures that are worked on, oldest first.
        is_paused: whether somebody wants it to wait.
        waits_for: what else it waits for, in words; "" if for nothing.
    """

    total: int
    done: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None
    share: float = 0.0
    current: tuple[str, ...] = ()
    is_paused: bool = False
    waits_for: str = ""

    @property
    def finished(self) -> int:
        return self.done + self.skipped + self.failed

    @property
    def per_minute(self) -> float:
        """Pictures filled in a minute."""
        return 60 * self.done / self.seconds if self.seconds > 0 else 0.0

    def in_words(self) -> str:
        """One line: "12 of 400, 1 failed, 30 a minute, 12 min left: a.jpg"."""
        parts = [f"{self.finished} of {self.total}"]
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.per_minute:.3g} a minute"] if self.done else []
        if self.is_paused:
            parts.append("paused")
        elif self.waits_for:
            parts.append(f"waiting: {self.waits_for}")
        elif self.seconds_left is not None:
            parts.append(f"{duration(self.seconds_left)} left")
        current = f": {self.current[0]}" if self.current else ""
        return ", ".join(parts) + current


def duration(seconds: float) -> str:
    """A time for people: "2 h 05 min", "3 min 20 s", "12 s"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


class Outlook:
    """Learns what pictures cost and foretells what the others will.

    Costs are seconds of one lane; several run at a time, and how many of them are really at work
    shows in the costs so far over the time they took. Pictures that were begun before any was
    finished also paid for loading the backend, so they are asked only while there are few others.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        """Prepare for the items that will be worked on."""
        self._ahead: dict[int, Item] = {id(item): item for item in items}
        shares = [item.hole_share for item in self._ahead.values() if item.hole_share is not None]
        self._share = float(np.mean(shares)) if shares else 0.05
        self._remaining = sum((self._traits(item) for item in self._ahead.values()), np.zeros(3))
        self._running: dict[int, tuple[float, _Examples]] = {}
        self._first, self._later = _Examples(), _Examples()
        self._is_warm = False
        least = round(_SHARE_FINISHED * len(self._ahead))
        self._least = min(max(least, _LEAST_FINISHED), _ENOUGH_FINISHED)
        self._spent = 0.0

    def start(self, item: Item) -> None:
        """Note that work on an item begins."""
        examples = self._later if self._is_warm else self._first
        self._running[id(item)] = time.monotonic(), examples

    def finish(self, item: Item, *, counts: bool) -> None:
        """Note that it has ended; only one that was filled `counts` as an example."""
        start, examples = self._running.pop(id(item))
        seconds = time.monotonic() - start
        traits = self._traits(item)
        del self._ahead[id(item)]
        self._remaining -= traits
        self._spent += seconds
        examples.add(traits, seconds, counts=counts)
        self._is_warm |= counts

    def seconds_left(self, elapsed: float) -> float | None:
        """Wall time until the last item is finished; None if there is nothing to tell it by.

        Args:
            elapsed: wall time so far, pauses left out.
        """
        if not self._ahead:
            return 0.0
        all_examples = self._first + self._later
        if all_examples.count < self._least or elapsed <= 0:
            return None
        examples = self._later if self._later.count >= _LEAST_FINISHED else all_examples
        prices = examples.prices()
        now = time.monotonic()
        under_way = {key: now - start for key, (start, _) in self._running.items()}
        left = float(self._remaining @ prices) - sum(
            min(age, float(self._traits(self._ahead[key]) @ prices))
            for key, age in under_way.items()
        )
        lanes = max(1.0, (self._spent + sum(under_way.values())) / elapsed)
        return max(0.0, left) / lanes

    def _traits(self, item: Item) -> npt.NDArray[np.float64]:
        """What makes a picture costly: being one, its files, the megapixels of its hole."""
        if item.trace and item.trace.done:
            return np.zeros(3)  # probably only to be verified
        share = self._share if item.hole_share is None else item.hole_share
        form = FORMATS.get(item.output.suffix.lower(), "") if item.output else ""
        rate = _PER_MEGABYTE_DEEP if item.is_deep else _PER_MEGABYTE.get(form, _PER_MEGABYTE_DEEP)
        return np.array([1.0, rate * item.picture_bytes / _MEGA, item.pixels * share / _MEGA])


class _Examples:
    """What pictures did cost, added up for least squares."""

    def __init__(self) -> None:
        self.count = 0
        self._tried = np.zeros(3)
        self._taken = 0.0
        self._seconds = 0.0
        self._traits = np.zeros(3)
        self._gram = np.zeros((3, 3))
        self._moment = np.zeros(3)

    def __add__(self, other: _Examples) -> _Examples:
        both = _Examples()
        both.count = self.count + other.count
        both._tried = self._tried + other._tried
        both._taken = self._taken + other._taken
        both._seconds = self._seconds + other._seconds
        both._traits = self._traits + other._traits
        both._gram = self._gram + other._gram
        both._moment = self._moment + other._moment
        return both

    def add(self, traits: npt.NDArray[np.float64], seconds: float, *, counts: bool) -> None:
        """Take a picture in; one that was not filled tells only how much less such take."""
        self._tried += traits
        self._taken += seconds
        if not counts:
            return
        self.count += 1
        self._seconds += seconds
        self._traits += traits
        weight = 1.0 / max(float(traits @ _USUAL), _TINY)  # what takes longer varies more
        self._gram += weight * np.outer(traits, traits)
        self._moment += weight * seconds * traits

    def prices(self) -> npt.NDArray[np.float64]:
        """Seconds for each unit of the traits, of pictures of which some fail soon."""
        fitted = self._fitted()
        usual = float(self._traits @ fitted) * _TRUST / max(1, self.count)
        expected = float(self._tried @ fitted) + usual
        return fitted * (self._taken + usual) / expected if expected > 0 else fitted

    def _fitted(self) -> npt.NDArray[np.float64]:
        """Prices of those that were filled: least squares, drawn towards the usual ones.

        Early on only small pictures are finished, and what they say of large ones is mostly noise;
        so the usual prices, brought to this machine's speed, count as much as `_TRUST` examples of
        average traits do.
        """
        expected = float(self._traits @ _USUAL)
        if expected <= 0:
            return np.zeros(3)
        usual = _USUAL * self._seconds / expected
        trust = np.diag(self._gram) * _TRUST / self.count + _TINY
        found = np.linalg.solve(self._gram + np.diag(trust), self._moment + trust * usual)
        prices: npt.NDArray[np.float64] = np.maximum(found, 0.0)
        return prices
