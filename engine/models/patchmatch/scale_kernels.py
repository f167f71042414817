"""Compiled loops that carry PatchMatch from one resolution to the next."""

from __future__ import annotations

import numpy as np

from engine.models.patchmatch.kernels import CHANNELS, Bytes, Indices, Integer, kernel, mixed


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
def halve(
    features: Bytes,
    known: Bytes,
    usable: Bytes,
    width: Integer,
    top: Integer,
    smaller: Bytes,
    share: Bytes,
    wholly: Bytes,
) -> None:
    """Average 2x2 pixels weighted by how known they are (Newson et al. 2014, section 3.3).

    Args:
        features: (H * W * CHANNELS,) bytes of the finer level.
        known: (H * W,) share of known picture pixels below each one, 255 = all.
        usable: (H * W,) 1 where a pixel may be copied.
        width: W of the finer level.
        top: first row of the coarser level that `smaller` and `share` hold.
        smaller: rows of the coarser level's features; written.
        share: rows of the coarser level's `known`; written.
        wholly: rows of the coarser level's `usable`, 1 where all parts are; written.
    """
    height = known.size // width
    half = (width + 1) // 2
    for i in range(share.size):
        y, x = 2 * (top + i // half), 2 * (i % half)
        weight = 0
        allowed = 1
        for k in range(CHANNELS):
            smaller[i * CHANNELS + k] = 0
        for row in range(y, min(y + 2, height)):
            for column in range(x, min(x + 2, width)):
                weight += known[row * width + column]
                allowed &= usable[row * width + column]
        cells = (min(y + 2, height) - y) * (min(x + 2, width) - x)
        share[i] = weight // cells
        wholly[i] = allowed
        if weight == 0:
            continue
        for k in range(CHANNELS):
            total = weight // 2
            for row in range(y, min(y + 2, height)):
                for column in range(x, min(x + 2, width)):
                    p = row * width + column
                    total += np.int64(known[p]) * features[p * CHANNELS + k]
            smaller[i * CHANNELS + k] = total // weight


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
