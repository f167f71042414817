"""Gives a smooth fill the grain of the picture around it.

Noise of a sensor and grain of a film are textures of random phase: all that the eye tells apart is
how strong each frequency is and how the colours go together (Galerne, Gousseau, Morel 2011). Both
are measured in the quietest known places near the hole; white noise of the run's seed is shaped
like them. What is added is what is missing: a fill copied grain and all gets next to none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from engine.regions import extent
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.types import ImageF32, MaskBool

Plane = npt.NDArray[np.float32]
"""(H, W) float32."""

SIDE = 16
"""Of the squares that grain is measured in."""

REACH = 96
"""Pixels around the hole where its surroundings end, if the hole is no larger than that."""

MOST_SQUARES = 2048
FEWEST_SQUARES = 4

QUIET = 0.1
"""Share of the squares that is surely flat."""

AS_QUIET = 1.5
"""Squares with up to this many times their variance count as flat as well."""

LEAST = 0.6 / 255
"""Standard deviation below which there is no grain: rounding to 8 bits alone makes 0.3 / 255."""

CLIPPED = 0.01
"""Share of black or white pixels from which a square tells nothing: its grain is cut off."""

WINDOW = 15
"""Pixels over which a fill's own grain is averaged."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One of up to three independent parts of the grain.

    Attributes:
        colour: (3,) float32 of length 1: the direction that it moves colours in.
        kernel: (15, 15) float32: white noise averaged with it has its strength and spectrum.
    """

    colour: npt.NDArray[np.float32]
    kernel: Plane


def grained(
    fill: ImageF32,
    hole: MaskBool,
    known: MaskBool,
    seed: tuple[int, ...],
    check: Callable[[], None],
) -> ImageF32:
    """The fill with as much of the surroundings' grain as it lacks.

    Args:
        fill: (H, W, 3) float32 0..1, with the known picture around it.
        hole: (H, W) bool, True = filled; at least one True.
        known: (H, W) bool, True = as photographed.
        seed: same seed, same grain.
        check: called often; may raise to stop.

    Returns:
        (H, W, 3) float32, equal to `fill` outside the hole; may leave 0..1.
    """
    box = extent(hole)
    reach = max(REACH, max(box.width, box.height) // 2)
    near = box.grown(reach).intersected(Box.whole(hole))
    result = fill.copy()
    part, inside = result[box.slices], hole[box.slices]
    rng = np.random.default_rng(seed)
    for layer in measured(fill[near.slices], known[near.slices]):
        check()
        own = fill[box.slices] @ layer.colour
        noise = drawn(layer, inside.shape, rng)
        check()
        noise *= _lack(own, noise, inside)
        noise[~inside] = 0
        for c in range(3):
            part[:, :, c] += noise * layer.colour[c]
    return result


def measured(image: ImageF32, known: MaskBool) -> tuple[Layer, ...]:
    """The grain of a picture's quietest places; empty if there is none.

    Args:
        image: (H, W, 3) float32 0..1.
        known: (H, W) bool, where to look.
    """
    squares = _squares(image, known)
    if len(squares) < FEWEST_SQUARES:
        return ()
    grain = _flattened(squares)
    strength = np.square(grain).mean(axis=(1, 2, 3))
    grain = grain[strength <= AS_QUIET * np.quantile(strength, QUIET)]
    pixels = grain.reshape(-1, 3)
    covariance = pixels.T @ pixels / (len(pixels) * (1 - 3 / SIDE**2))  # a plane was taken out
    if np.sqrt(np.trace(covariance) / 3) < LEAST:
        return ()
    variances, colours = np.linalg.eigh(covariance)
    return tuple(
        Layer(colour.astype(np.float32), _kernel(grain @ colour, variance))
        for variance, colour in zip(variances, colours.T, strict=True)
        if variance > 1e-4 * variances[-1]
    )


def drawn(layer: Layer, shape: tuple[int, ...], rng: np.random.Generator) -> Plane:
    """A plane of grain.

    Args:
        layer: what grain.
        shape: height and width of the plane.
        rng: where the noise comes from.
    """
    margin = layer.kernel.shape[0] // 2
    size = (shape[0] + 2 * margin, shape[1] + 2 * margin)
    white = rng.standard_normal(size, np.float32)
    noise = cv2.filter2D(white, -1, layer.kernel)[margin:-margin, margin:-margin]
    return noise.astype(np.float32, copy=False)


def _squares(image: ImageF32, known: MaskBool) -> npt.NDArray[np.float64]:
    """(n, SIDE, SIDE, 3): squares of a grid that are known throughout and not clipped."""
    rows, columns = known.shape[0] // SIDE, known.shape[1] // SIDE
    grid = known[: rows * SIDE, : columns * SIDE].reshape(rows, SIDE, columns, SIDE)
    tops, lefts = np.nonzero(grid.all(axis=(1, 3)))
    step = -(-len(tops) // MOST_SQUARES) or 1
    found = [
        image[top : top + SIDE, left : left + SIDE]
        for top, left in zip(tops[::step] * SIDE, lefts[::step] * SIDE, strict=True)
    ]
    squares = np.array(found, np.float64).reshape(-1, SIDE, SIDE, 3)
    cut: npt.NDArray[np.bool_] = (squares <= 0.5 / 255) | (squares >= 254.5 / 255)
    whole: npt.NDArray[np.float64] = squares[cut.mean(axis=(1, 2, 3)) < CLIPPED]
    return whole


def _flattened(squares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The squares without their mean and slope."""
    across = np.tile(np.arange(SIDE) - (SIDE - 1) / 2, (SIDE, 1))
    plane = np.stack([np.ones_like(across), across, across.T]).reshape(3, -1)
    plane /= np.linalg.norm(plane, axis=1, keepdims=True)
    flat = squares.reshape(len(squares), -1, 3)
    left: npt.NDArray[np.float64] = flat - plane.T @ (plane @ flat)
    return left.reshape(squares.shape)


def _kernel(grain: npt.NDArray[np.float64], variance: float) -> Plane:
    """The kernel that gives white noise the mean spectrum of (n, SIDE, SIDE) squares of grain."""
    spectrum = np.sqrt(np.square(np.abs(np.fft.fft2(grain))).mean(axis=0))
    kernel = np.fft.fftshift(np.fft.ifft2(spectrum).real)[
        1:, 1:
    ]  # odd, with its middle in the middle
    scaled: Plane = (kernel * np.sqrt(variance / np.square(kernel).sum())).astype(np.float32)
    return scaled


def _lack(own: Plane, grain: Plane, hole: MaskBool) -> Plane:
    """Times which grain of full strength completes what is there: 1 where nothing is, 0 for all."""
    share = hole.astype(np.float32)
    usual = float(np.square(_fine(grain, share)[hole]).mean())
    there = _averaged(np.square(_fine(own, share)), share, WINDOW)
    lack: Plane = np.sqrt(np.clip(1.0 - there / max(usual, 1e-12), 0.0, 1.0))
    return lack


def _fine(plane: Plane, share: Plane) -> Plane:
    """What differs from the mean of a pixel's neighbourhood in the hole; 0 outside."""
    return (plane - _averaged(plane, share, 3)) * share


def _averaged(plane: Plane, share: Plane, side: int) -> Plane:
    """Means over squares, of the pixels that have a share."""
    sums = cv2.blur(plane * share, (side, side), borderType=cv2.BORDER_CONSTANT)
    counts = cv2.blur(share, (side, side), borderType=cv2.BORDER_CONSTANT)
    averaged: Plane = np.divide(sums, np.maximum(counts, 1e-6), dtype=np.float32)
    return averaged
