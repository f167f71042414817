"""Behind a fill: exact for copies, the strongest sources of attention, maps and stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine import gan, registry
from engine.backend import Problem, Traceable
from engine.jobs import CancelToken, finish
from engine.models.patchmatch import PatchMatch
from engine.pipeline import InpaintRequest, inpaint
from engine.provenance import (
    Level,
    Provenance,
    Source,
    Trace,
    of_copies,
    placed,
)
from engine.types import Box

if TYPE_CHECKING:
    from engine.recipe import Size


def test_every_copied_pixel_names_the_pixel_that_it_equals() -> None:
    image = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    hole = np.zeros((120, 160), bool)
    hole[40:70, 60:100] = True
    request = InpaintRequest(
        image, hole, "patchmatch", {"seams": False}, origin=(1000, 500), trace=True
    )
    (patch,) = finish(inpaint(request, CancelToken())).patches
    assert patch.provenance is not None
    (level,) = patch.provenance.levels
    assert (level.level.kind, level.cell) == ("copy", 1)
    for y, x in np.argwhere(hole)[::37].tolist():
        (loan,) = level.at(1000 + x, 500 + y) or ()
        source = image[int(loan.y) - 500, int(loan.x) - 1000]
        made = patch.pixels[500 + y - patch.box.top, 1000 + x - patch.box.left]
        np.testing.assert_array_equal(made, source)
        assert not hole[int(loan.y) - 500, int(loan.x) - 1000]
        assert loan.weight == 1
    assert level.at(0, 0) is None


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


def of_network(backend: str, size: Size = "original", *, side: int = 96) -> Provenance:
    """Of a hole in the middle of noise that a network with seeded weights has filled."""
    image = np.random.default_rng(2).integers(0, 256, (side, side, 3), np.uint8)
    hole = np.zeros((side, side), bool)
    hole[side // 2 - 8 : side // 2 + 8, side // 2 - 8 : side // 2 + 8] = True
    request = InpaintRequest(image, hole, backend, weights="random:0", size=size, trace=True)
    (patch,) = finish(inpaint(request, CancelToken())).patches
    assert patch.provenance is not None
    return patch.provenance


@pytest.mark.parametrize(
    ("backend", "cells"),
    [("pepsi", [8]), ("gla", [8, 4]), ("pennet", [4, 8, 16, 32, 64])],
)
def test_a_networks_attention_points_into_what_is_known_at_each_level(
    backend: str, cells: list[int]
) -> None:
    provenance = of_network(backend, side=128)
    assert [level.cell for level in provenance.levels] == cells
    assert {level.level.kind for level in provenance.levels} == {"attention"}
    finest = provenance.levels[0].at(64, 64)
    assert finest is not None
    assert len(finest) == 4
    weights = [source.weight for source in finest]
    assert weights == sorted(weights, reverse=True)
    assert 0 < sum(weights) <= 1.0001
    for source in finest:
        assert not (60 <= source.x < 68 and 60 <= source.y < 68)


def test_iconv_tells_its_certainty_and_its_gates_and_borrows_nowhere() -> None:
    provenance = of_network("iconv-small")
    assert provenance.levels == ()
    assert {"certainty", "gate", "certainty.1", "gate.5"} <= set(provenance.maps)
    inside, outside = (provenance.map_at("certainty", x, x) for x in (48, 10))
    assert inside is not None
    assert outside is not None
    assert inside < outside
    assert provenance.map_at("certainty", 96, 10) is None
    assert provenance.map_at("courage", 10, 10) is None


@pytest.mark.parametrize(
    ("backend", "stages"),
    [
        ("pepsi", [("coarse", 1), ("refined", 1)]),
        ("gla", [("coarse", 1), ("refined", 1)]),
        ("regionwise", [("coarse", 1), ("refined", 1)]),
        ("pennet", [*(("pyramid", factor) for factor in (32, 16, 8, 4, 2)), ("refined", 1)]),
        ("iconv-small", []),
    ],
)
def test_the_stages_of_a_network_come_coarse_first(
    backend: str, stages: list[tuple[str, int]]
) -> None:
    provenance = of_network(backend, side=128)
    assert [(stage.kind, stage.factor) for stage in provenance.stages] == stages
    for stage in provenance.stages:
        assert stage.pixels.shape == (128 // stage.factor, 128 // stage.factor, 3)
        assert stage.pixels.std() > 0 or stage.kind == "pyramid"


def test_maps_and_stages_of_a_large_crop_are_kept_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gan, "LONGEST_MAP", 16)
    monkeypatch.setattr(gan, "LONGEST_STAGE", 24)
    assert of_network("iconv-small").maps["certainty"].shape == (16, 16)
    refined = of_network("gla").stages[-1]
    assert refined.pixels.shape == (24, 24, 3)
    assert refined.factor == 1


@pytest.mark.parametrize("backend", ["pepsi", "regionwise", "pennet"])
def test_looking_behind_a_network_changes_no_byte_of_its_fill(backend: str) -> None:
    image = np.random.default_rng(3).random((70, 90, 3), dtype=np.float32)
    hole = np.zeros((70, 90), bool)
    hole[20:50, 30:60] = True
    network = registry.create(backend, weights="random:0")
    assert isinstance(network, Traceable)
    plain = finish(network.inpaint(Problem(image, hole), CancelToken()))
    traced, _ = finish(network.traced(Problem(image, hole), CancelToken()))
    np.testing.assert_array_equal(plain, traced)


def test_after_restored_detail_both_the_copies_and_the_network_are_known() -> None:
    provenance = of_network("pepsi", "auto", side=600)
    assert [level.level.kind for level in provenance.levels] == ["attention"]
    image = np.random.default_rng(2).integers(0, 256, (700, 700, 3), np.uint8)
    hole = np.zeros((700, 700), bool)
    hole[250:450, 250:450] = True
    request = InpaintRequest(image, hole, "pepsi", weights="random:0", trace=True)
    (patch,) = finish(inpaint(request, CancelToken())).patches
    assert patch.provenance is not None
    assert [level.level.kind for level in patch.provenance.levels] == ["copy", "attention"]
    copied, attended = (level.at(350, 350) for level in patch.provenance.levels)
    assert copied
    assert attended
    assert [stage.kind for stage in patch.provenance.stages] == ["coarse", "refined"]


def test_a_coarse_grid_is_looked_up_by_share() -> None:
    source = np.full((2, 2, 3, 2), np.nan, np.float32)
    source[0, 1, 2] = (0.5, 0.25)
    weight = np.zeros((2, 2, 3), np.float32)
    weight[0, 1, 2] = 0.75
    crop = Box(10, 20, 310, 220)
    trace = Trace((Level("attention", source, weight),), {"gate": weight[0]})
    found = placed((trace,), crop, Box(50, 50, 60, 60))
    (level,) = found.levels
    assert level.at(309, 219) == (Source(160, 70, 0.75),)
    assert level.at(10, 20) == ()
    assert level.cell == 100
    assert found.map_at("gate", 309, 219) == 0.75
    moved = found.moved(5, 7)
    assert moved.levels[0].at(314, 226) == (Source(165, 77, 0.75),)
    assert moved.map_at("gate", 314, 226) == 0.75


def test_a_full_size_grid_is_cut_to_the_filled_part() -> None:
    hole = np.zeros((40, 50), bool)
    hole[10:20, 30:40] = True
    origins = np.arange(2000, dtype=np.int32).reshape(40, 50)
    origins[hole] = 3 * 50 + 4
    trace = of_copies(origins, hole)
    (level,) = placed((trace,), Box(100, 100, 150, 140), Box(130, 110, 140, 120)).levels
    assert level.level.weight.shape == (1, 10, 10)
    (loan,) = level.at(135, 115) or ()
    assert (loan.x, loan.y) == pytest.approx((104.5, 103.5))
    assert level.at(129, 115) is None
