"""Pictures to and from the system's clipboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.language import tr

if TYPE_CHECKING:
    from app.session.session import Session


class Clipboard(QObject):
    """Copy and paste of whole pictures."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def copy(self) -> None:
        """Hand the picture as it is now to other programs, at 8 bits per channel."""
        from app.session.qimages import qimage

        document = self._session.document
        if document is not None:
            QGuiApplication.clipboard().setImage(qimage(document.image))
            self._session.say(tr("The picture is on the clipboard."))

    def paste(self) -> None:
        """Open what is on the clipboard: files that were copied, or a picture without a name."""
        from app.session.qimages import pixels_of
        from engine.pictures import Picture, Source

        data = QGuiApplication.clipboard().mimeData()
        urls = data.urls() if data is not None else []  # None: nothing was ever copied
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        image = QGuiApplication.clipboard().image()
        if paths:
            self._session.files.open_all(paths)
        elif image.isNull():
            self._session.say(tr("There is no picture on the clipboard."))
        else:
            self._session.files.show_new(Picture(pixels_of(image), Source(format="PNG")))
