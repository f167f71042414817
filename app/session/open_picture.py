"""One of the open pictures with all that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.language import tr

if TYPE_CHECKING:
    from pathlib import Path

    from app.document import Document
    from app.session.results import Result, Shelf


@dataclass(slots=True)
class Project:
    """The project file of a picture.

    Attributes:
        path: of the file.
        carried: a project file that has parts which are not in memory, such as old undo steps.
        embeds: whether the picture's file is inside.
        saved: `OpenPicture.state` as the file has it; None if it lacks something.
    """

    path: Path
    carried: Path | None
    embeds: bool
    saved: object = None


@dataclass(slots=True, eq=False)
class OpenPicture:
    """A picture of the strip with all that belongs to it.

    Attributes:
        path: of one that was not read yet, or was put back unchanged; else the document's counts.
        shelf: its results.
        document: None while only the path is known.
        states: which result is in the picture, by `Document.image_state`.
        may_overwrite: the file for which somebody has said so.
        project: the project that it belongs to, if it does.
        seen: a larger number was shown later.
    """

    path: Path | None
    shelf: Shelf
    document: Document | None = None
    states: dict[int, Result] = field(default_factory=dict)
    may_overwrite: Path | None = None
    project: Project | None = None
    seen: int = 0

    @property
    def file(self) -> Path | None:
        """The project's file, or else the picture's."""
        if self.document is None:
            return self.path
        return self.document.path if self.project is None else self.project.path

    @property
    def name(self) -> str:
        return self.file.name if self.file is not None else tr("Untitled")

    @property
    def result_shown(self) -> Result | None:
        """The result that is in the picture now: undo and redo may have changed it."""
        found = None if self.document is None else self.states.get(self.document.image_state)
        return found if found is not None and found in self.shelf else None

    @property
    def state(self) -> object:
        """Equal if nothing that a project keeps was changed, but for what is seen."""
        results = tuple((each.number, each.is_kept) for each in self.shelf)
        return (self.document.history.state if self.document is not None else 0, results)

    @property
    def is_unsaved(self) -> bool:
        """Whether closing would lose work that a save would keep."""
        if self.document is None:
            return False
        return self.document.dirty if self.project is None else self.project.saved != self.state

    @property
    def has_work(self) -> bool:
        """Whether a crash would lose anything: unsaved pixels, or a mask that was painted."""
        if self.document is None or self.project is not None:
            return self.is_unsaved
        return self.document.dirty or self.document.can_undo

    @property
    def is_awake(self) -> bool:
        """Whether it can be shown at once."""
        return self.document is not None and not self.document.is_resting

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        own = 0 if self.document is None else self.document.contents().nbytes
        return own + self.shelf.nbytes
