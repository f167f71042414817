from __future__ import annotations

import numpy as np

from engine.types import Box


def test_slices_cut_the_box_out_of_an_array() -> None:
    array = np.arange(20).reshape(4, 5)
    np.testing.assert_array_equal(array[Box(1, 2, 4, 4).slices], [[11, 12, 13], [16, 17, 18]])


def test_the_whole_box_has_the_size_of_the_array() -> None:
    box = Box.whole(np.zeros((4, 5, 3)))
    assert (box.width, box.height, box.area) == (5, 4, 20)


def test_disjoint_boxes_meet_in_an_empty_box_of_no_negative_size() -> None:
    common = Box(0, 0, 2, 2).intersected(Box(5, 5, 8, 8))
    assert common.is_empty
    assert common.area == 0


def test_boxes_that_only_share_an_edge_do_not_overlap() -> None:
    assert not Box(0, 0, 2, 2).overlaps(Box(2, 0, 4, 2))
    assert Box(0, 0, 3, 2).overlaps(Box(2, 0, 4, 2))


def test_around_is_the_smallest_box_that_holds_all() -> None:
    assert Box.around([Box(3, 1, 4, 2), Box(0, 5, 1, 9)]) == Box(0, 1, 4, 9)


def test_growing_then_clipping_stays_inside_the_picture() -> None:
    assert Box(1, 1, 3, 3).grown(5).intersected(Box(0, 0, 4, 8)) == Box(0, 0, 4, 8)
