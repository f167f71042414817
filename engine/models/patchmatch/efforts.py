"""How long PatchMatch searches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is searched.

    The first three count rounds of search and vote at the coarsest, the middle and the finest
    level. `visits` bounds targets times rounds on
    one level, though two rounds are always done: that is what makes twelve megapixels a matter of
    seconds.
    """

    coarsest: int
    middle: int
    finest: int
    visits: int


EFFORTS = {
    "fast": Effort(12, 8, 2, 200_000),
    "normal": Effort(30, 12, 4, 450_000),
    "thorough": Effort(120, 60, 30, 6_000_000),
}
