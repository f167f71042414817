"""One picture, small, beside what there is to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.dialogs.batch_sources import dim_label
from app.dialogs.model_details import ElidedLabel
from app.language import tr
from app.session.notices import shortened

if TYPE_CHECKING:
    from app.session.batch_pictures import BatchPictures

LOWEST, HIGHEST = 112, 230
SHARE = 0.2
"""Of the page's height."""

PROPORTION = 4 / 3


class Preview(QWidget):
    """Follows `app.session.batch_pictures`."""

    def __init__(self, pictures: BatchPictures) -> None:
        super().__init__()
        self._pictures = pictures
        self.picture = Picture()
        self.name = ElidedLabel()
        self.facts = dim_label()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(self.name)
        texts.addWidget(self.facts)
        texts.addWidget(self.words, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.picture)
        layout.addLayout(texts, 1)
        pictures.changed.connect(self._show_image)

    def fit(self, height: int) -> None:
        """Take a part of a page that is so high, whether a picture is shown or not."""
        self.picture.fit(height)
        self.setFixedHeight(self.picture.height())

    def show_words(self, name: str, facts: str = "", words: str = "") -> None:
        """Say what is shown, and what is remarkable about it."""
        self.name.setText(name)
        self.facts.setText(facts)
        self.facts.setVisible(bool(facts))
        self.words.setText(shortened(words))
        self.words.setToolTip(words)
        self.picture.setAccessibleName(name)
        self.picture.setVisible(bool(name))

    def _show_image(self) -> None:
        self.picture.show_image(self._pictures.image, self._pictures.problem)


class Picture(QWidget):
    """A picture as large as its place allows, and never larger than it is."""

    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self._shown: QImage | None = None
        self._problem = ""
        self.fit(0)

    def fit(self, height: int) -> None:
        """Take a part of a page that is so high."""
        own = max(LOWEST, min(HIGHEST, round(SHARE * height)))
        self._shown = None
        self.setFixedSize(round(PROPORTION * own), own)

    def show_image(self, image: QImage | None, problem: str = "") -> None:
        """Show a picture, or why there is none."""
        self.image, self._problem, self._shown = image, problem, None
        self.setToolTip(problem)
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        if self.image is None and not self._problem:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().base())
        if self.image is None:
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("cannot be read"))
            return
        shown = self._fitted(self.image)
        size = shown.deviceIndependentSize().toSize()
        corner = QRect(0, 0, size.width(), size.height())
        corner.moveCenter(self.rect().center())
        painter.drawImage(corner.topLeft(), shown)

    def _fitted(self, image: QImage) -> QImage:
        ratio = self.devicePixelRatioF()
        if self._shown is None or self._shown.devicePixelRatioF() != ratio:
            place = self.size() * ratio
            fits = image.width() <= place.width() and image.height() <= place.height()
            self._shown = (
                image.copy()
                if fits
                else image.scaled(
                    place,
                    Qt.AspectRatioMode.KeepAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
            )
            self._shown.setDevicePixelRatio(ratio)
        return self._shown
