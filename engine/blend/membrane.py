"""Spreads the step at the seam over the hole as a membrane (Pérez, Gangnet, Blake 2003).

Of all changes that take the step away at the seam, the solution of Laplace's equation is the
smoothest, so the fill keeps its gradients. It is solved from coarse to fine: every size starts from
the next smaller one's answer, so that a few sweeps of averaging are enough everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from engine.blend.seam import seam

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.types import ImageF32, MaskBool

Planes: TypeAlias = npt.NDArray[np.float32]
"""(H, W, 3) float32; not an image: may be negative."""

ALONG = 9
"""Pixels of a seam that are looked at together: enough to tell a step from grain."""

LEAST_TRUST = 0.05
"""Where less is left of the seam's trust there is an edge, and the membrane hangs free."""

SWEEPS = 8
MOST_SWEEPS = 64
COARSEST = 4

_CROSS = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)


def levelled(
    fill: ImageF32, hole: MaskBool, known: MaskBool, check: Callable[[], None]
) -> ImageF32:
    """The fill without a step at its seam.

    Args:
        fill: (H, W, 3) float32 0..1, with the known picture around it.
        hole: (H, W) bool, True = filled.
        known: (H, W) bool, True = as photographed.
        check: called often; may raise to stop.

    Returns:
        (H, W, 3) float32, equal to `fill` outside the hole; may leave 0..1.
    """
    border = seam(fill, hole, known)
    values = np.zeros((*hole.shape, 3), np.float32)
    trust = np.zeros(hole.shape, np.float32)
    values[border.rows, border.columns] = (border.outside - border.inside) * border.trust[:, None]
    trust[border.rows, border.columns] = border.trust
    summed = cv2.boxFilter(trust, -1, (ALONG, ALONG), normalize=False)
    fixed = np.zeros(hole.shape, bool)
    fixed[border.rows, border.columns] = summed[border.rows, border.columns] > LEAST_TRUST
    values = cv2.boxFilter(values, -1, (ALONG, ALONG), normalize=False)[fixed]
    step = np.zeros((*hole.shape, 3), np.float32)
    step[fixed] = values / summed[fixed, None]
    change = membrane(step, fixed, hole, check)
    return np.add(fill, change, out=fill.copy(), where=hole[:, :, None])


def membrane(
    values: Planes, fixed: MaskBool, domain: MaskBool, check: Callable[[], None]
) -> Planes:
    """The smoothest planes that take the fixed values: Laplace's equation in the domain.

    Args:
        values: (H, W, 3) float32, read where they are fixed.
        fixed: (H, W) bool, within the domain.
        domain: (H, W) bool; at its other borders the membrane hangs free.
        check: called before every sweep; may raise to stop.

    Returns:
        (H, W, 3) float32, 0 outside the domain.
    """
    return _solved(values, fixed, domain, check, SWEEPS)


def _solved(
    values: Planes, fixed: MaskBool, domain: MaskBool, check: Callable[[], None], sweeps: int
) -> Planes:
    free = domain & ~fixed
    if not free.any() or not fixed.any():
        return np.where(fixed[:, :, None], values, np.float32(0))
    if min(domain.shape) > COARSEST:
        small = _halved(values, fixed, domain)
        coarse = _solved(*small, check, min(2 * sweeps, MOST_SWEEPS))
        field = _doubled(coarse, small[2])[: domain.shape[0], : domain.shape[1]].copy()
    else:
        field = np.full(values.shape, values[fixed].mean(axis=0), np.float32)
    field[~domain] = 0
    field[fixed] = values[fixed]
    neighbours = _around(domain.astype(np.float32))
    free &= neighbours > 0
    kept = np.where(free[:, :, None], np.float32(0), field)
    share = np.divide(free, np.maximum(neighbours, 1), dtype=np.float32)[:, :, None]
    for _ in range(sweeps):
        check()
        field = _around(field)
        field *= share
        field += kept
    return field


def _around(field: Planes) -> Planes:
    """Sums of the four neighbours."""
    sums = cv2.filter2D(field, -1, _CROSS, borderType=cv2.BORDER_CONSTANT)
    return sums.astype(np.float32, copy=False)


def _halved(values: Planes, fixed: MaskBool, domain: MaskBool) -> tuple[Planes, MaskBool, MaskBool]:
    """Half the size: a cell is fixed if any of its pixels is, at the mean of those that are."""
    count = _summed(fixed[:, :, None].astype(np.float32))
    sums = _summed(np.where(fixed[:, :, None], values, np.float32(0)))
    inside = _summed(domain[:, :, None].astype(np.float32))[:, :, 0] > 0
    means: Planes = np.divide(sums, np.maximum(count, 1), dtype=np.float32)
    return means, count[:, :, 0] > 0, inside


def _summed(planes: Planes) -> Planes:
    """Sums over cells of 2x2 pixels, (H, W, C) to half of that, rounded up."""
    height, width = planes.shape[:2]
    padded = np.pad(planes, ((0, height % 2), (0, width % 2), (0, 0)))
    by_row = padded[::2] + padded[1::2]
    summed: Planes = by_row[:, ::2] + by_row[:, 1::2]
    return summed


def _doubled(field: Planes, domain: MaskBool) -> Planes:
    """Twice the size, interpolated between the cells of the domain only."""
    size = (2 * field.shape[1], 2 * field.shape[0])
    share = cv2.resize(domain.astype(np.float32), size)[:, :, None]
    doubled: Planes = np.divide(cv2.resize(field, size), np.maximum(share, 1e-3), dtype=np.float32)
    return doubled
