"""Inner loops of PatchMatch inpainting, compiled by numba.

Pixels are addressed by one flat index p = y * width + x. A patch is named by its centre. Every
kernel releases the interpreter's lock and writes only to the elements it was given, so that bands
of a picture can run in parallel.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.models.patchmatch.compiled import kernel
from engine.models.patchmatch.vectors import (
    CHANNELS,
    SLACK,
    SPAN,
    WIDE,
    Bytes,
    Weights,
    deposit,
    difference,
)

Indices = npt.NDArray[np.int32]

# What numba infers: a Python integer outside, some machine integer inside.
Integer: TypeAlias = Any
Real: TypeAlias = Any

WORST = np.int32(2**31 - 1)


@kernel
def mixed(state: Integer) -> Integer:
    """One step of splitmix64 (Steele, Lea, Flood 2014): 64 well mixed bits."""
    z = np.uint64(state) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def _distance(
    features: Bytes, p: Integer, q: Integer, width: Integer, patch: Integer, keep: Weights
) -> Integer:
    """Sum of squared differences of the patches around p and q."""
    corner = (patch // 2) * (width + 1)
    a, b, stride = (p - corner) * CHANNELS, (q - corner) * CHANNELS, width * CHANNELS
    if patch == 7:  # a constant number of rows is unrolled
        return np.int64(difference(features, a, b, stride, keep, 7))
    total = np.int64(difference(features, a, b, stride, keep, patch))
    if patch > SPAN:
        total += difference(features, a + WIDE, b + WIDE, stride, keep[WIDE + SPAN :], patch)
    return total


@kernel
def _distance_below(
    features: Bytes,
    p: Integer,
    q: Integer,
    width: Integer,
    patch: Integer,
    keep: Weights,
    limit: Integer,
) -> Integer:
    """The same, or a part of it that is `limit` at least: most random patches fail by 3 rows."""
    if patch != 7:
        return _distance(features, p, q, width, patch, keep)
    corner = 3 * (width + 1)
    a, b, stride = (p - corner) * CHANNELS, (q - corner) * CHANNELS, width * CHANNELS
    total = np.int64(difference(features, a, b, 3 * stride, keep, 3))
    if total < limit:
        total += difference(features, a + stride, b + stride, stride, keep, 2)
        total += difference(features, a + 4 * stride, b + 4 * stride, stride, keep, 2)
    return total


@kernel
def _astray(
    guide: Bytes,
    p: Integer,
    q: Integer,
    width: Integer,
    patch: Integer,
    keep: Weights,
    pull: Integer,
    free: Integer,
    left: Integer,
) -> Integer:
    """What the guide adds to a distance: that of its own patches beyond `free`, times `pull` / 256.

    0 if it does not count here, or if nothing is `left` between the distance and the one to beat.
    """
    if pull == 0 or left <= 0:
        return np.int64(0)
    beyond = np.int64(_distance(guide, p, q, width, patch, keep)) - free
    return (beyond * pull) >> 8 if beyond > 0 else np.int64(0)


@kernel
def _closeness(cost: Integer, tolerance: Real) -> Real:
    """Weight of a patch by its distance, 1..0.

    A cubed hyperbola instead of the usual exp(-cost / 2 sigma^2): that one needs a sigma for a
    whole picture, which either drowns the smooth parts or leaves the rough ones to chance.
    """
    near = tolerance / (tolerance + np.float32(cost))
    return near * near * near


@kernel
def search(
    features: Bytes,
    width: Integer,
    patch: Integer,
    keep: Weights,
    sources: Bytes,
    nearest: Indices,
    cost: Indices,
    targets: Indices,
    forward: bool,
    reach: Integer,
    seed: Integer,
    guide: Bytes,
    pulls: Indices,
    free: Integer,
) -> None:
    """One sweep of propagation and random search (Barnes et al. 2009, section 3.2).

    Args:
        features: (H * W * CHANNELS,) bytes.
        width: W.
        patch: odd patch side.
        keep: its window, see `vectors.window`.
        sources: (H * W,) non-zero where a patch may be copied from.
        nearest: (H * W,) centre of the best known source, -1 where there is no target; updated.
        cost: (H * W,) its distance, measured anew because a vote came in between; updated.
        targets: centres to improve, ascending.
        forward: whether offsets come from the left and above, else from the right and below.
        reach: first radius of the random search, in pixels; it falls by four down to 1.
        seed: decides the random samples together with the centre's index.
        guide: (H * W * CHANNELS,) what the picture roughly looks like; empty if nobody knows.
        pulls: for each target, what a difference of the guide counts, in 256ths of one of the
            features; empty without guide.
        free: sum of squares by which a patch of the guide may differ for nothing.
    """
    size = sources.size
    height = size // width
    radius = patch // 2
    step = 1 if forward else -1
    count = targets.size
    for i in range(count):
        place = i if forward else count - 1 - i
        p = np.int64(targets[place])
        pull = np.int64(pulls[place]) if pulls.size else np.int64(0)
        best = np.int64(nearest[p])
        least = np.int64(_distance(features, p, best, width, patch, keep))
        least += _astray(guide, p, best, width, patch, keep, pull, free, WORST)
        for axis in range(2):
            shift = step if axis == 0 else step * width
            neighbour = p - shift
            if neighbour < 0 or neighbour >= size or nearest[neighbour] < 0:
                continue
            q = nearest[neighbour] + shift
            if q < 0 or q >= size or q == best or sources[q] == 0:
                continue
            d = np.int64(_distance(features, p, q, width, patch, keep))
            d += _astray(guide, p, q, width, patch, keep, pull, free, least - d)
            if d < least:
                best, least = q, d
        state = mixed(np.uint64(seed) ^ (np.uint64(p) << np.uint64(20)))
        y, x = best // width, best % width
        span = reach
        while span >= 1:
            state = mixed(state)
            top, left = max(radius, y - span), max(radius, x - span)
            rows = min(height - radius, y + span + 1) - top
            columns = min(width - radius, x + span + 1) - left
            high, low = state >> np.uint64(32), state & np.uint64(0xFFFFFFFF)
            row = top + np.int64((high * np.uint64(rows)) >> np.uint64(32))
            column = left + np.int64((low * np.uint64(columns)) >> np.uint64(32))
            q = row * width + column
            if q != best and sources[q] != 0:
                d = _distance_below(features, p, q, width, patch, keep, least)
                d += _astray(guide, p, q, width, patch, keep, pull, free, least - d)
                if d < least:
                    best, least, y, x = q, d, row, column
            span //= 4
        nearest[p] = best
        cost[p] = least


@kernel
def vote(
    features: Bytes,
    width: Integer,
    patch: Integer,
    keep: Weights,
    nearest: Indices,
    cost: Indices,
    targets: Indices,
    pixels: Indices,
    top: Integer,
    bottom: Integer,
    depth: Bytes,
    by_depth: Weights,
    tolerance: Real,
) -> None:
    """Set every pixel to the weighted mean of what its patches propose (Wexler 2007, eq. 5).

    Args:
        features: (H * W * CHANNELS,) bytes; the pixels are overwritten, sources only read.
        width: W.
        patch: odd patch side.
        keep: its window, see `vectors.window`.
        nearest: (H * W,) field of sources, -1 where none is known.
        cost: (H * W,) distances.
        targets: centres that may cover a row from `top` to `bottom`, ascending.
        pixels: hole pixels of these rows.
        top: first row.
        bottom: the row after the last.
        depth: (H * W,) distance of a centre into the hole, at most 255.
        by_depth: (256,) weight by depth.
        tolerance: distance at which a vote counts an eighth.
    """
    radius = patch // 2
    first = (top - 2 * radius) * width
    area = (bottom - top + 4 * radius) * width
    sums = np.zeros(area * CHANNELS + SLACK, np.float32)
    weights = np.zeros(area + SLACK, np.float32)
    corner = radius * (width + 1)
    for i in range(targets.size):
        p = np.int64(targets[i])
        if nearest[p] < 0:
            continue
        weight = by_depth[depth[p]] * _closeness(cost[p], tolerance)
        to = p - corner - first
        source = (np.int64(nearest[p]) - corner) * CHANNELS
        stride = width * CHANNELS
        if patch == 7:
            deposit(features, source, stride, sums, weights, to, width, keep, weight, 7)
        else:
            deposit(features, source, stride, sums, weights, to, width, keep, weight, patch)
            if patch > SPAN:
                more = keep[WIDE + SPAN :]
                source += WIDE
                to += SPAN
                deposit(features, source, stride, sums, weights, to, width, more, weight, patch)
    for i in range(pixels.size):
        p = np.int64(pixels[i])
        k = p - first
        if weights[k] > 0.0:
            for c in range(CHANNELS):
                mean = sums[k * CHANNELS + c] / weights[k]
                features[p * CHANNELS + c] = np.uint8(mean + np.float32(0.5))


@kernel
def choose(
    width: Integer,
    patch: Integer,
    nearest: Indices,
    cost: Indices,
    pixels: Indices,
    depth: Bytes,
    by_depth: Weights,
    tolerance: Real,
    chosen: Indices,
) -> None:
    """Name for every hole pixel the one known pixel that its patches agree on most.

    This is the mode that Wexler et al. (2007, section 3.2) ask for: patches that would copy the
    same pixel add up, so that neighbours come from one place and joints are rare.

    Arguments as in `vote`; `chosen` (as long as `pixels`) receives flat indices, -1 where no
    patch covers the pixel.
    """
    size = nearest.size
    radius = patch // 2
    offered = np.empty(patch * patch, np.int64)
    support = np.empty(patch * patch, np.float32)
    for i in range(pixels.size):
        pixel = np.int64(pixels[i])
        count = 0
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                offset = dy * width + dx
                p = pixel + offset
                if p < 0 or p >= size or nearest[p] < 0:
                    continue
                weight = by_depth[depth[p]] * _closeness(cost[p], tolerance)
                source = nearest[p] - offset
                k = 0
                while k < count and offered[k] != source:
                    k += 1
                if k == count:
                    offered[k] = source
                    support[k] = np.float32(0.0)
                    count += 1
                support[k] += weight
        chosen[i] = -1
        heaviest = np.float32(-1.0)
        for k in range(count):
            if support[k] > heaviest:
                heaviest = support[k]
                chosen[i] = offered[k]
