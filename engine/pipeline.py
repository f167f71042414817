"""Fills the hole of a picture: regions, crops, backend, blend, native pixels.

What memory allows is decided here, before and during the run: a crop that does not fit gets a
smaller surrounding first, then a smaller scale, and the result says so.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, get_args

import numpy as np
import numpy.typing as npt

from engine import __version__, auto, device, memory, registry, weights
from engine.blend.names import Blend, ordered
from engine.detail import COPIER
from engine.errors import InvalidInputError, NothingToCopyError
from engine.filling import Filling, Patch, wanted_scale, with_patches
from engine.jobs import Progress
from engine.recipe import Recipe, Size
from engine.regions import Region, extent, regions
from engine.types import Box

if TYPE_CHECKING:
    from engine.backend import BackendSpec, Inpainter, Options
    from engine.device import Device
    from engine.jobs import CancelToken, Steps
    from engine.types import MaskBool, Pixels

__all__ = [
    "InpaintRequest",
    "InpaintResult",
    "Patch",
    "Seconds",
    "inpaint",
    "with_patches",
    "working_bytes",
]

log = logging.getLogger(__name__)

_ONLY_SOME = 0.5


@dataclass(frozen=True, slots=True)
class InpaintRequest:
    """What to fill, with what. The arrays must not change until the run has ended.

    Attributes:
        image: (H, W, C) native pixels, the picture or a part of it.
        hole: (H, W) bool, True where pixels shall vanish.
        backend: a registry id, "auto" included.
        options: those that differ from the defaults.
        opacity: (H, W) uint8 coverage of a soft mask; inside the hole, 128..255 mixes the fill
            with what was there. None fills the hole fully.
        forbidden: (H, W) bool, True where nothing may be copied from.
        origin: where the image's left top pixel lies in the picture (x, y).
        seed: same seed, same bytes.
        size: "auto" and "crop" work on each hole with its surroundings, "resize" does so at most
            1024 pixels large, "original" takes the whole image at once.
        detail: after a network that worked smaller than the picture is, or whose weights are good
            as a guide only, restore fine detail with PatchMatch; has no effect on classical
            backends, which work at full size.
        blend: what is done to the fill before it is laid into the picture: "match" evens out light
            and colour by a gain, "poisson" takes the step at the seam away, "grain" adds the grain
            of the surroundings that it lacks.
        device: the wish; the result says what it was.
        weights: of a generator: a path, "random:SEED" for tests, or None for those installed.
        trace: note where every filled pixel came from, with backends that can tell; networks are
            slower then.
        keypoints: of a face, x and y in pixels of the picture, for networks that are guided by
            them, in their order (`BackendSpec.keypoints`); empty = unknown.
    """

    image: Pixels
    hole: MaskBool
    backend: str = registry.AUTO
    options: Options = field(default_factory=dict)
    opacity: npt.NDArray[np.uint8] | None = None
    forbidden: MaskBool | None = None
    origin: tuple[int, int] = (0, 0)
    seed: int = 0
    size: Size = "auto"
    detail: bool = True
    blend: tuple[Blend, ...] = ()
    device: Device = "auto"
    weights: str | None = None
    trace: bool = False
    keypoints: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall time: of loading the backend, of filling, and of both."""

    load: float
    inpaint: float
    total: float


@dataclass(frozen=True, slots=True)
class InpaintResult:
    """Patches and how they came about.

    Attributes:
        patches: to be applied in this order.
        backend: the one that ran, never "auto".
        reason: why "auto" chose it; None if it was asked for.
        device: where it computed.
        fallback: what was done differently than asked, and why; None if nothing.
        hole_share: part of the image that was filled, 0..1.
        regions: number of crops.
        detail: whether fine detail was restored in any of them.
    """

    patches: tuple[Patch, ...]
    backend: str
    reason: str | None
    device: str
    fallback: str | None
    seconds: Seconds
    recipe: Recipe
    hole_share: float
    regions: int
    detail: bool = False


def inpaint(request: InpaintRequest, token: CancelToken) -> Steps[InpaintResult]:
    """Fill the hole.

    Raises:
        Cancelled: within half a second of `token.cancel()`.
        InvalidInputError: if the request contradicts itself or nothing is masked.
        NothingToCopyError: if no known pixel is left.
        MemoryBudgetError: if not even the smallest crop fits into memory.
        UnknownBackendError, UnusableBackendError, WeightsError: if the backend cannot be had.
    """
    start = time.perf_counter()
    _check(request)
    choice = _choice(request)
    if choice is not None:
        request = replace(request, backend=choice.backend, weights=choice.weights)
    spec = registry.get(request.backend)
    _check_keypoints(request, spec)
    options = registry.complete_options(spec, {} if choice else request.options)
    yield Progress(0.0, 1.0, f"Preparing {spec.label}")
    wished = weights.wished(spec, request.weights) if spec.network else None
    if wished is not None:
        spec = replace(spec, native_side=wished.side)
    role = wished.role if wished is not None else "alone"
    where, reason = device.choose(spec, request.device)
    built = partial(_built, spec, request.weights)
    run = Filling(request, spec, options, built, where, role=role)
    if reason:
        run.fallbacks.append(reason)
    loaded = time.perf_counter()
    plan = _plan(request, spec)
    patches = yield from run.patches(plan, token)
    end = time.perf_counter()
    log.info("%s filled %d regions in %.2f s", spec.id, len(plan), end - loaded)
    return InpaintResult(
        patches=tuple(patches),
        backend=spec.id,
        reason=choice.reason if choice else None,
        device=run.device,
        fallback="; ".join(run.fallbacks) or None,
        seconds=Seconds(loaded - start, end - loaded, end - start),
        recipe=_recipe(request, spec, options, wished.label if wished else None),
        hole_share=float(request.hole.mean()),
        regions=len(plan),
        detail=run.has_restored,
    )


def working_bytes(request: InpaintRequest) -> int:
    """What filling will probably take at its peak, beside the picture itself and its result."""
    choice = _choice(request)
    spec = registry.get(choice.backend if choice else request.backend)
    if spec.network:
        wished = weights.wished(spec, choice.weights if choice else request.weights)
        spec = replace(spec, native_side=wished.side)
    needed = [0]
    for region in _plan(request, spec):
        area, scale = region.box.area, wanted_scale(request.size, spec, region.box)
        shrunk = area if scale < 1 else 0
        needed.append(memory.needed_bytes(spec, round(area * scale**2), shrunk))
        if spec.network and request.detail:
            needed.append(memory.needed_bytes(registry.get(COPIER), area, area))
        if request.blend:
            needed.append(memory.BLENDING * area)
    return max(needed)


def _choice(request: InpaintRequest) -> auto.Choice | None:
    """What "auto" chooses; None if it is not asked.

    A guide needs someone to put detail into what it says, and works at the size it was trained at.
    """
    if request.backend != registry.AUTO:
        return None
    is_guided = request.detail and request.size == "auto"
    return auto.choose(request.hole, request.forbidden, auto.guide() if is_guided else None)


def _built(spec: BackendSpec, wish: str | None, where: str) -> Inpainter:
    return registry.create(spec.id, weights=wish, device=where)


def _recipe(
    request: InpaintRequest, spec: BackendSpec, options: Options, label: str | None
) -> Recipe:
    return Recipe(
        app_version=__version__,
        backend=spec.id,
        options=dict(options),
        seed=request.seed,
        size=request.size,
        detail=request.detail,
        blend=ordered(request.blend),
        weights_sha256=label,
        soft=_is_soft(request),
        steered=_is_steered(request, spec),
        keypoints=request.keypoints if spec.keypoints else (),
    )


def _is_steered(request: InpaintRequest, spec: BackendSpec) -> bool:
    """Whether it counted where nothing may be copied from: to the backend, or to its detail."""
    counts = spec.heeds_forbidden or (bool(spec.network) and request.detail)
    return counts and request.forbidden is not None and bool(request.forbidden.any())


def _is_soft(request: InpaintRequest) -> bool:
    """Whether the mask's greys counted."""
    opacity = request.opacity
    return opacity is not None and bool(np.any(request.hole & (opacity < 255)))


def _check(request: InpaintRequest) -> None:
    image, hole = request.image, request.hole
    if image.ndim != 3 or image.dtype not in (np.uint8, np.uint16) or image.shape[2] > 4:
        raise InvalidInputError(
            f"the image is {image.dtype} of shape {image.shape}; "
            "it must be uint8 or uint16 with one to four channels"
        )
    for name, layer in (
        ("mask", hole),
        ("opacity", request.opacity),
        ("source mask", request.forbidden),
    ):
        if layer is not None and layer.shape != image.shape[:2]:
            raise InvalidInputError(
                f"the {name} is {layer.shape[1]} x {layer.shape[0]} pixels, the image "
                f"{image.shape[1]} x {image.shape[0]}; they must match"
            )
    if request.size not in get_args(Size):
        raise InvalidInputError(f"size must be one of {', '.join(get_args(Size))}")
    ordered(request.blend)
    if not hole.any():
        raise InvalidInputError("Nothing is masked: paint over what should vanish.")
    if hole.all():
        raise NothingToCopyError(
            "The mask covers everything, so there is nothing to copy from; "
            "leave some of the picture unmasked."
        )


def _check_keypoints(request: InpaintRequest, spec: BackendSpec) -> None:
    points, names = request.keypoints, spec.keypoints
    if names and points and len(points) != len(names):
        raise InvalidInputError(
            f"there are {len(points)} keypoints; {spec.label} needs {len(names)}: "
            f"{', '.join(names).lower()}."
        )
    if not np.isfinite(np.array(points, np.float64)).all():
        raise InvalidInputError("a keypoint is no number; give x and y in pixels of the picture.")


def _plan(request: InpaintRequest, spec: BackendSpec) -> tuple[Region, ...]:
    whole = Box.whole(request.hole)
    if request.size == "original":
        return (Region(extent(request.hole), whole),)
    plan = regions(request.hole, spec)
    forbidden = request.forbidden if spec.heeds_forbidden else None
    if forbidden is None or forbidden.mean() <= _ONLY_SOME:
        return plan
    # "Only from here" may lie far from the hole, so every crop must reach it.
    allowed = ~forbidden
    if not allowed.any():
        return plan
    reach = extent(allowed)
    return tuple(Region(region.target, Box.around((region.box, reach))) for region in plan)
