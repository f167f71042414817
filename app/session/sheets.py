"""Pictures that are laid over the canvas: a network's maps and stages. Nothing here changes any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from app.session.colours import coloured
from app.session.inspect_words import COMPOSITE

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.filling import Patch
    from engine.provenance import Stage
    from engine.types import Box

Raster: TypeAlias = "npt.NDArray[Any]"
"""(h, w) float32 or (h, w, 3) uint8."""

LONGEST = 1024
"""Side of a sheet in pixels; a larger hole is shown in fewer."""

OPACITY = 0.85
"""Of a map: the picture shines through a little, so that the eye finds its place."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture and where it lies.

    Attributes:
        pixels: (h, w, 4) uint8 RGBA, not premultiplied.
        box: what it covers, in picture pixels.
    """

    pixels: npt.NDArray[np.uint8]
    box: Box


def of_map(patch: Patch, name: str) -> Sheet | None:
    """A map tinted over the hole of a patch; None if it has none of that name."""
    provenance = patch.provenance
    shown = None if provenance is None else provenance.maps.get(name)
    if provenance is None or shown is None:
        return None
    hole = _small_hole(patch)
    colours = coloured(_part(shown, provenance.view, patch.box, hole.shape))
    return Sheet(np.dstack([colours, _alpha(hole, OPACITY)]), patch.box)


def of_stage(patch: Patch, key: str) -> Sheet | None:
    """A stage over all that the network saw, or, as `COMPOSITE`, its answer in the hole alone."""
    provenance = patch.provenance
    if provenance is None or not provenance.stages:
        return None
    if key == COMPOSITE:
        hole = _small_hole(patch)
        colours = _part(provenance.stages[-1].pixels, provenance.view, patch.box, hole.shape)
        return Sheet(np.dstack([colours, _alpha(hole, 1.0)]), patch.box)
    for stage in provenance.stages:
        if key_of(stage) == key:
            opaque = np.full((*stage.pixels.shape[:2], 1), 255, np.uint8)
            return Sheet(np.concatenate([stage.pixels, opaque], axis=2), provenance.view)
    return None


def key_of(stage: Stage) -> str:
    """What tells a stage of one patch from the others, and is the same in the next patch."""
    return f"{stage.kind}.{stage.factor}" if stage.kind == "pyramid" else stage.kind


def _small_hole(patch: Patch) -> npt.NDArray[np.uint8]:
    """The hole of a patch as 0 and 255, no side longer than `LONGEST`."""
    height, width = patch.hole.shape
    scale = min(1.0, LONGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    marks = patch.hole.astype(np.uint8) * np.uint8(255)
    small: npt.NDArray[np.uint8] = cv2.resize(marks, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small


def _alpha(hole: npt.NDArray[np.uint8], opacity: float) -> npt.NDArray[np.uint8]:
    shares: npt.NDArray[np.uint8] = np.rint(hole * opacity).astype(np.uint8)
    return shares


def _part(shown: Raster, view: Box, box: Box, shape: tuple[int, ...]) -> Raster:
    """What a raster over `view` shows of `box`, interpolated to (h, w) pixels."""
    rows, columns = shown.shape[:2]
    height, width = shape
    across, down = columns / view.width, rows / view.height
    step_x, step_y = box.width / width * across, box.height / height * down
    # From the middle of a pixel of the result to the middle of a cell.
    first_x = (box.left - view.left) * across + step_x / 2 - 0.5
    first_y = (box.top - view.top) * down + step_y / 2 - 0.5
    matrix = np.array([[step_x, 0, first_x], [0, step_y, first_y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REPLICATE
    return cv2.warpAffine(shown, matrix, (width, height), flags=flags, borderMode=border)
