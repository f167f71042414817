"""Where a variation stands among the others, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.language import tr

if TYPE_CHECKING:
    from app.session.results import Place


def in_words(place: Place) -> str:
    return tr(
        "{number} of {count} · score {score:.1f}",
        number=place.number,
        count=place.count,
        score=place.score.total,
    )


def explained(place: Place | None) -> str:
    """What the score is made of; empty if there is none."""
    if place is None:
        return ""
    return tr(
        "Score, lower is better: the border differs by {seam:.1f} grey levels from the steps "
        "around it, the texture by {texture:.1f}.",
        seam=place.score.seam,
        texture=place.score.texture,
    )
