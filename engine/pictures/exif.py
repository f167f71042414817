"""EXIF and XMP blocks: which way up the picture is, and copies fit for the saved file.

Blocks are kept byte for byte but for two things that would lie after an edit: the orientation,
which is applied to the pixels on opening, and the thumbnail, which would still show what was
removed from the picture.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from engine.pictures import ifd

if TYPE_CHECKING:
    from engine.pictures.ifd import Directory, Order

ORIENTATION = 0x0112
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_PREFIX = b"Exif\0\0"
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>\s*))([1-8])""")

_STRUCTURE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 282}
    | {283, 284, 290, 291, 292, 293, 296, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 330}
    | {332, 333, 334, 336, 337, 338, 339, 340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520}
    | {521, 529, 530, 531, 532, 700, 34675}
)
"""TIFF tags that describe how pixels are stored, or that are kept elsewhere (XMP, ICC)."""

ONLY_IN_TIFF = frozenset({33723, 34377, 37724, 50341})
"""IPTC, two Photoshop blocks and print matching: usual in TIFF, out of place in other files."""


def without_prefix(block: bytes) -> bytes:
    """The block from its TIFF header on; JPEG, and some WebP and PNG, put “Exif” before it."""
    return block[len(_PREFIX) :] if block[: len(_PREFIX)] == _PREFIX else block


def orientation_of(block: bytes) -> int:
    """EXIF orientation 1..8; 0 if the block does not say or says nonsense.

    Raises:
        ValueError: if the block is damaged.
    """
    order = ifd.order_of(block)
    entry = ifd.first_directory(block).entries.get(ORIENTATION)
    if entry is None or len(entry.data) != 2:
        return 0
    value = int(struct.unpack(order + "H", entry.data)[0])
    return value if 1 <= value <= 8 else 0


def xmp_orientation_of(xmp: bytes) -> int:
    """Orientation 1..8 as an XMP packet states it; 1 if it does not."""
    found = _XMP_ORIENTATION.search(xmp)
    return int(found[2]) if found else 1


def upright(block: bytes) -> bytes:
    """The EXIF block of the same pixels turned upright: orientation 1, no thumbnail.

    Raises:
        ValueError: if the block is damaged.
    """
    order = ifd.order_of(block)
    patched = bytearray(block)
    start = struct.unpack_from(order + "I", block, 4)[0]
    places = ifd.slots(block, start, order)
    if ORIENTATION in places:
        struct.pack_into(order + "HHIHH", patched, places[ORIENTATION], ORIENTATION, 3, 1, 1, 0)
    link = start + 2 + 12 * struct.unpack_from(order + "H", block, start)[0]
    if link + 4 <= len(block):
        _wipe_thumbnail(patched, struct.unpack_from(order + "I", block, link)[0], order)
        struct.pack_into(order + "I", patched, link, 0)
    return bytes(patched)


def upright_xmp(xmp: bytes) -> bytes:
    """The XMP packet with its orientation, if any, set to 1."""
    return _XMP_ORIENTATION.sub(rb"\g<1>1", xmp)


def from_tiff(directory: Directory, order: Order) -> bytes | None:
    """An EXIF block of what a TIFF directory says about the photograph; None if nothing."""
    kept = _descriptive(directory)
    if not kept.entries and not kept.children:
        return None
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return header + ifd.serialised(kept, order, 8)


def for_tiff(block: bytes, order: Order) -> Directory:
    """The entries of an EXIF block that belong into a TIFF directory of the given byte order."""
    return _descriptive(ifd.first_directory(block)).reordered(ifd.order_of(block), order)


def for_other_formats(block: bytes) -> bytes | None:
    """The EXIF block of a TIFF file without what only TIFF files carry."""
    directory = ifd.first_directory(block)
    if not ONLY_IN_TIFF & directory.entries.keys():
        return block
    for tag in ONLY_IN_TIFF:
        directory.entries.pop(tag, None)
    return from_tiff(directory, ifd.order_of(block))


def _descriptive(directory: Directory) -> Directory:
    entries = {tag: entry for tag, entry in directory.entries.items() if tag not in _STRUCTURE}
    return ifd.Directory(entries, directory.children)


def _wipe_thumbnail(block: bytearray, offset: int, order: Order) -> None:
    """Overwrite the JPEG that the second directory points to."""
    try:
        places = ifd.slots(block, offset, order)
    except ValueError:
        return
    if _THUMBNAIL_OFFSET in places and _THUMBNAIL_LENGTH in places:
        start = struct.unpack_from(order + "I", block, places[_THUMBNAIL_OFFSET] + 8)[0]
        length = struct.unpack_from(order + "I", block, places[_THUMBNAIL_LENGTH] + 8)[0]
        end = min(start + length, len(block))
        if 8 <= start < end:
            block[start:end] = bytes(end - start)
