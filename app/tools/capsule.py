"""The shape of a stroke: the band that a round brush covers between two pointer positions.

Coverage is 0..255 in uint8. It is one half on the nominal outline whatever the hardness, so that
a brush of size 21 makes a hole of diameter 21; a soft brush ramps on both sides of that outline.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from engine.types import Box

if TYPE_CHECKING:
    import numpy.typing as npt

Coverage: TypeAlias = "npt.NDArray[np.uint8]"
"""(h, w) uint8; above 127 is hole."""

Plane: TypeAlias = "npt.NDArray[np.float32]"

FULL = 255
SMALL_AREA = 1 << 15
"""Up to this many pixels every distance is computed; above, `_sparse` or `_upsampled` pay off."""

ROUNDING = 0.5
"""Levels by which an interpolated distance may change the coverage before it is rounded."""

COARSE = 4
"""The least spacing, in pixels, at which `_upsampled` is the faster of the two."""

CELL = 16
"""Side of the cells that `_sparse` takes as one when the outline does not cross them, and the
widest spacing of the knots of `_upsampled`."""


@dataclass(frozen=True, slots=True)
class Dab:
    """A round touch of the brush; x, y and radius in picture pixels."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Capsule:
    """All dabs between two dabs, the radius changing evenly: a cone with round ends.

    Attributes:
        start: one end.
        end: the other end.
        softness: half the width of the ramp at the outline, as a share of the radius, 0..0.5.
    """

    start: Dab
    end: Dab
    softness: float = 0.0

    @property
    def ramp(self) -> float:
        """Half the width of the ramp in pixels; half a pixel is plain antialiasing."""
        return max(0.5, self.softness * max(self.start.radius, self.end.radius))

    @property
    def box(self) -> Box:
        """Holds every pixel with any coverage."""
        margin = self.ramp + 1
        ends = (self.start, self.end)
        return Box(
            math.floor(min(dab.x - dab.radius for dab in ends) - margin),
            math.floor(min(dab.y - dab.radius for dab in ends) - margin),
            math.ceil(max(dab.x + dab.radius for dab in ends) + margin),
            math.ceil(max(dab.y + dab.radius for dab in ends) + margin),
        )

    def coverage(self, box: Box) -> Coverage:
        """Coverage of the pixels of a box.

        Args:
            box: in picture pixels; may reach beyond the capsule.

        Returns:
            (box.height, box.width) uint8, 0..255; 128 or more inside the nominal outline.
        """
        if box.area <= SMALL_AREA:
            return self._exact(box)
        spacing = self._spacing()
        return self._upsampled(box, spacing) if spacing >= COARSE else self._sparse(box)

    def distance(self, x: Plane, y: Plane) -> Plane:
        """Signed distance to the outline, negative inside.

        The nearest dab is found in closed form: on a cone the shortest way to the rim leaves the
        axis at a fixed slope (Quilez, "Distance functions", 2D uneven capsule).

        Args:
            x: float32 picture coordinates that broadcast against `y`.
            y: the same, vertically.

        Returns:
            Pixels, in the common shape of `x` and `y`.
        """
        first, last = self._ordered()
        length = math.hypot(last.x - first.x, last.y - first.y)
        shrink = first.radius - last.radius
        dx, dy = x - np.float32(first.x), y - np.float32(first.y)
        if length <= shrink or length == 0:
            return _norm(*np.broadcast_arrays(dx, dy)) - np.float32(first.radius)
        ux, uy = np.float32((last.x - first.x) / length), np.float32((last.y - first.y) / length)
        along = dx * ux + dy * uy
        across = dy * ux - dx * uy
        slope = shrink / length
        lean = np.float32(slope / math.sqrt(1 - slope * slope))
        foot = along - np.abs(across) * lean if slope else along
        foot = np.clip(foot, np.float32(0), np.float32(length))
        distance = _norm(along - foot, across) - np.float32(first.radius)
        if slope:
            distance += foot * np.float32(slope)
        return distance

    def _ordered(self) -> tuple[Dab, Dab]:
        """The larger end first."""
        if self.start.radius >= self.end.radius:
            return self.start, self.end
        return self.end, self.start

    def _levels(self, distance: Plane) -> Coverage:
        """Distance to coverage: rounds and saturates in one pass."""
        scale = -FULL / (2 * self.ramp)
        levels = cv2.addWeighted(distance, scale, distance, 0, FULL / 2, dtype=cv2.CV_8U)
        return levels.astype(np.uint8, copy=False)

    def _exact(self, box: Box) -> Coverage:
        x = np.arange(box.left, box.right, dtype=np.float32) + np.float32(0.5)
        y = np.arange(box.top, box.bottom, dtype=np.float32) + np.float32(0.5)
        return self._levels(self.distance(x[None, :], y[:, None]))

    def _cells(self, box: Box, side: int) -> Plane:
        """Distances at the centres of the cells that cover a box."""
        columns, rows = -(-box.width // side), -(-box.height // side)
        x = np.arange(columns, dtype=np.float32) * side + np.float32(box.left + side / 2)
        y = np.arange(rows, dtype=np.float32) * side + np.float32(box.top + side / 2)
        return self.distance(x[None, :], y[:, None])

    def _sparse(self, box: Box) -> Coverage:
        """A large hard brush: exact where the outline passes, constant in the other cells."""
        distance = self._cells(box, CELL)
        rows, columns = distance.shape
        flat = (distance < 0).view(np.uint8) * np.uint8(FULL)
        size = (columns * CELL, rows * CELL)
        levels = cv2.resize(flat, size, interpolation=cv2.INTER_NEAREST).astype(
            np.uint8, copy=False
        )
        reach = CELL * math.sqrt(0.5) + self.ramp
        row, column = np.nonzero(np.abs(distance) < reach)
        inside = np.arange(CELL, dtype=np.float32) + np.float32(0.5)
        x = (column * CELL + box.left).astype(np.float32)[:, None, None] + inside[None, None, :]
        y = (row * CELL + box.top).astype(np.float32)[:, None, None] + inside[None, :, None]
        count = len(row)
        if count == 0:  # OpenCV gives None for empty arrays
            return levels[: box.height, : box.width]
        x = np.broadcast_to(x, (count, CELL, CELL)).reshape(count, CELL * CELL)
        y = np.broadcast_to(y, (count, CELL, CELL)).reshape(count, CELL * CELL)
        exact = self._levels(self.distance(x, y)).reshape(count, CELL, CELL)
        levels.reshape(rows, CELL, columns, CELL)[row, :, column, :] = exact
        return levels[: box.height, : box.width]

    def _spacing(self) -> int:
        """How far apart distances may be computed for coverage that is right within one level.

        Near the outline the distance bends like a circle of radius rho, so that a straight line
        over k pixels errs by k^2 / (8 rho).
        """
        rho = max(min(self.start.radius, self.end.radius) - self.ramp, 0.0)
        return min(int(math.sqrt(8 * ROUNDING * rho * 2 * self.ramp / FULL)), CELL)

    def _upsampled(self, box: Box, spacing: int) -> Coverage:
        """A large soft brush: distances `spacing` pixels apart, and straight lines between."""
        knots = self._cells(box.grown(spacing), spacing)
        size = (knots.shape[1] * spacing, knots.shape[0] * spacing)
        distance = cv2.resize(knots, size, interpolation=cv2.INTER_LINEAR)
        inside = slice(spacing, spacing + box.height), slice(spacing, spacing + box.width)
        return self._levels(distance[inside].astype(np.float32, copy=False))


def _norm(x: Plane, y: Plane) -> Plane:
    """Length of the vectors (x, y)."""
    norm = cv2.magnitude(np.ascontiguousarray(x), np.ascontiguousarray(y))
    return norm.astype(np.float32, copy=False)
