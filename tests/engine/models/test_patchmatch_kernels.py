from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from engine.backend import Problem
from engine.jobs import CancelToken, finish
from engine.models.patchmatch import PatchMatch, kernels, scale_kernels
from engine.models.patchmatch.vectors import CHANNELS, spare, window

if TYPE_CHECKING:
    from collections.abc import Callable


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
def test_a_distance_is_the_sum_of_squared_differences(patch: int) -> None:
    features = random_features()
    p, q = (patch // 2) * (WIDTH + 1), (HEIGHT - 1 - patch // 2) * WIDTH + WIDTH - 1 - patch // 2
    squares = np.square(patch_at(features, p, patch) - patch_at(features, q, patch))
    assert kernels._distance(features, p, q, WIDTH, patch, window(patch)) == squares.sum()


@pytest.mark.parametrize(
    ("pull", "free", "left", "share"),
    [(256, 0, 1, 1.0), (64, 0, 1, 0.25), (256, 0, 0, 0.0), (0, 0, 1, 0.0), (256, 0.4, 1, 0.6)],
)
def test_a_guide_adds_its_share_unless_the_distance_is_lost_already(
    pull: int, free: float, left: int, share: float
) -> None:
    guide = random_features()
    p, q = 3 * (WIDTH + 1), 12 * WIDTH + 20
    squares = np.square(patch_at(guide, p, 7) - patch_at(guide, q, 7)).sum()
    free_squares = int(squares * free)
    found = kernels._astray(guide, p, q, WIDTH, 7, window(7), pull, free_squares, left)
    assert found == pytest.approx(squares * share, abs=1)
    assert kernels._astray(guide, p, q, WIDTH, 7, window(7), pull, squares + 1, left) == 0


@pytest.mark.parametrize("limit", [0, 10**9])
def test_a_distance_given_up_is_at_least_the_limit(limit: int) -> None:
    features = random_features()
    p, q = 5 * WIDTH + 5, 15 * WIDTH + 20
    whole = kernels._distance(features, p, q, WIDTH, 7, window(7))
    found = kernels._distance_below(features, p, q, WIDTH, 7, window(7), limit)
    assert found >= limit or found == whole
    assert found <= whole


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


def test_a_fill_at_the_corner_of_the_picture_is_the_same_every_time() -> None:
    image = np.random.default_rng(0).random((150, 150, 3), dtype=np.float32)
    hole = np.zeros((150, 150), np.bool_)
    hole[80:, 80:] = True
    problem = Problem(image, hole)
    first, *others = (finish(PatchMatch(2).inpaint(problem, CancelToken())) for _ in range(3))
    for other in others:
        np.testing.assert_array_equal(first, other)
