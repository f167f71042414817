"""Array conventions and the box that every layer speaks of.

Images are RGB, masks are True where a pixel is missing. Other conventions (BGR, 0..255, white =
known) exist only inside the function that calls a library which wants them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

ImageF32: TypeAlias = npt.NDArray[np.float32]
"""(H, W, 3) float32 RGB, 0..1, in the picture's own (gamma-encoded) colour space."""

MaskBool: TypeAlias = npt.NDArray[np.bool_]
"""(H, W) bool, True = hole."""

Pixels: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""(H, W, C) in the file's own depth; C = 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha."""


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A half-open rectangle of pixels: left <= x < right, top <= y < bottom."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def is_empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices: `array[box.slices]` is the part of an (H, W, ...) array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @staticmethod
    def whole(array: npt.NDArray[Any]) -> Box:
        return Box(0, 0, array.shape[1], array.shape[0])

    @staticmethod
    def around(boxes: Iterable[Box]) -> Box:
        """The smallest box that holds all the given ones; at least one is needed."""
        boxes = tuple(boxes)
        return Box(
            min(box.left for box in boxes),
            min(box.top for box in boxes),
            max(box.right for box in boxes),
            max(box.bottom for box in boxes),
        )

    def grown(self, margin: int) -> Box:
        return Box(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    def moved(self, dx: int, dy: int) -> Box:
        return Box(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def intersected(self, other: Box) -> Box:
        """The common part; may be empty (`is_empty`), never negative in size."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Box(
            left,
            top,
            max(left, min(self.right, other.right)),
            max(top, min(self.bottom, other.bottom)),
        )

    def overlaps(self, other: Box) -> bool:
        return not self.intersected(other).is_empty
