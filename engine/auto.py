"""Chooses a backend for a mask, by a rule that fits into one sentence."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine import memory, registry, weights
from engine.regions import thickness

if TYPE_CHECKING:
    from engine.backend import Problem
    from engine.jobs import CancelToken, Steps
    from engine.types import ImageF32, MaskBool
    from engine.weights import WeightFile

HAIRLINE = 3
"""Widest hole, in pixels, that smooth continuation fills better than copied patches.

Measured on curved scratches over twelve photographs of 512 pixels (hole PSNR in dB, texture
distance): 1 px 29.4, 0.59 against 28.0, 0.58 of PatchMatch; 2 px 30.5, 0.52 against 29.7, 0.52;
3 px 25.9, 1.22 against 25.6, 1.07; 4 px 24.9, 1.33 against 24.9, 1.08; 6 px 24.0, 1.67 against
24.0, 1.58; 12 px 20.3, 2.90 against 20.6, 2.16. Telea is below Navier-Stokes at every width.
"""

_ROOM = 256 * 256
"""Pixels that there must be memory for before a network is asked."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A backend's id, the sentence that says why it was chosen, and the weights it shall use."""

    backend: str
    reason: str
    weights: str | None = None


def guide() -> WeightFile | None:
    """The weights of the network that may be asked what belongs into a hole; None if none can run.

    The first of the catalogue that came with Lacuna and are good for something: nobody has
    measured what users have trained, so that must be chosen by hand.
    """
    if importlib.util.find_spec("torch") is None:
        return None
    good = {file.card.backend: file for file in weights.shipped() if file.card.role != "none"}
    spec = next((spec for spec in registry.specs() if spec.id in good), None)
    return good[spec.id] if spec is not None and memory.has_room_for(spec, _ROOM) else None


def choose(
    hole: MaskBool, forbidden: MaskBool | None = None, guide: WeightFile | None = None
) -> Choice:
    """The backend for this mask.

    Args:
        hole: (H, W) bool, True = missing.
        forbidden: where nothing may be copied from; PatchMatch obeys.
        guide: of a network that says what belongs into the hole before PatchMatch fills it.
    """
    if forbidden is not None and bool(forbidden.any()):
        return Choice("patchmatch", "PatchMatch, because you said where to take pixels from")
    widest = thickness(hole)
    if widest <= HAIRLINE:
        return Choice(
            "navier-stokes",
            f"Navier-Stokes, because no part of the hole is wider than {HAIRLINE} pixels",
        )
    if guide is None:
        return Choice(
            "patchmatch",
            f"PatchMatch, because the hole is up to {round(widest)} pixels wide "
            f"and only hairlines up to {HAIRLINE} can be continued smoothly",
        )
    label = registry.get(guide.card.backend).label
    return Choice(
        guide.card.backend,
        f"PatchMatch guided by {label}, because the hole is up to {round(widest)} pixels wide "
        f"and only hairlines up to {HAIRLINE} can be continued smoothly",
        str(guide.path),
    )


class Auto:
    """The rule as a backend, for whoever holds a `Problem` rather than a picture."""

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        """Fill the hole with the backend that `choose` names, at that backend's defaults."""
        chosen = registry.get(choose(problem.hole, problem.forbidden).backend)
        options = registry.complete_options(chosen, {})
        steps = registry.create(chosen.id).inpaint(replace(problem, options=options), token)
        return (yield from steps)
