"""The papers' tables: how well, how fast and how small backends fill the pictures of a folder.

Each picture's middle square is brought to the evaluated side and filled whole, in one piece, as the
papers do; every backend gets the same squares and holes. A fill is rounded to bytes and put back
into the known part before anything is measured.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import torch

from engine import registry, weights
from engine.errors import InvalidInputError
from engine.jobs import Progress, scaled
from engine.pipeline import InpaintRequest, inpaint
from training import judges, metrics
from training.assessment import Assessment, Measured, Report, Row
from training.cases import Cases
from training.footprint import Footprint
from training.intervals import intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.backend import BackendSpec
    from engine.jobs import CancelToken, Steps
    from engine.pipeline import InpaintResult
    from engine.types import MaskBool
    from training.assessment import Task
    from training.metrics import Picture

SIDE = 256
"""Side of the squares for backends that were trained on none."""

BUCKETS: tuple[tuple[float, float], ...] = (
    # Holes below a hundredth would rule the first bucket: PSNR has no upper end.
    (0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6),
)  # fmt: skip
"""Least and largest share of missing pixels in each row of a table by hole size."""

T = TypeVar("T")

_BLANK = 127


def evaluate(task: Task, token: CancelToken) -> Steps[Report]:
    """Fill all pictures with all backends and compare.

    Raises:
        Cancelled: once the token is cancelled.
        InvalidInputError: if the folder holds no picture that can be used, or the masks are none.
        UnknownBackendError, UnusableBackendError, WeightsError: if a backend cannot be had.
        MemoryBudgetError: if the squares are too large for one.
    """
    specs = [registry.get(backend) for backend in task.backends]
    sources = [_weights_of(spec, task.weights) for spec in specs]  # refused now, not in an hour
    cases = Cases(task)
    yield Progress(0, 1, "Looking for the networks that judge fills")
    networks = judges.networks()
    found = []
    for number, (spec, (label, parameters)) in enumerate(zip(specs, sources, strict=True)):
        run = _Run(task, spec, cases, networks)
        yield from scaled(run.steps(token), number / len(specs), (number + 1) / len(specs))
        found.append(run.assessment(label, parameters))
    return Report(
        task=task,
        pictures=len(cases.paths),
        assessments=tuple(found),
        unused=tuple(cases.unused.values()),
        missing=judges.missing(),
        notices=(*cases.masks.notices, *cases.notices),
    )


def figures(fill: Picture, original: Picture, hole: MaskBool) -> dict[str, float]:
    """All figures of one fill by name.

    "psnr_hole", "ssim_hole", "texture", "detail" and "seam" are of the hole, the others of the
    whole picture. "ssim_luma" is PEPSI's. "ms_ssim" is left out where the picture is too small.
    """
    found = {
        "l1": metrics.l1(fill, original),
        "l2": metrics.l2(fill, original),
        "psnr_hole": metrics.psnr(fill, original, hole),
        "psnr": metrics.psnr(fill, original),
        "ssim": metrics.ssim(fill, original),
        "ssim_hole": metrics.ssim(fill, original, hole),
        "ssim_luma": metrics.ssim(fill, original, luma=True),
        "texture": metrics.swd(fill, original, hole),
        "detail": metrics.detail(fill, original, hole),
        "seam": metrics.seam(fill, original, hole),
    }
    if min(hole.shape) >= metrics.MS_SSIM_SIDE:
        found["ms_ssim"] = metrics.ms_ssim(fill, original)
    return found


class _Run:
    """One backend on all cases."""

    def __init__(
        self, task: Task, spec: BackendSpec, cases: Cases, networks: judges.Networks
    ) -> None:
        self._task, self._spec, self._cases = task, spec, cases
        self._size = task.size or spec.native_side or SIDE
        self._sheets = [
            _Sheet(bounds, judges.Jury(networks))
            for bounds in (BUCKETS if task.has_buckets else (None,))
        ]
        self._device = "cpu"
        self._peak_bytes = 0
        self._fallbacks: dict[str, None] = {}
        self._is_warm = False

    def steps(self, token: CancelToken) -> Steps[None]:
        """Fill and measure.

        Raises:
            InvalidInputError: if there was nothing to fill.
        """
        paths = self._cases.paths
        for number, path in enumerate(paths):
            title = f"{self._spec.label}: picture {number + 1} of {len(paths)}"
            yield Progress(number, len(paths), title)
            square = self._cases.square(path, self._size)
            if square is None:
                continue
            steps = self._picture(self._cases.name(path), square, token)
            yield from _titled(scaled(steps, number / len(paths), (number + 1) / len(paths)), title)
        self._sheets = [sheet for sheet in self._sheets if sheet.fills]
        if not self._sheets:
            raise InvalidInputError(self._cases.refusal())

    def assessment(self, label: str | None, parameters: int) -> Assessment:
        """What was found."""
        rows = tuple(sheet.row(self._task.seed) for sheet in self._sheets)
        return Assessment(
            backend=self._spec.id,
            label=self._spec.label,
            size=self._size,
            parameters=parameters,
            weights=label,
            device=self._device,
            fallbacks=tuple(self._fallbacks),
            ms=_median_ms([fill for row in rows for fill in row.fills]),
            peak_bytes=self._peak_bytes,
            peak_device_bytes=(
                torch.cuda.max_memory_allocated() if self._device == "cuda" else None
            ),
            rows=rows,
        )

    def _picture(self, name: str, square: Picture, token: CancelToken) -> Steps[None]:
        """One picture in all rows."""
        for row, sheet in enumerate(self._sheets):
            token.check()
            hole = self._cases.hole(square, row, sheet.holes)
            if hole is None:
                continue
            start, end = row / len(self._sheets), (row + 1) / len(self._sheets)
            if not self._is_warm:
                yield from scaled(self._filled(square, hole, token), start, start)
                self._warmed()
            result = yield from scaled(self._filled(square, hole, token), start, end)
            fill = square.copy()
            for patch in result.patches:
                fill[patch.box.slices][patch.hole] = patch.pixels[patch.hole]
            found = figures(fill, square, hole) | sheet.jury.see(fill, square)
            share = float(hole.mean())
            sheet.fills.append(Measured(name, share, 1000 * result.seconds.inpaint, found))

    def _warmed(self) -> None:
        """The first fill also compiles and loads; only its memory counts."""
        self._is_warm = True
        if self._device == "cuda":  # and the backend before this one is out of the card's memory
            torch.cuda.reset_peak_memory_stats()

    def _filled(self, square: Picture, hole: MaskBool, token: CancelToken) -> Steps[InpaintResult]:
        blanked = square.copy()
        blanked[hole] = _BLANK  # no backend looks there; so none can
        request = InpaintRequest(
            blanked,
            hole,
            self._spec.id,
            seed=self._task.seed,
            size="original",
            detail=False,
            device=self._task.device,
            weights=self._task.weights if self._spec.network else None,
        )
        with Footprint() as memory:
            result = yield from inpaint(request, token)
        self._peak_bytes = max(self._peak_bytes, memory.peak_bytes)
        self._device = result.device
        if result.fallback:
            self._fallbacks[result.fallback] = None
        return result


@dataclass(slots=True)
class _Sheet:
    """A row while it is being filled in."""

    holes: tuple[float, float] | None
    jury: judges.Jury
    fills: list[Measured] = field(default_factory=list)

    def row(self, seed: int) -> Row:
        return Row(
            holes=self.holes,
            hole_share=statistics.fmean(fill.hole_share for fill in self.fills),
            figures=intervals([fill.figures for fill in self.fills], seed),
            of_the_set=self.jury.of_the_set(),
            ms=_median_ms(self.fills),
            fills=tuple(self.fills),
        )


def _median_ms(fills: Sequence[Measured]) -> float:
    return statistics.median(fill.ms for fill in fills)


def _weights_of(spec: BackendSpec, wish: str | None) -> tuple[str | None, int]:
    """What the backend's weights are called, and how many there are; None and 0 without any."""
    if not spec.network:
        return None, 0
    choice = weights.choice(spec, wish)
    return choice.label, sum(parameter.numel() for parameter in choice.network.parameters())


def _titled(steps: Steps[T], title: str) -> Steps[T]:
    """The same steps under one message."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        yield Progress(step.done, step.total, title)
