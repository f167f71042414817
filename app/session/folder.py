"""Which picture comes before and after this one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

READABLE = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".gif")
)


def neighbour(path: Path, step: int, among: Sequence[Path] = ()) -> Path | None:
    """The picture `step` places after `path`, in its folder or in a given list; None at the end."""
    pictures = list(among) if path in among else siblings(path)
    if path not in pictures:
        return None
    place = pictures.index(path) + step
    return pictures[place] if 0 <= place < len(pictures) else None


def siblings(path: Path) -> list[Path]:
    """All pictures of a folder in the order people count: a2 before a10."""
    try:
        found = [other for other in path.parent.iterdir() if is_picture(other)]
    except OSError:
        return [path]
    return sorted(found, key=_natural)


def is_picture(path: Path) -> bool:
    """Whether the name is that of a picture; hidden files and folders are none."""
    return path.suffix.lower() in READABLE and not path.name.startswith(".") and path.is_file()


def _natural(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    parts = re.split(r"(\d+)", path.stem.casefold())
    counted = [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts if part]
    return counted, path.suffix.casefold()
