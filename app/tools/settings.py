"""What tools can be set to: the brush that some share, and how areas join the mask."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.tools.base import Pointer

AreaMode: TypeAlias = Literal["add", "subtract", "intersect"]

MIN_SIZE, MAX_SIZE = 1.0, 2000.0
HARDNESS_STEP = 0.1


def _ladder() -> tuple[float, ...]:
    sizes = [MIN_SIZE]
    while sizes[-1] < MAX_SIZE:
        sizes.append(min(max(sizes[-1] + 1, float(round(sizes[-1] * 1.1))), MAX_SIZE))
    return tuple(sizes)


SIZES = _ladder()
"""The stops of `BrushSettings.resize`: a step down undoes a step up."""


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


@dataclass(slots=True)
class AreaSettings:
    """What rectangle, lasso, polygon, wand and smart select share.

    Attributes:
        mode: what an area does to the mask unless a key or the right button says otherwise.
        tolerance: by what share of full scale the colours may differ that the wand takes, 0..1.
        contiguous: whether the wand takes only what is connected to where it touched.
        changed: called when a tool changes one of these itself.
    """

    mode: AreaMode = "add"
    tolerance: float = 0.1
    contiguous: bool = True
    changed: Callable[[], object] = lambda: None

    def mode_of(self, pointer: Pointer) -> AreaMode:
        """Shift adds, Alt and the right button subtract, Shift and Alt together intersect."""
        if pointer.shift and pointer.alt:
            return "intersect"
        if pointer.alt or pointer.erase:
            return "subtract"
        return "add" if pointer.shift else self.mode
