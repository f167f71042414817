"""What a tool is: it turns pointer positions in picture pixels into edits of the document."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from app.document import Document


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
        double: whether this is the second press of a double click.
        reach: how many picture pixels away another place is still the same one to the hand.
    """

    x: float
    y: float
    pressure: float = 1.0
    shift: bool = False
    alt: bool = False
    erase: bool = False
    double: bool = False
    reach: float = 0.0

    def is_near(self, x: float, y: float) -> bool:
        """Whether a place in the picture is within reach."""
        return (self.x - x) ** 2 + (self.y - y) ** 2 <= self.reach**2


@dataclass(frozen=True, slots=True)
class Outline:
    """What the cursor shows: the rim of the hole a dab makes, and how soft it is.

    Attributes:
        radius: in picture pixels, where the coverage is one half.
        hardness: 0..1, as in `BrushSettings`.
    """

    radius: float
    hardness: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """What a tool has in mind but not yet written: drawn over the picture, in no layer.

    Attributes:
        points: x and y in picture pixels, in the order in which they are joined. The list of the
            tool itself, which only grows or loses its end.
        cursor: where the pointer is; an open line goes on to it from the last point.
        is_closed: whether a line leads from the end back to the first point.
        has_knots: whether the points were set one by one and are worth showing.
        is_dashed: whether something is taken away.
        label: a word or two for beside the cursor.
    """

    points: list[tuple[float, float]]
    cursor: tuple[float, float] | None = None
    is_closed: bool = True
    has_knots: bool = False
    is_dashed: bool = False
    label: str = ""


class Tool(ABC):
    """One tool; press, any number of moves, then release or cancel.

    What it does between a press and the release that ends it is at most one undo step; cancel
    leaves nothing behind.
    """

    id: ClassVar[str]
    label: ClassVar[str]
    icon: ClassVar[str]
    shortcut: ClassVar[str]

    @property
    def outline(self) -> Outline | None:
        """The brush under the cursor; None for tools that have none."""
        return None

    @property
    def sketch(self) -> Sketch | None:
        """What to draw over the picture now."""
        return None

    @abstractmethod
    def press(self, pointer: Pointer, document: Document) -> None: ...

    @abstractmethod
    def move(self, pointer: Pointer, document: Document) -> None: ...

    @abstractmethod
    def release(self, pointer: Pointer, document: Document) -> None: ...

    @abstractmethod
    def cancel(self, document: Document) -> None: ...


class SteppedTool(Tool):
    """A tool that may wait for another press after a release."""

    @property
    @abstractmethod
    def goes_on(self) -> bool:
        """Whether it waits now."""

    @abstractmethod
    def complete(self, document: Document) -> None:
        """End it, as if the last press had done so."""

    @abstractmethod
    def step_back(self) -> None:
        """Take back the last press."""
