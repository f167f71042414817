"""Smart select: scribbles inside an object mark all of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.document.areas import FULL, Area
from app.document.live import LiveStep
from app.document.maskops import filled_bounds
from app.language import tr_later
from app.tools.area import AreaTool
from app.tools.base import Pointer, Sketch
from app.tools.objects import Scribble, object_under, reach_of
from app.tools.search import Search, Searcher, at_once
from engine.types import Box

if TYPE_CHECKING:
    from app.document import Document
    from app.tools.settings import AreaMode, AreaSettings


LEAST_REACH = 10
"""How far an object may go from the shortest scribble, in what the hand takes for one place."""


@dataclass(slots=True, eq=False)
class Target:
    """The object that is being selected.

    Attributes:
        mode: what it does to the mask.
        step: of the last scribble.
        scribbles: all so far.
        base: the mask without the object, wherever the object has changed it.
    """

    mode: AreaMode
    step: LiveStep
    scribbles: tuple[Scribble, ...] = ()
    base: Area | None = None

    def write(self, document: Document, area: Area) -> None:
        """Put the object, as it is found by now, in place of what was found before."""
        if self.base is None and self.mode == "add" and document.mask_is_filled:
            document.clear_mask()
        base = self._base_around(document, area.box)
        cover = np.zeros_like(base.coverage)
        cover[area.box.moved(-base.box.left, -base.box.top).slices] = area.coverage
        with document.touch("mask", base.box) as view:
            if self.mode == "add":
                cv2.max(base.coverage, cover, dst=view)
            elif self.mode == "subtract":
                cv2.min(base.coverage, np.subtract(FULL, cover, dtype=np.uint8), dst=view)
            else:
                cv2.min(base.coverage, cover, dst=view)
        self.base = base

    def _base_around(self, document: Document, box: Box) -> Area:
        """The base in a box and wherever it is known; elsewhere the mask is still the base."""
        boxes = [box]
        if self.base is not None:
            boxes.append(self.base.box)
        filled = filled_bounds(document)
        if self.mode == "intersect" and filled is not None:
            boxes.append(filled)
        whole = Box.around(boxes)
        coverage = document.mask[whole.slices].copy()
        if self.base is not None:
            inner = self.base.box.moved(-whole.left, -whole.top)
            coverage[inner.slices] = self.base.coverage
        return Area(whole, coverage)


class SmartSelect(AreaTool):
    """Finds the object under a scribble; further scribbles improve it, each an undo step.

    They belong to the same object as long as nothing else has been edited and they lie within
    its reach. The opposite keys then say what does not belong to it.

    Attributes:
        search: who finds objects.
    """

    id = "smart"
    label = tr_later("Smart Select")
    icon = "mdi6.gesture"
    shortcut = "G"

    def __init__(self, settings: AreaSettings) -> None:
        super().__init__(settings)
        self.search: Searcher = at_once
        self._target: Target | None = None
        self._points: list[tuple[float, float]] = []
        self._is_inside = True

    @property
    def sketch(self) -> Sketch | None:
        if not self._points:
            return None
        return Sketch(self._points, is_closed=False, is_dashed=not self._is_inside)

    def press(self, pointer: Pointer, document: Document) -> None:
        self._choose_mode(pointer)
        self._points = [(pointer.x, pointer.y)]
        target = self._target
        goes_on = target is not None and self._continues(target, pointer, document)
        self._is_inside = not goes_on or (target is not None and self._mode == target.mode)
        if not goes_on:
            self._target = None

    def move(self, pointer: Pointer, _: Document) -> None:
        point = (pointer.x, pointer.y)
        if self._points and point != self._points[-1]:
            self._points.append(point)

    def release(self, pointer: Pointer, document: Document) -> None:
        self.move(pointer, document)
        points, self._points = self._points, []
        if not points:
            return
        least = max(pointer.reach * LEAST_REACH, 1.0)
        scribble = Scribble(tuple(points), self._is_inside, least)
        step = LiveStep(document)
        target = self._target = self._target or Target(self._mode, step)
        target.step = step
        target.scribbles = (*target.scribbles, scribble)
        find = partial(object_under, scribbles=target.scribbles)
        label = self._step_label(target.mode if self._is_inside else self._mode)
        self.search(Search(step, label, find, target.write))

    def cancel(self, _: Document) -> None:
        self._points = []

    def _continues(self, target: Target, pointer: Pointer, document: Document) -> bool:
        """Whether a scribble that begins here is about the object of the last one."""
        place = Box(int(pointer.x), int(pointer.y), int(pointer.x) + 1, int(pointer.y) + 1)
        is_same = target.step.document is document and target.step.is_open
        return is_same and place.overlaps(reach_of(target.scribbles))
