"""What the outputs are called: a template, endings that can be written, and names that are free."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InvalidInputError
from engine.pictures import FORMATS

if TYPE_CHECKING:
    from collections.abc import Container

DEFAULT = "{stem}_inpainted{ext}"

TOKENS = ("stem", "ext", "backend", "seed", "parent")
"""Name of the picture without its ending, the ending, backend and seed asked for, and the name of
the folder that the picture lies in."""

_FALLBACK = ".png"
_TOKEN = re.compile(r"\{([^{}]*)\}")
_NO_TEXT = re.compile("[\ud800-\udfff]")


def check(template: str) -> None:
    """Refuse a template that can make no file name.

    Raises:
        InvalidInputError: for an unknown token, a folder in it, or a name that is the same for all.
    """
    listed = ", ".join(f"{{{token}}}" for token in TOKENS)
    for token in _TOKEN.findall(template):
        if token not in TOKENS:
            raise InvalidInputError(f"The name has the token {{{token}}}; there are {listed}.")
    rest = _TOKEN.sub("", template)
    if "{" in rest or "}" in rest:
        raise InvalidInputError(f"The name “{template}” has a lone brace; the tokens are {listed}.")
    if set(rest) & {"/", "\\", "\0"} or template in ("", ".", ".."):
        raise InvalidInputError(
            f"The name “{template}” must be that of a file; leave the folders out."
        )
    if "{stem}" not in template:
        raise InvalidInputError(
            f"The name “{template}” would be the same for many pictures; put {{stem}} into it."
        )
    ending = Path(_TOKEN.sub("x", template.removesuffix("{ext}"))).suffix.lower()
    if not template.endswith("{ext}") and ending not in FORMATS:
        raise InvalidInputError(
            f"The name “{template}” ends in no format that Lacuna writes; end it with {{ext}}, "
            ".png, .jpg, .tif, .webp or .bmp."
        )


def name_of(template: str, image: Path, form: str, *, backend: str, seed: int) -> str:
    """The file name that a template makes for a picture.

    Args:
        template: checked.
        image: the picture's absolute path.
        form: its format as its header tells, which may be another than its ending does.
        backend: as asked for.
        seed: likewise.
    """
    values = {
        "stem": image.stem,
        "ext": _ending(image, form),
        "backend": backend,
        "seed": str(seed),
        "parent": image.parent.name,
    }
    return _TOKEN.sub(lambda found: values[found[1]], template)


def _ending(image: Path, form: str) -> str:
    """The picture's own ending if it is that of its format, else the format's, else PNG's."""
    if FORMATS.get(image.suffix.lower()) == form:
        return image.suffix
    return next((ending for ending, name in FORMATS.items() if name == form), _FALLBACK)


def free(path: Path, taken: Container[str]) -> Path:
    """The path, or the first of `NAME_1`, `NAME_2`, ... that neither exists nor is taken.

    Args:
        path: wanted.
        taken: keys (`key_of`) of names that others will write.
    """
    number, candidate = 0, path
    while key_of(candidate) in taken or os.path.lexists(candidate):
        number += 1
        candidate = path.with_name(f"{path.stem}_{number}{path.suffix}")
    return candidate


def variant(text: str, wanted: Path) -> Path | None:
    """The path that a text (`text_of`) stands for, if `free` may have made it of `wanted`."""
    if text == text_of(wanted):
        return wanted
    head = text_of(wanted.with_name(f"{wanted.stem}_"))
    number = text.removeprefix(head).removesuffix(wanted.suffix)
    if number.isdecimal() and text == f"{head}{number}{wanted.suffix}":
        return wanted.with_name(f"{wanted.stem}_{number}{wanted.suffix}")
    return None


def key_of(path: Path) -> str:
    """The same text for paths that the file system takes for one, as far as names can tell."""
    return os.path.normcase(path)


def text_of(path: Path | str) -> str:
    """A path, or a sentence that names one, as text that any file can hold.

    Bytes of a name that are no text become their hexadecimal numbers behind a backslash.
    """
    return _NO_TEXT.sub(lambda found: _number_of(found[0]), str(path))


def _number_of(half: str) -> str:
    code = ord(half)
    # How Python brings a byte that is no text into a string (PEP 383).
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
