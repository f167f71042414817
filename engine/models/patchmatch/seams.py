"""Hides the seams between copied pieces: keeps their detail, evens out their brightness.

Where two neighbouring pixels of a fill were copied from places that are no neighbours, a step can
show, most of all in skies and on walls. Poisson editing (Pérez, Gangnet, Blake 2003) removes it:
colours are changed by a smooth amount so that the step across a seam becomes what the sources
themselves show there (Darabi et al. 2012, section 5, in the form of a correction). A large step is
an edge of the picture, not a fault, and stays: evening it out would bleed one colour into another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from engine.models.patchmatch.scale_kernels import relax
from engine.regions import extent
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.types import ImageF32, MaskBool

Planes: TypeAlias = npt.NDArray[np.float32]
"""(H, W, 3) float32; not an image: may be negative."""

Plane: TypeAlias = npt.NDArray[np.float32]
"""(H, W) float32: one colour of the same."""

Steps: TypeAlias = npt.NDArray[np.float16]
"""(H, W, 3) float16: changes below 1, of which a thousandth does not show; half the memory."""

LARGEST_STEP = 0.4
"""Steps from here on are left alone, smaller ones are trusted the more the smaller they are."""

LARGEST_CHANGE = 0.08
"""Pieces are never lightened or darkened by more: beyond, it shows as a haze."""

ALONG = 5
"""Pixels of a seam that are looked at together: enough to tell a step from grain."""

SWEEPS = 6
COARSEST = 4

MARGIN = 16
"""Known pixels around the hole that take part: halved sizes must still see some."""


def evened(
    fill: ImageF32,
    hole: MaskBool,
    sources: npt.NDArray[np.int32],
    check: Callable[[], None],
) -> ImageF32:
    """The fill with its seams evened out.

    Args:
        fill: (H, W, 3) float32, 0..1; its hole pixels are exact copies of known ones.
        hole: (H, W) bool, True = filled; at least one True.
        sources: (H, W) int32: the flat index of the pixel each one was copied from; a known pixel
            is its own source.
        check: called often; may raise to stop.

    Returns:
        (H, W, 3) float32, 0..1, equal to `fill` outside the hole.
    """
    box = extent(hole).grown(MARGIN).intersected(Box.whole(hole))
    inside = hole[box.slices]
    steps = _steps(fill, hole, sources, box)
    result = fill.copy()
    part = result[box.slices]
    # One colour at a time, because twelve megapixels in three colours would be a gigabyte.
    for c in range(3):
        across, down = (plane[..., c].astype(np.float32) for plane in steps)
        correction = _solved(across, down, inside, check)
        change = LARGEST_CHANGE * np.tanh(correction[inside] / LARGEST_CHANGE)
        part[..., c][inside] = np.clip(part[..., c][inside] + change, 0.0, 1.0)
    return result


def _steps(
    fill: ImageF32, hole: MaskBool, sources: npt.NDArray[np.int32], box: Box
) -> tuple[Steps, Steps]:
    """By how much the step from each pixel to its right and to its lower neighbour should change.

    Zero wherever neighbours were copied from neighbours, so the work is done on seams only.

    Returns:
        Two (h, w, 3) planes of the box; the last column or row of each is zero.
    """
    height, width = hole.shape
    colours, unknown = fill.reshape(-1, 3), hole.reshape(-1)
    part, origin = fill[box.slices], sources[box.slices]
    planes = (np.zeros(part.shape, np.float16), np.zeros(part.shape, np.float16))
    for plane, shift, size in ((planes[0], 1, width), (planes[1], width, height)):
        before, after = _pairs(shift == 1)
        seam = np.nonzero(origin[after] != origin[before] + shift)
        first, last = origin[before][seam].astype(np.int64), origin[after][seam].astype(np.int64)
        place = (first % width, last % width) if shift == 1 else (first // width, last // width)
        # What the first source shows towards its own successor, the last from its predecessor.
        onward = np.where(place[0] < size - 1, first + shift, first)
        behind = np.where(place[1] > 0, last - shift, last)
        onward_known = (onward != first) & ~unknown[onward]
        behind_known = (behind != last) & ~unknown[behind]
        witnesses = onward_known.astype(np.float32) + behind_known
        wanted = (colours[onward] - colours[first]) * onward_known[:, None]
        wanted += (colours[last] - colours[behind]) * behind_known[:, None]
        wanted /= np.maximum(witnesses, 1)[:, None]
        change = wanted - (part[after][seam] - part[before][seam])
        trust = _trust(change) * (witnesses > 0)
        plane[before][seam] = _agreed(change, trust, seam, origin.shape) * trust[:, None]
    return planes


def _pairs(horizontal: bool) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Index of the first and of the last pixel of all neighbouring pairs along an axis."""
    every, without_last, without_first = slice(None), slice(None, -1), slice(1, None)
    if horizontal:
        return (every, without_last), (every, without_first)
    return (without_last, every), (without_first, every)


def _trust(change: Planes) -> npt.NDArray[np.float32]:
    """1 for small steps, 0 for those that are edges of the picture (Tukey's biweight)."""
    step = np.abs(change).max(axis=1, initial=0.0) / LARGEST_STEP
    trust: npt.NDArray[np.float32] = np.square(np.maximum(0, 1 - np.square(step)))
    return trust.astype(np.float32)


def _agreed(
    change: Planes,
    trust: npt.NDArray[np.float32],
    seam: tuple[npt.NDArray[np.intp], ...],
    shape: tuple[int, ...],
) -> Planes:
    """What the trusted changes within a few pixels along a seam have in common.

    Grain differs from pixel to pixel, a step in brightness does not: evening out the grain as
    well would cost detail.
    """
    values = np.column_stack([change * trust[:, None], trust])
    sums = np.empty(values.shape, np.float32)
    for c in range(4):  # one after the other: at twelve megapixels, each is 50 MB twice
        plane = np.zeros(shape, np.float32)
        plane[seam] = values[:, c]
        sums[:, c] = cv2.blur(plane, (ALONG, ALONG))[seam]
    agreed: Planes = np.divide(sums[:, :3], np.maximum(sums[:, 3:], 1e-6), dtype=np.float32)
    return agreed


def _solved(across: Plane, down: Plane, hole: MaskBool, check: Callable[[], None]) -> Plane:
    """The correction whose steps come closest to those wanted; zero outside the hole.

    From coarse to fine: each size starts from the next smaller one's answer, so that a few
    sweeps there and back are enough everywhere.
    """
    height, width = hole.shape
    correction: Plane = np.zeros(hole.shape, np.float32)
    if min(height, width) > COARSEST:
        coarse = _solved(*_halved(across, down, hole), check)
        size = (2 * coarse.shape[1], 2 * coarse.shape[0])
        correction += cv2.resize(coarse, size)[:height, :width] * hole
    divergence = across + down
    divergence[:, 1:] -= across[:, :-1]
    divergence[1:] -= down[:-1]
    inside = np.flatnonzero(hole).astype(np.int32)
    for sweep in range(SWEEPS):
        check()
        relax(correction.reshape(-1), divergence.reshape(-1), width, inside, sweep % 2 == 0)
    return correction


def _halved(across: Plane, down: Plane, hole: MaskBool) -> tuple[Plane, Plane, MaskBool]:
    """Half the size: the steps between the means of 2x2 pixels; half a cell of hole is hole."""
    rows, columns = (hole.shape[0] + 1) // 2, (hole.shape[1] + 1) // 2
    padded = np.zeros((2 * rows, 2 * columns), np.float32)
    padded[: hole.shape[0], : hole.shape[1]] = hole
    share = padded.reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    return _joined(across), _joined(down.T).T.copy(), share >= 0.5


def _joined(across: Plane) -> Plane:
    """Steps from cell to cell: half of that inside the one, that between, half of the other's."""
    height, width = across.shape
    rows, columns = (height + 1) // 2, (width + 1) // 2
    padded: Plane = np.zeros((2 * rows, 2 * columns + 2), np.float32)
    padded[:height, :width] = across
    by_row = padded[:, 1:-2:2] + (padded[:, :-2:2] + padded[:, 2::2]) * np.float32(0.5)
    joined: Plane = (by_row[::2] + by_row[1::2]) * np.float32(0.5)
    return joined
