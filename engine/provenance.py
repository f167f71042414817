"""Where the pixels of a fill were borrowed from, for whoever wants to look behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.backend import Problem, Traceable
    from engine.jobs import CancelToken, Steps
    from engine.types import Box, ImageF32, MaskBool

Shares = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Trace:
    """What a backend knows of its fill, on one grid over the crop that may be coarser than it.

    Attributes:
        source: (h, w, 2) x and y, 0..1 of the crop, of the place that each cell was mostly taken
            from; NaN where nothing was borrowed.
        weight: (h, w) how much of the cell came from there, 0..1.
        certainty: (h, w) how sure the network is of each cell, 0..1; None if it does not say.
    """

    source: Shares
    weight: Shares
    certainty: Shares | None = None


@dataclass(frozen=True, slots=True)
class Loan:
    """What is known of one filled pixel.

    Attributes:
        x: of the place it was mostly taken from, in picture pixels; None if nothing was borrowed.
        y: likewise.
        weight: how much came from there, 0..1.
        certainty: how sure the network is, 0..1; None if it does not say.
    """

    x: float | None
    y: float | None
    weight: float
    certainty: float | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """A trace in its place in the picture.

    Attributes:
        box: what the trace's cells cover, in picture pixels.
        view: what its places are shares of, in picture pixels.
    """

    trace: Trace
    box: Box
    view: Box

    @property
    def cell(self) -> float:
        """Side of what one cell of the grid stands for, in picture pixels."""
        return float(self.box.width / self.trace.weight.shape[1])

    @property
    def nbytes(self) -> int:
        certainty = self.trace.certainty
        rest = 0 if certainty is None else certainty.nbytes
        return self.trace.source.nbytes + self.trace.weight.nbytes + rest

    def at(self, x: int, y: int) -> Loan | None:
        """What is known of the pixel at (x, y) of the picture; None if it lies elsewhere."""
        box = self.box
        if not (box.left <= x < box.right and box.top <= y < box.bottom):
            return None
        rows, columns = self.trace.weight.shape
        cell = (y - box.top) * rows // box.height, (x - box.left) * columns // box.width
        across, down = self.trace.source[cell].tolist()
        certainty = self.trace.certainty
        known = None if certainty is None else float(certainty[cell])
        if np.isnan(across):
            return Loan(None, None, 0.0, known)
        view = self.view
        return Loan(
            view.left + across * view.width,
            view.top + down * view.height,
            float(self.trace.weight[cell]),
            known,
        )

    def moved(self, right: int, down: int) -> Provenance:
        return replace(self, box=self.box.moved(right, down), view=self.view.moved(right, down))


def placed(trace: Trace, crop: Box, target: Box) -> Provenance:
    """A trace of a crop as the provenance of its target; a full-size grid is cut to it.

    Args:
        trace: over the crop.
        crop: in picture pixels.
        target: the part that was filled.
    """
    if trace.weight.shape != (crop.height, crop.width):
        return Provenance(trace, crop, crop)
    part = target.moved(-crop.left, -crop.top).slices
    certainty = trace.certainty
    cut = Trace(
        trace.source[part].copy(),
        trace.weight[part].copy(),
        None if certainty is None else certainty[part].copy(),
    )
    return Provenance(cut, target, crop)


def of_copies(origins: npt.NDArray[np.int32], hole: MaskBool) -> Trace:
    """The trace of a fill whose every pixel is a copy.

    Args:
        origins: (H, W) flat index of the pixel that each one is a copy of.
        hole: (H, W) True where pixels were filled.
    """
    height, width = hole.shape
    source = np.full((height, width, 2), np.nan, np.float32)
    found = origins[hole]
    source[hole] = np.stack(
        [(found % width + 0.5) / width, (found // width + 0.5) / height], axis=1, dtype=np.float32
    )
    return Trace(source, hole.astype(np.float32))


class Recorder:
    """A backend that keeps the trace of its last fill.

    Attributes:
        trace: of that fill; None before it.
    """

    def __init__(self, backend: Traceable) -> None:
        self.trace: Trace | None = None
        self._backend = backend

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        """See `engine.backend.Inpainter`."""
        self.trace = None
        image, self.trace = yield from self._backend.traced(problem, token)
        return image
