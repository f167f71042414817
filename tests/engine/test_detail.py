"""Restoring detail: the rough fill says what, the picture says how it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine import registry
from engine.backend import Guide, Problem
from engine.detail import COPIER, FAR, NEAR, TOLERANCE, restored, softened
from engine.jobs import CancelToken, finish

if TYPE_CHECKING:
    from engine.jobs import Steps
    from engine.types import ImageF32


def test_softening_averages_squares() -> None:
    rng = np.random.default_rng(0)
    image = rng.random((64, 96, 3), dtype=np.float32)
    soft = softened(image, 32)
    assert soft.shape == image.shape
    assert soft.dtype == np.float32
    for row, column in ((0, 0), (32, 64)):
        square = image[row : row + 32, column : column + 32]
        centre = soft[row + 15 : row + 17, column + 15 : column + 17].mean(axis=(0, 1))
        np.testing.assert_allclose(centre, square.mean(axis=(0, 1)), atol=0.02)


@pytest.mark.parametrize("blur", [1.0, 500.0])
def test_softening_keeps_a_flat_picture_and_the_range(blur: float) -> None:
    flat = np.full((40, 30, 3), 0.25, np.float32)
    np.testing.assert_allclose(softened(flat, blur), flat, atol=1e-6)
    steps = np.zeros((40, 30, 3), np.float32)
    steps[:, 15:] = 1
    assert 0 <= softened(steps, blur).min() <= softened(steps, blur).max() <= 1


def test_the_fill_is_made_of_the_pictures_texture_where_the_rough_one_says() -> None:
    rng = np.random.default_rng(1)
    image = rng.random((128, 192, 3), dtype=np.float32) * np.float32(0.3)
    image[:, 96:] += np.float32(0.7)
    hole = np.zeros((128, 192), bool)
    hole[30:100, 14:84] = True
    rough = image.copy()
    rough[hole] = 0.15
    rough[50:80, 34:64] = 0.85  # nothing at the hole's border tells of it
    copier = registry.create(COPIER)
    token = CancelToken()
    fill = finish(restored(Problem(image, hole), rough, 0.5, token, copier, is_proven=True))
    np.testing.assert_array_equal(fill[~hole], image[~hole])
    inner, outer = fill[58:72, 42:56], fill[30:42, 14:84]
    assert (inner > 0.5).mean() > 0.7
    assert (outer < 0.5).mean() > 0.9
    original = image[:, 100:]
    assert 0.7 < inner[inner > 0.5].std() / original.std() < 1.3


class Listener:
    """Takes the guide for the fill, and keeps it."""

    guide: Guide

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        del token
        assert problem.guide is not None
        self.guide = problem.guide
        return problem.guide.image
        yield


def test_what_the_guide_is_off_at_the_seam_it_is_taken_to_be_off_inside() -> None:
    ramp = np.linspace(0.3, 0.6, 96, dtype=np.float32)
    image = np.repeat(np.tile(ramp, (64, 1))[:, :, None], 3, axis=2)
    hole = np.zeros((64, 96), bool)
    hole[20:44, 30:66] = True
    rough = image.copy()
    rough[hole] -= 0.2
    guide = finish(restored(Problem(image, hole), rough, 1.0, CancelToken(), Listener()))
    np.testing.assert_allclose(guide[hole], image[hole], atol=0.02)


@pytest.mark.parametrize("is_proven", [False, True])
def test_a_guide_is_doubted_near_the_border_until_its_worth_is_proven(*, is_proven: bool) -> None:
    image, hole = np.full((64, 64, 3), 0.5, np.float32), np.zeros((64, 64), bool)
    hole[20:40, 20:40] = True
    listener = Listener()
    run = restored(Problem(image, hole), image, 0.25, CancelToken(), listener, is_proven=is_proven)
    finish(run)
    doubts = (listener.guide.tolerance, listener.guide.near, listener.guide.far)
    assert doubts == ((0, 0, 0) if is_proven else (TOLERANCE, 4 * NEAR, 4 * FAR))
