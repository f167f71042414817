"""Behind a fill: where its pixels were borrowed from, and what a network made on its way to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.backend import Problem, Traceable
    from engine.jobs import CancelToken, Steps
    from engine.types import Box, ImageF32, MaskBool

Shares: TypeAlias = npt.NDArray[np.float32]

Maps: TypeAlias = Mapping[str, Shares]
"""(h, w) each, 0..1, over the crop, by name: "certainty", "gate", and with ".1" and so on behind it
that of a coarser level."""


@dataclass(frozen=True, slots=True)
class Level:
    """Where the cells of one grid were borrowed from.

    Attributes:
        kind: "copy" of single pixels, or "attention" among a network's cells.
        source: (k, h, w, 2) x and y, 0..1 of the crop, of the places that each cell was taken from;
            NaN where nothing was borrowed.
        weight: (k, h, w) how much of the cell came from there, 0..1, largest first.
    """

    kind: Literal["copy", "attention"]
    source: Shares
    weight: Shares


@dataclass(frozen=True, slots=True)
class Stage:
    """A picture that a network made on its way.

    Attributes:
        kind: "coarse", of a first network; "pyramid", of one level; "refined", the network's
            answer, known region included.
        factor: by which its sides are smaller than the answer's.
        pixels: (h, w, 3) uint8 RGB over the crop.
    """

    kind: Literal["coarse", "pyramid", "refined"]
    factor: int
    pixels: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Trace:
    """What a backend knows of its fill, on grids over the crop that may be coarser than it.

    Attributes:
        levels: where it borrowed, fine to coarse; empty if nowhere.
        maps: what it was sure of.
        stages: what it made on its way, the last one last.
    """

    levels: tuple[Level, ...] = ()
    maps: Maps = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A place that was borrowed from: x and y in picture pixels, and how much, 0..1."""

    x: float
    y: float
    weight: float


@dataclass(frozen=True, slots=True)
class PlacedLevel:
    """A level in its place.

    Attributes:
        level: the grid.
        box: what its cells cover, in picture pixels.
        view: what its places are shares of, in picture pixels.
    """

    level: Level
    box: Box
    view: Box

    @property
    def cell(self) -> float:
        """Side of what one cell of the grid stands for, in picture pixels."""
        return float(self.box.width / self.level.weight.shape[2])

    def at(self, x: int, y: int) -> tuple[Source, ...] | None:
        """From where the pixel at (x, y) of the picture is, the strongest first.

        None if it lies elsewhere.
        """
        cell = _cell(self.box, self.level.weight.shape[1:], x, y)
        if cell is None:
            return None
        places = self.level.source[:, cell[0], cell[1]].tolist()
        weights = self.level.weight[:, cell[0], cell[1]].tolist()
        view = self.view
        return tuple(
            Source(view.left + across * view.width, view.top + down * view.height, weight)
            for (across, down), weight in zip(places, weights, strict=True)
            if not np.isnan(across)
        )


@dataclass(frozen=True, slots=True)
class Provenance:
    """All that is known of one patch, in its place in the picture.

    Attributes:
        levels: what was done last first: copies that restored detail, then a network's attention.
        maps: of the network.
        stages: of the network.
        view: what maps and stages cover, in picture pixels.
    """

    levels: tuple[PlacedLevel, ...]
    maps: Maps
    stages: tuple[Stage, ...]
    view: Box

    def map_at(self, name: str, x: int, y: int) -> float | None:
        """What a map says of the pixel at (x, y) of the picture; None if nothing."""
        shown = self.maps.get(name)
        cell = None if shown is None else _cell(self.view, shown.shape, x, y)
        return None if shown is None or cell is None else float(shown[cell])

    def moved(self, right: int, down: int) -> Provenance:
        levels = tuple(
            replace(each, box=each.box.moved(right, down), view=each.view.moved(right, down))
            for each in self.levels
        )
        return replace(self, levels=levels, view=self.view.moved(right, down))


def placed(traces: tuple[Trace, ...], crop: Box, target: Box) -> Provenance:
    """Traces of one crop as the provenance of its target; grids of its full size are cut to that.

    Args:
        traces: over the crop, in the order in which the backends ran.
        crop: in picture pixels.
        target: the part that was filled.
    """
    levels = tuple(
        _placed(level, crop, target) for trace in reversed(traces) for level in trace.levels
    )
    maps = {name: shown for trace in traces for name, shown in trace.maps.items()}
    stages = tuple(stage for trace in traces for stage in trace.stages)
    return Provenance(levels, maps, stages, crop)


def _placed(level: Level, crop: Box, target: Box) -> PlacedLevel:
    if level.weight.shape[1:] != (crop.height, crop.width):
        return PlacedLevel(level, crop, crop)
    part = (slice(None), *target.moved(-crop.left, -crop.top).slices)
    cut = replace(level, source=level.source[part].copy(), weight=level.weight[part].copy())
    return PlacedLevel(cut, target, crop)


def _cell(box: Box, shape: tuple[int, ...], x: int, y: int) -> tuple[int, int] | None:
    """The cell of a grid over a box that holds a pixel."""
    if not (box.left <= x < box.right and box.top <= y < box.bottom):
        return None
    rows, columns = shape
    return (y - box.top) * rows // box.height, (x - box.left) * columns // box.width


def of_copies(origins: npt.NDArray[np.int32], hole: MaskBool) -> Trace:
    """The trace of a fill whose every pixel is a copy.

    Args:
        origins: (H, W) flat index of the pixel that each one is a copy of.
        hole: (H, W) True where pixels were filled.
    """
    height, width = hole.shape
    source = np.full((1, height, width, 2), np.nan, np.float32)
    found = origins[hole]
    source[0, hole] = np.stack(
        [(found % width + 0.5) / width, (found // width + 0.5) / height], axis=1, dtype=np.float32
    )
    return Trace((Level("copy", source, hole.astype(np.float32)[None]),))


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
