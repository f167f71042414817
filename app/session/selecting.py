"""Searches of tools and panels in a worker: the newest counts, and nothing is asked twice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from app.language import tr, tr_later
from app.session.tasks import Tasks, details_of
from engine.jobs import Job

if TYPE_CHECKING:
    from app.document import Document, Layer
    from app.document.areas import Area
    from app.session.session import Session
    from app.tools.search import Search
    from engine.types import Box

QUIET_S = 0.4
"""A search that takes no longer is not worth a progress bar."""


class Selecting(QObject):
    """Answers one search at a time, those of different steps in their order.

    Of those of one step only the newest waits; the one under way is not stopped for it, so that a
    slider that is dragged shows what it passes. The worker reads the picture without a copy; should
    that change meanwhile, what was found is thrown away and looked for again.

    Signals:
        settled: there is nothing left to find or to write.
    """

    settled = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.tasks = Tasks(self)
        self._document: Document | None = None
        self._wanted: list[Search] = []
        self._running: Search | None = None
        self._ticket = 0
        self._found: tuple[Search, Area] | None = None
        self._is_outdated = False
        self._is_settled = True
        session.document_changed.connect(self._follow)
        session.history_changed.connect(self._write)

    @property
    def is_busy(self) -> bool:
        return self._running is not None or bool(self._wanted) or self._found is not None

    def search(self, search: Search) -> None:
        """Find an area in the worker and let it change the mask."""
        self._is_settled = False
        self._wanted = [other for other in self._wanted if other.step is not search.step]
        self._wanted.append(search)
        if self._running is None:
            self._start()

    def cancel(self) -> bool:
        """Give up what is looked for, and take back its step; False if nothing is."""
        if not self.is_busy:
            return False
        given_up = [*self._wanted, *([self._found[0]] if self._found is not None else [])]
        self._wanted, self._found = [], None
        if self._running is not None:
            given_up.append(self._running)
            self.tasks.cancel(self._ticket)
        for search in given_up:
            search.step.discard()
        return True

    def _start(self) -> None:
        """Look for what is wanted next, if anything is."""
        self._running = None
        if self._found is not None or not self._wanted:
            self._settle()
            return
        search = self._running = self._wanted.pop(0)
        self._is_outdated = False
        self._ticket = self.tasks.start(
            Job(tr_later("Selecting"), partial(search.find, search.step.document.image)),
            partial(self._on_found, search),
            failed=self._on_failed,
            stopped=self._start,
            quiet_s=QUIET_S,
        )

    def _on_found(self, search: Search, area: Area) -> None:
        self._running = None
        if self._is_outdated:
            self._wanted.insert(0, search)
        else:
            self._found = (search, area)
            self._write()
        if self._running is None:
            self._start()

    def _on_failed(self, error: Exception) -> None:
        self._session.fail(
            tr("The area could not be selected: {error}", error=error), details_of(error)
        )
        self._start()

    @Slot()
    def _write(self) -> None:
        """Write what was found, now or when the stroke that is being drawn has ended."""
        if self._found is None or self._found[0].step.document.is_editing:
            return
        (search, area), self._found = self._found, None
        search.write(area)
        if self._running is None:
            self._start()

    def _settle(self) -> None:
        if not self._is_settled and not self.is_busy:
            self._is_settled = True
            self.settled.emit()

    @Slot()
    def _follow(self) -> None:
        """Nothing is to be found in a picture that is not open any more."""
        if self._document is not None:
            self._document.on_pixels.remove(self._on_pixels)
        self.cancel()
        self._document = self._session.document
        if self._document is not None:
            self._document.on_pixels.append(self._on_pixels)

    def _on_pixels(self, layer: Layer, _: Box) -> None:
        if layer == "image":
            self._is_outdated = True
