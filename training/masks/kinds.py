"""The kinds of holes by name, each with the shares of missing pixels it is drawn with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from engine.errors import InvalidInputError
from training.config import nearest
from training.masks import boxes, strokes
from training.masks.exact import blob, topped_up
from training.masks.irregular import irregular

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.types import MaskBool
    from training.masks.strokes import Size

Coverage: TypeAlias = tuple[float, float]

TRIES = 60
"""Draws that may miss the wanted share before a hole is made to fit."""

TRIES_TO_UNITE = 60
"""Further draws that may be united with one that is too small."""

BAND = 0.02
"""How near a hole's share must come to one that was drawn, where shares are to be even."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A law that holes are drawn from.

    Attributes:
        says: what it is, in one line.
        shape: draws one; the number is the share that kinds which `meets` go by.
        coverage: least and largest share of missing pixels if nobody asks for others.
        meets: `shape` draws the share it is asked for, which is uniform within the coverage.
        is_even: shares are made uniform within the coverage by rejection.
    """

    says: str
    shape: Callable[[Size, np.random.Generator, float], MaskBool]
    coverage: Coverage = (0.0, 1.0)
    meets: bool = False
    is_even: bool = False


def draw(
    kind: str, size: Size, rng: np.random.Generator, coverage: Coverage | None = None
) -> MaskBool:
    """A hole of a kind.

    Draws of another share than asked for are thrown away; where that leads nowhere, as with a kind
    that has one share only, further draws are united with it or it is shrunk.

    Args:
        kind: one of `KINDS`.
        size: (height, width) in pixels, any.
        rng: decides everything.
        coverage: least and largest share of missing pixels, within 0..1; None as the kind has it.

    Returns:
        (height, width) bool, True = hole; at least one pixel is missing and, of pictures with two
        or more, at least one is known.

    Raises:
        InvalidInputError: if there is no such kind, or `coverage` is no interval within 0..1.
    """
    if kind not in KINDS:
        raise InvalidInputError(f"There is no kind of masks “{kind}”; {nearest(kind, KINDS)}")
    law = KINDS[kind]
    low, high = law.coverage if coverage is None else coverage
    if not 0 <= low <= high <= 1:
        raise InvalidInputError(
            f"The coverage is {low:g} to {high:g}; it must be an interval within 0 to 1."
        )
    share = float(rng.uniform(low, high))
    bounds = _pixels(size, low, high)
    near = bounds
    if law.is_even:
        near = _pixels(size, max(low, share - BAND), min(high, share + BAND))
    hole = law.shape(size, rng, share)
    for _ in range(0 if law.meets else TRIES):
        if near[0] <= np.count_nonzero(hole) <= near[1]:
            return hole
        hole = law.shape(size, rng, share)
    return _fitted(hole, law, rng, near)


def _pixels(size: Size, low: float, high: float) -> tuple[int, int]:
    """Least and largest number of missing pixels: never none, never all, and never crossed."""
    area = size[0] * size[1]
    most = max(1, min(area - 1, math.floor(high * area + 1e-9)))
    return min(most, max(1, math.ceil(low * area - 1e-9))), most


def _fitted(
    hole: MaskBool, law: Kind, rng: np.random.Generator, bounds: tuple[int, int]
) -> MaskBool:
    least, most = bounds
    for _ in range(0 if law.meets else TRIES_TO_UNITE):
        if np.count_nonzero(hole) >= least:
            break
        united = hole | law.shape(hole.shape, rng, 0.0)
        if np.count_nonzero(united) <= most:
            hole = united
    if not law.meets and np.count_nonzero(hole) > most:
        hole = _shrunk(hole, rng, int(rng.integers(least, most + 1)))
    count = np.count_nonzero(hole)
    if count < least:
        return topped_up(hole.astype(np.uint8), least, rng)
    if count > most:
        return ~topped_up((~hole).astype(np.uint8), hole.size - most, rng)
    return hole


def _shrunk(hole: MaskBool, rng: np.random.Generator, goal: int) -> MaskBool:
    """The same shape, smaller and anywhere, with about `goal` pixels."""
    height, width = hole.shape
    scale = math.sqrt(goal / np.count_nonzero(hole))
    high, wide = max(1, round(height * scale)), max(1, round(width * scale))
    small = cv2.resize(hole.astype(np.uint8), (wide, high), interpolation=cv2.INTER_NEAREST_EXACT)
    top, left = int(rng.integers(height - high + 1)), int(rng.integers(width - wide + 1))
    placed = np.zeros_like(hole)
    placed[top : top + high, left : left + wide] = small != 0
    return placed


def _free(
    shape: Callable[[Size, np.random.Generator], MaskBool],
) -> Callable[[Size, np.random.Generator, float], MaskBool]:
    def with_its_own_share(size: Size, rng: np.random.Generator, share: float) -> MaskBool:
        del share
        return shape(size, rng)

    return with_its_own_share


def _object(size: Size, rng: np.random.Generator, share: float) -> MaskBool:
    return blob(size, rng, (share, share))


def _any_object(size: Size, rng: np.random.Generator) -> MaskBool:
    share = math.exp(rng.uniform(math.log(0.01), math.log(0.5)))  # what people remove is small
    return blob(size, rng, (share, share))


_MIXED: tuple[tuple[float, Callable[[Size, np.random.Generator], MaskBool]], ...] = (
    (0.25, strokes.brush),
    (0.15, strokes.free_form_test),
    (0.10, strokes.free_form_training),
    (0.20, _any_object),
    (0.15, strokes.lines),
    (0.15, boxes.box),
)


def _mixed(size: Size, rng: np.random.Generator) -> MaskBool:
    part = rng.choice(len(_MIXED), p=[weight for weight, _ in _MIXED])
    return _MIXED[part][1](size, rng)


KINDS: dict[str, Kind] = {
    "free-form": Kind("wide strokes, as PEPSI is trained", _free(strokes.free_form_training)),
    "free-form-test": Kind("thinner strokes, as PEPSI is tested", _free(strokes.free_form_test)),
    "brush": Kind("the zigzag brush of DeepFill v2, as GLA is trained", _free(strokes.brush)),
    "square": Kind("a box of half the sides, anywhere", boxes.square, (0.25, 0.25), meets=True),
    "centre": Kind(
        "a box of half the sides, in the middle", boxes.centre, (0.25, 0.25), meets=True
    ),
    "blocks": Kind("a box turned by up to 45 degrees, as PEN-Net is trained", _free(boxes.blocks)),
    "irregular": Kind(
        "lines, discs, boxes and arcs, as the region-wise network is trained",
        _free(irregular),
        (0.0, 0.4),
        is_even=True,
    ),
    "box-and-brush": Kind("a box and the brush, as IConv is trained", _free(boxes.box_and_brush)),
    "lines": Kind("thin lines: wires, cracks, scratches", _free(strokes.lines)),
    "objects": Kind("one shape with a wavy outline", _object, (0.02, 0.3), meets=True),
    "mixed": Kind("strokes, shapes, thin lines and boxes", _free(_mixed), (0.01, 0.6)),
    "face-box": Kind(
        "the face's box where the pictures have one, else the middle",
        boxes.centre,
        (0.25, 0.25),
        meets=True,
    ),
}
"""Name -> law. A new kind is one function and one row."""
