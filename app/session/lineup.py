"""All usable backends on one mask, one after the other, to look at side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from app.language import tr, tr_later
from app.session.runs import NOTHING_MASKED
from app.session.tasks import details_of
from engine.errors import EngineError
from engine.jobs import CancelToken, Job, Progress, Steps

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from app.document import Document
    from app.session.open_picture import OpenPicture
    from app.session.results import Result
    from app.session.session import Session
    from engine.backend import BackendSpec
    from engine.disagreement import Levels
    from engine.pipeline import InpaintRequest, InpaintResult

    Picture: TypeAlias = npt.NDArray[np.uint8]

State: TypeAlias = Literal["waiting", "running", "done", "failed", "stopped"]


@dataclass(slots=True)
class Entry:
    """One backend and what has become of it.

    Attributes:
        request: what it is asked.
        picture: (h, w, 3) uint8 RGB of the filled place, all entries at the same scale.
        result: on the shelf.
        error: why there is none, as a sentence.
    """

    spec: BackendSpec
    request: InpaintRequest
    state: State = "waiting"
    picture: Picture | None = None
    result: Result | None = None
    error: str = ""


class Lineup(QObject):
    """One comparison at a time. Its runs stand in the queue like any other; results are kept.

    Signals:
        wanted: somebody wants to see it.
        changed: an entry has another state, or the disagreement is known.

    Attributes:
        entries: in the order of the menus.
        disagreement: of the fills so far, at the scale of their pictures; None before two are done.
    """

    wanted = Signal()
    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.entries: list[Entry] = []
        self.disagreement: Levels | None = None
        self._picture: OpenPicture | None = None
        self._document: Document | None = None
        session.pictures.closed.connect(self._on_closed)

    @property
    def is_running(self) -> bool:
        return any(entry.state in ("waiting", "running") for entry in self.entries)

    def compare(self) -> None:
        """Fill the mask with every backend that can; the picture stays as it is."""
        from app.session.snapshot import snapshot

        session, document = self._session, self._session.document
        if self.is_running:
            self.wanted.emit()
            return
        if document is None or document.is_editing or session.runs.is_running:
            return
        session.runs.peek(None)
        specs = session.models.usable
        base = snapshot(
            document,
            specs[0].id,
            {},
            session.seed,
            detail=session.settings.detail,
            blend=session.blend,
            trace=session.inspector.is_on,
            others=specs,
        )
        if base is None:
            session.say(tr(NOTHING_MASKED))
            return
        session.noticed.emit(None)
        self._picture, self._document = session.pictures.current, document
        self.disagreement = None
        self.entries = [
            Entry(
                spec,
                replace(
                    base,
                    backend=spec.id,
                    options=dict(session.options_of(spec)),
                    keypoints=session.keypoints.of(spec),
                ),
            )
            for spec in specs
        ]
        self._next()
        self.changed.emit()
        self.wanted.emit()

    def apply(self, entry: Entry) -> None:
        """Put the fill of an entry into its picture, as one undo step, and show that."""
        session, picture = self._session, self._picture
        if entry.result is None or picture is None:
            return
        if picture is not session.pictures.current:
            session.pictures.show(picture)
        session.pictures.when_shown(picture, partial(session.runs.apply, entry.result))

    def cancel(self) -> None:
        """Stop the run and those that wait; what is done stays."""
        if self.is_running:
            self._session.runs.cancel()

    # --- one after the other -----------------------------------------------------------------

    def _next(self) -> None:
        entry = next((each for each in self.entries if each.state == "waiting"), None)
        if entry is not None and self._document is not None:
            entry.state = "running"
            number, count = self.entries.index(entry) + 1, len(self.entries)
            title = tr_later("Comparing {number} of {count}").format(number=number, count=count)
            self._session.runs.launch(
                self._document,
                Job(title, partial(_fill, entry.request)),
                partial(self._on_done, entry),
                failed=partial(self._on_failed, entry),
                stopped=partial(self._on_stopped, entry),
            )
        else:
            self._measure()

    def _on_done(self, entry: Entry, outcome: tuple[InpaintResult, Picture, Picture]) -> None:
        picture = self._picture
        if picture is None:
            return
        made, thumb, entry.picture = outcome
        entry.state = "done"
        self._next()  # before anybody hears of the result and could begin a run of his own
        traced = entry.request.trace
        entry.result = self._session.runs.shelve(picture, made, thumb, is_traced=traced)
        self.changed.emit()

    def _on_failed(self, entry: Entry, error: Exception) -> None:
        entry.state = "failed"
        entry.error = str(error)
        if not isinstance(error, EngineError):
            text = tr("Inpainting stopped by a fault of the program: {error}", error=error)
            entry.error = text
            self._session.fail(text, details_of(error))
        self._next()
        self.changed.emit()

    def _on_stopped(self, entry: Entry) -> None:
        for each in (entry, *self.entries):
            if each.state in ("waiting", "running"):
                each.state = "stopped"
        self._measure()
        self.changed.emit()

    # --- what they have in common ------------------------------------------------------------

    def _measure(self) -> None:
        pictures = [entry.picture for entry in self.entries if entry.picture is not None]
        if len(pictures) > 1:
            job = Job(tr_later("Comparing the fills"), partial(_disagreement, pictures))
            done = partial(self._on_measured, self.entries)
            self._session.runs.tasks.start(job, done, failed=self._on_unmeasured)

    def _on_measured(self, entries: list[Entry], disagreement: Levels) -> None:
        if entries is self.entries:
            self.disagreement = disagreement
            self.changed.emit()

    def _on_unmeasured(self, error: Exception) -> None:
        self._session.fail(str(error), details_of(error))

    @Slot(object)
    def _on_closed(self, document: Document) -> None:
        """A picture is closed, and with it its run; what was compared there is over."""
        if document is self._document:
            self.entries = []
            self.disagreement = self._document = self._picture = None
            self.changed.emit()


def _fill(
    request: InpaintRequest, token: CancelToken
) -> Steps[tuple[InpaintResult, Picture, Picture]]:
    from app.session.snapshot import close_up, thumbnail
    from engine.pipeline import inpaint

    result = yield from inpaint(request, token)
    return result, thumbnail(request, result), close_up(request, result)


def _disagreement(pictures: list[Picture], token: CancelToken) -> Steps[Levels]:
    from engine.disagreement import spread

    token.check()
    yield Progress(0, 1, "")
    return spread(pictures)
