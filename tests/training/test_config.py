"""The settings of a run: as a document, and as words of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from engine import registry
from engine.errors import InvalidInputError
from training import config as configs
from training.config import PRESETS, TrainingConfig
from training.losses import CRITIC_LOSSES, LOSSES
from training.recipes import recipe

if TYPE_CHECKING:
    from pathlib import Path

BACKENDS = [spec.id for spec in registry.specs() if spec.network]


def odd() -> TrainingConfig:
    return TrainingConfig(
        backend="pepsi",
        data='a "quoted" föhn\\folder',
        configuration={"diet": True, "groups": 2},
        losses={"l1": 10.0, "hinge": 0.1},
        coverage=(0.1, 0.25),
        decay=((0.5, 0.1), (0.9, 0.01)),
        time_limit_s=60.0,
    )


def test_a_document_says_the_same_when_read_again() -> None:
    assert configs.from_toml(configs.to_toml(odd())) == odd()


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_recipe_survives_its_document(backend: str, preset: configs.Preset) -> None:
    given = recipe(backend, preset)
    assert given.backend == backend
    assert given.preset == preset
    assert configs.from_toml(configs.to_toml(given)) == given


def test_a_file_says_the_same_when_read_again(tmp_path: Path) -> None:
    configs.save(odd(), tmp_path / "config.toml")
    assert configs.load(tmp_path / "config.toml") == odd()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('backend = "pepsi"\nstepz = 3\n[losses]\nl1 = 1', "unknown field `stepz`"),
        ('backend = "pepsi"\nsteps = 0\n[losses]\nl1 = 1', "`int` >= 1"),
        ("backend = ", "no training configuration"),
        ('backend = "pepsi"', "missing required field `losses`"),
    ],
)
def test_a_document_that_cannot_be_meant_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        configs.from_toml(text, "“run.toml”")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInputError, match="is no text file"):
        configs.load(tmp_path / "config.toml")


def test_a_loss_gets_another_weight_and_zero_leaves_it_out() -> None:
    changed = configs.overridden(recipe("pepsi"), ["loss.l1=3", "loss.hinge=0"])
    assert changed.losses == {"l1": 3.0, "coarse_l1_fading": 5.0}


def test_a_loss_that_the_recipe_does_not_have_is_added() -> None:
    changed = configs.overridden(recipe("pepsi"), ["loss.ssim=0.5", "critic_loss.drift=0.001"])
    assert changed.losses == {**recipe("pepsi").losses, "ssim": 0.5}
    assert changed.critic_losses == {"hinge": 1.0, "drift": 0.001}


def test_the_names_of_losses_are_those_that_exist() -> None:
    assert set(configs.LOSSES) == set(LOSSES)
    assert set(configs.CRITIC_LOSSES) == set(CRITIC_LOSSES)


def test_any_field_can_be_set() -> None:
    words = ["size=128", "masks=square", "coverage=[0.1, 0.3]", "flip=true", "critic_loss.hinge=2"]
    changed = configs.overridden(recipe("pepsi"), words)
    assert (changed.size, changed.masks, changed.coverage) == (128, "square", (0.1, 0.3))
    assert changed.flip is True
    assert changed.critic_losses == {"hinge": 2.0}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("loss.l2=1", "There is no loss “l2”; did you mean “l1”"),
        ("loss.sim=1", "There is no loss “sim”; did you mean “ssim”"),
        ("critic_loss.drft=1", "There is no critic loss “drft”; did you mean “drift”"),
        ("loss.l1=-1", "loss.l1 cannot be “-1”"),
        ("loss.l1=much", "loss.l1 cannot be “much”"),
        ("sise=128", "did you mean “size”"),
        ("size=big", "size cannot be “big”"),
        ("backend=gla", "no setting “backend”"),
        ("size", "write it as NAME=VALUE"),
    ],
)
def test_a_word_that_cannot_be_meant_is_refused(word: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        configs.overridden(recipe("pepsi"), [word])


def test_a_backend_without_a_network_cannot_be_trained() -> None:
    with pytest.raises(InvalidInputError, match="“telea” cannot be trained"):
        recipe("telea")


def test_the_papers_figures_stand_in_their_recipes() -> None:
    pepsi, gla, pennet, iconv = (recipe(name) for name in ("pepsi", "gla", "pennet", "iconv"))
    assert (pepsi.lr, pepsi.critic_lr, pepsi.batch, pepsi.decay) == (1e-4, 4e-4, 8, ((0.9, 0.1),))
    assert gla.losses["l1"] == pytest.approx(1.2 * 0.75)
    assert gla.losses["coarse_l1"] == pytest.approx(1.2 * 0.75 * 1.2)
    assert gla.losses["ssim"] == pytest.approx(1.2 * 0.25)
    assert pennet.betas == (0.5, 0.999)
    assert (iconv.penalty_every, iconv.critic_losses["gradient_penalty"]) == (16, 10.0)
    assert iconv.steps * iconv.batch == 20_000_000


def test_presets_are_made_of_the_papers_losses() -> None:
    for backend in BACKENDS:
        paper = recipe(backend)
        for preset in PRESETS:
            made = recipe(backend, preset)
            assert (made.losses, made.critic_losses) == (paper.losses, paper.critic_losses)


def test_a_configuration_cannot_be_changed_after_it_was_made() -> None:
    with pytest.raises(AttributeError):
        recipe("pepsi").steps = 3  # type: ignore[misc]
    assert msgspec.structs.replace(recipe("pepsi"), steps=3).steps == 3
