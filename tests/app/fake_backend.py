"""A backend for tests: paints the hole in one colour, at once or when told to."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from engine.backend import BackendSpec, Option
from engine.jobs import Progress

if TYPE_CHECKING:
    from engine.backend import Problem
    from engine.jobs import CancelToken, Steps
    from engine.types import ImageF32

GREEN = BackendSpec(
    id="green",
    label="Green",
    promise="Paints the hole green",
    kind="classical",
    factory="tests.app.fake_backend:green",
    options=(Option("strength", "Strength", 1.0, 0.0, 1.0),),
)
BLUE = BackendSpec(
    id="blue",
    label="Blue",
    promise="Paints the hole blue",
    kind="classical",
    factory="tests.app.fake_backend:blue",
)

gate = threading.Event()
"""Cleared, a run waits (and can be cancelled); set, it goes on."""


class Painter:
    def __init__(self, colour: tuple[float, float, float]) -> None:
        self._colour = np.array(colour, np.float32)

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        yield Progress(1, 2, "Painting")
        while not gate.is_set():
            token.check()
            time.sleep(0.005)
            yield Progress(1, 2, "Painting")
        image = problem.image.copy()
        image[problem.hole] = self._colour
        return image


def green() -> Painter:
    return Painter((0.0, 1.0, 0.0))


def red(spec: BackendSpec, network: object, device: str) -> Painter:
    """Takes the place of `engine.gan.GanInpainter`."""
    return Painter((1.0, 0.0, 0.0))


def blue() -> Painter:
    return Painter((0.0, 0.0, 1.0))
