"""What the Batch dialog has done in worker threads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import cv2
import numpy as np

from app.language import tr
from app.session.qimages import qimage
from app.session.snapshot import small
from engine import memory
from engine.batch import Plan, check, lacks_mask, planned, text_of
from engine.batch import report as reports
from engine.batch.holes import hole_of
from engine.batch.manifest import read, settings_digest
from engine.errors import EngineError
from engine.jobs import Progress
from engine.pictures import open_picture
from engine.scanning import picture_files

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from app.session.batch_wish import Wish
    from engine.batch import BatchConfig, Counts, Item, Report
    from engine.jobs import CancelToken, Steps

PREVIEW_SIDE = 720
"""Longer side of a preview in pixels; it is shown at half of that on most screens."""

Part: TypeAlias = Literal["all", "warned", "failed", "unmasked", "orphans"]
"""Which rows of a plan are shown."""

Tint: TypeAlias = tuple[tuple[int, int, int], float]
"""Colour of the mask, RGB 0..255, and its opacity, 0..1."""


class Roots(NamedTuple):
    """What is left out of paths that are shown; to find it anew would read the disk."""

    images: str
    masks: str
    output: str


@dataclass(frozen=True, slots=True)
class Survey:
    """A plan and what there is to say of it, counted where nobody waits.

    Attributes:
        plan: its items are the first rows of the table, its orphans the last.
        counts: of the plan.
        roots: of its paths.
        parts: numbers of the rows that belong to each part.
        earlier: pictures that an earlier run has filled with the same settings.
        made: how many of those are kept.
        replaced: pictures whose result takes their own place.
        problem: why the plan cannot be carried out; empty if it can.
    """

    plan: Plan
    counts: Counts
    roots: Roots
    parts: dict[Part, tuple[int, ...]]
    earlier: int
    made: int
    replaced: int
    problem: str

    @property
    def left(self) -> int:
        """Pictures that are still to be filled."""
        return self.counts.ready - self.made


def count(images: Path, recursive: bool, _: CancelToken) -> Steps[int]:
    """How many pictures are there.

    Raises:
        InvalidInputError: if the folder cannot be read.
    """
    yield Progress(0, 1, "")
    return 1 if images.is_file() else len(picture_files(images, recursive=recursive))


def look(wish: Wish, token: CancelToken) -> Steps[Survey]:
    """Plan a run.

    Raises:
        EngineError: if it cannot be; the text says why.
        Cancelled: once the token is cancelled.
    """
    yield Progress(0, 1, "")
    config = wish.config()
    check(config)
    earlier = _made_before(config)
    plan = yield from planned(config, token, resume=wish.resumes and bool(earlier))
    return _surveyed(plan, earlier)


def _made_before(config: BatchConfig) -> frozenset[str]:
    """Pictures, as text, that have a result by these settings according to the manifest."""
    known = read(config.output_folder)
    if not known:
        return frozenset()
    settings = settings_digest(config)
    return frozenset(
        image for image, trace in known.items() if trace.done and trace.done.settings == settings
    )


def _surveyed(plan: Plan, earlier: frozenset[str]) -> Survey:
    parts: dict[Part, list[int]] = {"warned": [], "failed": [], "unmasked": []}
    there = made = replaced = 0
    for place, item in enumerate(plan.items):
        if item.intent == "ready":
            was_made = bool(earlier) and text_of(item.image) in earlier
            there += was_made
            made += was_made and plan.resumes
            replaced += item.output == item.image
            if item.warnings:
                parts["warned"].append(place)
        elif item.intent == "failed":
            parts["failed"].append(place)
        elif lacks_mask(plan.config, item):
            parts["unmasked"].append(place)
    rows = len(plan.items) + len(plan.orphans)
    ends = {"all": range(rows), "orphans": range(len(plan.items), rows)}
    return Survey(
        plan,
        plan.counts,
        _roots(plan.config),
        {name: tuple(places) for name, places in (parts | ends).items()},  # type: ignore[misc]
        there,
        made,
        replaced,
        _lack_of_space(plan),
    )


def _roots(config: BatchConfig) -> Roots:
    masks = config.masks_folder or Path(config.masks).parent
    folders = (config.images_folder, masks, config.output_folder)
    return Roots(*(f"{folder}{os.sep}" for folder in folders))


def _lack_of_space(plan: Plan) -> str:
    if not plan.lacks_space:
        return ""
    return tr(
        "The results need about {needed_bytes} and {free_bytes} are free in "
        "“{name}”; make room or choose another folder.",
        needed_bytes=memory.in_words(plan.needed_bytes),
        free_bytes=memory.in_words(plan.free_bytes or 0),
        name=plan.config.output_folder.name,
    )


def preview(config: BatchConfig, item: Item, tint: Tint, token: CancelToken) -> Steps[QImage]:
    """A picture of a plan, small, with its mask over it; without, if the mask cannot be used.

    Raises:
        PictureError: if the picture cannot be read.
    """
    yield Progress(0, 1, "")
    picture = open_picture(item.image, pixel_limit=config.pixel_limit)
    token.check()
    shown = small(picture.pixels, PREVIEW_SIDE)
    if item.masks or config.from_alpha:
        try:
            hole = hole_of(config, item, (picture.width, picture.height)).hole
        except EngineError:
            return qimage(shown)
        size = (shown.shape[1], shown.shape[0])
        coverage = cv2.resize(hole.view(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
        share = (coverage / np.float32(255))[:, :, None] * np.float32(tint[1])
        mixed = shown + share * (np.array(tint[0], np.float32) - shown)
        shown = np.ascontiguousarray(np.rint(mixed), np.uint8)
    return qimage(shown)


def thumbnail(path: Path, token: CancelToken) -> Steps[QImage]:
    """A picture file, small.

    Raises:
        PictureError: if it cannot be read.
    """
    yield Progress(0, 1, "")
    picture = open_picture(path, pixel_limit=None)
    token.check()
    return qimage(small(picture.pixels, PREVIEW_SIDE))


def save_report(report: Report, path: Path, _: CancelToken) -> Steps[Path]:
    """Write the report as JSON and, beside it, as a table; returns the path of the first."""
    yield Progress(0, 1, "")
    path = path.with_suffix(".json")
    reports.save(report, path)
    return path
