"""The squares and holes of an evaluation: the same for every backend."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engine.errors import InvalidInputError, PictureError
from engine.scanning import opened_rgb, picture_files
from training.assessment import Unused
from training.masks import source

if TYPE_CHECKING:
    from pathlib import Path

    from engine.types import MaskBool
    from training.assessment import Task
    from training.masks import HoleSource
    from training.metrics import Picture


class Cases:
    """The pictures of a task as squares, with their holes.

    Attributes:
        paths: the files.
        masks: draws the holes.
        unused: what could not be used, by path.
        notices: what the user should know besides.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self.paths = picture_files(task.data)[: task.limit]
        if not self.paths:
            raise InvalidInputError(f"There are no pictures in “{task.data}”.")
        self.masks: HoleSource = source(task.masks)
        self.unused: dict[Path, Unused] = {}
        self.notices: dict[str, None] = {}

    def square(self, path: Path, size: int) -> Picture | None:
        """The middle of a picture, (size, size, 3); None if it cannot be used, which is noted."""
        try:
            pixels, _ = opened_rgb(path)
        except PictureError as error:
            self.unused[path] = Unused(self.name(path), str(error))
            return None
        height, width = pixels.shape[:2]
        side = min(height, width)
        if side < size:  # an enlarged picture has no texture to compare with
            why = (
                f"“{path.name}” has {width} × {height} pixels; it is evaluated at {size} × {size}."
            )
            self.unused[path] = Unused(self.name(path), why)
            return None
        top, left = (height - side) // 2, (width - side) // 2
        middle = pixels[top : top + side, left : left + side]
        shrunk = cv2.resize(middle, (size, size), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(shrunk, np.uint8)

    def hole(
        self, square: Picture, row: int, bounds: tuple[float, float] | None
    ) -> MaskBool | None:
        """The hole that belongs to a square in a row; None if the masks have none of that size."""
        digest = hashlib.blake2b(square.tobytes(), digest_size=8).digest()
        rng = np.random.default_rng([self._task.seed, int.from_bytes(digest), row])
        try:
            return self.masks.draw(square.shape[:2], rng, bounds)
        except InvalidInputError as error:
            self.notices[str(error)] = None
            return None

    def name(self, path: Path) -> str:
        """The path within the folder."""
        return path.relative_to(self._task.data).as_posix()

    def refusal(self) -> str:
        """Why there is nothing to evaluate."""
        if not self.unused:
            return next(iter(self.notices))
        first = next(iter(self.unused.values())).why
        count = len(self.paths)
        return f"None of the {count} pictures in “{self._task.data}” can be used: {first}"
