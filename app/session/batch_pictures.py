"""Small pictures for the Batch dialog: one at a time, and the newest wish wins."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from app.language import tr_later
from app.session.batch_planning import sentence
from app.session.tasks import Tasks
from engine.jobs import Job

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QImage

    from app.session.batch_work import Tint
    from app.settings import Settings
    from engine.batch import BatchConfig, Item

EVERY_S = 2.0
"""Least time between two pictures of a run: whoever looks shall not slow it down."""


class BatchPictures(QObject):
    """Reads pictures in a worker.

    Signals:
        changed: `image` or `problem` is new.
    """

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        """What is shown, or will be."""
        self.image: QImage | None = None
        self.problem = ""
        self._settings = settings
        self._tasks: Tasks | None = None
        self._ticket: int | None = None
        self._number = 0
        self._asked = -EVERY_S

    @property
    def is_reading(self) -> bool:
        """Whether `path` is still being read; `image` is what was shown before."""
        return self._ticket is not None

    def show_item(self, config: BatchConfig, item: Item) -> None:
        """Show a picture of a plan with its mask."""
        from app.session.batch_work import preview

        self._read(
            Job(tr_later("Reading"), partial(preview, config, item, self._tint())), item.image
        )

    def follow(self, config: BatchConfig, item: Item) -> None:
        """Show what is worked on, if it is another one and not too soon."""
        due = time.monotonic() - self._asked >= EVERY_S
        if not self.is_reading and due and item.image != self.path:
            self.show_item(config, item)

    def show_file(self, path: Path) -> None:
        """Show a file as it is."""
        from app.session.batch_work import thumbnail

        self._read(Job(tr_later("Reading"), partial(thumbnail, path)), path)

    def forget(self) -> None:
        """Show nothing."""
        self._cancel()
        self.path, self.image, self.problem = None, None, ""
        self.changed.emit()

    def end(self) -> bool:
        """Whether the thread has ended; the program is about to end."""
        return self._tasks is None or self._tasks.shutdown()

    def _tint(self) -> Tint:
        colour = QColor(self._settings.mask_colour)
        return (colour.red(), colour.green(), colour.blue()), self._settings.mask_opacity

    def _read(self, job: Job[QImage], path: Path) -> None:
        self._cancel()
        if self._tasks is None:
            self._tasks = Tasks(self)
        self.path, self._asked = path, time.monotonic()
        self._ticket = self._tasks.start(
            job,
            partial(self._on_image, self._number),
            failed=partial(self._on_failed, self._number),
        )

    def _cancel(self) -> None:
        self._number += 1
        if self._ticket is not None and self._tasks is not None:
            self._tasks.cancel(self._ticket)
        self._ticket = None

    def _on_image(self, number: int, image: QImage) -> None:
        if number == self._number:
            self._ticket, self.image, self.problem = None, image, ""
            self.changed.emit()

    def _on_failed(self, number: int, error: Exception) -> None:
        if number == self._number:
            self._ticket, self.image, self.problem = None, None, sentence(error)
            self.changed.emit()
