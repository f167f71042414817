"""The scale of colours that numbers are shown in, with what its ends mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.session.colours import scale
from app.session.qimages import qimage

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

BAR = 10
GAP = 3


class Legend(QWidget):
    """A bar from low to high; colour-blind people read it by its lightness."""

    def __init__(self, low: str = "", high: str = "") -> None:
        super().__init__()
        self._low, self._high = low, high
        self._bar: QImage = qimage(scale()[None])
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_ends(low, high)

    def show_ends(self, low: str, high: str) -> None:
        """Say what the ends of the scale mean."""
        self._low, self._high = low, high
        self.setAccessibleName(f"{low} – {high}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, BAR + GAP + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, self.width(), BAR), self._bar)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        words = QRectF(0, BAR + GAP, self.width(), self.fontMetrics().height())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft, self._low)
        painter.drawText(words, Qt.AlignmentFlag.AlignRight, self._high)
