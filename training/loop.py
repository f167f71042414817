"""The training run: from a configuration to a model, telling what happens as events."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from engine import networks, registry, weights
from engine.errors import InvalidInputError, PictureError
from engine.weight_files import tensors
from training import datasets, estimate, terms, validation
from training.checkpoints import RunFolder
from training.discriminators import critic as built_critic
from training.events import (
    Checkpoint,
    Event,
    Finished,
    Notice,
    RolledBack,
    Sample,
    Started,
    Step,
    Validation,
)
from training.features import features as built_features
from training.learner import Learner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightning_fabric import Fabric
    from torch import Tensor

    from engine.jobs import CancelToken
    from training.batch import Critic
    from training.config import TrainingConfig

log = logging.getLogger(__name__)

REPORT_S = 1.0
"""Seconds between two reports of the losses; the first comes after the first step."""

RANDOM_FEATURES = (
    "The losses on features see with random ones instead of the trained VGG16: they tell textures "
    "apart less well, and the model will say so. Name a file with --set features=FILE for the real."
)

BAD_STEPS = 3
"""Rollbacks without a checkpoint between them after which the run gives up."""


@dataclass
class _Progress:
    """Where a run is.

    Attributes:
        step: steps done.
        skipped: pictures passed over after rollbacks, so that the same batch does not come again.
        best: the best hole PSNR so far.
        since_best: validations since.
        seconds: spent so far, over all sessions.
    """

    step: int = 0
    skipped: int = 0
    best: float = -math.inf
    since_best: int = 0
    seconds: float = 0.0


@dataclass
class _Means:
    """Averages of the losses between two reports."""

    sums: dict[str, Tensor] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    began: float = field(default_factory=time.monotonic)

    def add(self, losses: dict[str, Tensor]) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value.clone()
        self.counts.update(losses.keys())
        self.steps += 1

    def report(self, step: int, config: TrainingConfig) -> Step:
        seconds = max(1e-9, time.monotonic() - self.began)
        # Lazy penalties, and the generator's losses while the critic learns alone, are not in all.
        losses = {name: float(total) / self.counts[name] for name, total in self.sums.items()}
        left = (config.steps - step) * seconds / self.steps
        return Step(
            step=step,
            losses=losses,
            rate=self.steps * config.batch / seconds,
            seconds_left=left,
        )


def train(config: TrainingConfig, out: Path, fabric: Fabric, stop: CancelToken) -> Iterator[Event]:
    """Train, or go on with the run whose checkpoint lies in `out`.

    Args:
        config: of the run.
        out: folder of the run; a new one is made once it is clear that the run can begin.
        fabric: launched.
        stop: ends the run after the step it is in, with a checkpoint.

    Yields:
        What happens; in processes other than the first nothing but their own failures.

    Raises:
        InvalidInputError: if something in the configuration cannot be had.
        PictureError: if nothing can be written.
    """
    folder = RunFolder(out)
    run = _Run(config, folder, fabric, stop)
    if fabric.is_global_zero and not folder.config_file.exists():
        folder.begin(config)
    fabric.barrier()
    for event in run.events():
        if fabric.is_global_zero:
            yield event


class _Run:
    """One session of a run."""

    def __init__(
        self, config: TrainingConfig, folder: RunFolder, fabric: Fabric, stop: CancelToken
    ) -> None:
        self._config, self._folder, self._fabric, self._stop = config, folder, fabric, stop
        self._spec = registry.get(config.backend)
        if config.batch % (config.accumulate * fabric.world_size):
            raise InvalidInputError(
                f"A batch of {config.batch} cannot be cut into {config.accumulate} parts on "
                f"{fabric.world_size} devices; choose a multiple of both."
            )
        self._learner = self._built()  # first, as what is wrong with a recipe shows at once
        self._pictures = datasets.pictures(config)
        self._pictures.training[0]  # masks that cannot be had show here
        self._at = _Progress()
        self._rollbacks = 0
        self._restore()

    def _built(self) -> Learner:
        config = self._config
        if config.start is not None:
            file = weights.opened(_path(config.start))
            # The file knows its network's configuration, which wins over the recipe's.
            generator = weights.load(self._spec, file).requires_grad_(requires_grad=True)
            average = weights.load(self._spec, file)
        else:
            generator = networks.built(self._spec, config.configuration, seed=config.seed)
            average = networks.built(self._spec, config.configuration, seed=config.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed + 1)
            critic = _critic(config)
            needs = terms.needs_features(config)
            seen = built_features(config).to(self._fabric.device) if needs else None
        return Learner(config, self._fabric, generator, average, critic, seen)

    # --- the run -----------------------------------------------------------------------------

    def events(self) -> Iterator[Event]:
        """Learn to the end, or to the wish to stop."""
        yield self._started()
        yield from self._notices()
        config, at, began = self._config, self._at, time.monotonic()
        spent, means, reason = at.seconds, _Means(), "done"
        batches = self._batches()
        while at.step < config.steps:
            if self._wants_to_stop():
                reason = "stopped"
                break
            if config.time_limit_s is not None and at.seconds > config.time_limit_s:
                reason = "time"
                break
            losses = self._learner.step(next(batches), at.step)
            at.step += 1
            at.seconds = spent + time.monotonic() - began
            if not self._are_finite(losses):
                yield self._roll_back()
                at, batches, means = self._at, self._batches(), _Means()
                continue
            means.add(losses)
            if at.step == 1 or time.monotonic() - means.began >= REPORT_S:
                yield means.report(at.step, config)
                means = _Means()
            if at.step % config.validate_every == 0:
                yield from self._validate()
                means = _Means()
            if at.step % config.checkpoint_every == 0:
                yield from self._checkpoint()
            if config.patience and at.since_best >= config.patience:
                reason = "flat"
                break
        if means.steps:
            yield means.report(at.step, config)
        yield from self._checkpoint()
        yield from self._export(reason)

    def _batches(self) -> Iterator[dict[str, Tensor]]:
        start = self._at.step * self._config.batch + self._at.skipped
        return iter(
            datasets.loader(
                self._pictures.training,
                self._config,
                start=start,
                rank=self._fabric.global_rank,
                ranks=self._fabric.world_size,
            )
        )

    def _started(self) -> Started:
        generator = self._learner.generator
        return Started(
            step=self._at.step,
            steps=self._config.steps,
            pictures=len(self._pictures.training_files),
            held_out=len(self._pictures.held_out_files),
            parameters=sum(part.numel() for part in generator.parameters()),
            device=_in_words(self._fabric.device, self._fabric.world_size),
            precision=self._config.precision,
            run=str(self._folder.path),
            memory=estimate.needed_bytes(self._config, on_card=self._fabric.device.type == "cuda"),
        )

    def _notices(self) -> Iterator[Event]:
        messages = [*self._pictures.notices]
        if terms.sees_at_random(self._config):
            messages.append(RANDOM_FEATURES)
        for message in messages:
            yield Notice(step=self._at.step, message=message)

    def _wants_to_stop(self) -> bool:
        wish = torch.tensor(float(self._stop.is_cancelled), device=self._fabric.device)
        if self._fabric.world_size == 1:
            return bool(wish)
        # All processes must leave in the same step, whoever was asked.
        return bool(self._fabric.all_reduce(wish, reduce_op="sum"))

    @staticmethod
    def _are_finite(losses: dict[str, Tensor]) -> bool:
        # All processes see the same losses, and so come to the same answer.
        return bool(
            torch.isfinite(torch.stack([value.reshape(()) for value in losses.values()])).all()
        )

    # --- what is kept ------------------------------------------------------------------------

    def _state(self) -> dict[str, object]:
        return {"progress": dataclasses.asdict(self._at), "learner": self._learner.state()}

    def _restore(self) -> int:
        """Go back to the last checkpoint, or to the beginning; the step that this is."""
        state = self._folder.latest()
        if state is None:
            if self._at.step:
                self._learner = self._built()
            self._at = _Progress()
        else:
            self._learner.restore(state["learner"])
            self._at = _Progress(**state["progress"])
        return self._at.step

    def _roll_back(self) -> Event:
        failed, self._rollbacks = self._at.step, self._rollbacks + 1
        skipped = self._at.skipped
        if self._rollbacks > BAD_STEPS:
            raise InvalidInputError(
                f"The losses ceased to be numbers at step {failed}, {self._rollbacks} times in a "
                "row; use smaller step sizes (--set lr=...) or precision fp32."
            )
        to = self._restore()
        # The pictures that led there are passed over, or the same would happen again.
        self._at.skipped = skipped + (failed - to) * self._config.batch
        message = f"A loss was no number at step {failed}; back at step {to}, with other pictures."
        return RolledBack(step=failed, to=to, message=message)

    def _checkpoint(self) -> Iterator[Event]:
        if self._fabric.is_global_zero:
            try:
                path = self._folder.save(self._at.step, self._state())
            except PictureError as error:
                yield Notice(
                    step=self._at.step,
                    message=f"No checkpoint could be written: {error} The one before is kept.",
                )
                self._fabric.barrier()
                return
            self._rollbacks = 0
            yield Checkpoint(step=self._at.step, path=str(path))
        self._fabric.barrier()

    def _validate(self) -> Iterator[Event]:
        if not self._pictures.held_out_files:
            return
        if self._fabric.is_global_zero:
            found = validation.validate(self._learner.average, self._pictures.held_out)
            self._note(found.psnr)
            yield Validation(
                step=self._at.step,
                psnr=found.psnr,
                ssim=found.ssim,
                texture=found.texture,
                verdict=validation.verdict(self._at.since_best, self._config),
            )
            path = self._folder.samples / f"step-{self._at.step:08d}.png"
            validation.save_sheet(found.sheet, path)
            yield Sample(step=self._at.step, path=str(path))
        if self._config.patience:
            known = [self._at.best, float(self._at.since_best)]
            best, since = self._fabric.broadcast(known, src=0)
            self._at.best, self._at.since_best = best, int(since)
        self._fabric.barrier()

    def _note(self, psnr: float) -> None:
        if psnr > self._at.best + validation.NOTABLE_DB:
            self._at.best, self._at.since_best = psnr, 0
        else:
            self._at.since_best += 1

    def _export(self, reason: str) -> Iterator[Event]:
        if not self._fabric.is_global_zero:
            return
        card = validation.card(self._spec, self._config, self._at.step, self._learner.average)
        weights.save(self._folder.model_file, self._learner.average.state_dict(), card)
        path = str(self._folder.model_file)
        yield Finished(step=self._at.step, path=path, reason=reason)


def _critic(config: TrainingConfig) -> Critic | None:
    """The critic of the recipe, with the weights of a file if one is named."""
    if not config.critic:
        return None
    critic = built_critic(config.critic, config)
    if config.critic_start is not None:
        file = weights.opened(_path(config.critic_start))
        state = tensors(file)
        networks.check_state(state, critic, f"“{file.path.name}”", f"the critic {config.critic}")
        critic.load_state_dict(state)
    return critic


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def _in_words(device: torch.device, count: int) -> str:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
    return f"{count} x {name}" if count > 1 else name
