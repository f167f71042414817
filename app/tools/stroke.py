"""What brush, eraser and source brush have in common: they draw capsules from press to release."""

from __future__ import annotations

import math
import weakref
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from app.tools.base import Outline, Pointer, Tool
from app.tools.capsule import Capsule, Dab

if TYPE_CHECKING:
    from app.document import Document
    from app.tools.settings import BrushSettings

SOFTEST = 0.5
"""Half the ramp of the softest brush, as a share of its radius."""


class StrokeTool(Tool):
    """One undo step from press to release, made of capsules between pointer positions.

    Coverage never accumulates: a stroke that crosses itself or an older one takes the maximum.
    """

    erases: ClassVar[bool] = False

    def __init__(self, settings: BrushSettings) -> None:
        self.settings = settings
        self._erasing = False
        self._dab: Dab | None = None
        self._line_start: tuple[weakref.ref[Document], Dab] | None = None

    @property
    def outline(self) -> Outline:
        """At the pen's pressure during a stroke, at full pressure before it."""
        radius = self._dab.radius if self._dab else self.settings.radius(1.0)
        return Outline(radius, self.settings.hardness)

    def press(self, pointer: Pointer, document: Document) -> None:
        self._erasing = pointer.erase or self.erases != pointer.alt
        start = self._line_start_in(document) if pointer.shift else None
        self._begin(document)
        dab = self._dab_at(pointer)
        self._draw(start or dab, dab, document)

    def move(self, pointer: Pointer, document: Document) -> None:
        dab = self._dab_at(pointer)
        if self._dab is not None and dab != self._dab:
            self._draw(self._dab, dab, document)

    def release(self, pointer: Pointer, document: Document) -> None:
        if self._dab is None:
            return
        # Pens report no pressure as they leave: the last dab keeps the size it was drawn with.
        end = Dab(*self._position(pointer), self._dab.radius)
        if end != self._dab:
            self._draw(self._dab, end, document)
        self._line_start = (weakref.ref(document), end)
        self._dab = None
        document.commit()

    def cancel(self, document: Document) -> None:
        if self._dab is not None:
            self._dab = None
            document.abort()

    @abstractmethod
    def _begin(self, document: Document) -> None:
        """Open the undo step."""

    @abstractmethod
    def _stamp(self, capsule: Capsule, document: Document) -> None:
        """Write what the capsule covers into the document."""

    def _draw(self, start: Dab, end: Dab, document: Document) -> None:
        self._dab = end
        softness = (1 - self.settings.hardness) * SOFTEST
        self._stamp(Capsule(start, end, softness), document)

    def _dab_at(self, pointer: Pointer) -> Dab:
        return Dab(*self._position(pointer), self.settings.radius(pointer.pressure))

    def _position(self, pointer: Pointer) -> tuple[float, float]:
        if self.settings.size < 2:
            # A brush of one pixel between two pixels would cover half of each and mark neither.
            return math.floor(pointer.x) + 0.5, math.floor(pointer.y) + 0.5
        return pointer.x, pointer.y

    def _line_start_in(self, document: Document) -> Dab | None:
        """Where the last stroke in this document ended, at the size the brush has now."""
        if self._line_start is None or self._line_start[0]() is not document:
            return None
        last = self._line_start[1]
        return Dab(last.x, last.y, self.settings.radius(1.0))
