"""Numbers as colours that every eye tells apart, and on which lightness alone says how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def scale() -> npt.NDArray[np.uint8]:
    """The colours of 0..1 in 256 steps, (256, 3) RGB: cividis, from dark blue to yellow.

    Nuñez, Anderton and Renslow 2018 made it to look the same with and without colour blindness.
    """
    steps = np.arange(256, dtype=np.uint8)[:, None]
    bgr = cv2.applyColorMap(steps, cv2.COLORMAP_CIVIDIS)
    return np.ascontiguousarray(bgr[:, 0, ::-1])


def coloured(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """(h, w) numbers, clipped to 0..1, as (h, w, 3) RGB."""
    steps = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    colours: npt.NDArray[np.uint8] = scale()[steps]
    return colours
