"""The open pictures below the canvas; there is nothing to see while it is only one."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QIcon, QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QWidget,
)

from app.language import tr, tr_later
from app.session.qimages import qimage
from app.session.tasks import Tasks
from engine.jobs import Job

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from app.document import Document
    from app.session.open_picture import OpenPicture
    from app.session.session import Session

THUMB = QSize(72, 48)
CELL = QSize(124, 74)
LOOK_AGAIN_MS = 400


class PictureStrip(QListWidget):
    """One cell for each picture: small, with its name and a mark while it is unsaved.

    A click shows it, the middle button closes it. What has not been read yet is read small by a
    worker of its own, so that whoever pages through is not kept waiting by it.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._tasks = Tasks(self)
        self._is_reading = False
        self._cells: dict[OpenPicture, QListWidgetItem] = {}
        self._looks: dict[OpenPicture, tuple[Document | None, int]] = {}
        self._looking = QTimer(self)
        self._looking.setSingleShot(True)
        self._looking.setInterval(LOOK_AGAIN_MS)
        self._looking.timeout.connect(self._look)
        self.setObjectName("pictures")
        self.setAccessibleName(tr("Open pictures"))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setWrapping(False)
        self.setIconSize(THUMB)
        self.setGridSize(CELL)
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(CELL.height() + 14)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.currentItemChanged.connect(self._show_picture)
        session.pictures.changed.connect(self._refresh)
        self._refresh()

    def end(self) -> bool:
        """Whether the thread has ended; the program is about to end."""
        return self._tasks.shutdown()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        item = self.itemAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and item is not None:
            self._close(self._picture(item))
        elif event.button() == Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)

    @Slot()
    def _refresh(self) -> None:
        """Follow the pictures: which there are, what they are called, which one is shown."""
        pictures = self._session.pictures
        with QSignalBlocker(self):
            for gone in set(self._cells) - set(pictures):
                self.takeItem(self.row(self._cells.pop(gone)))
                self._looks.pop(gone, None)
            for place, picture in enumerate(pictures):
                if picture not in self._cells:
                    item = self._cells[picture] = QListWidgetItem()
                    item.setSizeHint(CELL - QSize(6, 4))
                    item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
                    item.setIcon(_blank(self.devicePixelRatioF()))
                    self.insertItem(place, item)
                self._name(self._cells[picture], picture)
            aim = pictures.aim
            if aim is not None:
                self.setCurrentItem(self._cells[aim])
        self.setVisible(len(pictures) > 1)
        self._looking.start()

    def _name(self, item: QListWidgetItem, picture: OpenPicture) -> None:
        name, file = picture.name, picture.file
        text = f"• {name}" if picture.is_unsaved else name
        if item.text() != text:
            item.setText(text)
            told = tr("{name}, not saved", name=name) if picture.is_unsaved else name
            item.setData(Qt.ItemDataRole.AccessibleTextRole, told)
        item.setToolTip(str(file) if file is not None else name)

    @Slot()
    def _look(self) -> None:
        """Bring the small pictures up to date, one of those on disk at a time."""
        for picture, item in self._cells.items():
            document = picture.document
            if document is not None and not document.is_resting and not document.is_editing:
                look = (document, document.image_state)
                if self._looks.get(picture) != look:
                    self._looks[picture] = look
                    item.setIcon(_icon(_reduced(document), self.devicePixelRatioF()))
        unread = [one for one in self._cells if one.document is None and one not in self._looks]
        if unread and not self._is_reading and unread[0].path is not None:
            from app.session.batch_work import thumbnail

            self._is_reading = True
            self._looks[unread[0]] = (None, 0)
            self._tasks.start(
                Job(tr_later("Reading"), partial(thumbnail, unread[0].path)),
                partial(self._on_read, unread[0]),
                failed=self._on_unread,
            )

    def _on_read(self, picture: OpenPicture, image: QImage) -> None:
        item = self._cells.get(picture)
        if item is not None and self._looks.get(picture) == (None, 0):
            item.setIcon(_icon(image, self.devicePixelRatioF()))
        self._on_unread()

    def _on_unread(self, _: Exception | None = None) -> None:
        # Why a file cannot be read is said when somebody wants to see it.
        self._is_reading = False
        self._look()

    @Slot(QListWidgetItem)
    def _show_picture(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self._session.pictures.show(self._picture(item))

    @Slot(QPoint)
    def _show_menu(self, at: QPoint) -> None:
        item = self.itemAt(at)
        if item is not None:
            menu = QMenu(self)
            menu.addAction(tr("Close Picture"), partial(self._close, self._picture(item)))
            menu.exec(self.mapToGlobal(at))

    def _close(self, picture: OpenPicture) -> None:
        """Close it; one that is unsaved is shown first, because its question is about it."""
        pictures = self._session.pictures
        if picture.is_unsaved:
            pictures.show(picture)
            pictures.when_shown(picture, self._session.files.close)
        else:
            pictures.close(picture)

    def _picture(self, item: QListWidgetItem) -> OpenPicture:
        return next(picture for picture, own in self._cells.items() if own is item)


def _reduced(document: Document) -> QImage:
    """Every n-th pixel: enough for a cell, and quick at a hundred megapixels."""
    step = max(1, math.floor(max(document.width, document.height) / (4 * THUMB.width())))
    return qimage(document.image[::step, ::step])


def _icon(image: QImage, ratio: float) -> QIcon:
    pixmap = QPixmap.fromImage(
        image.scaled(
            THUMB * ratio,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    )
    pixmap.setDevicePixelRatio(ratio)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


def _blank(ratio: float) -> QIcon:
    """Room for a picture that is still to come."""
    pixmap = QPixmap(THUMB * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    pixmap.setDevicePixelRatio(ratio)
    return QIcon(pixmap)
