"""What brush, eraser and source brush leave in the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.tools import STROKES, Brush, BrushSettings, Eraser, Pointer, SourceBrush, StrokeTool
from app.tools.settings import MAX_SIZE, SIZES

if TYPE_CHECKING:
    from app.document import Document


def stroke(tool: StrokeTool, document: Document, *pointers: Pointer) -> None:
    tool.press(pointers[0], document)
    for pointer in pointers[1:]:
        tool.move(pointer, document)
    tool.release(pointers[-1], document)


def disc(document: Document, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: document.height, : document.width] + 0.5
    return np.hypot(columns - x, rows - y) <= radius


def test_a_click_marks_a_disc(document: Document, settings: BrushSettings) -> None:
    stroke(Brush(settings), document, Pointer(60.5, 50.5))
    np.testing.assert_array_equal(document.hole(), disc(document, 60.5, 50.5, 10))


def test_a_stroke_is_one_undo_step(document: Document, settings: BrushSettings) -> None:
    stroke(Brush(settings), document, *(Pointer(20 + 10 * i, 60) for i in range(10)))
    assert document.undo_label == "Brush Stroke"
    document.undo()
    assert not document.mask.any()
    assert not document.can_undo


@pytest.mark.parametrize("make", STROKES)
def test_undo_and_redo_give_the_same_bytes(
    make: type[StrokeTool], document: Document, settings: BrushSettings
) -> None:
    stroke(Brush(settings), document, Pointer(10, 10), Pointer(150, 110))
    before = document.mask.copy(), document.source.copy()
    stroke(make(settings), document, Pointer(20, 100, 0.5), Pointer(140, 20, 1.0))
    after = document.mask.copy(), document.source.copy()
    document.undo()
    np.testing.assert_array_equal((document.mask, document.source), before)
    document.redo()
    np.testing.assert_array_equal((document.mask, document.source), after)
    assert not np.array_equal(before, after)


def test_opacity_never_accumulates(document: Document, settings: BrushSettings) -> None:
    settings.hardness = 0.0
    brush = Brush(settings)
    stroke(brush, document, Pointer(40, 60), Pointer(120, 60))
    once = document.mask.copy()
    stroke(brush, document, *[Pointer(40, 60), Pointer(120, 60)] * 3)
    np.testing.assert_array_equal(document.mask, once)


def test_the_eraser_takes_away_what_the_brush_painted(
    document: Document, settings: BrushSettings
) -> None:
    path = Pointer(40.5, 60.5), Pointer(120.5, 60.5)
    stroke(Brush(settings), document, *path)
    settings.size = 26
    stroke(Eraser(settings), document, *path)
    assert not document.mask.any()


def test_alt_turns_the_brush_into_the_eraser_and_back(
    document: Document, settings: BrushSettings
) -> None:
    brush, eraser = Brush(settings), Eraser(settings)
    stroke(eraser, document, Pointer(60.5, 50.5, alt=True))
    np.testing.assert_array_equal(document.hole(), disc(document, 60.5, 50.5, 10))
    stroke(brush, document, Pointer(60.5, 50.5, alt=True))
    assert not document.hole().any()


@pytest.mark.parametrize("make", [Brush, Eraser])
def test_the_pens_eraser_end_erases_whatever_the_tool(
    make: type[StrokeTool], document: Document, settings: BrushSettings
) -> None:
    stroke(Brush(settings), document, Pointer(60, 50))
    stroke(make(settings), document, Pointer(60, 50, erase=True))
    assert not document.hole().any()
    assert document.undo_label == "Eraser Stroke"


def test_alt_counts_where_the_stroke_begins(document: Document, settings: BrushSettings) -> None:
    stroke(Brush(settings), document, Pointer(40, 60), Pointer(120, 60, alt=True))
    assert document.hole()[60, 100]


def test_shift_draws_a_line_from_the_end_of_the_last_stroke(
    document: Document, settings: BrushSettings
) -> None:
    brush = Brush(settings)
    stroke(brush, document, Pointer(20.5, 30.5), Pointer(20.5, 60.5))
    stroke(brush, document, Pointer(140.5, 60.5, shift=True))
    hole = document.hole()
    assert hole[51:71, 20:140].all()
    assert not hole[:45, 40:].any()
    document.undo()
    assert not document.hole()[60, 100]


def test_shift_draws_no_line_from_another_document(
    document: Document, settings: BrushSettings
) -> None:
    brush = Brush(settings)
    stroke(brush, type(document).new(document.picture), Pointer(20, 60))
    stroke(brush, document, Pointer(140, 60, shift=True))
    assert not document.hole()[:, :120].any()


def test_pressure_drives_the_size(document: Document, settings: BrushSettings) -> None:
    settings.size = 40
    stroke(Brush(settings), document, Pointer(40.5, 60.5, 0.25), Pointer(120.5, 60.5, 0.75))
    hole = document.hole()
    assert hole[:, 40].sum() == pytest.approx(10, abs=1)
    assert hole[:, 120].sum() == pytest.approx(30, abs=1)


def test_pressure_can_be_ignored(document: Document, settings: BrushSettings) -> None:
    settings.pressure = False
    stroke(Brush(settings), document, Pointer(60.5, 50.5, 0.1))
    np.testing.assert_array_equal(document.hole(), disc(document, 60.5, 50.5, 10))


def test_the_lift_of_a_pen_without_pressure_does_not_thin_the_end(
    document: Document, settings: BrushSettings
) -> None:
    brush = Brush(settings)
    brush.press(Pointer(40.5, 60.0, 1.0), document)
    brush.release(Pointer(120.5, 60.0, 0.0), document)
    assert document.hole()[:, 120].sum() == 20


@pytest.mark.parametrize("x", [60.0, 60.5, 60.99])
def test_the_smallest_brush_marks_the_one_pixel_it_is_on(
    document: Document, settings: BrushSettings, x: float
) -> None:
    settings.size = 1
    stroke(Brush(settings), document, Pointer(x, 50.0))
    assert np.argwhere(document.hole()).tolist() == [[50, 60]]


def test_the_smallest_brush_draws_lines_without_gaps(
    document: Document, settings: BrushSettings
) -> None:
    settings.size = 1
    stroke(Brush(settings), document, Pointer(10.2, 20.7), Pointer(110.9, 77.1))
    assert document.hole()[:, 10:111].any(axis=0).all()


def test_a_cancelled_stroke_leaves_no_trace(document: Document, settings: BrushSettings) -> None:
    brush = Brush(settings)
    stroke(brush, document, Pointer(20, 20))
    before = document.mask.copy()
    brush.press(Pointer(60, 60), document)
    brush.move(Pointer(120, 60), document)
    brush.cancel(document)
    np.testing.assert_array_equal(document.mask, before)
    assert document.undo_label == "Brush Stroke"
    document.undo()
    assert not document.can_undo


def test_a_stroke_outside_the_picture_changes_nothing(
    document: Document, settings: BrushSettings
) -> None:
    stroke(Brush(settings), document, Pointer(-500, -500), Pointer(-20, 4000))
    assert not document.mask.any()
    assert not document.can_undo


def fill(document: Document) -> None:
    with document.edit("Inpaint", "result"), document.touch("image", document.box) as view:
        view[document.hole()] = 7


def test_a_brush_stroke_after_a_result_starts_a_new_mask(
    document: Document, settings: BrushSettings
) -> None:
    brush = Brush(settings)
    stroke(brush, document, Pointer(30.5, 30.5))
    fill(document)
    stroke(brush, document, Pointer(100.5, 80.5))
    np.testing.assert_array_equal(document.hole(), disc(document, 100.5, 80.5, 10))
    document.undo()
    np.testing.assert_array_equal(document.hole(), disc(document, 30.5, 30.5, 10))


def test_the_eraser_works_on_a_mask_that_was_filled(
    document: Document, settings: BrushSettings
) -> None:
    stroke(Brush(settings), document, Pointer(30.5, 30.5), Pointer(130.5, 30.5))
    fill(document)
    stroke(Eraser(settings), document, Pointer(130.5, 30.5))
    assert document.hole()[30, 40]
    assert not document.hole()[30, 130]


@pytest.mark.parametrize(("mode", "value"), [("never", 1), ("only", 2)])
def test_the_source_brush_marks_its_own_layer(
    document: Document, settings: BrushSettings, mode: str, value: int
) -> None:
    brush = SourceBrush(settings)
    brush.mode = mode
    stroke(brush, document, Pointer(60.5, 50.5))
    np.testing.assert_array_equal(document.source, value * disc(document, 60.5, 50.5, 10))
    assert not document.mask.any()


def test_alt_unmarks_source(document: Document, settings: BrushSettings) -> None:
    brush = SourceBrush(settings)
    stroke(brush, document, Pointer(60, 50))
    stroke(brush, document, Pointer(60, 50, alt=True))
    assert not document.source.any()


def test_a_source_stroke_keeps_a_filled_mask(document: Document, settings: BrushSettings) -> None:
    stroke(Brush(settings), document, Pointer(30.5, 30.5))
    fill(document)
    stroke(SourceBrush(settings), document, Pointer(100, 80))
    np.testing.assert_array_equal(document.hole(), disc(document, 30.5, 30.5, 10))


def test_a_step_down_undoes_a_step_up() -> None:
    for size in SIZES[:-1]:
        settings = BrushSettings(size=size)
        settings.resize(1)
        assert settings.size > size
        settings.resize(-1)
        assert settings.size == size


def test_size_and_hardness_stay_in_range() -> None:
    settings = BrushSettings(size=1900, hardness=0.95)
    settings.resize(50)
    settings.harden(3)
    assert (settings.size, settings.hardness) == (MAX_SIZE, 1.0)
    settings.resize(-200)
    settings.harden(-30)
    assert (settings.size, settings.hardness) == (1.0, 0.0)


def test_the_outline_follows_the_pressure_during_a_stroke(
    document: Document, settings: BrushSettings
) -> None:
    brush = Brush(settings)
    assert brush.outline.radius == 10
    brush.press(Pointer(30, 30, 0.5), document)
    assert brush.outline.radius == 5
    brush.cancel(document)
    assert brush.outline.radius == 10
