"""What the tools that enclose an area have in common: how it joins the mask, as one undo step."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from app.document.areas import FULL, Area, combine
from app.language import tr, tr_later
from app.tools import polygons
from app.tools.base import Pointer, Sketch, SteppedTool, Tool
from engine.types import Box

if TYPE_CHECKING:
    from app.document import Document
    from app.tools.settings import AreaMode, AreaSettings

LABELS: dict[AreaMode, str] = {
    "add": tr_later("Add {area}"),
    "subtract": tr_later("Subtract {area}"),
    "intersect": tr_later("Intersect {area}"),
}


class AreaTool(Tool):
    """A tool that encloses an area and then adds it to the mask, or takes it away."""

    def __init__(self, settings: AreaSettings) -> None:
        self.settings = settings
        self._mode: AreaMode = "add"

    def _choose_mode(self, pointer: Pointer) -> None:
        """How this area joins the mask: as the keys are when it begins."""
        self._mode = self.settings.mode_of(pointer)

    def _step_label(self, mode: AreaMode) -> str:
        return LABELS[mode].format(area=self.label)


class DrawnTool(AreaTool):
    """An area with an outline that is drawn first; nothing is written before it is closed."""

    def __init__(self, settings: AreaSettings) -> None:
        super().__init__(settings)
        self._points: list[tuple[float, float]] = []

    def cancel(self, _: Document) -> None:
        self._points = []

    def _write(self, document: Document) -> None:
        """Let what is drawn change the mask, and be done with it."""
        if self._points and not document.is_editing:
            area = self._area(document.box)
            if area.coverage.any():
                with document.edit(self._step_label(self._mode), "mask"):
                    combine(document, area, self._mode)
        self._points = []

    @abstractmethod
    def _area(self, limits: Box) -> Area:
        """What is enclosed, as far as it lies in the picture."""


class Rectangle(DrawnTool):
    """From corner to corner; it covers whole pixels, all that the drag touched."""

    id = "rectangle"
    label = tr_later("Rectangle")
    icon = "mdi6.select"
    shortcut = "R"

    @property
    def sketch(self) -> Sketch | None:
        if not self._points:
            return None
        box = self._box()
        corners: list[tuple[float, float]] = [
            (box.left, box.top),
            (box.right, box.top),
            (box.right, box.bottom),
            (box.left, box.bottom),
        ]
        label = f"{box.width} × {box.height}"
        return Sketch(corners, self._points[1], is_dashed=self._mode != "add", label=label)

    def press(self, pointer: Pointer, _: Document) -> None:
        self._choose_mode(pointer)
        self._points = [(pointer.x, pointer.y)] * 2

    def move(self, pointer: Pointer, _: Document) -> None:
        if self._points:
            self._points[1] = (pointer.x, pointer.y)

    def release(self, pointer: Pointer, document: Document) -> None:
        self.move(pointer, document)
        if self._points and pointer.is_near(*self._points[0]):
            self.cancel(document)  # a click, and a hand that shakes
        self._write(document)

    def _box(self) -> Box:
        (x0, y0), (x1, y1) = self._points
        left, top = math.floor(min(x0, x1)), math.floor(min(y0, y1))
        return Box(left, top, math.ceil(max(x0, x1)), math.ceil(max(y0, y1)))

    def _area(self, limits: Box) -> Area:
        box = self._box().intersected(limits)
        return Area(box, np.full((box.height, box.width), FULL, np.uint8))


class OutlineTool(DrawnTool):
    """An area inside a line of points, smooth where the line is oblique."""

    def _area(self, limits: Box) -> Area:
        box = polygons.bounds(self._points).intersected(limits)
        return Area(box, polygons.coverage(self._points, box))


class Lasso(OutlineTool):
    """Around something by hand; letting go joins the end to the start."""

    id = "lasso"
    label = tr_later("Lasso")
    icon = "mdi6.lasso"
    shortcut = "L"

    @property
    def sketch(self) -> Sketch | None:
        if not self._points:
            return None
        return Sketch(self._points, is_dashed=self._mode != "add")

    def press(self, pointer: Pointer, _: Document) -> None:
        self._choose_mode(pointer)
        self._points = [(pointer.x, pointer.y)]

    def move(self, pointer: Pointer, _: Document) -> None:
        point = (pointer.x, pointer.y)
        if self._points and point != self._points[-1]:
            self._points.append(point)

    def release(self, pointer: Pointer, document: Document) -> None:
        self.move(pointer, document)
        self._write(document)


class Polygon(OutlineTool, SteppedTool):
    """Corner by corner; a double click, the first corner or Enter closes it."""

    id = "polygon"
    label = tr_later("Polygon")
    icon = "mdi6.vector-polygon"
    shortcut = "P"

    def __init__(self, settings: AreaSettings) -> None:
        super().__init__(settings)
        self._cursor: tuple[float, float] | None = None
        self._closes = False

    @property
    def sketch(self) -> Sketch | None:
        if not self._points:
            return None
        cursor = self._points[0] if self._closes else self._cursor
        return Sketch(
            self._points,
            cursor,
            is_closed=False,
            has_knots=True,
            is_dashed=self._mode != "add",
            label=tr("Close") if self._closes else "",
        )

    @property
    def goes_on(self) -> bool:
        return bool(self._points)

    def press(self, pointer: Pointer, document: Document) -> None:
        if not self._points:
            self._choose_mode(pointer)
        self.move(pointer, document)
        if pointer.double or self._closes:
            self.complete(document)
        else:
            self._points.append((pointer.x, pointer.y))

    def move(self, pointer: Pointer, _: Document) -> None:
        self._cursor = (pointer.x, pointer.y)
        self._closes = len(self._points) > 2 and pointer.is_near(*self._points[0])

    def release(self, _: Pointer, __: Document) -> None:
        """The corner was set by the press."""

    def cancel(self, _: Document) -> None:
        self._points = []
        self._closes = False

    def complete(self, document: Document) -> None:
        if not document.is_editing:
            self._write(document)
            self._closes = False

    def step_back(self) -> None:
        self._points.pop()
        self._closes = False
