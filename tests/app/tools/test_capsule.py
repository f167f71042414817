"""The band a round brush covers, against geometry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.tools.capsule import Capsule, Dab
from engine.types import Box

CANVAS = Box(0, 0, 1200, 900)


def hole_area(capsule: Capsule) -> int:
    return int(np.count_nonzero(capsule.coverage(capsule.box) > 127))


@pytest.mark.parametrize("size", [3, 21, 60.5, 333])
@pytest.mark.parametrize("softness", [0.0, 0.05, 0.5])
def test_a_dab_makes_a_hole_of_its_nominal_area(size: float, softness: float) -> None:
    dab = Dab(600.3, 450.6, size / 2)
    area = math.pi * size * size / 4
    # Lattice points in a circle differ from its area by some share of the circumference.
    assert hole_area(Capsule(dab, dab, softness)) == pytest.approx(area, abs=0.6 * size + 1)


@pytest.mark.parametrize("size", [21, 60, 333])
def test_coverage_of_a_hard_dab_adds_up_to_its_area(size: int) -> None:
    dab = Dab(600.3, 450.6, size / 2)
    capsule = Capsule(dab, dab)
    covered = capsule.coverage(capsule.box).sum(dtype=np.int64) / 255
    # An even ramp of width 1 around a circle holds pi / 12 more than the circle.
    assert covered == pytest.approx(math.pi * (size * size / 4 + 1 / 12), rel=0.003)


def test_a_hard_brush_of_21_marks_exactly_the_pixels_within_that_circle() -> None:
    dab = Dab(40.5, 40.5, 10.5)
    hole = Capsule(dab, dab).coverage(Box(0, 0, 81, 81)) > 127
    y, x = np.mgrid[:81, :81] + 0.5
    np.testing.assert_array_equal(hole, np.hypot(x - 40.5, y - 40.5) <= 10.5)


def test_two_dabs_make_a_band_without_gaps() -> None:
    capsule = Capsule(Dab(100.3, 100.1, 8.2), Dab(700.4, 400.7, 8.2))
    area = math.pi * 8.2**2 + 16.4 * math.hypot(600.1, 300.6)
    assert hole_area(capsule) == pytest.approx(area, rel=0.004)


def test_coverage_is_one_half_on_the_outline_and_linear_across_a_soft_edge() -> None:
    dab = Dab(0.0, 0.5, 100)
    row = Capsule(dab, dab, 0.2).coverage(Box(0, 0, 150, 1))[0].astype(int)
    x = np.arange(150) + 0.5
    expected = np.clip(255 * (0.5 + (100 - x) / 40), 0, 255)
    assert np.abs(row - expected).max() <= 1


def test_a_growing_radius_makes_a_cone() -> None:
    capsule = Capsule(Dab(100, 300, 10), Dab(500, 300, 50))
    hole = capsule.coverage(Box(0, 0, 700, 600)) > 127
    tangent_slope = 40 / math.sqrt(400**2 - 40**2)
    for x in (200, 300, 400):
        # Half the height of the cone at x: its sides touch both circles.
        half = (10 + (x + 0.5 - 100) * 0.1) / math.sqrt(1 - 0.1**2)
        assert hole[:, x].sum() == pytest.approx(2 * half, abs=1.01)
    assert tangent_slope == pytest.approx(0.1, abs=0.001)


def test_a_dab_inside_the_other_adds_nothing() -> None:
    large, small = Dab(200, 200, 50), Dab(210, 200, 5)
    box = Box(100, 100, 300, 300)
    both = Capsule(large, small).coverage(box)
    np.testing.assert_array_equal(both, Capsule(large, large).coverage(box))


@pytest.mark.parametrize("softness", [0.0, 0.01, 0.05, 0.25, 0.5])
@pytest.mark.parametrize("end_radius", [300.0, 280.0])
def test_shortcuts_for_large_brushes_are_right_within_one_level(
    softness: float, end_radius: float
) -> None:
    capsule = Capsule(Dab(600.3, 450.8, 300), Dab(650.1, 470.2, end_radius), softness)
    box = capsule.box
    y, x = np.mgrid[box.top : box.bottom, box.left : box.right].astype(np.float32) + np.float32(0.5)
    exact = np.clip(255 * (0.5 - capsule.distance(x, y) / (2 * capsule.ramp)), 0, 255)
    assert np.abs(capsule.coverage(box) - exact).max() <= 1.5


def test_coverage_of_a_part_is_that_part_of_the_whole() -> None:
    capsule = Capsule(Dab(600, 450, 200), Dab(640, 480, 200))
    whole = capsule.coverage(CANVAS)
    part = Box(500, 300, 800, 640)
    np.testing.assert_array_equal(capsule.coverage(part), whole[part.slices])


def test_nothing_is_covered_outside_the_box() -> None:
    capsule = Capsule(Dab(600.7, 450.2, 33), Dab(640, 480, 12), 0.5)
    whole = capsule.coverage(CANVAS)
    whole[capsule.box.slices] = 0
    assert not whole.any()


@pytest.mark.parametrize(("left", "value"), [(500, 255), (1600, 0)])
def test_a_large_box_that_no_outline_crosses_is_wholly_inside_or_outside(
    left: int, value: int
) -> None:
    dab = Dab(600.3, 450.8, 900)
    coverage = Capsule(dab, dab).coverage(Box(left, 300, left + 300, 600))
    assert (coverage == value).all()
