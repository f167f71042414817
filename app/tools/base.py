"""What a tool is: it turns pointer positions in picture pixels into edits of the document."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from app.document import Document

MIN_SIZE, MAX_SIZE = 1.0, 2000.0
HARDNESS_STEP = 0.1


def _ladder() -> tuple[float, ...]:
    sizes = [MIN_SIZE]
    while sizes[-1] < MAX_SIZE:
        sizes.append(min(max(sizes[-1] + 1, float(round(sizes[-1] * 1.1))), MAX_SIZE))
    return tuple(sizes)


SIZES = _ladder()
"""The stops of `BrushSettings.resize`: a step down undoes a step up."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a mouse, pen or finger is, and how it is held.

    Attributes:
        x: in picture pixels from the left edge; the first pixel's centre is at 0.5.
        y: the same from the upper edge.
        pressure: 0..1; 1 for devices that feel none.
        shift: whether Shift was held.
        alt: whether Alt was held: the opposite of the tool, for this stroke.
        erase: the pen's eraser end or the right button: erase, whatever the tool.
    """

    x: float
    y: float
    pressure: float = 1.0
    shift: bool = False
    alt: bool = False
    erase: bool = False


@dataclass(slots=True)
class BrushSettings:
    """What brush, eraser and source brush share.

    Attributes:
        size: diameter in picture pixels, 1..2000, where the coverage is one half.
        hardness: 0..1; at 1 the edge is one pixel wide, at 0 half as wide as the brush.
        pressure: whether a pen's pressure drives the size.
    """

    size: float = 60.0
    hardness: float = 1.0  # a soft rim would mix what is removed back into the result
    pressure: bool = True

    def resize(self, steps: int) -> None:
        """Go up or down a ladder of sizes a tenth, and at least one pixel, apart."""
        for _ in range(abs(steps)):
            if steps > 0:
                above = bisect.bisect_right(SIZES, self.size)
                self.size = SIZES[min(above, len(SIZES) - 1)]
            else:
                self.size = SIZES[max(bisect.bisect_left(SIZES, self.size) - 1, 0)]

    def harden(self, steps: int) -> None:
        """Change the hardness by tenths."""
        self.hardness = min(max(round(self.hardness + steps * HARDNESS_STEP, 2), 0.0), 1.0)

    def radius(self, pressure: float) -> float:
        """In picture pixels, for a pressure of 0..1; the lightest touch still marks something."""
        share = max(pressure, 0.05) if self.pressure else 1.0
        return max(self.size * share, MIN_SIZE) / 2


@dataclass(frozen=True, slots=True)
class Outline:
    """What the cursor shows: the rim of the hole a dab makes, and how soft it is.

    Attributes:
        radius: in picture pixels, where the coverage is one half.
        hardness: 0..1, as in `BrushSettings`.
    """

    radius: float
    hardness: float


class Tool(Protocol):
    """One tool; press, any number of moves, then release or cancel.

    Every press opens one undo step of the document, release commits it, cancel takes it back.
    """

    id: ClassVar[str]
    label: ClassVar[str]
    icon: ClassVar[str]
    shortcut: ClassVar[str]

    @property
    def outline(self) -> Outline: ...

    def press(self, pointer: Pointer, document: Document) -> None: ...

    def move(self, pointer: Pointer, document: Document) -> None: ...

    def release(self, pointer: Pointer, document: Document) -> None: ...

    def cancel(self, document: Document) -> None: ...
