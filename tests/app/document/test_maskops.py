"""Whole-mask operations: true discs, one undo step each, nothing outside the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from app.document import Document, maskops
from engine.pictures import Picture
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document import Edit

HEIGHT, WIDTH = 300, 400


def document_with(hole: np.ndarray | None = None) -> Document:
    document = Document.new(Picture(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    if hole is not None:
        with document.edit("Paint"), document.touch("mask", document.box) as view:
            view[hole] = 255
    return document


def disc(row: float, column: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.hypot(rows - row, columns - column) <= radius


def dot(row: int = 150, column: int = 200) -> np.ndarray:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[row, column] = True
    return hole


@pytest.mark.parametrize("radius", [1, 1.5, 4, 25, 90])
def test_a_dot_grows_into_a_true_disc(radius: float) -> None:
    document = document_with(dot())
    maskops.grow(document, radius)

    np.testing.assert_array_equal(document.hole(), disc(150, 200, radius))


@pytest.mark.parametrize("radius", [1, 3, 20])
def test_shrinking_leaves_what_is_further_from_the_known_than_the_radius(radius: int) -> None:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[100:180, 120:220] = True
    document = document_with(hole)
    maskops.shrink(document, radius)

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

    maskops.grow(document, radius)
    outside = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_array_equal(document.hole(), outside <= radius)

    document.undo()
    maskops.shrink(document, radius)
    inside = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_array_equal(document.hole(), inside > radius)


def test_growing_stops_at_the_rim() -> None:
    document = document_with(dot(0, WIDTH - 1))
    maskops.grow(document, 30)

    np.testing.assert_array_equal(document.hole(), disc(0, WIDTH - 1, 30))


def test_a_mask_at_the_rim_does_not_come_loose_from_it() -> None:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[:50] = True
    document = document_with(hole)
    maskops.shrink(document, 10)

    assert document.hole()[:40].all()
    assert not document.hole()[40:].any()


def test_a_full_mask_neither_grows_nor_shrinks() -> None:
    document = document_with(np.ones((HEIGHT, WIDTH), bool))

    assert maskops.grow(document, 5) is None
    assert maskops.shrink(document, 5) is None
    assert document.hole().all()


def test_a_mask_thinner_than_the_radius_vanishes() -> None:
    document = document_with(disc(100, 100, 5))
    maskops.shrink(document, 9)

    assert not document.mask.any()


@pytest.mark.parametrize("radius", [0, -3])
def test_a_radius_of_nothing_changes_nothing(radius: float) -> None:
    document = document_with(dot())

    assert maskops.grow(document, radius) is None
    assert maskops.shrink(document, radius) is None
    assert document.hole().sum() == 1


def test_an_empty_mask_stays_empty() -> None:
    document = document_with()

    assert maskops.grow(document, 5) is None
    assert maskops.shrink(document, 5) is None
    assert not document.can_undo


def test_growing_closes_over_small_gaps_that_shrinking_leaves_closed() -> None:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[100:150, 100:150] = hole[100:150, 154:200] = True
    document = document_with(hole)
    maskops.grow(document, 3)
    maskops.shrink(document, 3)

    assert document.hole()[110:140, 150:154].all()


def test_soft_edges_stay_soft_inside_and_the_new_part_is_hard() -> None:
    document = document_with()
    with document.edit("Paint"), document.touch("mask", Box(100, 100, 110, 110)) as view:
        view[...] = 180
    maskops.grow(document, 4)

    assert (document.mask[100:110, 100:110] == 180).all()
    assert document.mask[105, 97] == 255


def test_inverting_twice_gives_the_mask_back() -> None:
    document = document_with(disc(100, 100, 30))
    before = document.mask.copy()
    maskops.invert(document)
    np.testing.assert_array_equal(document.hole(), ~disc(100, 100, 30))
    maskops.invert(document)

    np.testing.assert_array_equal(document.mask, before)


def test_clear_and_reselect() -> None:
    document = document_with(disc(100, 100, 30))
    maskops.clear(document)
    assert not document.mask.any()
    maskops.reselect(document)

    np.testing.assert_array_equal(document.hole(), disc(100, 100, 30))


def test_reselecting_without_a_last_mask_does_nothing() -> None:
    document = document_with()

    assert maskops.reselect(document) is None


def test_replacing_puts_exactly_the_new_mask() -> None:
    document = document_with(disc(100, 100, 30))
    maskops.replace(document, disc(200, 300, 20), "Open mask")

    np.testing.assert_array_equal(document.hole(), disc(200, 300, 20))
    assert document.undo_label == "Open mask"
    maskops.reselect(document)
    np.testing.assert_array_equal(document.hole(), disc(100, 100, 30))


@pytest.mark.parametrize(
    "operation",
    [
        lambda document: maskops.grow(document, 7),
        lambda document: maskops.shrink(document, 7),
        maskops.invert,
        maskops.clear,
        lambda document: maskops.replace(document, disc(10, 10, 5), "Open mask"),
    ],
)
def test_each_operation_is_one_undo_step(operation: Callable[[Document], Edit | None]) -> None:
    document = document_with(disc(150, 200, 40))
    before = document.mask.copy()

    operation(document)
    after = document.mask.copy()

    assert not np.array_equal(after, before)
    document.undo()
    np.testing.assert_array_equal(document.mask, before)
    document.redo()
    np.testing.assert_array_equal(document.mask, after)


def test_only_tiles_near_the_mask_are_touched() -> None:
    document = Document.new(Picture(np.zeros((3000, 3000, 1), np.uint8)))
    with document.edit("Paint"), document.touch("mask", Box(1000, 1000, 1010, 1010)) as view:
        view[...] = 255
    heard: list[Box] = []
    document.on_pixels.append(lambda _, box: heard.append(box))

    maskops.grow(document, 20)

    assert heard == [Box(979, 979, 1031, 1031)]


def test_bounds_are_tight() -> None:
    document = document_with(disc(100, 120, 30))

    assert maskops.filled_bounds(document) == Box(90, 70, 151, 131)
    assert maskops.filled_bounds(document_with()) is None
