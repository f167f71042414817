"""Colour models that are not edited as they are: CMYK, Lab and YCbCr become RGB on opening."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

from PIL import Image, ImageCms

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsProfile

log = logging.getLogger(__name__)

_NAMES = {"CMYK": "CMYK", "LAB": "Lab", "YCbCr": "YCbCr", "HSV": "HSV"}


def is_foreign(mode: str) -> bool:
    """Whether pictures of this Pillow mode must be converted before they can be edited."""
    return mode in _NAMES


def to_rgb(image: Image.Image, icc: bytes | None) -> tuple[Image.Image, bytes | None, str]:
    """The picture in RGB, the profile of that RGB, and the sentence that says what happened.

    A CMYK or Lab picture goes through its profile into sRGB (relative colorimetric with black point
    compensation, what print shops proof with). Without a usable profile CMYK is
    taken as uncalibrated ink.
    """
    name = _NAMES[image.mode]
    if image.mode == "CMYK" and icc:
        try:
            rgb = _through(image, ImageCms.ImageCmsProfile(io.BytesIO(icc)))
        except (ImageCms.PyCMSError, OSError, ValueError) as error:
            log.warning("the CMYK profile cannot be used: %s", error)
        else:
            return rgb, _srgb().tobytes(), f"Its {name} colours were converted to sRGB."
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return (
            _through(image, lab),
            _srgb().tobytes(),
            f"Its {name} colours were converted to sRGB.",
        )
    kept = icc if image.mode == "YCbCr" else None
    hint = " without a colour profile, so they may look different" if name == "CMYK" else ""
    return image.convert("RGB"), kept, f"Its {name} colours were converted to RGB{hint}."


def _through(image: Image.Image, profile: ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        profile,
        _srgb(),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if converted is None:
        raise ValueError("the profile gave no picture")
    return converted


def _srgb() -> ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
