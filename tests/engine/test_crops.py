"""Shrinking a problem and enlarging its fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.backend import BackendSpec, Problem
from engine.crops import fill, shrunk, trained_scale
from engine.jobs import CancelToken, Progress, Steps, finish
from engine.types import Box

if TYPE_CHECKING:
    from engine.types import ImageF32


class Mean:
    """Fills with the mean of the known pixels."""

    def inpaint(self, problem: Problem, _: CancelToken) -> Steps[ImageF32]:
        yield Progress(0.0, 1.0, "averaging")
        result = problem.image.copy()
        result[problem.hole] = problem.image[~problem.hole].mean(axis=0)
        return result


def problem(forbidden: bool = False) -> Problem:
    image = np.full((90, 120, 3), (0.2, 0.4, 0.6), np.float32)
    hole = np.zeros((90, 120), bool)
    hole[31:50, 41:60] = True
    image[hole] = 1.0
    marks = np.zeros((90, 120), bool)
    marks[10, 10] = True
    return Problem(image, hole, marks if forbidden else None)


def run(scale: float) -> ImageF32:
    return finish(fill(Mean(), problem(), scale, CancelToken()))


def test_outside_the_hole_a_shrunk_run_changes_nothing() -> None:
    given = problem()
    np.testing.assert_array_equal(run(0.3)[~given.hole], given.image[~given.hole])


def test_the_fill_is_made_of_known_colours_only() -> None:
    inside = run(0.3)[problem().hole]
    np.testing.assert_allclose(inside, np.tile((0.2, 0.4, 0.6), (len(inside), 1)), atol=1e-3)


def test_a_small_pixel_that_covers_any_hole_is_hole() -> None:
    small = shrunk(problem(), (40, 30))
    assert small.hole[10:17, 13:20].all()
    assert int(small.hole.sum()) == 49


def test_a_forbidden_pixel_forbids_the_small_one() -> None:
    small = shrunk(problem(forbidden=True), (40, 30))
    assert small.forbidden is not None
    assert np.argwhere(small.forbidden).tolist() == [[3, 3]]


def test_a_scale_that_leaves_no_known_pixel_falls_back_to_full_size() -> None:
    result = run(0.01)
    inside = result[problem().hole]
    np.testing.assert_allclose(inside, np.tile((0.2, 0.4, 0.6), (len(inside), 1)), atol=1e-3)


@pytest.mark.parametrize(
    ("width", "height", "scale"),
    [
        (256, 256, 1.0),
        (200, 300, 1.0),  # never enlarged
        (512, 512, 0.5),
        (1024, 256, 0.5),  # by area: the longer side may exceed the trained one
        (8192, 32, 0.125),  # padded to 64 pixels: 1024 x 64 is the trained area
    ],
)
def test_a_network_works_on_as_many_pixels_as_it_was_trained_on(
    width: int, height: int, scale: float
) -> None:
    spec = BackendSpec("n", "N", "", "gan", "", native_side=256)
    assert trained_scale(spec, Box(0, 0, width, height)) == pytest.approx(scale)


def test_a_classical_backend_works_at_full_size() -> None:
    spec = BackendSpec("c", "C", "", "classical", "")
    assert trained_scale(spec, Box(0, 0, 5000, 5000)) == 1.0
