"""What blending has done to a fill, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.language import tr, tr_later

if TYPE_CHECKING:
    from engine.blend.names import Blend

DONE: dict[Blend, str] = {
    "match": tr_later("light and colour matched"),
    "poisson": tr_later("step at the seam removed"),
    "grain": tr_later("grain matched"),
}


def blending(switches: tuple[Blend, ...]) -> list[str]:
    """A few words for each switch."""
    return [tr(DONE[name]) for name in switches]
