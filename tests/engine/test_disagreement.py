"""How far fills are apart."""

from __future__ import annotations

import numpy as np
import pytest

from engine.disagreement import spread


def test_fills_that_agree_are_not_apart() -> None:
    fill = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    assert (spread([fill, fill.copy(), fill.copy()]) == 0).all()


def test_two_fills_are_half_their_distance_from_their_mean() -> None:
    one, other = np.full((2, 3, 3), 10, np.uint8), np.full((2, 3, 3), 50, np.uint8)
    assert spread([one, other]) == pytest.approx(np.full((2, 3), 20.0))


def test_it_is_the_root_mean_square_of_the_channels_deviations() -> None:
    fills = np.random.default_rng(1).integers(0, 256, (6, 9, 8, 3), np.uint8)
    plain = np.sqrt((fills.astype(np.float64).std(axis=0) ** 2).mean(axis=2))
    made = spread(fills)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, plain, rtol=1e-5)


def test_only_where_they_differ_they_disagree() -> None:
    one = np.random.default_rng(2).integers(0, 100, (6, 6, 3), np.uint8)
    other = one.copy()
    other[2:4, 3:5] += 90
    np.testing.assert_array_equal(spread([one, other]) > 0, (one != other).any(axis=2))
