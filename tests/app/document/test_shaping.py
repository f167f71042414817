"""The mask in another shape: true discs, smooth edges, soft edges, nothing outside the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.document import Document, maskops
from app.document.areas import Area, combine
from app.document.live import LiveStep
from app.document.shaping import Shape, shaped
from engine.errors import Cancelled
from engine.jobs import CancelToken, finish
from engine.pictures import Picture
from engine.types import Box
from tests.app.document.holes import HEIGHT, WIDTH, disc, document_with, dot


def make(document: Document, shape: Shape) -> bool:
    """Shape the mask as one step; False if that changed nothing."""
    bounds = maskops.filled_bounds(document)
    assert bounds is not None
    before = document.mask.copy()
    base = Area(bounds, before[bounds.slices])
    area = finish(shaped(document.image, CancelToken(), base=base, shape=shape))
    LiveStep(document).make(shape.label, lambda document: combine(document, area, "replace"))
    return not np.array_equal(document.mask, before)


def grow(document: Document, radius: int) -> bool:
    return make(document, Shape(grow=radius))


def shrink(document: Document, radius: int) -> bool:
    return make(document, Shape(grow=-radius))


def half() -> np.ndarray:
    """Everything left of a straight edge at column 200."""
    return np.arange(WIDTH) < np.full((HEIGHT, 1), 200)


@pytest.mark.parametrize("radius", [1, 4, 25, 90])
def test_a_dot_grows_into_a_true_disc(radius: int) -> None:
    document = document_with(dot())
    grow(document, radius)

    np.testing.assert_array_equal(document.hole(), disc(150, 200, radius))


@pytest.mark.parametrize("radius", [1, 3, 20])
def test_shrinking_leaves_what_is_further_from_the_known_than_the_radius(radius: int) -> None:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[100:180, 120:220] = True
    document = document_with(hole)
    shrink(document, radius)

    expected = np.zeros_like(hole)
    expected[100 + radius : 180 - radius, 120 + radius : 220 - radius] = True
    np.testing.assert_array_equal(document.hole(), expected)


@pytest.mark.parametrize("radius", [2, 30, 140])
def test_long_and_scattered_masks_grow_and_shrink_as_if_measured_at_once(radius: int) -> None:
    rng = np.random.default_rng(radius)
    document = Document.new(Picture(np.zeros((900, 500, 1), np.uint8)))
    seeds = np.ones((900, 500), np.uint8)
    seeds[rng.integers(0, 900, 4), rng.integers(0, 500, 4)] = 0
    seeds[np.arange(100, 800), np.arange(100, 800) // 2] = 0
    hole = cv2.distanceTransform(seeds, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= 20
    with document.edit("Paint"), document.touch("mask", document.box) as view:
        view[hole] = 255

    grow(document, radius)
    outside = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_array_equal(document.hole(), outside <= radius)

    document.undo()
    shrink(document, radius)
    inside = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_array_equal(document.hole(), inside > radius)


def test_growing_stops_at_the_rim() -> None:
    document = document_with(dot(0, WIDTH - 1))
    grow(document, 30)

    np.testing.assert_array_equal(document.hole(), disc(0, WIDTH - 1, 30))


def test_a_mask_at_the_rim_does_not_come_loose_from_it() -> None:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[:50] = True
    document = document_with(hole)
    shrink(document, 10)

    assert document.hole()[:40].all()
    assert not document.hole()[40:].any()


def test_a_full_mask_neither_grows_nor_shrinks() -> None:
    document = document_with(np.ones((HEIGHT, WIDTH), bool))

    assert not grow(document, 5)
    assert not shrink(document, 5)
    assert document.hole().all()


def test_a_mask_thinner_than_the_radius_vanishes() -> None:
    document = document_with(disc(100, 100, 5))
    shrink(document, 9)

    assert not document.mask.any()


def test_a_shape_of_nothing_changes_nothing() -> None:
    document = document_with(dot())

    assert not make(document, Shape())
    assert document.hole().sum() == 1


def test_growing_closes_over_small_gaps_that_shrinking_leaves_closed() -> None:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[100:150, 100:150] = hole[100:150, 154:200] = True
    document = document_with(hole)
    grow(document, 3)
    shrink(document, 3)

    assert document.hole()[110:140, 150:154].all()


def test_soft_edges_stay_soft_inside_and_the_new_part_is_hard() -> None:
    document = document_with()
    with document.edit("Paint"), document.touch("mask", Box(100, 100, 110, 110)) as view:
        view[...] = 180
    grow(document, 4)

    assert (document.mask[100:110, 100:110] == 180).all()
    assert document.mask[105, 97] == 255


def test_only_tiles_near_the_mask_are_touched() -> None:
    document = Document.new(Picture(np.zeros((3000, 3000, 1), np.uint8)))
    with document.edit("Paint"), document.touch("mask", Box(1000, 1000, 1010, 1010)) as view:
        view[...] = 255
    heard: list[Box] = []
    document.on_pixels.append(lambda _, box: heard.append(box))

    grow(document, 20)

    assert heard == [Box(979, 979, 1031, 1031)]


def test_shrinking_leaves_no_faint_rim_behind() -> None:
    document = document_with(disc(100, 100, 30))
    with document.edit("Paint"), document.touch("mask", Box(60, 131, 140, 133)) as view:
        view[...] = 90
    shrink(document, 5)

    np.testing.assert_array_equal(document.mask > 0, document.hole())


@pytest.mark.parametrize("smooth", [2, 8, 40, 100])
def test_smoothing_leaves_a_straight_edge_where_it_is_and_as_sharp_as_pixels_allow(
    smooth: int,
) -> None:
    document = document_with(half())
    make(document, Shape(smooth=smooth))
    np.testing.assert_array_equal(document.hole(), half())
    row = document.mask[150]
    assert np.count_nonzero((row > 0) & (row < 255)) <= 2


def test_smoothing_takes_specks_and_gaps_away_and_rounds_corners_off() -> None:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[100:200, 100:200] = True
    hole[140:142, 100:200] = False
    hole[50:52, 50:52] = True
    document = document_with(hole)
    make(document, Shape(smooth=20))
    found = document.hole()
    assert not found[40:60, 40:60].any()
    assert found[141, 120:180].all()
    assert not found[100, 100]
    assert found[105, 150]
    assert found[150, 105]


@pytest.mark.parametrize("feather", [4, 16, 60, 100])
def test_feathering_keeps_the_outline_and_makes_the_edge_as_soft_as_asked(feather: int) -> None:
    document = document_with(half())
    make(document, Shape(feather=feather))
    np.testing.assert_array_equal(document.hole(), half())
    row = document.mask[150].astype(int)
    soft = np.count_nonzero((row > 0.023 * 255) & (row < 0.977 * 255))
    assert soft == pytest.approx(feather, abs=3)
    assert (np.diff(row) <= 0).all()


def test_a_mask_at_the_rim_stays_hard_at_the_rim() -> None:
    document = document_with(half())
    make(document, Shape(smooth=30, feather=30))
    assert (document.mask[:, :100] == 255).all()


def test_a_soft_edge_grows_on_from_where_the_hole_ends() -> None:
    document = document_with(half())
    make(document, Shape(grow=10, feather=20))
    assert document.hole()[150].sum() == 210


@pytest.mark.parametrize(
    ("shape", "label"),
    [
        (Shape(grow=3), "Grow Mask"),
        (Shape(grow=-3), "Shrink Mask"),
        (Shape(smooth=3), "Smooth Mask"),
        (Shape(feather=3), "Feather Mask"),
        (Shape(grow=3, feather=3), "Shape Mask"),
    ],
)
def test_the_step_is_called_what_it_does(shape: Shape, label: str) -> None:
    assert shape.label == label


@pytest.mark.parametrize("shape", [Shape(grow=9), Shape(grow=-9), Shape(smooth=9), Shape(0, 0, 9)])
def test_each_shape_is_one_undo_step(shape: Shape) -> None:
    document = document_with(disc(150, 200, 40) | dot(20, 20))
    before = document.mask.copy()
    assert make(document, shape)
    after = document.mask.copy()
    document.undo()
    np.testing.assert_array_equal(document.mask, before)
    document.redo()
    np.testing.assert_array_equal(document.mask, after)


@pytest.mark.parametrize("shape", [Shape(grow=9), Shape(smooth=9), Shape(feather=9)])
def test_shaping_can_be_stopped(shape: Shape) -> None:
    token = CancelToken()
    token.cancel()
    base = Area(Box(0, 0, 9, 9), np.full((9, 9), 255, np.uint8))
    with pytest.raises(Cancelled):
        finish(shaped(np.zeros((30, 30, 3), np.uint8), token, base=base, shape=shape))
