"""What the Train dialog says of recipes, masks, losses and devices."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from app.language import told, tr, tr_later
from app.session.training_course import long_duration
from engine import memory
from training import estimate

if TYPE_CHECKING:
    from training.config import Preset, TrainingConfig

PRESETS: dict[Preset, tuple[str, str]] = {
    "quick": (
        tr_later("Quick look"),
        tr_later(
            "Small crops, a few hundred steps: shows whether pictures and masks are "
            "right, not more."
        ),
    ),
    "overnight": (
        tr_later("Overnight"),
        tr_later(
            "As far as a night gets it, on crops of at most 160 pixels; ends when nothing improves."
        ),
    ),
    "modern": (
        tr_later("Modern"),
        tr_later("The paper's losses, mixed masks, half precision; meant for a graphics card."),
    ),
    "paper": (
        tr_later("Paper"),
        tr_later(
            "Losses, masks and length as published; days on a graphics card, weeks without one."
        ),
    ),
}
"""Name and one honest sentence each, the shortest run first."""

MASKS = {
    "mixed": tr_later("Mixed: strokes, shapes, thin lines, boxes"),
    "free-form": tr_later("Free-form strokes"),
    "brush": tr_later("Brush strokes"),
    "objects": tr_later("Shapes with wavy outlines"),
    "lines": tr_later("Thin lines: wires, cracks, scratches"),
    "irregular": tr_later("Lines, discs, boxes and arcs"),
    "square": tr_later("Squares"),
    "blocks": tr_later("Rotated blocks"),
    "box-and-brush": tr_later("Boxes and strokes"),
    "face-box": tr_later("Box over a face"),
}
"""Kinds of `training.masks`; a folder of mask files is the other choice."""

LOSSES = {
    "l1": tr_later("Difference, whole picture"),
    "coarse_l1": tr_later("Difference of the coarse stage"),
    "coarse_l1_fading": tr_later("Difference of the coarse stage, fading"),
    "hole_l1": tr_later("Difference in the hole"),
    "known_l1": tr_later("Difference outside the hole"),
    "pyramid_l1": tr_later("Difference at every scale"),
    "ssim": tr_later("Structure (SSIM)"),
    "hinge": tr_later("Fooling the critic (hinge)"),
    "relativistic_hinge": tr_later("Fooling the critic (relativistic hinge)"),
    "lorentzian": tr_later("Fooling the critic (Lorentzian)"),
    "wasserstein": tr_later("Fooling the critic (Wasserstein)"),
    "reconstruction": tr_later("Reconstruction"),
    "correlation": tr_later("Non-local correlation"),
    "style": tr_later("Style"),
}
"""The names of recipes for people; one that is missing is shown as it is."""

CRITIC = "critic."
"""What stands before the names of losses that the critic learns from."""

CRITICS = {
    "": "none",
    "red": tr_later("RED, per-cell classifiers"),
    "sn-patch": tr_later("SN-PatchGAN"),
    "gla": tr_later("global and local"),
    "iconv": tr_later("residual, conditional"),
}

DEVICES = {
    "auto": tr_later("Automatic"),
    "cpu": tr_later("Processor (CPU)"),
    "cuda": tr_later("Graphics card (CUDA)"),
    "mps": tr_later("Graphics card (Metal)"),
}

ENDS = {
    "done": tr_later("Done"),
    "stopped": tr_later("Stopped"),
    "time": tr_later("The time is up"),
    "flat": tr_later("Ended, because nothing improved any more"),
}
"""Reasons of `training.events.Finished`."""


def devices() -> list[str]:
    """The devices that a machine like this one may have."""
    return ["auto", "cpu", "mps" if sys.platform == "darwin" else "cuda"]


def loss(name: str) -> str:
    """A loss, or with the prefix "critic." what the critic learns from, for people."""
    own = name.removeprefix(CRITIC)
    words = own.replace("_", " ")
    return tr(LOSSES.get(own, words)) if own == name else tr("Critic's own: {words}", words=words)


def time_needed(config: TrainingConfig, speed: float | None) -> str:
    """How long a run takes, as a sentence.

    Args:
        config: of the run.
        speed: picture pixels a second, as measured in an earlier run of this generator.
    """
    limit = config.time_limit_s
    if speed is None:
        if limit is not None:
            return tr("Ends after {limit} at the latest.", limit=long_duration(limit))
        return tr("Time unknown until it has run for a minute.")
    seconds = config.steps * config.batch * config.size**2 / speed
    if limit is not None and seconds > limit:
        return tr("Ends after {limit}, when the time is up.", limit=long_duration(limit))
    return tr("About {time} at the speed measured on this computer.", time=long_duration(seconds))


def memory_needed(config: TrainingConfig) -> str:
    """What a run will take of the memory, as a sentence."""
    needed = told(memory.in_words(estimate.needed_bytes(config)))
    if not estimate.is_for_processor(config):
        return tr("About {needed} of memory where the processor has to do it.", needed=needed)
    return tr(
        "About {needed} of memory; {free} are free.",
        needed=needed,
        free=told(memory.in_words(memory.available_bytes())),
    )


def memory_problem(config: TrainingConfig) -> str:
    """Why there is too little memory for a run; empty if there is enough, or nobody knows yet."""
    if not estimate.is_for_processor(config):
        return ""  # the card is asked by the process that trains
    return told(estimate.shortage(config, memory.available_bytes()))
