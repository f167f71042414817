"""What has become of the pictures so far, sorted as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.session.batch_words import RESULT_PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.batch import Item, Row


class Outcomes:
    """Rows in the order in which they came.

    Attributes:
        rows: all of them.
        parts: numbers of the rows that belong to each part of `RESULT_PARTS`, rising.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.parts: dict[str, list[int]] = {name: [] for name in RESULT_PARTS}
        self._finished: set[str] = set()

    def add(self, rows: Sequence[Row]) -> None:
        """Take in what has come."""
        for number, row in enumerate(rows, len(self.rows)):
            self.parts["all"].append(number)
            self.parts[row.status].append(number)
            if row.notices:
                self.parts["noted"].append(number)
            self._finished.add(row.image)
        self.rows += rows

    def has(self, image: str) -> bool:
        """Whether a picture, as text, is among them."""
        return image in self._finished


class Places:
    """Finds the items that a run calls by their files' names alone."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items: dict[str, list[Item]] = {}
        for item in items:
            if item.intent == "ready":
                self._items.setdefault(item.image.name, []).append(item)

    def first(self, name: str, outcomes: Outcomes) -> Item | None:
        """The first item of that name that is not finished: a run begins them in their order."""
        from engine.batch import text_of

        items = self._items.get(name, [])
        while items and outcomes.has(text_of(items[0].image)):
            items.pop(0)
        return items[0] if items else None
