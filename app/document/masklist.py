"""Several masks with names, of which one is in use; every change is one undo step."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from app.document.belongings import NamedMask, numbered
from app.language import tr_later

if TYPE_CHECKING:
    from app.document.document import Document
    from app.document.history import Edit

MOST = 99
"""Masks of one document."""

LONGEST_NAME = 80


def add(document: Document) -> Edit | None:
    """Put the mask in use aside and begin an empty one behind it."""
    return _insert(document, tr_later("Add Mask"), unused_name(document), is_copy=False)


def duplicate(document: Document) -> Edit | None:
    """Put the mask in use aside and go on with a copy of it."""
    name = document.belongings.masks[document.belongings.current].name
    return _insert(document, tr_later("Duplicate Mask"), unused_name(document, name), is_copy=True)


def switch(document: Document, index: int) -> Edit | None:
    """Take another mask into use; None if it is in use already."""
    if index == document.belongings.current:
        return None
    document.begin(tr_later("Switch Mask"), "mask")
    masks = list(_put_aside(document))
    document.put_mask(masks[index].tiles)
    masks[index] = NamedMask(masks[index].name)
    _put(document, masks, index)
    return document.commit()


def rename(document: Document, index: int, name: str) -> Edit | None:
    """Call a mask differently; None if the name is empty or as before."""
    name = " ".join(name.split())[:LONGEST_NAME]
    masks = list(document.belongings.masks)
    if not name or name == masks[index].name:
        return None
    document.begin(tr_later("Rename Mask"), "mask")
    masks[index] = replace(masks[index], name=name)
    _put(document, masks, document.belongings.current)
    return document.commit()


def delete(document: Document) -> Edit | None:
    """Remove the mask in use and take up the one before it; the only one is emptied instead."""
    masks, current = list(document.belongings.masks), document.belongings.current
    document.begin(tr_later("Delete Mask"), "mask")
    if len(masks) == 1:
        document.clear_mask()
        return document.commit()
    del masks[current]
    index = max(0, current - 1)
    document.put_mask(masks[index].tiles)
    masks[index] = NamedMask(masks[index].name)
    _put(document, masks, index)
    return document.commit()


def unused_name(document: Document, like: str = "") -> str:
    """A name like another one, with the lowest number that no mask has yet."""
    stem = re.sub(r" \d+$", "", like)
    taken = {mask.name for mask in document.belongings.masks}
    names = (f"{stem} {n}" if stem else numbered(n) for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _insert(document: Document, label: str, name: str, *, is_copy: bool) -> Edit | None:
    if len(document.belongings.masks) >= MOST:
        return None
    document.begin(label, "mask")
    masks, index = list(_put_aside(document)), document.belongings.current + 1
    if not is_copy:
        document.put_mask({})
    masks.insert(index, NamedMask(name))
    _put(document, masks, index)
    return document.commit()


def _put_aside(document: Document) -> tuple[NamedMask, ...]:
    """All masks, with the tiles of the one in use."""
    belongings = document.belongings
    masks = list(belongings.masks)
    used = masks[belongings.current]
    masks[belongings.current] = NamedMask(used.name, document.packed_mask())
    return tuple(masks)


def _put(document: Document, masks: list[NamedMask], current: int) -> None:
    document.put_belongings(replace(document.belongings, masks=tuple(masks), current=current))
