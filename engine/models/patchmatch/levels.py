"""The pyramid of PatchMatch inpainting: what is matched at each resolution.

Features and their texture channels follow Newson et al. (2014), "Video Inpainting of Complex
Scenes", section 3.2. A coarse pixel is the mean of the known pixels near it, and unknown only
where there are none. So holes shrink faster than the picture: the rim of each level's hole is
estimated from its border at the next coarser one, and at the coarsest the hole is narrower than a
patch. There every patch holds known pixels to go by, and structure that crosses the hole is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from engine.models.patchmatch import scale_kernels as kernels
from engine.models.patchmatch.kernels import WORST, Indices
from engine.models.patchmatch.vectors import CHANNELS, Bytes, spare

if TYPE_CHECKING:
    from engine.backend import Guide
    from engine.types import ImageF32, MaskBool

Each: TypeAlias = Callable[[Callable[[slice], None], list[slice]], None]
"""Runs a function on every slice, maybe in parallel."""

STRIP = 64
"""Rows prepared at once: bounds the temporary memory and the wait for a cancel."""
COARSEST_DIAMETER = 4
"""The hole's inscribed circle stays at least so wide at the coarsest level, ..."""
COARSEST_SIDE = 16
"""... and the crop's shorter side."""
TAPS = np.array([1, 5, 10, 10, 5, 1], np.float32)
"""Binomial: of what a coarser pixel is the mean, by row and column."""
FEW = 65_536
"""Sources that random starts are drawn from."""
DEEPEST = 255
"""Pixels into a hole that are still told apart."""
KNOWN, ESTIMATED = 2, 1
"""An estimated pixel has a colour to begin with, but belongs to the hole."""
RIM = 0.25
"""At half the size, pixels of which less is known are estimated. Taken as known, they leave bars
and joints a few pixels beside their place (eight drawn lattices and walls, one seed: 17 % of the
hole wrong, 6 % so). The same at a quarter of the size leaves none wrong, but costs texture under
the strokes of photographs (ten of them: SWD 4.04 instead of 3.50); at every level, most of all.
"""
GREY = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Scale:
    """One resolution of a picture; flat arrays, index = y * width + x.

    Attributes:
        width: W.
        features: (H * W * CHANNELS,): red, green, blue, texture; readable `vectors.SLACK` bytes
            beyond its end.
        known: (H * W,) `KNOWN`, `ESTIMATED` or 0; where it is 0, features are 0 at first.
        usable: (H * W,) 1 where all of a pixel may be copied, if it is known.
        guide: (H * W * CHANNELS,) like the features: roughly how the whole picture looks, hole
            included; empty if nobody knows.
    """

    width: int
    features: Bytes
    known: Bytes
    usable: Bytes
    guide: Bytes

    @property
    def shape(self) -> tuple[int, int]:
        return self.known.size // self.width, self.width


@dataclass(frozen=True, slots=True)
class Level:
    """A scale together with the field that is being improved on it.

    Attributes:
        scale: the picture; the hole's features change with every vote.
        sources: (H * W,) non-zero where a patch is fully usable.
        targets: centres of all patches that touch the hole, ascending.
        pixels: the hole's pixels, ascending.
        depth: (H * W,) distance into the hole in pixels, at most `DEEPEST`, 0 outside.
        pulls: in the order of the targets, what a difference of the guide counts there, in 256ths
            of one of the features; empty without guide.
        nearest: (H * W,) centre of the best source of each target, -1 elsewhere.
        cost: (H * W,) its distance.
    """

    scale: Scale
    sources: Bytes
    targets: Indices
    pixels: Indices
    depth: Bytes
    pulls: Indices
    nearest: Indices
    cost: Indices


def unknown(scale: Scale) -> Bytes:
    """(H, W) 1 where the hole is, else 0."""
    return (scale.known < KNOWN).astype(np.uint8).reshape(scale.shape)


def strips(rows: int) -> list[slice]:
    return [slice(top, min(rows, top + STRIP)) for top in range(0, rows, STRIP)]


def valid_sources(scale: Scale, patch: int) -> Bytes:
    """(H * W,) 1 where a whole patch around the pixel is known and usable."""
    usable = (scale.usable & (scale.known == KNOWN)).reshape(scale.shape)
    window = np.ones((patch, patch), np.uint8)
    eroded = cv2.erode(usable, window, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(eroded, np.uint8).reshape(-1)


def build_level(scale: Scale, patch: int, guide: Guide | None = None, halvings: int = 0) -> Level:
    """What is searched for, where, at one scale.

    Args:
        scale: the picture.
        patch: odd side.
        guide: that of the problem, in pixels of the full size.
        halvings: how often that was halved to get here.
    """
    height, width = scale.shape
    hole = unknown(scale)
    window = np.ones((patch, patch), np.uint8)
    touched = cv2.dilate(hole, window, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    radius = patch // 2
    touched[:radius] = touched[height - radius :] = 0
    touched[:, :radius] = touched[:, width - radius :] = 0
    targets = np.flatnonzero(touched).astype(np.int32)
    exact = np.minimum(cv2.distanceTransform(hole, cv2.DIST_L2, 3), DEEPEST).reshape(-1)
    return Level(
        scale,
        valid_sources(scale, patch),
        targets,
        np.flatnonzero(hole).astype(np.int32),
        exact.astype(np.uint8),
        _pulls(exact[targets], guide, halvings),
        np.full(width * height, -1, np.int32),
        np.full(width * height, WORST, np.int32),
    )


def _pulls(depth: npt.NDArray[np.float32], guide: Guide | None, halvings: int) -> Indices:
    """What a difference of the guide counts that deep in a hole, in pixels of the level."""
    if guide is None:
        return np.empty(0, np.int32)
    near, far = guide.near / 2**halvings, min(guide.far / 2**halvings, DEEPEST)
    share = (depth - near) / (far - near) if far > near else (depth >= near).astype(np.float32)
    return np.asarray(np.rint(np.clip(share, 0, 1) * 256 * guide.pull), np.int32)


def some_sources(sources: Bytes) -> Indices:
    """At most about `FEW` centres, spread evenly; empty if there is none at all."""
    stride = max(1, sources.size // (16 * FEW))
    found = np.flatnonzero(sources[::stride]) * stride
    if found.size < 64 and stride > 1:
        found = np.flatnonzero(sources)
    return found[:: max(1, found.size // FEW)].astype(np.int32)


def describe(
    image: ImageF32,
    hole: MaskBool,
    forbidden: MaskBool | None,
    texture: float,
    each: Each,
    guide: ImageF32 | None = None,
) -> Scale:
    """The finest scale: bytes of the picture, of its texture and of its guide.

    Texture is the mean absolute slope, across plus along, over 5x5 known pixels, `texture` times
    as strong as a colour; without it, smooth patches win everywhere (Newson et al. 2014,
    section 3.2; they keep the two directions apart, which four bytes a pixel leave no room for).
    """
    height, width = hole.shape
    features = spare(height * width)
    planes = features.reshape(height, width, CHANNELS)
    rough = spare(0 if guide is None else height * width)

    def work(rows: slice) -> None:
        halo = slice(max(0, rows.start - 3), min(height, rows.stop + 3))
        inner = slice(rows.start - halo.start, rows.stop - halo.start)
        rgb = np.clip(image[halo] * np.float32(255), 0, 255)
        known = ~hole[halo]
        planes[rows, :, :3] = rgb[inner] + np.float32(0.5)
        grey = rgb @ GREY
        slope = _texture(grey, known) + _texture(grey.T, known.T).T
        planes[rows, :, 3] = np.minimum(np.float32(texture) * slope[inner], 255)
        planes[rows][hole[rows]] = 0
        if guide is not None:
            colours = np.clip(guide[rows] * np.float32(255), 0, 255) + np.float32(0.5)
            rough.reshape(height, width, CHANNELS)[rows, :, :3] = colours

    each(work, strips(height))
    usable = np.ones_like(hole) if forbidden is None else ~forbidden
    known = np.where(hole, np.uint8(0), np.uint8(KNOWN))
    free = usable.astype(np.uint8)
    return Scale(width, features, known.reshape(-1), free.reshape(-1), rough)


def _texture(grey: npt.NDArray[np.float32], known: MaskBool) -> npt.NDArray[np.float32]:
    """Mean absolute difference to the left neighbour over known 5x5 pixels."""
    slope = np.zeros(grey.shape, np.float32)
    both = np.zeros(grey.shape, np.float32)
    both[:, 1:] = known[:, 1:] & known[:, :-1]
    slope[:, 1:] = np.abs(grey[:, 1:] - grey[:, :-1]) * both[:, 1:]
    share = np.maximum(cv2.blur(both, (5, 5)), np.float32(1e-6))
    return np.asarray(cv2.blur(slope, (5, 5)) / share, np.float32)


def halved(scale: Scale, each: Each, rim: float = 0.0) -> Scale:
    """Half the size; each pixel is the mean of those below and around it that are not unknown.

    Args:
        scale: to be halved.
        each: see `Each`.
        rim: pixels of which a smaller share is known become `ESTIMATED`.
    """
    height, width = ((side + 1) // 2 for side in scale.shape)
    features = spare(height * width)
    planes = features.reshape(height, width, CHANNELS)
    known, usable = np.empty((2, height, width), np.uint8)
    before = TAPS.size // 2 - 1

    def work(rows: slice) -> None:
        first = max(0, 2 * rows.start - before)
        part = slice(first, 2 * rows.stop + TAPS.size // 2)
        kept = slice(2 * rows.start - first, 2 * rows.stop - first, 2)

        def gathered(plane: Bytes) -> npt.NDArray[np.float32]:
            """Sums weighted by `TAPS`; whole numbers, therefore exact."""
            sums = cv2.sepFilter2D(
                plane[part], cv2.CV_32F, TAPS, TAPS,
                anchor=(before, before), borderType=cv2.BORDER_CONSTANT,
            )  # fmt: skip
            return np.asarray(sums[kept, ::2], np.float32)

        weights = gathered(np.minimum(scale.known, 1).reshape(scale.shape))
        sums = gathered(scale.features.reshape(*scale.shape, CHANNELS))
        planes[rows] = sums / np.maximum(weights, 1)[:, :, None] + np.float32(0.5)
        planes[rows][weights == 0] = 0
        known[rows] = np.where(weights < rim * TAPS.sum() ** 2, ESTIMATED, KNOWN) * (weights > 0)
        usable[rows] = cv2.erode(
            scale.usable.reshape(scale.shape)[part], np.ones((2, 2), np.uint8), anchor=(0, 0)
        )[kept, ::2]

    each(work, strips(height))
    guide = _halved_guide(scale)
    return Scale(width, features, known.reshape(-1), usable.reshape(-1), guide)


def _halved_guide(scale: Scale) -> Bytes:
    """The mean of 2x2 pixels; a last odd row or column counts twice."""
    if not scale.guide.size:
        return scale.guide
    height, width = scale.shape
    planes = scale.guide.reshape(height, width, CHANNELS)
    even = cv2.copyMakeBorder(planes, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    size = ((width + 1) // 2, (height + 1) // 2)
    smaller = spare(size[0] * size[1])
    smaller[:] = cv2.resize(even, size, interpolation=cv2.INTER_AREA).reshape(-1)
    return smaller


def pyramid(finest: Scale, patch: int, each: Each) -> list[Scale]:
    """Scales from fine to coarse, as long as something of the hole and sources remain."""
    scales = [finest]
    while min(scales[-1].shape) / 2 >= COARSEST_SIDE:
        coarser = halved(scales[-1], each, RIM if len(scales) == 1 else 0.0)
        hole = np.pad(unknown(coarser), 1)
        diameter = 2 * float(cv2.distanceTransform(hole, cv2.DIST_L2, 3).max())
        if diameter < COARSEST_DIAMETER or not valid_sources(coarser, patch).any():
            break
        scales.append(coarser)
    return scales


def diffuse(scale: Scale, each: Each) -> None:
    """Fill unknown features smoothly from the border: pull to one pixel, push back, then blur."""
    ladder = list(_halvings(scale, each))
    below = ladder[-1].features.reshape(*ladder[-1].shape, CHANNELS)
    for step in reversed(ladder[:-1]):
        picture = step.features.reshape(*step.shape, CHANNELS)
        empty = (step.known == 0).reshape(step.shape)
        grown = cv2.resize(below, (2 * below.shape[1], 2 * below.shape[0]))
        picture[empty] = grown.reshape(*grown.shape[:2], CHANNELS)[
            : picture.shape[0], : step.width
        ][empty]
        below = picture
    hidden = np.flatnonzero(scale.known == 0).astype(np.int32)
    for _ in range(3):
        kernels.soften(scale.features, scale.width, hidden)


def follow_guide(scale: Scale) -> None:
    """Give the unknown pixels the guide's colours, if there is one; their texture stays."""
    if not scale.guide.size:
        return
    hidden = scale.known == 0
    colours = scale.guide.reshape(-1, CHANNELS)[hidden, :3]
    scale.features.reshape(-1, CHANNELS)[hidden, :3] = colours


def _halvings(scale: Scale, each: Each) -> Iterator[Scale]:
    yield scale
    while not scale.known.all():
        scale = halved(scale, each)
        yield scale
