"""Inpainting from the editor: start, stop, and what becomes of the results."""

from __future__ import annotations

import importlib
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.language import told, tr, tr_later
from app.session.notices import Activity, Notice
from app.session.results import Result, Shelf
from app.session.tasks import Tasks, details_of
from engine import registry
from engine.errors import EngineError, UnusableBackendError
from engine.jobs import CancelToken, Job, Progress, Steps

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from app.document import Document
    from app.session.open_picture import OpenPicture
    from app.session.session import Session
    from engine.backend import BackendSpec
    from engine.pipeline import InpaintRequest, InpaintResult
    from engine.recipe import Recipe
    from engine.types import Box

log = logging.getLogger(__name__)

PREPARING = tr_later("Preparing PatchMatch (first start only)")
LOADING_S = 2.5
"""What has been compiled once is loaded within this time, and nobody need know."""

NOTHING_MASKED = tr_later("Paint over what shall vanish first, then press Enter.")


class Runs(QObject):
    """One run at a time; every result is kept on the shelf.

    Signals:
        results_changed: the shelf, or which of its results is in the picture.
        finished: a run has ended, however.
    """

    results_changed = Signal()
    finished = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.tasks = Tasks(self)
        self._session = session
        self._ticket: int | None = None
        self._waiting: Callable[[], None] | None = None
        self._peeked: Result | None = None
        self._document: Document | None = None
        self._no_results = Shelf(0)
        session.document_changed.connect(self._on_document)
        session.history_changed.connect(self._on_history)

    # --- running -----------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        return self._ticket is not None

    def works_on(self, document: Document) -> bool:
        """Whether a run fills this picture, which need not be the one that is shown."""
        return self._ticket is not None and self._document is document

    @property
    def shelf(self) -> Shelf:
        """The results of the picture that is shown."""
        picture = self._session.pictures.current
        return self._no_results if picture is None else picture.shelf

    @property
    def activity(self) -> Activity | None:
        """How far the run is; None if there is none."""
        return None if self._ticket is None else self.tasks.activity_of(self._ticket)

    def prepare(self) -> None:
        """Compile PatchMatch in the background; runs started meanwhile wait behind it."""
        self.tasks.start(
            Job(PREPARING, _warm_up),
            _ignore,
            failed=_log_failure,
            can_cancel=False,
            quiet_s=LOADING_S,
        )

    def inpaint(self) -> None:
        """Fill the hole with the chosen backend."""
        self.inpaint_with(self._session.backend)

    def inpaint_with(self, backend: BackendSpec) -> None:
        """Fill the hole with a backend, which need not be the chosen one."""
        from app.session.snapshot import snapshot

        session, document = self._session, self._session.document
        if document is None or document.is_editing or self.is_running:
            return
        self.peek(None)
        request = snapshot(
            document,
            backend.id,
            session.options_of(backend),
            session.seed,
            detail=session.settings.detail,
            blend=session.blend,
            trace=session.inspector.is_on,
            keypoints=session.keypoints.points,
        )
        if request is None:
            session.say(tr(NOTHING_MASKED))
            return
        session.noticed.emit(None)
        self.launch(
            document,
            Job(tr_later("Inpainting"), partial(_run, request)),
            partial(self._on_result, document, request),
            failed=self._say_failure,
            stopped=self._say_stopped,
        )

    def again(self, backend: BackendSpec, result: Result | None = None) -> None:
        """Fill the mask that a result has filled with another backend."""
        from app.session.filled import hole_of
        from app.session.hole import is_same

        result, document = result or self.chosen, self._session.document
        if result is None or document is None or document.is_editing or self.is_running:
            return
        self.peek(None)
        hole = hole_of(result, document.box)
        if not is_same(document.mask, hole):
            label = tr_later("Mask of Result {number}").format(number=result.number)
            self._session.masks.put(hole, label)
        self.inpaint_with(backend)

    def launch(
        self,
        document: Document,
        job: Job[Any],
        done: Callable[[Any], None],
        *,
        failed: Callable[[Exception], None],
        stopped: Callable[[], None],
    ) -> None:
        """Start a run on a picture while there is none; one of the three is told its end.

        What is told may launch the next one: then nobody gets in between.
        """
        self._document = document
        self._ticket = self.tasks.start(
            job,
            partial(self._end_with, done),
            failed=partial(self._end_with, failed),
            stopped=partial(self._end_with, stopped),
        )
        self._session.state_changed.emit()

    def _end_with(self, tell: Callable[..., None], *what: object) -> None:
        self._ticket = self._document = None
        tell(*what)
        self._session.state_changed.emit()
        self.finished.emit()

    def preview(self) -> tuple[Box, ...]:
        """What the next run will look at, in picture pixels."""
        from app.session.snapshot import seen

        document = self._session.document
        return () if document is None else seen(document, self._session.backend)

    def cancel(self) -> None:
        """Stop the run; picture, mask and history stay as they are."""
        if self._ticket is not None:
            self.tasks.cancel(self._ticket)

    # --- results -----------------------------------------------------------------------------

    def apply(self, result: Result) -> None:
        """Put a result into the picture, as one undo step; after the stroke, if one is drawn."""
        picture = self._session.pictures.current
        if picture is not None:
            self._when_free(partial(self._put, picture, result))

    def _put(self, picture: OpenPicture, result: Result, *, painting_goes_on: bool = False) -> None:
        from app.session.snapshot import apply_result

        document = picture.document
        if document is None:
            return
        label = tr_later("Inpaint ({label})").format(label=result.label)
        apply_result(document, result.result, label, painting_goes_on=painting_goes_on)
        picture.states[document.image_state] = result
        self._show_current()

    def _when_free(self, act: Callable[[], None]) -> None:
        """Change the picture now, or as soon as the stroke that is being drawn has ended."""
        self.peek(None)
        document = self._session.document
        if document is not None and document.is_editing:
            self._waiting = act
        else:
            act()

    def peek(self, result: Result | None) -> None:
        """Show how a result would look, or (None) stop that; leaves no undo step."""
        document = self._session.document
        if document is None or result is self._peeked:
            return
        if self._peeked is not None:
            self._peeked = None
            document.abort()
        if result is not None and not document.is_editing:
            self._peeked = result
            document.begin(tr_later("Peek"), "result")
            for patch in result.result.patches:
                with document.touch("image", patch.box) as view:
                    view[patch.hole] = patch.pixels[patch.hole]

    def step(self, step: int) -> None:
        """Apply the result before or after the one in the picture."""
        result = self.shelf.neighbour(step)
        if result is not None and result is not self.shelf.current:
            self.apply(result)

    def keep(self, result: Result | None = None) -> None:
        """Make a result a favourite, or an ordinary one again."""
        result = result or self.chosen
        if result is not None:
            result.is_kept = not result.is_kept
            self.results_changed.emit()

    def delete(self, result: Result | None = None) -> None:
        """Take a result off the shelf; the picture stays as it is."""
        result = result or self.chosen
        if (
            result is not None and result in self.shelf
        ):  # it may have been dropped while its menu was open
            self.peek(None)
            self.shelf.remove(result)
            self.results_changed.emit()
            self._session.state_changed.emit()

    def reuse(self, result: Result | None = None) -> None:
        """Choose backend, options and seed as a result had them."""
        result = result or self.chosen
        if result is None:
            return
        recipe = result.result.recipe
        self._session.settings.options[recipe.backend] = dict(recipe.options)
        self._session.seed = recipe.seed
        if registry.get(recipe.backend).network:
            self._session.restore_detail(recipe.detail)
        self._session.use_blend(recipe.blend)
        self._session.use_backend(recipe.backend)
        if recipe.keypoints:
            self._session.keypoints.put(recipe.keypoints)
        self._session.say(tr("The settings of result {number} are chosen.", number=result.number))

    @property
    def last_recipe(self) -> Recipe | None:
        """How the picture as it is now was filled last; None if that is not known."""
        picture = self._session.pictures.current
        result = picture.result_shown if picture is not None else None
        return result.result.recipe if result is not None else None

    @property
    def chosen(self) -> Result | None:
        """The result in the picture, or the newest."""
        return self.shelf.current or self.shelf.neighbour(0)

    def resume(self, picture: OpenPicture, results: list[Result], current: int) -> None:
        """Put the results of a project on the shelf; `current` numbers the one in the picture."""
        for result in results:
            picture.shelf.put_back(result)
            if result.number == current and picture.document is not None:
                picture.states[picture.document.image_state] = result
        self._show_current()
        self.results_changed.emit()

    # --- what the worker says ----------------------------------------------------------------

    def _on_result(
        self,
        document: Document,
        request: InpaintRequest,
        outcome: tuple[InpaintResult, npt.NDArray[np.uint8]],
    ) -> None:
        picture = self._session.pictures.of(document)
        if picture is None:
            return
        result = self.shelve(picture, *outcome, is_traced=request.trace)
        arrive = partial(self._arrive, picture, document, request, result)
        if document is self._session.document:
            self._when_free(arrive)
        else:
            arrive()
            self._session.say(tr("“{name}” has been filled.", name=picture.name))

    def shelve(
        self,
        picture: OpenPicture,
        made: InpaintResult,
        thumb: npt.NDArray[np.uint8],
        *,
        is_traced: bool,
    ) -> Result:
        """Keep what a run made of a picture, which stays as it is."""
        label = registry.get(made.backend).label
        result = Result(picture.shelf.next_number(), label, made, thumb, is_traced=is_traced)
        if picture.shelf.add(result):
            self._session.say(tr("The oldest results were dropped to save memory."))
        self.results_changed.emit()
        return result

    def _arrive(
        self, picture: OpenPicture, document: Document, request: InpaintRequest, result: Result
    ) -> None:
        """Put a fresh result into its picture, unless that has changed meanwhile."""
        from app.session.snapshot import has_new_mask, is_stale

        if is_stale(document, request):
            self._session.say(
                tr(
                    "The picture changed while it was being filled; the result waits in the "
                    "results panel."
                )
            )
            return
        self._put(picture, result, painting_goes_on=has_new_mask(document, request))
        if result.result.fallback:
            self._session.say(
                tr(
                    "{title}: {words}",
                    title=told(result.label),
                    words=told(result.result.fallback) + ".",
                )
            )

    def _say_failure(self, error: Exception) -> None:
        if isinstance(error, UnusableBackendError):
            way_out = (tr("Models…"), self._session.models.wanted.emit)
            notice = Notice(str(error), "error", (way_out,), lasts=True)
            self._session.noticed.emit(notice)
        elif isinstance(error, EngineError):
            self._session.fail(str(error))
        else:
            self._session.fail(
                tr("Inpainting stopped by a fault of the program: {error}", error=error),
                details_of(error),
            )

    def _say_stopped(self) -> None:
        self._session.say(tr("Cancelled; nothing was changed."))

    # --- the document ------------------------------------------------------------------------

    def _on_document(self) -> None:
        """Another picture: a run goes on for its own; what waited for a stroke stays a result."""
        self._waiting = self._peeked = None
        self._show_current()
        self.results_changed.emit()

    def _on_history(self) -> None:
        document = self._session.document
        if self._waiting is not None and document is not None and not document.is_editing:
            act, self._waiting = self._waiting, None
            act()
        self._show_current()

    def _show_current(self) -> None:
        """Mark the result that is in the picture: undo and redo may have changed it."""
        picture = self._session.pictures.current
        if picture is not None and picture.shelf.current is not picture.result_shown:
            picture.shelf.current = picture.result_shown
            self.results_changed.emit()


def _run(
    request: InpaintRequest, token: CancelToken
) -> Steps[tuple[InpaintResult, npt.NDArray[np.uint8]]]:
    from app.session.snapshot import thumbnail
    from engine.pipeline import inpaint

    result = yield from inpaint(request, token)
    return result, thumbnail(request, result)


def _warm_up(token: CancelToken) -> Steps[None]:
    # Imports numba, which takes a second: here it does so in the worker.
    patchmatch = importlib.import_module("engine.models.patchmatch")
    steps: Steps[None] = patchmatch.warm_up()
    for step in steps:
        token.check()
        yield Progress(step.done, step.total, "")


def _log_failure(error: Exception) -> None:
    # Who asks for PatchMatch will be told; who does not, need not know.
    log.warning("PatchMatch could not be prepared: %s", error)


def _ignore(_: object) -> None:
    """A background job's result that nobody waits for."""
