"""Each kind of file opens in its own depth, or says what was done to it."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from engine.errors import PictureError
from engine.pictures import open_picture, save_picture

if TYPE_CHECKING:
    from pathlib import Path

GREYS = np.linspace(0, 65535, 240).astype(np.uint16).reshape(12, 20)


def photo(height: int = 24, width: int = 32) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 7, columns * 5, rows + columns], axis=2).astype(np.uint8)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bit_grey_is_not_clipped(tmp_path: Path, ending: str) -> None:
    Image.fromarray(GREYS).save(tmp_path / f"a.{ending}")

    picture = open_picture(tmp_path / f"a.{ending}")

    np.testing.assert_array_equal(picture.pixels, GREYS[:, :, None])
    assert picture.source.notices == ()


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_tiff_opens_alike_in_both_byte_orders_and_polarities(
    tmp_path: Path, dtype: type, byteorder: str, photometric: str
) -> None:
    grey = GREYS if dtype == np.uint16 else (GREYS >> 8).astype(np.uint8)
    stored = np.iinfo(dtype).max - grey if photometric == "miniswhite" else grey
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric=photometric, byteorder=byteorder)

    np.testing.assert_array_equal(open_picture(tmp_path / "a.tif").pixels, grey[:, :, None])


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_16_bit_colour_tiff_keeps_its_depth(
    tmp_path: Path, channels: int, planar: str, byteorder: str, compression: str | None
) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (12, 20, channels), np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels if planar == "contig" else np.moveaxis(pixels, 2, 0),
        photometric="rgb",
        planarconfig=planar,
        byteorder=byteorder,
        compression=compression,
        extrasamples=["unassalpha"] if channels == 4 else None,
    )

    np.testing.assert_array_equal(open_picture(tmp_path / "a.tif").pixels, pixels)


def test_big_tiff_opens(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (12, 20, 3), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", bigtiff=True)

    np.testing.assert_array_equal(open_picture(tmp_path / "a.tif").pixels, pixels)


def test_tiled_tiff_opens(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (40, 50, 3), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", tile=(16, 16))

    np.testing.assert_array_equal(open_picture(tmp_path / "a.tif").pixels, pixels)


def test_premultiplied_alpha_is_divided_out_with_a_notice(tmp_path: Path) -> None:
    stored = np.array([[[100, 50, 0, 200], [0, 0, 0, 0]]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["assocalpha"])

    picture = open_picture(tmp_path / "a.tif")

    assert picture.pixels[0, 0].tolist() == [32768, 16384, 0, 200]
    assert picture.pixels[0, 1].tolist() == [0, 0, 0, 0]
    assert any("alpha" in notice for notice in picture.source.notices)


def test_further_channels_are_named_and_not_destroyed_by_saving(tmp_path: Path) -> None:
    stored = np.zeros((4, 5, 6), np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric="rgb", planarconfig="contig", extrasamples=[0, 0, 0]
    )

    picture = open_picture(tmp_path / "a.tif")

    assert picture.pixels.shape == (4, 5, 3)
    assert any("further channels" in notice for notice in picture.source.notices)
    with pytest.raises(PictureError, match="choose another name"):
        save_picture(picture, tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 32768, 65535]),
        ([0.0, 1000.4, 65535.0], [0, 1000, 65535]),
        ([0.0, 1.0, 2.0], [0, 32768, 65535]),
        ([0.0, 51.0, 255.0], [0, 13107, 65535]),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_float_tiff_becomes_16_bits_with_a_notice(
    tmp_path: Path, samples: list[float], expected: list[int], channels: int, dtype: type
) -> None:
    if dtype == np.float16 and samples[2] > 255:
        samples, expected = [0.0, 1000.0, 32768.0], [0, 1000, 32768]
    row = np.repeat(np.array(samples, dtype)[None, :, None], channels, axis=2)
    kind = "rgb" if channels == 3 else "minisblack"
    tifffile.imwrite(tmp_path / "a.tif", row if channels == 3 else row[..., 0], photometric=kind)

    picture = open_picture(tmp_path / "a.tif")

    assert picture.pixels[0, :, 0].tolist() == expected
    assert picture.pixels.shape[2] == channels
    assert any("floating-point" in notice for notice in picture.source.notices)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -1.0, 70000.0])
def test_float_tiff_with_meaningless_numbers_is_refused_with_the_reason(
    tmp_path: Path, bad: float, channels: int
) -> None:
    samples = np.full((4, 5, channels), 0.5, np.float32)
    samples[1, 2] = bad
    kind = "rgb" if channels == 3 else "minisblack"
    tifffile.imwrite(tmp_path / "float.tif", np.squeeze(samples), photometric=kind)

    with pytest.raises(PictureError, match=r"float\.tif.*(finite|negative|70000).*8 or 16 bits"):
        open_picture(tmp_path / "float.tif")


@pytest.mark.parametrize(
    ("dtype", "stored", "expected"),
    [
        (np.uint32, [0, 5, 65535], [0, 5, 65535]),
        (np.int32, [0, 5, 40000], [0, 5, 40000]),
        (np.uint32, [0, 1 << 31, (1 << 32) - 1], [0, 32768, 65535]),
        (np.int32, [0, 1 << 19, (1 << 20) - 1], [0, 32768, 65535]),
    ],
)
def test_32_bit_integers_are_scaled_never_clipped(
    tmp_path: Path, dtype: type, stored: list[int], expected: list[int]
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.array([stored], dtype), photometric="minisblack")

    picture = open_picture(tmp_path / "a.tif")

    assert picture.pixels[0, :, 0].tolist() == expected
    assert any("16 bits" in notice for notice in picture.source.notices)


def test_negative_integers_are_refused_with_the_reason(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.array([[-3, 4]], np.int32), photometric="minisblack")

    with pytest.raises(PictureError, match="negative numbers"):
        open_picture(tmp_path / "a.tif")


def test_grey_with_alpha_keeps_two_channels(tmp_path: Path) -> None:
    stored = Image.merge("LA", Image.fromarray(photo()).split()[:2])
    stored.save(tmp_path / "a.png")

    np.testing.assert_array_equal(open_picture(tmp_path / "a.png").pixels, np.asarray(stored))


def test_colour_under_full_transparency_is_kept(tmp_path: Path) -> None:
    rgba = np.dstack([photo(), np.zeros((24, 32), np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "a.png")

    np.testing.assert_array_equal(open_picture(tmp_path / "a.png").pixels, rgba)


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_a_transparent_colour_becomes_alpha(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGB", (4, 3), "white")
    image.putpixel((1, 2), (0, 0, 0))
    image = image.convert(mode)
    image.save(tmp_path / "a.png", transparency=(0, 0, 0) if mode == "RGB" else 0)

    pixels = open_picture(tmp_path / "a.png").pixels

    assert pixels.shape[2] == (4 if mode == "RGB" else 2)
    assert pixels[2, 1, -1] == 0
    assert pixels[..., -1].sum() == 255 * 11


def test_a_transparent_grey_of_16_bits_becomes_alpha(tmp_path: Path) -> None:
    grey = Image.fromarray(np.array([[7, 65535, 300]], np.uint16))
    grey.save(tmp_path / "a.png", transparency=300)

    assert open_picture(tmp_path / "a.png").pixels.tolist() == [
        [[7, 65535], [65535, 65535], [300, 0]]
    ]


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_transparent_grey_of_few_bits_is_scaled_like_the_pixels(
    tmp_path: Path, bits: int
) -> None:
    # Grey PNG of 2 and 4 bits: Pillow writes none, so this one is put together by hand.
    top = (1 << bits) - 1
    per_byte = 8 // bits
    row = sum(value << (8 - bits * (i + 1)) for i, value in enumerate([0, top][:per_byte]))
    data = io.BytesIO()
    put = PngImagePlugin.putchunk
    data.write(b"\x89PNG\r\n\x1a\n")
    put(data, b"IHDR", (2).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes([bits, 0, 0, 0, 0]))
    put(data, b"tRNS", top.to_bytes(2, "big"))
    put(data, b"IDAT", zlib.compress(bytes([0, row])))
    put(data, b"IEND", b"")
    (tmp_path / "a.png").write_bytes(data.getvalue())

    assert open_picture(tmp_path / "a.png").pixels.tolist() == [[[0, 255], [255, 0]]]


def cmyk_profile() -> bytes:
    """A small ICC profile by which cyan ink is a certain green, so that its use can be seen.

    ICC.1:2001-04: header, tag table, one A2B0 table of type lut8 with two grid points per ink.
    """
    paper, cyan, black = (255, 128, 128), (150, 60, 180), (0, 128, 128)
    grid = bytearray()
    for corner in range(16):
        inks = [corner >> bit & 1 for bit in (3, 2, 1, 0)]
        grid += bytes({(0, 0, 0, 0): paper, (1, 0, 0, 0): cyan}.get(tuple(inks), black))
    identity = b"".join(struct.pack(">i", 65536 * (i % 4 == 0)) for i in range(9))
    curve = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + curve * 4 + grid + curve * 3
    table += bytes(-len(table) % 4)
    size = 128 + 4 + 12 + len(table)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table


def test_cmyk_goes_through_its_profile(tmp_path: Path) -> None:
    image = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    image.save(tmp_path / "a.jpg", icc_profile=cmyk_profile(), quality=100)

    picture = open_picture(tmp_path / "a.jpg")

    red, green, blue = picture.pixels[8, 8].astype(int)
    assert green > 120 > max(red, blue)
    assert ImageCms.getProfileDescription(io.BytesIO(picture.source.icc or b"")).startswith("sRGB")
    assert picture.source.notices == ("Its CMYK colours were converted to sRGB.",)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("icc", [None, srgb_profile(), b"not a profile"])
def test_cmyk_without_a_usable_profile_opens_the_right_way_round_with_a_notice(
    tmp_path: Path, icc: bytes | None
) -> None:
    # Pillow writes the Adobe marker and inverted ink, as Photoshop does.
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / "a.jpg", icc_profile=icc)

    picture = open_picture(tmp_path / "a.jpg")

    assert picture.pixels.shape == (16, 16, 3)
    red, green, blue = picture.pixels[8, 8]
    assert red < 60 < 200 < min(green, blue)
    assert picture.source.icc is None
    assert any("CMYK" in notice for notice in picture.source.notices)


def test_a_cmyk_jpeg_is_saved_as_rgb_jpeg(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / "a.jpg")

    save_picture(open_picture(tmp_path / "a.jpg"), tmp_path / "a.jpg")

    with Image.open(tmp_path / "a.jpg") as image:
        assert image.mode == "RGB"


def test_lab_tiff_is_converted_with_a_notice(tmp_path: Path) -> None:
    Image.new("LAB", (8, 8), (255, 128, 128)).save(tmp_path / "a.tif")

    picture = open_picture(tmp_path / "a.tif")

    assert picture.pixels.min() > 250
    assert any("Lab" in notice for notice in picture.source.notices)


def test_ycbcr_tiff_is_converted_with_a_notice(tmp_path: Path) -> None:
    Image.fromarray(photo()).convert("YCbCr").save(tmp_path / "a.tif")

    picture = open_picture(tmp_path / "a.tif")

    assert np.abs(picture.pixels.astype(int) - photo()).max() <= 3
    assert any("YCbCr" in notice for notice in picture.source.notices)


@pytest.mark.parametrize(
    ("ending", "word"), [("gif", "frame"), ("webp", "frame"), ("png", "frame"), ("tif", "page")]
)
def test_the_first_of_several_frames_opens_and_the_others_are_safe(
    tmp_path: Path, ending: str, word: str
) -> None:
    frames = [Image.new("RGB", (8, 8), (60 * i, 0, 0)) for i in range(4)]
    options = {"lossless": True} if ending == "webp" else {}
    path = tmp_path / f"a.{ending}"
    frames[0].save(path, save_all=True, append_images=frames[1:], **options)
    before = path.read_bytes()

    picture = open_picture(path)

    assert picture.pixels.max() == 0
    assert picture.source.frames == 4
    assert picture.source.webp_lossless == (ending == "webp")
    assert f"first of 4 {word}s" in picture.source.notices[0]
    if ending != "gif":
        with pytest.raises(PictureError, match=f"3 further {word}s.*another name"):
            save_picture(picture, path)
    assert path.read_bytes() == before
    save_picture(picture, tmp_path / "b.png")


def test_a_jpeg_with_a_second_picture_inside_is_a_jpeg(tmp_path: Path) -> None:
    first = Image.fromarray(photo())
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[first])

    picture = open_picture(tmp_path / "a.jpg")

    assert picture.source.format == "JPEG"
    assert picture.source.frames == 2
    assert picture.source.jpeg_tables
    with pytest.raises(PictureError, match="1 further picture "):
        save_picture(picture, tmp_path / "a.jpg")


@pytest.mark.parametrize("form", ["GIF", "PPM", "TGA", "ICO", "JPEG2000"])
def test_formats_that_are_not_written_open_with_a_notice(tmp_path: Path, form: str) -> None:
    Image.fromarray(photo()).save(tmp_path / "a.bin", form)

    picture = open_picture(tmp_path / "a.bin")

    assert any("not written" in notice for notice in picture.source.notices)


@pytest.mark.parametrize("true_form", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "txt"])
def test_contents_decide_not_the_name(tmp_path: Path, true_form: str, ending: str) -> None:
    Image.fromarray(photo()).save(tmp_path / f"a.{ending}", true_form)

    picture = open_picture(tmp_path / f"a.{ending}")

    assert picture.source.format == true_form
    assert picture.pixels.shape == (24, 32, 3)


def test_pixels_are_one_writable_block(tmp_path: Path) -> None:
    for form in ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF"):
        Image.fromarray(photo()).save(tmp_path / "a", form)
        flags = open_picture(tmp_path / "a").pixels.flags
        assert flags.c_contiguous
        assert flags.writeable
