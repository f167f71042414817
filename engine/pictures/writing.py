"""Saving pictures as they came: format, quality, profile, EXIF, depth; and never half a file."""

from __future__ import annotations

import io
import logging
import struct
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image

from engine.errors import PictureError
from engine.pictures import exif, png, tiff_writing
from engine.pictures.files import present_fingerprint, replacing
from engine.pictures.picture import Picture, Source
from engine.pixels import has_alpha

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.pictures.contents import Part
    from engine.types import Pixels

log = logging.getLogger(__name__)

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".dib": "BMP",
}
"""What an extension, in small letters, stands for."""

LOSSY_QUALITY = 95
"""Quality of JPEG and lossy WebP where the source does not say."""

_PNG_LEVEL = 4  # half the time of zlib's 6 for a file some 5 % longer, measured on photographs
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}
_LONGEST_EXIF, _LONGEST_XMP = 65533 - 6, 65533 - 29
_NAMES = {"WEBP": "WebP"}


def losses(picture: Picture, path: Path | str) -> tuple[str, ...]:
    """What of the picture the format of `path` cannot hold, as clauses for a question.

    Raises:
        PictureError: if the extension is none that can be written.
    """
    form = _format_of(Path(path))
    found = []
    if form == "JPEG" and has_alpha(picture.pixels):
        found.append("transparency (it would be filled with white)")
    if form in ("JPEG", "WEBP", "BMP") and picture.pixels.dtype == np.uint16:
        found.append("16 bits per channel (8 would be kept)")
    return tuple(found)


def reads_back_alike(picture: Picture) -> bool:
    """Whether the picture's file, written by `save_picture`, opens with the same array shape."""
    channels = picture.pixels.shape[2]
    if picture.source.format in ("PNG", "TIFF"):
        return True
    held = {"JPEG": (1, 3), "BMP": (1, 3, 4), "WEBP": (3, 4)}.get(picture.source.format, ())
    return picture.pixels.dtype == np.uint8 and channels in held


def save_picture(
    picture: Picture, path: Path | str, *, allow_loss: bool = False, quality: int | None = None
) -> Picture:
    """Write a picture in the format of the path's extension, in one step.

    Lossless formats give back every pixel; a JPEG is written with the quantisation tables and
    subsampling it came with. EXIF, XMP, ICC profile and resolution go along where the format has
    a place for them.

    Args:
        picture: what to save.
        path: where to; a link is followed.
        allow_loss: go on although the format cannot hold all (`losses`).
        quality: of JPEG and WebP, 1..100, in place of the source's.

    Returns:
        The same pixels with the source of the file just written; its `notices` tell what of this
        saving the user must know.

    Raises:
        PictureError: if the picture cannot be written so; an old file is then as it was.
    """
    path = Path(path)
    form = _format_of(path)
    check_saving(picture, path, allow_loss=allow_loss)
    writing = _Writing(picture, form, quality)
    # Encoded before the file is touched: what goes wrong below is the disk's fault.
    parts = _encoded(writing, path)
    with replacing(path) as file:
        file.writelines(parts)
    source = replace(
        picture.source,
        format=form,
        path=path,
        frames=1,
        dropped="",
        notices=tuple(writing.notices),
        fingerprint=present_fingerprint(path),
    )
    return Picture(picture.pixels, source)


def _format_of(path: Path) -> str:
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        ending = f"“{path.suffix}” is not" if path.suffix else "no ending is none"
        raise PictureError(
            f"“{path.name}” cannot be saved: {ending} a format that Lacuna writes; use .png, .jpg, "
            ".tif, .webp or .bmp."
        )
    return form


def check_ending(path: Path) -> None:
    """Refuse a name whose ending stands for no format that can be written.

    Raises:
        PictureError: naming the endings that do.
    """
    _format_of(path)


def check_saving(picture: Picture, path: Path, *, allow_loss: bool = False) -> None:
    """Refuse what `save_picture` would refuse whatever the pixels are.

    Raises:
        PictureError: if the format cannot hold the picture, or the file holds more than it.
    """
    form, source = _format_of(path), picture.source
    if source.dropped and source.path is not None and _is_same_file(source.path, path):
        raise PictureError(
            f"“{path.name}” holds {source.dropped} that saving over it would destroy; choose "
            "another name."
        )
    lost = losses(picture, path)
    if lost and not allow_loss:
        raise PictureError(
            f"“{path.name}” cannot be saved without loss: {_NAMES.get(form, form)} cannot hold "
            f"{' or '.join(lost)}. Save as PNG or TIFF, or allow the loss."
        )
    longest = _LONGEST_SIDE.get(form)
    if longest is not None and max(picture.width, picture.height) > longest:
        raise PictureError(
            f"“{path.name}” cannot be saved: {_NAMES.get(form, form)} holds at most {longest} "
            f"pixels a side, the picture has {max(picture.width, picture.height)}; use PNG or TIFF."
        )


def _encoded(writing: _Writing, path: Path) -> list[Part]:
    try:
        return writing.parts()
    except (MemoryError, cv2.error, OSError, ValueError, struct.error) as error:
        log.warning("encoding %s failed", path, exc_info=True)
        raise PictureError(
            f"“{path.name}” could not be encoded as {_NAMES.get(writing.form, writing.form)} "
            f"({str(error).strip() or 'not enough memory'}); choose another format."
        ) from error


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


@dataclass
class _Writing:
    """One picture on its way into one file."""

    picture: Picture
    form: str
    quality: int | None
    notices: list[str] = field(default_factory=list)

    def parts(self) -> list[Part]:
        """The file, in pieces to be written one after another."""
        encoders: dict[str, Callable[[], list[Part]]] = {
            "PNG": self._png,
            "JPEG": self._jpeg,
            "TIFF": self._tiff,
            "WEBP": self._webp,
            "BMP": self._bmp,
        }
        text = any(name in (b"tEXt", b"zTXt", b"iTXt") for name, _ in self.source.png_chunks)
        if text and self.form != "PNG":
            self.notices.append("The PNG's text was not saved: only PNG has a place for it.")
        return encoders[self.form]()

    @property
    def pixels(self) -> Pixels:
        return self.picture.pixels

    @property
    def source(self) -> Source:
        return self.picture.source

    # --- formats -----------------------------------------------------------------------------

    def _png(self) -> list[Part]:
        if self.pixels.dtype == np.uint16:
            bare = png.encode(self.pixels)
        else:
            image, options = self._restored()
            bare = _saved(image, "PNG", compress_level=_PNG_LEVEL, **options)
        extra = list(self.source.png_chunks)
        if self.source.icc:
            extra.append(png.profile_chunk(self.source.icc))
        if self.source.dpi:
            extra.append(png.resolution_chunk(self.source.dpi))
        if block := self._exif():
            extra.append((b"eXIf", block))
        if self.source.xmp:
            extra.append(png.xmp_chunk(self.source.xmp))
        return png.with_chunks(bare, extra)

    def _jpeg(self) -> list[Part]:
        source, pixels = self.source, flattened(shallow(self.pixels))
        options: dict[str, Any] = {"quality": self.quality or LOSSY_QUALITY, "subsampling": 0}
        if source.jpeg_tables and self.quality is None:
            options = {
                "qtables": [list(table) for table in source.jpeg_tables],
                "subsampling": max(0, source.jpeg_subsampling),
            }
        block = self._exif()
        if block and len(block) > _LONGEST_EXIF:
            self.notices.append("The EXIF block was not saved: it is too long for JPEG.")
            block = None
        if block:
            options["exif"] = b"Exif\0\0" + block
        if source.xmp and len(source.xmp) > _LONGEST_XMP:
            self.notices.append("The XMP packet was not saved: it is too long for JPEG.")
        elif source.xmp:
            options["xmp"] = source.xmp
        if source.dpi:
            options["dpi"] = source.dpi
        options |= {"icc_profile": source.icc, "progressive": source.jpeg_progressive}
        return [_saved(_image(pixels), "JPEG", **options)]

    def _tiff(self) -> list[Part]:
        source = self.source
        compression = source.tiff_compression if source.format == "TIFF" else "tiff_lzw"
        image, _ = self._restored(transparent_palette=False)
        if self.pixels.dtype == np.uint8 and image.mode in ("1", "P"):
            bare = tiff_writing.encode_image(image, compression)
        else:
            bare = tiff_writing.encode(self.pixels, compression)
        return tiff_writing.with_tags(bare, source, has_alpha=has_alpha(self.pixels))

    def _webp(self) -> list[Part]:
        source = self.source
        image = _image(shallow(self.pixels))
        options = {
            "lossless": source.webp_lossless,
            "quality": self.quality or (80 if source.webp_lossless else LOSSY_QUALITY),
            "exact": True,
            "icc_profile": source.icc,
            "exif": self._exif() or b"",
            "xmp": source.xmp or b"",
        }
        mode = "RGBA" if has_alpha(self.pixels) else "RGB"
        return [_saved(image.convert(mode), "WEBP", **options)]

    def _bmp(self) -> list[Part]:
        if self.source.icc or self.source.exif or self.source.xmp:
            self.notices.append(
                "Colour profile and EXIF were not saved: BMP has no place for them."
            )
        pixels = shallow(self.pixels)
        if has_alpha(pixels):
            full = pixels if pixels.shape[2] == 4 else pixels[:, :, [0, 0, 0, 1]]
            # Pillow writes alpha into BMP but no header that says so.
            done, data = cv2.imencode(".bmp", cv2.cvtColor(full, cv2.COLOR_RGBA2BGRA))
            if not done:
                raise ValueError("the BMP encoder refused the pixels")
            return [data.tobytes()]
        image, options = self._restored(transparent_palette=False)
        if self.pixels.dtype == np.uint16:
            image, options = _image(pixels), {}
        return [_saved(image, "BMP", dpi=self.source.dpi or (96, 96), **options)]

    # --- parts -------------------------------------------------------------------------------

    def _exif(self) -> bytes | None:
        block: bytes | None = self.source.exif
        return exif.for_other_formats(block) if block else None

    def _restored(self, *, transparent_palette: bool = True) -> tuple[Image.Image, dict[str, Any]]:
        """The picture in the file's own one-bit or palette mode, if it still fits into it."""
        pixels, mode = self.pixels, self.source.mode
        if pixels.dtype != np.uint8 or mode not in ("1", "P"):
            return _image(shallow(pixels)), {}
        if mode == "1":
            if pixels.shape[2] == 1 and not np.any((pixels != 0) & (pixels != 255)):
                return _image(pixels).convert("1", dither=Image.Dither.NONE), {}
            self.notices.append("It was saved with 8 bits: it is no longer only black and white.")
            return _image(pixels), {}
        restored = None
        if transparent_palette or not has_alpha(pixels):
            restored = _with_palette(_image(pixels))
        if restored is None:
            self.notices.append("It was saved with full colours: it has more than a palette holds.")
            return _image(pixels), {}
        return restored


def shallow(pixels: Pixels) -> Pixels:
    """8-bit pixels, 16 bits rounded to the nearest of them."""
    if pixels.dtype == np.uint8:
        return pixels
    return ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def flattened(pixels: Pixels) -> Pixels:
    """8-bit pixels on white, without alpha."""
    if not has_alpha(pixels):
        return pixels
    alpha = pixels[:, :, -1:].astype(np.uint16)
    colour = pixels[:, :, :-1] * alpha + 255 * (255 - alpha)
    return ((colour + np.uint16(127)) // 255).astype(np.uint8)


def _image(pixels: Pixels) -> Image.Image:
    """A Pillow image of 8-bit pixels."""
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    height, width = pixels.shape[:2]
    return Image.frombuffer(mode, (width, height), np.ascontiguousarray(pixels), "raw", mode, 0, 1)


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _with_palette(image: Image.Image) -> tuple[Image.Image, dict[str, Any]] | None:
    """The same colours by number, and what to save beside; None if there are more than 256."""
    rgba = image.convert("RGBA")
    found = rgba.getcolors(256)
    if found is None:
        return None
    colours = np.array(sorted(colour for _, colour in found), np.uint8)
    keys = colours.view(">u4").ravel()
    numbers = np.searchsorted(keys, np.asarray(rgba).view(">u4")[:, :, 0]).astype(np.uint8)
    palette = Image.fromarray(numbers)
    palette.putpalette(colours[:, :3].tobytes(), "RGB")
    opaque = bool(np.all(colours[:, 3] == 255))
    return palette, {} if opaque else {"transparency": colours[:, 3].tobytes()}
