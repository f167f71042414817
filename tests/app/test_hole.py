"""The figures of the mask: right on small pictures, close on large ones."""

from __future__ import annotations

import numpy as np
import pytest

from app.session.hole import extent, is_hole, measure
from engine.types import Box


def mask_of(height: int, width: int, *boxes: Box) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    for box in boxes:
        mask[box.slices] = 255
    return mask


def test_an_empty_mask_has_no_hole() -> None:
    mask = mask_of(30, 40)
    assert not is_hole(mask)
    assert extent(mask) is None
    assert measure(mask).regions == 0


def test_half_coverage_is_no_hole() -> None:
    mask = mask_of(30, 40)
    mask[5, 5] = 127
    assert not is_hole(mask)
    mask[5, 5] = 128
    assert is_hole(mask)


def test_share_and_regions_of_a_small_mask_are_exact() -> None:
    figures = measure(mask_of(100, 100, Box(0, 0, 10, 10), Box(50, 50, 70, 60)))
    assert figures.share == pytest.approx(0.03)
    assert figures.regions == 2


def test_extent_is_half_open() -> None:
    assert extent(mask_of(30, 40, Box(3, 4, 9, 8))) == Box(3, 4, 9, 8)


@pytest.mark.parametrize("corner", [(0, 0), (2997, 3997)])
def test_a_small_hole_in_a_large_picture_is_seen(corner: tuple[int, int]) -> None:
    top, left = corner
    whole = Box(100, 100, 3900, 2900)
    figures = measure(mask_of(3000, 4000, Box(left, top, left + 3, top + 3), whole))
    assert figures.regions == 2
    assert figures.share == pytest.approx((whole.area + 9) / 12e6, rel=1e-3)
