"""What a lossless format takes in, it gives back, at every depth and in every mode."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engine.pictures import Picture, Source, open_picture, save_picture

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = [(1, 1), (1, 300), (40000, 3), (37, 53), (257, 64)]


def noise(height: int, width: int, channels: int, dtype: type = np.uint8) -> np.ndarray:
    rng = np.random.default_rng(height * 1000 + channels)
    return rng.integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_png_and_tiff_keep_every_pixel_of_every_depth(
    tmp_path: Path, ending: str, channels: int, dtype: type, shape: tuple[int, int]
) -> None:
    pixels = noise(*shape, channels, dtype)
    save_picture(Picture(pixels), tmp_path / f"a{ending}")

    reopened = open_picture(tmp_path / f"a{ending}").pixels

    assert reopened.dtype == dtype
    np.testing.assert_array_equal(reopened, pixels)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_bmp_keeps_every_8_bit_pixel(tmp_path: Path, channels: int) -> None:
    pixels = noise(37, 53, channels)
    save_picture(Picture(pixels), tmp_path / "a.bmp")

    np.testing.assert_array_equal(open_picture(tmp_path / "a.bmp").pixels, pixels)


@pytest.mark.parametrize("channels", [3, 4])
def test_lossless_webp_keeps_every_pixel_even_colours_under_full_transparency(
    tmp_path: Path, channels: int
) -> None:
    pixels = noise(37, 53, channels)
    pixels[:9, :, -1] = 0
    save_picture(Picture(pixels, Source(webp_lossless=True)), tmp_path / "a.webp")

    reopened = open_picture(tmp_path / "a.webp")

    np.testing.assert_array_equal(reopened.pixels, pixels)
    assert reopened.source.webp_lossless


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_tiff_compression_keeps_every_pixel(
    tmp_path: Path, compression: str, dtype: type, channels: int
) -> None:
    pixels = noise(37, 53, channels, dtype)
    source = Source(format="TIFF", tiff_compression=compression)
    save_picture(Picture(pixels, source), tmp_path / "a.tif")

    np.testing.assert_array_equal(open_picture(tmp_path / "a.tif").pixels, pixels)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_compression_is_kept(tmp_path: Path, compression: str) -> None:
    Image.fromarray(noise(20, 30, 3)).save(tmp_path / "a.tif", compression=compression)

    save_picture(open_picture(tmp_path / "a.tif"), tmp_path / "b.tif")

    with Image.open(tmp_path / "b.tif") as image:
        assert image.info["compression"] == compression


@pytest.mark.parametrize("ending", [".png", ".tif", ".bmp"])
def test_a_one_bit_picture_stays_one(tmp_path: Path, ending: str) -> None:
    bits = Image.fromarray(noise(21, 35, 1)[:, :, 0] > 127)
    bits.save(tmp_path / f"a{ending}")
    picture = open_picture(tmp_path / f"a{ending}")

    save_picture(picture, tmp_path / f"b{ending}")

    assert set(np.unique(picture.pixels)) == {0, 255}
    with Image.open(tmp_path / f"b{ending}") as image:
        assert image.mode == "1"
        np.testing.assert_array_equal(np.asarray(image), np.asarray(bits))


def test_a_one_bit_picture_with_grey_painted_into_it_is_saved_with_8_bits(tmp_path: Path) -> None:
    Image.fromarray(noise(21, 35, 1)[:, :, 0] > 127).save(tmp_path / "a.png")
    picture = open_picture(tmp_path / "a.png")
    picture.pixels[3, 4] = 100

    saved = save_picture(picture, tmp_path / "a.png")

    assert any("black and white" in notice for notice in saved.source.notices)
    np.testing.assert_array_equal(open_picture(tmp_path / "a.png").pixels, picture.pixels)


@pytest.mark.parametrize("ending", [".png", ".tif", ".bmp"])
def test_a_palette_picture_stays_one(tmp_path: Path, ending: str) -> None:
    palette = Image.fromarray(noise(40, 50, 3)).quantize(200)
    palette.save(tmp_path / f"a{ending}")
    picture = open_picture(tmp_path / f"a{ending}")

    save_picture(picture, tmp_path / f"b{ending}")

    np.testing.assert_array_equal(picture.pixels, np.asarray(palette.convert("RGB")))
    with Image.open(tmp_path / f"b{ending}") as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), picture.pixels)


def test_a_transparent_palette_picture_is_expanded_and_stays_one(tmp_path: Path) -> None:
    palette = Image.fromarray(noise(40, 50, 3)).quantize(30)
    palette.save(tmp_path / "a.png", transparency=bytes([0, 10, 200] + [255] * 27))
    picture = open_picture(tmp_path / "a.png")

    save_picture(picture, tmp_path / "b.png")

    assert picture.pixels.shape[2] == 4
    assert {0, 10, 200, 255} <= set(np.unique(picture.pixels[:, :, 3]))
    with Image.open(tmp_path / "b.png") as image:
        assert image.mode == "P"
    np.testing.assert_array_equal(open_picture(tmp_path / "b.png").pixels, picture.pixels)


def test_a_palette_picture_with_too_many_colours_is_saved_in_full_colour(tmp_path: Path) -> None:
    Image.fromarray(noise(40, 50, 3)).quantize(200).save(tmp_path / "a.png")
    picture = open_picture(tmp_path / "a.png")
    picture.pixels[:20] = noise(20, 50, 3)

    saved = save_picture(picture, tmp_path / "a.png")

    assert any("palette" in notice for notice in saved.source.notices)
    np.testing.assert_array_equal(open_picture(tmp_path / "a.png").pixels, picture.pixels)


def test_only_the_pixels_that_were_changed_differ_after_saving(tmp_path: Path) -> None:
    pixels = noise(64, 64, 3, np.uint16)
    save_picture(Picture(pixels.copy()), tmp_path / "a.png")
    picture = open_picture(tmp_path / "a.png")
    picture.pixels[10:20, 10:20] = 12345

    save_picture(picture, tmp_path / "a.png")

    changed = np.any(open_picture(tmp_path / "a.png").pixels != pixels, axis=2)
    assert changed[10:20, 10:20].all()
    assert changed.sum() == 100


def test_other_readers_agree_on_a_16_bit_png_with_chunks(tmp_path: Path) -> None:
    pixels = noise(5, 6, 1, np.uint16)
    source = Source(icc=b"profile" * 30, dpi=(300, 150), xmp=b"<x/>")
    save_picture(Picture(pixels, source), tmp_path / "a.png")

    with Image.open(io.BytesIO((tmp_path / "a.png").read_bytes())) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels[:, :, 0])
        assert image.info["icc_profile"] == source.icc
        assert image.info["xmp"] == b"<x/>"
        np.testing.assert_allclose(image.info["dpi"], (300, 150), atol=0.02)


def test_saving_does_not_touch_the_pixels_it_is_given(tmp_path: Path) -> None:
    for channels, dtype in ((3, np.uint16), (4, np.uint16), (3, np.uint8), (4, np.uint8)):
        pixels = noise(9, 9, channels, dtype)
        before = pixels.copy()
        for ending in (".png", ".tif", ".jpg", ".webp", ".bmp"):
            save_picture(Picture(pixels), tmp_path / f"a{ending}", allow_loss=True)
        np.testing.assert_array_equal(pixels, before)


def test_a_picture_can_be_saved_many_times_over_itself(tmp_path: Path) -> None:
    pixels = noise(30, 40, 4, np.uint16)
    picture = Picture(pixels, Source(icc=b"p" * 100, xmp=b"<x/>", dpi=(300, 300)))
    picture = save_picture(picture, tmp_path / "a.tif")
    size = (tmp_path / "a.tif").stat().st_size

    for _ in range(3):
        picture = save_picture(open_picture(tmp_path / "a.tif"), tmp_path / "a.tif")

    assert (tmp_path / "a.tif").stat().st_size == size
    again = replace(picture.source, fingerprint=None, mode="", notices=())
    assert again.icc == b"p" * 100
    np.testing.assert_array_equal(open_picture(tmp_path / "a.tif").pixels, pixels)
