"""The view as it was painted last, so that the brush's ring and panning need no new tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage, QPainter, QRegion

from app.canvas.piece import Piece, qrect
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtCore import QRect

    from app.canvas.navigation import Viewport
    from app.canvas.panes import Pane
    from app.canvas.scene import Scene

MANY_RECTANGLES = 8
"""A region of more pieces than this is repainted as one rectangle."""


class Frame:
    """An image of the view's size and the parts of it that are out of date."""

    def __init__(self) -> None:
        self.image = QImage()
        self._stale = QRegion()

    @property
    def box(self) -> Box:
        return Box(0, 0, self.image.width(), self.image.height())

    @property
    def is_stale(self) -> bool:
        return not self._stale.isEmpty()

    def resize(self, width: int, height: int) -> None:
        self.image = QImage(max(width, 1), max(height, 1), QImage.Format.Format_RGB32)
        self.spoil(self.box)

    def spoil(self, box: Box) -> QRect:
        """Mark a box of device pixels; gives back the part of it that can be seen."""
        rect = qrect(box.intersected(self.box))
        self._stale += rect
        return rect

    def take_stale(self) -> list[Box]:
        """What has to be painted now."""
        region, self._stale = self._stale, QRegion()
        if region.rectCount() > MANY_RECTANGLES:
            return [_box(region.boundingRect())]
        rects: Iterable[QRect] = iter(region)  # type: ignore[call-overload]
        return [_box(rect) for rect in rects]

    def refresh(
        self, scene: Scene, viewport: Viewport, panes: Iterable[Pane], deadline: float
    ) -> bool:
        """Bring the image up to date.

        Args:
            scene: what to paint.
            viewport: where the picture lies.
            panes: the parts of the view.
            deadline: of `time.perf_counter`; tiles are made until then.

        Returns:
            Whether all is up to date; if not, some tiles were only stood in for.
        """
        undone: list[Box] = []
        painter = QPainter(self.image)
        for box in self.take_stale():
            for pane in panes:
                part = box.intersected(pane.box).moved(-pane.shift, 0)
                if part.is_empty:
                    continue
                painter.save()
                painter.translate(pane.shift, 0)
                piece = Piece(painter, part, viewport, deadline)
                scene.paint(piece, pane.shows)
                painter.restore()
                undone += [missing.moved(pane.shift, 0) for missing in piece.undone]
        painter.end()
        for box in undone:
            self.spoil(box)
        return not undone

    def scroll(self, dx: int, dy: int) -> None:
        """Move what is painted; what comes into sight is out of date."""
        rect = self.image.rect()
        self.image = self.image.copy(rect.translated(-dx, -dy))
        self._stale.translate(dx, dy)
        self._stale = (self._stale + (QRegion(rect) - QRegion(rect.translated(dx, dy)))) & rect


def _box(rect: QRect) -> Box:
    return Box(rect.left(), rect.top(), rect.left() + rect.width(), rect.top() + rect.height())
