"""How much of a training run's time goes into learning itself.

The whole loop (decoding, crops, masks, losses, critic, running average, events) against bare
forward, backward and optimiser steps of the same two networks on a batch that lies in memory. Both
take turns within one run, a few steps each, so that a busy machine slows them alike.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import torch
from PIL import Image

from engine import networks, registry, resources
from engine.generator import Generation
from training import runner
from training.batch import Batch
from training.discriminators import critic as built_critic
from training.learner import Learner
from training.losses import CRITIC_LOSSES, LOSSES
from training.recipes import recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from training.config import TrainingConfig
    from training.learner import Raw

BACKEND = "diet-pepsi"
"""One of the fastest to learn, so that what comes besides weighs most."""

ON = {"cpu": (128, 4, "fp32"), "cuda": (256, 32, "bf16")}
"""Side of the crops, pictures a step and precision, by device."""

PHOTOS = 24
PHOTO = (900, 600)
TURNS = 6
STEPS = 4
"""Of each side in a turn; the first turn only warms up."""


def measure(device: str = "cpu") -> dict[str, float]:
    side, batch, precision = ON[device]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_photos(folder / "photos")
        config = msgspec.structs.replace(
            recipe(BACKEND, "quick"), data=str(folder / "photos"), size=side, batch=batch,
            precision=precision, device=device, steps=TURNS * STEPS,
            validate_every=10**6, checkpoint_every=10**6,
        )  # fmt: skip
        with _turns(_Bare(config)) as (whole, bare):
            runner.run(config, folder / "run", lambda _: None)
    shares = [alone / all_ for all_, alone in zip(whole[1:], bare[1:-1], strict=True)]
    return {
        "loop_share": statistics.median(shares),
        "pictures_per_s": STEPS * batch / statistics.median(whole[1:]),
    }


@contextmanager
def _turns(bare: _Bare) -> Iterator[tuple[list[float], list[float]]]:
    """Let bare steps take their turns between the steps of the run inside."""
    whole_s: list[float] = []
    bare_s: list[float] = []
    began, real = 0.0, Learner.step

    def step(self: Learner, raw: Raw, number: int) -> dict[str, Tensor]:
        nonlocal began
        if number % STEPS == 0:
            bare.wait()
            if number:
                whole_s.append(time.perf_counter() - began)
            start = time.perf_counter()
            for _ in range(STEPS):
                bare.step()
            bare.wait()
            began = time.perf_counter()
            bare_s.append(began - start)
        return real(self, raw, number)

    Learner.step = step  # type: ignore[method-assign]
    try:
        yield whole_s, bare_s
    finally:
        Learner.step = real  # type: ignore[method-assign]


class _Bare:
    """What a few lines of torch would do: both networks, the recipe's losses, two optimisers."""

    def __init__(self, config: TrainingConfig) -> None:
        layout, self._device = torch.channels_last, torch.device(config.device)
        self._config = config
        spec = registry.get(config.backend)
        self._generator = networks.built(spec, {}, seed=0).train()
        self._critic = built_critic(config.critic, config).train()
        for network in (self._generator, self._critic):
            network.to(self._device, memory_format=layout)  # type: ignore[call-overload]
        self._optimisers = [
            torch.optim.Adam(network.parameters(), 1e-5)
            for network in (self._critic, self._generator)
        ]
        size = (config.batch, 3, config.size, config.size)
        image = (torch.rand(size) * 2 - 1).to(self._device)
        self._image = image.contiguous(memory_format=layout)
        self._hole = torch.zeros(size[0], 1, *size[2:], device=self._device)
        quarter = config.size // 4
        self._hole[..., quarter : 3 * quarter, quarter : 3 * quarter] = 1

    def wait(self) -> None:
        """Let a card finish what it has been given."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()

    def step(self) -> None:
        is_half = self._config.precision == "bf16"
        with torch.autocast(self._device.type, torch.bfloat16, enabled=is_half):
            self._learn_both()

    def _learn_both(self) -> None:
        for_critic, for_generator = self._optimisers
        with torch.no_grad():
            made = self._generator(self._image, self._hole, stages=False)
        self._learn(Generation(made.image), self._config.critic_losses, CRITIC_LOSSES, for_critic)
        self._critic.requires_grad_(requires_grad=False)
        made = self._generator(self._image, self._hole, stages=True)
        self._learn(made, self._config.losses, LOSSES, for_generator)
        self._critic.requires_grad_(requires_grad=True)

    def _learn(self, made, weights, table, optimiser) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        optimiser.zero_grad(set_to_none=True)
        batch = Batch(self._image, self._hole, made, critic=self._critic)
        terms = [weight * table[name].function(batch) for name, weight in weights.items()]
        torch.stack(terms).sum().backward()
        optimiser.step()


def _write_photos(folder: Path) -> None:
    """Cuttings of the samples as JPEG files as cameras write them."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    samples = [Image.open(path).convert("RGB") for path, _ in resources.samples()]
    for number in range(PHOTOS):
        photo = samples[number % len(samples)]
        left, top = (int(rng.integers(side // 4)) for side in photo.size)
        box = (left, top, left + 3 * photo.width // 4, top + 3 * photo.height // 4)
        photo.crop(box).resize(PHOTO).save(folder / f"{number:02}.jpg", quality=92)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=tuple(ON), default="cpu")
    print(measure(parser.parse_args().device))
