"""Project files in the editor: saving one, going on with one, and what counts as unsaved then."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.language import tr
from app.session.open_picture import Project
from app.session.results import Result
from engine.blend.names import NAMES
from engine.errors import InvalidInputError, UnknownBackendError
from engine.jobs import Job
from engine.registry import complete_options, get

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.document import Document
    from app.document.project import KeptResult, Method, OpenedProject, Snapshot, View
    from app.session.open_picture import OpenPicture
    from app.session.session import Session
    from engine.jobs import CancelToken, Steps

SUFFIX = ".lacuna"


class Projects(QObject):
    """The project that the picture shown belongs to, if it does.

    Attributes:
        look: tells what is seen, as soon as there is a canvas.

    Signals:
        view_wanted: a `View` that shall be seen again.
    """

    view_wanted = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.look: Callable[[], View] | None = None

    @property
    def path(self) -> Path | None:
        """Of the project file; None without one."""
        picture = self._session.pictures.current
        return picture.project.path if picture is not None and picture.project is not None else None

    @property
    def is_open(self) -> bool:
        return self.path is not None

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save to the project's own file; ask for one if there is none."""
        if self.path is None:
            self.save_as(then)
        elif self._session.has_unsaved:
            self._write(self.path, then)
        else:
            self._session.say(tr("“{name}” has no changes to save.", name=self.path.name))
            if then is not None:
                then()

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Save under a new name, which the project then has."""
        if self._session.document is not None:
            path = self._session.questions.project_to_save(self.proposal())
            if path is not None:
                self._write(path, then)

    def proposal(self) -> Path:
        """The project's own name, or that of the picture, beside it."""
        if self.path is not None:
            return self.path
        return self._session.files.proposal().with_suffix(SUFFIX).with_stem(self._stem())

    def show(self, opened: OpenedProject, place: OpenPicture | None) -> None:
        """Show a project that was read, at its place in the strip or behind all others."""
        session = self._session
        picture = session.pictures.put(opened.document, place)
        if picture is None:
            return
        project = picture.project = Project(opened.path, opened.carried, opened.is_embedded)
        results = [_result(kept) for kept in opened.results]
        session.runs.resume(picture, results, opened.current_result)
        project.saved = picture.state
        if picture is session.pictures.current:
            self._choose(opened.method)
            self.view_wanted.emit(opened.view)
        session.pictures.changed.emit()
        session.history_changed.emit()
        session.state_changed.emit()

    def resume(self, picture: OpenPicture, path: Path) -> None:
        """The picture is recovered work on a project, which its file lacks."""
        picture.project = Project(path, None, self._session.settings.project_embeds)
        self._session.pictures.changed.emit()
        self._session.history_changed.emit()

    def outdate(self, picture: OpenPicture) -> None:
        """Something that the project refers to has changed: its file is not up to date."""
        if picture.project is not None:
            picture.project.saved = None

    # --- inside ------------------------------------------------------------------------------

    def _write(self, path: Path, then: Callable[[], None] | None) -> None:
        session, picture = self._session, self._session.pictures.current
        session.runs.peek(None)
        if picture is None or picture.document is None or picture.document.is_editing:
            return
        state, snapshot = picture.state, self._snapshot(picture.document, picture.project)
        project = picture.project
        embed = session.settings.project_embeds
        if project is not None and project.path == path:
            embed = project.embeds
        session.files.begin_saving(
            path,
            Job(tr("Saving {name}", name=path.name), partial(_write, snapshot, path, embed)),
            partial(self._on_saved, picture, state, path, embed),
            then,
            can_cancel=True,
        )

    def _on_saved(
        self, picture: OpenPicture, state: object, path: Path, embeds: bool, _: object
    ) -> None:
        session, former = self._session, picture.project
        carried = path if former is not None and former.carried is not None else None
        picture.project = Project(path, carried, embeds, state)
        session.pictures.changed.emit()
        session.history_changed.emit()
        session.state_changed.emit()
        session.files.remember(path)
        session.say(tr("The project is saved as “{name}”.", name=path.name))

    def _snapshot(self, document: Document, project: Project | None) -> Snapshot:
        from app.document.project import KeptResult, Method, take_snapshot

        session, shelf = self._session, self._session.runs.shelf
        kept = (
            KeptResult(each.number, each.label, each.result, each.thumbnail, each.is_kept)
            for each in shelf
        )
        return take_snapshot(
            document,
            carried=project.carried if project is not None else None,
            results=tuple(kept),
            current_result=shelf.current.number if shelf.current is not None else 0,
            view=self.look() if self.look is not None else None,
            method=Method(
                session.backend.id,
                dict(session.options),
                session.seed,
                session.settings.detail,
                session.blend,
            ),
        )

    def _choose(self, method: Method) -> None:
        """Set backend, options and seed, as far as this Lacuna has them."""
        session = self._session
        try:
            spec = get(method.backend)
            options = complete_options(spec, method.options)
        except (UnknownBackendError, InvalidInputError):
            return
        session.settings.options[spec.id] = dict(options)
        session.seed = method.seed
        session.restore_detail(method.detail)
        session.use_blend(tuple(name for name in NAMES if name in method.blend))
        session.use_backend(spec.id)

    def _stem(self) -> str:
        document = self._session.document
        path = document.path if document is not None else None
        return path.stem if path is not None else tr("Untitled")


def is_project(path: Path) -> bool:
    """Whether the name is that of a project."""
    return path.suffix.lower() == SUFFIX


def _result(kept: KeptResult) -> Result:
    return Result(kept.number, kept.label, kept.result, kept.thumbnail, kept.is_kept)


def _write(snapshot: Snapshot, path: Path, embed: bool, token: CancelToken) -> Steps[None]:
    from app.document.project import write_project

    return write_project(snapshot, path, token, embed=embed)
