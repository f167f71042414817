"""Writing TIFF in 8 and 16 bits with all tags that came with the picture."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import cv2
import tifffile

from engine.pictures import exif, ifd

if TYPE_CHECKING:
    from PIL import Image

    from engine.pictures.contents import Part
    from engine.pictures.picture import Source
    from engine.types import Pixels

_EXTRA_SAMPLES, _ICC, _XMP = 338, 34675, 700
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_UNASSOCIATED, _INCH = 2, 2
_BYTE, _RATIONAL, _UNDEFINED = 1, 5, 7

_CODES = {"raw": 1, "tiff_lzw": 5, "tiff_adobe_deflate": 8, "packbits": 32773}
_SWAPS = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
_ONE_BIT = frozenset({"group3", "group4", "tiff_ccitt"})


def encode(pixels: Pixels, compression: str) -> bytes:
    """A bare TIFF of (H, W, C) pixels with 8 or 16 bits.

    Args:
        pixels: what to write.
        compression: Pillow's name; what is neither none, LZW, Deflate nor PackBits becomes
            Deflate, which loses nothing.

    Raises:
        ValueError: if the encoder refuses.
    """
    code = _CODES.get(compression, _CODES["tiff_adobe_deflate"])
    channels = pixels.shape[2]
    if channels == 2:
        return _encode_grey_alpha(pixels, code)
    swapped = cv2.cvtColor(pixels, _SWAPS[channels]) if channels > 1 else pixels
    done, data = cv2.imencode(".tiff", swapped, [cv2.IMWRITE_TIFF_COMPRESSION, code])
    if not done:
        raise ValueError("the TIFF encoder refused the pixels")
    return data.tobytes()


def encode_image(image: Image.Image, compression: str) -> bytes:
    """A bare TIFF of a palette or one-bit picture."""
    fits = compression in _CODES or (image.mode == "1" and compression in _ONE_BIT)
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", compression=compression if fits else "tiff_adobe_deflate")
    return buffer.getvalue()


def with_tags(bare: bytes, source: Source, *, has_alpha: bool) -> list[Part]:
    """Parts of the TIFF `bare` with profile, EXIF, XMP and resolution of a source.

    A directory with the old and the new tags is put at the end, and the header points there.
    """
    order = ifd.order_of(bare)
    directory = ifd.first_directory(bare)
    entries = directory.entries
    for tag in (_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT):
        entries.pop(tag, None)
    if source.exif is not None:
        described = exif.for_tiff(source.exif, order)
        directory.children.update(described.children)
        entries |= {tag: entry for tag, entry in described.entries.items() if tag not in entries}
    if has_alpha:
        entries[_EXTRA_SAMPLES] = ifd.short(_UNASSOCIATED, order)
    if source.icc is not None:
        entries[_ICC] = ifd.Entry(_UNDEFINED, source.icc)
    if source.xmp is not None:
        entries[_XMP] = ifd.Entry(_BYTE, source.xmp)
    if source.dpi is not None:
        for tag, value in zip((_X_RESOLUTION, _Y_RESOLUTION), source.dpi, strict=True):
            entries[tag] = ifd.Entry(
                _RATIONAL, struct.pack(order + "II", round(value * 1e4), 10000)
            )
        entries[_RESOLUTION_UNIT] = ifd.short(_INCH, order)
    padding = len(bare) % 2
    at = len(bare) + padding
    head = bare[:4] + struct.pack(order + "I", at)
    return [head, memoryview(bare)[8:], bytes(padding), ifd.serialised(directory, order, at)]


def _encode_grey_alpha(pixels: Pixels, code: int) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        pixels,
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"],
        compression=None if code == _CODES["raw"] else "zlib",
        metadata=None,
        software=False,
        byteorder="<",
    )
    return buffer.getvalue()
