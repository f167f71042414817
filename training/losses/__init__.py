"""The losses of the papers, by name, unweighted; the recipes weigh them.

A loss is a function of a `Batch` with a decorator that names it: `@loss` for the generator's,
`@critic_loss` for the critic's. A new one needs nothing else, in a module that is imported here.
"""

from __future__ import annotations

from training.losses import adversarial, penalties, perceptual, pixels, similarity
from training.losses.registry import CRITIC_LOSSES, LOSSES, Loss, critic_loss, loss

__all__ = [
    "CRITIC_LOSSES", "LOSSES", "Loss", "adversarial", "critic_loss", "loss", "penalties",
    "perceptual", "pixels", "similarity",
]  # fmt: skip
