"""Opening picture files: what is in them decides, not what they are called."""

from __future__ import annotations

import logging
import struct
import threading
import warnings
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import cv2
import tifffile
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from engine.errors import PictureError, PictureTooLargeError
from engine.pictures import decoding, exif, png, tiff
from engine.pictures.contents import Contents, turned
from engine.pictures.files import fingerprint_of, opened, present_fingerprint
from engine.pictures.numbers import UnusableNumbersError
from engine.pictures.picture import Fingerprint, Picture, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

DEFAULT_PIXEL_LIMIT = 300_000_000
"""Pixels a file may declare before the user is asked; Pillow's own, lower limit is switched off."""

WRITABLE = frozenset({"PNG", "JPEG", "TIFF", "WEBP", "BMP"})

_LOCK = threading.Lock()
_decoding: list[int] = []
_filters = ExitStack()

_SIGNATURES = (png.SIGNATURE, b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF8", b"RIFF", b"BM")

_DECODING_ERRORS = (
    OSError,
    SyntaxError,  # Pillow's word for a broken PNG
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    cv2.error,
)
"""What decoders are known to raise for damaged files."""


def open_picture(path: Path | str, *, pixel_limit: int | None = DEFAULT_PIXEL_LIMIT) -> Picture:
    """The first frame of a picture file, upright, in its own depth, with all that goes with it.

    Args:
        path: any file that Pillow or tifffile know, whatever its name.
        pixel_limit: how many pixels the file may declare; None = as many as it likes.

    Raises:
        PictureTooLargeError: if it declares more; nothing has been decoded then.
        PictureError: if it cannot be read; the sentence says why and what to do.
    """
    path = Path(path)
    with opened(path) as file, _explained(path):
        return _finished(_contents(path, file, pixel_limit), path, fingerprint_of(file))


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture file says of itself, before its pixels are decoded.

    Attributes:
        format: Pillow's name of the format.
        width: upright, in pixels.
        height: upright, in pixels.
        channels: 1..4, as in `Picture`.
        depth: bytes of a sample, 1 or 2.
    """

    format: str
    width: int
    height: int
    channels: int
    depth: int

    @property
    def decoded_bytes(self) -> int:
        """What the pixels will take in memory."""
        return self.width * self.height * self.channels * self.depth


def read_header(path: Path | str, *, pixel_limit: int | None = DEFAULT_PIXEL_LIMIT) -> Header:
    """Size and layout of a picture as `open_picture` would give them, without its pixels.

    Raises:
        PictureTooLargeError: if it declares more than `pixel_limit` pixels.
        PictureError: if its beginning cannot be read; what is broken further on is not noticed.
    """
    path = Path(path)
    with opened(path) as file, _explained(path):
        _lift_limits()
        if tiff.is_tiff(file):
            with tifffile.TiffFile(file) as opened_tiff:
                size = tiff.size_of(opened_tiff)
                check_size(path, size, pixel_limit)
                return _header("TIFF", size, *tiff.layout_of(opened_tiff))
        with Image.open(file) as image:
            check_size(path, image.size, pixel_limit)
            return _header(image.format or "unknown", image.size, *decoding.layout_of(image, file))


def _header(
    form: str, size: tuple[int, int], channels: int, depth: int, orientation: int
) -> Header:
    width, height = size if orientation <= 4 else size[::-1]
    return Header("JPEG" if form == "MPO" else form, width, height, channels, depth)


def changed_on_disk(picture: Picture) -> bool:
    """Whether the picture's file is no longer the one that was opened or saved, or is gone."""
    source = picture.source
    if source.path is None or source.fingerprint is None:
        return False
    return present_fingerprint(source.path) != source.fingerprint


def _contents(path: Path, file: IO[bytes], limit: int | None) -> Contents:
    _lift_limits()
    if tiff.is_tiff(file):
        with tifffile.TiffFile(file) as opened_tiff:
            check_size(path, tiff.size_of(opened_tiff), limit)
            return tiff.read(opened_tiff, file)
    with Image.open(file) as image:
        check_size(path, image.size, limit)
        return decoding.read(image, file)


def _lift_limits() -> None:
    # Our own limit asks the user; Pillow's would warn or refuse before ours is reached.
    Image.MAX_IMAGE_PIXELS = None
    # Pillow's limit of 1 MB would refuse photographs for a long profile or editing history.
    PngImagePlugin.MAX_TEXT_CHUNK = png.LONGEST_TEXT


def _finished(contents: Contents, path: Path, fingerprint: Fingerprint) -> Picture:
    """The contents as a picture: upright, with blocks that say so."""
    notices = list(contents.notices)
    if contents.format not in WRITABLE:
        notices.append(
            f"{contents.format} files can be read but not written; save it as PNG, TIFF or JPEG."
        )
    orientation, block = contents.orientation, contents.exif
    if contents.xmp:
        orientation = exif.xmp_orientation_of(contents.xmp) if orientation == 1 else orientation
    if block:
        try:
            orientation = exif.orientation_of(block) or orientation
            block = exif.upright(block)
        except (ValueError, struct.error) as error:
            log.info("%s: the EXIF block was left out: %s", path, error)
            notices.append("Its EXIF block is damaged and was left out.")
            block = None
    source = Source(
        format=contents.format,
        path=path,
        mode=contents.mode,
        frames=contents.frames,
        dropped=contents.dropped,
        icc=contents.icc,
        exif=block,
        xmp=exif.upright_xmp(contents.xmp) if contents.xmp else None,
        dpi=contents.dpi,
        notices=tuple(notices),
        fingerprint=fingerprint,
        **contents.details,
    )
    return Picture(turned(contents.pixels, orientation), source)


def check_size(path: Path, size: tuple[int, int], limit: int | None) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PictureError(f"“{path.name}” holds no pixels ({width} × {height}).")
    if limit is not None and width * height > limit:
        raise PictureTooLargeError(
            f"“{path.name}” has {width} × {height} pixels: {width * height / 1e6:,.0f} megapixels, "
            f"the limit is {limit / 1e6:,.0f}. Opening it needs about "
            f"{width * height * 8 / 1e9:.1f} GB of memory."
        )


def _verdict(path: Path, error: Exception) -> str:
    """What a decoder's failure means for the user."""
    if isinstance(error, UnidentifiedImageError):
        with path.open("rb") as file:
            if not file.read(8).startswith(_SIGNATURES):
                return (
                    f"“{path.name}” is not a picture that Lacuna can read; PNG, JPEG, TIFF, WebP, "
                    "BMP and GIF are sure to work."
                )
        words = "its beginning makes no sense"
    else:
        words = str(error).strip().split("\n")[0].rstrip(".")[:120]
    tells = any(letter.isalpha() for letter in words) and "decoder error" not in words
    why = f" ({words})" if tells else ""
    return f"“{path.name}” is damaged or incomplete{why}; copy it again from where it came from."


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Sentences in place of what decoders raise; what they warn of goes to the log."""
    try:
        with _warnings_logged():
            yield
    except UnusableNumbersError as error:
        raise PictureError(
            f"“{path.name}” cannot be shown: {error}. Export it with 8 or 16 bits."
        ) from error
    except MemoryError as error:
        raise PictureError(
            f"“{path.name}” does not fit into the memory that is free; close other programs or "
            "open a smaller version."
        ) from error
    except _DECODING_ERRORS as error:
        log.info("decoding %s failed", path, exc_info=True)
        raise PictureError(_verdict(path, error)) from error


@contextmanager
def _warnings_logged() -> Iterator[None]:
    """Send warnings to the log, in all threads at once.

    The filters are the whole process's, so of the threads that decode at the same time the first
    one swaps them and the last one puts them back.
    """
    with _LOCK:
        _decoding.append(1)
        if len(_decoding) == 1:
            _filters.enter_context(warnings.catch_warnings())
            warnings.simplefilter("always")
            warnings.showwarning = _log_warning
    try:
        yield
    finally:
        with _LOCK:
            _decoding.pop()
            if not _decoding:
                _filters.close()


def _log_warning(message: Warning | str, *_: object, **__: object) -> None:
    log.info("a decoder warned: %s", message)
