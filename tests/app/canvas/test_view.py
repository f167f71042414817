"""What the canvas shows, pixel by pixel."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QColorSpace, QPalette

from app.canvas.look import CHECK_SIDE, surround
from app.canvas.tiles import Tile, TileCache, TileKey
from app.canvas.view import PAINT_BUDGET_S
from app.document import Document
from app.tools import SourceBrush
from engine.pictures import Picture, Source
from engine.types import Box
from tests.app.canvas.events import Hand, seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.canvas import CanvasView

    Show = Callable[[np.ndarray], Document]


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, channels), np.uint8)


def colour_of(colour: QColor) -> tuple[int, ...]:
    return colour.getRgb()[:3]


def test_the_picture_is_shown_pixel_for_pixel_at_100_percent(view: CanvasView, show: Show) -> None:
    pixels = noise(100, 201)
    show(pixels)
    frame = view.viewport.frame
    np.testing.assert_array_equal(seen(view)[frame.slices], pixels)


def test_a_picture_larger_than_a_tile_has_no_seams_at_100_percent(
    view: CanvasView, show: Show
) -> None:
    pixels = noise(600, 900)
    show(pixels)
    view.actual_size()
    view.pan_by(-33, -21)
    frame = view.viewport.frame
    part = pixels[-frame.top : 300 - frame.top, -frame.left : 400 - frame.left]
    np.testing.assert_array_equal(seen(view), part)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_shrunk_picture_shows_area_means(view: CanvasView, show: Show, level: int) -> None:
    pixels = noise(1600, 1600)
    show(pixels)
    step = 1 << level
    view.zoom_to(1 / step)
    frame = view.viewport.frame
    shown = seen(view)[max(frame.top, 0) : 200, max(frame.left, 0) : 300]
    top, left = max(-frame.top, 0), max(-frame.left, 0)
    means = pixels.reshape(1600 // step, step, 1600 // step, step, 3).mean(axis=(1, 3))
    part = means[top : top + shown.shape[0], left : left + shown.shape[1]]
    np.testing.assert_allclose(shown, part, atol=1.01)


@pytest.mark.parametrize("zoom", [0.19, 0.37, 0.61, 0.83])
def test_tiles_leave_no_seams_at_odd_zooms(view: CanvasView, show: Show, zoom: float) -> None:
    ramp = np.linspace(40, 215, 2000).astype(np.uint8)
    pixels = np.repeat((ramp[None, :] // 2 + ramp[:, None] // 2)[:, :, None], 3, axis=2)
    show(pixels)
    view.zoom_to(zoom)
    shown = seen(view)[:, :, 0].astype(int)
    frame = view.viewport.frame.intersected(Box(0, 0, 400, 300))
    inside = shown[frame.top + 2 : frame.bottom - 2, frame.left + 2 : frame.right - 2]
    assert np.abs(np.diff(inside, axis=0)).max() <= 3
    assert np.abs(np.diff(inside, axis=1)).max() <= 3


def test_enlarged_pixels_are_crisp_squares(view: CanvasView, show: Show) -> None:
    pixels = noise(20, 20)
    show(pixels)
    view.zoom_to(4)
    frame = view.viewport.frame
    expected = pixels.repeat(4, axis=0).repeat(4, axis=1)
    np.testing.assert_array_equal(seen(view)[frame.slices], expected)


def test_a_grid_lies_between_the_pixels_at_800_percent(view: CanvasView, show: Show) -> None:
    show(np.full((20, 20, 3), 255, np.uint8))
    view.zoom_to(8)
    frame = view.viewport.frame
    shown = seen(view)[frame.slices][:, :, 0]
    assert (shown[:, ::8] < 255).all()
    assert (shown[4, 1:8] == 255).all()
    view.zoom_to(6)
    assert (seen(view)[view.viewport.frame.slices] == 255).all()


def test_clear_pixels_show_a_checkerboard(view: CanvasView, show: Show) -> None:
    pixels = np.zeros((100, 200, 4), np.uint8)
    pixels[:, 100:] = (10, 200, 30, 255)
    show(pixels)
    frame = view.viewport.frame
    shown = seen(view)[frame.slices]
    assert (
        shown[CHECK_SIDE // 2, CHECK_SIDE // 2, 0] != shown[CHECK_SIDE // 2, CHECK_SIDE * 3 // 2, 0]
    )
    assert (shown[:, 100:] == (10, 200, 30)).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_pictures_of_any_kind_are_shown(view: CanvasView, show: Show, channels: int) -> None:
    pixels = np.full((50, 70, channels), 40000, np.uint16)
    if channels in (2, 4):
        pixels[:, :, -1] = 65535
    show(pixels)
    shown = seen(view)[view.viewport.frame.slices]
    assert np.abs(shown.astype(int) - round(40000 / 257)).max() <= 1


def test_colours_are_shown_through_the_pictures_profile(view: CanvasView) -> None:
    adobe = QColorSpace(QColorSpace.NamedColorSpace.AdobeRgb)
    pixels = np.full((50, 70, 3), (200, 120, 60), np.uint8)
    profile = bytes(adobe.iccProfile().data())
    view.set_document(Document.new(Picture(pixels, Source(icc=profile))))
    shown = seen(view)[view.viewport.frame.slices][25, 35].astype(int)
    # Adobe RGB (200, 120, 60) by the published matrices and curves of the two spaces.
    linear = (np.array([200, 120, 60]) / 255) ** 2.19921875
    to_xyz = [[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]
    to_srgb = [
        [3.24097, -1.53738, -0.49861],
        [-0.96924, 1.87597, 0.04156],
        [0.05563, -0.20398, 1.05697],
    ]
    srgb = np.clip(np.array(to_srgb) @ np.array(to_xyz) @ linear, 0, 1)
    expected = 255 * np.where(srgb > 0.0031308, 1.055 * srgb ** (1 / 2.4) - 0.055, 12.92 * srgb)
    assert np.abs(shown - expected).max() < 2


@pytest.mark.parametrize("icc", [b"", b"no profile", None])
def test_a_broken_profile_changes_nothing(view: CanvasView, icc: bytes | None) -> None:
    pixels = np.full((50, 70, 3), (200, 120, 60), np.uint8)
    view.set_document(Document.new(Picture(pixels, Source(icc=icc))))
    assert (seen(view)[view.viewport.frame.slices][25, 35] == (200, 120, 60)).all()


@pytest.mark.parametrize("size", [(1, 1), (40000, 3), (3, 40000)])
def test_extreme_pictures_are_shown(view: CanvasView, show: Show, size: tuple[int, int]) -> None:
    show(np.full((*size, 3), (250, 5, 5), np.uint8))
    shown = seen(view)
    assert (np.abs(shown.astype(int) - (250, 5, 5)).max(axis=2) < 3).any()
    view.zoom_to(64)
    frame = view.viewport.frame.intersected(Box(0, 0, 400, 300))
    inside = seen(view)[frame.slices].reshape(-1, 3)
    assert (inside == (250, 5, 5)).all(axis=1).mean() > 0.9


def test_the_surround_is_a_grey_that_follows_the_palette(view: CanvasView, grey: Document) -> None:
    for window in ("#202020", "#f0f0f0"):
        palette = QPalette(view.palette())
        palette.setColor(QPalette.ColorRole.Window, QColor(window))
        view.setPalette(palette)
        corner = seen(view)[5, 5]
        assert tuple(corner) == colour_of(surround(palette))
        assert len(set(corner.tolist())) == 1
        assert abs(int(corner[0]) - int(window[1:3], 16)) < 70


def test_the_hole_is_tinted_and_the_rest_is_not(view: CanvasView, grey: Document) -> None:
    view.set_mask_look(QColor(255, 0, 0), 0.5)
    with grey.edit("mask", "mask"), grey.touch("mask", Box(20, 20, 60, 60)) as mask:
        mask[...] = 255
    frame = view.viewport.frame
    shown = seen(view)[frame.slices].astype(int)
    assert np.abs(shown[40, 40] - (191, 64, 64)).max() <= 1
    assert (shown[40, 100] == 128).all()


def test_the_rim_is_light_inside_and_dark_outside(view: CanvasView, grey: Document) -> None:
    with grey.edit("mask", "mask"), grey.touch("mask", Box(20, 20, 60, 60)) as mask:
        mask[...] = 255
    frame = view.viewport.frame
    row = seen(view)[frame.slices][40, :, 1].astype(int)
    assert row[20] > 200
    assert row[19] < 40
    assert row[59] > 200
    assert row[60] < 40
    assert row[18] == 128


@pytest.mark.parametrize("zoom", [0.11, 0.3, 1.0, 5.0])
def test_the_rim_is_one_pixel_wide_on_each_side_at_any_zoom(
    view: CanvasView, show: Show, zoom: float
) -> None:
    document = show(np.full((2000, 2000, 3), 128, np.uint8))
    view.set_mask_look(QColor("red"), 0.0)
    with document.edit("mask", "mask"), document.touch("mask", Box(900, 900, 1000, 1000)) as mask:
        mask[...] = 255
    at = view.viewport.in_view(Box(950, 950, 951, 951))
    view.zoom_to(zoom, QPointF(at.left, at.top))
    view.pan_by(100 - view.viewport.column(900), 150 - view.viewport.row(950))
    row = seen(view)[150, :, 1].astype(int)
    edges = np.flatnonzero(np.abs(row - 128) > 60)
    first = [int(edge) for edge in edges if edge < 100 + 50 * zoom]
    assert len(first) == 2
    assert row[first[0]] < 60
    assert row[first[1]] > 200
    assert first[0] == pytest.approx(99, abs=1)


def test_a_scratch_one_pixel_wide_is_seen_at_a_small_zoom(view: CanvasView, show: Show) -> None:
    document = show(np.full((3000, 4000, 3), 128, np.uint8))
    with document.edit("mask", "mask"), document.touch("mask", Box(2000, 0, 2001, 3000)) as mask:
        mask[...] = 255
    column = view.viewport.column(2000)
    row = seen(view)[150, :, 1].astype(int)
    assert np.ptp(row[column - 3 : column + 4]) > 100
    assert (row[40:190] == 128).all()


def test_a_filled_hole_keeps_only_a_faint_rim(view: CanvasView, grey: Document) -> None:
    with grey.edit("mask", "mask"), grey.touch("mask", Box(20, 20, 60, 60)) as mask:
        mask[...] = 255
    with grey.edit("Inpaint", "result"), grey.touch("image", Box(20, 20, 60, 60)) as image:
        image[...] = 50
    frame = view.viewport.frame
    shown = seen(view)[frame.slices].astype(int)
    assert (shown[40, 40] == 50).all()
    assert 100 < shown[40, 20, 0] < 200
    grey.undo()
    assert seen(view)[frame.slices][40, 40, 0] > 128


@pytest.mark.parametrize("key", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier])
def test_a_stroke_after_a_result_shows_the_mask_again_at_once(
    view: CanvasView, hand: Hand, grey: Document, key: Qt.KeyboardModifier
) -> None:
    with grey.edit("mask", "mask"), grey.touch("mask", grey.box) as mask:
        mask[...] = 255
    with grey.edit("Inpaint", "result"), grey.touch("image", grey.box) as image:
        image[...] = 50
    seen(view)
    hand.keys = key  # Alt erases from the old mask, without it a new one is begun
    hand.press(140, 150)
    hand.move(200, 150)
    erased_or_not, painted_or_not = seen(view)[view.viewport.frame.slices][[50, 90], [70, 150], 0]
    assert sorted((int(erased_or_not) > 50, int(painted_or_not) > 50)) == [False, True]
    hand.release(200, 150)


def test_the_mask_can_be_hidden(view: CanvasView, grey: Document) -> None:
    with grey.edit("mask", "mask"), grey.touch("mask", Box(20, 20, 60, 60)) as mask:
        mask[...] = 255
    view.set_mask_visible(False)
    assert (seen(view)[view.viewport.frame.slices] == 128).all()
    view.set_mask_visible(True)
    assert not (seen(view)[view.viewport.frame.slices] == 128).all()


def test_undo_and_redo_are_shown(view: CanvasView, hand: Hand, grey: Document) -> None:
    clean = seen(view)
    hand.drag((150, 140), (220, 160))
    painted = seen(view)
    assert not np.array_equal(painted, clean)
    grey.undo()
    np.testing.assert_array_equal(seen(view), clean)
    grey.redo()
    np.testing.assert_array_equal(seen(view), painted)


def test_what_is_repainted_bit_by_bit_looks_like_what_is_painted_at_once(
    view: CanvasView, hand: Hand, show: Show
) -> None:
    show(noise(900, 1300))
    seen(view)
    hand.press(60, 60)
    for step in range(1, 12):
        hand.move(60 + 22 * step, 60 + 11 * step)
        view.repaint()
    hand.release(302, 181)
    piecewise = seen(view)
    view._repaint_all()
    # Smooth scaling rounds differently where it starts in the middle.
    np.testing.assert_allclose(seen(view).astype(int), piecewise, atol=1)


def test_what_is_painted_two_tiles_a_frame_ends_as_if_it_had_been_painted_at_once(
    view: CanvasView, hand: Hand, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(noise(900, 1300))
    seen(view)
    passed = 0.0
    made = TileCache.tile

    def slowly_made(cache: TileCache, key: TileKey) -> Tile:
        nonlocal passed
        ready = cache.ready(key)
        if ready is None or ready.stale is not None:
            passed += 0.6 * PAINT_BUDGET_S
        return made(cache, key)

    monkeypatch.setattr(TileCache, "tile", slowly_made)
    clock = SimpleNamespace(perf_counter=lambda: passed)
    for module in ("app.canvas.view", "app.canvas.piece"):
        monkeypatch.setattr(f"{module}.time", clock)
    hand.press(60, 60)
    for step in range(1, 12):
        hand.move(60 + 22 * step, 60 + 11 * step)
        view.repaint()
    hand.release(302, 181)
    while view._frame.is_stale:
        seen(view)
    slowly = seen(view)
    monkeypatch.undo()
    view._repaint_all()
    np.testing.assert_allclose(seen(view).astype(int), slowly, atol=1)


def test_panning_shows_what_a_fresh_paint_shows(view: CanvasView, show: Show) -> None:
    show(noise(900, 1300))
    view.actual_size()
    seen(view)
    for step in ((13, -7), (-40, 22), (5, 90), (-300, -200)):
        view.pan_by(*step)
    panned = seen(view)
    view._repaint_all()
    np.testing.assert_array_equal(seen(view), panned)


def test_comparing_shows_the_original_and_nothing_over_it(view: CanvasView, show: Show) -> None:
    pixels = noise(100, 200)
    document = show(pixels.copy())
    with document.edit("mask", "mask"), document.touch("mask", Box(20, 20, 60, 60)) as mask:
        mask[...] = 255
    with document.edit("Inpaint", "result"), document.touch("image", Box(20, 20, 60, 60)) as image:
        image[...] = 50
    view.set_comparing(True)
    np.testing.assert_array_equal(seen(view)[view.viewport.frame.slices], pixels)
    view.set_comparing(False)
    assert (seen(view)[view.viewport.frame.slices][40, 40] == 50).all()


def test_comparing_shows_the_present_picture_until_the_original_is_ready(
    view: CanvasView, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(noise(900, 1300))
    view.actual_size()
    present = seen(view)
    monkeypatch.setattr("app.canvas.view.PAINT_BUDGET_S", 0.0)
    view.set_comparing(True)
    np.testing.assert_array_equal(seen(view), present)


@pytest.mark.parametrize(("mode", "strong"), [("never", 0), ("only", 2)])
def test_marked_source_is_hatched_in_its_colour(
    view: CanvasView, hand: Hand, grey: Document, mode: str, strong: int
) -> None:
    brush = SourceBrush(view.brush)
    brush.mode = mode
    view.brush.size = 60
    view.set_tool(brush)
    hand.drag((200, 150), (240, 150))
    frame = view.viewport.frame
    patch = seen(view)[frame.slices][40:60, 95:145].reshape(-1, 3).astype(int)
    weak = 2 - strong
    assert (patch[:, strong] > patch[:, weak]).all()
    assert np.ptp(patch[:, strong]) > 20 or np.ptp(patch[:, weak]) > 20


def test_the_preview_outlines_its_boxes(view: CanvasView, grey: Document) -> None:
    clean = seen(view)
    view.set_preview([Box(50, 20, 150, 80)])
    shown = seen(view)
    frame = view.viewport.frame
    changed = np.argwhere((shown != clean).any(axis=2)) - (frame.top, frame.left)
    assert changed.min(axis=0).tolist() == [20, 50]
    assert changed.max(axis=0).tolist() == [79, 149]
    assert len(changed) < 400
    view.set_preview([])
    np.testing.assert_array_equal(seen(view), clean)


def test_the_brush_outline_has_the_size_of_the_hole(
    view: CanvasView, hand: Hand, grey: Document
) -> None:
    view.brush.size = 60
    clean = seen(view)
    hand.move(200, 150)
    shown = np.asarray(
        [[view.grab().toImage().pixelColor(x, 150).red() for x in range(400)]], np.int64
    )[0]
    changed = np.flatnonzero(shown != clean[150, :, 0])
    assert changed[0] == pytest.approx(170, abs=2)
    assert changed[-1] == pytest.approx(230, abs=2)
    assert not ((changed > 175) & (changed < 225)).any()


def test_the_brush_outline_leaves_no_trace(view: CanvasView, hand: Hand, grey: Document) -> None:
    clean = seen(view)
    for x in range(100, 300, 7):
        hand.move(x, 150)
        view.repaint()
    np.testing.assert_array_equal(seen(view), clean)


def test_nothing_is_kept_of_a_closed_document(view: CanvasView, grey: Document) -> None:
    view.set_document(None)
    assert not grey.on_pixels
    assert not grey.on_history
    assert (seen(view) == colour_of(surround(view.palette()))).all()


def test_the_canvas_has_a_name_for_screen_readers(view: CanvasView) -> None:
    assert view.accessibleName() == "Canvas"
    assert view.accessibleDescription()


def test_a_picture_of_many_tiles_is_shown_at_once_and_then_sharpened(
    view: CanvasView, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.canvas.view.PAINT_BUDGET_S", 0.0)
    flat = np.full((3000, 4000, 3), 70, np.uint8)
    flat[:, 2000:] = 180
    show(flat)
    first = view.grab().toImage()
    assert first.pixelColor(100, 150).red() == 70
    assert first.pixelColor(300, 150).red() == 180
    monkeypatch.undo()
    assert (seen(view)[150, 100:190] == 70).all()
