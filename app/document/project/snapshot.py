"""What a project file will hold, taken in an instant where the document is edited."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.document.project.facts import Method, View
from engine.pictures import changed_on_disk, reads_back_alike

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from app.document.belongings import Belongings
    from app.document.document import Document
    from app.document.history import KeptHistory
    from app.document.tiles import PackedTile, TileKey
    from engine.pictures import Source
    from engine.pipeline import InpaintResult

HISTORY_BYTES = 128 << 20
"""Of undo steps that a project keeps, half of it for those done and half for those undone."""


@dataclass(frozen=True, slots=True)
class KeptResult:
    """A result as a project keeps it; see `app.session.results.Result`."""

    number: int
    label: str
    result: InpaintResult
    thumbnail: npt.NDArray[np.uint8]
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document at one moment; nobody changes its tiles any more.

    Attributes:
        carried: the project that holds the picture file inside, if there is no other.
        is_whole: `tiles` holds all of the image, so that no picture file is needed.
        saved_after: see `Document.resume_history`.
    """

    source: Source
    carried: Path | None
    shape: tuple[int, int, int]
    dtype: str
    is_whole: bool
    saved_after: int
    tiles: dict[TileKey, PackedTile]
    originals: dict[TileKey, PackedTile] | None
    belongings: Belongings
    history: KeptHistory
    results: tuple[KeptResult, ...] = ()
    current_result: int = 0
    view: View = field(default_factory=View)
    method: Method = field(default_factory=Method)


def take_snapshot(
    document: Document,
    *,
    carried: Path | None = None,
    results: tuple[KeptResult, ...] = (),
    current_result: int = 0,
    view: View | None = None,
    method: Method | None = None,
) -> Snapshot:
    """All of a document, and what the rest of the program wants to be kept with it.

    Args:
        document: as it is now; it is not being edited.
        carried: the project from which it was opened, if that holds the picture file.
        results: of the results panel.
        current_result: number of the one in the picture.
        view: what is seen.
        method: what the next run would fill with.
    """
    picture = document.picture
    has_file = picture.source.fingerprint is not None and not changed_on_disk(picture)
    if document.has_new_file and not reads_back_alike(picture):
        has_file = False
    is_whole = not has_file and carried is None
    originals = document.original_tiles(is_in_file=not is_whole)
    history = document.history.kept(HISTORY_BYTES)
    height, width, channels = document.image.shape
    return Snapshot(
        source=picture.source,
        carried=None if has_file else carried,
        shape=(height, width, channels),
        dtype=document.image.dtype.name,
        is_whole=is_whole,
        saved_after=_saved_after(document, history),
        tiles=document.changed_tiles(whole_image=is_whole),
        originals=originals,
        belongings=document.belongings,
        history=history,
        results=results,
        current_result=current_result,
        view=view or View(),
        method=method or Method(),
    )


def _saved_after(document: Document, history: KeptHistory) -> int:
    """After how many of the kept steps the image was in its file; -1 if after none."""
    states = [history.began_state]
    for edit in history.done:
        states.append(edit.serial if edit.changes_image else states[-1])
    saved = [count for count, state in enumerate(states) if document.is_saved(state)]
    return saved[-1] if saved else -1
