from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from engine.backend import Problem
from engine.jobs import CancelToken, finish
from engine.models.patchmatch import PatchMatch, kernels, scale_kernels
from engine.models.patchmatch.growing import is_slender, rings
from engine.models.patchmatch.levels import build_level, describe
from engine.models.patchmatch.vectors import CHANNELS, spare, window

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.models.patchmatch.levels import Level
    from engine.types import MaskBool

HEIGHT, WIDTH = 24, 31
Bytes = npt.NDArray[np.uint8]


def in_turn(work: Callable[[slice], None], slices: list[slice]) -> None:
    for piece in slices:
        work(piece)


def random_features(seed: int = 0) -> Bytes:
    features = spare(HEIGHT * WIDTH)
    features[:] = np.random.default_rng(seed).integers(0, 256, features.size)
    return features


def patch_at(plane: Bytes, centre: int, patch: int) -> npt.NDArray[np.int64]:
    y, x, radius = centre // WIDTH, centre % WIDTH, patch // 2
    pixels = plane.reshape(HEIGHT, WIDTH, -1)[y - radius : y + radius + 1, x - radius :]
    return pixels[:, :patch].astype(np.int64)


@pytest.mark.parametrize("patch", [1, 3, 5, 7, 9, 15])
@pytest.mark.parametrize("partly", [False, True])
def test_a_distance_is_the_sum_of_squared_differences(patch: int, *, partly: bool) -> None:
    features, counted = random_features(), np.zeros(0, np.uint8)
    p, q = (patch // 2) * (WIDTH + 1), (HEIGHT - 1 - patch // 2) * WIDTH + WIDTH - 1 - patch // 2
    squares = np.square(patch_at(features, p, patch) - patch_at(features, q, patch))
    if partly:
        counted = spare(HEIGHT * WIDTH)
        pixels = np.random.default_rng(1).integers(0, 2, (HEIGHT * WIDTH, 1))
        counted.reshape(-1, CHANNELS)[:] = pixels
        squares *= patch_at(counted, p, patch)
    found = kernels._distance(features, p, q, WIDTH, patch, window(patch), counted)
    assert found == squares.sum()


@pytest.mark.parametrize(("pull", "left", "share"), [(256, 1, 1.0), (64, 1, 0.25), (256, 0, 0.0)])
def test_a_guide_adds_its_share_unless_the_distance_is_lost_already(
    pull: int, left: int, share: float
) -> None:
    guide = random_features()
    p, q = 3 * (WIDTH + 1), 12 * WIDTH + 20
    squares = np.square(patch_at(guide, p, 7) - patch_at(guide, q, 7)).sum()
    found = kernels._astray(guide, p, q, WIDTH, 7, window(7), pull, left)
    assert found == int(squares * share)
    assert kernels._astray(guide[:0], p, q, WIDTH, 7, window(7), pull, left) == 0


@pytest.mark.parametrize("limit", [0, 10**9])
def test_a_distance_given_up_is_at_least_the_limit(limit: int) -> None:
    features, everything = random_features(), np.zeros(0, np.uint8)
    p, q = 5 * WIDTH + 5, 15 * WIDTH + 20
    whole = kernels._distance(features, p, q, WIDTH, 7, window(7), everything)
    found = kernels._distance_below(features, p, q, WIDTH, 7, window(7), everything, limit)
    assert found >= limit or found == whole
    assert found <= whole


def test_a_distance_of_a_part_of_a_patch_counts_as_one_of_all() -> None:
    counted, cost = spare(HEIGHT * WIDTH), np.full(HEIGHT * WIDTH, 100, np.int32)
    p = 10 * WIDTH + 10
    counted.reshape(HEIGHT, WIDTH, CHANNELS)[10:12, 8:14] = 1  # two rows of three
    kernels.extrapolate(counted, WIDTH, 3, cost, np.array([p], np.int32))
    assert cost[p] == 100 * 9 // 6
    assert cost[p + 1] == 100


@pytest.mark.parametrize("patch", [3, 7, 11])
def test_a_vote_is_the_mean_weighted_by_distance_and_depth(patch: int) -> None:
    features, rng = random_features(), np.random.default_rng(2)
    before = features.copy()
    nearest = np.full(HEIGHT * WIDTH, -1, np.int32)
    cost = rng.integers(0, 50_000, HEIGHT * WIDTH).astype(np.int32)
    depth = rng.integers(0, 3, HEIGHT * WIDTH).astype(np.uint8)
    by_depth = (0.5 ** np.arange(256)).astype(np.float32)
    pixel, sources = 12 * WIDTH + 15, [8 * WIDTH + 9, 15 * WIDTH + 20]
    centres = [pixel - 1 - WIDTH, pixel + 1]
    nearest[centres] = sources
    targets = np.array([*centres, pixel + WIDTH], np.int32)  # the last one knows no source
    kernels.vote(
        features, WIDTH, patch, window(patch), nearest, cost, targets,
        np.array([pixel], np.int32), 12, 13, depth, by_depth, np.float32(20_000),
    )  # fmt: skip
    weights = [0.5 ** depth[c] * (20_000 / (20_000 + cost[c])) ** 3 for c in centres]
    colours = before.reshape(-1, CHANNELS).astype(np.float64)
    proposed = [colours[q + pixel - c] for q, c in zip(sources, centres, strict=True)]
    wanted = np.average(proposed, axis=0, weights=weights)
    np.testing.assert_allclose(features.reshape(-1, CHANNELS)[pixel], wanted, atol=0.51)
    features.reshape(-1, CHANNELS)[pixel] = before.reshape(-1, CHANNELS)[pixel]
    np.testing.assert_array_equal(features, before)


def test_relaxing_finds_the_straight_line_between_two_known_values() -> None:
    values, divergence = np.zeros(10, np.float32), np.zeros(10, np.float32)
    values[9] = 9
    inside = np.arange(1, 9, dtype=np.int32)
    for sweep in range(80):
        scale_kernels.relax(values, divergence, 10, inside, sweep % 2 == 0)
    np.testing.assert_allclose(values, np.arange(10), atol=1e-3)


def stroke(scale: int) -> MaskBool:
    hole = np.zeros((60 * scale, 80 * scale), np.bool_)
    hole[20 * scale : 28 * scale, 10 * scale : 70 * scale] = True
    return hole


def disc(scale: int) -> MaskBool:
    y, x = np.mgrid[: 60 * scale, : 80 * scale]
    close: MaskBool = np.hypot(y - 30 * scale, x - 40 * scale) < 20 * scale
    return close


@pytest.mark.parametrize("scale", [1, 3])
def test_strokes_are_slender_and_blobs_are_not_at_any_size(scale: int) -> None:
    assert is_slender(stroke(scale))
    assert not is_slender(disc(scale))


def level_of(hole: MaskBool) -> Level:
    image = np.full((*hole.shape, 3), 0.5, np.float32)
    return build_level(describe(image, hole, None, 1.0, in_turn), 7)


def test_rings_fill_every_pixel_but_the_outermost_once_from_outside_inwards() -> None:
    level = level_of(disc(1))
    filled = [ring.voted.pixels for ring in rings(level, 7)]
    everything = np.concatenate(filled)
    assert sorted(everything) == list(level.pixels[level.depth[level.pixels] > 0])
    deepest = [int(level.depth[pixels].max(initial=0)) for pixels in filled]
    assert deepest == sorted(deepest)


def test_a_ring_counts_what_earlier_ones_filled_and_nothing_deeper() -> None:
    level = level_of(disc(1))
    before: Bytes | None = None
    for ring in rings(level, 7):
        counted = ring.counted.reshape(-1, CHANNELS)[:, 0].copy()
        assert (counted[level.depth == 0] == 1).all()
        assert (counted[ring.voted.pixels] == 0).all()
        assert before is None or (counted >= before).all()
        before = counted


@pytest.mark.parametrize(("hole", "grows"), [(stroke(1), True), (disc(1), False)])
def test_strokes_are_grown_from_the_border_and_blobs_are_not(
    hole: MaskBool, *, grows: bool
) -> None:
    image = np.random.default_rng(0).random((*hole.shape, 3), dtype=np.float32)
    steps = PatchMatch(1).inpaint(Problem(image, hole), CancelToken())
    assert ("Growing inwards" in {step.message for step in steps}) == grows


def test_growing_continues_stripes_across_a_stroke() -> None:
    x = np.arange(160)
    stripes = (0.5 + 0.4 * np.sin(x * 2 * np.pi / 10)).astype(np.float32)
    image = np.tile(stripes[None, :, None], (120, 1, 3))
    hole = np.zeros((120, 160), np.bool_)
    hole[50:70, 10:150] = True
    filled = finish(PatchMatch(2).inpaint(Problem(image, hole), CancelToken()))
    assert is_slender(hole)
    assert np.abs(filled - image)[hole].mean() < 0.01


def test_a_fill_at_the_corner_of_the_picture_is_the_same_every_time() -> None:
    image = np.random.default_rng(0).random((150, 150, 3), dtype=np.float32)
    hole = np.zeros((150, 150), np.bool_)
    hole[80:, 80:] = True
    problem = Problem(image, hole)
    first, *others = (finish(PatchMatch(2).inpaint(problem, CancelToken())) for _ in range(3))
    for other in others:
        np.testing.assert_array_equal(first, other)
