"""The pictures of a run, with what is known of the faces on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Landmarks: TypeAlias = npt.NDArray[np.float32]

_DIGITS = 13
"""Hexadecimal digits of a digest that decide: as many as a float holds exactly."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Some pictures.

    Attributes:
        paths: the files.
        digests: of what each shows, in hexadecimal.
        landmarks: (N, K, 2) float32 x, y in 0..1 of the picture; None if the pictures are no faces.
        boxes: (N, 4) left, top, right, bottom in 0..1 of the picture: what is to be filled.
    """

    paths: tuple[Path, ...]
    digests: tuple[str, ...]
    landmarks: Landmarks | None = None
    boxes: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def chosen(self, numbers: Sequence[int]) -> Gallery:
        """Some of the pictures."""
        return Gallery(
            tuple(self.paths[number] for number in numbers),
            tuple(self.digests[number] for number in numbers),
            None if self.landmarks is None else self.landmarks[list(numbers)],
            None if self.boxes is None else self.boxes[list(numbers)],
        )

    def box(self, number: int, side: int, *, mirrored: bool) -> Box | None:
        """The box of one picture, scaled to `side` x `side` pixels; None if there is none."""
        if self.boxes is None:
            return None
        left, top, right, bottom = (self.boxes[number] * side).round().astype(int).tolist()
        if mirrored:
            left, right = side - right, side - left
        return Box(left, top, right, bottom)


def split(digests: Sequence[str], share: float) -> tuple[list[int], list[int]]:
    """Divide pictures into those to train on and those held out, by what they show.

    A picture's side does not depend on the other pictures, so adding some moves none from one side
    to the other; the only exception is that the picture with the smallest digest is held out where
    none would be. That cannot leak either: what takes its place was not there before.

    Args:
        digests: one a picture, all different.
        share: of the pictures to hold out, about.

    Returns:
        Numbers of those to train on, at least one, and of those held out: at least one if there
        are two pictures and the share is above 0.
    """
    order = sorted(range(len(digests)), key=lambda number: digests[number])
    places = {number: int(digests[number][:_DIGITS], 16) / 16.0**_DIGITS for number in order}
    count = sum(place < share for place in places.values())
    if share > 0:
        count = max(1, count)
    count = min(count, len(order) - 1)
    return sorted(order[count:]), sorted(order[:count])
