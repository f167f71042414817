"""Zoom, pan and fit as arithmetic."""

from __future__ import annotations

import pytest

from app.canvas.navigation import KEPT_IN_SIGHT, MAX_ZOOM, MIN_ZOOM, Viewport
from engine.types import Box


@pytest.fixture
def viewport() -> Viewport:
    viewport = Viewport()
    viewport.resize(1000, 800)
    viewport.show(6000, 4000)
    return viewport


def test_a_large_picture_is_fitted_in_the_middle(viewport: Viewport) -> None:
    frame = viewport.frame
    assert frame.left == 1000 - frame.right == 16
    assert frame.top == pytest.approx(800 - frame.bottom, abs=1)
    assert frame.width / frame.height == pytest.approx(1.5, abs=0.01)


def test_a_small_picture_opens_at_100_percent_and_fit_enlarges_it() -> None:
    viewport = Viewport(width=1000, height=800)
    viewport.show(100, 100)
    assert viewport.zoom == 1
    viewport.fit()
    assert viewport.frame.height == 800 - 32


@pytest.mark.parametrize("factor", [1.2, 1 / 1.2, 3.7])
def test_zooming_keeps_the_point_under_the_cursor(viewport: Viewport, factor: float) -> None:
    x, y = 313.0, 517.0
    for _ in range(30):
        before = viewport.to_picture(x, y)
        viewport.zoom_by(factor, x, y)
        after = viewport.to_picture(x, y)
        # The picture lies on whole device pixels: it may jump by half a one, not drift.
        assert after == pytest.approx(before, abs=1.01 / min(viewport.zoom, 1))
    for _ in range(30):
        viewport.zoom_by(1 / factor, x, y)


def test_zooming_in_and_out_again_does_not_drift(viewport: Viewport) -> None:
    before = viewport.to_picture(313, 517)
    for _ in range(20):
        for factor in (1.2, 1 / 1.2):
            viewport.zoom_to(viewport.zoom * factor, 313, 517)
    assert viewport.to_picture(313, 517) == pytest.approx(before, abs=1 / viewport.zoom)


def test_zooming_stops_at_its_limits(viewport: Viewport) -> None:
    viewport.zoom_to(1e9, 500, 400)
    assert viewport.zoom == MAX_ZOOM
    viewport.zoom_to(1e-9, 500, 400)
    assert viewport.zoom == MIN_ZOOM


def test_the_wheel_does_not_skip_100_percent(viewport: Viewport) -> None:
    viewport.zoom_to(0.95, 500, 400)
    viewport.zoom_by(1.2, 500, 400)
    assert viewport.zoom == 1
    viewport.zoom_by(1.2, 500, 400)
    assert viewport.zoom == pytest.approx(1.2)


def test_zoom_stops_go_up_and_down_through_100_percent(viewport: Viewport) -> None:
    viewport.zoom = 0.6667
    assert viewport.stop_above() == 1
    viewport.zoom = 1.0
    assert viewport.stop_above() == 1.5
    assert viewport.stop_below() == 0.6667
    viewport.zoom = MAX_ZOOM
    assert viewport.stop_above() == MAX_ZOOM


@pytest.mark.parametrize("step", [(9999, 0), (-9999, 0), (0, 9999), (-9999, -9999)])
def test_the_picture_cannot_be_lost(viewport: Viewport, step: tuple[int, int]) -> None:
    for _ in range(5):
        viewport.pan(*step)
    seen = viewport.frame.intersected(Box(0, 0, 1000, 800))
    assert seen.width >= KEPT_IN_SIGHT
    assert seen.height >= KEPT_IN_SIGHT


def test_a_fitted_picture_stays_fitted(viewport: Viewport) -> None:
    viewport.resize(500, 400)
    assert viewport.frame.width == 500 - 32


def test_a_zoomed_picture_keeps_its_middle(viewport: Viewport) -> None:
    viewport.zoom_to(2, 100, 100)
    middle = viewport.to_picture(500, 400)
    viewport.resize(700, 900)
    assert viewport.zoom == 2
    assert viewport.to_picture(350, 450) == pytest.approx(middle, abs=0.5)


def test_boxes_map_back_and_forth(viewport: Viewport) -> None:
    box = Box(1000, 500, 1400, 900)
    back = viewport.in_picture(viewport.in_view(box))
    assert back.intersected(box) == box
    assert back.width < box.width + 3 / viewport.zoom


@pytest.mark.parametrize("size", [(1, 1), (3, 40000), (40000, 3)])
def test_extreme_pictures_have_a_place_in_the_view(size: tuple[int, int]) -> None:
    viewport = Viewport(width=1000, height=800)
    viewport.show(*size)
    frame = viewport.frame
    assert frame.width >= 1
    assert frame.height >= 1
    assert frame.overlaps(Box(0, 0, 1000, 800))
