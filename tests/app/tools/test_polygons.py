"""The coverage of polygons, against geometry and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.tools.polygons import bounds, coverage
from engine.types import Box

CANVAS = Box(0, 0, 200, 160)
QUAD = [(10.3, 5.2), (150.7, 20.1), (130.2, 150.9), (25.5, 93.3)]
STAR = [(100.2, 5.1), (150.3, 150.7), (12.9, 55.4), (188.1, 61.2), (48.7, 148.8)]


def supersampled(points: list[tuple[float, float]], side: int = 32) -> np.ndarray:
    """cv2.fillPoly on a grid of `side` x `side` samples to a pixel."""
    fine = np.zeros((CANVAS.height * side, CANVAS.width * side), np.uint8)
    corners = np.rint((np.array(points) * side - 0.5) * 256).astype(np.int32)
    cv2.fillPoly(fine, [corners], 255, shift=8)
    return cv2.resize(fine, (CANVAS.width, CANVAS.height), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("points", [QUAD, STAR, QUAD[::-1]])
def test_a_polygon_covers_what_opencv_fills(points: list[tuple[float, float]]) -> None:
    difference = coverage(points, CANVAS).astype(int) - supersampled(points)
    # OpenCV draws the rim itself on top, half a sample wide, twice in a tip; where two edges
    # cross in one pixel, folding its winding is not the same as its even-odd share.
    assert np.quantile(np.abs(difference), 0.999) <= 20
    assert np.count_nonzero(np.abs(difference) > 20) <= 8
    assert abs(difference.mean()) < 0.1


def test_coverage_adds_up_to_the_area() -> None:
    x, y = np.array(QUAD).T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert coverage(QUAD, CANVAS).sum(dtype=np.int64) / 255 == pytest.approx(area, rel=1e-4)


def test_an_oblique_edge_covers_the_half_of_the_pixels_it_halves() -> None:
    found = coverage([(0, 0), (4, 4), (0, 4)], Box(0, 0, 4, 4))
    np.testing.assert_array_equal(found, np.tri(4, k=-1, dtype=np.uint8) * 255 + np.eye(4) * 128)


def test_whole_pixels_are_covered_wholly_and_no_others() -> None:
    found = coverage([(3, 2), (9, 2), (9, 7), (3, 7)], Box(0, 0, 12, 12))
    expected = np.zeros((12, 12), np.uint8)
    expected[2:7, 3:9] = 255
    np.testing.assert_array_equal(found, expected)


def test_what_is_enclosed_twice_is_outside() -> None:
    found = coverage(STAR, CANVAS)
    assert (found[80, 100], found[30, 100], found[57, 25]) == (0, 255, 255)


@pytest.mark.parametrize(
    "part", [Box(50, 30, 120, 90), Box(-40, -30, 80, 60), Box(90, 90, 400, 300)]
)
def test_coverage_of_a_part_is_that_part_of_the_whole(part: Box) -> None:
    whole = coverage(STAR, Box(-100, -100, 500, 400))
    found = coverage(STAR, part).astype(int)
    np.testing.assert_allclose(found, whole[part.moved(100, 100).slices], atol=1)


@pytest.mark.parametrize("points", [[(5.5, 5.5)], [(5, 5), (60, 70)], [(5, 5)] * 4])
def test_what_has_no_area_covers_nothing(points: list[tuple[float, float]]) -> None:
    assert not coverage(points, CANVAS).any()


def test_bounds_hold_every_touched_pixel() -> None:
    assert bounds(QUAD) == Box(10, 5, 151, 151)
    whole = coverage(QUAD, CANVAS)
    whole[bounds(QUAD).slices] = 0
    assert not whole.any()
