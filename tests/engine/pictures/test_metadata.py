"""What stands beside the pixels comes back: profile, EXIF, XMP, resolution, text; upright."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from engine.errors import PictureError
from engine.pictures import Picture, Source, exif, ifd, open_picture, png, save_picture

if TYPE_CHECKING:
    from pathlib import Path

# One colour per corner: top left red, top right green, bottom left blue, bottom right white.
CORNERS = (
    np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)
    .repeat(8, axis=0)
    .repeat(16, axis=1)
)

# How an upright picture is stored for each orientation (EXIF 2.32, tag 0x0112).
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6" dc:title="K\xc3\xbcste"/></x:xmpmeta>'


def exif_block(orientation: int = 1) -> Image.Exif:
    block = Image.Exif()
    block[ExifTag.ORIENTATION] = orientation
    block[ExifTag.MAKE] = "Maker"
    block.get_ifd(ExifTag.EXIF)[ExifTag.TAKEN] = "2020:01:02 03:04:05"
    block.get_ifd(ExifTag.EXIF)[ExifTag.ISO] = 400
    block.get_ifd(ExifTag.GPS)[1] = "N"
    return block


class ExifTag:
    ORIENTATION, MAKE, EXIF, GPS, TAKEN, ISO = 0x0112, 0x010F, 0x8769, 0x8825, 0x9003, 0x8827


def assert_describes_the_photograph(path: Path) -> None:
    with Image.open(path) as image:
        found = image.getexif()
        assert found.get(ExifTag.ORIENTATION, 1) == 1
        assert found[ExifTag.MAKE] == "Maker"
        assert found.get_ifd(ExifTag.EXIF)[ExifTag.TAKEN] == "2020:01:02 03:04:05"
        assert found.get_ifd(ExifTag.EXIF)[ExifTag.ISO] == 400
        assert found.get_ifd(ExifTag.GPS)[1] == "N"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_pictures_open_upright_and_are_saved_so(
    tmp_path: Path, ending: str, orientation: int
) -> None:
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](CORNERS)))
    options = {"lossless": True} if ending == "webp" else {}
    path = tmp_path / f"a.{ending}"
    stored.save(path, exif=exif_block(orientation).tobytes(), **options)

    picture = open_picture(path)
    save_picture(picture, path)
    again = open_picture(path)

    for pixels in (picture.pixels, again.pixels):
        assert pixels.shape == CORNERS.shape
        assert np.abs(pixels[::15, ::31].astype(int) - CORNERS[::15, ::31]).max() < 16
    assert_describes_the_photograph(path)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bit_pictures_open_upright_too(
    tmp_path: Path, ending: str, dtype: type, orientation: int
) -> None:
    upright = CORNERS.astype(dtype) * (257 if dtype == np.uint16 else 1)
    stored = np.ascontiguousarray(STORED[orientation](upright))
    block = exif_block(orientation).tobytes()[6:]
    if ending == "png":
        save_picture(Picture(stored, Source(exif=block)), tmp_path / "a.png")
    else:
        save_picture(Picture(stored, Source()), tmp_path / "a.tif")
        put_orientation(tmp_path / "a.tif", orientation)

    np.testing.assert_array_equal(open_picture(tmp_path / f"a.{ending}").pixels, upright)


def put_orientation(path: Path, orientation: int) -> None:
    data = path.read_bytes()
    order = ifd.order_of(data)
    directory = ifd.first_directory(data)
    directory.entries[exif.ORIENTATION] = ifd.short(orientation, order)
    head = data[:4] + struct.pack(order + "I", len(data))
    path.write_bytes(head + data[8:] + ifd.serialised(directory, order, len(data)))


def test_orientation_in_xmp_alone_is_followed_and_reset(tmp_path: Path) -> None:
    stored = np.ascontiguousarray(STORED[6](CORNERS))
    save_picture(Picture(stored, Source(xmp=XMP)), tmp_path / "a.png")

    picture = open_picture(tmp_path / "a.png")

    np.testing.assert_array_equal(picture.pixels, CORNERS)
    assert picture.source.xmp == XMP.replace(b'"6"', b'"1"')


def test_exif_overrules_xmp_about_the_orientation(tmp_path: Path) -> None:
    block = exif_block(1).tobytes()[6:]
    save_picture(Picture(CORNERS, Source(xmp=XMP, exif=block)), tmp_path / "a.png")

    np.testing.assert_array_equal(open_picture(tmp_path / "a.png").pixels, CORNERS)


@pytest.mark.parametrize("first", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("second", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_profile_exif_xmp_and_resolution_go_from_format_to_format(
    tmp_path: Path, first: str, second: str, dtype: type
) -> None:
    source = Source(
        icc=PROFILE, exif=exif_block().tobytes()[6:], xmp=b"<x:xmpmeta/>", dpi=(300.0, 200.0)
    )
    pixels = CORNERS.astype(dtype) * (257 if dtype == np.uint16 else 1)
    save_picture(Picture(pixels, source), tmp_path / f"a.{first}", allow_loss=True)

    picture = open_picture(tmp_path / f"a.{first}")
    save_picture(picture, tmp_path / f"b.{second}", allow_loss=True)
    result = open_picture(tmp_path / f"b.{second}")

    assert result.source.icc == PROFILE
    assert result.source.xmp == b"<x:xmpmeta/>"
    assert_describes_the_photograph(tmp_path / f"b.{second}")
    if "webp" not in (first, second):
        assert result.source.dpi == pytest.approx((300, 200), abs=0.02)
    assert result.source.notices == ()


def test_an_exif_block_comes_back_byte_for_byte(tmp_path: Path) -> None:
    block = exif_block(1).tobytes()[6:]
    for ending in ("jpg", "png", "webp"):
        save_picture(Picture(CORNERS, Source(exif=block)), tmp_path / f"a.{ending}")
        assert open_picture(tmp_path / f"a.{ending}").source.exif == block


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_exif_of_either_byte_order_goes_into_tiff(tmp_path: Path, byteorder: str) -> None:
    block = exif_block(1)
    block.endian = byteorder
    raw = block.tobytes()[6:]
    save_picture(Picture(CORNERS, Source(exif=raw)), tmp_path / "a.tif")

    assert_describes_the_photograph(tmp_path / "a.tif")


def test_the_thumbnail_that_would_still_show_what_was_removed_is_wiped(tmp_path: Path) -> None:
    thumbnail = io.BytesIO()
    Image.fromarray(CORNERS).save(thumbnail, "JPEG")
    second = ifd.Directory({0x0201: ifd.Entry(4, b"\0" * 4), 0x0202: ifd.Entry(4, b"\0" * 4)})
    first = ifd.Directory({ExifTag.MAKE: ifd.Entry(2, b"Maker\0")})
    block = bytearray(b"II*\0\x08\0\0\0" + ifd.serialised(first, "<", 8))
    struct.pack_into("<I", block, 8 + 2 + 12, len(block))
    at = len(block)
    block += ifd.serialised(second, "<", at)
    struct.pack_into("<I", block, at + 2 + 8, len(block))
    struct.pack_into("<I", block, at + 2 + 12 + 8, len(thumbnail.getvalue()))
    block += thumbnail.getvalue()
    Image.fromarray(CORNERS).save(tmp_path / "a.jpg", exif=b"Exif\0\0" + bytes(block))
    assert thumbnail.getvalue() in (tmp_path / "a.jpg").read_bytes()

    save_picture(open_picture(tmp_path / "a.jpg"), tmp_path / "a.jpg")

    assert thumbnail.getvalue()[:200] not in (tmp_path / "a.jpg").read_bytes()
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.getexif()[ExifTag.MAKE] == "Maker"
        assert not image.getexif().get_ifd(1)


@pytest.mark.parametrize(
    "damaged",
    [
        b"Exif\0\0",
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0",
    ],
)
@pytest.mark.parametrize("ending", ["jpg", "webp"])
def test_a_damaged_exif_block_is_left_out_with_a_notice(
    tmp_path: Path, ending: str, damaged: bytes
) -> None:
    Image.fromarray(CORNERS).save(tmp_path / f"a.{ending}", exif=damaged)

    picture = open_picture(tmp_path / f"a.{ending}")

    assert picture.pixels.shape == CORNERS.shape
    assert picture.source.exif is None
    if len(damaged) > 6:
        assert any("EXIF block is damaged" in notice for notice in picture.source.notices)


def test_an_orientation_beyond_eight_is_ignored(tmp_path: Path) -> None:
    Image.fromarray(CORNERS).save(tmp_path / "a.png", exif=exif_block(9))

    np.testing.assert_array_equal(open_picture(tmp_path / "a.png").pixels, CORNERS)


def test_png_text_and_colour_chunks_come_back_byte_for_byte(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "seed 7", zip=True)
    text.add_text("Title", "plain")
    text.add_itxt("Titel", "Küste", "de", "Titel")
    text.add(b"gAMA", struct.pack(">I", 45455))
    text.add(b"cHRM", struct.pack(">8I", *range(8)))
    Image.fromarray(CORNERS).save(tmp_path / "a.png", pnginfo=text)
    picture = open_picture(tmp_path / "a.png")

    save_picture(picture, tmp_path / "b.png")

    with Image.open(tmp_path / "b.png") as image:
        image.load()
        assert image.text == {"parameters": "seed 7", "Title": "plain", "Titel": "Küste"}
        assert image.info["gamma"] == pytest.approx(0.45455)
    assert open_picture(tmp_path / "b.png").source.png_chunks == picture.source.png_chunks


def with_chunk(path: Path, name: bytes, data: bytes) -> None:
    """Put a chunk behind the header of a PNG."""
    whole = path.read_bytes()
    check = struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))
    chunk = struct.pack(">I", len(data)) + name + data + check
    path.write_bytes(whole[:33] + chunk + whole[33:])


@pytest.mark.parametrize(
    "chunk",
    [
        (b"iTXt", b"XML:com.adobe.xmp\0\0"),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0no deflated text"),
        (b"tEXt", b"Raw profile type exif\0\nexif\n 9\nno hexadecimal"),
    ],
)
def test_a_damaged_png_text_costs_nothing_else(tmp_path: Path, chunk: tuple[bytes, bytes]) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "plain")
    Image.fromarray(CORNERS).save(tmp_path / "a.png", pnginfo=text)
    with_chunk(tmp_path / "a.png", *chunk)

    picture = open_picture(tmp_path / "a.png")

    np.testing.assert_array_equal(picture.pixels, CORNERS)
    assert (b"tEXt", b"Title\0plain") in picture.source.png_chunks


@pytest.mark.parametrize("key", ["history", "XML:com.adobe.xmp"])
def test_a_long_png_text_is_kept(tmp_path: Path, key: str) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt(key, "y" * 3_000_000, zip=True)
    Image.fromarray(CORNERS).save(tmp_path / "a.png", pnginfo=text)

    source = open_picture(tmp_path / "a.png").source

    assert source.xmp == b"y" * 3_000_000 if key != "history" else source.png_chunks


def test_a_png_text_that_swells_beyond_reason_is_not_unpacked(tmp_path: Path) -> None:
    Image.fromarray(CORNERS).save(tmp_path / "a.png")
    swelling = zlib.compress(bytes(png.LONGEST_TEXT + 1))
    data = b"XML:com.adobe.xmp\0\1\0\0\0" + swelling
    with_chunk(tmp_path / "a.png", b"iTXt", data)

    with (tmp_path / "a.png").open("rb") as file:
        assert png.extras(file).xmp == b""


def test_png_text_that_another_format_cannot_hold_is_named(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "plain")
    Image.fromarray(CORNERS).save(tmp_path / "a.png", pnginfo=text)

    saved = save_picture(open_picture(tmp_path / "a.png"), tmp_path / "b.tif")

    assert any("text" in notice for notice in saved.source.notices)


def test_exif_in_a_png_text_chunk_is_understood(tmp_path: Path) -> None:
    raw = exif_block(6).tobytes()
    lines = [raw.hex()[i : i + 72] for i in range(0, len(raw.hex()), 72)]
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", "\n".join(["", "exif", f"{len(raw):8d}", *lines, ""]))
    stored = Image.fromarray(np.ascontiguousarray(STORED[6](CORNERS)))
    stored.save(tmp_path / "a.png", pnginfo=text)

    save_picture(open_picture(tmp_path / "a.png"), tmp_path / "b.png")

    np.testing.assert_array_equal(open_picture(tmp_path / "b.png").pixels, CORNERS)
    assert_describes_the_photograph(tmp_path / "b.png")


def test_tags_that_only_tiff_has_stay_in_tiff(tmp_path: Path) -> None:
    iptc = 33723
    Image.fromarray(CORNERS).save(tmp_path / "a.tif", tiffinfo={iptc: b"caption", 315: "Artist"})
    picture = open_picture(tmp_path / "a.tif")

    save_picture(picture, tmp_path / "b.tif")
    save_picture(picture, tmp_path / "b.jpg")

    with Image.open(tmp_path / "b.tif") as image:
        assert bytes(image.tag_v2[iptc]) == b"caption"
        assert image.tag_v2[315] == "Artist"
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.getexif()[315] == "Artist"
        assert iptc not in image.getexif()


def test_bmp_says_that_it_holds_no_profile(tmp_path: Path) -> None:
    saved = save_picture(Picture(CORNERS, Source(icc=PROFILE)), tmp_path / "a.bmp")

    assert any("BMP" in notice for notice in saved.source.notices)


def test_blocks_too_long_for_jpeg_are_left_out_with_a_notice(tmp_path: Path) -> None:
    long_comment = ifd.Directory({0x9286: ifd.Entry(7, b"x" * 70000)})
    block = b"II*\0\x08\0\0\0" + ifd.serialised(long_comment, "<", 8)
    source = Source(exif=block, xmp=b"<x>" + b" " * 70000 + b"</x>")

    saved = save_picture(Picture(CORNERS, source), tmp_path / "a.jpg")

    assert sum("too long for JPEG" in notice for notice in saved.source.notices) == 2
    assert open_picture(tmp_path / "a.jpg").pixels.shape == CORNERS.shape


def test_a_profile_is_kept_whatever_it_says(tmp_path: Path) -> None:
    wrong = PROFILE[:-8] + b"scrambld"
    for ending in ("png", "jpg", "tif", "webp"):
        save_picture(Picture(CORNERS, Source(icc=wrong)), tmp_path / f"a.{ending}")
        assert open_picture(tmp_path / f"a.{ending}").source.icc == wrong


def test_a_cyclic_tiff_directory_does_not_hang(tmp_path: Path) -> None:
    # The EXIF pointer of this block points at the directory that holds it.
    block = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, ExifTag.EXIF, 4, 1, 8) + b"\0" * 4

    directory = ifd.first_directory(block)

    assert directory.entries == {}
    assert exif.orientation_of(block) == 0


def test_a_tiff_whose_directory_lies_outside_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0" + struct.pack("<I", 4000) + b"\0" * 100)

    with pytest.raises(PictureError, match="damaged or incomplete"):
        open_picture(tmp_path / "a.tif")
