"""A recipe: all that is needed to get the same bytes again from the same picture and mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec

from engine.backend import LARGEST_SEED
from engine.errors import InvalidInputError
from engine.pictures.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

Size: TypeAlias = Literal["auto", "crop", "resize", "original"]


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one run.

    Attributes:
        version: of this format.
        app_version: Lacuna's, for people; another one may fill differently.
        backend: the one that ran; never "auto".
        options: complete.
        weights_sha256: of the weight file, or "random:SEED"; None for a backend without weights.
    """

    version: Literal[1] = 1
    app_version: str = ""
    backend: str
    options: dict[str, bool | int | float | str] = {}
    seed: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_SEED)] = 0
    size: Size = "auto"
    detail: bool = True
    weights_sha256: str | None = None


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


def load(path: Path) -> Recipe:
    """Read a recipe file.

    Raises:
        InvalidInputError: if it cannot be read or is no recipe.
    """
    return from_json(read(path), str(path))


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
