"""The start page: somewhere to drop a picture, samples to try, files opened last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QImage, QImageReader, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.language import tr, tr_later
from app.session.notices import shortened
from engine import resources

if TYPE_CHECKING:
    from collections.abc import Sequence

THUMB = QSize(150, 112)
PAGE_WIDTH = 620
RECENT_SHOWN = 5

SAMPLES = {
    "astronaut": tr_later("Astronaut"),
    "coffee": tr_later("Coffee"),
    "rocket": tr_later("Rocket"),
}
"""What the bundled pictures are called, by the names of their files."""


class Startup(QWidget):
    """What stands where the canvas will be, as long as no picture is open.

    Signals:
        open_wanted: "Open a picture" was pressed.
        picked: path of a sample or a recent file.
    """

    open_wanted = Signal()
    picked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("startup")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._drop = _DropZone()
        self._drop.button.clicked.connect(self.open_wanted)
        self._samples = QWidget()
        self._sample_row = QHBoxLayout(self._samples)
        self._sample_row.setContentsMargins(0, 0, 0, 0)
        self._sample_row.setSpacing(10)
        self._recent = QWidget()
        self._recent_rows = QVBoxLayout(self._recent)
        self._recent_rows.setContentsMargins(0, 0, 0, 0)
        self._recent_rows.setSpacing(0)
        page = QWidget()
        page.setFixedWidth(PAGE_WIDTH)
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(10)
        column.addStretch(1)
        column.addWidget(self._drop)
        column.addSpacing(14)
        column.addWidget(_caption(tr("Try a sample")))
        column.addWidget(self._samples)
        column.addSpacing(10)
        self._recent_caption = _caption(tr("Recent"))
        column.addWidget(self._recent_caption)
        column.addWidget(self._recent)
        column.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(_scrolled(page))
        # The thumbnails are decoded once the window stands.
        QTimer.singleShot(0, self, self._show_samples)

    @property
    def open_button(self) -> QPushButton:
        """Opens a picture."""
        return self._drop.button

    def show_recent(self, names: Sequence[str]) -> None:
        """List the files opened last that still exist."""
        while (item := self._recent_rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        paths = [path for path in map(Path, names) if path.is_file()][:RECENT_SHOWN]
        for path in paths:
            self._recent_rows.addWidget(self._recent_row(path))
        self._recent_caption.setVisible(bool(paths))
        self._recent.setVisible(bool(paths))

    def show_drag(self, *, hot: bool) -> None:
        """Light up the drop zone while something hangs over it."""
        self._drop.set_hot(hot=hot)

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        self._drop.symbol.setPixmap(icons["faint_picture"].pixmap(44, 44))

    def _show_samples(self) -> None:
        for picture, _ in resources.samples():
            button = QToolButton()
            button.setProperty("role", "card")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            name = picture.stem.replace("_", " ").title()
            button.setText(tr(SAMPLES.get(picture.stem, name)))
            button.setAccessibleName(tr("Open the sample {name}", name=button.text()))
            button.setIcon(QIcon(_thumbnail(picture, self.devicePixelRatioF())))
            button.setIconSize(THUMB)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, path=str(picture): self.picked.emit(path))
            self._sample_row.addWidget(button)

    def _recent_row(self, path: Path) -> QPushButton:
        row = QPushButton(shortened(path.name))
        row.setProperty("role", "link")
        row.setToolTip(str(path))
        row.clicked.connect(lambda _=False: self.picked.emit(str(path)))
        return row


class _DropZone(QFrame):
    """A dashed frame that says what to do."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("drop")
        self.symbol = QLabel()
        self.symbol.setFixedHeight(46)
        self.button = QPushButton(tr("Open a Picture…"))
        self.button.setToolTip(tr("Open a picture (Ctrl+O)"))
        self.button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        hint = QLabel(tr("or drop one here"))
        hint.setProperty("role", "dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 30, 24, 28)
        layout.setSpacing(9)
        for part in (self.symbol, self.button, hint):
            layout.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)

    def set_hot(self, *, hot: bool) -> None:
        self.setProperty("hot", hot)
        self.style().unpolish(self)
        self.style().polish(self)


def _caption(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "dim")
    return label


def _scrolled(page: QWidget) -> QScrollArea:
    """The page in the middle; it scrolls in a low window."""
    area = QScrollArea()
    area.setObjectName("startup-scroll")
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    middle = QWidget()
    row = QHBoxLayout(middle)
    row.setContentsMargins(0, 0, 0, 0)
    row.addStretch(1)
    row.addWidget(page)
    row.addStretch(1)
    area.setWidget(middle)
    return area


def _thumbnail(path: Path, pixel_ratio: float) -> QPixmap:
    """The middle of a sample, cut to the shape of a card."""
    size = THUMB * pixel_ratio
    image = QImage(QImageReader(str(path)).read()).scaled(
        size,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    left, top = (image.width() - size.width()) // 2, (image.height() - size.height()) // 2
    pixmap = QPixmap.fromImage(image.copy(left, top, size.width(), size.height()))
    pixmap.setDevicePixelRatio(pixel_ratio)
    return pixmap
