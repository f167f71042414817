"""The picture while it is being filled: region after region, each by the first crop that fits."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from engine import crops, detail, memory, registry
from engine.backend import Problem, Traceable
from engine.blend import edge, steps
from engine.errors import DeviceError, DeviceMemoryError, MemoryBudgetError, NothingToCopyError
from engine.jobs import Progress, scaled
from engine.pixels import alpha_of, from_image, to_image
from engine.provenance import Recorder, placed
from engine.regions import Region
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from engine.backend import BackendSpec, Inpainter, Options
    from engine.jobs import CancelToken, Steps
    from engine.pipeline import InpaintRequest
    from engine.provenance import Provenance
    from engine.recipe import Size
    from engine.types import ImageF32, MaskBool, Pixels
    from engine.weight_files import Role

log = logging.getLogger(__name__)

RESIZED_SIDE = 1024
"""Longer side of a crop under `size="resize"`, in pixels."""

DETAIL_WAITS = 0.3
"""Part of the progress of a crop that the generator takes, if its detail is restored after it."""

SMOOTH = "navier-stokes"
"""The backend that can go on from a single known pixel."""

NOT_HEEDED = "{backend} takes from no particular place, so the source brush did not steer it"

ALL_FORBIDDEN = (
    "all that could be borrowed is forbidden, so the network looked everywhere; unmark some of it"
)

NO_DETAIL = "fine detail was not restored, because memory was short"

NO_BLEND = "light and grain were left as filled, because memory was short"

_SMALLEST_SCALE = 1 / 16


@dataclass(frozen=True, slots=True)
class Patch:
    """A filled part: `view[patch.hole] = patch.pixels[patch.hole]` puts it into the picture.

    Attributes:
        box: in the picture's coordinates.
        pixels: (H, W, C) native pixels of the box.
        hole: (H, W) bool, True on the pixels to write.
        provenance: where they came from, if that was asked for and the backend can tell.
    """

    box: Box
    pixels: Pixels
    hole: MaskBool
    provenance: Provenance | None = None


def with_patches(pixels: Pixels, patches: Iterable[Patch]) -> Pixels:
    """A copy of a picture's (H, W, C) pixels with the patches put in, in their order."""
    filled = pixels.copy()
    for patch in patches:
        filled[patch.box.slices][patch.hole] = patch.pixels[patch.hole]
    return filled


def wanted_scale(size: Size, spec: BackendSpec, box: Box) -> float:
    """At which scale a backend gets a crop, if memory allows it."""
    if size == "resize":
        return min(1.0, RESIZED_SIDE / max(box.width, box.height))
    return crops.trained_scale(spec, box) if size == "auto" else 1.0


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A crop to try: its box, its scale, and what to tell the user.

    Attributes:
        is_smooth: copying is given up.
        is_free: what is forbidden is given up, because nothing else is left to borrow.
    """

    box: Box
    scale: float
    notice: str | None
    is_smooth: bool = False
    is_free: bool = False


class Filling:
    """The picture while it is being filled.

    Attributes:
        device: where the backend computes; changes when it has to give up a graphics card.
        fallbacks: what was done differently than asked, and why.
        has_restored: whether fine detail was copied into a fill that had been made small.
    """

    def __init__(
        self,
        request: InpaintRequest,
        spec: BackendSpec,
        options: Options,
        built: Callable[[str], Inpainter],
        device: str,
        *,
        role: Role = "alone",
    ) -> None:
        """Prepare.

        Args:
            request: what to fill; its arrays are copied.
            spec: the backend's row.
            options: complete.
            built: gives the backend on a device, "cpu" if the first one fails.
            device: the first one.
            role: what the backend's fills are known to be good for.
        """
        self.device = device
        self.fallbacks: list[str] = []
        self.has_restored = False
        self._recorders: list[Recorder] = []
        self._built = built
        try:
            self._inpainter = built(device)
        except DeviceError as error:
            self._retreat(error)
        self._request = request
        self._spec = spec
        self._options = options
        self._role = role
        self._pixels = request.image.copy()
        self._missing = request.hole.copy()
        self._forbidden = self._heeded(request.forbidden)

    def _heeded(self, forbidden: MaskBool | None) -> MaskBool | None:
        """What is forbidden, if the backend knows how to obey and anything is left to take."""
        if forbidden is None:
            return None
        if not self._spec.heeds_forbidden:
            self._tell(NOT_HEEDED.format(backend=self._spec.label))
            return None
        if self._spec.network and (forbidden | self._unknown(Box.whole(forbidden))).all():
            self._tell(ALL_FORBIDDEN)
            return None
        return forbidden

    def patches(self, plan: tuple[Region, ...], token: CancelToken) -> Steps[list[Patch]]:
        """Fill region after region."""
        total = sum(region.box.area for region in plan)
        done = 0
        patches = []
        for number, region in enumerate(plan, 1):
            if not self._missing[region.target.slices].any():
                continue
            message = f"Filling hole {number} of {len(plan)}" if len(plan) > 1 else None
            share = (done / total, (done + region.box.area) / total)
            patch = yield from _told(scaled(self._patch(region, token), *share), message)
            patches.append(patch)
            done += region.box.area
        return patches

    def _patch(self, region: Region, token: CancelToken) -> Steps[Patch]:
        target = region.target
        hole = self._missing[target.slices].copy()
        fill, provenance = yield from self._fill(region, token)
        like = self._pixels[target.slices]
        opacity = self._request.opacity
        if opacity is not None:
            fill = edge.mixed(fill, to_image(like), opacity[target.slices])
        pixels = from_image(fill, like)
        like[hole] = pixels[hole]
        self._missing[target.slices] = False
        origin = self._request.origin
        if provenance is not None:
            provenance = provenance.moved(*origin)
        return Patch(target.moved(*origin), pixels, hole, provenance)

    def _fill(
        self, region: Region, token: CancelToken
    ) -> Steps[tuple[ImageF32, Provenance | None]]:
        """The target's pixels, by the first attempt that memory allows and that finds sources."""
        region = Region(region.target, self._with_sources(region.box))
        attempts = self._attempts(region)
        attempt = self._next(attempts, region)
        while True:
            token.check()
            try:
                crop = yield from self._tried(attempt, token)
            except NothingToCopyError:
                if attempt.is_free:
                    raise
                attempt = self._wider(attempt)
                continue
            except MemoryError:
                log.warning("out of memory with a crop of %s at %g", attempt.box, attempt.scale)
                attempt = self._next(attempts, region)
                continue
            except DeviceError as error:
                smaller = next(attempts, None) if _may_fit_smaller(error, attempt) else None
                if smaller is None:
                    self._retreat(error)
                    attempts = self._attempts(region)
                attempt = smaller or self._next(attempts, region)
                continue
            if attempt.notice:
                self._tell(attempt.notice)
            crop = self._blended(crop, attempt.box, token)
            inside = region.target.moved(-attempt.box.left, -attempt.box.top)
            traces = tuple(each.trace for each in self._recorders if each.trace is not None)
            provenance = placed(traces, attempt.box, region.target) if traces else None
            return np.ascontiguousarray(crop[inside.slices]), provenance

    def _blended(self, crop: ImageF32, box: Box, token: CancelToken) -> ImageF32:
        """The filled crop as the run's switches want it; as it is where memory is short."""
        left, top = self._request.origin
        place = (self._request.seed, box.left + left, box.top + top)
        switches = self._request.blend
        try:
            return steps.blended(crop, self._unknown(box), switches, place, token.check)
        except MemoryError:
            log.warning("out of memory while blending a crop of %s", box)
            self._tell(NO_BLEND)
            return crop

    def _retreat(self, error: DeviceError) -> None:
        """Go on with the processor, for this and all later crops."""
        log.warning("left %s: %s", self.device, error)
        self.fallbacks.append(f"{error}, so the CPU was used")
        self.device = "cpu"
        self._inpainter = self._built("cpu")

    def _tried(self, attempt: _Attempt, token: CancelToken) -> Steps[ImageF32]:
        box, heeded, forbidden = attempt.box, self._forbidden, self._request.forbidden
        inpainter, options = self._inpainter, self._options
        if attempt.is_smooth:
            inpainter = registry.create(SMOOTH)
            options = registry.complete_options(registry.get(SMOOTH), {})
        problem = Problem(
            image=to_image(self._pixels[box.slices]),
            hole=self._unknown(box),
            forbidden=None if heeded is None or attempt.is_free else heeded[box.slices],
            options=options,
            seed=self._request.seed,
            keypoints=self._keypoints(box),
        )
        self._recorders.clear()
        steps = crops.fill(self._overheard(inpainter), problem, attempt.scale, token)
        if not self._restores(attempt):
            return (yield from steps)
        rough = yield from scaled(steps, 0.0, DETAIL_WAITS)
        if forbidden is not None:
            problem = replace(problem, forbidden=forbidden[box.slices])
        restored = self._restored(problem, rough, attempt.scale, token)
        return (yield from scaled(restored, DETAIL_WAITS, 1.0))

    def _keypoints(self, box: Box) -> tuple[tuple[float, float], ...]:
        """The points of the face as shares of a crop; none if their middle lies elsewhere."""
        points = self._request.keypoints
        if not points or not self._spec.keypoints:
            return ()
        left, top = self._request.origin
        x, y = np.array(points, np.float64).T - np.array([[left + box.left], [top + box.top]])
        if not (0 <= x.mean() <= box.width and 0 <= y.mean() <= box.height):
            return ()
        shares = np.clip([x / box.width, y / box.height], 0.0, 1.0).T
        return tuple((float(across), float(down)) for across, down in shares)

    def _restores(self, attempt: _Attempt) -> bool:
        """Whether fine detail is wanted, lacking, and can be restored."""
        is_fine = not self._spec.network or (attempt.scale >= 1 and self._role != "guide")
        if is_fine or not self._request.detail:
            return False
        area = attempt.box.area
        has_room = memory.has_room_for(registry.get(detail.COPIER), area, enlarged_to=area)
        if not has_room:
            self._tell(NO_DETAIL)
        return has_room and not attempt.is_smooth

    def _restored(
        self, problem: Problem, rough: ImageF32, scale: float, token: CancelToken
    ) -> Steps[ImageF32]:
        """The rough fill with the picture's own texture; as it is where that cannot be had."""
        try:
            copier = self._overheard(registry.create(detail.COPIER))
            is_proven = self._role != "none"
            fill = yield from detail.restored(
                problem, rough, scale, token, copier, is_proven=is_proven
            )
        except NothingToCopyError:
            self._tell("fine detail was not restored, because there is no texture to take it from")
            return rough
        except MemoryError:
            log.warning("out of memory while restoring detail in a crop of %s", problem.hole.shape)
            self._tell(NO_DETAIL)
            return rough
        self.has_restored = True
        return fill

    def _overheard(self, backend: Inpainter) -> Inpainter:
        """The backend; if somebody wants to know, it tells a recorder where its fill is from."""
        if not self._request.trace or not isinstance(backend, Traceable):
            return backend
        self._recorders.append(Recorder(backend))
        return self._recorders[-1]

    def _tell(self, notice: str) -> None:
        if notice not in self.fallbacks:
            self.fallbacks.append(notice)

    def _wider(self, attempt: _Attempt) -> _Attempt:
        """The next attempt when the crop has pixels to use but not one whole patch of them."""
        box = self._grown(attempt.box)
        if self._spec.network:
            if box == attempt.box:
                self._tell(ALL_FORBIDDEN)
                return replace(attempt, is_free=True)
            return replace(
                attempt, box=box, scale=wanted_scale(self._request.size, self._spec, box)
            )
        if box != attempt.box:
            return replace(attempt, box=box)
        notice = "no patch of known pixels is large enough, so the surroundings were continued"
        return _Attempt(box, attempt.scale, notice, is_smooth=True)

    def _unknown(self, box: Box) -> MaskBool:
        """Unfilled holes, and pixels that are fully transparent: those carry no colour."""
        unknown = self._missing[box.slices].copy()
        alpha = alpha_of(self._pixels[box.slices])
        if alpha is not None:
            unknown |= alpha == 0
        return unknown

    def _with_sources(self, box: Box) -> Box:
        """The box, grown until it holds a pixel that may be used."""
        while not self._has_sources(box):
            wider = self._grown(box)
            if wider == box:
                raise NothingToCopyError(
                    "There is nothing to copy from: every pixel is masked, transparent or "
                    "marked as forbidden; unmark some of them."
                )
            box = wider
        return box

    def _has_sources(self, box: Box) -> bool:
        usable = ~self._unknown(box)
        if self._forbidden is not None:
            usable &= ~self._forbidden[box.slices]
        return bool(usable.any())

    def _grown(self, box: Box) -> Box:
        margin = max(box.width, box.height) // 2 + 1
        return box.grown(margin).intersected(Box.whole(self._missing))

    def _attempts(self, region: Region) -> Iterator[_Attempt]:
        """Crops from the wanted one downwards, those that cannot fit left out."""
        for attempt in self._ladder(region):
            area = attempt.box.area
            shrunk = area if attempt.scale < 1 else 0
            if memory.has_room_for(self._spec, round(area * attempt.scale**2), shrunk):
                yield attempt

    def _next(self, attempts: Iterator[_Attempt], region: Region) -> _Attempt:
        """The next attempt.

        Raises:
            MemoryBudgetError: if there is none.
        """
        attempt = next(attempts, None)
        if attempt is not None:
            return attempt
        needed = memory.in_words(memory.needed_bytes(self._spec, region.box.area))
        free = memory.in_words(memory.available_bytes())
        raise MemoryBudgetError(
            f"Filling this hole needs about {needed} of memory and {free} are free; "
            "close other programs or fill smaller parts one after another."
        )

    def _ladder(self, region: Region) -> Iterator[_Attempt]:
        box = region.box
        scale = wanted_scale(self._request.size, self._spec, box)
        yield _Attempt(box, scale, None)
        if self._spec.network:  # less context would harm a generator more than a smaller scale
            lowest = min(scale, crops.SHORTEST / min(box.width, box.height))
            trained = crops.trained_scale(self._spec, box)
            if trained < scale:
                scale = 2 * trained
        else:
            lowest = _SMALLEST_SCALE
            box = self._tight(region)
            if box != region.box:
                notice = "the hole saw less of its surroundings, because memory was short"
                yield _Attempt(box, scale, notice)
        while scale > lowest:
            scale /= 2
            notice = f"filled at 1/{round(1 / scale)} of full size, because memory was short"
            yield _Attempt(box, scale, notice)

    def _tight(self, region: Region) -> Box:
        margin = self._spec.min_context
        return self._with_sources(region.target.grown(margin).intersected(region.box))


def _may_fit_smaller(error: DeviceError, attempt: _Attempt) -> bool:
    """Whether the graphics card deserves a second try: once, and for lack of memory only."""
    return isinstance(error, DeviceMemoryError) and attempt.notice is None


def _told(steps: Steps[Patch], message: str | None) -> Steps[Patch]:
    """The same steps under one message, if there is one."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            patch: Patch = end.value
            return patch
        yield step if message is None else Progress(step.done, step.total, message)
