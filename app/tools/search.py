"""Areas that are found in the picture: who looks for them, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from engine.jobs import CancelToken, finish

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document import Document
    from app.document.areas import Area
    from app.document.live import LiveStep
    from engine.jobs import Steps
    from engine.types import Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A question that takes a while, and the step that its answer makes.

    Attributes:
        step: what the answer is written as; asked again, it replaces the former answer.
        label: of the undo step.
        find: looks for the area in the picture's own pixels, which it must not change.
        change: lets the area change the mask, inside the open edit.
        needs_open_step: whether the answer is worthless once something else has been edited.
    """

    step: LiveStep
    label: str
    find: Callable[[Pixels, CancelToken], Steps[Area]]
    change: Callable[[Document, Area], None]
    needs_open_step: bool = False

    def write(self, area: Area) -> None:
        """Let what was found change the mask, unless nobody wants it any more."""
        if self.step.is_discarded or (self.needs_open_step and not self.step.is_open):
            return
        self.step.make(self.label, lambda document: self.change(document, area))


Searcher: TypeAlias = "Callable[[Search], None]"
"""Answers a search, now or later, and writes the answer."""


def at_once(search: Search) -> None:
    """Answer a search before anything else happens."""
    search.write(finish(search.find(search.step.document.image, CancelToken())))
