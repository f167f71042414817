"""A recipe: all that is needed to get the same bytes again from the same picture and mask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec

from engine.backend import LARGEST_SEED
from engine.blend.names import Blend
from engine.errors import InvalidInputError, PictureError
from engine.pictures.files import replacing
from engine.pictures.notes import note_in, with_note, without_note

if TYPE_CHECKING:
    from pathlib import Path

    from engine.pictures import Picture

Keep: TypeAlias = Literal["none", "beside", "inside"]
"""Where the recipe of a picture is kept: nowhere, in a file beside it, or in the picture file."""

ENDING = ".recipe.json"
"""Of the file beside a picture."""

Size: TypeAlias = Literal["auto", "crop", "resize", "original"]


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one run.

    Attributes:
        version: of this format.
        app_version: Lacuna's, for people; another one may fill differently.
        backend: the one that ran; never "auto".
        options: complete.
        blend: how the fill was blended into the picture, beside the soft edge.
        weights_sha256: of the weight file, or "random:SEED"; None for a backend without weights.
        soft: the mask's greys from 128 to 254 mixed the fill with what was there.
        steered: it was said where pixels may not be taken from; that is a file of its own.
        keypoints: of a face, x and y in pixels of the picture; see `InpaintRequest`.
    """

    version: Literal[1] = 1
    app_version: str = ""
    backend: str
    options: dict[str, bool | int | float | str] = {}
    seed: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SEED)] = 0
    size: Size = "auto"
    detail: bool = True
    blend: tuple[Blend, ...] = ()
    weights_sha256: str | None = None
    soft: bool = False
    steered: bool = False
    keypoints: tuple[tuple[float, float], ...] = ()


def to_line(recipe: Recipe) -> str:
    """The recipe as one line of JSON, for inside a picture."""
    return msgspec.json.encode(recipe).decode()


def to_json(recipe: Recipe) -> str:
    """The recipe as an indented JSON document."""
    return msgspec.json.format(msgspec.json.encode(recipe), indent=2).decode() + "\n"


def from_json(text: str | bytes, name: str = "The recipe") -> Recipe:
    """The recipe of a JSON document.

    Args:
        text: the document.
        name: what error messages call it.

    Raises:
        InvalidInputError: if it is none; the text names the field.
    """
    try:
        return msgspec.json.decode(text, type=Recipe)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{name} is no recipe of this version: {error}.") from error


def save(recipe: Recipe, path: Path) -> None:
    """Write the recipe as a JSON file; all of it or nothing.

    Raises:
        PictureError: if the file cannot be written.
    """
    with replacing(path) as file:
        file.write(to_json(recipe).encode())


def beside(picture: Path) -> Path:
    """The file that keeps the recipe of a picture beside it."""
    return picture.with_name(f"{picture.stem}{ENDING}")


def kept(
    picture: Picture, made_with: Recipe | None, path: Path, keep: Keep
) -> tuple[Picture, tuple[str, ...]]:
    """The picture as it must be saved: with its recipe inside if that is wanted.

    An older recipe inside goes in any case, because the picture is no longer what it says.

    Args:
        picture: about to be saved.
        made_with: how it was filled last; None if nobody knows.
        path: of the file to come; its ending tells the format.
        keep: what is wanted.

    Returns:
        The picture, and a sentence if the recipe has no place in that file.
    """
    from engine.pictures import FORMATS

    if keep != "inside" or made_with is None:
        return replace(picture, source=without_note(picture.source)), ()
    form = FORMATS.get(path.suffix.lower(), "")
    source, why = with_note(picture.source, to_line(made_with), form)
    complaint = (f"The recipe was not kept in the picture: {why}.",) if why else ()
    return replace(picture, source=source), complaint


def load(path: Path) -> Recipe:
    """Read a recipe file, or the recipe inside a picture.

    Raises:
        InvalidInputError: if it cannot be read or is no recipe.
    """
    data = read(path)
    if data.lstrip()[:1] == b"{" or not _is_picture(data):
        return from_json(data, str(path))
    from engine.pictures import open_picture

    try:
        note = note_in(open_picture(path).source)
    except PictureError as error:
        raise InvalidInputError(str(error)) from error
    if note is None:
        raise InvalidInputError(
            f"There is no recipe in {path}; give the recipe file, or a picture that was saved with "
            "“--keep-recipe inside”."
        )
    return from_json(note, f"The recipe in {path}")


def _is_picture(data: bytes) -> bool:
    return data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"RIFF", b"BM"))


def read(path: Path) -> bytes:
    """The bytes of a recipe file.

    Raises:
        InvalidInputError: if it cannot be read.
    """
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for ever
            raise InvalidInputError(f"{path} is no file; choose a recipe file.")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.") from error
