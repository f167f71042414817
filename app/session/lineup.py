"""Several fills of one mask, one after the other, to look at together: by backend or by seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from app.language import told, tr, tr_later
from app.session.notices import Notice
from app.session.results import Place
from app.session.runs import NOTHING_MASKED
from app.session.tasks import details_of
from engine.backend import LARGEST_SEED
from engine.errors import EngineError
from engine.jobs import CancelToken, Job, Progress, Steps
from engine.registry import AUTO, get

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from app.document import Document
    from app.session.open_picture import OpenPicture
    from app.session.results import Result
    from app.session.session import Session
    from engine.backend import BackendSpec, Options
    from engine.disagreement import Levels
    from engine.pipeline import InpaintRequest, InpaintResult
    from engine.score import Score

    Picture: TypeAlias = npt.NDArray[np.uint8]

COMPARING = tr_later("Comparing {number} of {count}")
VARYING = tr_later("Variation {number} of {count}")

State: TypeAlias = Literal["waiting", "running", "done", "failed", "stopped"]


@dataclass(slots=True)
class Entry:
    """One fill and what has become of it.

    Attributes:
        title: what tells it from the others.
        request: what it is asked.
        picture: (h, w, 3) uint8 RGB of the filled place, all entries at the same scale.
        result: on the shelf.
        error: why there is none, as a sentence.
        score: how well it fits.
    """

    spec: BackendSpec
    request: InpaintRequest
    title: str
    state: State = "waiting"
    picture: Picture | None = None
    result: Result | None = None
    error: str = ""
    score: Score | None = None


class Lineup(QObject):
    """One comparison at a time. Its runs stand in the queue like any other; results are kept.

    Signals:
        wanted: somebody wants to see it.
        changed: an entry has another state, or the disagreement is known.

    Attributes:
        entries: in the order of the menus.
        disagreement: of the fills so far, at the scale of their pictures; None before two are done.
        are_variations: the fills are of one backend and differ by their seeds.
    """

    wanted = Signal()
    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.entries: list[Entry] = []
        self.disagreement: Levels | None = None
        self.are_variations = False
        self._picture: OpenPicture | None = None
        self._document: Document | None = None
        session.pictures.closed.connect(self._on_closed)

    @property
    def is_running(self) -> bool:
        return any(entry.state in ("waiting", "running") for entry in self.entries)

    def compare(self) -> None:
        """Fill the mask with every backend that can; the picture stays as it is."""
        session, specs = self._session, self._session.models.usable
        base = self._base(specs)
        if base is not None:
            entries = [
                self._entry(base, spec, session.seed, session.options_of(spec), told(spec.label))
                for spec in specs
            ]
            self._begin(entries, are_variations=False)

    def vary(self) -> None:
        """Fill the mask several times with the chosen backend, from the present seed onward."""
        session, spec = self._session, self._session.backend
        base = self._base((spec,))
        if base is None:
            return
        if not _is_drawn(base, spec):
            session.noticed.emit(self._only_one(spec))
            return
        count = session.questions.variations(self._usual_seconds(spec))
        if count is None:
            return
        options = {**session.options_of(spec), **(spec.drawn or {})}
        first = min(session.seed, LARGEST_SEED - count + 1)
        entries = [
            self._entry(
                base,
                spec,
                seed,
                options,
                tr("Seed {seed}", seed=seed),
            )
            for seed in range(first, first + count)
        ]
        self._begin(entries, are_variations=True)

    def _base(self, specs: tuple[BackendSpec, ...]) -> InpaintRequest | None:
        """What all fills are asked, as far as they have it in common; None if none may begin."""
        from app.session.snapshot import snapshot

        session, document = self._session, self._session.document
        if self.is_running:
            self.wanted.emit()
            return None
        if document is None or document.is_editing or session.runs.is_running:
            return None
        session.runs.peek(None)
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
        return base

    def _entry(
        self, base: InpaintRequest, spec: BackendSpec, seed: int, options: Options, title: str
    ) -> Entry:
        points = self._session.keypoints.of(spec)
        options = {} if spec.id == AUTO else dict(options)
        request = replace(base, backend=spec.id, options=options, seed=seed, keypoints=points)
        return Entry(spec, request, title)

    def _begin(self, entries: list[Entry], *, are_variations: bool) -> None:
        session = self._session
        session.noticed.emit(None)
        self._picture, self._document = session.pictures.current, session.document
        self.disagreement = None
        self.entries, self.are_variations = entries, are_variations
        self._next()
        self.changed.emit()
        self.wanted.emit()

    def _only_one(self, spec: BackendSpec) -> Notice:
        """Why there are no variations, and what there is instead."""
        text = tr(
            "{label} fills this mask in one way only, whatever the seed; other backends fill it "
            "in other ways.",
            label=told(spec.label),
        )
        return Notice(text, actions=((tr("Compare Backends…"), self.compare),), lasts=True)

    def _usual_seconds(self, spec: BackendSpec) -> float | None:
        """How long the last fill of this picture by a backend took; None if there is none."""
        results = reversed(list(self._session.runs.shelf))
        mine = (each for each in results if spec.id in (each.result.backend, AUTO))
        last = next(mine, None)
        return None if last is None else last.result.seconds.inpaint

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
            words = VARYING if self.are_variations else COMPARING
            title = words.format(number=number, count=count)
            self._session.runs.launch(
                self._document,
                Job(title, partial(_fill, entry.request)),
                partial(self._on_done, entry),
                failed=partial(self._on_failed, entry),
                stopped=partial(self._on_stopped, entry),
            )
        else:
            self._measure()

    def _on_done(
        self, entry: Entry, outcome: tuple[InpaintResult, Picture, Picture, Score]
    ) -> None:
        picture = self._picture
        if picture is None:
            return
        made, thumb, entry.picture, entry.score = outcome
        entry.state = "done"
        self._next()  # before anybody hears of the result and could begin a run of his own
        traced = entry.request.trace
        entry.result = self._session.runs.shelve(picture, made, thumb, is_traced=traced)
        self._rank()
        self.changed.emit()

    def _on_failed(self, entry: Entry, error: Exception) -> None:
        entry.state = "failed"
        entry.error = str(error)
        if not isinstance(error, EngineError):
            text = tr("Inpainting stopped by a fault of the program: {error}", error=error)
            entry.error = text
            self._session.fail(text, details_of(error))
        self._next()
        self._rank()
        self.changed.emit()

    def _on_stopped(self, entry: Entry) -> None:
        for each in (entry, *self.entries):
            if each.state in ("waiting", "running"):
                each.state = "stopped"
        self._rank()
        self._measure()
        self.changed.emit()

    def _rank(self) -> None:
        """Order the variations on the shelf by their scores, as soon as all have come."""
        if self.is_running or not self.are_variations or self._picture is None:
            return
        scored = [(each.score, each.result) for each in self.entries if each.score is not None]
        found = [(score, result) for score, result in scored if result is not None]
        found.sort(key=lambda pair: pair[0].total)
        for number, (score, result) in enumerate(found, 1):
            result.place = Place(number, len(found), score)
        self._picture.shelf.rank([result for _, result in found])
        self._session.runs.results_changed.emit()

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


def _is_drawn(base: InpaintRequest, spec: BackendSpec) -> bool:
    """Whether another seed gives another fill."""
    from engine import auto

    if spec.id == AUTO:
        spec = get(auto.choose(base.hole, base.forbidden).backend)
    is_detailed = bool(spec.network) and base.detail
    return spec.drawn is not None or is_detailed or "grain" in base.blend


def _fill(
    request: InpaintRequest, token: CancelToken
) -> Steps[tuple[InpaintResult, Picture, Picture, Score]]:
    from app.session.snapshot import close_up, fits, thumbnail
    from engine.pipeline import inpaint

    result = yield from inpaint(request, token)
    return result, thumbnail(request, result), close_up(request, result), fits(request, result)


def _disagreement(pictures: list[Picture], token: CancelToken) -> Steps[Levels]:
    from engine.disagreement import spread

    token.check()
    yield Progress(0, 1, "")
    return spread(pictures)
