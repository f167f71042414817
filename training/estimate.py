"""How much memory a run will take, told before it begins. No torch here: the dialog asks, too.

The largest moment of a step is what counts: weights, gradients and optimiser of both networks, and
what their backward passes keep of every picture. That grows with the pixels of a batch, and was
measured for each generator with its paper's losses (`python -m tests.benchmarks.memory`). Decoded
pictures are not counted: their cache takes a share of what is left over.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import msgspec

from engine import memory, registry

if TYPE_CHECKING:
    from training.config import TrainingConfig

PROGRAM = 400_000_000
"""Bytes of the process with its libraries and their buffers, whatever is trained."""

BYTES_PER_PIXEL = {
    "pepsi": 3500,
    "diet-pepsi": 3500,
    "diet-pepsi-g2": 3500,
    "diet-pepsi-g4": 3500,
    "gla": 7600,
    "regionwise": 8400,
    "pennet": 6500,
    "iconv": 11_500,
    "iconv-small": 7800,
    "iconv-face": 7800,
}
"""Kept of every pixel of a batch, with the losses of the paper.

Half precision is counted alike: on a processor it saves nothing, as weights and islands of full
precision are kept beside it.
"""

FEATURES = 160_000_000
"""Bytes for every picture if a loss sees with VGG16, which shrinks or enlarges it to 224 x 224."""

FEATURE_LOSSES = ("correlation", "style")

CRITICS = {
    "red": 7_592_080,
    "sn-patch": 4_318_401,
    "gla": 4_322_945,
    "gla-volume": 4_306_560,
    "iconv": 12_419_417,
}
"""Parameters of the critics for crops of 256 pixels; IConv's is about as large as its generator."""

_NUMBER = 4
_OF_GENERATOR = 8
_OF_CRITIC = 6
"""Numbers held for each parameter: itself, its gradient, Adam's two, the generator's running
average, and what a checkpoint and the convolutions' own layouts take besides, as measured."""


def needed_bytes(config: TrainingConfig, *, on_card: bool = False) -> int:
    """The most memory that the processes of a run will hold together.

    Args:
        config: of the run.
        on_card: what one graphics card must have instead.
    """
    own = registry.get(config.backend).parameters
    critic = CRITICS.get(config.critic, 0)
    if config.critic == "iconv" and config.backend.startswith("iconv"):
        critic = own
    parameters = _OF_GENERATOR * own + _OF_CRITIC * critic
    pictures = -(-config.batch // (config.accumulate * config.devices * config.nodes))
    alone = _NUMBER * parameters + pictures * _bytes_of_picture(config)
    return alone if on_card else config.devices * (PROGRAM + alone)


def shortage(config: TrainingConfig, free: int, *, on_card: bool = False) -> str:
    """Why the run should not begin, with the batch that would fit; empty if there is room.

    Args:
        config: of the run.
        free: bytes that it may have.
        on_card: whether `free` is the graphics card's.
    """
    needed = needed_bytes(config, on_card=on_card)
    if needed <= memory.SHARE_USABLE * free:
        return ""
    where = " on the graphics card" if on_card else ""
    sentence = (
        f"Training {config.backend} with batches of {config.batch} at {config.size} pixels needs "
        f"about {memory.in_words(needed)} of memory{where}, and {memory.in_words(free)} are free; "
    )
    batch = largest_batch(config, free, on_card=on_card)
    if batch:
        return f"{sentence}close other programs, or take a batch of {batch}, which would fit."
    return f"{sentence}close other programs, or take smaller crops: no batch would fit."


def largest_batch(config: TrainingConfig, free: int, *, on_card: bool = False) -> int:
    """The largest batch, up to the run's own, that fits and can be shared out; 0 if none does."""
    room = memory.SHARE_USABLE * free
    step = config.accumulate * config.devices * config.nodes
    for batch in range(config.batch // step * step, 0, -step):
        smaller = msgspec.structs.replace(config, batch=batch)
        if needed_bytes(smaller, on_card=on_card) <= room:
            return batch
    return 0


def is_for_processor(config: TrainingConfig) -> bool:
    """Whether the run will most likely compute on the processor, without asking torch."""
    if config.device == "auto":
        return sys.platform != "darwin" and shutil.which("nvidia-smi") is None
    return config.device == "cpu"


def _bytes_of_picture(config: TrainingConfig) -> int:
    kept = BYTES_PER_PIXEL[config.backend] * config.size**2
    return kept + FEATURES * any(config.losses.get(name) for name in FEATURE_LOSSES)
