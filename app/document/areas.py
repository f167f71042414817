"""Areas of the picture and how they change the mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import cv2
import numpy as np

from app.document.maskops import filled_bounds
from engine.types import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from app.document.document import Document

MaskMode: TypeAlias = Literal["add", "subtract", "intersect", "replace"]
"""What an area does to the mask; "replace" writes its coverage as it is and leaves the rest."""

FULL = 255


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the picture.

    Attributes:
        box: where it lies; nothing outside is covered.
        coverage: (box.height, box.width) uint8; above 127 is inside.
    """

    box: Box
    coverage: npt.NDArray[np.uint8]


NOWHERE = Area(Box(0, 0, 0, 0), np.zeros((0, 0), np.uint8))


def combine(document: Document, area: Area, mode: MaskMode) -> None:
    """Let an area change the mask, inside the open edit.

    A mask that has been filled has done its work: what is added then starts a new one, as a brush
    stroke does.
    """
    if mode == "add" and document.mask_is_filled:
        document.clear_mask()
    if mode == "intersect":
        _keep_only(document, area.box)
    box = area.box.intersected(document.box)
    if box.is_empty:
        return
    coverage = area.coverage[box.moved(-area.box.left, -area.box.top).slices]
    with document.touch("mask", box) as view:
        if mode == "add":
            cv2.max(view, coverage, dst=view)
        elif mode == "subtract":
            cv2.min(view, cv2.bitwise_not(coverage), dst=view)
        elif mode == "intersect":
            cv2.min(view, coverage, dst=view)
        else:
            view[...] = coverage


def _keep_only(document: Document, box: Box) -> None:
    """Empty the mask outside a box."""
    filled = filled_bounds(document)
    if filled is None:
        return
    kept = box.intersected(filled)
    if kept.is_empty:
        kept = Box(filled.left, filled.bottom, filled.left, filled.bottom)
    for outer in (
        Box(filled.left, filled.top, filled.right, kept.top),
        Box(filled.left, kept.bottom, filled.right, filled.bottom),
        Box(filled.left, kept.top, kept.left, kept.bottom),
        Box(kept.right, kept.top, filled.right, kept.bottom),
    ):
        if not outer.is_empty:
            with document.touch("mask", outer) as view:
                view[...] = 0
