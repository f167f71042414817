"""From a trained model to the weights that come with Lacuna."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import torch

from engine import weights
from engine.weight_files import tensors
from tests.engine.tiny_network import TINY, saved
from training import shipping

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

WORDS = ["--trained-on", "dunes", "--licence", "CC0"]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["shipping", *map(str, arguments), *WORDS])
    return shipping.main()


def test_the_file_is_called_after_its_backend_and_says_what_it_is_good_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = saved(tmp_path / "model.safetensors")
    folder = tmp_path / "weights"
    assert run(monkeypatch, model.path, "--role", "alone", "--out", folder, "--shown", 5) == 0
    card = weights.opened(folder / "tiny.safetensors").card
    assert (card.role, card.trained_on, card.licence) == ("alone", "dunes", "CC0")
    assert (card.images_shown, card.masks) == (5, model.card.masks)


def test_its_numbers_are_those_of_the_model_in_half_precision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = saved(tmp_path / "model.safetensors")
    assert run(monkeypatch, model.path, "--role", "guide", "--out", tmp_path) == 0
    file = weights.opened(tmp_path / "tiny.safetensors")
    assert file.card.images_shown == model.card.images_shown
    before, after = tensors(model), tensors(file)
    assert after["inner.weight"].dtype == torch.float16
    assert torch.equal(after["inner.weight"], before["inner.weight"].half())
    assert after["counts"].dtype == before["counts"].dtype
    weights.load(TINY, file)


def test_a_file_that_is_no_model_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.safetensors").write_text("none")
    code = run(monkeypatch, tmp_path / "model.safetensors", "--role", "guide", "--out", tmp_path)
    assert code == 1
    assert "model.safetensors" in capsys.readouterr().err
