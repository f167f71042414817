"""One quiet word in the status bar: how far the training is; a press shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QToolButton

from app.language import tr

if TYPE_CHECKING:
    from app.session.session import Session


class TrainingButton(QToolButton):
    """There while a run goes on."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._training = session.training
        self.setAccessibleName(tr("Training"))
        self.setToolTip(tr("Show the training"))
        self.clicked.connect(self._training.wanted)
        self._training.moved.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        training = self._training
        self.setVisible(training.is_on)
        if training.is_on:
            verb = tr("Training") if training.state == "running" else tr("Training stops")
            parts = (training.course.place, training.course.left)
            place = ", ".join(filter(None, parts))
            self.setText(tr("{verb}: {place}", verb=verb, place=place))
