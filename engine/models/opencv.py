"""Telea's and Navier-Stokes inpainting, as OpenCV computes them.

Both continue the colours at the border smoothly into the hole: right for scratches and specks a
few pixels wide, a smear on anything larger.

Sources:
    A. Telea, "An image inpainting technique based on the fast marching method", 2004.
    M. Bertalmio, A. Bertozzi, G. Sapiro, "Navier-Stokes, fluid dynamics, and image and video
    inpainting", 2001.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from engine.errors import NothingToCopyError
from engine.jobs import Progress
from engine.regions import extent
from engine.types import Box

if TYPE_CHECKING:
    from engine.backend import Problem
    from engine.jobs import CancelToken, Steps
    from engine.types import ImageF32, MaskBool

_TICK_SECONDS = 0.03
_SECONDS_PER_VISIT = 3e-8  # one neighbour of one hole pixel in one plane; for the bar only
_FULL_SCALE = 65535.0


class OpenCvInpainter:
    """`cv2.inpaint` on the part of the crop that matters, in 16 bits, and cancellable."""

    def __init__(self, method: int) -> None:
        self._method = method

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        """Fill the hole; the only option is `radius`, in pixels.

        Raises:
            Cancelled: within a tenth of a second of the wish.
            NothingToCopyError: if no pixel is known.
        """
        if problem.hole.all():
            raise NothingToCopyError(
                "The mask covers everything, so there is nothing to continue from; "
                "leave some of the picture unmasked."
            )
        token.check()
        radius = int(problem.options["radius"])
        box = extent(problem.hole).grown(2 * radius + 2).intersected(Box.whole(problem.hole))
        hole = problem.hole[box.slices]
        planes = _Planes(problem.image[box.slices], hole, radius, self._method)
        expected = max(_TICK_SECONDS, _SECONDS_PER_VISIT * hole.sum() * (2 * radius + 1) ** 2)
        start = time.monotonic()
        while not planes.finished_within(_TICK_SECONDS):
            token.check()
            share = (time.monotonic() - start) / expected
            yield Progress(min(0.95, share), 1.0, "Continuing the surroundings")
        token.check()  # a call that ended just now may not swallow the wish to stop
        result = problem.image.copy()
        result[box.slices][hole] = planes.result()[hole]
        return result


class _Planes:
    """Three calls of `cv2.inpaint`, one per colour, each in a thread of its own.

    A call cannot be interrupted and takes seconds on a large hole, so a cancelled one is left to
    finish alone and its result dropped. The threads are no daemons: an interpreter that exits
    while OpenCV wants its lock back would abort.

    16-bit single planes keep the precision that 8-bit colour calls lose, and in parallel take no
    longer. Float planes are no choice: Telea's formula in OpenCV adds half a grey level for
    rounding, whatever the range.
    """

    def __init__(self, image: ImageF32, hole: MaskBool, radius: int, method: int) -> None:
        self._filled: list[npt.NDArray[np.uint16] | None] = [None, None, None]
        self._failures: list[BaseException] = []
        marks = hole.astype(np.uint8)
        self._threads = [
            threading.Thread(
                target=self._fill,
                args=(channel, image[:, :, channel], marks, radius, method),
                name=f"inpaint-{channel}",
            )
            for channel in range(3)
        ]
        for thread in self._threads:
            thread.start()

    def finished_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def result(self) -> ImageF32:
        """The filled crop, (H, W, 3) in 0..1; what a plane failed with is raised here."""
        if self._failures:
            raise self._failures[0]
        filled = np.dstack([plane for plane in self._filled if plane is not None])
        return np.multiply(filled, np.float32(1.0 / _FULL_SCALE), dtype=np.float32)

    def _fill(
        self,
        channel: int,
        plane: npt.NDArray[np.float32],
        marks: npt.NDArray[np.uint8],
        radius: int,
        method: int,
    ) -> None:
        try:
            levels = np.rint(np.clip(plane, 0.0, 1.0) * _FULL_SCALE).astype(np.uint16)
            self._filled[channel] = cv2.inpaint(levels, marks, radius, method)  # type: ignore[assignment]
        except (cv2.error, MemoryError) as error:
            self._failures.append(error)


def telea() -> OpenCvInpainter:
    """Fast marching from the border inwards (Telea 2004)."""
    return OpenCvInpainter(cv2.INPAINT_TELEA)


def navier_stokes() -> OpenCvInpainter:
    """Isophotes carried on as in a fluid (Bertalmio et al. 2001)."""
    return OpenCvInpainter(cv2.INPAINT_NS)
