"""How alike two sets of patches are."""

from __future__ import annotations

import numpy as np
import pytest

from engine import textures


def chance() -> np.random.Generator:
    return np.random.default_rng(4)


def test_the_same_vectors_in_another_order_are_no_distance_apart() -> None:
    vectors = chance().normal(size=(50, 9))
    assert textures.distance(vectors, vectors[::-1], chance()) == 0


def test_a_common_step_is_seen_by_every_direction_as_its_projection() -> None:
    vectors, step = chance().normal(size=(50, 9)), np.zeros(9)
    step[0] = 3.0
    found = textures.distance(vectors, vectors + step, chance())
    # The mean projection of a unit vector in nine dimensions on another, times three.
    assert found == pytest.approx(3 * 0.2734, rel=0.15)


def test_sets_of_different_size_are_compared_by_their_spread() -> None:
    levels = np.linspace(0, 1, 1001)[:, None]
    assert textures.distance(levels, levels[::10], chance()) < 0.01
    assert textures.distance(levels, 1 + levels[::10], chance()) == pytest.approx(1, abs=0.01)


def test_patches_are_mirrored_at_the_edge() -> None:
    picture = np.arange(100.0).reshape(10, 10, 1)
    (patch,) = textures.patches(picture, np.array([[0, 0]]))
    rows = patch.reshape(textures.PATCH, textures.PATCH)
    assert rows[3].tolist() == [3, 2, 1, 0, 1, 2, 3]
    assert rows[:, 3].tolist() == [30, 20, 10, 0, 10, 20, 30]


def test_some_pixels_of_a_mask_are_all_of_them_if_they_are_few() -> None:
    mask = np.zeros((20, 20), bool)
    mask[5:10, 5:10] = True
    assert len(textures.some(mask, 25, chance())) == 25
    chosen = textures.some(mask, 7, chance())
    assert len({tuple(place) for place in chosen.tolist()}) == 7
    assert mask[chosen[:, 0], chosen[:, 1]].all()
