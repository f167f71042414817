"""Figures of other people's networks: said to be missing, or computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from training import judges

if TYPE_CHECKING:
    from pathlib import Path

    from training.metrics import Picture


class MeanColour(nn.Module):
    """Three features a picture."""

    def forward(self, pictures: Tensor) -> Tensor:
        assert pictures.dtype == torch.uint8
        return pictures.float().mean(dim=(2, 3))


class Certain(nn.Module):
    """Takes dark pictures for one thing and bright ones for another, without a doubt."""

    def forward(self, pictures: Tensor) -> Tensor:
        is_bright = (pictures.float().mean(dim=(1, 2, 3)) > 127).float()
        return 50 * torch.stack([is_bright, 1 - is_bright], dim=1)


class Distance(nn.Module):
    """Of pictures in [-1, 1]."""

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        assert max(float(one.abs().max()), float(other.abs().max())) <= 1
        return (one - other).abs().mean()


def inception() -> judges.Networks:
    return {"features": MeanColour(), "logits": Certain()}


def pictures(count: int) -> list[Picture]:
    rng = np.random.default_rng(0)
    return [
        (rng.integers(0, 60, (16, 16, 3)) + rng.integers(0, 180)).astype(np.uint8)
        for _ in range(count)
    ]


def test_what_is_missing_is_said_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(judges, "find_spec", {}.get)
    lpips, inception = judges.missing()
    assert lpips.startswith("LPIPS left out")
    assert "install the package torchvision" in lpips
    assert "alexnet-owt-7be5be79.pth" in lpips
    assert inception.startswith("FID and Inception Score left out")
    assert "install the package torch-fidelity" in inception
    assert str(tmp_path / "checkpoints") in inception
    assert judges.networks() == {}


def test_nothing_is_missing_where_package_and_weights_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(judges, "find_spec", str)
    (tmp_path / "checkpoints").mkdir()
    for judge in judges.JUDGES:
        assert judge.lacking is not None
        assert "install" not in judge.lacking
        judge.path.touch()
    assert judges.missing() == ()


def test_no_judges_no_figures() -> None:
    jury = judges.Jury({})
    one, other = pictures(2)
    assert jury.see(one, other) == {}
    assert jury.of_the_set() == {}


def test_fid_of_equal_sets_is_zero() -> None:
    jury = judges.Jury(inception())
    for picture in pictures(8):
        jury.see(picture, picture)
    assert jury.of_the_set()["fid"] == pytest.approx(0, abs=1e-3)


def test_fid_of_a_shift_is_its_square() -> None:
    jury = judges.Jury(inception())
    for picture in pictures(8):
        jury.see(picture + np.uint8(10), picture)
    assert jury.of_the_set()["fid"] == pytest.approx(3 * 10**2, rel=1e-3)


def test_the_inception_score_counts_the_kinds_of_things_in_the_fills() -> None:
    dark, bright = np.zeros((16, 16, 3), np.uint8), np.full((16, 16, 3), 255, np.uint8)
    alike, varied = judges.Jury(inception()), judges.Jury(inception())
    for fill in (dark, dark):
        alike.see(fill, bright)
    for fill in (dark, bright):
        varied.see(fill, bright)
    assert alike.of_the_set()["inception_score"] == pytest.approx(1)
    assert varied.of_the_set()["inception_score"] == pytest.approx(2)


def test_a_single_picture_is_no_set() -> None:
    jury = judges.Jury(inception())
    jury.see(*pictures(2))
    assert jury.of_the_set() == {}


def test_lpips_is_said_of_each_picture() -> None:
    dark, bright = np.zeros((16, 16, 3), np.uint8), np.full((16, 16, 3), 255, np.uint8)
    jury = judges.Jury({"lpips": Distance()})
    assert jury.see(dark, bright) == {"lpips": pytest.approx(2)}
    assert jury.see(dark, dark) == {"lpips": 0}
