"""The hole of a picture of a batch, from its masks or its own transparency."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import PictureError
from engine.pictures import OpenedMask, open_mask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.batch.config import BatchConfig
    from engine.batch.items import Item

SUSPICIOUS_SHARE = 0.6
"""A mask with more hole than this is probably the wrong way round."""


def hole_of(config: BatchConfig, item: Item, size: tuple[int, int]) -> OpenedMask:
    """The union of an item's masks.

    Args:
        config: says whether alpha is the mask, and whether black is hole.
        item: its masks, or its alpha, are read.
        size: width and height of the upright picture.

    Raises:
        PictureError: if a file cannot be read.
        InvalidInputError: if it does not fit the picture.
    """
    hole = np.zeros(size[::-1], np.bool_)
    notices: tuple[str, ...] = ()
    for path in item.masks or (item.image,):
        with naming_picture(path, item.image):
            mask = open_mask(
                path,
                size,
                invert=config.invert_mask,
                from_alpha=config.from_alpha or config.mask_alpha,
                pixel_limit=config.pixel_limit,
            )
        hole |= mask.hole
        notices += mask.notices
    return OpenedMask(hole, notices)


@contextmanager
def naming_picture(mask: Path, image: Path) -> Iterator[None]:
    """Let what is wrong with a mask name the picture too; both are often called the same.

    Raises:
        PictureError: if the mask cannot be read.
    """
    try:
        yield
    except PictureError as error:
        if mask == image:
            raise
        raise PictureError(f"The mask of “{image.name}” cannot be used: {error}") from error


def suspicion(name: str, share: float) -> str:
    """A sentence about a mask that is probably the wrong way round; "" if it is not."""
    if share <= SUSPICIOUS_SHARE:
        return ""
    return (
        f"{share:.0%} of “{name}” would be filled; if black marks the hole, turn its mask round "
        "(invert)."
    )
