"""What is looked at before a training run begins: the folder of pictures, and masks to look at."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from app.language import tr, tr_later
from app.session.tasks import Tasks
from engine.errors import EngineError
from engine.jobs import Job

if TYPE_CHECKING:
    from pathlib import Path

    from app.session.training_work import Masks
    from engine.scanning import Scan

log = logging.getLogger(__name__)

Coverage = tuple[float, float] | None


class TrainingChecks(QObject):
    """Workers that examine; whoever asked last gets the answer.

    Signals:
        scanned: `scan`, `scan_problem` or `scan_message` is new.
        drawn: `masks` or `masks_problem` is new.
    """

    scanned = Signal()
    drawn = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.scan: Scan | None = None
        """What is in the folder; None while that is not known."""
        self.scan_problem = ""
        self.masks: Masks | None = None
        self.masks_problem = ""
        # Two workers of their own: neither the editor's files nor the masks wait for a long scan.
        self._scanner: Tasks | None = None
        self._drawer: Tasks | None = None
        self._scanning: int | None = None
        self._drawing: int | None = None
        # What ended just before it was cancelled is known by its number.
        self._folders = self._drawings = 0

    # --- pictures ----------------------------------------------------------------------------

    def look_into(self, folder: Path, smallest: int) -> None:
        """Examine every picture of a folder; ends the scan that is going on.

        Args:
            folder: searched with its subfolders.
            smallest: least width and height of a picture that can be used.
        """
        from app.session.training_work import examine

        self.stop_looking()
        if self._scanner is None:
            self._scanner = Tasks(self)
            self._scanner.changed.connect(self.scanned)
        self._scanning = self._scanner.start(
            Job(tr_later("Looking at the pictures"), partial(examine, folder, smallest)),
            partial(self._on_scan, self._folders),
            failed=partial(self._on_no_scan, self._folders),
        )

    def stop_looking(self) -> None:
        """Forget what is in the folder, and look no further."""
        if self._scanning is not None and self._scanner is not None:
            self._scanner.cancel(self._scanning)
        self._scanning = None
        self._folders += 1
        self.scan, self.scan_problem = None, ""
        self.scanned.emit()

    @property
    def scan_message(self) -> str:
        """How far the scan is; empty if there is none."""
        if self._scanning is None or self._scanner is None:
            return ""
        activity = self._scanner.activity_of(self._scanning)
        return activity.text if activity is not None else ""

    def _on_scan(self, number: int, scan: Scan) -> None:
        if number == self._folders:
            self._scanning, self.scan = None, scan
            self.scanned.emit()

    def _on_no_scan(self, number: int, error: Exception) -> None:
        if number == self._folders:
            self._scanning, self.scan_problem = None, _sentence(error)
            self.scanned.emit()

    # --- masks -------------------------------------------------------------------------------

    def draw_masks(self, kind: str, coverage: Coverage, size: int, seed: int) -> None:
        """Draw a few masks of a kind, or from a folder; see `training_work.draw_masks`."""
        from app.session.training_work import draw_masks

        if self._drawer is None:
            self._drawer = Tasks(self)
        if self._drawing is not None:
            self._drawer.cancel(self._drawing)
        self._drawings += 1
        self._drawing = self._drawer.start(
            Job(tr_later("Drawing masks"), partial(draw_masks, kind, coverage, size, seed)),
            partial(self._on_masks, self._drawings),
            failed=partial(self._on_no_masks, self._drawings),
        )

    def _on_masks(self, number: int, masks: Masks) -> None:
        if number == self._drawings:
            self._drawing, self.masks, self.masks_problem = None, masks, ""
            self.drawn.emit()

    def _on_no_masks(self, number: int, error: Exception) -> None:
        if number == self._drawings:
            self._drawing, self.masks, self.masks_problem = None, None, _sentence(error)
            self.drawn.emit()

    # --- the end -----------------------------------------------------------------------------

    @Slot()
    def stop(self) -> None:
        """Nobody looks any more."""
        self.stop_looking()
        if self._drawing is not None and self._drawer is not None:
            self._drawer.cancel(self._drawing)

    def end(self) -> bool:
        """Whether all threads have ended; the program is about to end."""
        workers = [tasks for tasks in (self._scanner, self._drawer) if tasks is not None]
        ends = [tasks.shutdown() for tasks in workers]
        return all(ends)


def _sentence(error: Exception) -> str:
    if isinstance(error, EngineError):
        return str(error)
    log.warning("a check failed: %s", error)
    return tr("That was stopped by a fault of the program: {error}", error=error)
