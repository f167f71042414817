"""One step of learning: the critic on a batch, then the generator on the same batch.

Everything random in a step is a function of the configuration's seed and the numbers of its
pictures, so a run that is interrupted goes on as if it had not been, and two processes learn what
one process with the doubled batch would. Only dropout (in GLA's critic) differs by process.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor, nn

from engine.generator import Generation
from training import terms
from training.batch import Batch
from training.losses import CRITIC_LOSSES, LOSSES
from training.terms import Term

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightning_fabric import Fabric

    from engine.generator import Generator
    from training.batch import Critic, Features
    from training.config import TrainingConfig

Raw: TypeAlias = "Mapping[str, Tensor]"
"""What the loader gives: image uint8, hole bool, number int64, perhaps keypoints."""

_LATENT_SEED = 0x9E3779B1  # keeps the latents' random numbers apart from those of the crops
_CHANCE_SEED = 0x85EBCA6B


class Learner:
    """Generator, critic, running average and optimisers.

    Attributes:
        generator: learns.
        average: the running average of its weights; what is validated and exported.
        critic: learns against it; None if the recipe has none.
    """

    def __init__(
        self,
        config: TrainingConfig,
        fabric: Fabric,
        generator: Generator,
        average: Generator,
        critic: Critic | None,
        features: Features | None,
    ) -> None:
        """Take the networks over and move them to fabric's device.

        Raises:
            InvalidInputError: if the recipe names a loss that does not exist or cannot be had.
        """
        self._config, self._fabric, self._features = config, fabric, features
        self._terms = terms.weighted(config.losses, LOSSES, "loss")
        self._critic_terms = terms.weighted(config.critic_losses, CRITIC_LOSSES, "critic loss")
        terms.check(config, [*self._terms, *self._critic_terms], critic, features)
        terms.check_stages(self._terms, generator, config.backend)
        self._has_stages = any(
            term.loss.needs_stages or term.loss.takes_stages for term in self._terms
        )
        layout = torch.channels_last
        self.generator = generator.to(fabric.device, memory_format=layout).train()  # type: ignore[call-overload]
        self.average = average.to(fabric.device, memory_format=layout).eval()  # type: ignore[call-overload]
        self.average.requires_grad_(requires_grad=False)
        self.critic = critic
        betas, lr = config.betas, config.lr
        self.optimiser = torch.optim.Adam(self.generator.parameters(), lr, betas)
        self.critic_optimiser: torch.optim.Adam | None = None
        if critic is not None:
            self.critic = critic.to(fabric.device, memory_format=layout).train()  # type: ignore[call-overload]
            self._critic_lr, critic_betas = _compensated(config)
            self.critic_optimiser = torch.optim.Adam(
                critic.parameters(), self._critic_lr, critic_betas
            )

    def step(self, raw: Raw, step: int) -> dict[str, Tensor]:
        """Learn from this process's part of a batch.

        Args:
            raw: what the loader gave.
            step: steps done before this one.

        Returns:
            The unweighted losses of the whole batch, detached, the same in all processes; the
            critic's with the prefix "critic.".
        """
        share = step / self._config.steps
        self._set_rates(share)
        torch.manual_seed(_mixed(self._config.seed, step, self._fabric.global_rank))
        parts = [self._moved(part) for part in _cut(raw, self._config.accumulate)]
        losses: dict[str, Tensor] = {}
        if self.critic is not None and self.critic_optimiser is not None:
            losses |= self._critic_step(parts, step, share, self.critic, self.critic_optimiser)
        if step >= self._config.critic_first:
            losses |= self._generator_step(parts, step, share)
            self._average()
        return self._over_all(losses)

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs: tensors and plain containers only."""
        parts: dict[str, Any] = {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        if self.critic is not None and self.critic_optimiser is not None:
            parts["critic"] = self.critic.state_dict()
            parts["critic_optimiser"] = self.critic_optimiser.state_dict()
        return parts

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state` returned."""
        self.generator.load_state_dict(state["generator"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.critic is not None and self.critic_optimiser is not None:
            self.critic.load_state_dict(state["critic"])
            self.critic_optimiser.load_state_dict(state["critic_optimiser"])

    # --- the two halves of a step ------------------------------------------------------------

    def _critic_step(
        self,
        parts: list[dict[str, Tensor]],
        step: int,
        share: float,
        critic: Critic,
        optimiser: torch.optim.Optimizer,
    ) -> dict[str, Tensor]:
        losses: dict[str, Tensor] = {}
        optimiser.zero_grad(set_to_none=True)
        for part in parts:
            with torch.no_grad(), self._fabric.autocast():
                made = self._generated(part, step, "critic", stages=False)
            batch = self._batch(part, Generation(made.image), share, self._chance(part, step))
            total = self._total(self._due(step), batch, losses, len(parts), "critic.")
            total.backward()  # type: ignore[no-untyped-call]
        self._share_gradients(critic)
        optimiser.step()
        return losses

    def _generator_step(
        self, parts: list[dict[str, Tensor]], step: int, share: float
    ) -> dict[str, Tensor]:
        losses: dict[str, Tensor] = {}
        self.optimiser.zero_grad(set_to_none=True)
        with _frozen(self.critic):
            for part in parts:
                with self._fabric.autocast():
                    made = self._generated(part, step, "generator", stages=self._has_stages)
                batch = self._batch(part, made, share, self._chance(part, step))
                self._total(self._terms, batch, losses, len(parts), "").backward()  # type: ignore[no-untyped-call]
        self._share_gradients(self.generator)
        self.optimiser.step()
        return losses

    def _generated(
        self, part: Mapping[str, Tensor], step: int, phase: str, *, stages: bool
    ) -> Generation:
        inputs = self._inputs(part, step, phase)
        made: Generation = self.generator(part["image"], part["hole"], stages=stages, **inputs)
        return made

    def _inputs(self, part: Mapping[str, Tensor], step: int, phase: str) -> dict[str, Tensor]:
        """Keypoints, and a fresh latent for each picture and phase if the generator has one."""
        inputs = {"keypoints": part["keypoints"]} if "keypoints" in part else {}
        height, width = part["image"].shape[-2:]
        drawn = []
        for number in part["number"].tolist():
            seed = _mixed(self._config.seed ^ _LATENT_SEED, int(number), step, phase == "critic")
            drawn.append(self.generator.inputs({"latent": "random"}, seed, height, width))
        if drawn and "latent" in drawn[0]:
            latents = torch.cat([each["latent"] for each in drawn])
            inputs["latent"] = latents.to(self._fabric.device)
        return inputs

    def _chance(self, part: Mapping[str, Tensor], step: int) -> Tensor:
        """A random number in 0..1 for each picture, whichever process has it."""
        seed = self._config.seed ^ _CHANCE_SEED
        drawn = [_mixed(seed, int(number), step, 0) / 2**63 for number in part["number"].tolist()]
        return torch.tensor(drawn)

    def _batch(
        self, part: Mapping[str, Tensor], made: Generation, share: float, chance: Tensor
    ) -> Batch:
        return Batch(
            part["image"],
            part["hole"],
            made,
            critic=self.critic,
            share=share,
            keypoints=part.get("keypoints"),
            features=self._features,
            chance=chance,
            gathered=self._gathered,
        )

    def _total(
        self,
        summed: list[Term],
        batch: Batch,
        losses: dict[str, Tensor],
        parts: int,
        prefix: str,
    ) -> Tensor:
        """The weighted sum, scaled so that summing over parts and processes gives the batch's."""
        total = batch.real.new_zeros(())
        with self._fabric.autocast():
            for term in summed:
                value = term.loss.function(batch).float()
                others = 1 if term.loss.is_sum else parts * self._fabric.world_size
                total = total + term.weight * value / others
                shown = value.detach() / others
                losses[prefix + term.name] = losses.get(prefix + term.name, 0) + shown
        return total

    def _due(self, step: int) -> list[Term]:
        """The critic's terms of this step: penalties come every so often, and weigh the more."""
        every = self._config.penalty_every
        if every == 1:
            return self._critic_terms
        is_due = step % every == 0
        return [
            Term(term.name, term.weight * every, term.loss) if term.loss.is_penalty else term
            for term in self._critic_terms
            if is_due or not term.loss.is_penalty
        ]

    # --- small things ------------------------------------------------------------------------

    def _set_rates(self, share: float) -> None:
        factor = math.prod(factor for start, factor in self._config.decay if share >= start)
        for group in self.optimiser.param_groups:
            group["lr"] = self._config.lr * factor
        if self.critic_optimiser is not None:
            for group in self.critic_optimiser.param_groups:
                group["lr"] = self._critic_lr * factor

    def _moved(self, part: Raw) -> dict[str, Tensor]:
        """On the device: image in [-1, 1], hole as numbers."""
        device = self._fabric.device
        moved = {name: value.to(device, non_blocking=True) for name, value in part.items()}
        image = moved["image"].contiguous(memory_format=torch.channels_last)
        moved["image"] = image.float().mul_(2 / 255).sub_(1)
        moved["hole"] = moved["hole"].float()
        return moved

    def _share_gradients(self, module: nn.Module) -> None:
        """Sum the gradients of all processes, in one message."""
        if self._fabric.world_size == 1:
            return
        slopes = [part.grad for part in module.parameters() if part.grad is not None]
        flat = torch.cat([slope.reshape(-1) for slope in slopes])
        flat = self._fabric.all_reduce(flat, reduce_op="sum")  # type: ignore[assignment]
        sums = torch.split(flat, [slope.numel() for slope in slopes])
        for slope, total in zip(slopes, sums, strict=True):
            slope.copy_(total.view_as(slope))

    def _over_all(self, losses: dict[str, Tensor]) -> dict[str, Tensor]:
        if self._fabric.world_size == 1:
            return losses
        values = torch.stack([value.reshape(()) for value in losses.values()])
        total: Tensor = self._fabric.all_reduce(values, reduce_op="sum")  # type: ignore[assignment]
        return dict(zip(losses, total.unbind(), strict=True))

    def _gathered(self, scores: Tensor) -> Tensor:
        if self._fabric.world_size == 1:
            return scores
        everywhere: Tensor = self._fabric.all_gather(scores, sync_grads=True)  # type: ignore[assignment]
        return everywhere.flatten(0, 1)

    @torch.no_grad()
    def _average(self) -> None:
        """The running average forgets half within `ema_half_life` pictures."""
        kept = 0.5 ** (self._config.batch / self._config.ema_half_life)
        pairs = zip(self.average.parameters(), self.generator.parameters(), strict=True)
        for slow, fast in pairs:
            slow.lerp_(fast, 1 - kept)
        for slow, fast in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            slow.copy_(fast)


def _compensated(config: TrainingConfig) -> tuple[float, tuple[float, float]]:
    """The critic's step size and decay rates: a lazy penalty is a step more in so many.

    After Karras et al. 2020, appendix B.
    """
    is_lazy = any(CRITIC_LOSSES[name].is_penalty for name in config.critic_losses)
    if config.penalty_every == 1 or not is_lazy:
        return config.critic_lr, config.betas
    ratio = config.penalty_every / (config.penalty_every + 1)
    first, second = config.betas
    return config.critic_lr * ratio, (first**ratio, second**ratio)


@contextmanager
def _frozen(module: nn.Module | None) -> Iterator[None]:
    """Keep gradients away from the critic's weights while the generator learns."""
    if module is None:
        yield
        return
    module.requires_grad_(requires_grad=False)
    try:
        yield
    finally:
        module.requires_grad_(requires_grad=True)


def _cut(raw: Raw, parts: int) -> list[dict[str, Tensor]]:
    cut = [{name: value[part::parts] for name, value in raw.items()} for part in range(parts)]
    return [part for part in cut if len(part["image"])]


def _mixed(*numbers: int) -> int:
    """One seed from several numbers, the same on every machine."""
    mixed = 0
    for number in numbers:
        mixed = (mixed * 6364136223846793005 + number + 1442695040888963407) % 2**63
    return mixed
