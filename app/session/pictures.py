"""The pictures that are open: one is shown, the others wait in memory or on disk."""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.language import tr, tr_later
from app.session.open_picture import OpenPicture
from app.session.results import Shelf
from app.session.tasks import Tasks
from engine.jobs import CancelToken, Job, Progress, Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from app.document import Document
    from app.document.resting import Contents
    from app.session.results import Result
    from app.session.session import Session
    from engine.filling import Patch

SETTLE_MS = 700
"""Strokes follow each other quickly; memory is counted when the hand rests."""

_order = itertools.count(1)


class Pictures(QObject):
    """The strip: in the order in which they came.

    What is beyond the memory for open pictures is laid down on disk, those first that were shown
    longest ago; one that nobody has touched is simply read again.

    Signals:
        changed: pictures came or went, another one is shown, or one has another name or mark.
        edited: a document was edited, undone, or saved.
        closed: a document is not open any more.
    """

    changed = Signal()
    edited = Signal(object)
    closed = Signal(object)

    def __init__(self, session: Session, folder: Path) -> None:
        super().__init__(session)
        self.tasks = Tasks(self)
        self.current: OpenPicture | None = None
        self._session = session
        self._folder = folder
        self._open: list[OpenPicture] = []
        self._wanted: OpenPicture | None = None
        self._then: tuple[OpenPicture, Callable[[], None]] | None = None
        self._laying_down = False
        self._listeners: dict[Document, Callable[[], None]] = {}
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLE_MS)
        self._settling.timeout.connect(self.keep_budget)

    def __iter__(self) -> Iterator[OpenPicture]:
        return iter(self._open)

    def __len__(self) -> int:
        return len(self._open)

    @property
    def aim(self) -> OpenPicture | None:
        """The one that is shown, or will be as soon as it is read."""
        return self._wanted or self.current

    @property
    def unsaved(self) -> list[OpenPicture]:
        return [picture for picture in self._open if picture.is_unsaved]

    def of(self, document: Document) -> OpenPicture | None:
        return next((one for one in self._open if one.document is document), None)

    def find(self, path: Path) -> OpenPicture | None:
        """The picture of a file, if it is open."""
        return next((one for one in self._open if one.file == path), None)

    # --- coming and going --------------------------------------------------------------------

    def add(self, document: Document) -> OpenPicture:
        """Open one more, and show it."""
        picture = self._new(document.path)
        self._open.append(picture)
        self._give(picture, document)
        self._put_up(picture)
        return picture

    def queue(self, paths: Iterable[Path]) -> None:
        """Open files that are read when they are shown."""
        self._open += [self._new(path) for path in paths if self.find(path) is None]
        self.changed.emit()

    def put(self, document: Document, place: OpenPicture | None) -> OpenPicture | None:
        """A file has been read, for the first time or again; it is shown if it is still wanted.

        Args:
            document: what was read.
            place: where it belongs in the strip; None = behind all others.

        Returns:
            Its place; None if that was closed meanwhile.
        """
        if place is None:
            return self.add(document)
        if place not in self._open:
            document.close()
            return None
        self._fill(place, document)
        return place

    def _fill(self, picture: OpenPicture, document: Document) -> None:
        former = picture.document
        picture.shelf, picture.states = self._new(None).shelf, {}
        picture.may_overwrite = picture.project = None
        self._give(picture, document)
        if picture is self.aim or picture is self.current or self.current is None:
            self._put_up(picture)
        if former is not None:
            self._drop(former)
        self.changed.emit()

    def close(self, picture: OpenPicture) -> None:
        """Give up a picture with all that belongs to it, and show its neighbour."""
        place = self._open.index(picture)
        self._open.remove(picture)
        if picture is self._wanted:
            self._wanted = None
        if picture is self.current:
            self.current = None
            left = self._open[place : place + 1] or self._open[place - 1 : place]
            if not left or not left[0].is_awake:
                self._session.show_document(None)
            if left:
                self.show(left[0])
        self._take(picture)
        self.changed.emit()

    def end(self) -> bool:
        """Close all; the program is about to end. False if the thread still runs."""
        self._settling.stop()
        has_ended = self.tasks.shutdown()
        for picture in self._open:
            if picture.document is not None:
                picture.document.close()
        return has_ended

    # --- showing -----------------------------------------------------------------------------

    def show(self, picture: OpenPicture) -> None:
        """Show a picture; one that is not in memory as soon as it has been read."""
        document = picture.document
        self._wanted = picture
        if document is None:
            self._session.files.fetch(picture)
        elif document.is_resting:
            title = tr_later("Fetching {name}").format(name=picture.name)
            self.tasks.start(
                Job(title, partial(_up, document.contents())),
                partial(self._on_awake, picture, document),
                failed=partial(self._on_asleep, picture),
                quiet_s=0.3,
                can_cancel=False,
            )
        else:
            self._put_up(picture)
        self.changed.emit()

    def step(self, step: int) -> None:
        """Show the picture so many places further; after the last comes the first."""
        if self.aim is not None:
            place = self._open.index(self.aim) + step
            self.show(self._open[place % len(self._open)])

    def when_shown(self, picture: OpenPicture, then: Callable[[], None]) -> None:
        """Do something as soon as a picture is shown; never, if something else is shown first."""
        if picture is self.current:
            then()
        else:
            self._then = (picture, then)

    def give_up(self, picture: OpenPicture | None) -> None:
        """The picture cannot be read: another one is shown, if none is."""
        if picture is self._wanted:
            self._wanted = None
        if picture in self._open and picture.document is None:
            self._open.remove(picture)
        if self.current is None and self._open:
            self.show(self._open[-1])
        self.changed.emit()

    def _put_up(self, picture: OpenPicture) -> None:
        self._wanted = None
        if picture.document is not self._session.document:
            self.current = picture
            self._session.show_document(picture.document)
        picture.seen = next(_order)
        self.changed.emit()
        self._settling.start()
        expected, self._then = self._then, None
        if expected is not None and expected[0] is picture:
            expected[1]()

    def _on_awake(self, picture: OpenPicture, document: Document, contents: Contents) -> None:
        if picture.document is document and document.exchange(contents) and picture is self._wanted:
            self._put_up(picture)

    def _on_asleep(self, picture: OpenPicture, error: Exception) -> None:
        if picture is self._wanted:
            self._wanted = None
        self._session.fail(
            tr("“{name}” cannot be fetched from disk: {error}.", name=picture.name, error=error)
        )
        self.changed.emit()

    # --- memory ------------------------------------------------------------------------------

    @Slot()
    def keep_budget(self) -> None:
        """Lay down what is beyond the memory for open pictures, one after another."""
        if self._laying_down:
            return
        excess = sum(one.nbytes for one in self._open) - self._session.settings.pictures_mb * 10**6
        for picture in sorted(self._open, key=lambda one: one.seen):
            if excess <= 0:
                return
            document = picture.document
            if document is None or not picture.is_awake or self._is_needed(picture, document):
                continue
            if self._is_untouched(picture, document):
                excess -= picture.nbytes
                picture.path = document.path
                self._take(picture)
            else:
                self._lay_down(picture, document)
                return

    def _is_needed(self, picture: OpenPicture, document: Document) -> bool:
        return (
            picture is self.current
            or picture is self._wanted
            or document.is_editing
            or self._session.runs.works_on(document)
        )

    def _is_untouched(self, picture: OpenPicture, document: Document) -> bool:
        """Whether the file says all there is to say."""
        from engine.pictures import changed_on_disk

        worked_on = (
            picture.project
            or document.dirty
            or document.can_undo
            or document.can_redo
            or len(picture.shelf)
        )
        return not worked_on and document.path is not None and not changed_on_disk(document.picture)

    def _lay_down(self, picture: OpenPicture, document: Document) -> None:
        self._laying_down = True
        patches = {result: result.result.patches for result in picture.shelf}
        work = partial(_down, document.contents(), patches, self._folder)
        self.tasks.start(
            Job(tr_later("Laying down"), work),
            partial(self._on_laid_down, picture, document),
            failed=self._on_refused,
            quiet_s=math.inf,
        )

    def _on_laid_down(
        self,
        picture: OpenPicture,
        document: Document,
        laid: tuple[Contents, dict[Result, tuple[Patch, ...]]],
    ) -> None:
        self._laying_down = False
        contents, patches = laid
        if picture.document is document and not self._is_needed(picture, document):
            document.exchange(contents)
            for result, own in patches.items():
                result.use_patches(own)
        self._settling.start()

    def _on_refused(self, error: Exception) -> None:
        # `_laying_down` stays: what the disk has refused once it would refuse at every stroke.
        self._session.warn(
            tr(
                "Open pictures stay in memory, because they cannot be put on disk: {error}. Close "
                "some if memory runs out.",
                error=error,
            )
        )

    # --- documents ---------------------------------------------------------------------------

    def _new(self, path: Path | None) -> OpenPicture:
        return OpenPicture(path, Shelf(self._session.settings.results_mb * 1_000_000))

    def _give(self, picture: OpenPicture, document: Document) -> None:
        picture.document = document
        listener = self._listeners[document] = partial(self._on_history, document)
        document.on_history.append(listener)

    def _take(self, picture: OpenPicture) -> None:
        """Close the document of a picture, if it has one."""
        document, picture.document = picture.document, None
        if document is not None:
            self._drop(document)

    def _drop(self, document: Document) -> None:
        if self._session.runs.works_on(document):
            self._session.runs.cancel()
        document.on_history.remove(self._listeners.pop(document))
        self.closed.emit(document)
        document.close()

    def _on_history(self, document: Document) -> None:
        self._settling.start()
        self.edited.emit(document)
        self.changed.emit()


def _up(contents: Contents, _: CancelToken) -> Steps[Contents]:
    yield Progress(0, 1, "")
    return contents.picked_up()


def _down(
    contents: Contents, patches: dict[Result, tuple[Patch, ...]], folder: Path, _: CancelToken
) -> Steps[tuple[Contents, dict[Result, tuple[Patch, ...]]]]:
    from app.document.resting import laid_down

    yield Progress(0, 1, "")
    laid = {result: laid_down(own, folder) for result, own in patches.items()}
    return contents.laid_down(folder), laid
