"""A backend on a tiny picture: whether it works here, where it computes, and how fast."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.pipeline import InpaintRequest, inpaint

if TYPE_CHECKING:
    from engine.backend import BackendSpec
    from engine.jobs import CancelToken, Steps
    from engine.types import MaskBool, Pixels

_SIDE = 96
_RADIUS = 10


@dataclass(frozen=True, slots=True)
class Trial:
    """How a backend did.

    Attributes:
        device: where it computed.
        fallback: what was done differently than asked, and why; None if nothing.
        seconds: from the question to the answer, loading included.
        complaint: what is wrong with the answer; None if nothing.
    """

    device: str
    fallback: str | None
    seconds: float
    complaint: str | None


def trial(spec: BackendSpec, token: CancelToken, *, weights: str | None = None) -> Steps[Trial]:
    """Let a backend fill a tiny picture.

    Args:
        spec: of the backend.
        token: to stop it.
        weights: of a generator, as in `InpaintRequest`.

    Raises:
        Cancelled: within half a second of the wish.
        EngineError: if it cannot run here; the text says why.
    """
    pixels, hole = _picture()
    start = time.perf_counter()
    result = yield from inpaint(InpaintRequest(pixels, hole, spec.id, weights=weights), token)
    seconds = time.perf_counter() - start
    after = pixels.copy()
    for patch in result.patches:
        after[patch.box.slices][patch.hole] = patch.pixels[patch.hole]
    return Trial(result.device, result.fallback, seconds, _complaint(pixels, after, hole))


def _picture() -> tuple[Pixels, MaskBool]:
    """Diagonal stripes with a white disc to be removed."""
    rows, columns = np.mgrid[:_SIDE, :_SIDE]
    stripes = np.where((rows + columns) // 6 % 2 == 0, 90, 150).astype(np.uint8)
    pixels = np.dstack([stripes, stripes, stripes // 2])
    hole = (rows - _SIDE // 2) ** 2 + (columns - _SIDE // 2) ** 2 < _RADIUS**2
    pixels[hole] = 255
    return pixels, hole


def _complaint(before: Pixels, after: Pixels, hole: MaskBool) -> str | None:
    if (after[~hole] != before[~hole]).any():
        return "it changed pixels outside the hole"
    if (after[hole] == before[hole]).all(axis=1).any():
        return "it left part of the hole unfilled"
    return None
