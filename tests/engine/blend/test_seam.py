"""Light and colour at the seam: the gain and the membrane find what was done to a fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.blend.membrane import levelled, membrane
from engine.blend.seam import LARGEST_GAIN, matched

if TYPE_CHECKING:
    from engine.types import ImageF32, MaskBool

ROWS, COLUMNS = np.mgrid[:120, :160].astype(np.float32)
A_STEP = 1 / 255


def check() -> None:
    """Nobody asks to stop."""


def ramp() -> ImageF32:
    planes = (0.3 + 0.002 * COLUMNS, 0.6 - 0.001 * COLUMNS + 0.001 * ROWS, 0.2 + 0.002 * ROWS)
    return np.stack(planes, axis=2).astype(np.float32)


def texture(strength: float = 0.05) -> ImageF32:
    noise = np.random.default_rng(3).normal(size=(120, 160, 3))
    return (0.5 + strength * noise).clip(0, 1).astype(np.float32)


def disc(x: float = 80, y: float = 60, radius: float = 40) -> MaskBool:
    hole: MaskBool = np.hypot(COLUMNS - x, ROWS - y) < radius
    return hole


def spoiled(image: ImageF32, hole: MaskBool, gain: float = 1.0, offset: float = 0.0) -> ImageF32:
    fill = image.copy()
    fill[hole] = fill[hole] * np.float32(gain) + np.float32(offset)
    return fill


@pytest.mark.parametrize("gain", [0.7, 1.25])
def test_a_constant_gain_is_taken_back_exactly(gain: float) -> None:
    image, hole = ramp() * np.float32(0.7), disc()
    fixed = matched(spoiled(image, hole, gain), hole, ~hole, check)
    assert np.abs(fixed - image).max() < A_STEP / 10


def test_each_colour_gets_its_own_gain() -> None:
    image, hole = ramp(), disc()
    fill = image.copy()
    fill[hole] *= np.array([0.8, 1.0, 1.1], np.float32)
    assert np.abs(matched(fill, hole, ~hole, check) - image).max() < A_STEP / 10


def test_texture_does_not_lead_the_gain_astray() -> None:
    image, hole = texture(), disc()
    fill = spoiled(image[:, ::-1], hole, 0.8)
    fill[~hole] = image[~hole]
    fixed = matched(fill, hole, ~hole, check)
    assert fixed[hole].mean() == pytest.approx(image[~hole].mean(), abs=0.02)


def test_a_ramp_of_light_across_the_hole_is_followed() -> None:
    light = (1.0 + 0.3 * (COLUMNS - 80) / 40)[:, :, None].astype(np.float32)
    hole = disc()
    image = (0.4 * light).repeat(3, axis=2)
    fill = image.copy()
    fill[hole] = 0.4
    before, after = (
        np.abs(each - image)[hole].mean() for each in (fill, matched(fill, hole, ~hole, check))
    )
    assert after < before / 3


def test_an_edge_of_the_picture_at_the_seam_does_not_count() -> None:
    image, hole = np.full((120, 160, 3), 0.3, np.float32), disc()
    fill = spoiled(image, hole, 0.8)
    fill[~hole & (ROWS > 85)] = 0.95
    fixed = matched(fill, hole, ~hole, check)
    assert np.abs(fixed - image)[hole & (ROWS < 80)].max() < 0.01


def test_two_holes_are_matched_apart() -> None:
    image, left, right = ramp(), disc(40, 60, 25), disc(120, 60, 25)
    fill = spoiled(spoiled(image, left, 0.8), right, 1.2)
    fixed = matched(fill, left | right, ~(left | right), check)
    assert np.abs(fixed - image).max() < A_STEP / 10


def test_no_gain_is_larger_than_the_largest() -> None:
    image, hole = np.full((120, 160, 3), 0.3, np.float32), disc()
    fixed = matched(spoiled(image, hole, 1 / 3), hole, ~hole, check)
    assert np.allclose(fixed[hole], 0.3 / 3 * LARGEST_GAIN)


def test_a_black_fill_stays_finite() -> None:
    image, hole = np.full((120, 160, 3), 0.3, np.float32), disc()
    fixed = matched(spoiled(image, hole, 0.0), hole, ~hole, check)
    assert np.isfinite(fixed).all()


@pytest.mark.parametrize("offset", [-0.15, 0.1])
def test_a_constant_offset_is_taken_back_by_the_membrane(offset: float) -> None:
    image, hole = ramp(), disc()
    fixed = levelled(spoiled(image, hole, offset=offset), hole, ~hole, check)
    assert np.abs(fixed - image).max() < A_STEP / 10


def test_an_offset_in_grain_is_taken_back_without_spreading_the_grain() -> None:
    image, hole = texture(0.02), disc()
    change = levelled(spoiled(image, hole, offset=0.1), hole, ~hole, check) - image
    assert abs(change[hole].mean()) < 0.01
    assert change[disc(radius=30)].std() < 0.005


def test_the_membrane_leaves_an_edge_of_the_picture_alone() -> None:
    image, hole = np.zeros((120, 160, 3), np.float32), disc()
    fill = spoiled(image, hole, offset=0.9)
    assert np.array_equal(levelled(fill, hole, ~hole, check), fill)


def test_the_membrane_solves_laplaces_equation() -> None:
    """x² - y² is a solution; known on the rim, it must come out everywhere."""
    x, y = (COLUMNS - 80) / 40, (ROWS - 60) / 40
    solution = np.stack([x * x - y * y, x, y], axis=2).astype(np.float32)
    domain = disc()
    rim = domain & ~disc(radius=38.5)
    found = membrane(np.where(rim[:, :, None], solution, 0), rim, domain, check)
    assert np.abs(found - solution)[domain].max() < 0.02 * np.ptp(solution[domain])
    assert not found[~domain].any()


def test_a_hole_at_the_pictures_edge_is_levelled_from_its_other_sides() -> None:
    image, hole = ramp(), disc(x=0)
    fixed = levelled(spoiled(image, hole, offset=0.1), hole, ~hole, check)
    assert np.abs(fixed - image).max() < A_STEP / 10


def test_unknown_pixels_beside_the_hole_say_nothing() -> None:
    image, hole = ramp(), disc()
    fill, known = spoiled(image, hole, offset=0.1), ~hole & (COLUMNS > 60)
    fill[~hole & ~known] = 0
    for fixed in (levelled(fill, hole, known, check), levelled(fill, hole, ~hole, check)):
        right = hole & (COLUMNS > 80)
        assert fixed[~hole].sum() == fill[~hole].sum()
        assert np.isfinite(fixed[right]).all()
    assert np.abs(levelled(fill, hole, known, check) - image)[hole].max() < A_STEP / 10
