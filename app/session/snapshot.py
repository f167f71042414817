"""From the document to a request and back: what a run gets to see, and what it may change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.session.hole import extent
from engine.pipeline import InpaintRequest, with_patches
from engine.pixels import full_scale, has_alpha
from engine.regions import regions
from engine.registry import AUTO, get, specs
from engine.score import score
from engine.types import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from app.document import Document
    from app.document.belongings import Point
    from engine.backend import BackendSpec, Options
    from engine.blend.names import Blend
    from engine.pipeline import InpaintResult
    from engine.score import Score
    from engine.types import Pixels

GRID = 16
"""The pipeline groups holes in cells of this side: a crop that starts on the grid gives the same
bytes as the whole picture would."""

THUMBNAIL_SIDE = 224

CLOSE_UP_SIDE = 1200
"""Longest side of a close-up in pixels: a dozen of them take some 50 MB."""


def snapshot(
    document: Document,
    backend: str,
    options: Options,
    seed: int,
    *,
    detail: bool = True,
    blend: tuple[Blend, ...] = (),
    trace: bool = False,
    others: tuple[BackendSpec, ...] = (),
    keypoints: tuple[Point, ...] = (),
) -> InpaintRequest | None:
    """Copies of all that a run needs, so that painting may go on; None if nothing is masked.

    With others, all of these see what they need, too.
    """
    hole_box = extent(document.mask)
    if hole_box is None:
        return None
    forbidden = document.forbidden()
    asked = (get(backend), *others)
    box = _reach(document, hole_box, asked, is_steered=forbidden is not None)
    mask = document.mask[box.slices].copy()
    return InpaintRequest(
        image=document.image[box.slices].copy(),
        hole=mask > 127,
        backend=backend,
        options={} if backend == AUTO else dict(options),
        opacity=mask,
        forbidden=None if forbidden is None else forbidden[box.slices],
        origin=(box.left, box.top),
        seed=seed,
        detail=detail,
        blend=blend,
        trace=trace,
        keypoints=keypoints,
    )


def _reach(
    document: Document, hole_box: Box, asked: tuple[BackendSpec, ...], *, is_steered: bool
) -> Box:
    """How much of the picture a run may look at: the hole and the widest context it could want."""
    if is_steered or has_alpha(document.image):
        # Forbidden and transparent pixels are no sources; the next usable ones may be anywhere.
        return document.box
    if any(row.id == AUTO for row in asked):
        asked += tuple(row for row in specs() if not row.network)
    longer = max(hole_box.width, hole_box.height)
    margin = max(max(row.min_context, round(row.context * longer)) for row in asked)
    box = hole_box.grown(margin).intersected(document.box)
    return Box(box.left // GRID * GRID, box.top // GRID * GRID, box.right, box.bottom)


def seen(document: Document, spec: BackendSpec) -> tuple[Box, ...]:
    """The crops that a run would look at, in picture pixels."""
    hole_box = extent(document.mask)
    if hole_box is None:
        return ()
    box = _reach(document, hole_box, (spec,), is_steered=False)
    plan = regions(document.mask[box.slices] > 127, spec)
    return tuple(region.box.moved(box.left, box.top) for region in plan)


def is_stale(document: Document, request: InpaintRequest) -> bool:
    """Whether the picture has changed where the run looked."""
    height, width = request.hole.shape
    box = Box(0, 0, width, height).moved(*request.origin)
    return not np.array_equal(document.image[box.slices], request.image)


def has_new_mask(document: Document, request: InpaintRequest) -> bool:
    """Whether the mask is no longer the one that the run fills."""
    now = extent(document.mask)
    if now is None or request.opacity is None:
        return True
    box = Box.whole(request.hole).moved(*request.origin)
    same = np.array_equal(document.mask[box.slices], request.opacity)
    return not same or now.intersected(box) != now


def apply_result(
    document: Document, result: InpaintResult, label: str, *, painting_goes_on: bool = False
) -> None:
    """Write a result into the picture as one undo step; the mask stays.

    Args:
        document: what to change.
        result: its patches are written in their order.
        label: of the undo step.
        painting_goes_on: the mask has been painted on since; only what was filled leaves it, and
            the next stroke adds to the rest instead of starting a new mask.
    """
    with document.edit(label, "mask" if painting_goes_on else "result"):
        for patch in result.patches:
            with document.touch("image", patch.box) as view:
                view[patch.hole] = patch.pixels[patch.hole]
            if painting_goes_on:
                with document.touch("mask", patch.box) as view:
                    view[patch.hole] = 0


def thumbnail(request: InpaintRequest, result: InpaintResult) -> npt.NDArray[np.uint8]:
    """A small (h, w, 3) uint8 RGB picture of the filled place and its surroundings."""
    return small(_around(_filled(request, result), request))


def close_up(request: InpaintRequest, result: InpaintResult) -> npt.NDArray[np.uint8]:
    """As `thumbnail`, large enough to judge the fill."""
    return small(_around(_filled(request, result), request), CLOSE_UP_SIDE)


def fits(request: InpaintRequest, result: InpaintResult) -> Score:
    """How well a fill fits into its surroundings."""
    return score(_filled(request, result), request.hole)


def _filled(request: InpaintRequest, result: InpaintResult) -> Pixels:
    here = (-request.origin[0], -request.origin[1])
    patches = (replace(patch, box=patch.box.moved(*here)) for patch in result.patches)
    return with_patches(request.image, patches)


def _around(pixels: Pixels, request: InpaintRequest) -> Pixels:
    """The hole's box and half as much again, so that the eye finds the place."""
    hole = extent(request.hole.view(np.uint8) * np.uint8(255))
    whole = Box.whole(request.hole)
    if hole is None:
        return pixels
    box = hole.grown(max(16, max(hole.width, hole.height) // 2)).intersected(whole)
    return pixels[box.slices]


def small(pixels: Pixels, side: int = THUMBNAIL_SIDE) -> npt.NDArray[np.uint8]:
    """Native pixels as (h, w, 3) uint8 RGB, at most `side` pixels long."""
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    colour = pixels[:, :, :3] if pixels.shape[2] >= 3 else pixels[:, :, :1]
    reduced = cv2.resize(np.ascontiguousarray(colour), size, interpolation=cv2.INTER_AREA)
    if reduced.ndim == 2:
        reduced = np.repeat(reduced[:, :, None], 3, axis=2)
    scaled = reduced.astype(np.float32) * (255.0 / full_scale(pixels))
    return np.ascontiguousarray(np.rint(scaled), np.uint8)
