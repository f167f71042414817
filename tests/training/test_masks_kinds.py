"""Every kind of hole follows its law: shares, sizes, seeds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.errors import InvalidInputError
from training import masks
from training.masks.irregular import _continuous, _discontinuous
from training.masks.strokes import polyline

EVERY = pytest.mark.parametrize("kind", masks.KINDS)


def shares(kind: str, count: int, size: tuple[int, int] = (128, 128)) -> np.ndarray:
    return np.array(
        [masks.draw(kind, size, np.random.default_rng([1, n])).mean() for n in range(count)]
    )


@pytest.mark.parametrize(
    ("kind", "mean", "within", "deviation"),
    [
        ("free-form", 0.43, 0.03, 0.10),
        ("free-form-test", 0.226, 0.015, 0.06),
        ("brush", 0.150, 0.02, 0.08),
        ("blocks", 0.166, 0.012, 0.038),
        ("box-and-brush", 0.356, 0.015, 0.06),
        ("irregular", 0.20, 0.025, 0.115),
    ],
)
def test_the_share_of_missing_pixels_is_that_of_the_paper(
    kind: str, mean: float, within: float, deviation: float
) -> None:
    found = shares(kind, 200)
    assert found.mean() == pytest.approx(mean, abs=within)
    assert found.std() == pytest.approx(deviation, abs=0.02)


@pytest.mark.parametrize("kind", ["free-form", "free-form-test", "brush", "box-and-brush"])
@pytest.mark.parametrize("size", [(64, 64), (320, 320), (96, 240)])
def test_lengths_grow_with_the_picture_so_that_the_share_stays(
    kind: str, size: tuple[int, int]
) -> None:
    assert shares(kind, 80, size).mean() == pytest.approx(shares(kind, 80).mean(), rel=0.1)


def test_brush_shares_are_spread_as_measured() -> None:
    below, _ = np.histogram(shares("brush", 300), [0, 0.1, 0.2, 0.3, 0.4, 1])
    np.testing.assert_allclose(below / 300, [0.31, 0.43, 0.22, 0.04, 0.0], atol=0.07)


def test_both_irregular_generators_miss_what_was_measured() -> None:
    for draw, mean, deviation in ((_continuous, 0.12, 0.06), (_discontinuous, 0.38, 0.14)):
        found = []
        for number in range(200):
            canvas = np.zeros((128, 128), np.uint8)
            draw(canvas, np.random.default_rng(number))
            found.append(canvas.mean())
        assert np.mean(found) == pytest.approx(mean, abs=0.03)
        assert np.std(found) == pytest.approx(deviation, abs=0.03)


def test_irregular_shares_are_even_up_to_two_fifths() -> None:
    counts, _ = np.histogram(shares("irregular", 160, (64, 64)), 4, (0, 0.4))
    assert counts.sum() == 160
    assert counts.min() >= 25


def test_irregular_shares_are_those_that_were_drawn() -> None:
    near = 0
    for seed in range(60):
        wanted = np.random.default_rng(seed).uniform(0, 0.4)
        found = masks.draw("irregular", (64, 64), np.random.default_rng(seed)).mean()
        near += abs(found - wanted) < 0.021
    assert near == 60


def test_what_is_too_large_keeps_its_shape_when_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    bars = np.zeros((64, 64), np.bool_)
    bars[:, :16] = bars[:, -16:] = True
    monkeypatch.setitem(masks.KINDS, "bars", masks.Kind("", lambda *_: bars))
    for seed in range(20):
        hole = masks.draw("bars", (64, 64), np.random.default_rng(seed), (0.1, 0.2))
        count, _, stats, _ = cv2.connectedComponentsWithStats(hole.astype(np.uint8))
        assert count == 3
        for bar in stats[1:]:  # eroded bars would be thinner
            ratio = bar[cv2.CC_STAT_HEIGHT] / bar[cv2.CC_STAT_WIDTH]
            assert ratio == pytest.approx(4, rel=0.2)


def test_draws_are_united_up_to_a_large_share_but_not_beyond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = [np.zeros((10, 10), np.bool_) for _ in range(3)]
    parts[0][:3], parts[1][:9], parts[2][7:] = True, True, True
    drawn = iter([parts[0], parts[0], parts[1], parts[2]])
    kind = masks.Kind("", lambda *_: next(drawn))
    monkeypatch.setitem(masks.KINDS, "parts", kind)
    monkeypatch.setattr("training.masks.kinds.TRIES", 1)
    monkeypatch.setattr("training.masks.kinds.TRIES_TO_UNITE", 3)
    hole = masks.draw("parts", (10, 10), np.random.default_rng(0), (0.5, 0.7))
    np.testing.assert_array_equal(hole, parts[0] | parts[2])


def test_box_and_brush_never_misses_less_than_its_box() -> None:
    assert shares("box-and-brush", 50).min() >= 0.25


def test_blocks_stay_within_their_bounds() -> None:
    low, high = np.quantile(shares("blocks", 200), [0.05, 0.95])
    assert low == pytest.approx(0.131, abs=0.01)
    assert high == pytest.approx(0.246, abs=0.02)


def test_mixed_holes_reach_from_small_to_large() -> None:
    found = shares("mixed", 300, (64, 64))
    assert found.min() >= 0.01
    assert found.max() <= 0.6
    assert (found < 0.05).sum() > 30
    assert (found > 0.3).sum() > 20


@pytest.mark.parametrize("kind", ["square", "centre", "face-box"])
def test_a_box_has_half_the_sides(kind: str) -> None:
    hole = masks.draw(kind, (40, 100), np.random.default_rng(3))
    rows, columns = hole.any(axis=1), hole.any(axis=0)
    assert (rows.sum(), columns.sum()) == (20, 50)
    assert hole.sum() == 1000


def test_the_centre_is_the_centre() -> None:
    hole = masks.draw("centre", (256, 256), np.random.default_rng(0))
    assert hole[64:192, 64:192].all()
    assert hole.sum() == 128 * 128


def test_squares_lie_anywhere() -> None:
    tops = [
        int(masks.draw("square", (64, 64), np.random.default_rng(n)).any(axis=1).argmax())
        for n in range(200)
    ]
    assert min(tops) == 0
    assert max(tops) == 32


def test_blocks_are_turned() -> None:
    holes = [masks.draw("blocks", (64, 64), np.random.default_rng(n)) for n in range(20)]
    filled = [hole.sum() / np.ptp(np.argwhere(hole), axis=0).__add__(1).prod() for hole in holes]
    assert min(filled) < 0.6


def test_flips_of_the_brush_are_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one of the four mirror images of the same strokes occurs."""
    strokes = np.zeros((64, 64), np.uint8)
    strokes[:20, :10] = 1

    def draw(canvas: np.ndarray, points: object, thickness: float) -> None:
        canvas[:] = strokes

    monkeypatch.setattr("training.masks.strokes.polyline", draw)
    corners = set()
    for seed in range(40):
        hole = masks.draw("brush", (64, 64), np.random.default_rng(seed))
        corners.add((bool(hole[0].any()), bool(hole[:, 0].any())))
    assert len(corners) == 4


@pytest.mark.parametrize("thickness", [1, 2, 3, 6, 13, 20, 31])
def test_a_line_is_as_wide_as_asked_for(thickness: int) -> None:
    rng, length, areas = np.random.default_rng(0), 60.0, []
    for _ in range(60):
        canvas = np.zeros((160, 160), np.uint8)
        (x, y), angle = rng.uniform(70, 90, 2), rng.uniform(0, 2 * np.pi)
        end = (x + length * np.cos(angle), y + length * np.sin(angle))
        polyline(canvas, [(x, y), end], thickness)
        areas.append(cv2.countNonZero(canvas))
    # The width of the capsule that has this area.
    width = (np.sqrt(length**2 + np.pi * np.mean(areas)) - length) / (np.pi / 2)
    assert width == pytest.approx(thickness, abs=1.1)


@EVERY
@pytest.mark.parametrize("size", [(1, 2), (2, 2), (3, 200), (37, 50)])
def test_something_is_missing_and_something_is_known_at_any_size(
    kind: str, size: tuple[int, int]
) -> None:
    for seed in range(5):
        for coverage in (None, (0.0, 0.0), (1.0, 1.0)):
            hole = masks.draw(kind, size, np.random.default_rng(seed), coverage)
            assert hole.shape == size
            assert hole.dtype == np.bool_
            assert 0 < hole.sum() < hole.size


@EVERY
@pytest.mark.parametrize("coverage", [(0.0, 0.02), (0.1, 0.2), (0.5, 0.6)])
def test_coverage_is_kept(kind: str, coverage: tuple[float, float]) -> None:
    for seed in range(4):
        hole = masks.draw(kind, (64, 80), np.random.default_rng(seed), coverage)
        assert coverage[0] <= hole.mean() <= coverage[1]


@EVERY
def test_a_seed_names_a_hole(kind: str) -> None:
    first, again, other = (
        masks.draw(kind, (60, 60), np.random.default_rng(seed), (0.1, 0.4)) for seed in (7, 7, 8)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="did you mean “irregular”"):
        masks.draw("iregular", (8, 8), np.random.default_rng(0))


@pytest.mark.parametrize("coverage", [(0.3, 0.2), (-0.1, 0.2), (0.5, 1.5)])
def test_a_coverage_that_is_none_is_refused(coverage: tuple[float, float]) -> None:
    with pytest.raises(InvalidInputError, match="interval"):
        masks.draw("brush", (8, 8), np.random.default_rng(0), coverage)
