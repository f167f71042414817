"""Which mask belongs to which picture, by their names alone.

The first rule that finds something decides:

1. a mask with the picture's relative path and stem, whatever its ending;
2. masks called like it with `_mask`, `-mask` or `_maskNNN` behind the stem; several are united.

In a folder that holds pictures and masks together only the second rule applies, as nothing else
tells them apart.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from engine.batch.naming import text_of
from engine.errors import InvalidInputError
from engine.scanning import picture_files

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from engine.batch.config import BatchConfig

_SUFFIX = re.compile(r"(?P<stem>.+)[_-]mask[0-9]*", re.IGNORECASE | re.DOTALL)

_Key: TypeAlias = tuple[str, str]
"""Relative folder and stem, as composed characters: file systems store “é” in two ways."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and its masks.

    Attributes:
        image: absolute path.
        folder: of the picture, relative to the folder of all pictures.
        masks: absolute paths; none if there is none, or if the masks are the pictures' alpha.
        trouble: why no masks could be chosen; "" if they could.
    """

    image: Path
    folder: Path
    masks: tuple[Path, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Pairs:
    """All pictures in the order of their paths, and the masks that belong to none of them."""

    pairs: tuple[Pair, ...]
    orphans: tuple[Path, ...] = ()


def paired(config: BatchConfig, without: Container[str] = ()) -> Pairs:
    """Find the pictures and their masks.

    Args:
        config: checked.
        without: files that are no pictures of this run, such as earlier results, as text
            (`naming.text_of`).

    Raises:
        InvalidInputError: if a folder cannot be read or holds no pictures.
    """
    images = _images(config, without)
    root = config.images_folder
    if config.from_alpha:
        return Pairs(tuple(Pair(image, _folder(image, root)) for image in images))
    if (mask := config.mask_file) is not None:
        others = [image for image in images if image != mask]
        return Pairs(tuple(Pair(image, _folder(image, root), (mask,)) for image in others))
    masks_root = Path(config.masks).absolute()
    if masks_root.resolve() == root.resolve():
        return _paired_within(images, root)
    left_out = {config.output_folder, root} - {masks_root}
    masks = picture_files(masks_root, recursive=config.recursive, without=left_out)
    return _matched(images, root, masks, masks_root, exact=True)


def _images(config: BatchConfig, without: Container[str]) -> tuple[Path, ...]:
    path, root = Path(config.images).absolute(), config.images_folder
    if path.is_file():
        return (path,)
    left_out = {config.output_folder, config.masks_folder} - {root, None}
    found = picture_files(
        root, recursive=config.recursive, without={place for place in left_out if place}
    )
    images = tuple(image for image in found if text_of(image) not in without)
    if not images:
        hint = "" if config.recursive else ", or look into its subfolders too"
        raise InvalidInputError(
            f"“{config.images}” holds no pictures; choose another folder{hint}."
        )
    return images


def _paired_within(files: tuple[Path, ...], root: Path) -> Pairs:
    """Pairs of a folder that holds pictures and masks: a mask is what is called like one."""
    stems = {_key(path, root, path.stem) for path in files}
    masks: list[Path] = []
    images: list[Path] = []
    for path in files:
        named = _SUFFIX.fullmatch(path.stem)
        is_mask = named is not None and _key(path, root, named["stem"]) in stems
        (masks if is_mask else images).append(path)
    return _matched(images, root, masks, root, exact=False)


def _matched(
    images: Iterable[Path], root: Path, masks: Iterable[Path], masks_root: Path, *, exact: bool
) -> Pairs:
    by_stem: dict[_Key, list[Path]] = {}
    by_suffix: dict[_Key, list[Path]] = {}
    for mask in masks:
        by_stem.setdefault(_key(mask, masks_root, mask.stem), []).append(mask)
        if named := _SUFFIX.fullmatch(mask.stem):
            by_suffix.setdefault(_key(mask, masks_root, named["stem"]), []).append(mask)
    if not exact:
        by_stem, orphans = {}, set()
    else:
        orphans = {mask for found in by_stem.values() for mask in found}
    pairs = []
    for image in images:
        key = _key(image, root, image.stem)
        same = by_stem.get(key, [])
        chosen = tuple(same or by_suffix.get(key, ()))
        orphans -= set(chosen)
        trouble = _ambiguity(image, same)
        pairs.append(Pair(image, _folder(image, root), () if trouble else chosen, trouble))
    return Pairs(tuple(pairs), tuple(sorted(orphans)))


def _ambiguity(image: Path, same: list[Path]) -> str:
    if len(same) < 2:
        return ""
    names = " and ".join(f"“{mask.name}”" for mask in same)
    return f"“{image.name}” has several masks of its name, {names}; keep one of them."


def _folder(image: Path, root: Path) -> Path:
    return image.parent.relative_to(root)


def _key(path: Path, root: Path, stem: str) -> _Key:
    folder = path.parent.relative_to(root).as_posix()
    return unicodedata.normalize("NFC", folder), unicodedata.normalize("NFC", stem)
