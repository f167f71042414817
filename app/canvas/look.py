"""How the canvas looks: colours and patterns that do not depend on the picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QCursor, QImage, QPainter, QPalette, QPen, QPixmap

DEFAULT_MASK_COLOUR = "#ff3b5c"
HATCH_SIDE = 12
CHECK_SIDE = 8


@dataclass(frozen=True, slots=True)
class MaskLook:
    """How the hole is shown.

    Attributes:
        colour: of the tint.
        opacity: of the tint, 0..1.
        outline: whether the rim is drawn.
    """

    colour: QColor = field(default_factory=lambda: QColor(DEFAULT_MASK_COLOUR))
    opacity: float = 0.5
    outline: bool = True


@dataclass(frozen=True, slots=True)
class SourceLook:
    """How one kind of marked source is shown.

    Orange and blue differ to every eye, and so do the directions of the stripes.
    """

    colour: QColor
    rises: bool


SOURCE_LOOKS = {
    1: SourceLook(QColor(230, 120, 0), True),
    2: SourceLook(QColor(20, 120, 230), False),
}
"""By value of the source layer: 1 never, 2 only."""


def surround(palette: QPalette) -> QColor:
    """The neutral grey around the picture that goes with a light or dark window."""
    is_dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return QColor("#232323") if is_dark else QColor("#b4b4b4")


@cache
def checkerboard() -> QBrush:
    """What is seen through a picture with alpha."""
    tile = QImage(2 * CHECK_SIDE, 2 * CHECK_SIDE, QImage.Format.Format_RGB32)
    tile.fill(QColor(204, 204, 204))
    painter = QPainter(tile)
    for corner in (0, CHECK_SIDE):
        painter.fillRect(corner, corner, CHECK_SIDE, CHECK_SIDE, QColor(158, 158, 158))
    painter.end()
    return QBrush(tile)


@cache
def hatch(value: int) -> QBrush:
    """The stripes of a source value, drawn in device pixels whatever the zoom."""
    look = SOURCE_LOOKS[value]
    tile = QImage(HATCH_SIDE, HATCH_SIDE, QImage.Format.Format_ARGB32_Premultiplied)
    flat = QColor(look.colour)
    flat.setAlphaF(0.18)
    tile.fill(flat)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for width, colour in ((3.5, QColor(0, 0, 0, 70)), (2.0, look.colour)):
        painter.setPen(QPen(colour, width))
        for shift in (-HATCH_SIDE, 0, HATCH_SIDE):
            start, end = (HATCH_SIDE + 2, -2) if look.rises else (-2, HATCH_SIDE + 2)
            painter.drawLine(shift - 2, start, shift + HATCH_SIDE + 2, end)
    painter.end()
    return QBrush(tile)


def cross_cursor() -> QCursor:
    """A small cross, dark on light so that it shows on any picture."""
    side, middle = 17, 8
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    for width, colour in ((3, QColor(0, 0, 0, 150)), (1, QColor(255, 255, 255))):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        for near, far in ((2, 6), (10, 14)):
            painter.drawLine(near, middle, far, middle)
            painter.drawLine(middle, near, middle, far)
    painter.end()
    return QCursor(pixmap, middle, middle)
