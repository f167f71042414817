"""Every run is kept, as long as memory allows: the shelf behind the results panel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    from engine.filling import Patch
    from engine.pipeline import InpaintResult
    from engine.score import Score


@dataclass(frozen=True, slots=True)
class Place:
    """Where a result stands among the variations that were made with it.

    Attributes:
        number: 1 is the best by its score.
        count: of the variations.
        score: see `engine.score`.
    """

    number: int
    count: int
    score: Score


@dataclass(slots=True, eq=False)
class Result:
    """One run: what it made, how, and how it looks small.

    Attributes:
        number: counts the runs on this picture, from 1.
        label: the backend's name for people.
        thumbnail: (h, w, 3) uint8 RGB of the filled place.
        is_kept: a favourite, never dropped to save memory.
        is_traced: the backend was asked where its pixels come from.
        place: among variations of one fill; None if it is no variation.
        mask_key: see `app.session.filled.mask_key`; empty until somebody asked.
    """

    number: int
    label: str
    result: InpaintResult
    thumbnail: npt.NDArray[np.uint8]
    is_kept: bool = False
    is_traced: bool = False
    place: Place | None = None
    mask_key: str = ""

    def use_patches(self, patches: tuple[Patch, ...]) -> None:
        """Hold the same patches in other arrays: on disk."""
        self.result = replace(self.result, patches=patches)

    @property
    def nbytes(self) -> int:
        """Bytes in memory; what was laid down on disk takes none."""
        from app.document.resting import arrays_in
        from app.document.tiles import is_mapped

        arrays = (self.thumbnail, *arrays_in(self.result.patches))
        return sum(array.nbytes for array in arrays if not is_mapped(array))


class Shelf:
    """The results of one picture, oldest first, under a byte budget."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.current: Result | None = None
        self._results: list[Result] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._results)

    def __iter__(self) -> Iterator[Result]:
        return iter(self._results)

    @property
    def nbytes(self) -> int:
        return sum(result.nbytes for result in self._results)

    def next_number(self) -> int:
        self._count += 1
        return self._count

    def add(self, result: Result) -> list[Result]:
        """Put a result on the shelf and return those that had to go: oldest first, no favourites.

        The newest stays even when it alone is larger than the budget.
        """
        self._results.append(result)
        excess = self.nbytes - self.budget_bytes
        dropped: list[Result] = []
        for other in self._results[:-1]:
            if excess <= 0:
                break
            if not other.is_kept:
                excess -= other.nbytes
                dropped.append(other)
        for other in dropped:
            self.remove(other)
        return dropped

    def put_back(self, result: Result) -> None:
        """Put a result of an earlier session behind the others, whatever the budget."""
        self._results.append(result)
        self._count = max(self._count, result.number)

    def rank(self, ranked: list[Result]) -> None:
        """Put these in the places that they take together, the first of them as the newest."""
        kept = [result for result in reversed(ranked) if result in self._results]
        places = [index for index, result in enumerate(self._results) if result in kept]
        for index, result in zip(places, kept, strict=True):
            self._results[index] = result

    def remove(self, result: Result) -> None:
        self._results.remove(result)
        if self.current is result:
            self.current = None

    def clear(self) -> None:
        self._results.clear()
        self.current = None
        self._count = 0

    def neighbour(self, step: int) -> Result | None:
        """The result so many places after the current one; stops at both ends."""
        if not self._results:
            return None
        if self.current is None:
            return self._results[-1]
        place = self._results.index(self.current) + step
        return self._results[max(0, min(len(self._results) - 1, place))]
