"""One step of learning: who learns from what, how parts and lazy penalties weigh."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import msgspec
import pytest
import torch
from lightning_fabric import Fabric

from engine import networks, registry
from engine.errors import InvalidInputError
from training import learner as learning
from training.discriminators import critic as built_critic
from training.learner import Learner
from training.recipes import recipe

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.generator import Generation
    from training.config import TrainingConfig

SIDE = 64


def config(**changes: object) -> TrainingConfig:
    base = msgspec.structs.replace(
        recipe("diet-pepsi-g4"), size=SIDE, batch=4, steps=10, penalty_every=1
    )
    return msgspec.structs.replace(base, **changes)


def learner(given: TrainingConfig) -> Learner:
    spec = registry.get(given.backend)
    torch.manual_seed(5)
    return Learner(
        given,
        Fabric(accelerator="cpu", devices=1),
        networks.built(spec, {}, seed=1),
        networks.built(spec, {}, seed=1),
        built_critic(given.critic, given) if given.critic else None,
        None,
    )


def raw(count: int = 4, start: int = 0) -> dict[str, Tensor]:
    numbers = torch.arange(start, start + count)
    generator = torch.Generator().manual_seed(start)
    image = torch.randint(0, 256, (count, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    hole = torch.zeros(count, 1, SIDE, SIDE, dtype=torch.bool)
    hole[:, :, 16:48, 20:44] = True
    return {"image": image, "hole": hole, "number": numbers}


def weights_of(module: nn.Module) -> Tensor:
    return torch.cat([part.detach().flatten().clone() for part in module.parameters()])


def test_a_step_teaches_both_and_reports_every_loss() -> None:
    learned = learner(config())
    assert learned.critic is not None
    before = weights_of(learned.generator), weights_of(learned.critic)
    losses = learned.step(raw(), 0)
    assert set(losses) == {"l1", "coarse_l1_fading", "hinge", "critic.hinge"}
    assert all(torch.isfinite(value) for value in losses.values())
    assert not torch.equal(weights_of(learned.generator), before[0])
    assert not torch.equal(weights_of(learned.critic), before[1])


def test_the_critic_step_leaves_the_generator_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = learner(config())
    monkeypatch.setattr(learned, "_generator_step", lambda *_: {})
    before = weights_of(learned.generator)
    learned.step(raw(), 0)
    assert torch.equal(weights_of(learned.generator), before)


def test_the_generator_step_leaves_the_critic_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = learner(config())
    assert learned.critic is not None
    monkeypatch.setattr(learned, "_critic_step", lambda *_: {})
    before = weights_of(learned.critic)
    learned.step(raw(), 0)
    assert torch.equal(weights_of(learned.critic), before)
    assert all(part.grad is None for part in learned.critic.parameters())
    assert all(part.requires_grad for part in learned.critic.parameters())


def test_a_critic_that_learns_alone_first_leaves_the_generator_and_its_average_as_they_are() -> (
    None
):
    learned = learner(config(critic_first=1))
    assert learned.critic is not None
    networks_ = (learned.generator, learned.average, learned.critic)
    before = [weights_of(network) for network in networks_]
    assert set(learned.step(raw(), 0)) == {"critic.hinge"}
    same = [torch.equal(weights_of(n), old) for n, old in zip(networks_, before, strict=True)]
    assert same == [True, True, False]
    assert "l1" in learned.step(raw(), 1)


@pytest.mark.parametrize(("loss", "wanted"), [("l1", False), ("coarse_l1", True), ("ssim", True)])
def test_further_outputs_are_made_only_for_losses_that_look_at_them(
    loss: str, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = learner(config(losses={loss: 1.0}, critic="", critic_losses={}))
    made = learned.generator.generate
    asked = []

    def heard(*args: Tensor, stages: bool, **more: bool) -> Generation:
        asked.append(stages)
        return made(*args, stages=stages, **more)

    monkeypatch.setattr(learned.generator, "generate", heard)
    learned.step(raw(), 0)
    assert asked == [wanted]


def test_the_same_pictures_and_seed_give_the_same_weights() -> None:
    one, other = learner(config()), learner(config())
    for step in range(2):
        one.step(raw(start=4 * step), step)
        torch.rand(7)  # whatever others draw in between
        other.step(raw(start=4 * step), step)
    assert torch.equal(weights_of(one.generator), weights_of(other.generator))


@pytest.mark.parametrize("backend", ["diet-pepsi-g4", "regionwise"])
def test_a_batch_in_parts_teaches_what_the_whole_batch_does(backend: str) -> None:
    """Means are means over the parts, sums are sums."""
    losses = {"l1": 1.0} if backend != "regionwise" else {"reconstruction": 1.0}
    changes = {"backend": backend, "losses": losses, "critic": "", "critic_losses": {}}
    slopes = []
    for parts in (1, 2):
        learned = learner(config(**changes, accumulate=parts))
        learned.step(raw(), 0)
        slopes.append(torch.cat([part.grad.flatten() for part in learned.generator.parameters()]))  # type: ignore[union-attr]
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-3, atol=1e-3 * slopes[0].abs().max())


def test_step_sizes_fall_where_the_recipe_says() -> None:
    learned = learner(config(decay=((0.5, 0.1),), lr=1e-3))
    learned.step(raw(), 4)
    assert learned.optimiser.param_groups[0]["lr"] == 1e-3
    learned.step(raw(), 5)
    assert learned.optimiser.param_groups[0]["lr"] == pytest.approx(1e-4)


def test_a_lazy_penalty_comes_every_so_often_and_weighs_the_more() -> None:
    lazy = config(
        critic_losses={"wasserstein": 1.0, "gradient_penalty": 10.0},
        losses={"wasserstein": 1.0},
        penalty_every=4,
    )
    learned = learner(lazy)
    due = {term.name: term.weight for term in learned._due(8)}
    assert due == {"wasserstein": 1.0, "gradient_penalty": 40.0}
    assert [term.name for term in learned._due(9)] == ["wasserstein"]


def test_a_lazy_penalty_slows_the_critics_optimiser_to_match() -> None:
    """Sixteen steps and a penalty count as seventeen: IConv's published figures."""
    paper = recipe("iconv")
    lr, (first, second) = learning._compensated(paper)
    assert lr == pytest.approx(1.412e-3, abs=1e-6)
    assert first == 0
    assert second == pytest.approx(0.990585, abs=1e-6)


def test_the_running_average_forgets_half_within_its_half_life() -> None:
    learned = learner(config(ema_half_life=12, batch=4, lr=1e-9, critic_lr=1e-9))
    with torch.no_grad():
        for slow, fast in zip(
            learned.average.parameters(), learned.generator.parameters(), strict=True
        ):
            slow.fill_(1)
            fast.fill_(0)
    for _ in range(3):
        learned._average()
    assert weights_of(learned.average).mean() == pytest.approx(0.5, abs=1e-6)


def test_its_state_brings_a_learner_back_to_where_it_was() -> None:
    learned = learner(config())
    learned.step(raw(), 0)
    state = copy.deepcopy(learned.state())
    learned.step(raw(start=4), 1)
    after = weights_of(learned.generator)
    again = learner(config())
    again.restore(state)
    again.step(raw(start=4), 1)
    assert torch.equal(weights_of(again.generator), after)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"losses": {"l3": 1.0}}, "There is no loss “l3”"),
        ({"critic_losses": {"hing": 1.0}}, "did you mean “hinge”"),
        ({"critic": "", "critic_losses": {}}, "hinge needs a critic"),
        ({"losses": {"style": 1.0}, "critic": "", "critic_losses": {}}, "needs VGG features"),
        ({"losses": {"relativistic_hinge": 1.0}, "accumulate": 2}, "set accumulate=1"),
        ({"losses": {}}, "Without any loss nothing can be learned"),
        ({"critic_losses": {"hinge": 0.0}}, "The critic red has no loss to learn from"),
        ({"backend": "iconv-small", "losses": {"coarse_l1": 1.0}}, "iconv-small makes none"),
        ({"backend": "pennet", "losses": {"coarse_l1": 1.0}}, "pennet makes none of that kind"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        learner(config(**changes))


@pytest.mark.parametrize(
    ("backend", "added"),
    [("iconv-small", "ssim"), ("pennet", "ssim"), ("diet-pepsi-g4", "pyramid_l1")],
)
def test_a_loss_that_was_added_is_learned_from(backend: str, added: str) -> None:
    learned = learner(
        config(backend=backend, losses={"l1": 1.0, added: 0.5}, critic="", critic_losses={})
    )
    assert learned.step(raw(2), 0)[added] > 0


def test_chances_depend_on_picture_and_step_not_on_the_place_in_the_batch() -> None:
    learned = learner(config())
    numbers = torch.arange(200)
    chances = learned._chance({"number": numbers}, 3)
    torch.testing.assert_close(learned._chance({"number": numbers.flip(0)}, 3), chances.flip(0))
    assert not torch.equal(learned._chance({"number": numbers}, 4), chances)
    counts = torch.histc(chances, 4, 0, 1)
    assert counts.min() > 25


def test_latents_depend_on_picture_and_step_not_on_the_place_in_the_batch() -> None:
    small = msgspec.structs.replace(recipe("iconv-face"), size=128, batch=2, steps=10)
    learned = learner(small)
    faces = {
        "image": torch.zeros(2, 3, 128, 128), "hole": torch.zeros(2, 1, 128, 128),
        "number": torch.tensor([7, 9]),
    }  # fmt: skip
    both = learned._inputs(faces, 3, "generator")["latent"]
    swapped = {**faces, "number": torch.tensor([9, 7])}
    torch.testing.assert_close(learned._inputs(swapped, 3, "generator")["latent"], both.flip(0))
    assert not torch.equal(learned._inputs(faces, 4, "generator")["latent"], both)
    assert not torch.equal(learned._inputs(faces, 3, "critic")["latent"], both)
