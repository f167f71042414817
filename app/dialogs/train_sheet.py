"""The newest sheet of samples: originals, their holes, the fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.language import tr, tr_later

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

MOST_ENLARGED = 2
WAITING = tr_later("The first samples come with the first validation.")


class Sheet(QWidget):
    """As wide as its place, and scrolled; enlarged a little at most."""

    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self.caption = QLabel(tr(WAITING))
        self.caption.setWordWrap(True)
        self.caption.setProperty("role", "dim")
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self._picture.setAccessibleName(tr("Samples: original, hole, fill"))
        self._picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._area = QScrollArea()
        self._area.setWidget(self._picture)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.caption)
        layout.addWidget(self._area, 1)

    def show_sheet(self, image: QImage | None, step: int | None) -> None:
        """Show a sheet; None = there is none yet."""
        self.image = image
        self.caption.setText(
            tr(WAITING)
            if image is None or step is None
            else tr("Original, hole, fill at step {step:,}", step=step)
        )
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self.image is None:
            self._picture.setPixmap(QPixmap())
            return
        ratio = self.devicePixelRatioF()
        bar = self._area.verticalScrollBar().sizeHint().width()
        width = min(self.width() - bar, MOST_ENLARGED * self.image.width())
        shown = QPixmap.fromImage(self.image).scaledToWidth(
            max(1, round(width * ratio)), Qt.TransformationMode.SmoothTransformation
        )
        shown.setDevicePixelRatio(ratio)
        self._picture.setPixmap(shown)
