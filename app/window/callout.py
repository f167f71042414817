"""A small note with an arrow that points at a widget of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPalette, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

ARROW = 9
WIDTH = 380
CORNER = 7


class Callout(QWidget):
    """Floats over the window beside what it tells of; the window goes on as if it were not there.

    Attributes:
        skip: ends the tour.
        onward: goes on.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._target: QWidget | None = None
        self._is_beside = False
        self._tip = QPoint()
        self._title = QLabel()
        self._title.setProperty("role", "heading")
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._place = QLabel()
        self._place.setProperty("role", "dim")
        self.skip, self.onward = QPushButton(), QPushButton()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._place, 1)
        for button in (self.skip, self.onward):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*(4 * [ARROW + 13]))
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addLayout(row)
        self.hide()
        window.installEventFilter(self)

    def say(self, title: str, text: str, place: str) -> None:
        """Take over the words of a step; `place` tells how far the tour is."""
        self._title.setText(title)
        self._text.setText(text)
        self._place.setText(place)
        self.setAccessibleName(f"{title}. {text}")

    def point_at(self, target: QWidget, *, beside: bool = False) -> None:
        """Show the note at a widget that is visible, and keep it there.

        Args:
            target: what the arrow points at.
            beside: right of it rather than below, if there is room.
        """
        self._target, self._is_beside = target, beside
        self.show()
        self.raise_()
        self._settle()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._settle()
        return super().eventFilter(watched, event)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = self.rect().adjusted(ARROW, ARROW, -ARROW, -ARROW)
        note, arrow = QPainterPath(), QPainterPath()
        note.addRoundedRect(body, CORNER, CORNER)
        arrow.addPolygon(self._arrow(body))
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawPath(note.united(arrow))

    def _arrow(self, body: QRect) -> QPolygonF:
        """From the edge that faces the target to the target."""
        tip = self.mapFromParent(self._tip)
        if tip.y() <= body.top() or tip.y() >= body.bottom():
            edge = body.top() + 1 if tip.y() <= body.top() else body.bottom()
            root = (QPoint(tip.x() - ARROW, edge), QPoint(tip.x() + ARROW, edge))
        else:
            edge = body.left() + 1 if tip.x() <= body.left() else body.right()
            root = (QPoint(edge, tip.y() - ARROW), QPoint(edge, tip.y() + ARROW))
        return QPolygonF([*root, tip, root[0]])

    def _settle(self) -> None:
        """Below the target, else right, left or above of it: where there is room."""
        if self._target is None or not self._target.isVisible():
            return
        self.resize(WIDTH, max(self.heightForWidth(WIDTH), self.minimumSizeHint().height()))
        target = QRect(self._target.mapTo(self._window, QPoint()), self._target.size())
        room = self._window.rect()
        spots = _spots(target, self.size())
        if self._is_beside:
            spots.insert(0, spots.pop(1))
        fitting = [spot for spot in spots if room.contains(QRect(spot[0], self.size()))]
        at, self._tip = (fitting or spots)[0]
        self.move(at)
        self.update()


def _spots(target: QRect, size: QSize) -> list[tuple[QPoint, QPoint]]:
    """Places for a note of a size with the tip of its arrow, the best first."""
    middle, reach = target.center(), ARROW + CORNER + ARROW
    below = QPoint(middle.x(), target.bottom() + 1)
    above = QPoint(middle.x(), target.top())
    right = QPoint(target.right() + 1, middle.y())
    left = QPoint(target.left(), middle.y())
    centred = middle.x() - size.width() // 2
    return [
        (QPoint(centred, below.y()), below),
        (QPoint(right.x(), middle.y() - reach), right),
        (QPoint(middle.x() - reach, below.y()), below),
        (QPoint(middle.x() - size.width() + reach, below.y()), below),
        (QPoint(left.x() - size.width(), middle.y() - reach), left),
        (QPoint(centred, above.y() - size.height()), above),
    ]
