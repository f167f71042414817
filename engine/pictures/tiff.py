"""Reading TIFF: tags by tifffile, pixels by whoever keeps their depth."""

from __future__ import annotations

import logging
import mmap
import struct
import zlib
from typing import IO, TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.pictures import exif, ifd, numbers
from engine.pictures.contents import Contents, mode_of, swap_red_and_blue, usable_resolution
from engine.pictures.decoding import pixels_of

if TYPE_CHECKING:
    import numpy.typing as npt
    import tifffile

    from engine.types import Pixels

log = logging.getLogger(__name__)

_ICC, _XMP, _ORIENTATION, _RESOLUTION = 34675, 700, 274, (282, 283, 296)
_WHITE_IS_ZERO, _PALETTE, _SEPARATED, _LAB = 0, 3, 5, (8, 9, 10)
_ASSOCIATED, _UNASSOCIATED = 1, 2
_CENTIMETRE = 3
_COMPRESSIONS = {1: "raw", 5: "tiff_lzw", 8: "tiff_adobe_deflate", 32946: "tiff_adobe_deflate"} | {
    2: "tiff_ccitt",
    3: "group3",
    4: "group4",
    32773: "packbits",
}
_HEADERS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_tiff(file: IO[bytes]) -> bool:
    """Whether a file begins like TIFF or BigTIFF."""
    file.seek(0)
    begins = file.read(4) in _HEADERS
    file.seek(0)
    return begins


def size_of(tiff: tifffile.TiffFile) -> tuple[int, int]:
    """Width and height as stored."""
    page = tiff.pages.first
    return int(page.imagewidth), int(page.imagelength)


def layout_of(tiff: tifffile.TiffFile) -> tuple[int, int, int]:
    """Channels that will be read, bytes of each, and the orientation as the tags state it."""
    page = tiff.pages.first
    colours = 3 if page.samplesperpixel >= 3 or page.photometric == _PALETTE else 1
    extra = tuple(page.extrasamples)
    has_alpha = bool(extra) and extra[0] in (_ASSOCIATED, _UNASSOCIATED)
    orientation = int(_tag(page, _ORIENTATION) or 1)
    if orientation == 1 and (xmp := _tag(page, _XMP)):
        orientation = exif.xmp_orientation_of(xmp)
    return colours + has_alpha, 2 if page.bitspersample > 8 else 1, orientation


def read(tiff: tifffile.TiffFile, file: IO[bytes]) -> Contents:
    """The first page of an opened TIFF file.

    Raises:
        Exception: whatever tifffile, Pillow or `numbers` raise for files they cannot use.
    """
    page = tiff.pages.first
    contents = Contents("TIFF", "RGB", icc=_tag(page, _ICC), xmp=_tag(page, _XMP))
    contents.count_frames(len(tiff.pages), "page")
    contents.details = {"tiff_compression": _COMPRESSIONS.get(int(page.compression), "other")}
    contents.orientation = int(_tag(page, _ORIENTATION) or 1)
    contents.dpi = _dpi(page)
    image = None if _is_deep(page) else _by_pillow(file)
    if image is None:
        _read_deep(page, file, contents)
    else:
        contents.mode = image.mode
        image.load()
        contents.orientation = 1  # Pillow turns TIFF pictures, and only those, by itself
        contents.pixels = pixels_of(image, contents)
    contents.exif = _exif(file)
    return contents


def _is_deep(page: tifffile.TiffPage) -> bool:
    """Whether Pillow would lose depth, or take black for white."""
    if page.photometric in (_SEPARATED, *_LAB):  # become 8-bit RGB whatever their depth
        return False
    if page.bitspersample <= 8:
        return bool(page.extrasamples) and page.extrasamples[0] == _ASSOCIATED
    is_plain = page.samplesperpixel == 1 and page.bitspersample == 16
    return not is_plain or page.photometric == _WHITE_IS_ZERO


def _by_pillow(file: IO[bytes]) -> Image.Image | None:
    file.seek(0)
    try:
        return Image.open(file, formats=["TIFF"])
    except UnidentifiedImageError:
        return None


def _read_deep(page: tifffile.TiffPage, file: IO[bytes], contents: Contents) -> None:
    """Pixels as stored, in 8 or 16 bits, with alpha if there is one."""
    try:
        samples = _shaped(page)
    except (ValueError, LookupError, RuntimeError, struct.error, zlib.error) as error:
        # Without a codec package tifffile has no LZW and no JPEG; OpenCV brings libtiff's.
        log.info("tifffile: %s", error)
        samples = _by_opencv(_unturned(page, file))
    bits = int(page.bitspersample)
    if samples.dtype == np.uint16 and bits < 16:
        samples = numbers.widened(samples, bits)
        contents.notices.append(f"Its {bits}-bit numbers were stretched over 16 bits.")
    pixels, notice = numbers.native(samples)
    contents.notices += [notice] if notice else []
    if page.photometric == _WHITE_IS_ZERO:
        np.invert(pixels, out=pixels)
    contents.pixels = _colour_and_alpha(pixels, tuple(page.extrasamples), contents)
    contents.mode = mode_of(contents.pixels)


def _shaped(page: tifffile.TiffPage) -> npt.NDArray[Any]:
    """(H, W, C) samples, whether stored pixel by pixel or plane by plane."""
    samples = page.asarray()
    if page.axes == "SYX":
        samples = np.moveaxis(samples, 0, -1)
    if page.axes not in ("YX", "YXS", "SYX"):
        raise ValueError(f"its axes are {page.axes}, not those of a picture")
    return samples if samples.ndim == 3 else samples[:, :, None]


def _unturned(page: tifffile.TiffPage, file: IO[bytes]) -> bytearray:
    """The file's bytes saying that it is upright: else OpenCV would turn it, and we once more."""
    data = bytearray(page.parent.filehandle.size)
    file.seek(0)
    file.readinto(data)  # type: ignore[attr-defined] # a buffered file has it, IO does not
    tag = page.tags.get(_ORIENTATION)
    if tag is not None:
        struct.pack_into(page.parent.byteorder + "H", data, tag.valueoffset, 1)
    return data


def _by_opencv(data: bytearray) -> npt.NDArray[Any]:
    # What libtiff has to say about unknown tags would end on the user's terminal.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    samples = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None:
        raise ValueError("its pixel data cannot be decoded")
    if samples.ndim == 2:
        return samples[:, :, None]
    swap_red_and_blue(samples)
    return samples


def _colour_and_alpha(pixels: Pixels, extra: tuple[int, ...], contents: Contents) -> Pixels:
    colours = 3 if pixels.shape[2] >= 3 else 1
    has_alpha = bool(extra) and extra[0] in (_ASSOCIATED, _UNASSOCIATED)
    kept = colours + int(has_alpha)
    if pixels.shape[2] > kept:
        contents.dropped = contents.dropped or "further channels"
        contents.notices.append("It has further channels, which are not shown.")
    wanted: npt.NDArray[Any] = pixels[:, :, :kept]
    if has_alpha and extra[0] == _ASSOCIATED:
        contents.notices.append("Its colours were stored multiplied by alpha; this was undone.")
        return _unassociated(wanted)
    return np.ascontiguousarray(wanted)


def _unassociated(pixels: Pixels) -> Pixels:
    full = int(np.iinfo(pixels.dtype).max)
    alpha = pixels[:, :, -1:].astype(np.uint64)
    colour = (pixels[:, :, :-1] * np.uint64(full) + alpha // 2) // np.maximum(alpha, 1)
    plain = pixels.copy()
    plain[:, :, :-1] = np.minimum(colour, full)
    return plain


def _tag(page: tifffile.TiffPage, code: int) -> Any:  # noqa: ANN401 - tags hold anything
    tag = page.tags.get(code)
    return None if tag is None else tag.value


def _dpi(page: tifffile.TiffPage) -> tuple[float, float] | None:
    across, down, unit = (_tag(page, code) for code in _RESOLUTION)
    try:
        scale = 2.54 if unit == _CENTIMETRE else 1.0
        return usable_resolution(scale * across[0] / across[1], scale * down[0] / down[1])
    except (TypeError, LookupError, ZeroDivisionError):
        return None


def _exif(file: IO[bytes]) -> bytes | None:
    """What the tags say about the photograph, as an EXIF block."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as block:
        if block[2:4] in (b"+\0", b"\0+"):  # BigTIFF has directories of another shape
            return None
        return exif.from_tiff(ifd.first_directory(block), ifd.order_of(block))
