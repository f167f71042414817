"""Opening and saving from the editor; what fails leaves picture, mask and history untouched."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QObject, QStandardPaths, Signal

from app.language import told, tr, tr_later
from app.session.file_work import Note, Terms, opened, opened_project, saved
from app.session.folder import neighbour
from app.session.projects import is_project
from app.session.tasks import Tasks, details_of
from engine import resources
from engine.errors import EngineError, PictureTooLargeError
from engine.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.document import Document
    from app.document.project import OpenedProject
    from app.session.open_picture import OpenPicture
    from app.session.session import Session
    from engine.pictures import Picture
    from engine.recipe import Keep

LOSSY = ("JPEG", "WEBP")


class Files(QObject):
    """The verbs of the File menu; disk work runs in a thread of its own, beside the runs.

    Signals:
        opened: a path was opened or saved, so that "recent" may list it.
    """

    opened = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.tasks = Tasks(self)
        self._session = session
        self._opening: int | None = None
        self._saving: int | None = None
        self._when_saved: Callable[[], None] | None = None
        self._dropped: list[Path] = []

    # --- opening -----------------------------------------------------------------------------

    def ask_open(self) -> None:
        self.open_all(self._session.questions.pictures_to_open(self._folder()))

    def open_all(self, paths: Sequence[Path], then: Callable[[], None] | None = None) -> None:
        """Open all, and show the first; PgUp and PgDn then go through them."""
        if len(paths) == 1:
            self._dropped = []
            self.open(paths[0], then)
        elif paths:
            self._dropped = list(paths)
            self._session.pictures.queue(paths)
            self.open(paths[0], then)

    def open(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Open a picture beside those that are open; one that is open already is shown."""
        known = self._session.pictures.find(path)
        if known is None:
            self._read(path, None, then)
        else:
            self._session.pictures.show(known)
            if then is not None:
                self._session.pictures.when_shown(known, then)

    def fetch(self, place: OpenPicture) -> None:
        """Read a picture of the strip that has not been read yet."""
        if place.path is not None:
            self._stop_opening()
            self._opening = self._read(place.path, place)

    def reload(self) -> None:
        """Read the picture's file again, after asking about unsaved changes."""
        place = self._session.pictures.current
        if place is not None and place.file is not None:
            self.leave(partial(self._replace, place, place.file))

    def show_new(self, picture: Picture) -> None:
        """Open a picture that is no file yet."""
        self._show(picture, None, None)

    def open_neighbour(self, step: int) -> None:
        """Go to the picture so many places further in the folder, or among those dropped.

        It takes the place of the present one, unless it is open already.
        """
        place = self._session.pictures.current
        own = place.document.path if place is not None and place.document is not None else None
        if place is None or own is None:
            return
        path = neighbour(own, step, self._dropped)
        known = None if path is None else self._session.pictures.find(path)
        if path is None:
            if step < 0:
                self._session.say(tr("“{name}” is the first picture here.", name=own.name))
            else:
                self._session.say(tr("“{name}” is the last picture here.", name=own.name))
        elif known is not None:
            self._session.pictures.show(known)
        else:
            self.leave(partial(self._replace, place, path))

    def leave(self, then: Callable[[], None]) -> None:
        """Do something that gives the open picture up, unless the user wants to keep it."""
        if self._saving is not None:
            self._when_saved = partial(self.leave, then)
            return
        if not self._session.has_unsaved:
            then()
            return
        answer = self._session.questions.unsaved(self._session.name)
        if answer == "save":
            self.save(then)
        elif answer == "discard":
            then()

    def leave_all(self, then: Callable[[], None]) -> None:
        """Do something that gives all pictures up, after asking once about unsaved changes."""
        unsaved = self._session.pictures.unsaved
        if self._saving is not None:
            self._when_saved = partial(self.leave_all, then)
        elif not unsaved:
            then()
        else:
            questions, names = self._session.questions, [one.name for one in unsaved]
            is_one = len(names) == 1
            answer = questions.unsaved(names[0]) if is_one else questions.unsaved_pictures(names)
            if answer == "save":
                self._save_each(then)
            elif answer == "discard":
                then()

    def _save_each(self, then: Callable[[], None]) -> None:
        """Save what is unsaved, each with the questions that saving it asks."""
        unsaved = self._session.pictures.unsaved
        if not unsaved:
            then()
            return
        self._session.pictures.show(unsaved[0])
        shown = partial(self._session.pictures.when_shown, unsaved[0])
        shown(partial(self.save, partial(self._save_each, then)))

    def close(self) -> None:
        """Close the picture; the one beside it is shown, or the start page."""
        place = self._session.pictures.current
        if place is not None:
            self.leave(partial(self._session.pictures.close, place))

    def _replace(self, place: OpenPicture, path: Path) -> None:
        """Read a file in the place of the picture that is shown."""
        document = place.document
        self._stop_opening()
        if document is not None and self._session.runs.works_on(document):
            self._session.runs.cancel()
        state = document.image_state if document is not None else None
        self._opening = self._read(path, place, state=state)

    def _stop_opening(self) -> None:
        """What was wanted before is no longer."""
        if self._opening is not None:
            self.tasks.cancel(self._opening)
            self._opening = None

    def _read(
        self,
        path: Path,
        place: OpenPicture | None,
        then: Callable[[], None] | None = None,
        *,
        state: int | None = None,
        allow_large: bool = False,
    ) -> int:
        """Read a file in the worker.

        Args:
            path: the file.
            place: in the strip; None = behind all others.
            then: what to do once it is shown.
            state: of the image that it replaces; what was done meanwhile is asked about.
            allow_large: read it however large it is.
        """
        opening = opened_project if is_project(path) else opened
        title = tr_later("Opening {name}").format(name=path.name)
        return self.tasks.start(
            Job(title, partial(opening, path, allow_large)),
            partial(self._on_opened, place, state, then),
            failed=partial(self._on_unopened, path, place, then),
        )

    def _on_opened(
        self,
        place: OpenPicture | None,
        state: int | None,
        then: Callable[[], None] | None,
        picture: Picture | OpenedProject,
    ) -> None:
        document = None if place is None else place.document
        show = partial(self._show, picture, place, then)
        if document is not None and document.image_state != state:
            self.leave(show)
        else:
            show()

    def _show(
        self,
        picture: Picture | OpenedProject,
        place: OpenPicture | None,
        then: Callable[[], None] | None,
    ) -> None:
        from app.document import Document
        from engine.pictures import Picture

        self._session.noticed.emit(None)
        if isinstance(picture, Picture):
            self._session.pictures.put(Document.new(picture), place)
            path, notices = picture.source.path, picture.source.notices
        else:
            self._session.projects.show(picture, place)
            path, notices = picture.path, picture.notices
        if path is not None:
            self.remember(path)
        if notices:
            self._session.warn(" ".join(notices))
        if then is not None:
            then()

    def _on_unopened(
        self,
        path: Path,
        place: OpenPicture | None,
        then: Callable[[], None] | None,
        error: Exception,
    ) -> None:
        if isinstance(error, PictureTooLargeError):
            if self._session.questions.open_anyway(str(error)):
                self._read(path, place, then, allow_large=True)
                return
        else:
            self._fail(tr("“{name}” could not be opened", name=path.name), error)
        self._session.pictures.give_up(place)

    # --- saving ------------------------------------------------------------------------------

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save to the picture's own file; asks once before the original is replaced.

        While a project is open, that is what is saved.
        """
        document = self._session.document
        if document is None:
            return
        if self._session.projects.is_open:
            self._session.projects.save(then)
            return
        path = document.path
        if path is None or _is_sample(path) or not self._can_hold(document, path):
            self.save_as(then)
            return
        if not document.dirty:
            self._session.say(tr("“{name}” has no changes to save.", name=path.name))
            return
        answer = self._may_replace(document, path)
        if answer == "save_as":
            self.save_as(then)
        elif answer == "overwrite":
            self._write(document, path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Save under a new name, which the picture then has."""
        self._ask_and_write(tr("Save As"), then, is_copy=False)

    def export_copy(self) -> None:
        """Write a copy; the picture keeps its name and its unsaved changes."""
        self._ask_and_write(tr("Export a Copy"), None, is_copy=True)

    def _ask_and_write(self, title: str, then: Callable[[], None] | None, *, is_copy: bool) -> None:
        document = self._session.document
        if document is None:
            return
        path = self._session.questions.picture_to_save(self.proposal(), title)
        if path is not None:
            self._write(document, path, then, is_copy=is_copy)

    def proposal(self) -> Path:
        """NAME_inpainted.EXT beside the picture, in a format that we write."""
        from engine.pictures import FORMATS

        document = self._session.document
        path = document.path if document is not None else None
        if path is None:
            return (self._folder() or Path.home()) / tr("Untitled.png")
        if _is_sample(path):
            path = _pictures_folder() / path.name
        suffix = path.suffix if path.suffix.lower() in FORMATS else ".png"
        stem = path.stem.removesuffix("_inpainted")
        return path.with_name(f"{stem}_inpainted{suffix}")

    def _can_hold(self, document: Document, path: Path) -> bool:
        """Whether saving over this file loses nothing but the pixels that were changed."""
        from engine.pictures import FORMATS

        dropped = document.picture.source.dropped
        if dropped:
            self._session.say(
                tr(
                    "“{name}” holds {dropped} that saving over it would destroy; choose another "
                    "name.",
                    name=path.name,
                    dropped=told(dropped),
                )
            )
            return False
        return path.suffix.lower() in FORMATS

    def _may_replace(self, document: Document, path: Path) -> str:
        """The user's answer, asked only when there is something to ask."""
        from engine.pictures import changed_on_disk

        questions = self._session.questions
        if path.exists() and changed_on_disk(document.picture):
            return questions.replace_changed(path.name)
        place = self._session.pictures.of(document)
        if place is not None and place.may_overwrite == path:
            return "overwrite"
        return questions.overwrite(path.name)

    def _write(
        self,
        document: Document,
        path: Path,
        then: Callable[[], None] | None = None,
        *,
        is_copy: bool = False,
    ) -> None:
        self._session.runs.peek(None)
        terms = self._terms(document.picture, path)
        if terms is None:
            return
        picture = replace(document.picture, pixels=document.image.copy())
        state = document.image_state
        recipe = self._session.runs.last_recipe
        note = Note(recipe, self._session.settings.keep_recipe, is_new=document.dirty)
        self.begin_saving(
            path,
            Job(
                tr_later("Saving {name}").format(name=path.name),
                partial(saved, picture, path, terms, note),
            ),
            partial(self._on_saved, document, state, path, is_copy),
            then,
        )

    def begin_saving(
        self,
        path: Path,
        job: Job[Any],
        done: Callable[[Any], None],
        then: Callable[[], None] | None,
        *,
        can_cancel: bool = False,
    ) -> None:
        """Write a file in the worker; whoever wants to leave the picture waits for it."""

        def finish(result: object) -> None:
            done(result)
            self._saved()
            if then is not None:
                then()

        self._saving = self.tasks.start(
            job,
            finish,
            failed=partial(self._on_unsaved, path),
            stopped=self._saved,
            can_cancel=can_cancel,
        )

    def _terms(self, picture: Picture, path: Path) -> Terms | None:
        """How to write the file, after asking what has to be asked; None = not at all."""
        from engine.pictures import FORMATS, losses

        questions, form = self._session.questions, FORMATS.get(path.suffix.lower())
        # A format that we do not write is refused by the writer, in a sentence.
        lost = losses(picture, path) if form else ()
        if lost and not questions.allow_loss(path.name, lost):
            return None
        quality = None
        if form in LOSSY and picture.source.format != form:
            quality = questions.quality(path.name)
            if quality is None:
                return None
        return Terms(allow_loss=bool(lost), quality=quality)

    def _on_saved(
        self,
        document: Document,
        state: int,
        path: Path,
        is_copy: bool,
        written: Picture,
    ) -> None:
        if not is_copy:
            document.mark_saved(written, state=state)
            place = self._session.pictures.of(document)
            if place is not None:
                place.may_overwrite = path
                self._session.projects.outdate(place)
        self.remember(path)
        name = path.name
        if written.source.format in LOSSY:
            sentence = tr("Saved “{name}”.", name=name)
        else:
            sentence = tr("Saved “{name}”; outside the mask no pixel changed.", name=name)
        self._session.say(" ".join((sentence, *map(told, written.source.notices))))

    def _on_unsaved(self, path: Path, error: Exception) -> None:
        self._fail(tr("“{name}” could not be saved", name=path.name), error)
        self._saved()

    def _saved(self) -> None:
        """Saving has ended, well or not: go on with what had to wait for it."""
        self._saving = None
        waiting, self._when_saved = self._when_saved, None
        if waiting is not None:
            waiting()

    def keep_recipe(self, where: str) -> None:
        """Choose where the recipe of a saved picture is kept: none, beside or inside."""
        self._session.settings.keep_recipe = cast("Keep", where)
        self._session.state_changed.emit()

    # --- small things ------------------------------------------------------------------------

    def remember(self, path: Path) -> None:
        """Note that a file was opened or saved."""
        self._session.settings.remember(path)
        self._session.settings.folder = str(path.parent)
        self.opened.emit(str(path))

    def _folder(self) -> Path | None:
        document = self._session.document
        if document is not None and document.path is not None:
            return document.path.parent
        folder = self._session.settings.folder
        return Path(folder) if folder and Path(folder).is_dir() else None

    def _fail(self, what: str, error: Exception) -> None:
        if isinstance(error, EngineError):
            self._session.fail(str(error))
        else:
            self._session.fail(tr("{what}: {error}", what=what, error=error), details_of(error))


def _is_sample(path: Path) -> bool:
    """Whether the picture is part of the program, and so nobody's to overwrite."""
    return path.is_relative_to(resources.root())


def _pictures_folder() -> Path:
    """Where this person keeps pictures; not everybody has such a folder."""
    location = QStandardPaths.StandardLocation.PicturesLocation
    folder = Path(QStandardPaths.writableLocation(location))
    return folder if folder.is_dir() else Path.home()
