"""Runs a backend on one crop, at full size or on a shrunken copy."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from engine.backend import BackendSpec, Inpainter, Problem
    from engine.jobs import CancelToken, Steps
    from engine.types import Box, ImageF32, MaskBool

SHORTEST = 64
"""Side below which a crop tells a network nothing, and the network pads it."""


def fill(
    inpainter: Inpainter, problem: Problem, scale: float, token: CancelToken
) -> Steps[ImageF32]:
    """The crop with its hole filled.

    Args:
        inpainter: the backend.
        problem: the crop at full size.
        scale: 0..1; below 1 the backend gets a copy shrunk by it, and its fill is enlarged.
        token: asked by the backend.

    Returns:
        (H, W, 3) float32; equal to `problem.image` outside the hole.
    """
    if scale >= 1.0:
        return (yield from inpainter.inpaint(problem, token))
    height, width = problem.hole.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = shrunk(problem, size)
    if small.hole.all():
        return (yield from inpainter.inpaint(problem, token))
    filled = yield from inpainter.inpaint(small, token)
    enlarged = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)
    result = problem.image.copy()
    result[problem.hole] = np.clip(enlarged, 0.0, 1.0)[problem.hole]
    return result


def trained_scale(spec: BackendSpec, box: Box) -> float:
    """The scale, at most 1, that gives a crop as many pixels as the backend is trained on.

    By area rather than by the longer side, so that the context of a long thin hole stays visible;
    sides below `SHORTEST` count as that long, because networks pad them.
    """
    if spec.native_side is None:
        return 1.0
    area = spec.native_side**2
    scale = math.sqrt(area / box.area)
    if scale * min(box.width, box.height) < SHORTEST:
        scale = area / (SHORTEST * max(box.width, box.height))
    return min(1.0, scale)


def shrunk(problem: Problem, size: tuple[int, int]) -> Problem:
    """The same problem in a smaller size.

    A small pixel that covers any hole is hole, because half of its colour means nothing; all
    others are averages of known pixels.

    Args:
        problem: the crop.
        size: width and height of the result.
    """
    forbidden, guide = problem.forbidden, problem.guide
    if guide is not None:
        scale = size[0] / problem.hole.shape[1]
        guide = replace(
            guide,
            image=_averaged(guide.image, size),
            near=guide.near * scale,
            far=guide.far * scale,
        )
    return replace(
        problem,
        image=_averaged(problem.image, size),
        hole=_touched(problem.hole, size),
        forbidden=None if forbidden is None else _touched(forbidden, size),
        guide=guide,
    )


def _averaged(image: ImageF32, size: tuple[int, int]) -> ImageF32:
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _touched(mask: MaskBool, size: tuple[int, int]) -> MaskBool:
    share: npt.NDArray[np.float32] = cv2.resize(  # type: ignore[assignment]
        mask.astype(np.float32), size, interpolation=cv2.INTER_AREA
    )
    touched: MaskBool = share > 1e-3
    return touched
