"""What opening and saving do in the worker, as functions of values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.jobs import CancelToken, Progress, Steps

if TYPE_CHECKING:
    from pathlib import Path

    from app.document.project import OpenedProject
    from engine.pictures import Picture
    from engine.recipe import Keep, Recipe


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user agreed to for one file."""

    allow_loss: bool = False
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """The recipe to keep with a file, and where; `is_new` if the pixels were changed since."""

    recipe: Recipe | None
    keep: Keep
    is_new: bool


def opened(path: Path, allow_large: bool, token: CancelToken) -> Steps[Picture]:
    from engine.pictures import open_picture

    yield Progress(0, 1, "")
    picture = open_picture(path, pixel_limit=None) if allow_large else open_picture(path)
    token.check()
    return picture


def opened_project(path: Path, allow_large: bool, token: CancelToken) -> Steps[OpenedProject]:
    from app.document.project import open_project
    from engine.pictures import DEFAULT_PIXEL_LIMIT

    limit = None if allow_large else DEFAULT_PIXEL_LIMIT
    return open_project(path, token, pixel_limit=limit)


def saved(picture: Picture, path: Path, terms: Terms, note: Note, _: CancelToken) -> Steps[Picture]:
    from engine import recipe
    from engine.pictures import save_picture

    yield Progress(0, 1, "")
    complaint: tuple[str, ...] = ()
    if note.is_new or note.recipe is not None:
        picture, complaint = recipe.kept(picture, note.recipe, path, note.keep)
    written = save_picture(picture, path, allow_loss=terms.allow_loss, quality=terms.quality)
    if note.keep == "beside" and note.recipe is not None:
        recipe.save(note.recipe, recipe.beside(path))
    notices = (*complaint, *written.source.notices)
    return replace(written, source=replace(written.source, notices=notices))
