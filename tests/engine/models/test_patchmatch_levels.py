"""What the pyramid of PatchMatch keeps of a picture and of its hole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.backend import Guide
from engine.models.patchmatch import levels
from engine.models.patchmatch.levels import (
    ESTIMATED,
    KNOWN,
    build_level,
    describe,
    halved,
    pyramid,
    unknown,
)
from engine.models.patchmatch.vectors import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.models.patchmatch.levels import Scale
    from engine.types import MaskBool


def in_turn(work: Callable[[slice], None], slices: list[slice]) -> None:
    for piece in slices:
        work(piece)


def scale_of(hole: MaskBool, forbidden: MaskBool | None = None) -> Scale:
    image = np.random.default_rng(0).random((*hole.shape, 3), dtype=np.float32)
    return describe(image, hole, forbidden, 1.0, in_turn)


def disc(side: int, diameter: int) -> MaskBool:
    y, x = np.mgrid[:side, :side]
    inside: MaskBool = np.hypot(y - side // 2, x - side // 2) < diameter / 2
    return inside


def test_a_coarse_pixel_is_the_binomial_mean_of_the_known_ones_around_it() -> None:
    hole = np.zeros((15, 18), np.bool_)
    hole[5:9, 7:12] = True
    scale = scale_of(hole)
    planes = scale.features.reshape(15, 18, CHANNELS).astype(np.float64)
    taps = np.outer([1, 5, 10, 10, 5, 1], [1, 5, 10, 10, 5, 1])
    weights = taps * ~hole[4:10, 6:12]
    wanted = np.tensordot(weights, planes[4:10, 6:12], 2) / weights.sum()
    found = halved(scale, in_turn).features.reshape(8, 9, CHANNELS)[3, 4]
    np.testing.assert_allclose(found, wanted, atol=0.51)


def test_the_hole_shrinks_by_the_reach_of_the_mean() -> None:
    hole = np.zeros((64, 64), np.bool_)
    hole[20:40, 20:40] = True
    wanted = np.zeros((32, 32), np.uint8)
    wanted[11:19, 11:19] = 1  # 20 pixels, less 2 above and 2 below, halved
    np.testing.assert_array_equal(unknown(halved(scale_of(hole), in_turn)), wanted)


def test_a_rim_pixel_keeps_its_mean_but_belongs_to_the_hole() -> None:
    hole = np.zeros((64, 64), np.bool_)
    hole[20:40, 20:40] = True
    plain, rimmed = halved(scale_of(hole), in_turn), halved(scale_of(hole), in_turn, 0.25)
    np.testing.assert_array_equal(plain.features, rimmed.features)
    known = rimmed.known.reshape(32, 32)
    assert known[15, 10] == ESTIMATED  # 6 of 32 parts are known
    assert known[15, 9] == KNOWN
    assert 15 * 32 + 10 in build_level(rimmed, 7).pixels


def test_what_lies_under_a_hole_never_enters_a_mean() -> None:
    hole = disc(64, 30)
    coarse = halved(scale_of(hole), in_turn)
    assert (coarse.features.reshape(-1, CHANNELS)[coarse.known == 0] == 0).all()


def test_strips_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    forbidden = np.zeros((61, 47), np.bool_)
    forbidden[::9, 3] = True
    scale = scale_of(np.roll(disc(61, 30), 9, axis=0)[:, :47], forbidden)
    whole = halved(scale, in_turn)
    monkeypatch.setattr(levels, "STRIP", 4)
    piecewise = halved(scale, in_turn)
    for name in ("features", "known", "usable"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(piecewise, name))


def test_a_coarse_pixel_may_be_copied_only_if_all_below_it_may() -> None:
    forbidden = np.zeros((10, 10), np.bool_)
    forbidden[5, 3] = True
    usable = halved(scale_of(np.zeros((10, 10), np.bool_), forbidden), in_turn).usable
    wanted = np.ones((5, 5), np.uint8)
    wanted[2, 1] = 0
    np.testing.assert_array_equal(usable.reshape(5, 5), wanted)


@pytest.mark.parametrize("diameter", [12, 60, 200])
def test_at_the_coarsest_level_a_hole_is_as_narrow_as_a_patch(diameter: int) -> None:
    scales = pyramid(scale_of(disc(512, diameter)), 7, in_turn)
    across = [int(unknown(scale).sum(axis=0).max()) for scale in scales]
    assert across[0] == pytest.approx(diameter, abs=1)
    assert across == sorted(across, reverse=True)
    assert levels.COARSEST_DIAMETER - 1 <= across[-1] <= 3 * levels.COARSEST_DIAMETER


@pytest.mark.parametrize("halvings", [0, 2])
def test_a_guide_counts_more_the_deeper_the_hole(halvings: int) -> None:
    hole = np.zeros((64, 64), np.bool_)
    hole[12:52, 12:52] = True
    unit = 2**halvings
    guide = Guide(np.zeros((1, 1, 3), np.float32), 0.5, near=4 * unit, far=12 * unit)
    level = build_level(scale_of(hole), 7, guide, halvings)
    by_target = dict(zip(level.targets.tolist(), level.pulls.tolist(), strict=True))
    along = [by_target[32 * 64 + column] for column in (10, 15, 19, 23, 30)]
    assert along == pytest.approx([0, 0, 64, 128, 128], abs=10)  # depths are 5 % off


def test_a_guide_that_is_not_doubted_counts_alike_for_every_target() -> None:
    hole = disc(64, 30)
    level = build_level(scale_of(hole), 7, Guide(np.zeros((1, 1, 3), np.float32), 0.25))
    assert set(level.pulls.tolist()) == {64}
    assert build_level(scale_of(hole), 7).pulls.size == 0
