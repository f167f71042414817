"""Chooses a backend for a mask, by a rule that fits into one sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine import registry
from engine.regions import thickness

if TYPE_CHECKING:
    from engine.backend import Problem
    from engine.jobs import CancelToken, Steps
    from engine.types import ImageF32, MaskBool

HAIRLINE = 3
"""Widest hole, in pixels, that smooth continuation fills better than copied patches.

Measured on curved scratches over twelve photographs of 512 pixels (hole PSNR in dB, texture
distance): 1 px 29.4, 0.59 against 28.0, 0.58 of PatchMatch; 2 px 30.5, 0.52 against 29.7, 0.52;
3 px 25.9, 1.22 against 25.6, 1.07; 4 px 24.9, 1.33 against 24.9, 1.08; 6 px 24.0, 1.67 against
24.0, 1.58; 12 px 20.3, 2.90 against 20.6, 2.16. Telea is below Navier-Stokes at every width.
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend's id and the sentence that says why it was chosen."""

    backend: str
    reason: str


def choose(hole: MaskBool, forbidden: MaskBool | None = None) -> Choice:
    """The backend for this mask.

    Args:
        hole: (H, W) bool, True = missing.
        forbidden: where nothing may be copied from; PatchMatch obeys.
    """
    if forbidden is not None and bool(forbidden.any()):
        return Choice("patchmatch", "PatchMatch, because you said where to take pixels from")
    widest = thickness(hole)
    if widest <= HAIRLINE:
        return Choice(
            "navier-stokes",
            f"Navier-Stokes, because no part of the hole is wider than {HAIRLINE} pixels",
        )
    return Choice(
        "patchmatch",
        f"PatchMatch, because the hole is up to {round(widest)} pixels wide "
        f"and only hairlines up to {HAIRLINE} can be continued smoothly",
    )


class Auto:
    """The rule as a backend, for whoever holds a `Problem` rather than a picture."""

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        """Fill the hole with the backend that `choose` names, at that backend's defaults."""
        chosen = registry.get(choose(problem.hole, problem.forbidden).backend)
        options = registry.complete_options(chosen, {})
        steps = registry.create(chosen.id).inpaint(replace(problem, options=options), token)
        return (yield from steps)
