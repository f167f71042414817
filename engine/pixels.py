"""Native pixels of a file to the engine's RGB floats and back, without losing a step of depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.types import ImageF32, Pixels

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of ITU-R BT.601 for gamma-encoded RGB; they sum to 1, so grey stays what it was."""


def has_alpha(pixels: Pixels) -> bool:
    """Whether the last channel is alpha (two or four channels)."""
    return pixels.shape[2] in (2, 4)


def alpha_of(pixels: Pixels) -> Pixels | None:
    """The (H, W) view of the alpha channel, or None if there is none."""
    return pixels[:, :, -1] if has_alpha(pixels) else None


def full_scale(pixels: Pixels) -> int:
    """The number that stands for white: 255 or 65535."""
    return int(np.iinfo(pixels.dtype).max)


def to_image(pixels: Pixels) -> ImageF32:
    """RGB floats of native pixels; alpha is left out, grey becomes three equal channels.

    Args:
        pixels: (H, W, C) uint8 or uint16, C in 1..4.

    Returns:
        (H, W, 3) float32 in 0..1, always a new array.
    """
    scale = np.float32(1.0 / full_scale(pixels))
    if pixels.shape[2] >= 3:
        return np.multiply(pixels[:, :, :3], scale, dtype=np.float32)
    grey: ImageF32 = np.multiply(pixels[:, :, :1], scale, dtype=np.float32)
    return np.repeat(grey, 3, axis=2)


def from_image(image: ImageF32, like: Pixels) -> Pixels:
    """Native pixels of RGB floats: rounded to the nearest step, with the alpha of `like`.

    `from_image(to_image(pixels), pixels)` gives back `pixels` exactly at both depths.

    Args:
        image: (H, W, 3) float32 RGB; values outside 0..1 are clipped.
        like: (H, W, C) pixels whose depth, channel count and alpha the result takes.

    Returns:
        (H, W, C) array of the type of `like`, always a new one.
    """
    colour = image if like.shape[2] >= 3 else (image @ LUMA)[:, :, None]
    scaled = np.multiply(colour, np.float32(full_scale(like)), dtype=np.float32)
    np.rint(scaled, out=scaled)
    np.clip(scaled, 0, full_scale(like), out=scaled)
    pixels = np.empty(like.shape, like.dtype)
    pixels[:, :, : scaled.shape[2]] = scaled
    if has_alpha(like):
        pixels[:, :, -1] = like[:, :, -1]
    return pixels
