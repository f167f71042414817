"""Pictures that Pillow decodes; PNG with 16 bits and several channels goes through OpenCV."""

from __future__ import annotations

import struct
from typing import IO, TYPE_CHECKING

import numpy as np
from PIL import Image, JpegImagePlugin

from engine.pictures import colour, exif, numbers, png
from engine.pictures.contents import Contents, mode_of, usable_resolution

if TYPE_CHECKING:
    from engine.types import Pixels

_PLAIN = {"1": "L", "L": "L", "LA": "LA", "La": "LA", "RGB": "RGB", "RGBA": "RGBA", "RGBa": "RGBA"}
"""What each mode that needs no thought becomes."""

_BAND_PIXELS = 250_000  # a band then stays in the cache: four times as fast as one of 1,000,000


def read(image: Image.Image, file: IO[bytes]) -> Contents:
    """The first frame of an opened, not yet decoded picture of any format but TIFF.

    Raises:
        Exception: whatever Pillow raises for damaged files.
    """
    form = "JPEG" if image.format == "MPO" else image.format or "unknown"
    contents = Contents(form, image.mode, icc=image.info.get("icc_profile") or None)
    frames = int(getattr(image, "n_frames", 1))
    if frames > 1:
        image.seek(0)
        contents.count_frames(frames, "picture" if form == "JPEG" else "frame")
    if form == "JPEG":
        _read_jpeg_details(image, contents)
    elif form == "WEBP":
        contents.details = {"webp_lossless": _webp_is_lossless(file)}
    if form == "PNG":
        _read_png(image, file, contents)
    else:
        image.load()
        contents.pixels = pixels_of(image, contents)
        contents.exif = exif.without_prefix(image.info.get("exif", b"")) or None
        contents.xmp = image.info.get("xmp") or None
    if dpi := image.info.get("dpi"):
        contents.dpi = usable_resolution(float(dpi[0]), float(dpi[1]))
    return contents


def layout_of(image: Image.Image, file: IO[bytes]) -> tuple[int, int, int]:
    """Channels that will be read, bytes of each, and the orientation 1..8; nothing is decoded."""
    block, xmp, depth = image.info.get("exif", b""), image.info.get("xmp") or b"", 1
    if image.format == "PNG":
        extras = png.extras(file, pixels=False)
        block, xmp = extras.exif, extras.xmp
        depth = 2 if png.header(file)[0] == 16 else 1
    elif image.mode in ("I", "F") or image.mode.startswith("I;16"):
        depth = 2
    colours = 1 if image.mode in ("1", "L", "LA", "La", "I", "F") or "I;16" in image.mode else 3
    try:
        turn = exif.orientation_of(exif.without_prefix(block)) if block else 0
    except (ValueError, struct.error):
        turn = 0  # damaged: it will be left out
    return (
        colours + bool(image.has_transparency_data),
        depth,
        turn or (exif.xmp_orientation_of(xmp) if xmp else 1),
    )


def pixels_of(image: Image.Image, contents: Contents) -> Pixels:
    """The native pixels of a decoded Pillow image; notices go into `contents`.

    Raises:
        UnusableNumbersError: if its samples are no brightness.
    """
    mode = image.mode
    if mode in ("I", "F") or mode.startswith("I;16"):
        pixels, notice = numbers.native(np.array(image)[:, :, None])
        contents.notices += [notice] if notice else []
        return pixels
    if colour.is_foreign(mode):
        image, contents.icc, notice = colour.to_rgb(image, contents.icc)
        contents.notices.append(notice)
    plain = _PLAIN.get(image.mode, "RGBA" if image.has_transparency_data else "RGB")
    return _array(image if image.mode == plain else image.convert(plain))


def _array(image: Image.Image) -> Pixels:
    """(H, W, C) copy of a Pillow image, in bands so that a third copy is never alive."""
    width, height = image.size
    pixels = np.empty((height, width, len(image.getbands())), np.uint8)
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        band = np.asarray(image.crop((0, top, width, bottom)))
        pixels[top:bottom] = band.reshape(bottom - top, width, -1)
    return pixels


def _read_jpeg_details(image: Image.Image, contents: Contents) -> None:
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.mode in ("L", "RGB"):
        tables = tuple(tuple(image.quantization[key]) for key in sorted(image.quantization))
        contents.details = {
            "jpeg_tables": tables,
            "jpeg_subsampling": JpegImagePlugin.get_sampling(image),
            "jpeg_progressive": bool(image.info.get("progressive")),
        }


def _read_png(image: Image.Image, file: IO[bytes], contents: Contents) -> None:
    depth, kind = png.header(file)
    extras = png.extras(file)
    if depth == 16 and kind in (png.RGB, png.GREY_ALPHA, png.RGB_ALPHA):
        contents.pixels = png.decode_deep(file)
        contents.mode = mode_of(contents.pixels)
    else:
        file.seek(0)
        image.load()
        pixels = pixels_of(image, contents)
        key = image.info.get("transparency")
        if key is not None and kind in (png.GREY, png.RGB):
            key = key * 255 // ((1 << depth) - 1) if 1 < depth < 8 else key
            pixels = _with_key(pixels, key)
        contents.pixels = pixels
    contents.exif = exif.without_prefix(extras.exif) or None
    contents.xmp = extras.xmp or None
    contents.details = {"png_chunks": extras.kept}


def _with_key(pixels: Pixels, key: int | tuple[int, ...]) -> Pixels:
    """With alpha: none where the pixel has the colour that the file calls transparent."""
    clear = np.all(pixels == np.asarray(key, pixels.dtype), axis=2, keepdims=True)
    alpha = np.where(clear, 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
    keyed: Pixels = np.concatenate([pixels, alpha], axis=2)
    return keyed


def _webp_is_lossless(file: IO[bytes]) -> bool:
    """Whether the first picture chunk of a WebP file is a VP8L one (RFC 9649, section 2)."""
    place = file.tell()
    file.seek(12)
    lossless = False
    while len(head := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", head)
        if name in (b"VP8 ", b"VP8L"):
            lossless = bool(name == b"VP8L")
            break
        # The chunks of a frame stand inside it, behind 16 bytes of its own.
        file.seek(16 if name == b"ANMF" else length + length % 2, 1)
    file.seek(place)
    return lossless
