"""From a picture to a training crop: size, place, mirror image, colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from engine.pixels import LUMA

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.scanning import Pixels8
    from engine.types import ImageF32

WIDEST = 3
"""Largest shorter side that is kept of a picture, in crop sides: the pixels of a large photograph
look alike one by one, and smaller copies can be kept in memory."""


def working_copy(image: Pixels8, size: int) -> Pixels8:
    """The picture with its shorter side between `size` and `WIDEST` times that."""
    short = min(image.shape[:2])
    if short < size:
        return _resized(image, size / short, cv2.INTER_CUBIC)
    if short > WIDEST * size:
        return _resized(image, WIDEST * size / short, cv2.INTER_AREA)
    return image


def random_crop(image: Pixels8, size: int, rng: np.random.Generator) -> Pixels8:
    """A square part anywhere, scaled to `size` x `size`.

    Its side is between `size` and the picture's shorter side, its logarithm uniform, so that
    networks see fine detail and whole scenes alike.

    Args:
        image: (H, W, 3) uint8, its shorter side `size` at least.
        size: side in pixels.
        rng: decides.
    """
    height, width = image.shape[:2]
    short = min(height, width)
    side = min(short, round(size * (short / size) ** rng.random()))
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    return _squared(image[top : top + side, left : left + side], size)


def centre_crop(image: Pixels8, size: int) -> Pixels8:
    """The largest square part in the middle, scaled to `size` x `size`."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return _squared(image[top : top + side, left : left + side], size)


def squashed(image: Pixels8, size: int) -> Pixels8:
    """The whole picture, scaled to `size` x `size`; positions in 0..1 stay what they are."""
    return _squared(image, size)


def jittered(image: Pixels8, strength: float, rng: np.random.Generator) -> Pixels8:
    """Brightness, contrast, saturation and hue changed at random, in random order.

    Args:
        image: (H, W, 3) uint8.
        strength: the first three are multiplied by 1 - strength .. 1 + strength; the hue is turned
            by up to strength (at most 0.5) of a full turn. 0..1.
        rng: decides.
    """
    amounts = rng.uniform(-1, 1, len(_CHANGES)) * strength
    floats = image.astype(np.float32) / 255
    for number in rng.permutation(len(_CHANGES)):
        floats = _CHANGES[number](floats, float(amounts[number])).clip(0, 1)
    changed: Pixels8 = np.rint(floats * 255).astype(np.uint8)
    return changed


def _brighter(image: ImageF32, amount: float) -> ImageF32:
    return np.multiply(image, 1 + amount, dtype=np.float32)


def _contrasted(image: ImageF32, amount: float) -> ImageF32:
    mean = np.float32((image @ LUMA).mean())
    contrasted: ImageF32 = np.add(mean, (image - mean) * (1 + amount), dtype=np.float32)
    return contrasted


def _saturated(image: ImageF32, amount: float) -> ImageF32:
    grey = (image @ LUMA)[:, :, None]
    saturated: ImageF32 = np.add(grey, (image - grey) * (1 + amount), dtype=np.float32)
    return saturated


def _turned(image: ImageF32, amount: float) -> ImageF32:
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32, copy=False)
    hsv[:, :, 0] = (hsv[:, :, 0] + 360 * max(-0.5, min(0.5, amount))) % 360
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32, copy=False)


_CHANGES: tuple[Callable[[ImageF32, float], ImageF32], ...] = (
    _brighter,
    _contrasted,
    _saturated,
    _turned,
)


def _resized(image: Pixels8, scale: float, interpolation: int) -> Pixels8:
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=interpolation).astype(
        np.uint8, copy=False
    )


def _squared(image: Pixels8, size: int) -> Pixels8:
    if image.shape[:2] == (size, size):
        return image
    shrinks = min(image.shape[:2]) >= size
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(image, (size, size), interpolation=interpolation).astype(np.uint8, copy=False)
