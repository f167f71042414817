"""The memory of a run is told before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from engine import memory, registry
from engine.errors import InvalidInputError
from training import estimate, runner
from training.discriminators import CRITICS, critic
from training.estimate import needed_bytes, shortage
from training.losses import LOSSES
from training.recipes import recipe

if TYPE_CHECKING:
    from pathlib import Path

TRAINABLE = [spec.id for spec in registry.specs() if spec.network]


def test_every_generator_has_its_measured_figure() -> None:
    assert set(estimate.BYTES_PER_PIXEL) == set(TRAINABLE)


def test_critics_and_losses_on_features_are_those_that_exist() -> None:
    assert set(estimate.CRITICS) == set(CRITICS)
    for name, parameters in estimate.CRITICS.items():
        network = critic(name, recipe("iconv"))
        assert sum(part.numel() for part in network.parameters()) == parameters
    seeing = {name for name, each in LOSSES.items() if each.needs_features}
    assert set(estimate.FEATURE_LOSSES) == seeing


@pytest.mark.parametrize(
    "more", [{"batch": 16}, {"size": 512}, {"losses": {"l1": 1.0, "style": 1.0}}, {"devices": 2}]
)
def test_more_pictures_pixels_features_and_processes_need_more(more: dict[str, object]) -> None:
    given = msgspec.structs.replace(recipe("pepsi"), batch=8)
    assert needed_bytes(msgspec.structs.replace(given, **more)) > needed_bytes(given)


@pytest.mark.parametrize("less", [{"accumulate": 4}, {"critic": ""}])
def test_parts_and_no_critic_need_less(less: dict[str, object]) -> None:
    given = msgspec.structs.replace(recipe("pepsi"), batch=8)
    assert needed_bytes(msgspec.structs.replace(given, **less)) < needed_bytes(given)


def test_with_room_there_is_nothing_to_say() -> None:
    given = recipe("pepsi")
    assert shortage(given, 2 * needed_bytes(given)) == ""


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_batch_that_is_named_would_fit_and_no_larger_one(accumulate: int) -> None:
    given = msgspec.structs.replace(recipe("gla"), batch=64, accumulate=accumulate)
    free = needed_bytes(given) // 2
    sentence = shortage(given, free)
    assert memory.in_words(needed_bytes(given)) in sentence
    assert memory.in_words(free) in sentence
    batch = int(sentence.partition("a batch of ")[2].partition(",")[0])
    assert batch % accumulate == 0
    for size, fits in ((batch, True), (batch + accumulate, False)):
        assert (shortage(msgspec.structs.replace(given, batch=size), free) == "") is fits


def test_where_nothing_fits_smaller_crops_are_advised() -> None:
    assert "take smaller crops" in shortage(recipe("pennet"), 10**8)


def test_a_run_that_would_not_fit_is_refused_before_its_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 10**8)
    given = msgspec.structs.replace(recipe("pepsi"), data=str(tmp_path), device="cpu")
    out = tmp_path / "run"
    with pytest.raises(InvalidInputError, match=r"needs about 2.* of memory, and .* are free"):
        runner.run(given, out, lambda _: None)
    assert not out.exists()
