"""The points of a face in words: which is selected, where it lies, and how to move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.language import tr
from app.panels.controls import push_button, side_by_side

if TYPE_CHECKING:
    from app.session.session import Session


class KeypointRow(QWidget):
    """A sentence and two buttons; seen while the chosen backend knows keypoints."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        keypoints = session.keypoints
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setProperty("role", "dim")
        how = tr(
            "The points on the picture say how the face is turned. Drag them, or select one with "
            "K and move it with the arrow keys."
        )
        self._words.setToolTip(f"<p>{how}</p>")
        self._reset = push_button(
            tr("Back to the Hole"), keypoints.reset, tr("Let the points follow the mask again")
        )
        following = push_button(
            tr("Next Point"), lambda: keypoints.step(1), tr("Select the next point (K)")
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self._words)
        layout.addWidget(side_by_side(following, self._reset))
        keypoints.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        keypoints = self._session.keypoints
        self.setVisible(bool(self._session.backend.keypoints))
        self.setEnabled(bool(keypoints.names))
        self._reset.setEnabled(keypoints.are_placed)
        text = tr("Drag the points; K selects one.")
        if 0 <= keypoints.selected < len(keypoints.points):
            x, y = keypoints.points[keypoints.selected]
            name = tr(keypoints.names[keypoints.selected])
            text = tr("{name}: {x}, {y} px", name=name, x=round(x), y=round(y))
        self._words.setText(text)
        self._words.setAccessibleName(text)
