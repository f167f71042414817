"""Exemplar-based inpainting: multi-scale patch voting over a PatchMatch field.

The scheme is that of Wexler, Shechtman and Irani (2007), "Space-Time Completion of Video", with
the randomised search of Barnes et al. (2009), "PatchMatch", and the texture features of Newson et
al. (2014), "Video Inpainting of Complex Scenes". From coarse to fine it alternates

1. search: every patch that touches the hole looks for the most similar fully known patch;
2. vote: every hole pixel becomes the weighted mean of what the patches over it propose;

and at full size each hole pixel is finally copied, at the picture's own precision, from the place
that the patches over it agree on most.
"""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from engine.backend import Problem
from engine.errors import NothingToCopyError
from engine.jobs import CancelToken, Progress, Steps, scaled
from engine.models.patchmatch import kernels, scale_kernels
from engine.models.patchmatch.efforts import EFFORTS
from engine.models.patchmatch.levels import (
    DEEPEST,
    Level,
    Scale,
    build_level,
    describe,
    diffuse,
    follow_guide,
    pyramid,
    some_sources,
    valid_sources,
)
from engine.models.patchmatch.seams import evened
from engine.models.patchmatch.vectors import window
from engine.provenance import of_copies

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.models.patchmatch.kernels import Indices
    from engine.provenance import Trace
    from engine.types import ImageF32

BAND = 32
"""Rows of a band. Bands depend on the picture only, so any number of threads gives the same."""
FEW = 2_000
"""Targets that are swept in one piece: fewer than it takes time to wake another thread."""
PART = 16_384
"""Pixels of one copying task."""
TOLERANCE = 20_000.0
"""Distance per pixel of a patch at which its vote counts an eighth. Large, because a strict one
lets the smoothest patch decide alone: only hopeless ones are meant to lose their say."""
GAMMA = 2.0
"""A vote weighs this much less with every pixel of depth, so that what is known near the border
grows inwards; the classical 1.3 blurs (detail .93 instead of .98)."""
MANY = 200_000
"""Targets from which a level is searched nearby only: a coarser one has looked everywhere."""
LOCAL_REACH = 16


class PatchMatch:
    """Fills a hole with pixels copied from the rest of the picture.

    Options of a problem: `patch` (side, odd), `effort` (a key of `EFFORTS`), `texture` (how much
    a patch's roughness counts against its colours), `seams` (whether to even out the brightness
    of neighbouring pieces; off, every filled pixel is an exact copy of a known one).

    Args:
        threads: worker threads; by default one for each core, at most 8.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(8, os.cpu_count() or 1)

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        """See `engine.backend.Inpainter`.

        Raises:
            Cancelled: soon after the token is cancelled.
            NothingToCopyError: if no pixel is both known and allowed.
        """
        image, _ = yield from self._filled(problem, token)
        return image

    def traced(self, problem: Problem, token: CancelToken) -> Steps[tuple[ImageF32, Trace]]:
        """See `engine.backend.Traceable`; every pixel is wholly from one place."""
        image, origins = yield from self._filled(problem, token)
        return image, of_copies(origins, problem.hole)

    def _filled(self, problem: Problem, token: CancelToken) -> Steps[tuple[ImageF32, Indices]]:
        """The fill, and (H, W) the flat index of the pixel that each one is a copy of."""
        yield Progress(0.0, 1.0, "Reading the texture")
        if not problem.hole.any():
            own = np.arange(problem.hole.size, dtype=np.int32).reshape(problem.hole.shape)
            return problem.image.copy(), own
        with ThreadPoolExecutor(self._threads, "patchmatch") as pool:
            return (yield from _Run(problem, token, pool, self._threads).steps())


def warm_up() -> Steps[None]:
    """Compile every kernel, or load it from numba's cache, by filling a small picture.

    Takes a few seconds the first time and well under one afterwards.
    """
    yield Progress(0.0, 1.0, "Preparing the patch search")
    ramp = np.linspace(0, 1, 96 * 96 * 3, dtype=np.float32).reshape(96, 96, 3)
    blob, stroke = np.zeros((2, 96, 96), np.bool_)
    blob[16:80, 16:80] = True
    stroke[16:24, 4:92] = True
    for patch, hole in ((7, blob), (5, stroke)):
        problem = Problem(ramp, hole, options={"patch": patch, "effort": "fast"})
        for step in PatchMatch(1).inpaint(problem, CancelToken()):
            yield Progress((step.share + (patch == 5)) / 2, 1.0, "Preparing the patch search")


class _Run:
    """One fill: the problem, the workers, and the steps from coarse to fine."""

    def __init__(
        self, problem: Problem, token: CancelToken, pool: ThreadPoolExecutor, threads: int
    ) -> None:
        self._problem = problem
        self._token = token
        self._threads = threads
        self._pool = pool
        options = problem.options
        self._patch = int(options.get("patch", 7)) | 1
        self._texture = float(options.get("texture", 1.6))
        self._evens_seams = bool(options.get("seams", True))
        self._effort = EFFORTS[str(options.get("effort", "normal"))]
        by_depth = GAMMA ** -np.arange(DEEPEST + 1.0)
        self._by_depth = np.maximum(by_depth, 1e-30).astype(np.float32)

    def steps(self) -> Steps[tuple[ImageF32, Indices]]:
        problem, guide = self._problem, self._problem.guide
        image = np.ascontiguousarray(problem.image)
        rough = guide.image if guide else None
        finest = describe(image, problem.hole, problem.forbidden, self._texture, self._each, rough)
        self._patch = self._largest_patch(finest)
        self._window = window(self._patch)
        self._free = round(3 * self._patch**2 * guide.tolerance**2) if guide else 0
        self._tolerance = np.float32(TOLERANCE * self._patch**2)
        scales = pyramid(finest, self._patch, self._each)
        coarsest = len(scales) - 1
        work = [self._rounds(number, coarsest, 0) / 4**number for number in range(len(scales))]
        whole, done = sum(work) / 0.97, 0.02
        level = self._start(scales.pop(), None, coarsest)
        for number in range(coarsest, -1, -1):
            if number < coarsest:
                level = self._start(scales.pop(), level, number)
            end = done + work[number] / whole
            rounds = self._rounds(number, coarsest, level.targets.size)
            yield from scaled(self._improve(level, rounds, number), done, end)
            done = end
        yield Progress(done, 1.0, "Copying")
        result, origins = self._copied(image, level)
        if not self._evens_seams:
            return result, origins
        yield Progress(0.995, 1.0, "Evening out the seams")
        del level, scales, finest  # memory that the next step can use
        return evened(result, problem.hole, origins, self._token.check), origins

    def _improve(self, level: Level, rounds: int, number: int) -> Steps[None]:
        """Search and vote in turns; the vote after the last search is left to what follows."""
        reach = max(level.scale.shape) if level.targets.size <= MANY else LOCAL_REACH
        message = f"Matching at 1/{2**number} size" if number else "Matching at full size"
        for turn in range(rounds):
            yield Progress(turn, rounds, message)
            if turn:
                self._vote(level)
            # Three of four sweeps look only nearby: cheaper, and as good (measured).
            near = min(reach, LOCAL_REACH) if turn % 4 else reach
            self._sweep(level, turn % 2 == 0, near, self._seed(number, turn))

    def _largest_patch(self, scale: Scale) -> int:
        """The wished patch size, or the largest smaller one that has a source at all."""
        for patch in range(min(self._patch, (min(scale.shape) - 1) | 1), 0, -2):
            if valid_sources(scale, patch).any():
                return patch
        raise NothingToCopyError(
            "There is nothing to copy from: every pixel around the hole is missing or marked as "
            "never to be used. Make the hole smaller or allow more of the picture."
        )

    def _rounds(self, number: int, coarsest: int, targets: int) -> int:
        """How often to search and vote at level `number` (0 = full size)."""
        effort = self._effort
        if number == coarsest:
            rounds = effort.coarsest
        else:
            rounds = effort.middle if number else effort.finest
        return min(rounds, max(2, effort.visits // max(1, targets)))

    def _start(self, scale: Scale, coarse: Level | None, number: int) -> Level:
        """Colours and field to begin with: diffused and random, or those of the coarser level."""
        level = build_level(scale, self._patch, self._problem.guide, number)
        if coarse is None:
            diffuse(scale, self._each)
            follow_guide(scale)
        else:
            width, coarse_width = scale.width, coarse.scale.width
            empty = level.pixels[scale.known[level.pixels] == 0]
            scale_kernels.inherit(coarse.scale.features, coarse_width, scale.features, width, empty)
            follow_guide(scale)
            scale_kernels.refine(
                coarse.nearest,
                coarse.cost,
                coarse_width,
                width,
                level.sources,
                level.nearest,
                level.cost,
                level.targets,
            )
            # What only the guide knows of would never win a vote, for it begins with none. At full
            # size votes do begin: colours of the guide there cost a quarter of the texture.
            guide = self._problem.guide
            if guide is None or guide.is_doubted or number == 0:
                self._vote(level)
        seed = self._seed(number, 1000)
        scale_kernels.scatter(level.nearest, level.targets, some_sources(level.sources), seed)
        return level

    def _sweep(self, level: Level, forward: bool, reach: int, seed: int) -> None:
        """One pass over all targets in bands of rows.

        A band reads one row of its neighbour, therefore even bands run first and odd ones after:
        what a thread reads never changes meanwhile.
        """
        height, width = level.scale.shape
        cuts = np.searchsorted(level.targets, np.arange(0, height + BAND, BAND) * width)
        bands = [slice(a, b) for a, b in itertools.pairwise(cuts.tolist())]
        if level.targets.size < FEW:
            bands = [slice(0, level.targets.size)]

        def work(band: slice) -> None:
            kernels.search(
                level.scale.features,
                width,
                self._patch,
                self._window,
                level.sources,
                level.nearest,
                level.cost,
                level.targets[band],
                forward,
                reach,
                seed,
                level.scale.guide,
                level.pulls[band],
                self._free,
            )

        for parity in (0, 1):
            self._each(work, [band for band in bands[parity::2] if band.stop > band.start])

    def _vote(self, level: Level) -> None:
        """Every band of rows gathers the votes of all patches that reach into it."""
        height, width = level.scale.shape
        radius = self._patch // 2

        def work(rows: slice) -> None:
            edges = [rows.start, rows.stop, rows.start - radius, rows.stop + radius]
            first, last = np.searchsorted(level.pixels, [edge * width for edge in edges[:2]])
            begin, end = np.searchsorted(level.targets, [edge * width for edge in edges[2:]])
            if first == last:
                return
            kernels.vote(
                level.scale.features,
                width,
                self._patch,
                self._window,
                level.nearest,
                level.cost,
                level.targets[begin:end],
                level.pixels[first:last],
                rows.start,
                rows.stop,
                level.depth,
                self._by_depth,
                self._tolerance,
            )

        first, last = level.pixels[[0, -1]] // width if level.pixels.size else (0, -1)
        tall = BAND if level.targets.size >= FEW else height
        self._each(work, [slice(top, top + tall) for top in range(first, last + 1, tall)])

    def _copied(self, image: ImageF32, level: Level) -> tuple[ImageF32, Indices]:
        """Each hole pixel copied from the place most of its patches name.

        Returns:
            The picture, and (H, W) the flat index of the pixel that each one is a copy of.
        """
        result = image.copy()
        origins = np.arange(level.depth.size, dtype=np.int32)

        def work(part: slice) -> None:
            pixels = level.pixels[part]
            chosen = np.empty(pixels.size, np.int32)
            kernels.choose(
                level.scale.width,
                self._patch,
                level.nearest,
                level.cost,
                pixels,
                level.depth,
                self._by_depth,
                self._tolerance,
                chosen,
            )
            origins[pixels] = chosen
            result.reshape(-1, 3)[pixels] = image.reshape(-1, 3)[chosen]

        self._each(work, _parts(level.pixels))
        return result, origins.reshape(level.scale.shape)

    def _each(self, work: Callable[[slice], None], slices: list[slice]) -> None:
        """Do the slices in parallel, heeding a cancel before every one of them."""
        waiting = iter(slices)

        def some() -> None:
            for piece in waiting:  # shared: whoever is done takes the next one
                self._token.check()
                work(piece)

        if len(slices) == 1:
            some()
            return
        futures = [self._pool.submit(some) for _ in range(min(self._threads, len(slices)))]
        try:
            for future in futures:
                future.result()
        finally:
            for future in futures:
                future.cancel()

    def _seed(self, number: int, turn: int) -> int:
        """A seed for one sweep; 63 bits, because that is what a kernel takes."""
        return (self._problem.seed * 1_000_003 + number * 10_007 + turn) & (2**63 - 1)


def _parts(pixels: Indices) -> list[slice]:
    return [slice(start, start + PART) for start in range(0, pixels.size, PART)]
