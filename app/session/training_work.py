"""What the Train dialog has done in a worker thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import msgspec
import numpy as np
from PySide6.QtGui import QImage

from app.session.qimages import qimage
from app.session.training_course import Course
from engine.errors import InvalidInputError
from engine.jobs import Progress
from training import config as configs
from training.events import from_line

if TYPE_CHECKING:
    from pathlib import Path

    from engine.jobs import CancelToken, Steps
    from engine.scanning import Scan
    from engine.types import MaskBool
    from training.config import TrainingConfig

MASKS_SHOWN = 6
MASK_SIDE = 144
GAP = 10
BEHIND = 90
"""Grey of what is kept in a mask's picture; the hole is white."""


@dataclass(frozen=True, slots=True)
class Masks:
    """A few masks of a kind.

    Attributes:
        image: them side by side, with gaps that nothing covers.
        shares: of the hole in each.
        notices: what the user should know, such as that the files look inverted.
    """

    image: QImage
    shares: tuple[float, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """A run that lies in a folder."""

    folder: Path
    config: TrainingConfig
    course: Course


def examine(folder: Path, smallest: int, token: CancelToken) -> Steps[Scan]:
    """Look at every picture of a folder; the run that follows need not do it again."""
    from engine.scan_memory import memory_of
    from engine.scanning import scan

    return (yield from scan(folder, token, smallest=smallest, memory=memory_of(folder)))


def draw_masks(
    kind: str, coverage: tuple[float, float] | None, size: int, seed: int, token: CancelToken
) -> Steps[Masks]:
    """Masks as the training will draw them, shown smaller.

    Args:
        kind: one that `training.masks` knows, or a folder of mask files.
        coverage: least and largest share of the hole; None as the kind has it.
        size: side of the crops in pixels.
        seed: other masks for another one.
        token: checked between two masks.

    Raises:
        InvalidInputError: if there is no such kind, or no usable mask in the folder.
    """
    yield Progress(0, MASKS_SHOWN, "")
    from training.masks import source

    masks, rng = source(kind), np.random.default_rng(seed)
    holes = []
    for number in range(MASKS_SHOWN):
        token.check()
        yield Progress(number, MASKS_SHOWN, "")
        holes.append(masks.draw((size, size), rng, coverage))
    shares = tuple(float(hole.mean()) for hole in holes)
    return Masks(_strip(holes), shares, masks.notices)


def _strip(holes: list[MaskBool]) -> QImage:
    width = len(holes) * (MASK_SIDE + GAP) - GAP
    strip = np.zeros((MASK_SIDE, width, 4), np.uint8)
    for number, hole in enumerate(holes):
        share = cv2.resize(
            hole.astype(np.float32), (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA
        )
        grey = (BEHIND + share * (255 - BEHIND)).astype(np.uint8)
        tile = strip[:, number * (MASK_SIDE + GAP) :][:, :MASK_SIDE]
        tile[:, :, :3] = grey[:, :, None]
        tile[:, :, 3] = 255
    return qimage(strip)


def read_sheet(path: str, _: CancelToken) -> Steps[QImage]:
    """A sheet of samples; a null image if it cannot be read."""
    yield Progress(0, 1, "")
    return QImage(path)


def look_back(folder: Path, _: CancelToken) -> Steps[Past | None]:
    """The run in a folder; None if there is none, or it cannot be gone on with."""
    yield Progress(0, 1, "")
    try:
        config = configs.load(folder / "config.toml")
        lines = (folder / "events.jsonl").read_bytes().splitlines()
    except (InvalidInputError, OSError):
        return None
    course = Course()
    for line in lines:
        try:
            course.add(from_line(line))
        except msgspec.DecodeError:
            continue  # the last line, if the computer was switched off in its middle
    return Past(folder, config, course)
