"""Cutting a mask into crops with context."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine import registry
from engine.backend import BackendSpec
from engine.regions import PIXEL_BUDGET, Region, regions, thickness
from engine.types import Box, MaskBool

SPEC = BackendSpec(
    id="sample", label="", promise="", kind="classical", factory="", context=0.75, min_context=48
)


def mask(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


def disc(x: int, y: int, radius: int, size: tuple[int, int] = (1000, 1000)) -> MaskBool:
    marks = mask(*size)
    cv2.circle(marks, (x, y), radius, 1, -1)
    return marks > 0


def covered(hole: MaskBool, found: tuple[Region, ...]) -> bool:
    inside = np.zeros_like(hole)
    for region in found:
        inside[region.target.slices] = True
    return bool(inside[hole].all())


def test_context_is_three_quarters_of_the_longer_side() -> None:
    (region,) = regions(disc(500, 500, 100), SPEC)
    assert region.target == Box(400, 400, 601, 601)
    assert region.box == region.target.grown(151)


def test_a_small_hole_gets_at_least_the_smallest_context() -> None:
    (region,) = regions(disc(500, 500, 2), SPEC)
    assert region.box == region.target.grown(48)


def test_boxes_end_at_the_edge_of_the_picture() -> None:
    (region,) = regions(disc(0, 999, 50), SPEC)
    assert region.box.intersected(Box(0, 0, 1000, 1000)) == region.box
    assert region.box.left == 0
    assert region.box.bottom == 1000


def test_distant_holes_are_separate_crops() -> None:
    hole = disc(100, 100, 10) | disc(900, 900, 10)
    assert len(regions(hole, SPEC)) == 2


def test_neighbours_share_one_crop() -> None:
    hole = disc(480, 500, 15) | disc(530, 500, 15)
    assert len(regions(hole, SPEC)) == 1


def test_a_diagonal_row_of_holes_does_not_grow_into_one_huge_crop() -> None:
    marks = mask(4000, 4000)
    for place in range(100, 3900, 90):
        cv2.circle(marks, (place, place), 10, 1, -1)
    found = regions(marks > 0, SPEC)
    assert covered(marks > 0, found)
    assert sum(region.box.area for region in found) < 1_000_000


def test_fifty_holes_on_24_megapixels_cost_little_more_than_their_boxes() -> None:
    marks = mask(4000, 6000)
    for x, y in np.random.default_rng(1).integers(100, 3900, (50, 2)).tolist():
        cv2.circle(marks, (x, y), 20, 1, -1)
    found = regions(marks > 0, SPEC)
    assert covered(marks > 0, found)
    assert sum(region.box.area for region in found) < 50 * 140**2


def test_a_scratch_across_24_megapixels_is_cut_into_small_crops() -> None:
    marks = mask(4000, 6000)
    cv2.line(marks, (10, 20), (5990, 3970), 1, 3)
    found = regions(marks > 0, SPEC)
    assert covered(marks > 0, found)
    assert max(region.box.area for region in found) < PIXEL_BUDGET
    assert sum(region.box.area for region in found) < 8_000_000


def test_a_straight_scratch_sees_a_narrow_strip() -> None:
    marks = mask(1000, 4000)
    marks[500:503, 200:3800] = 1
    (region,) = regions(marks > 0, SPEC)
    assert region.box == region.target.grown(48)


def test_a_thick_hole_is_never_cut() -> None:
    hole = disc(2500, 2500, 1200, (5000, 5000))
    (region,) = regions(hole, SPEC)
    assert region.box.area > PIXEL_BUDGET


def test_noise_over_the_whole_picture_stays_within_the_budget() -> None:
    hole = np.random.default_rng(0).random((3000, 4000)) < 0.3
    found = regions(hole, SPEC)
    assert covered(hole, found)
    assert max(region.box.area for region in found) <= PIXEL_BUDGET


def test_thousands_of_specks_are_all_covered() -> None:
    hole = np.random.default_rng(0).random((2000, 3000)) < 2e-4
    found = regions(hole, SPEC)
    assert covered(hole, found)
    assert sum(region.box.area for region in found) < 1.3 * hole.size


def test_the_order_is_that_of_reading() -> None:
    hole = disc(100, 900, 10) | disc(900, 100, 10) | disc(100, 100, 10)
    tops = [(region.target.top, region.target.left) for region in regions(hole, SPEC)]
    assert tops == sorted(tops)


@pytest.mark.parametrize("spec", registry.specs(), ids=lambda spec: spec.id)
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 40_000), (40_000, 3), (17, 33)])
def test_every_shape_is_covered(shape: tuple[int, int], spec: BackendSpec) -> None:
    hole = np.random.default_rng(0).random(shape) < 0.1
    hole[0, 0] = True
    assert covered(hole, regions(hole, spec))


@pytest.mark.parametrize("width", [1, 3, 5, 9, 31])
def test_thickness_of_a_line_is_its_width(width: int) -> None:
    marks = mask(200, 200)
    marks[80 : 80 + width, 20:180] = 1
    assert thickness(marks > 0) == width


def test_thickness_of_a_disc_is_its_diameter() -> None:
    assert thickness(disc(500, 500, 60)) == pytest.approx(120, rel=0.03)


def test_an_empty_mask_has_no_thickness() -> None:
    assert thickness(np.zeros((10, 10), bool)) == 0.0


def test_a_mask_without_a_known_pixel_has_a_finite_thickness() -> None:
    assert thickness(np.ones((10, 20), bool)) <= 40
