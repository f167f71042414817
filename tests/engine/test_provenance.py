"""Where filled pixels came from: exact for copies, the strongest source for attention."""

from __future__ import annotations

import numpy as np
import pytest

from engine import registry
from engine.backend import Problem, Traceable
from engine.jobs import CancelToken, finish
from engine.models.patchmatch import PatchMatch
from engine.pipeline import InpaintRequest, inpaint
from engine.provenance import Trace, of_copies, placed
from engine.types import Box


def test_every_copied_pixel_names_the_pixel_that_it_equals() -> None:
    image = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    hole = np.zeros((120, 160), bool)
    hole[40:70, 60:100] = True
    request = InpaintRequest(
        image, hole, "patchmatch", {"seams": False}, origin=(1000, 500), trace=True
    )
    (patch,) = finish(inpaint(request, CancelToken())).patches
    assert patch.provenance is not None
    for y, x in np.argwhere(hole)[::37].tolist():
        loan = patch.provenance.at(1000 + x, 500 + y)
        assert loan is not None
        assert loan.x is not None
        assert loan.y is not None
        source = image[int(loan.y) - 500, int(loan.x) - 1000]
        made = patch.pixels[500 + y - patch.box.top, 1000 + x - patch.box.left]
        np.testing.assert_array_equal(made, source)
        assert not hole[int(loan.y) - 500, int(loan.x) - 1000]
        assert loan.weight == 1
    assert patch.provenance.at(0, 0) is None


def test_nobody_is_asked_unless_somebody_wants_to_know() -> None:
    image = np.zeros((60, 60, 3), np.uint8)
    hole = np.zeros((60, 60), bool)
    hole[20:30, 20:30] = True
    (patch,) = finish(inpaint(InpaintRequest(image, hole, "patchmatch"), CancelToken())).patches
    assert patch.provenance is None


def test_a_backend_that_cannot_tell_fills_all_the_same() -> None:
    image = np.zeros((60, 60, 3), np.uint8)
    hole = np.zeros((60, 60), bool)
    hole[20:30, 20:30] = True
    request = InpaintRequest(image, hole, "telea", trace=True)
    (patch,) = finish(inpaint(request, CancelToken())).patches
    assert patch.provenance is None
    assert not isinstance(registry.create("telea"), Traceable)


def test_a_trace_does_not_change_the_fill() -> None:
    image = np.random.default_rng(1).random((80, 90, 3), dtype=np.float32)
    hole = np.zeros((80, 90), bool)
    hole[30:50, 30:60] = True
    plain = finish(PatchMatch().inpaint(Problem(image, hole), CancelToken()))
    traced, _ = finish(PatchMatch().traced(Problem(image, hole), CancelToken()))
    np.testing.assert_array_equal(plain, traced)


@pytest.mark.parametrize("backend", ["pepsi", "pennet"])
def test_a_networks_attention_points_into_what_is_known(backend: str) -> None:
    image = np.random.default_rng(2).integers(0, 256, (96, 96, 3), np.uint8)
    hole = np.zeros((96, 96), bool)
    hole[40:56, 40:56] = True
    request = InpaintRequest(image, hole, backend, weights="random:0", size="original", trace=True)
    (patch,) = finish(inpaint(request, CancelToken())).patches
    assert patch.provenance is not None
    loan = patch.provenance.at(48, 48)
    assert loan is not None
    assert loan.x is not None
    assert loan.y is not None
    assert not (44 <= loan.x < 52 and 44 <= loan.y < 52)
    assert 0 < loan.weight <= 1
    assert patch.provenance.cell > 1


def test_a_coarse_grid_is_looked_up_by_share() -> None:
    source = np.full((2, 3, 2), np.nan, np.float32)
    source[1, 2] = (0.5, 0.25)
    weight = np.zeros((2, 3), np.float32)
    weight[1, 2] = 0.75
    found = placed(Trace(source, weight), Box(10, 20, 310, 220), Box(50, 50, 60, 60))
    loan = found.at(309, 219)
    assert loan is not None
    assert (loan.x, loan.y, loan.weight) == (160, 70, 0.75)
    nothing = found.at(10, 20)
    assert nothing is not None
    assert nothing.x is None
    assert found.cell == 100
    moved = found.moved(5, 7).at(314, 226)
    assert moved is not None
    assert (moved.x, moved.y) == (165, 77)


def test_a_full_size_grid_is_cut_to_the_filled_part() -> None:
    hole = np.zeros((40, 50), bool)
    hole[10:20, 30:40] = True
    origins = np.arange(2000, dtype=np.int32).reshape(40, 50)
    origins[hole] = 3 * 50 + 4
    found = placed(of_copies(origins, hole), Box(100, 100, 150, 140), Box(130, 110, 140, 120))
    assert found.trace.weight.shape == (10, 10)
    loan = found.at(135, 115)
    assert loan is not None
    assert (loan.x, loan.y) == pytest.approx((104.5, 103.5))
    assert found.at(129, 115) is None


def test_certainty_is_told_where_the_network_has_one() -> None:
    certainty = np.array([[0.25, 0.5]], np.float32)
    nowhere = np.full((1, 2, 2), np.nan, np.float32)
    trace = Trace(nowhere, np.zeros((1, 2), np.float32), certainty)
    found = placed(trace, Box(0, 0, 20, 10), Box(0, 0, 5, 5)).at(15, 5)
    assert found is not None
    assert found.certainty == 0.5
    assert found.x is None
