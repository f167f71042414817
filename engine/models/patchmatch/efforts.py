"""How long PatchMatch searches, and how it goes about holes of different shapes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is searched.

    `growth` counts sweeps on every ring of the start, the next three count rounds of search and
    vote at the coarsest, the middle and the finest level. `visits` bounds targets times rounds on
    one level, though two rounds are always done: that is what makes twelve megapixels a matter of
    seconds.
    """

    growth: int
    coarsest: int
    middle: int
    finest: int
    visits: int


@dataclass(frozen=True, slots=True)
class Manner:
    """What depends on the shape of the hole.

    Attributes:
        grows: whether the hole is first filled from its border inwards, ring by ring.
        gamma: a vote weighs this much less with every pixel of depth, so that what is known near
            the border grows inwards; the classical 1.3 leaves a visible border.
        texture: factor of the option of that name; what has grown is rough enough.
    """

    grows: bool
    gamma: float
    texture: float


STROKES = Manner(grows=True, gamma=2.0, texture=0.4)
BLOB = Manner(grows=False, gamma=3.0, texture=1.0)
GUIDED = Manner(grows=False, gamma=1.3, texture=1.0)
"""What lies deep in a hole is known as well as what lies at its border, so nothing has to grow: the
classical 1.3 was worth 0.6 dB under strokes and 0.9 to 1.4 dB in blobs over a gamma of 3, measured
with the original at an eighth of its size as the guide, with and without errors."""

EFFORTS = {
    "fast": Effort(4, 12, 8, 2, 200_000),
    "normal": Effort(8, 30, 12, 4, 450_000),
    "thorough": Effort(32, 120, 60, 30, 6_000_000),
}
