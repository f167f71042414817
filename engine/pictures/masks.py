"""Mask files: white is hole, whatever depth and colours they come in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engine.errors import InvalidInputError
from engine.pictures.picture import Picture
from engine.pictures.reading import DEFAULT_PIXEL_LIMIT, open_picture
from engine.pictures.writing import save_picture, shallow
from engine.pixels import alpha_of, full_scale

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.types import MaskBool, Pixels


@dataclass(frozen=True, slots=True)
class OpenedMask:
    """A mask as it was read.

    Attributes:
        hole: (H, W) bool, True = hole.
        notices: sentences the user must know about how it was read.
        coverage: (H, W) uint8, the greys of a soft mask where they were asked for.
    """

    hole: MaskBool
    notices: tuple[str, ...] = ()
    coverage: npt.NDArray[np.uint8] | None = None


def open_mask(
    path: Path | str,
    size: tuple[int, int],
    *,
    invert: bool = False,
    from_alpha: bool = False,
    soft: bool = False,
    pixel_limit: int | None = DEFAULT_PIXEL_LIMIT,
) -> OpenedMask:
    """The hole that a mask file paints on a picture.

    Args:
        path: a picture file; brighter than half of full scale is hole.
        size: width and height of the (upright) picture it is for.
        invert: dark is hole instead.
        from_alpha: fully transparent is hole, colours do not matter.
        soft: give the greys, too, unless transparency is asked for.
        pixel_limit: as for `open_picture`.

    Raises:
        PictureError: if the file cannot be read.
        InvalidInputError: if it has another shape than the picture, or no alpha where that is
            asked for.
    """
    path = Path(path)
    mask = read_mask(path, invert=invert, from_alpha=from_alpha, soft=soft, pixel_limit=pixel_limit)
    height, width = mask.hole.shape
    if (width, height) == size:
        return mask
    if not has_same_shape((width, height), size):
        raise InvalidInputError(
            f"the mask “{path.name}” has {width} × {height} pixels, the picture {size[0]} × "
            f"{size[1]}: they differ in shape; make the mask from this picture."
        )
    scaled = (
        f"The mask “{path.name}” ({width} × {height}) was scaled to the "
        f"picture's {size[0]} × {size[1]} pixels."
    )
    coverage = None if mask.coverage is None else _resampled(mask.coverage, size)
    return OpenedMask(scaled_mask(mask.hole, size), (*mask.notices, scaled), coverage)


def read_mask(
    path: Path | str,
    *,
    invert: bool = False,
    from_alpha: bool = False,
    soft: bool = False,
    pixel_limit: int | None = DEFAULT_PIXEL_LIMIT,
) -> OpenedMask:
    """The hole that a mask file paints, in the file's own size; arguments as of `open_mask`.

    Raises:
        PictureError: if the file cannot be read.
        InvalidInputError: if it has no alpha where that is asked for.
    """
    path = Path(path)
    picture = open_picture(path, pixel_limit=pixel_limit)
    hole = _hole_of(picture.pixels, path, from_alpha=from_alpha)
    coverage: npt.NDArray[np.uint8] | None = None
    if soft and not from_alpha:
        grey = shallow(_grey(picture.pixels)[:, :, None])[:, :, 0].astype(np.uint8)
        coverage = 255 - grey if invert else grey
    return OpenedMask(~hole if invert else hole, picture.source.notices, coverage)


def has_same_shape(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two widths and heights are in the same proportion, up to the rounding of sides."""
    return abs(size[1] * other[0] - other[1] * size[0]) <= max(*size, *other)


def scaled_mask(hole: MaskBool, size: tuple[int, int]) -> MaskBool:
    """The mask at another width and height; pixels are repeated or left out, none invented."""
    return _resampled(hole.astype(np.uint8), size).astype(np.bool_)


def placed_mask(hole: MaskBool, size: tuple[int, int]) -> MaskBool:
    """The mask at the upper left corner of another width and height, cut or filled up there."""
    placed = np.zeros((size[1], size[0]), np.bool_)
    height, width = min(size[1], hole.shape[0]), min(size[0], hole.shape[1])
    placed[:height, :width] = hole[:height, :width]
    return placed


def save_mask(mask: MaskBool | npt.NDArray[np.uint8], path: Path | str) -> None:
    """Write a mask as a grey picture with white holes; soft coverage (0..255) keeps its steps.

    Raises:
        PictureError: if the file cannot be written; an old file is then as it was.
    """
    grey = mask.astype(np.uint8) * np.uint8(255) if mask.dtype == np.bool_ else mask
    save_picture(Picture(np.ascontiguousarray(grey[:, :, None])), path)


def _hole_of(pixels: Pixels, path: Path, *, from_alpha: bool) -> MaskBool:
    half = full_scale(pixels) // 2
    if from_alpha:
        alpha = alpha_of(pixels)
        if alpha is None:
            raise InvalidInputError(
                f"“{path.name}” has no transparency to read a mask from; paint the hole white "
                "instead."
            )
        transparent: MaskBool = alpha == 0
        return transparent
    return _grey(pixels) > half


def _grey(pixels: Pixels) -> Pixels:
    """(H, W) brightness in the pixels' own depth."""
    if pixels.shape[2] < 3:
        grey: Pixels = pixels[:, :, 0]
        return grey
    kind = cv2.COLOR_RGB2GRAY if pixels.shape[2] == 3 else cv2.COLOR_RGBA2GRAY
    return cv2.cvtColor(pixels, kind).astype(pixels.dtype, copy=False)  # type: ignore[return-value]  # OpenCV keeps the depth


def _resampled(values: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    scaled = cv2.resize(values, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return scaled.astype(np.uint8, copy=False)
