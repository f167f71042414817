"""Colours on the screen: what LittleCMS says of the whole picture, tile by tile."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageCms
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColorSpace

from app.canvas.colour import FLAGS, INTENT, conversion
from app.canvas.layers import picture_tiles
from app.canvas.tiles import APRON, SIDE, TileKey
from engine.types import Box

if TYPE_CHECKING:
    from engine.types import Pixels

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
NAMED = QColorSpace.NamedColorSpace
ADOBE = bytes(QColorSpace(NAMED.AdobeRgb).iccProfile().data())
P3 = bytes(QColorSpace(NAMED.DisplayP3).iccProfile().data())


def swapped() -> bytes:
    """A screen whose red and green primaries are exchanged; else it is sRGB."""
    space = QColorSpace(
        QPointF(0.3127, 0.3290),
        QPointF(0.30, 0.60),
        QPointF(0.64, 0.33),
        QPointF(0.15, 0.06),
        QColorSpace.TransferFunction.SRgb,
    )
    return bytes(space.iccProfile().data())


def grey() -> bytes:
    """A grey profile with a plain gamma of 1."""
    space = QColorSpace(QPointF(0.3127, 0.3290), QColorSpace.TransferFunction.Linear)
    return bytes(space.iccProfile().data())


def noise(*shape: int) -> Pixels:
    return np.random.default_rng(5).integers(0, 256, shape, np.uint8)


def whole(pixels: Pixels, icc: bytes, screen: bytes) -> np.ndarray:
    """The picture as Pillow converts it in one go."""
    transform = ImageCms.buildTransform(
        io.BytesIO(icc), io.BytesIO(screen), "RGB", "RGB", INTENT, FLAGS
    )
    shown = ImageCms.applyTransform(Image.fromarray(pixels), transform)
    assert shown is not None
    return np.asarray(shown)


def rgb(shades: np.ndarray) -> np.ndarray:
    """(h, w, 3) of 0xAARRGGBB."""
    return np.stack([(shades >> shift) & 255 for shift in (16, 8, 0)], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(
    ("icc", "screen"), [(ADOBE, SRGB), (ADOBE, P3), (SRGB, P3)], ids=["to sRGB", "to P3", "sRGB"]
)
def test_tiles_together_are_the_whole_picture_bit_for_bit(icc: bytes, screen: bytes) -> None:
    pixels = noise(SIDE + 90, 2 * SIDE + 30, 3)
    expected = whole(pixels, icc, screen)
    assert not np.array_equal(expected, pixels)
    tiles = picture_tiles(lambda box: pixels[box.slices], pixels, 1 << 26, conversion(icc, screen))
    for row in range(2):
        for column in range(3):
            tile = tiles.tile(TileKey(0, row, column))
            assert tile.values is not None
            np.testing.assert_array_equal(rgb(tile.values), expected[tile.box.slices])
            core = TileKey(0, row, column).core.grown(APRON)
            assert tile.box == core.intersected(Box(0, 0, pixels.shape[1], pixels.shape[0]))


def test_a_screen_with_swapped_primaries_gets_red_and_green_swapped() -> None:
    convert = conversion(None, swapped())
    assert convert is not None
    colours = np.array([[[200, 40, 90], [0, 255, 0], [255, 255, 255], [30, 30, 30]]], np.uint8)
    expected = colours[:, :, (1, 0, 2)]
    assert np.abs(convert(colours).astype(int) - expected).max() <= 2


def test_a_picture_without_a_profile_is_srgb() -> None:
    pixels = noise(40, 50, 3)
    convert = conversion(None, P3)
    assert convert is not None
    # A profile that was written to bytes has rounded numbers.
    assert np.abs(convert(pixels).astype(int) - whole(pixels, SRGB, P3)).max() <= 1


@pytest.mark.parametrize(
    ("icc", "screen"),
    [(None, None), (SRGB, None), (None, SRGB), (P3, P3), (SRGB, SRGB), (b"", b"no profile")],
)
def test_nothing_is_converted_where_nothing_would_be_seen(
    icc: bytes | None, screen: bytes | None
) -> None:
    assert conversion(icc, screen) is None


def test_a_grey_picture_is_shown_through_its_grey_profile() -> None:
    convert = conversion(grey(), None)
    assert convert is not None
    shown = convert(np.array([[[0], [55], [255]]], np.uint8))[0]
    assert (shown[0] <= 1).all()
    # A linear 55/255 is 1.055 * 0.2157 ** (1 / 2.4) - 0.055 = 0.502 in sRGB.
    assert np.abs(shown[1].astype(int) - 128).max() <= 2
    assert (shown[2] >= 254).all()


def test_alpha_stays_and_colours_are_converted_as_if_they_were_opaque() -> None:
    straight = noise(30, 40, 3)
    alpha = np.full((30, 40, 1), 200, np.uint8)
    product = np.rint(straight * (200 / 255)).astype(np.uint8)
    convert = conversion(ADOBE, None)
    assert convert is not None
    shown = convert(np.dstack((product, alpha)))
    np.testing.assert_array_equal(shown[:, :, 3:], alpha)
    expected = whole(straight, ADOBE, SRGB) * (200 / 255)
    # The product has lost up to half a step of each colour before it was converted.
    assert np.abs(shown[:, :, :3] - expected).mean() < 1
    assert (shown[:, :, :3] <= 200).all()


def test_sixteen_bits_are_shown_like_eight() -> None:
    pixels = noise(60, 70, 3)
    deep = pixels.astype(np.uint16) * 257
    convert = conversion(ADOBE, None)
    shown = []
    for each in (pixels, deep):
        tiles = picture_tiles(lambda box, each=each: each[box.slices], each, 1 << 24, convert)
        values = tiles.tile(TileKey(0, 0, 0)).values
        assert values is not None
        shown.append(values)
    np.testing.assert_array_equal(shown[0], shown[1])


def test_a_conversion_is_made_once_for_a_pair_of_profiles() -> None:
    assert conversion(ADOBE, P3) is conversion(bytes(ADOBE), bytes(P3))
