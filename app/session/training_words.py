"""What the Train dialog says of recipes, masks, losses and devices."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from app.session.training_course import long_duration
from engine import memory
from training import estimate

if TYPE_CHECKING:
    from training.config import Preset, TrainingConfig

PRESETS: dict[Preset, tuple[str, str]] = {
    "quick": (
        "Quick look",
        "Small crops, a few hundred steps: shows whether pictures and masks are right, not more.",
    ),
    "overnight": (
        "Overnight",
        "As far as a night gets it, on crops of at most 160 pixels; ends when nothing improves.",
    ),
    "modern": (
        "Modern",
        "The paper's losses, mixed masks, half precision; meant for a graphics card.",
    ),
    "paper": (
        "Paper",
        "Losses, masks and length as published; days on a graphics card, weeks without one.",
    ),
}
"""Name and one honest sentence each, the shortest run first."""

MASKS = {
    "mixed": "Mixed: strokes, shapes, thin lines, boxes",
    "free-form": "Free-form strokes",
    "brush": "Brush strokes",
    "objects": "Shapes with wavy outlines",
    "lines": "Thin lines: wires, cracks, scratches",
    "irregular": "Lines, discs, boxes and arcs",
    "square": "Squares",
    "blocks": "Rotated blocks",
    "box-and-brush": "Boxes and strokes",
    "face-box": "Box over a face",
}
"""Kinds of `training.masks`; a folder of mask files is the other choice."""

LOSSES = {
    "l1": "Difference, whole picture",
    "coarse_l1": "Difference of the coarse stage",
    "coarse_l1_fading": "Difference of the coarse stage, fading",
    "hole_l1": "Difference in the hole",
    "known_l1": "Difference outside the hole",
    "pyramid_l1": "Difference at every scale",
    "ssim": "Structure (SSIM)",
    "hinge": "Fooling the critic (hinge)",
    "relativistic_hinge": "Fooling the critic (relativistic hinge)",
    "lorentzian": "Fooling the critic (Lorentzian)",
    "wasserstein": "Fooling the critic (Wasserstein)",
    "reconstruction": "Reconstruction",
    "correlation": "Non-local correlation",
    "style": "Style",
}
"""The names of recipes for people; one that is missing is shown as it is."""

CRITIC = "critic."
"""What stands before the names of losses that the critic learns from."""

CRITICS = {
    "": "none",
    "red": "RED, per-cell classifiers",
    "sn-patch": "SN-PatchGAN",
    "gla": "global and local",
    "iconv": "residual, conditional",
}

DEVICES = {
    "auto": "Automatic",
    "cpu": "Processor (CPU)",
    "cuda": "Graphics card (CUDA)",
    "mps": "Graphics card (Metal)",
}

ENDS = {
    "done": "Done",
    "stopped": "Stopped",
    "time": "The time is up",
    "flat": "Ended, because nothing improved any more",
}
"""Reasons of `training.events.Finished`."""


def devices() -> list[str]:
    """The devices that a machine like this one may have."""
    return ["auto", "cpu", "mps" if sys.platform == "darwin" else "cuda"]


def loss(name: str) -> str:
    """A loss, or with the prefix "critic." what the critic learns from, for people."""
    own = name.removeprefix(CRITIC)
    words = own.replace("_", " ")
    return LOSSES.get(own, words) if own == name else f"Critic's own: {words}"


def time_needed(config: TrainingConfig, speed: float | None) -> str:
    """How long a run takes, as a sentence.

    Args:
        config: of the run.
        speed: picture pixels a second, as measured in an earlier run of this generator.
    """
    limit = config.time_limit_s
    if speed is None:
        if limit is not None:
            return f"Ends after {long_duration(limit)} at the latest."
        return "Time unknown until it has run for a minute."
    seconds = config.steps * config.batch * config.size**2 / speed
    if limit is not None and seconds > limit:
        return f"Ends after {long_duration(limit)}, when the time is up."
    return f"About {long_duration(seconds)} at the speed measured on this computer."


def memory_needed(config: TrainingConfig) -> str:
    """What a run will take of the memory, as a sentence."""
    needed = f"About {memory.in_words(estimate.needed_bytes(config))} of memory"
    if not estimate.is_for_processor(config):
        return f"{needed} where the processor has to do it."
    return f"{needed}; {memory.in_words(memory.available_bytes())} are free."


def memory_problem(config: TrainingConfig) -> str:
    """Why there is too little memory for a run; empty if there is enough, or nobody knows yet."""
    if not estimate.is_for_processor(config):
        return ""  # the card is asked by the process that trains
    return estimate.shortage(config, memory.available_bytes())


def count(number: int, one: str, many: str) -> str:
    """A number with its noun: "1 picture", "1,204 pictures"."""
    return f"{number:,} {one if number == 1 else many}"
