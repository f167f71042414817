"""From the picture's own colour space to the screen's, tile by tile, through LittleCMS."""

from __future__ import annotations

import io
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
from PIL import Image, ImageCms

if TYPE_CHECKING:
    import numpy.typing as npt

log = logging.getLogger(__name__)

Bytes: TypeAlias = "npt.NDArray[np.uint8]"
"""(h, w, C) uint8; with four channels the last is alpha, and the others are premultiplied."""

INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
"""As other editors show pictures: what both spaces have stays as it is, black stays black."""

UNSEEN = 1
"""By so many of 255 steps a conversion may change colours and still be left out."""

BROKEN = (ImageCms.PyCMSError, OSError, ValueError)
"""What LittleCMS raises for bytes that are no profile."""


class Conversion:
    """Converts colours for the screen; made once for each pair of profiles."""

    def __init__(self, transform: ImageCms.ImageCmsTransform, *, is_grey: bool) -> None:
        self._transform = transform
        self.is_grey = is_grey

    def __call__(self, pixels: Bytes) -> Bytes:
        """(h, w, 3) colours as the screen wants them; (h, w, 4) if there was alpha."""
        if pixels.shape[2] < 4:
            return self._converted(pixels)
        alpha = pixels[:, :, 3:]
        opaque = np.maximum(alpha, 1).astype(np.uint16)
        straight = np.minimum((pixels[:, :, :3] * np.uint16(255) + opaque // 2) // opaque, 255)
        shown = self._converted(straight.astype(np.uint8))
        product = (shown * alpha.astype(np.uint16) + 127) // 255
        return np.dstack((product.astype(np.uint8), alpha))

    def _converted(self, pixels: Bytes) -> Bytes:
        if self.is_grey:
            image = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0]))
            return np.asarray(ImageCms.applyTransform(image, self._transform), np.uint8)
        if pixels.shape[2] == 1:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)  # type: ignore[assignment]
        image = Image.fromarray(np.ascontiguousarray(pixels))
        ImageCms.applyTransform(image, self._transform, inPlace=True)
        return np.asarray(image)


@lru_cache(maxsize=16)
def conversion(icc: bytes | None, screen: bytes | None) -> Conversion | None:
    """What has to be done to colours before they are shown.

    Args:
        icc: the picture's profile; without one, or with a broken one, it is taken to be sRGB.
        screen: the screen's profile; likewise.

    Returns:
        None if colours can be shown as they are.
    """
    source, target = _profile(icc), _profile(screen)
    if source is None and target is None:
        return None
    is_grey = source is not None and source.profile.xcolor_space.strip() == "GRAY"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    try:
        transform = ImageCms.buildTransform(
            source or srgb, target or srgb, "L" if is_grey else "RGB", "RGB", INTENT, FLAGS
        )
    except BROKEN as error:
        log.warning("a colour profile cannot be used: %s", error)
        return None
    made = Conversion(transform, is_grey=is_grey)
    return made if _changes_colours(made) else None


def _profile(icc: bytes | None) -> ImageCms.ImageCmsProfile | None:
    if not icc:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    except BROKEN as error:
        log.warning("a colour profile cannot be read: %s", error)
        return None
    return profile if profile.profile.xcolor_space.strip() in ("RGB", "GRAY") else None


def _changes_colours(made: Conversion) -> bool:
    """Whether any colour of a lattice through the whole cube becomes visibly another one."""
    steps = np.linspace(0, 255, 16).astype(np.uint8)
    lattice: npt.NDArray[Any] = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(
        1, -1, 3
    )
    shown = made(lattice).astype(int)
    before = lattice[:, :, :1] if made.is_grey else lattice
    return bool(np.abs(shown - before).max() > UNSEEN)
