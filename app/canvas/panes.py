"""The view split up to compare: which part of it shows what, and the divider between two parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter, QPen

from app.canvas.drawing import paint_caption
from app.canvas.piece import qrect
from app.language import tr, tr_later
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterator

Comparison: TypeAlias = Literal["none", "wipe", "side", "difference"]
"""How the picture is compared with what it was when it was opened."""

Shown: TypeAlias = Literal["picture", "original", "difference"]

CAPTIONS: dict[Shown, str] = {
    "picture": tr_later("Now"),
    "original": tr_later("Original"),
    "difference": tr_later("Difference × 8"),
}
GRIP = 13
"""Radius of the divider's handle, in widget pixels like all lengths here."""

GRASP = 4
"""How far from the divider it can still be taken hold of."""

NUDGE = 0.05
"""By how much of the view a key moves the divider."""

LINE, LINE_SHADE = QColor(255, 255, 255), QColor(0, 0, 0, 150)


@dataclass(frozen=True, slots=True)
class Pane:
    """A part of the view.

    Attributes:
        box: its device pixels.
        shift: how many of them the picture lies further right than the viewport says.
        shows: what is painted in it.
    """

    box: Box
    shift: int
    shows: Shown


class Panes:
    """One pane or two, side by side, that fill the view.

    Attributes:
        comparison: how they are arranged.
        share: of the view's width that is left of the wipe's divider, 0..1.
    """

    def __init__(self) -> None:
        self.comparison: Comparison = "none"
        self.share = 0.5
        self._size = (1, 1)
        self._panes: tuple[Pane, ...] = ()
        self._arrange()

    def __iter__(self) -> Iterator[Pane]:
        return iter(self._panes)

    def resize(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._arrange()

    def use(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self._arrange()

    @property
    def viewport_width(self) -> int:
        """Device pixels in which the picture is to be fitted."""
        return self._panes[0].box.width if self.comparison == "side" else self._size[0]

    @property
    def divider(self) -> int | None:
        """The device column where the second pane begins."""
        return self._panes[1].box.left if len(self._panes) == 2 else None

    def move_divider(self, x: float) -> Box:
        """Put the wipe's divider at a device column; gives back what then has to be painted."""
        before = self.divider
        width, height = self._size
        self.share = min(max(x / width, 0.0), 1.0)
        self._arrange()
        after = self.divider
        if before is None or after is None:
            return Box(0, 0, 0, 0)
        return Box(min(before, after), 0, max(before, after), height)

    def nudge_divider(self, steps: int) -> Box:
        return self.move_divider((self.share + steps * NUDGE) * self._size[0])

    def is_divider(self, at: QPointF, ratio: float) -> bool:
        """Whether the wipe's divider can be taken hold of at a device position."""
        if self.divider is None or self.comparison != "wipe":
            return False
        away, down = abs(at.x() - self.divider), at.y() - self._size[1] / 2
        return away <= GRASP * ratio or away * away + down * down <= (GRIP * ratio) ** 2

    def shift_at(self, at: QPointF) -> int:
        """The shift of the pane under a device position."""
        divider = self.divider
        is_second = divider is not None and at.x() >= divider
        return self._panes[1 if is_second else 0].shift

    @property
    def shifts(self) -> tuple[int, ...]:
        """All different shifts: how often the same picture point is in view."""
        return tuple(dict.fromkeys(pane.shift for pane in self._panes))

    def spots(self, box: Box) -> list[Box]:
        """Where a box of unshifted device pixels is in the panes."""
        if len(self.shifts) == 1:
            return [box]
        return [box.moved(pane.shift, 0).intersected(pane.box) for pane in self._panes]

    def seam(self, dx: int) -> Box:
        """What a scroll by device pixels leaves wrong: content that has crossed the divider."""
        if self.divider is None or dx == 0:
            return Box(0, 0, 0, 0)
        reach = abs(dx) + 1
        return Box(self.divider - reach, 0, self.divider + reach, self._size[1])

    def paint(self, painter: QPainter, ratio: float) -> None:
        """Draw divider and captions, in device pixels."""
        if self.comparison == "none":
            return
        for pane in self._panes:
            middle = QPointF(pane.box.left + pane.box.width / 2, 22 * ratio)
            painter.setClipRect(qrect(pane.box))
            paint_caption(painter, middle, tr(CAPTIONS[pane.shows]), ratio)
        painter.setClipping(False)
        if self.divider is not None:
            self._paint_divider(painter, self.divider, ratio)

    @staticmethod
    def divider_reach(ratio: float) -> int:
        """Device pixels that the divider's handle takes on either side."""
        return round((GRIP + 3) * ratio)

    def _paint_divider(self, painter: QPainter, x: int, ratio: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((LINE_SHADE, 4), (LINE, 2)):
            painter.setPen(QPen(colour, width * ratio))
            painter.drawLine(QPointF(x, 0), QPointF(x, self._size[1]))
        if self.comparison == "wipe":
            middle, radius = QPointF(x, self._size[1] / 2), (GRIP - 1) * ratio
            painter.setPen(QPen(LINE_SHADE, ratio))
            painter.setBrush(LINE)
            painter.drawEllipse(middle, radius, radius)
            painter.setPen(QPen(QColor(60, 60, 60), 1.6 * ratio))
            for side in (-1, 1):
                tip, back = middle.x() + side * 7 * ratio, middle.x() + side * 3.5 * ratio
                for away in (-3.5 * ratio, 3.5 * ratio):
                    painter.drawLine(QPointF(back, middle.y() + away), QPointF(tip, middle.y()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _arrange(self) -> None:
        width, height = self._size
        whole = Box(0, 0, width, height)
        if self.comparison == "wipe":
            column = round(self.share * width)
            left, right = Box(0, 0, column, height), Box(column, 0, width, height)
            self._panes = (Pane(left, 0, "original"), Pane(right, 0, "picture"))
        elif self.comparison == "side":
            half = (width + 1) // 2
            left, right = Box(0, 0, half, height), Box(half, 0, width, height)
            self._panes = (Pane(left, 0, "original"), Pane(right, half, "picture"))
        else:
            is_difference = self.comparison == "difference"
            self._panes = (Pane(whole, 0, "difference" if is_difference else "picture"),)
