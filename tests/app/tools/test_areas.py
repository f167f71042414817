"""What rectangle, lasso and polygon leave in the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.tools import AreaSettings, AreaTool, Brush, BrushSettings, Lasso, Pointer, Polygon
from app.tools import Rectangle as RectangleTool
from app.tools.polygons import coverage

if TYPE_CHECKING:
    from app.document import Document

TRIANGLE = [(20.5, 15.2), (140.3, 40.8), (60.7, 110.1)]


@pytest.fixture
def areas() -> AreaSettings:
    return AreaSettings()


def drag(tool: AreaTool, document: Document, *points: tuple[float, float], **how: bool) -> None:
    tool.press(Pointer(*points[0], **how), document)
    for point in points[1:]:
        tool.move(Pointer(*point), document)
    tool.release(Pointer(*points[-1]), document)


def click(tool: AreaTool, document: Document, *points: tuple[float, float], **how: bool) -> None:
    for point in points:
        tool.move(Pointer(*point), document)
        tool.press(Pointer(*point, **how), document)
        tool.release(Pointer(*point), document)


def boxed(document: Document, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    hole = np.zeros(document.mask.shape, bool)
    hole[top:bottom, left:right] = True
    return hole


@pytest.mark.parametrize(
    ("start", "end"), [((10, 20), (50, 60)), ((50, 20), (10, 60)), ((49.3, 59.1), (10.9, 20.2))]
)
def test_a_rectangle_covers_exactly_the_pixels_of_its_drag(
    document: Document, areas: AreaSettings, start: tuple[float, float], end: tuple[float, float]
) -> None:
    drag(RectangleTool(areas), document, start, end)
    np.testing.assert_array_equal(document.mask, 255 * boxed(document, 10, 20, 50, 60))


def test_a_rectangle_is_cut_at_the_rim_of_the_picture(
    document: Document, areas: AreaSettings
) -> None:
    drag(RectangleTool(areas), document, (-40, 100), (30, 900))
    np.testing.assert_array_equal(document.hole(), boxed(document, 0, 100, 30, 120))


def test_a_click_with_the_rectangle_or_the_lasso_changes_nothing(
    document: Document, areas: AreaSettings
) -> None:
    for tool in (RectangleTool(areas), Lasso(areas)):
        tool.press(Pointer(30.2, 30.2, reach=5), document)
        tool.release(Pointer(32.9, 31.1, reach=5), document)
    assert not document.can_undo


def test_an_area_adds_to_what_is_painted(document: Document, areas: AreaSettings) -> None:
    drag(RectangleTool(areas), document, (10, 10), (40, 40))
    drag(RectangleTool(areas), document, (60, 10), (90, 40))
    expected = boxed(document, 10, 10, 40, 40) | boxed(document, 60, 10, 90, 40)
    np.testing.assert_array_equal(document.hole(), expected)


@pytest.mark.parametrize(
    ("mode", "how"), [("subtract", {}), ("add", {"alt": True}), ("add", {"erase": True})]
)
def test_mode_alt_and_right_button_subtract(
    document: Document, areas: AreaSettings, mode: str, how: dict[str, bool]
) -> None:
    drag(RectangleTool(areas), document, (10, 10), (80, 80))
    areas.mode = mode
    drag(RectangleTool(areas), document, (40, 0), (120, 120), **how)
    np.testing.assert_array_equal(document.hole(), boxed(document, 10, 10, 40, 80))
    assert document.undo_label == "Subtract Rectangle"


@pytest.mark.parametrize(
    ("mode", "how"), [("intersect", {}), ("add", {"shift": True, "alt": True})]
)
def test_mode_and_both_keys_keep_only_the_inside(
    document: Document, areas: AreaSettings, mode: str, how: dict[str, bool]
) -> None:
    drag(RectangleTool(areas), document, (10, 10), (80, 80))
    drag(RectangleTool(areas), document, (100, 100), (110, 110))
    areas.mode = mode
    drag(RectangleTool(areas), document, (40, 20), (120, 60), **how)
    np.testing.assert_array_equal(document.hole(), boxed(document, 40, 20, 80, 60))


def test_intersecting_beside_the_mask_empties_it(document: Document, areas: AreaSettings) -> None:
    drag(RectangleTool(areas), document, (10, 10), (40, 40))
    areas.mode = "intersect"
    drag(RectangleTool(areas), document, (60, 60), (90, 90))
    assert not document.mask.any()
    document.undo()
    np.testing.assert_array_equal(document.hole(), boxed(document, 10, 10, 40, 40))


def test_shift_adds_whatever_the_mode(document: Document, areas: AreaSettings) -> None:
    areas.mode = "subtract"
    drag(RectangleTool(areas), document, (10, 10), (40, 40), shift=True)
    np.testing.assert_array_equal(document.hole(), boxed(document, 10, 10, 40, 40))


def test_a_lasso_covers_the_polygon_of_its_path(document: Document, areas: AreaSettings) -> None:
    drag(Lasso(areas), document, *TRIANGLE)
    np.testing.assert_array_equal(document.mask, coverage(TRIANGLE, document.box))
    assert set(np.unique(document.mask)) > {0, 255}


def test_a_polygon_is_closed_by_its_first_corner(document: Document, areas: AreaSettings) -> None:
    tool = Polygon(areas)
    click(tool, document, *TRIANGLE)
    assert tool.goes_on
    assert not document.mask.any()
    tool.press(Pointer(21.5, 16.2, reach=3), document)
    assert not tool.goes_on
    np.testing.assert_array_equal(document.mask, coverage(TRIANGLE, document.box))


def test_a_double_click_closes_a_polygon(document: Document, areas: AreaSettings) -> None:
    tool = Polygon(areas)
    click(tool, document, *TRIANGLE)
    tool.press(Pointer(*TRIANGLE[-1], double=True), document)
    assert not tool.goes_on
    np.testing.assert_array_equal(document.mask, coverage(TRIANGLE, document.box))


def test_two_corners_are_too_few_to_be_closed_by_the_first(
    document: Document, areas: AreaSettings
) -> None:
    tool = Polygon(areas)
    click(tool, document, (20, 20), (30, 20))
    tool.press(Pointer(21, 20, reach=3), document)
    assert tool.goes_on


def test_a_corner_can_be_taken_back_and_the_first_ends_it(
    document: Document, areas: AreaSettings
) -> None:
    tool = Polygon(areas)
    click(tool, document, *TRIANGLE, (5, 5))
    tool.step_back()
    tool.complete(document)
    np.testing.assert_array_equal(document.mask, coverage(TRIANGLE, document.box))
    click(tool, document, (20, 20))
    tool.step_back()
    assert not tool.goes_on


def test_the_keys_count_where_a_polygon_begins(document: Document, areas: AreaSettings) -> None:
    drag(RectangleTool(areas), document, (0, 0), (160, 120))
    tool = Polygon(areas)
    click(tool, document, TRIANGLE[0], alt=True)
    click(tool, document, *TRIANGLE[1:])
    tool.complete(document)
    np.testing.assert_array_equal(document.mask, 255 - coverage(TRIANGLE, document.box))


def test_a_polygon_waits_while_another_edit_is_open(
    document: Document, areas: AreaSettings
) -> None:
    tool = Polygon(areas)
    click(tool, document, *TRIANGLE)
    document.begin("Peek", "result")
    tool.complete(document)
    document.abort()
    assert tool.goes_on
    tool.complete(document)
    assert document.undo_label == "Add Polygon"


@pytest.mark.parametrize("make", [RectangleTool, Lasso, Polygon])
def test_a_cancelled_area_leaves_no_trace(
    make: type[AreaTool], document: Document, areas: AreaSettings
) -> None:
    tool = make(areas)
    tool.press(Pointer(20, 20), document)
    tool.move(Pointer(90, 90), document)
    assert tool.sketch is not None
    tool.cancel(document)
    tool.release(Pointer(90, 90), document)
    assert tool.sketch is None
    assert not document.mask.any()
    assert not document.can_undo


@pytest.mark.parametrize("make", [RectangleTool, Lasso])
@pytest.mark.parametrize("how", [{}, {"alt": True}, {"alt": True, "shift": True}])
def test_undo_and_redo_give_the_same_bytes(
    make: type[AreaTool], how: dict[str, bool], document: Document, areas: AreaSettings
) -> None:
    drag(Lasso(areas), document, (5, 5), (150, 30), (30, 110))
    before = document.mask.copy()
    drag(make(areas), document, (20.3, 90.1), (100.7, 20.9), (140.2, 100.4), **how)
    after = document.mask.copy()
    assert not np.array_equal(before, after)
    document.undo()
    np.testing.assert_array_equal(document.mask, before)
    document.redo()
    np.testing.assert_array_equal(document.mask, after)


def fill(document: Document) -> None:
    with document.edit("Inpaint", "result"), document.touch("image", document.box) as view:
        view[document.hole()] = 7


def test_an_area_added_after_a_result_starts_a_new_mask(
    document: Document, areas: AreaSettings
) -> None:
    brush = Brush(BrushSettings(size=20))
    brush.press(Pointer(30, 30), document)
    brush.release(Pointer(60, 30), document)
    fill(document)
    drag(RectangleTool(areas), document, (100, 80), (120, 100))
    np.testing.assert_array_equal(document.hole(), boxed(document, 100, 80, 120, 100))


def test_an_area_is_subtracted_from_a_mask_that_was_filled(
    document: Document, areas: AreaSettings
) -> None:
    drag(RectangleTool(areas), document, (10, 10), (80, 80))
    fill(document)
    drag(RectangleTool(areas), document, (40, 0), (90, 90), alt=True)
    np.testing.assert_array_equal(document.hole(), boxed(document, 10, 10, 40, 80))


def test_an_area_without_pixels_does_not_empty_a_filled_mask(
    document: Document, areas: AreaSettings
) -> None:
    drag(RectangleTool(areas), document, (10, 10), (80, 80))
    fill(document)
    for how in ({}, {"alt": True, "shift": True}):
        drag(RectangleTool(areas), document, (-90, -90), (-10, -10), **how)
    np.testing.assert_array_equal(document.hole(), boxed(document, 10, 10, 80, 80))


def test_the_sketch_says_how_large_a_rectangle_is(document: Document, areas: AreaSettings) -> None:
    tool = RectangleTool(areas)
    tool.press(Pointer(10.4, 20.4), document)
    tool.move(Pointer(49.1, 90.0), document)
    sketch = tool.sketch
    assert sketch is not None
    assert (sketch.label, sketch.is_dashed) == ("40 × 70", False)
    assert sketch.points == [(10, 20), (50, 20), (50, 90), (10, 90)]
