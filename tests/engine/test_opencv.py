"""Telea and Navier-Stokes: the same numbers as OpenCV's, in more depth, and cancellable."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from engine.backend import Problem
from engine.errors import Cancelled
from engine.jobs import CancelToken, finish
from engine.models.opencv import OpenCvInpainter

if TYPE_CHECKING:
    from engine.types import ImageF32, MaskBool

METHODS = pytest.mark.parametrize("method", [cv2.INPAINT_TELEA, cv2.INPAINT_NS])


def photo(side: int = 120) -> ImageF32:
    rng = np.random.default_rng(2)
    grain = rng.random((side, side, 3), np.float32)
    return cv2.GaussianBlur(grain, (0, 0), 2).astype(np.float32)


def disc(side: int = 120, radius: int = 12) -> MaskBool:
    marks = np.zeros((side, side), np.uint8)
    cv2.circle(marks, (side // 2 - 8, side // 2 + 5), radius, 1, -1)
    return marks > 0


def filled(method: int, image: ImageF32, hole: MaskBool, radius: int = 2) -> ImageF32:
    problem = Problem(image, hole, options={"radius": radius})
    return finish(OpenCvInpainter(method).inpaint(problem, CancelToken()))


@METHODS
@pytest.mark.parametrize("radius", [1, 2, 5])
def test_a_part_of_the_picture_gives_what_the_whole_would(method: int, radius: int) -> None:
    image, hole = photo(), disc()
    levels = np.rint(image * 65535).astype(np.uint16)
    marks = hole.astype(np.uint8)
    planes = [
        cv2.inpaint(np.ascontiguousarray(levels[:, :, channel]), marks, radius, method)
        for channel in range(3)
    ]
    whole = np.dstack(planes) / 65535
    np.testing.assert_allclose(filled(method, image, hole, radius)[hole], whole[hole], atol=1e-6)


@METHODS
def test_the_fill_is_finer_than_8_bits(method: int) -> None:
    hole = disc()
    levels = filled(method, photo(), hole)[hole] * 255
    assert np.abs(levels - np.rint(levels)).max() > 0.25


@METHODS
def test_a_ramp_goes_on_through_the_hole(method: int) -> None:
    ramp = np.linspace(0.2, 0.8, 120, dtype=np.float32)
    image = np.repeat(np.tile(ramp, (120, 1))[:, :, None], 3, axis=2)
    hole = np.zeros((120, 120), bool)
    hole[:, 59:62] = True
    np.testing.assert_allclose(filled(method, image, hole)[hole], image[hole], atol=0.01)


def test_a_larger_radius_gathers_from_farther_away() -> None:
    image, hole = photo(), disc()
    near, far = (filled(cv2.INPAINT_TELEA, image, hole, radius) for radius in (1, 9))
    assert not np.array_equal(near, far)


def test_a_cancelled_call_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(levels: object, marks: object, radius: int, method: int) -> object:
        entered.set()
        leave.wait(5)
        return levels

    monkeypatch.setattr(cv2, "inpaint", slow)
    token = CancelToken()
    problem = Problem(photo(), disc(), options={"radius": 2})
    steps = OpenCvInpainter(cv2.INPAINT_NS).inpaint(problem, token)
    next(steps)
    assert entered.wait(5)
    token.cancel()
    with pytest.raises(Cancelled):
        finish(steps)
    leave.set()


@pytest.mark.parametrize("failure", [MemoryError(), cv2.error("broken")])
def test_what_fails_in_a_plane_is_raised_to_the_caller(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def broken(*_: object) -> object:
        raise failure

    monkeypatch.setattr(cv2, "inpaint", broken)
    with pytest.raises(type(failure)):
        filled(cv2.INPAINT_NS, photo(), disc())
