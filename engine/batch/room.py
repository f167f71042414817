"""How much may be worked on at once in one process, be it in lanes here or in a worker elsewhere.

How many pictures are in memory is a matter of bytes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from engine import memory
from engine.batch.gates import Gate
from engine.pictures import FORMATS

if TYPE_CHECKING:
    from engine.batch.items import Item

MOST_BYTES = 3_000_000_000
"""What pictures and fills together may take, if twice that is free. A picture that needs more is
worked on while no other is."""

MOST_FILLS = 16

_SHARE_OF_FREE = 0.5
_SHARE_OF_PICTURES = 2 / 3  # of that; the rest is for fills
_HELD_PER_BYTE = {"TIFF": 6.1, "WEBP": 8.2}
_HELD_PER_BYTE_ELSE = 4.3
"""What a picture takes at its peak, the encoder of its result at work, as a multiple of its pixels;
measured at 24 megapixels."""
_HELD_PER_PIXEL = 2  # the hole and what it is made from
_EXTRA_PICTURES = 2


class Room:
    """The bounds on what a process does at once.

    Attributes:
        fills: how many run at once.
        pictures: how many are worked on at once: while some fill, others are read or written, so
            that the processor never waits for a disk.
        held: admits pictures, by `held_bytes`.
        filling: admits fills, by what they take beside their picture.
    """

    def __init__(self, *, network: bool) -> None:
        """Room by the cores and the memory that are there.

        Args:
            network: whether the backend is one; it is in memory once, and uses all cores.
        """
        self.fills = 1 if network else min(MOST_FILLS, _cores())
        self.pictures = self.fills + _EXTRA_PICTURES
        limit = min(MOST_BYTES, _SHARE_OF_FREE * memory.available_bytes())
        for_pictures = round(_SHARE_OF_PICTURES * limit)
        self.held = Gate(self.pictures, for_pictures)
        self.filling = Gate(self.fills, round(limit) - for_pictures)


def held_bytes(item: Item) -> int:
    """What a picture takes while it is worked on, its fill left out."""
    form = FORMATS.get(item.output.suffix.lower(), "") if item.output else ""
    per_byte = _HELD_PER_BYTE.get(form, _HELD_PER_BYTE_ELSE)
    return round(per_byte * item.picture_bytes + _HELD_PER_PIXEL * item.pixels)


def _cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
