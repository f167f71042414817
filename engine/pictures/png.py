"""The chunks of PNG files (PNG 3rd edition, section 5): Pillow and OpenCV keep only some."""

from __future__ import annotations

import logging
import struct
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import cv2
import numpy as np

from engine.pictures.contents import swap_red_and_blue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from engine.pictures.contents import Part
    from engine.types import Pixels

log = logging.getLogger(__name__)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6

KEPT = frozenset({b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"tEXt", b"zTXt", b"iTXt"})
"""Chunks carried over as they are: how colours are meant, and text."""

LONGEST_TEXT = 64 * 1024 * 1024
"""Bytes that a text or profile may have; a few kilobytes of a file can hold gigabytes of them."""

XMP_KEYWORD = b"XML:com.adobe.xmp"
_TO_BGR = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
_EXIF_KEYWORD = b"Raw profile type exif"


def chunks(file: IO[bytes], *, pixels: bool = True) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of each chunk of a file, from its beginning to IEND.

    Args:
        file: open at any place.
        pixels: whether to read pixel data too; without, those chunks come empty and unchecked.

    Raises:
        ValueError: if the file ends before IEND, or a chunk's checksum is wrong.
    """
    file.seek(len(SIGNATURE))
    name = b""
    while name != b"IEND":
        head = file.read(8)
        if len(head) < 8:
            raise ValueError("the file ends too early")
        length, name = struct.unpack(">I4s", head)
        if name == b"IDAT" and not pixels:
            file.seek(length + 4, 1)
            yield name, b""
            continue
        data = file.read(length)
        check = file.read(4)
        if len(data) < length or len(check) < 4:
            raise ValueError("the file ends too early")
        if zlib.crc32(data, zlib.crc32(name)) != struct.unpack(">I", check)[0]:
            raise ValueError(f"the checksum of its {name.decode('latin-1')} chunk is wrong")
        yield name, data


def header(file: IO[bytes]) -> tuple[int, int]:
    """Bit depth and colour type."""
    file.seek(len(SIGNATURE) + 8 + 8)
    depth, colour = struct.unpack("BB", file.read(2))
    return depth, colour


@dataclass(frozen=True, slots=True)
class Extras:
    """What a PNG holds beside its pixels."""

    kept: tuple[tuple[bytes, bytes], ...]
    exif: bytes
    xmp: bytes


def extras(file: IO[bytes], *, pixels: bool = True) -> Extras:
    """Chunks to carry over, EXIF and XMP, as far as the file is whole; `pixels` as in `chunks`."""
    kept: list[tuple[bytes, bytes]] = []
    exif = xmp = b""
    try:
        for name, data in chunks(file, pixels=pixels):
            if name == b"eXIf":
                exif = data
            elif name == b"iTXt" and data.startswith(XMP_KEYWORD + b"\0"):
                xmp = _decoded(_international_text, data)
            elif name in (b"zTXt", b"tEXt") and data.startswith(_EXIF_KEYWORD + b"\0"):
                exif = exif or _decoded(_exif_in_text, data, name)
            elif name in KEPT:
                kept.append((name, data))
    except ValueError:
        log.info("the PNG is damaged; what follows the damage is not kept", exc_info=True)
    return Extras(tuple(kept), exif, xmp)


def _decoded(decode: Callable[..., bytes], *stored: bytes) -> bytes:
    """What is in a text chunk; nothing if it is damaged, which is no reason to lose the rest."""
    try:
        return decode(*stored)
    except (ValueError, LookupError, zlib.error):
        log.info("a text chunk of the PNG is damaged and was left out", exc_info=True)
        return b""


def _inflated(data: bytes) -> bytes:
    """Deflated text, as long as it is no longer than `LONGEST_TEXT`."""
    stream = zlib.decompressobj()
    text = stream.decompress(data, LONGEST_TEXT)
    if not stream.eof:
        raise ValueError("the text is too long or broken off")
    return text


def _international_text(data: bytes) -> bytes:
    """The text of an iTXt chunk: keyword, 0, compressed?, method, language, 0, keyword, 0, text."""
    flags, rest = data.split(b"\0", 1)[1][:2], data.split(b"\0", 1)[1][2:]
    text = rest.split(b"\0", 2)[2]
    return _inflated(text) if flags[:1] == b"\1" else text


def _exif_in_text(data: bytes, name: bytes) -> bytes:
    """EXIF as ImageMagick writes it: hexadecimal below a heading of three lines."""
    text = data.split(b"\0", 1)[1]
    lines = (_inflated(text[1:]) if name == b"zTXt" else text).split(b"\n")
    return bytes.fromhex(b"".join(lines[3:]).decode("ascii"))


def decode_deep(file: IO[bytes]) -> Pixels:
    """(H, W, C) uint16 pixels of a PNG with 16 bits and several channels.

    Raises:
        ValueError: if the file is damaged.
    """
    for _ in chunks(file):  # OpenCV fills up what is missing and says nothing
        pass
    _, kind = header(file)
    file.seek(0)
    pixels = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        raise ValueError("its pixel data is damaged")
    if kind == GREY_ALPHA:
        return np.ascontiguousarray(pixels[:, :, [0, 3]].astype(np.uint16))
    swap_red_and_blue(pixels)
    return pixels.astype(np.uint16, copy=False)


def encode(pixels: Pixels) -> bytes:
    """A bare PNG of (H, W, C) pixels with 16 bits.

    OpenCV writes neither grey with alpha, nor is there another writer at hand that does: those
    rows are filtered (type 2, the row above) and deflated here.
    """
    if pixels.shape[2] == 2:
        return _encode_rows(pixels, GREY_ALPHA)
    swap = _TO_BGR.get(pixels.shape[2])
    swapped = pixels if swap is None else cv2.cvtColor(pixels, swap)
    done, data = cv2.imencode(".png", swapped)
    if not done:
        raise ValueError("the PNG encoder refused the pixels")
    return data.tobytes()


def with_chunks(bare: bytes, extra: Iterable[tuple[bytes, bytes]]) -> list[Part]:
    """Parts of the PNG `bare` with further chunks right behind its header."""
    head = len(SIGNATURE) + 4 + 4 + 13 + 4
    whole = memoryview(bare)
    return [whole[:head], *(_chunk(name, data) for name, data in extra), whole[head:]]


def profile_chunk(icc: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc)


def xmp_chunk(xmp: bytes) -> tuple[bytes, bytes]:
    return b"iTXt", XMP_KEYWORD + b"\0\0\0\0\0" + xmp


def resolution_chunk(dpi: tuple[float, float]) -> tuple[bytes, bytes]:
    across, down = (round(value / 0.0254) for value in dpi)
    return b"pHYs", struct.pack(">IIB", across, down, 1)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(data, zlib.crc32(name))
    return struct.pack(">I4s", len(data), name) + data + struct.pack(">I", check)


def _encode_rows(pixels: Pixels, colour: int) -> bytes:
    height, width = pixels.shape[:2]
    rows = pixels.astype(">u2").view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    shape = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    parts = ((b"IHDR", shape), (b"IDAT", zlib.compress(filtered.tobytes())), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)
