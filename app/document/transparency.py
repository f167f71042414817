"""What cannot be seen in a picture with alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.document.areas import NOWHERE, Area
from engine.jobs import Progress
from engine.pixels import alpha_of
from engine.types import Box

if TYPE_CHECKING:
    from engine.jobs import CancelToken, Steps
    from engine.types import Pixels


def transparent(image: Pixels, token: CancelToken) -> Steps[Area]:
    """The wholly transparent pixels, as `lacuna inpaint` takes them for the hole.

    Args:
        image: (H, W, C) native pixels; without alpha nothing is found.
        token: checked before.

    Returns:
        The area over the whole picture, its coverage 0 or 255.
    """
    token.check()
    yield Progress(0, 1, "")
    alpha = alpha_of(image)
    if alpha is None:
        return NOWHERE
    clear = np.asarray(cv2.inRange(np.ascontiguousarray(alpha), (0,), (0,)), np.uint8)
    return Area(Box.whole(image), clear)
