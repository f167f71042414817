"""The magic wand: one touch marks what has a similar colour."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from app.document.areas import combine
from app.document.live import LiveStep
from app.language import tr_later
from app.tools.area import AreaTool
from app.tools.base import Pointer, Sketch
from app.tools.search import Search, Searcher, at_once
from app.tools.similar import similar

if TYPE_CHECKING:
    from app.document import Document
    from app.tools.settings import AreaSettings

TOLERANCE_PER_REACH = 0.01
"""How much a drag of the distance that the hand takes for one place changes the tolerance."""


class Wand(AreaTool):
    """Marks the pixels like the one it touches.

    The tolerance can be changed by dragging on, or later in the panel: as long as nothing else
    has been edited that changes the same step.

    Attributes:
        search: who looks for the pixels.
    """

    id = "wand"
    label = tr_later("Magic Wand")
    icon = "mdi6.magic-staff"
    shortcut = "W"

    def __init__(self, settings: AreaSettings) -> None:
        super().__init__(settings)
        self.search: Searcher = at_once
        self._step: LiveStep | None = None
        self._seed = (0, 0)
        self._touched: Pointer | None = None
        self._first_tolerance = 0.0
        self._cursor = (0.0, 0.0)

    @property
    def sketch(self) -> Sketch | None:
        if self._touched is None:
            return None
        place = (self._touched.x, self._touched.y)
        return Sketch([place], self._cursor, label=f"{self.settings.tolerance * 100:.0f} %")

    def press(self, pointer: Pointer, document: Document) -> None:
        self._seed = (math.floor(pointer.x), math.floor(pointer.y))
        column, row = self._seed
        if not (0 <= column < document.width and 0 <= row < document.height):
            return
        self._choose_mode(pointer)
        self._touched = pointer
        self._first_tolerance = self.settings.tolerance
        self._cursor = (pointer.x, pointer.y)
        self._step = LiveStep(document)
        self._look()

    def move(self, pointer: Pointer, _: Document) -> None:
        touched = self._touched
        self._cursor = (pointer.x, pointer.y)
        if touched is None or pointer.is_near(touched.x, touched.y) or not pointer.reach:
            return
        drag = (pointer.x - touched.x) / pointer.reach * TOLERANCE_PER_REACH
        tolerance = min(max(round(self._first_tolerance + drag, 2), 0.0), 1.0)
        if tolerance != self.settings.tolerance:
            self.settings.tolerance = tolerance
            self.settings.changed()
            self._look()

    def release(self, pointer: Pointer, document: Document) -> None:
        self.move(pointer, document)
        self._touched = None

    def cancel(self, _: Document) -> None:
        if self._touched is not None and self._step is not None:
            self.settings.tolerance = self._first_tolerance
            self.settings.changed()
            self._step.discard()
            self._step = None
        self._touched = None

    def look_again(self) -> None:
        """Make the last touch anew with other settings, if nothing else has been edited since."""
        if self._step is not None and self._step.is_open:
            self._look()

    def _look(self) -> None:
        if self._step is None:
            return
        settings = self.settings
        find = partial(
            similar,
            seed=self._seed,
            tolerance=settings.tolerance,
            contiguous=settings.contiguous,
        )
        change = partial(combine, mode=self._mode)
        self.search(Search(self._step, self._step_label(self._mode), find, change))
