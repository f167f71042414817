"""Areas that are found in the picture: who looks for them, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from app.document.areas import Area, MaskMode, combine
from engine.jobs import CancelToken, Steps, finish

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document.live import LiveStep
    from engine.types import Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A question that takes a while, and the step that its answer makes.

    Attributes:
        step: what the answer is written as; asked again, it replaces the former answer.
        label: of the undo step.
        mode: what the area does to the mask.
        find: looks for the area in the picture's own pixels, which it must not change.
        needs_open_step: whether the answer is worthless once something else has been edited.
    """

    step: LiveStep
    label: str
    mode: MaskMode
    find: Callable[[Pixels, CancelToken], Steps[Area]]
    needs_open_step: bool = False

    def write(self, area: Area) -> None:
        """Let what was found change the mask, unless nobody wants it any more."""
        if self.step.is_discarded or (self.needs_open_step and not self.step.is_open):
            return
        self.step.make(self.label, partial(combine, area=area, mode=self.mode))


Searcher: TypeAlias = "Callable[[Search], None]"
"""Answers a search, now or later, and writes the answer."""


def at_once(search: Search) -> None:
    """Answer a search before anything else happens."""
    search.write(finish(search.find(search.step.document.image, CancelToken())))
