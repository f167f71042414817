"""One quiet word in the status bar: how far the folder is; a press shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QToolButton

from app.language import tr
from app.session.batch_words import LOOKING, standing

if TYPE_CHECKING:
    from app.session.session import Session


class BatchButton(QToolButton):
    """There while a run goes on."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._course = session.batch.course
        self._text = ""
        self.setAccessibleName(tr("Inpaint Folder"))
        self.setToolTip(tr("Show the folder that is being filled"))
        self.clicked.connect(session.batch.wanted)
        self._course.changed.connect(self._show)
        self._course.moved.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        course = self._course
        self.setVisible(course.is_on)
        progress = course.progress
        text = standing(progress) if progress is not None else ""
        text = tr(LOOKING) if course.state == "preparing" else text
        if text != self._text:
            self._text = text
            self.setText(text)
