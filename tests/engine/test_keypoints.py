"""Keypoints of a face on their way from the picture to the network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine import networks, registry
from engine.backend import Problem
from engine.errors import InvalidInputError
from engine.gan import GanInpainter
from engine.jobs import CancelToken, Job
from engine.pipeline import InpaintRequest, InpaintResult, inpaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.jobs import Steps
    from engine.types import ImageF32

NAMES = ("Nose", "Left eye")
seen: list[Problem] = []


class Listener:
    """Notes what it is asked and paints the hole grey."""

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        seen.append(problem)
        yield from ()
        token.check()
        return np.where(problem.hole[:, :, None], np.float32(0.5), problem.image)


@pytest.fixture
def listening() -> Iterator[None]:
    """A backend "listener" that knows two points."""
    telea = registry.get("telea")
    spec = replace(
        telea,
        id="listener",
        factory=f"{__name__}:Listener",
        options=(),
        keypoints=NAMES,
        context=0.5,
        min_context=10,
    )
    registry.register(spec)
    seen.clear()
    yield
    registry._specs.pop("listener")
    registry._loaded.pop("listener", None)


def run(**wishes: object) -> InpaintResult:
    image = np.full((200, 300, 3), 90, np.uint8)
    hole = np.zeros((200, 300), bool)
    hole[40:80, 100:160] = True
    request = replace(InpaintRequest(image, hole, "listener"), **wishes)
    return Job("", lambda token: inpaint(request, token)).run(CancelToken(), lambda _: None)


def test_places_in_the_picture_become_shares_of_the_crop(listening: None) -> None:
    result = run(keypoints=((130.0, 60.0), (160.0, 40.0)))
    (problem,) = seen
    height, width = problem.hole.shape
    (nose, eye) = problem.keypoints
    assert (nose[0] * width, nose[1] * height) == pytest.approx((width / 2, height / 2))
    assert (eye[0] * width, eye[1] * height) == pytest.approx((width / 2 + 30, height / 2 - 20))
    assert result.recipe.keypoints == ((130.0, 60.0), (160.0, 40.0))


def test_a_part_of_the_picture_knows_where_it_lies(listening: None) -> None:
    run(keypoints=((1130.0, 2060.0), (1160.0, 2040.0)), origin=(1000, 2000))
    moved = seen[0].keypoints
    run(keypoints=((130.0, 60.0), (160.0, 40.0)))
    assert seen[1].keypoints == moved


def test_points_beyond_the_crop_are_at_its_rim(listening: None) -> None:
    run(keypoints=((130.0, 60.0), (100.0, 140.0)))
    assert seen[0].keypoints[1][1] == 1.0


def test_another_hole_is_not_guided_by_the_points_of_this_one(listening: None) -> None:
    hole = np.zeros((200, 300), bool)
    hole[40:80, 100:160] = hole[180:190, 270:280] = True
    run(hole=hole, keypoints=((130.0, 60.0), (150.0, 50.0)))
    assert [len(problem.keypoints) for problem in seen] == [2, 0]


def test_backends_without_keypoints_are_not_told_of_any(listening: None) -> None:
    result = run(backend="telea", keypoints=((1.0, 2.0), (3.0, 4.0)))
    assert result.recipe.keypoints == ()


@pytest.mark.parametrize(
    ("points", "words"),
    [(((1.0, 2.0),), "needs 2: nose, left eye"), (((1.0, 2.0), (np.nan, 1.0)), "no number")],
)
def test_points_that_make_no_sense_are_refused(
    listening: None, points: tuple[tuple[float, float], ...], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        run(keypoints=points)


def test_a_network_fills_as_its_keypoints_say() -> None:
    spec = registry.get("iconv-face")
    network = networks.built(spec, {"side": 32, "base": 8, "keypoints": 7}, seed=1)
    inpainter = GanInpainter(spec, network)
    image = np.full((32, 32, 3), 0.4, np.float32)
    hole = np.zeros((32, 32), bool)
    hole[8:24, 8:24] = True
    options = registry.complete_options(spec, {})
    problem = Problem(image, hole, options=options)

    def fill(problem: Problem) -> ImageF32:
        steps = Job("", lambda token: inpainter.inpaint(problem, token))
        return steps.run(CancelToken(), lambda _: None)

    middle = replace(problem, keypoints=((0.5, 0.5),) * 7)
    moved = replace(problem, keypoints=((0.9, 0.1),) * 7)
    written = {**options, "keypoints": ",".join(["0.9,0.1"] * 7)}
    np.testing.assert_array_equal(fill(middle), fill(problem))
    assert (fill(moved) != fill(problem)).any()
    np.testing.assert_array_equal(fill(moved), fill(replace(problem, options=written)))


def test_every_network_names_as_many_points_as_it_is_built_for() -> None:
    for spec in registry.specs():
        assert len(spec.keypoints) == spec.configuration.get("keypoints", 0), spec.id
