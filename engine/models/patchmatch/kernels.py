"""Inner loops of PatchMatch inpainting, compiled by numba.

Pixels are addressed by one flat index p = y * width + x. A patch is named by its centre. Every
kernel releases the interpreter's lock and writes only to the elements it was given, so that bands
of a picture can run in parallel.

Features are eight bytes a pixel (`CHANNELS`): with a compile-time row of 7 * 8 bytes LLVM turns
the sum of squared differences into a handful of vector instructions, which five or six channels
do not allow (36 against 145 ns a patch, measured).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import numba  # this module is imported by the worker only
import numpy as np
import numpy.typing as npt
import platformdirs

F = TypeVar("F", bound=Callable[..., Any])
Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]

# What numba infers: a Python integer outside, some machine integer inside.
Integer: TypeAlias = Any
Real: TypeAlias = Any

CHANNELS = 8
WORST = np.int32(2**31 - 1)
TOLERANCE = np.float32(32_000)
"""Distance of two 7x7 patches at which a vote counts an eighth: about 11 grey levels a value."""
_ROW = np.uint64(7 * CHANNELS)


def _has_cache_folder() -> bool:
    """Point numba's cache at the user's cache folder; an installation may be read-only."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return True
    folder = platformdirs.user_cache_path("lacuna") / "numba"
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # set at run time
    return os.access(folder, os.W_OK)


_CACHED = _has_cache_folder()


def kernel(function: F) -> F:
    """Compile on first call, keep the machine code on disk, release the interpreter's lock."""
    compiled: Any = numba.njit(nogil=True, error_model="numpy", cache=_CACHED)(function)
    return cast("F", compiled)


@kernel
def mixed(state: Integer) -> Integer:
    """One step of splitmix64 (Steele, Lea, Flood 2014): 64 well mixed bits."""
    z = np.uint64(state) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def _distance_7(
    features: Bytes, a: Integer, b: Integer, stride: Integer, limit: Integer
) -> Integer:
    """Sum of squared differences of two 7x7 patches, given up once it reaches `limit`."""
    total = np.int32(0)
    for _ in range(7):
        row = np.int32(0)
        for k in range(_ROW):
            d = np.int32(
                np.int32(features[a + np.uint64(k)]) - np.int32(features[b + np.uint64(k)])
            )
            row = np.int32(row + np.int32(d * d))
        total = np.int32(total + row)
        if total >= limit:
            return total
        a += stride
        b += stride
    return total


@kernel
def _distance_any(
    features: Bytes, a: Integer, b: Integer, stride: Integer, patch: Integer, limit: Integer
) -> Integer:
    """The same for any other patch size."""
    total = np.int32(0)
    for _ in range(patch):
        for k in range(np.uint64(patch * CHANNELS)):
            d = np.int32(
                np.int32(features[a + np.uint64(k)]) - np.int32(features[b + np.uint64(k)])
            )
            total = np.int32(total + np.int32(d * d))
        if total >= limit:
            return total
        a += stride
        b += stride
    return total


@kernel
def _distance(
    features: Bytes, p: Integer, q: Integer, width: Integer, patch: Integer, limit: Integer
) -> Integer:
    corner = (patch // 2) * (width + 1)
    a = np.uint64((p - corner) * CHANNELS)
    b = np.uint64((q - corner) * CHANNELS)
    stride = np.uint64(width * CHANNELS)
    if patch == 7:
        return _distance_7(features, a, b, stride, np.int32(limit))
    return _distance_any(features, a, b, stride, patch, np.int32(limit))


@kernel
def _closeness(cost: Integer) -> Real:
    """Weight of a patch by its distance, 1..0.

    A cubed hyperbola instead of the usual exp(-cost / 2 sigma^2): that one needs a sigma for a
    whole picture, which either drowns the smooth parts or leaves the rough ones to chance.
    """
    near = TOLERANCE / (TOLERANCE + np.float32(cost))
    return near * near * near


@kernel
def search(
    features: Bytes,
    width: Integer,
    patch: Integer,
    sources: Bytes,
    nearest: Indices,
    cost: Indices,
    targets: Indices,
    forward: bool,
    reach: Integer,
    seed: Integer,
) -> None:
    """One sweep of propagation and random search (Barnes et al. 2009, section 3.2).

    Args:
        features: (H * W * CHANNELS,) bytes.
        width: W.
        patch: odd patch side.
        sources: (H * W,) non-zero where a patch may be copied from.
        nearest: (H * W,) centre of the best known source, -1 where there is no target; updated.
        cost: (H * W,) its distance, measured anew because a vote came in between; updated.
        targets: centres to improve, ascending.
        forward: whether offsets come from the left and above, else from the right and below.
        reach: first radius of the random search, in pixels; it falls by four down to 1.
        seed: decides the random samples together with the centre's index.
    """
    size = sources.size
    height = size // width
    radius = patch // 2
    step = 1 if forward else -1
    count = targets.size
    for i in range(count):
        p = np.int64(targets[i] if forward else targets[count - 1 - i])
        best = np.int64(nearest[p])
        least = np.int64(_distance(features, p, best, width, patch, WORST))
        for axis in range(2):
            shift = step if axis == 0 else step * width
            neighbour = p - shift
            if neighbour < 0 or neighbour >= size or nearest[neighbour] < 0:
                continue
            q = nearest[neighbour] + shift
            if q < 0 or q >= size or q == best or sources[q] == 0:
                continue
            d = np.int64(_distance(features, p, q, width, patch, least))
            if d < least:
                best, least = q, d
        state = mixed(np.uint64(seed) ^ (np.uint64(p) << np.uint64(20)))
        span = reach
        while span >= 1:
            state = mixed(state)
            y, x = best // width, best % width
            top, left = max(radius, y - span), max(radius, x - span)
            rows = min(height - radius, y + span + 1) - top
            columns = min(width - radius, x + span + 1) - left
            high, low = state >> np.uint64(32), state & np.uint64(0xFFFFFFFF)
            y = top + np.int64((high * np.uint64(rows)) >> np.uint64(32))
            x = left + np.int64((low * np.uint64(columns)) >> np.uint64(32))
            q = y * width + x
            if q != best and sources[q] != 0:
                d = np.int64(_distance(features, p, q, width, patch, least))
                if d < least:
                    best, least = q, d
            span //= 4
        nearest[p] = best
        cost[p] = least


@kernel
def vote(
    features: Bytes,
    width: Integer,
    patch: Integer,
    nearest: Indices,
    cost: Indices,
    pixels: Indices,
    depth: Bytes,
    by_depth: Weights,
) -> None:
    """Set every pixel to the weighted mean of what its patches propose (Wexler 2007, eq. 5).

    Args:
        features: (H * W * CHANNELS,) bytes; hole pixels are overwritten, sources only read.
        width: W.
        patch: odd patch side.
        nearest: (H * W,) field of sources, -1 where none is known.
        cost: (H * W,) distances.
        pixels: hole pixels to set.
        depth: (H * W,) distance of a centre into the hole, at most 255.
        by_depth: (256,) weight by depth.
    """
    size = nearest.size
    radius = patch // 2
    for i in range(pixels.size):
        pixel = np.int64(pixels[i])
        weights = np.float32(0.0)
        red = green = blue = across = along = np.float32(0.0)
        for dy in range(-radius, radius + 1):
            for dx in range(-radius, radius + 1):
                offset = dy * width + dx
                p = pixel + offset
                if p < 0 or p >= size or nearest[p] < 0:
                    continue
                weight = by_depth[depth[p]] * _closeness(cost[p])
                weights += weight
                q = np.uint64((nearest[p] - offset) * CHANNELS)
                red += weight * features[q]
                green += weight * features[q + np.uint64(1)]
                blue += weight * features[q + np.uint64(2)]
                across += weight * features[q + np.uint64(3)]
                along += weight * features[q + np.uint64(4)]
        if weights > 0.0:
            start = np.uint64(pixel * CHANNELS)
            half = np.float32(0.5)
            features[start] = np.uint8(red / weights + half)
            features[start + np.uint64(1)] = np.uint8(green / weights + half)
            features[start + np.uint64(2)] = np.uint8(blue / weights + half)
            features[start + np.uint64(3)] = np.uint8(across / weights + half)
            features[start + np.uint64(4)] = np.uint8(along / weights + half)


@kernel
def choose(
    width: Integer,
    patch: Integer,
    nearest: Indices,
    cost: Indices,
    pixels: Indices,
    depth: Bytes,
    by_depth: Weights,
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
                weight = by_depth[depth[p]] * _closeness(cost[p])
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
