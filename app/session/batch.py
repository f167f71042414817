"""Filling whole folders from the editor: what is wished, planned, run and reported."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from app.language import told, tr, tr_later
from app.session import batch_words as words
from app.session.batch_course import BatchCourse, complaint
from app.session.batch_pictures import BatchPictures
from app.session.batch_planning import BatchPlanning
from app.session.batch_wish import remember, remembered
from app.session.notices import Notice
from engine import __version__
from engine.jobs import Job, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.session.batch_wish import Wish
    from app.session.results import Result
    from app.session.session import Session
    from engine.batch import BatchConfig, Report
    from engine.jobs import CancelToken, Steps
    from engine.recipe import Recipe


class Batch(QObject):
    """Verbs of the Batch dialog; the dialog may come late and go early.

    Signals:
        changed: another wish, or another recipe.
        told: a Notice about what was done or could not be; None when it is outdated.
        began: a run begins; what must not be forgotten in a crash is in settings.
        wanted: somebody wants to see the dialog.
    """

    changed = Signal()
    told = Signal(object)
    began = Signal()
    wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.wish = remembered(session.settings)
        self.source = ""
        """Where the wish's recipe is from."""
        self.planning = BatchPlanning(self)
        self.pictures = BatchPictures(session.settings, self)
        self.course = BatchCourse(session.runs, self)
        self._session = session
        self._is_watched = False
        session.state_changed.connect(self.course.make_room)
        self.course.ended.connect(self._on_ended)
        self.course.failed.connect(self.told)

    # --- the wish ----------------------------------------------------------------------------

    @property
    def recipe(self) -> Recipe:
        """What fills: the recipe that was chosen, or what is set in the editor."""
        from engine.recipe import Recipe

        session = self._session
        return self.wish.recipe or Recipe(
            app_version=__version__,
            backend=session.backend.id,
            options=dict(session.options),
            seed=session.seed,
            detail=session.settings.detail,
            blend=session.blend,
        )

    def set_wish(self, wish: Wish) -> None:
        """Wish for something else; the plan follows."""
        if wish.images != self.wish.images and wish.output in ("", self.wish.proposal):
            wish = replace(wish, output=wish.proposal)
        if wish != self.wish:
            self.wish = wish
            self.told.emit(None)
            self._ask()

    def watch(self) -> None:
        """Somebody looks at the dialog: plan, and follow what is set in the editor."""
        self._is_watched = True
        self._session.backend_changed.connect(self._ask)
        self._session.models.changed.connect(self._look_once_more)
        self._ask()

    def unwatch(self) -> None:
        """Nobody looks any more."""
        self._is_watched = False
        self._session.backend_changed.disconnect(self._ask)
        self._session.models.changed.disconnect(self._look_once_more)
        self.planning.stop()
        self.pictures.forget()

    @Slot()
    def _ask(self) -> None:
        if self._is_watched:
            self.planning.ask(replace(self.wish, recipe=self.recipe))
        self.changed.emit()

    @Slot()
    def _look_once_more(self) -> None:
        """Weights have come or gone, which may have been what was missing."""
        if self.planning.problem:
            self.planning.ask_again()

    @property
    def why_not(self) -> str:
        """Why a run cannot begin, as a sentence; empty if it can."""
        planning = self.planning
        problem = self.wish.missing or planning.problem
        if problem:
            return told(problem)
        if planning.is_busy or planning.survey is None:
            return tr("The pictures are still being looked at.")
        return words.why_not(planning.survey)

    # --- recipes -----------------------------------------------------------------------------

    def use_result(self, result: Result | None = None) -> None:
        """Fill a folder as a result was filled."""
        result = result or self._session.runs.chosen
        if result is not None:
            if self.course.state == "ended":
                self.forget()
            self.source = tr("Result {number}", number=result.number)
            self.set_wish(replace(self.wish, recipe=result.result.recipe))
            self.wanted.emit()

    def ask_recipe(self) -> None:
        """Ask for a file of settings, and do as it says."""
        path = self._session.questions.recipe_to_open(self._folder())
        if path is not None:
            self._do(
                Job(tr_later("Reading a recipe"), partial(_load, path)),
                partial(self._on_recipe, path),
            )

    def ask_save_recipe(self) -> None:
        """Ask where to write the recipe for `lacuna batch` and `lacuna inpaint`."""
        recipe = self.recipe
        proposal = (self._folder() or Path.home()) / f"{recipe.backend}.json"
        path = self._session.questions.recipe_to_save(proposal)
        if path is not None:
            self._do(Job(tr_later("Saving a recipe"), partial(_save, recipe, path)), self._on_saved)

    def _on_recipe(self, path: Path, found: BatchConfig | Recipe) -> None:
        from app.session.batch_wish import wish_of
        from engine.batch import BatchConfig

        self.source = f"“{path.name}”"
        if isinstance(found, BatchConfig):
            self.set_wish(wish_of(found))
        else:
            self.set_wish(replace(self.wish, recipe=found))

    def _folder(self) -> Path | None:
        images = self.wish.images
        return Path(images) if images and Path(images).is_dir() else None

    # --- the run -----------------------------------------------------------------------------

    def start(self) -> None:
        """Carry the plan out."""
        survey = self.planning.survey
        if self.course.state != "none" or self.why_not or survey is None:
            return
        if survey.replaced and not self._session.questions.replace_pictures(survey.replaced):
            return
        remember(self.wish, self._session.settings)
        self.told.emit(None)
        self.pictures.forget()
        self.course.start(survey.plan)
        self.began.emit()

    def forget(self) -> None:
        """Make room for another folder."""
        self.told.emit(None)
        self.pictures.forget()
        self.course.forget()
        self.planning.ask_again()

    def leave(self, then: Callable[[], None]) -> None:
        """Do something that ends a run, unless somebody wants it to go on."""
        progress = self.course.progress
        state = tr("it has just begun")
        if progress is not None and progress.finished:
            state = tr(
                "{finished:,} of {total} finished",
                finished=progress.finished,
                total=words.pictures(progress.total),
            )
        if not self.course.is_on or self._session.questions.quit_batch(state):
            then()

    def ask_save_report(self) -> None:
        """Ask where to write the report once more."""
        from app.session.batch_work import save_report

        report, run = self.course.report, self.course.run
        if report is None or run is None:
            return
        path = self._session.questions.report_to_save(run.report_file)
        if path is not None:
            self._do(
                Job(tr_later("Saving the report"), partial(save_report, report, path)),
                self._on_saved,
            )

    def open_picture(self, path: Path) -> None:
        """Open a result, or a picture of a plan, in the editor."""
        self._session.files.open(path)

    def end(self) -> bool:
        """Stop everything; the program is about to end.

        Returns:
            Whether all threads have ended.
        """
        return all([self.course.end(), self.planning.end(), self.pictures.end()])

    # --- small things ------------------------------------------------------------------------

    @Slot()
    def _on_ended(self) -> None:
        report: Report | None = self.course.report
        self.pictures.forget()
        if report is not None:
            text = tr("{title}: {words}", title=words.title(report), words=words.ended(report))
            show = ((tr("Show…"), self.wanted.emit),)
            self._session.noticed.emit(Notice(text, actions=show, lasts=True))

    def _on_saved(self, path: Path) -> None:
        self.told.emit(Notice(tr("Saved “{name}”.", name=path.name)))

    def _do(self, job: Job[Any], done: Callable[[Any], None]) -> None:
        self._session.files.tasks.start(
            job, done, failed=lambda error: self.told.emit(complaint(error))
        )


def _load(path: Path, _: CancelToken) -> Steps[BatchConfig | Recipe]:
    from engine.batch import load_settings

    yield Progress(0, 1, "")
    return load_settings(path)


def _save(recipe: Recipe, path: Path, _: CancelToken) -> Steps[Path]:
    from engine import recipe as recipes

    yield Progress(0, 1, "")
    recipes.save(recipe, path)
    return path
