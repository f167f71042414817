from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from training import masks

Draw = Callable[..., np.ndarray]
BOTH = pytest.mark.parametrize("draw", [masks.free_form, masks.blob])


@BOTH
@pytest.mark.parametrize("seed", range(5))
def test_coverage_lies_in_the_bucket(draw: Draw, seed: int) -> None:
    hole = draw((120, 200), np.random.default_rng(seed), (0.1, 0.2))
    assert hole.shape == (120, 200)
    assert 0.1 <= hole.mean() <= 0.2


@BOTH
def test_a_bucket_without_width_is_met_to_the_pixel(draw: Draw) -> None:
    hole = draw((64, 50), np.random.default_rng(3), (0.25, 0.25))
    assert hole.sum() == 800


@BOTH
def test_a_seed_names_a_mask(draw: Draw) -> None:
    first, again, other = (draw((90, 90), np.random.default_rng(seed)) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@BOTH
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 400), (16, 2)])
def test_tiny_pictures_get_at_least_one_missing_pixel(draw: Draw, size: tuple[int, int]) -> None:
    hole = draw(size, np.random.default_rng(0), (0.0, 0.01))
    assert 1 <= hole.sum() <= max(1, round(0.01 * hole.size))


@BOTH
def test_everything_can_be_missing(draw: Draw) -> None:
    assert draw((20, 30), np.random.default_rng(0), (1.0, 1.0)).all()


def test_a_blob_is_one_piece() -> None:
    for seed in range(10):
        hole = masks.blob((128, 128), np.random.default_rng(seed))
        count, _ = cv2.connectedComponents(hole.astype(np.uint8))
        assert count == 2


@BOTH
@pytest.mark.parametrize("coverage", [(0.3, 0.2), (-0.1, 0.2), (0.5, 1.5)])
def test_a_coverage_outside_0_to_1_is_refused(draw: Draw, coverage: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="interval"):
        draw((20, 20), np.random.default_rng(0), coverage)
