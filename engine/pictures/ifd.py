"""Directories of TIFF and EXIF blocks as trees of raw entries (TIFF 6.0, section 2)."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Order: TypeAlias = Literal["<", ">"]
Block: TypeAlias = bytes | bytearray | mmap.mmap

SUB_DIRECTORIES = frozenset({0x8769, 0x8825, 0xA005})
"""EXIF, GPS and interoperability: entries whose value is the offset of another directory."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_WORDS = {3: "H", 4: "I", 5: "I", 8: "H", 9: "I", 10: "I", 11: "I", 12: "Q", 13: "I"}
_SHORT, _LONG = 3, 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag: its TIFF type and its values as bytes in the block's own order."""

    type: int
    data: bytes

    @property
    def count(self) -> int:
        return len(self.data) // _SIZES[self.type]

    def reordered(self, old: Order, new: Order) -> Entry:
        """The same values for a block of another byte order."""
        if old == new or self.type not in _WORDS:
            return self
        words = f"{len(self.data) // struct.calcsize(_WORDS[self.type])}{_WORDS[self.type]}"
        return Entry(self.type, struct.pack(new + words, *struct.unpack(old + words, self.data)))


@dataclass(slots=True)
class Directory:
    """Tags of one directory, and those of the directories below it."""

    entries: dict[int, Entry] = field(default_factory=dict)
    children: dict[int, Directory] = field(default_factory=dict)

    def reordered(self, old: Order, new: Order) -> Directory:
        return Directory(
            {tag: entry.reordered(old, new) for tag, entry in self.entries.items()},
            {tag: child.reordered(old, new) for tag, child in self.children.items()},
        )


def short(value: int, order: Order) -> Entry:
    return Entry(_SHORT, struct.pack(order + "H", value))


def order_of(block: Block) -> Order:
    """Byte order of a TIFF or EXIF block.

    Raises:
        ValueError: if the block does not begin like one.
    """
    if block[:4] == b"II*\0":
        return "<"
    if block[:4] == b"MM\0*":
        return ">"
    raise ValueError("the block has no TIFF header")


def first_directory(block: Block) -> Directory:
    """The first directory of a block with all below it; damaged entries are left out.

    Raises:
        ValueError: if not even the directory itself can be read.
    """
    order = order_of(block)
    if len(block) < 8:
        raise ValueError("the block ends within its header")
    return _directory(block, struct.unpack_from(order + "I", block, 4)[0], order, depth=0)


def slots(block: Block, offset: int, order: Order) -> dict[int, int]:
    """Where each tag's twelve bytes stand in the directory at `offset`.

    Raises:
        ValueError: if the directory lies outside the block.
    """
    if not 8 <= offset <= len(block) - 2:
        raise ValueError("the block ends before its directory")
    count = struct.unpack_from(order + "H", block, offset)[0]
    if offset + 2 + 12 * count > len(block):
        raise ValueError("the block ends within its directory")
    places = range(offset + 2, offset + 2 + 12 * count, 12)
    return {struct.unpack_from(order + "H", block, place)[0]: place for place in places}


def serialised(directory: Directory, order: Order, at: int) -> bytes:
    """The directory, its values and its children as they must stand at offset `at` of a block."""
    tags = sorted({*directory.entries, *directory.children})
    table = [struct.pack(order + "H", len(tags))]
    tail: list[bytes] = []
    end = at + 2 + 12 * len(tags) + 4
    for tag in tags:
        child = directory.children.get(tag)
        if child is not None:
            end += _pad(tail, end)
            data, kind, count = serialised(child, order, end), _LONG, 1
        else:
            entry = directory.entries[tag]
            data, kind, count = entry.data, entry.type, entry.count
        if child is None and len(data) <= 4:
            value = data.ljust(4, b"\0")
        else:
            end += _pad(tail, end)
            value = struct.pack(order + "I", end)
            tail.append(data)
            end += len(data)
        table.append(struct.pack(order + "HHI", tag, kind, count) + value)
    return b"".join([*table, b"\0\0\0\0", *tail])


def _pad(tail: list[bytes], end: int) -> int:
    """Values begin at even offsets."""
    if end % 2:
        tail.append(b"\0")
    return end % 2


def _directory(block: Block, offset: int, order: Order, depth: int) -> Directory:
    found = Directory()
    for tag, place in slots(block, offset, order).items():
        entry = _entry(block, place, order)
        if entry is None:
            continue
        if tag not in SUB_DIRECTORIES:
            found.entries[tag] = entry
        elif len(entry.data) == 4 and depth < 3:
            below = struct.unpack(order + "I", entry.data)[0]
            try:
                found.children[tag] = _directory(block, below, order, depth + 1)
            except ValueError:
                continue
    return found


def _entry(block: Block, place: int, order: Order) -> Entry | None:
    kind, count = struct.unpack_from(order + "HI", block, place + 2)
    size = _SIZES.get(kind, 0) * count
    if size == 0:
        return None
    start = place + 8 if size <= 4 else struct.unpack_from(order + "I", block, place + 8)[0]
    data = bytes(block[start : start + size])
    return Entry(kind, data) if len(data) == size else None
