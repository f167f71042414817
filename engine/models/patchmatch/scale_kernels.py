"""Compiled loops that carry PatchMatch from one resolution to the next."""

from __future__ import annotations

import numpy as np

from engine.models.patchmatch.compiled import kernel
from engine.models.patchmatch.kernels import Indices, Integer, mixed
from engine.models.patchmatch.vectors import CHANNELS, Bytes, Weights


@kernel
def scatter(nearest: Indices, targets: Indices, some: Indices, seed: Integer) -> None:
    """Give every target without an offset a random one out of `some` sources."""
    for i in range(targets.size):
        p = targets[i]
        if nearest[p] < 0:
            draw = mixed(np.uint64(seed) ^ (np.uint64(p) << np.uint64(20)))
            nearest[p] = some[np.int64(draw % np.uint64(some.size))]


@kernel
def refine(
    coarse_nearest: Indices,
    coarse_cost: Indices,
    coarse_width: Integer,
    width: Integer,
    sources: Bytes,
    nearest: Indices,
    cost: Indices,
    targets: Indices,
) -> None:
    """Carry the field to the next finer level: offsets double (Wexler 2007, section 3.3)."""
    for i in range(targets.size):
        p = np.int64(targets[i])
        y, x = p // width, p % width
        parent = (y // 2) * coarse_width + x // 2
        source = np.int64(coarse_nearest[parent])
        if source < 0:
            continue
        left = 2 * (source % coarse_width) + (x & 1)
        q = (2 * (source // coarse_width) + (y & 1)) * width + left
        if left < width and q < sources.size and sources[q] != 0:
            nearest[p] = q
            cost[p] = coarse_cost[parent]


@kernel
def inherit(
    coarse_features: Bytes,
    coarse_width: Integer,
    features: Bytes,
    width: Integer,
    pixels: Indices,
) -> None:
    """Start hole pixels from the coarser level's colours; a vote sharpens them afterwards."""
    for i in range(pixels.size):
        p = np.int64(pixels[i])
        parent = (p // width // 2) * coarse_width + p % width // 2
        for k in range(CHANNELS):
            features[p * CHANNELS + k] = coarse_features[parent * CHANNELS + k]


@kernel
def soften(features: Bytes, width: Integer, pixels: Indices) -> None:
    """Set each of the pixels, one after the other, to the mean of the 3x3 around it."""
    height = features.size // CHANNELS // width
    for i in range(pixels.size):
        p = np.int64(pixels[i])
        y, x = p // width, p % width
        rows, columns = range(max(0, y - 1), min(height, y + 2)), (max(0, x - 1), min(width, x + 2))
        count = (min(height, y + 2) - max(0, y - 1)) * (columns[1] - columns[0])
        for k in range(CHANNELS):
            total = count // 2
            for row in rows:
                for column in range(columns[0], columns[1]):
                    total += np.int64(features[(row * width + column) * CHANNELS + k])
            features[p * CHANNELS + k] = np.uint8(total // count)


@kernel
def relax(
    values: Weights, divergence: Weights, width: Integer, pixels: Indices, forward: bool
) -> None:
    """One Gauss-Seidel sweep of Poisson's equation over the pixels; all others stay.

    Args:
        values: (H * W,) the solution so far; updated.
        divergence: (H * W,) what the sum of differences to the neighbours should be.
        width: W.
        pixels: where to solve, ascending. At the picture's edge the solution goes on level.
        forward: whether to start at the first of them.
    """
    size = values.size
    count = pixels.size
    for i in range(count):
        p = np.int64(pixels[i] if forward else pixels[count - 1 - i])
        x = p % width
        total, neighbours = -divergence[p], np.float32(0.0)
        if x > 0:
            total += values[p - 1]
            neighbours += np.float32(1.0)
        if x + 1 < width:
            total += values[p + 1]
            neighbours += np.float32(1.0)
        if p >= width:
            total += values[p - width]
            neighbours += np.float32(1.0)
        if p + width < size:
            total += values[p + width]
            neighbours += np.float32(1.0)
        if neighbours > 0:
            values[p] = total / neighbours
