"""Where the picture lies in the view: zoom, pan and fit as plain arithmetic.

All lengths are device pixels or picture pixels, so that 100 % is one picture pixel on one pixel
of the screen at any scaling of the desktop.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

from engine.types import Box

MIN_ZOOM, MAX_ZOOM = 0.01, 64.0
ZOOM_STOPS = (
    *(0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.0625, 0.0833, 0.125, 0.1667, 0.25, 0.3333, 0.5),
    *(0.6667, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0),
)
FIT_MARGIN = 16
"""Device pixels left free on each side of a fitted picture."""

KEPT_IN_SIGHT = 64
"""Device pixels of the picture (or all of it) that no panning moves out of the view."""


@dataclass(slots=True)
class Viewport:
    """The map between the view, in device pixels, and the picture.

    Attributes:
        picture_width: of the picture.
        picture_height: of the picture.
        width: of the view, in device pixels.
        height: of the view, in device pixels.
        zoom: device pixels per picture pixel.
        x: where the picture's left edge lies in the view, unrounded.
        y: where its upper edge lies.
        follows: whether the picture is fitted anew when the view changes its size.
        fit_limit: the zoom that such a fit does not exceed.
    """

    picture_width: int = 1
    picture_height: int = 1
    width: int = 1
    height: int = 1
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    follows: bool = True
    fit_limit: float = 1.0

    @property
    def left(self) -> int:
        """The picture's left edge as it is painted: on a whole device pixel, crisp at 100 %."""
        return _nearest(self.x)

    @property
    def top(self) -> int:
        return _nearest(self.y)

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """From device pixels of the view to picture pixels."""
        return (x - self.left) / self.zoom, (y - self.top) / self.zoom

    def column(self, x: float) -> int:
        """The device column where the picture column `x` begins."""
        return self.left + _nearest(x * self.zoom)

    def row(self, y: float) -> int:
        """The device row where the picture row `y` begins."""
        return self.top + _nearest(y * self.zoom)

    @property
    def frame(self) -> Box:
        """The device pixels the picture takes: at least one, however small it is."""
        left, top = self.left, self.top
        right = max(self.column(self.picture_width), left + 1)
        return Box(left, top, right, max(self.row(self.picture_height), top + 1))

    def in_view(self, box: Box) -> Box:
        """The device pixels that a box of picture pixels touches."""
        return Box(
            math.floor(self.left + box.left * self.zoom),
            math.floor(self.top + box.top * self.zoom),
            math.ceil(self.left + box.right * self.zoom),
            math.ceil(self.top + box.bottom * self.zoom),
        )

    def in_picture(self, box: Box) -> Box:
        """The picture pixels that a box of device pixels touches."""
        left, top = self.to_picture(box.left, box.top)
        right, bottom = self.to_picture(box.right, box.bottom)
        touched = Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
        return touched.intersected(Box(0, 0, self.picture_width, self.picture_height))

    def show(self, width: int, height: int) -> None:
        """Take another picture; fitted, but not enlarged."""
        self.picture_width, self.picture_height = width, height
        self.fit(1.0)

    def fit(self, limit: float = MAX_ZOOM) -> None:
        """Show all of the picture, at no more than a zoom of `limit`."""
        across = max(self.width - 2 * FIT_MARGIN, 1) / self.picture_width
        down = max(self.height - 2 * FIT_MARGIN, 1) / self.picture_height
        self.zoom = min(max(min(across, down, limit), MIN_ZOOM), MAX_ZOOM)
        self.x = (self.width - self.picture_width * self.zoom) / 2
        self.y = (self.height - self.picture_height * self.zoom) / 2
        self.follows, self.fit_limit = True, limit

    def resize(self, width: int, height: int) -> None:
        """Give the view another size: a fitted picture stays fitted, others keep their centre."""
        dx, dy = (width - self.width) / 2, (height - self.height) / 2
        self.width, self.height = max(width, 1), max(height, 1)
        if self.follows:
            self.fit(self.fit_limit)
        else:
            self.pan(dx, dy)

    def pan(self, dx: float, dy: float) -> None:
        self.x += dx
        self.y += dy
        self.follows = False
        self._keep_in_sight()

    def zoom_to(self, zoom: float, x: float, y: float) -> None:
        """Zoom so that the picture point under (x, y) of the view stays there."""
        zoom = min(max(zoom, MIN_ZOOM), MAX_ZOOM)
        share = zoom / self.zoom
        self.x = x - (x - self.x) * share
        self.y = y - (y - self.y) * share
        self.zoom = zoom
        self.follows = False
        self._keep_in_sight()

    def zoom_by(self, factor: float, x: float, y: float) -> None:
        """Multiply the zoom, stopping at 100 % on the way past it."""
        zoom = self.zoom * factor
        if (self.zoom - 1) * (zoom - 1) < 0 and abs(self.zoom - 1) > 1e-6:
            zoom = 1.0
        self.zoom_to(zoom, x, y)

    def stop_above(self) -> float:
        """The next round zoom above the present one."""
        index = bisect.bisect_right(ZOOM_STOPS, self.zoom * 1.01)
        return ZOOM_STOPS[min(index, len(ZOOM_STOPS) - 1)]

    def stop_below(self) -> float:
        """The next round zoom below the present one."""
        return ZOOM_STOPS[max(bisect.bisect_left(ZOOM_STOPS, self.zoom * 0.99) - 1, 0)]

    def _keep_in_sight(self) -> None:
        self.x = _kept(self.x, self.picture_width * self.zoom, self.width)
        self.y = _kept(self.y, self.picture_height * self.zoom, self.height)


def _nearest(position: float) -> int:
    """Halves always go up, so that a pan by whole pixels moves everything by as many."""
    return math.floor(position + 0.5)


def _kept(start: float, length: float, room: float) -> float:
    """A start that leaves some of the length inside the room."""
    kept = min(KEPT_IN_SIGHT, length, room)
    return min(max(start, kept - length), room - kept)
