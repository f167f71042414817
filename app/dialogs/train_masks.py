"""The kind of masks, and a few of them as the training will draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.language import told, tr, tr_later
from app.panels.controls import QuietComboBox
from app.session.notices import shortened
from app.session.training_words import MASKS

if TYPE_CHECKING:
    from app.session.training_checks import TrainingChecks

FOLDER = tr_later("Mask files of a folder…")
PREVIEW_HEIGHT = 72


class MasksRow(QWidget):
    """A list of kinds over a strip of masks; a press on the strip draws others.

    Signals:
        chosen: the kind that the user took.
        ask: the user wants a folder of mask files.
        others: the user wants to see other masks.
    """

    chosen = Signal(str)
    ask = Signal()
    others = Signal()

    def __init__(self, checks: TrainingChecks) -> None:
        super().__init__()
        self._checks = checks
        self.kinds = QuietComboBox()
        self.kinds.setAccessibleName(tr("Kind of masks"))
        for kind, label in MASKS.items():
            self.kinds.addItem(tr(label), kind)
        self.kinds.insertSeparator(len(MASKS))
        self.kinds.addItem(tr(FOLDER), "")
        self.kinds.activated.connect(self._on_activated)
        self.strip = _Strip()
        self.strip.pressed.connect(self.others)
        self.text = QLabel()
        self.text.setProperty("role", "dim")
        self.text.setWordWrap(True)
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(self.strip)
        below.addWidget(self.text, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.kinds)
        layout.addLayout(below)
        checks.drawn.connect(self._show)
        self._show()

    def show_kind(self, kind: str) -> None:
        """Mark a kind, or a folder of mask files."""
        index = self.kinds.findData(kind)
        own = self.kinds.count() - 1
        if index < 0:
            self.kinds.setItemText(own, shortened(tr("Files of {kind}", kind=kind)))
            index = own
        else:
            self.kinds.setItemText(own, tr(FOLDER))
        self.kinds.setCurrentIndex(index)

    def _on_activated(self, index: int) -> None:
        kind = self.kinds.itemData(index)
        if kind:
            self.chosen.emit(kind)
        else:
            self.ask.emit()

    def _show(self) -> None:
        masks = self._checks.masks
        if masks is not None:
            image = QPixmap.fromImage(masks.image)
            ratio = self.devicePixelRatioF()
            image = image.scaledToHeight(
                round(PREVIEW_HEIGHT * ratio), Qt.TransformationMode.SmoothTransformation
            )
            image.setDevicePixelRatio(ratio)
            self.strip.setPixmap(image)
            low, high = min(masks.shares) * 100, max(masks.shares) * 100
            says = tr(
                "White is the hole: {low:.0f} to {high:.0f} % of these crops.", low=low, high=high
            )
            self.text.setText(shortened(" ".join([says, *map(told, masks.notices)])))
        else:
            self.strip.setPixmap(QPixmap())
            self.text.setText(shortened(told(self._checks.masks_problem)))


class _Strip(QLabel):
    """A picture that can be pressed.

    Signals:
        pressed: with the left button.
    """

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Examples of masks"))
        self.setToolTip(tr("Click to draw others"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumSize(QSize(PREVIEW_HEIGHT, PREVIEW_HEIGHT))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()
