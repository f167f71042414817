"""What an evaluation is asked for and what it finds, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from engine.device import Device
    from training.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to evaluate.

    Attributes:
        backends: registry ids.
        data: folder of pictures, searched with its subfolders.
        masks: a kind that `training.masks` knows, or a folder of mask files (white = hole).
        has_buckets: a row for each bucket of hole sizes instead of one with all holes as drawn.
        size: side of the squares; None takes the side each backend was trained at, else 256.
        limit: pictures at most, the first in the order of their paths.
        weights: for the networks: a path, "random:SEED", or None for those installed.
        seed: decides holes and intervals, and what the backends leave to chance.
        device: the wish.
    """

    backends: tuple[str, ...]
    data: Path
    masks: str
    has_buckets: bool = False
    size: int | None = None
    limit: int | None = None
    weights: str | None = None
    seed: int = 0
    device: Device = "auto"


@dataclass(frozen=True, slots=True)
class Measured:
    """One fill.

    Attributes:
        picture: path within the folder.
        hole_share: 0..1.
        ms: it took, in milliseconds.
        figures: by name; see `training.evaluation.figures`.
    """

    picture: str
    hole_share: float
    ms: float
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One backend on the holes of one size.

    Attributes:
        holes: bounds of the share that is missing; None as the masks have it.
        hole_share: mean share that is missing, 0..1.
        figures: means over the pictures.
        of_the_set: figures that only all pictures together have, as FID.
        ms: median time of a fill.
        fills: in the order of the pictures.
    """

    holes: tuple[float, float] | None
    hole_share: float
    figures: dict[str, Interval]
    of_the_set: dict[str, float]
    ms: float
    fills: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """One backend.

    Attributes:
        size: side of the squares.
        parameters: of the network; 0 if there is none.
        weights: sha256 of the file or "random:SEED"; None if there is no network.
        device: where it computed.
        fallbacks: what was done differently than asked, and why.
        ms: median time of a fill over all rows.
        peak_bytes: memory that one fill took at most, loading the backend included, on top of what
            the program held before.
        peak_device_bytes: memory that was taken of a graphics card; None without one.
    """

    backend: str
    label: str
    size: int
    parameters: int
    weights: str | None
    device: str
    fallbacks: tuple[str, ...]
    ms: float
    peak_bytes: int
    peak_device_bytes: int | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Unused:
    """A picture that could not be used, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """The tables, and what is not in them.

    Attributes:
        pictures: files that were looked at.
        unused: those that could not be used.
        missing: a sentence for each figure that could not be computed.
        notices: what the user should know of the masks.
    """

    task: Task
    pictures: int
    assessments: tuple[Assessment, ...]
    unused: tuple[Unused, ...]
    missing: tuple[str, ...]
    notices: tuple[str, ...]
