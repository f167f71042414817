"""Grain: as strong and as coloured as around the hole, and only what the fill lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from engine.blend.grain import grained, measured

if TYPE_CHECKING:
    from engine.types import ImageF32, MaskBool

ROWS, COLUMNS = np.mgrid[:240, :260].astype(np.float32)
SIGMA = 6 / 255
COVARIANCE = np.array([[1.0, 0.6, 0.4], [0.6, 1.0, 0.5], [0.4, 0.5, 1.0]])


def check() -> None:
    """Nobody asks to stop."""


def clean() -> ImageF32:
    planes = (0.3 + 0.001 * COLUMNS, 0.6 - 0.001 * ROWS, np.full_like(ROWS, 0.5))
    return np.stack(planes, axis=2).astype(np.float32)


def noise(coarseness: float = 0.0) -> ImageF32:
    grain = np.random.default_rng(7).standard_normal((240, 260, 3))
    if coarseness:
        grain = cv2.GaussianBlur(grain, (0, 0), coarseness)
    mixed = grain @ np.linalg.cholesky(COVARIANCE).T
    return (SIGMA * mixed / mixed.std()).astype(np.float32)


def rounded(image: ImageF32) -> ImageF32:
    return (np.rint(image.clip(0, 1) * 255) / 255).astype(np.float32)


def hole() -> MaskBool:
    inside: MaskBool = np.hypot(COLUMNS - 130, ROWS - 120) < 60
    return inside


def smooth_fill(picture: ImageF32) -> ImageF32:
    fill = picture.copy()
    fill[hole()] = clean()[hole()]
    return fill


def added(picture: ImageF32, seed: int = 0) -> ImageF32:
    fill = smooth_fill(picture)
    grown: ImageF32 = grained(fill, hole(), ~hole(), (seed,), check) - fill
    return grown


@pytest.mark.parametrize("coarseness", [0.0, 1.0])
def test_a_smooth_fill_gets_the_strength_and_the_colours_of_the_grain_around(
    coarseness: float,
) -> None:
    around = noise(coarseness)
    grain, wanted = added(rounded(clean() + around))[hole()], around[~hole()]
    assert np.allclose(grain.std(axis=0), wanted.std(axis=0), rtol=0.1)
    assert np.allclose(np.corrcoef(grain.T), np.corrcoef(wanted.T), atol=0.1)


@pytest.mark.parametrize("coarseness", [0.7, 1.5])
def test_coarse_grain_stays_coarse(coarseness: float) -> None:
    around = noise(coarseness)
    grain = added(rounded(clean() + around))

    def neighbours_agree(plane: ImageF32) -> float:
        inner = hole()[:, 1:] & hole()[:, :-1]
        return float(np.corrcoef(plane[:, 1:, 1][inner], plane[:, :-1, 1][inner])[0, 1])

    assert neighbours_agree(grain) == pytest.approx(neighbours_agree(around), abs=0.1)


def test_a_picture_without_grain_gets_none() -> None:
    assert not added(rounded(clean())).any()


def test_a_fill_that_has_grain_keeps_its_strength() -> None:
    picture = clean() + noise()
    grain = (grained(picture, hole(), ~hole(), (0,), check) - clean())[hole()]
    assert np.allclose(grain.std(axis=0), SIGMA, rtol=0.05)


def test_a_fill_with_half_the_grain_gets_the_rest() -> None:
    picture = clean() + noise()
    fill = picture.copy()
    fill[hole()] = (clean() + 0.5 * noise())[hole()]
    grain = (grained(fill, hole(), ~hole(), (0,), check) - clean())[hole()]
    assert np.allclose(grain.std(axis=0), SIGMA, rtol=0.1)


def test_same_seed_same_grain_and_another_seed_another() -> None:
    picture = rounded(clean() + noise())
    assert np.array_equal(added(picture, 1), added(picture, 1))
    assert not np.array_equal(added(picture, 1), added(picture, 2))


def test_grain_is_measured_in_flat_places_not_in_texture() -> None:
    picture = clean() + noise()
    picture[:, :80] += 0.3 * np.sign(np.sin(COLUMNS * 1.3) * np.sin(ROWS * 1.1))[:, :80, None]
    strength = sum(np.square(layer.kernel).sum() for layer in measured(picture, ~hole()))
    assert np.sqrt(strength / 3) == pytest.approx(SIGMA, rel=0.1)


def test_clipped_places_tell_nothing() -> None:
    picture = rounded(clean() + noise())
    picture[:, :90] = 1.0
    assert np.allclose(added(picture)[hole()].std(axis=0), SIGMA, rtol=0.1)


def test_grey_grain_stays_grey() -> None:
    grey = (0.5 + noise()[:, :, :1]).repeat(3, axis=2)
    grain = added(grey)
    assert np.abs(grain - grain[:, :, :1])[hole()].max() < 1e-5


def test_without_flat_known_places_nothing_is_added() -> None:
    picture = rounded(clean() + noise())
    fill = smooth_fill(picture)
    nothing = np.zeros_like(hole())
    assert np.array_equal(grained(fill, hole(), nothing, (0,), check), fill)
