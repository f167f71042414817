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

from engine.regions import extent
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.types import ImageF32, MaskBool

Planes: TypeAlias = npt.NDArray[np.float32]
"""(H, W, 3) float32; not an image: may be negative."""

LARGEST_STEP = 0.2
"""Steps well above this are left alone. Of 0.04 to 0.3, larger ones gain PSNR and lose texture."""

LARGEST_CHANGE = 0.08
"""Pieces are never lightened or darkened by more: beyond, it shows as a haze."""

ALONG = 5
"""Pixels of a seam that are looked at together; with 1, a tenth of the detail is lost."""

SWEEPS = 12
DAMPING = 0.8  # of Jacobi's iteration: what smooths the error fastest in two dimensions
COARSEST = 4

_CROSS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)


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
    divergence = _divergence(fill, hole, sources)
    box = extent(hole).grown(1).intersected(Box.whole(hole))
    inside = hole[box.slices]
    correction = _solved(divergence[box.slices], inside, check)
    result = fill.copy()
    part = result[box.slices]
    change = LARGEST_CHANGE * np.tanh(correction[inside] / LARGEST_CHANGE)
    part[inside] = np.clip(part[inside] + change, 0.0, 1.0)
    return result


def _divergence(fill: ImageF32, hole: MaskBool, sources: npt.NDArray[np.int32]) -> Planes:
    """By how much each pixel should rise against its neighbours, summed over them.

    Zero wherever neighbours were copied from neighbours, so the work is done on seams only.
    """
    height, width = hole.shape
    colours, unknown = fill.reshape(-1, 3), hole.reshape(-1)
    divergence = np.zeros(fill.shape, np.float32)
    for shift, size in ((1, width), (width, height)):
        before, after = _pairs(shift == 1)
        seam = np.nonzero(sources[after] != sources[before] + shift)
        first, last = sources[before][seam].astype(np.int64), sources[after][seam].astype(np.int64)
        place = (
            first % width if shift == 1 else first // width,
            (last % width if shift == 1 else last // width),
        )
        # What the first source shows towards its own successor, the last from its predecessor.
        onward = np.where(place[0] < size - 1, first + shift, first)
        behind = np.where(place[1] > 0, last - shift, last)
        onward_known = (onward != first) & ~unknown[onward]
        behind_known = (behind != last) & ~unknown[behind]
        witnesses = onward_known.astype(np.float32) + behind_known
        wanted = (colours[onward] - colours[first]) * onward_known[:, None]
        wanted += (colours[last] - colours[behind]) * behind_known[:, None]
        wanted /= np.maximum(witnesses, 1)[:, None]
        change = wanted - (fill[after][seam] - fill[before][seam])
        trust = _trust(change) * (witnesses > 0)
        change = _agreed(change, trust, seam, hole.shape) * trust[:, None]
        divergence[before][seam] += change
        divergence[after][seam] -= change
    return divergence


def _pairs(horizontal: bool) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Index of the first and of the last pixel of all neighbouring pairs along an axis."""
    every, without_last, without_first = slice(None), slice(None, -1), slice(1, None)
    if horizontal:
        return (every, without_last), (every, without_first)
    return (without_last, every), (without_first, every)


def _trust(change: Planes) -> npt.NDArray[np.float32]:
    """1 for small steps, towards 0 for those that are edges of the picture."""
    step = np.abs(change).max(axis=1, initial=0.0) / LARGEST_STEP
    trust: npt.NDArray[np.float32] = np.exp(-np.square(step))
    return trust


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
    planes = np.zeros((*shape, 4), np.float32)
    planes[seam] = np.column_stack([change * trust[:, None], trust])
    sums = cv2.blur(planes, (ALONG, ALONG))[seam]
    agreed: Planes = sums[:, :3] / np.maximum(sums[:, 3:], 1e-6)
    return agreed


def _solved(divergence: Planes, hole: MaskBool, check: Callable[[], None]) -> Planes:
    """The correction whose Laplacian is `divergence`; zero outside the hole.

    From coarse to fine: each size starts from the next smaller one's answer, so that a dozen
    damped Jacobi sweeps are enough everywhere.
    """
    height, width = hole.shape
    correction: Planes = np.zeros(divergence.shape, np.float32)
    if min(height, width) > COARSEST:
        smaller, smaller_hole = _halved(divergence, hole)
        coarse = _solved(smaller, smaller_hole, check)
        size = (2 * coarse.shape[1], 2 * coarse.shape[0])
        correction += cv2.resize(coarse, size)[:height, :width] * hole[:, :, None]
    ones = np.ones(hole.shape, np.float32)
    # One neighbour fewer at the picture's edge: there the correction goes on level.
    neighbours = cv2.filter2D(ones, -1, _CROSS, borderType=cv2.BORDER_CONSTANT)
    pace = (DAMPING * hole / np.maximum(neighbours, 1))[:, :, None].astype(np.float32)
    for _ in range(SWEEPS):
        check()
        around = cv2.filter2D(correction, -1, _CROSS, borderType=cv2.BORDER_CONSTANT)
        correction += pace * (around - divergence - correction * neighbours[:, :, None])
    return correction


def _halved(divergence: Planes, hole: MaskBool) -> tuple[Planes, MaskBool]:
    """Half the size; a cell of which less than three quarters are hole counts as known."""
    rows, columns = (hole.shape[0] + 1) // 2, (hole.shape[1] + 1) // 2
    planes = np.zeros((2 * rows, 2 * columns, 4), np.float32)
    part = planes[: hole.shape[0], : hole.shape[1]]
    part[..., :3] = divergence * hole[:, :, None]
    part[..., 3] = hole
    cells = planes.reshape(rows, 2, columns, 2, 4).sum(axis=(1, 3))
    share = cells[..., 3] / 4
    # Twice the spacing makes the Laplacian's sum four times the mean.
    return cells[..., :3] / np.maximum(share, 0.25)[..., None], share >= 0.75
