"""Which pixels a result has filled: the mask it was made for, whoever has cut it into patches."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from engine.regions import extent
from engine.types import Box

if TYPE_CHECKING:
    from app.session.results import Result
    from engine.types import MaskBool


def hole_of(result: Result, box: Box) -> MaskBool:
    """(H, W) of a box of the picture: True where the result has filled."""
    hole = np.zeros((box.height, box.width), bool)
    for patch in result.result.patches:
        part = patch.box.intersected(box)
        inside = part.moved(-patch.box.left, -patch.box.top)
        hole[part.moved(-box.left, -box.top).slices] |= patch.hole[inside.slices]
    return hole


def mask_key(result: Result) -> str:
    """The same for all results that have filled the very same pixels; noted in the result."""
    if not result.mask_key and result.result.patches:
        box = Box.around(patch.box for patch in result.result.patches)
        hole = hole_of(result, box)
        tight = extent(hole)
        digest = blake2b(repr(tight.moved(box.left, box.top)).encode(), digest_size=16)
        digest.update(np.packbits(hole[tight.slices]).tobytes())
        result.mask_key = digest.hexdigest()
    return result.mask_key
