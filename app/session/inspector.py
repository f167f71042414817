"""Where the filled pixel under the cursor was borrowed from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from engine.registry import get

if TYPE_CHECKING:
    from app.session.results import Result
    from app.session.session import Session
    from engine.provenance import Loan, Provenance

OFF = "Point at a filled pixel to see on the picture where it was borrowed from."
NOTHING_FILLED = "Fill a hole, then point at what was filled."
OWN = "This pixel is the picture's own."
MADE_UP = "The network made this up; it borrowed from no single place."


class Inspector(QObject):
    """Looks behind the result that is in the picture.

    Signals:
        changed: it was switched, or the pixel under the cursor is another one.

    Attributes:
        is_on: whether runs note where their pixels come from, and pixels are looked up.
        at: the filled pixel under the cursor; None if there is none or nothing is known of it.
        loan: what is known of it.
        cell: side of what it stands for, in picture pixels.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.is_on = False
        self.at: tuple[int, int] | None = None
        self.loan: Loan | None = None
        self.cell = 1.0
        self._cursor: tuple[int, int] | None = None
        session.runs.results_changed.connect(self._look)

    def use(self, on: bool) -> None:
        """Switch on or off."""
        self.is_on = on
        self._look()
        self._session.state_changed.emit()

    @Slot(float, float)
    def point(self, x: float, y: float) -> None:
        """The cursor is over this place of the picture."""
        pixel = math.floor(x), math.floor(y)
        if pixel != self._cursor:
            self._cursor = pixel
            if self.is_on:
                self._look()

    @Slot()
    def leave(self) -> None:
        """The cursor is elsewhere."""
        self._cursor = None
        self._look()

    @property
    def words(self) -> str:
        """What the panel says."""
        result = self._session.runs.shelf.current
        if not self.is_on:
            return OFF
        if result is None:
            return NOTHING_FILLED
        if not any(patch.provenance for patch in result.result.patches):
            return _why_unknown(result)
        if self._cursor is None:
            return OFF
        if self.loan is None:
            return OWN
        return _in_words(self.loan, self.at or (0, 0), self.cell)

    @Slot()
    def _look(self) -> None:
        self.at = self.loan = None
        result = self._session.runs.shelf.current
        if self.is_on and result is not None and self._cursor is not None:
            provenance = _provenance(result, *self._cursor)
            if provenance is not None:
                self.at, self.cell = self._cursor, provenance.cell
                self.loan = provenance.at(*self._cursor)
        self.changed.emit()


def _provenance(result: Result, x: int, y: int) -> Provenance | None:
    """That of the last patch that filled the pixel."""
    for patch in reversed(result.result.patches):
        column, row = x - patch.box.left, y - patch.box.top
        inside = 0 <= column < patch.box.width and 0 <= row < patch.box.height
        if inside and patch.hole[row, column]:
            return patch.provenance
    return None


def _why_unknown(result: Result) -> str:
    spec = get(result.result.backend)
    if result.is_traced:
        return f"{spec.label} continues what surrounds the hole; it borrows from no single place."
    return f"Result {result.number} was made before you inspected; fill again to see behind it."


def _in_words(loan: Loan, at: tuple[int, int], cell: float) -> str:
    if loan.x is None or loan.y is None:
        return MADE_UP if loan.certainty is None else f"Certainty {loan.certainty:.0%}."
    away = math.hypot(loan.x - at[0] - 0.5, loan.y - at[1] - 0.5)
    place = f"x {math.floor(loan.x)}, y {math.floor(loan.y)}, {round(away)} pixels away"
    if loan.weight >= 1 and cell <= 1:
        return f"Copied from {place}."
    size = f", {round(cell)} pixels wide" if cell > 1 else ""
    return f"{loan.weight:.0%} from {place}{size}."
