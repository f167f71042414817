"""The points of a face: where they start, and how they move; every move is an undo step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.language import tr_later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.document.belongings import Point
    from app.document.document import Document
    from app.document.history import Edit
    from engine.types import Box

MOVE = tr_later("Move Keypoint")

NOSE = tr_later("Nose")
LEFT_EYE, RIGHT_EYE = tr_later("Left eye"), tr_later("Right eye")
LEFT_EAR, RIGHT_EAR = tr_later("Left ear"), tr_later("Right ear")
LEFT_SHOULDER, RIGHT_SHOULDER = tr_later("Left shoulder"), tr_later("Right shoulder")

LEFT = frozenset((LEFT_EYE, LEFT_EAR, LEFT_SHOULDER))
RIGHT = frozenset((RIGHT_EYE, RIGHT_EAR, RIGHT_SHOULDER))

CONTOURS = (
    (LEFT_EAR, LEFT_EYE, NOSE, RIGHT_EYE, RIGHT_EAR),
    (LEFT_SHOULDER, RIGHT_SHOULDER),
)
"""Points that a line joins, so that they are seen to be a face."""

_FACE = {
    NOSE: (0.5, 0.56),
    LEFT_EYE: (0.68, 0.42),
    RIGHT_EYE: (0.32, 0.42),
    LEFT_EAR: (0.94, 0.48),
    RIGHT_EAR: (0.06, 0.48),
    LEFT_SHOULDER: (1.35, 1.3),
    RIGHT_SHOULDER: (-0.35, 1.3),
}
"""Where the points of an upright face are that fills a box, as shares of it.

The person's left is at the picture's right: the order in which the data of the paper has them.
"""


def start(names: Sequence[str], hole: Box | None, picture: Box) -> tuple[Point, ...]:
    """Points for a face that fills the hole, or the middle of the picture.

    Args:
        names: of the points, in the backend's order.
        hole: around all that is masked.
        picture: all of it; no point lies outside.
    """
    box = hole or picture.grown(-min(picture.width, picture.height) // 4)
    shares = [_FACE.get(name, (0.5, 0.5)) for name in names]
    return tuple(
        within(box.left + x * box.width, box.top + y * box.height, picture) for x, y in shares
    )


def within(x: float, y: float, picture: Box) -> Point:
    """The nearest place in the picture."""
    return (
        float(min(max(x, picture.left), picture.right)),
        float(min(max(y, picture.top), picture.bottom)),
    )


def put(document: Document, points: Sequence[Point]) -> None:
    """Place all points, inside the open edit."""
    document.put_belongings(replace(document.belongings, keypoints=tuple(points)))


def place(
    document: Document, points: Sequence[Point], *, goes_on: Edit | None = None
) -> Edit | None:
    """Place all points as one undo step, or as part of the newest one if that is `goes_on`."""
    if goes_on is not None and document.newest is goes_on:
        document.reopen(MOVE)
    else:
        document.begin(MOVE, "mask")
    put(document, points)
    return document.commit()
