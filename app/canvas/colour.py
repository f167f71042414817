"""From the picture's own colour space to the screen's, which is taken to be sRGB."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PySide6.QtGui import QColorSpace, QImage

from app.canvas.tiles import Shades, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

ToScreen: TypeAlias = "Callable[[Shades], Shades]"


def to_screen(icc: bytes | None, image_format: QImage.Format) -> ToScreen | None:
    """What has to be done to colours before they are shown.

    Args:
        icc: the picture's profile.
        image_format: of the tiles' images.

    Returns:
        A function of (h, w) colours; None if they can be shown as they are, because there is no
        profile, or it says sRGB, or it is one that Qt cannot read.
    """
    # Qt prints a warning about blocks that are cut off: those need not get that far.
    if icc is None or len(icc) < 128 or int.from_bytes(icc[:4], "big") != len(icc):
        return None
    space = QColorSpace.fromIccProfile(icc)
    if not space.isValid() or space.colorModel() != QColorSpace.ColorModel.Rgb:
        return None
    transform = space.transformationToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
    if transform.isIdentity():
        return None

    def convert(shades: Shades) -> Shades:
        shown = wrapped(shades, image_format).colorTransformed(transform)
        rows = np.frombuffer(shown.constBits(), np.uint32).reshape(shown.height(), -1)
        return rows[:, : shown.width()].copy()

    return convert
