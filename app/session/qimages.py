"""Native pixels as Qt's images and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.types import Pixels


def qimage(pixels: Pixels) -> QImage:
    """A QImage with pixels of its own, 8 bits per channel."""
    narrow: npt.NDArray[np.uint8] = np.ascontiguousarray(
        pixels if pixels.dtype == np.uint8 else pixels >> 8, np.uint8
    )
    height, width, channels = narrow.shape
    if channels == 2:
        narrow = np.ascontiguousarray(narrow[:, :, (0, 0, 0, 1)])
    kind = {
        1: QImage.Format.Format_Grayscale8,
        3: QImage.Format.Format_RGB888,
    }.get(narrow.shape[2], QImage.Format.Format_RGBA8888)
    return QImage(narrow.data, width, height, narrow.strides[0], kind).copy()


def pixels_of(image: QImage) -> Pixels:
    """(H, W, 3 or 4) uint8 of a QImage; alpha only if the image has it."""
    channels = 4 if image.hasAlphaChannel() else 3
    kind = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    image = image.convertToFormat(kind)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    used = rows[:, : image.width() * channels]
    return np.ascontiguousarray(used.reshape(image.height(), image.width(), channels))
