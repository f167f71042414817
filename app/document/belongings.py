"""What belongs to a document beside its layers: the list of masks, and the points of a face."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from app.language import tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.document.tiles import PackedTile, TileKey

Point: TypeAlias = tuple[float, float]
"""x and y in picture pixels."""


def numbered(number: int) -> str:
    """The name of a mask that nobody has named."""
    return tr("Mask {number}", number=number)


@dataclass(frozen=True, slots=True, eq=False)
class NamedMask:
    """A mask that is put aside; of the one in use, the tiles are in the mask layer instead."""

    name: str
    tiles: Mapping[TileKey, PackedTile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Belongings:
    """Values that change as a whole and inside an undo step; two are equal if they are the same.

    Attributes:
        masks: at least one.
        current: which of them is in use, from 0.
        keypoints: of a face, in the order of the backend that asks for them; empty = none set.
    """

    masks: tuple[NamedMask, ...] = field(default_factory=lambda: (NamedMask(numbered(1)),))
    current: int = 0
    keypoints: tuple[Point, ...] = ()
