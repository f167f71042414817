"""A picture: pixels in the file's own depth, and all the file said beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from engine.types import Pixels


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file looked like from outside when we last read or wrote it."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where pixels came from and what must go back into the file beside them.

    Attributes:
        format: Pillow's name of the format ("PNG", "JPEG", ...).
        path: the file, or None for pixels that never were one.
        mode: the file's own colour mode in Pillow's words ("P", "1", "CMYK", ...), or "RGB;16" and
            the like where it has none.
        frames: how many frames or pages the file holds; only the first is in `pixels`.
        dropped: what of the file is not in `pixels` and would be lost by saving over it, such as
            "11 further frames"; "" if nothing.
        icc: colour profile, byte for byte, of `pixels` (not of a CMYK original).
        exif: EXIF block starting at its TIFF header, orientation reset to 1.
        xmp: XMP packet.
        dpi: horizontal and vertical resolution in dots per inch.
        png_chunks: text and colour chunks of a PNG as they were.
        jpeg_tables: quantisation tables by number, 64 values each.
        jpeg_subsampling: chroma subsampling as Pillow counts it (0 = 4:4:4, 1 = 4:2:2,
            2 = 4:2:0); -1 if it is another one or there is none.
        jpeg_progressive: whether the JPEG was progressive.
        webp_lossless: whether the WebP was lossless.
        tiff_compression: Pillow's name of the TIFF compression ("raw", "tiff_lzw", ...).
        notices: sentences the user must know, such as "This is the first of 12 frames".
        fingerprint: size and time of the file as it was read or written.
    """

    format: str = "PNG"
    path: Path | None = None
    mode: str = "RGB"
    frames: int = 1
    dropped: str = ""
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    png_chunks: tuple[tuple[bytes, bytes], ...] = ()
    jpeg_tables: tuple[tuple[int, ...], ...] = ()
    jpeg_subsampling: int = -1
    jpeg_progressive: bool = False
    webp_lossless: bool = False
    tiff_compression: str = "raw"
    notices: tuple[str, ...] = ()
    fingerprint: Fingerprint | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels, (H, W, C) uint8 or uint16 with C in 1..4, and their source."""

    pixels: Pixels
    source: Source = field(default_factory=Source)

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])
