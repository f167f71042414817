"""Runs any generator as a backend: pictures in, pictures out, with progress and a way to stop."""

from __future__ import annotations

import contextlib
import math
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from engine.errors import DeviceError, DeviceMemoryError, UnusableBackendError
from engine.jobs import Progress
from engine.layers import pulse, pulsing
from engine.provenance import Level, Stage, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor, nn

    from engine.backend import BackendSpec, Problem
    from engine.generator import Generation, Generator
    from engine.jobs import CancelToken, Steps
    from engine.types import ImageF32

Map: TypeAlias = npt.NDArray[np.float32]
"""(channels, h, w) or (k, channels, h, w), as in `engine.generator.Generation`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a network made of a crop, as arrays.

    Attributes:
        image: (H, W, 3) in 0..1, known region included.
        maps: by name, as in `engine.generator.Generation`, without the batch.
        stages: coarse to fine; empty unless asked for.
    """

    image: ImageF32
    maps: Mapping[str, Map]
    stages: tuple[Stage, ...] = ()


_TICK_SECONDS = 0.02
_ALMOST = 0.97

LONGEST_MAP = 512
"""Side to which maps that are tinted over a hole are shrunk, in pixels: they are smooth."""

LONGEST_STAGE = 1024
"""Side to which the pictures of stages are shrunk, in pixels, so that memory stays bounded."""


class GanInpainter:
    """A generator with its weights on a device.

    The network sees the crop it is given; `engine.filling` has brought that to the scale the
    network is trained at. Pixels outside the hole are taken from the crop, not from the network.
    """

    def __init__(
        self,
        spec: BackendSpec,
        network: Generator,
        device: str = "cpu",
        *,
        is_half: bool = False,
    ) -> None:
        """Take over a network.

        Args:
            spec: its row.
            network: with its weights; moved to the device.
            device: a torch device.
            is_half: compute in bfloat16 where the network allows it.
        """
        self._label = spec.label
        self._device = torch.device(device)
        self._is_half = is_half
        with _translated(self._device):
            network = network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._network = network.eval().requires_grad_(requires_grad=False)
        leaves = [part for part in self._network.modules() if not list(part.children())]
        for leaf in leaves:
            leaf.register_forward_pre_hook(_beat)
        self._beats = max(1, len(leaves))

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        """Fill the hole.

        Raises:
            Cancelled: within half a second of the wish.
            DeviceMemoryError, DeviceError: if the graphics card cannot do it.
            MemoryError: if the processor's memory is too small.
            UnusableBackendError: if the network answers with no finite numbers.
            NothingToCopyError: if all that it could borrow is forbidden.
        """
        image, _ = yield from self._filled(problem, token, is_traced=False)
        return image

    def traced(self, problem: Problem, token: CancelToken) -> Steps[tuple[ImageF32, Trace]]:
        """See `engine.backend.Traceable`; slower, as the network notes its attention and stages."""
        image, answer = yield from self._filled(problem, token, is_traced=True)
        return image, Trace(_levels(answer.maps), _tints(answer.maps), answer.stages)

    def _filled(
        self, problem: Problem, token: CancelToken, *, is_traced: bool
    ) -> Steps[tuple[ImageF32, Answer]]:
        token.check()
        run = _Forward(self, problem, token, is_traced=is_traced)
        while not run.finished_within(_TICK_SECONDS):
            token.check()
            yield Progress(
                min(_ALMOST, run.beats / self._beats), 1.0, f"Filling with {self._label}"
            )
        token.check()  # a network that ended just now may not swallow the wish to stop
        answer = run.result()
        fill = answer.image
        if not np.isfinite(fill[problem.hole]).all():
            raise UnusableBackendError(
                f"{self._label} answered with no colours; its weights may be damaged."
            )
        result = problem.image.copy()
        result[problem.hole] = fill[problem.hole]
        return result, answer

    def generate(self, problem: Problem, *, is_traced: bool = False) -> Answer:
        """The network's whole answer, if wanted with maps and stages; in the calling thread."""
        height, width = problem.hole.shape
        with _translated(self._device), torch.inference_mode(), self._precision():
            # A view of RGB rows is channels_last already.
            image = torch.from_numpy(problem.image).permute(2, 0, 1)[None].to(self._device)
            hole = torch.from_numpy(problem.hole)[None, None].to(self._device)
            inputs = self._network.inputs(problem.options, problem.seed, height, width)
            if problem.keypoints:
                inputs["keypoints"] = torch.tensor([problem.keypoints])
            moved = {name: value.to(self._device) for name, value in inputs.items()}
            if problem.forbidden is not None:
                marks = torch.from_numpy(problem.forbidden)[None, None]
                moved["forbidden"] = marks.to(self._device)
            image = image * 2 - 1
            made = self._network(image, hole, stages=False, maps=is_traced, **moved)
            maps = {name: part[0].float().cpu().numpy() for name, part in made.maps.items()}
            shown = _unit(made.image)
            stages: tuple[Stage, ...] = ()
            if is_traced and self._network.has_stages:
                # A run of its own: with stages some layers round otherwise, and whoever inspects
                # shall get the bytes that everybody gets.
                stages = _stages(self._network(image, hole, stages=True, **moved))
            return Answer(cast("ImageF32", shown[0].permute(1, 2, 0).cpu().numpy()), maps, stages)

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self._is_half:
            return torch.autocast(self._device.type, dtype=torch.bfloat16)
        return contextlib.nullcontext()


class _Forward:
    """One run of the network, in a thread of its own, which answers a cancel at the next layer.

    A forward pass is one call and may take seconds; only so can the bar move meanwhile.
    """

    def __init__(
        self, inpainter: GanInpainter, problem: Problem, token: CancelToken, *, is_traced: bool
    ) -> None:
        self.beats = 0
        self._token = token
        # Not a daemon thread: an interpreter that exits while torch computes would abort.
        executor = ThreadPoolExecutor(1, "generator")
        self._answer = executor.submit(self._run, inpainter, problem, is_traced=is_traced)
        executor.shutdown(wait=False)

    def finished_within(self, seconds: float) -> bool:
        return bool(wait([self._answer], seconds).done)

    def result(self) -> Answer:
        """The answer; what the network failed with is raised here."""
        return self._answer.result()

    def _run(self, inpainter: GanInpainter, problem: Problem, *, is_traced: bool) -> Answer:
        with pulsing(self._beat):
            return inpainter.generate(problem, is_traced=is_traced)

    def _beat(self) -> None:
        self._token.check()
        self.beats += 1


def _levels(maps: Mapping[str, Map]) -> tuple[Level, ...]:
    """Where attention borrowed, fine to coarse."""
    names = sorted((name for name in maps if name.partition(".")[0] == "source"), key=_level_of)
    levels = []
    for name in names:
        weight = maps[name.replace("source", "weight")]
        source = np.where(weight[:, None] > 0, maps[name], np.float32(np.nan))
        levels.append(
            Level("attention", np.ascontiguousarray(source.transpose(0, 2, 3, 1)), weight)
        )
    return tuple(levels)


def _level_of(name: str) -> int:
    return int(name.partition(".")[2] or 0)


def _tints(maps: Mapping[str, Map]) -> Mapping[str, Map]:
    """The maps that can be laid over the hole, (h, w) each, none larger than `LONGEST_MAP`."""
    return {
        name: _bounded(torch.from_numpy(shown)[None], LONGEST_MAP)[0, 0].numpy()
        for name, shown in maps.items()
        if name.partition(".")[0] in ("certainty", "gate")
    }


def _stages(made: Generation) -> tuple[Stage, ...]:
    """The stages, coarse to fine, the network's answer as the last one."""
    width = made.image.shape[-1]
    stages = []
    for stage in sorted(made.stages, key=lambda each: each.shape[-1]):
        # Sides are halved; what a padded picture is cropped to is a little more than that.
        factor = 2 ** round(math.log2(width / stage.shape[-1]))
        if factor > 1:
            stages.append(Stage("pyramid", factor, _shown(stage)))
        elif len(made.stages) == 1:  # a pyramid of full height ends in the answer itself
            stages.append(Stage("coarse", 1, _shown(stage)))
    return (*stages, Stage("refined", 1, _shown(made.image)))


def _shown(image: Tensor) -> npt.NDArray[np.uint8]:
    """(1, 3, h, w) around [-1, 1] as (h, w, 3) uint8, no larger than `LONGEST_STAGE`."""
    grey_levels = _bounded(_unit(image), LONGEST_STAGE).mul(255).round().byte()
    return np.ascontiguousarray(grey_levels[0].permute(1, 2, 0).cpu().numpy())


def _unit(image: Tensor) -> Tensor:
    """From around [-1, 1] to 0..1, a new tensor."""
    return image.float().add(1).mul_(0.5).clamp_(0, 1)


def _bounded(image: Tensor, longest: int) -> Tensor:
    """(1, C, h, w), shrunk by averaging until no side is longer."""
    scale = longest / max(image.shape[-2:])
    return image if scale >= 1 else F.interpolate(image, scale_factor=scale, mode="area")


def _beat(module: nn.Module, args: tuple[Tensor, ...]) -> None:
    del module, args
    pulse()


@contextlib.contextmanager
def _translated(device: torch.device) -> Iterator[None]:
    """Torch's complaints about memory and devices, as errors of ours."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        if device.type == "cuda":
            torch.cuda.empty_cache()
        raise DeviceMemoryError(f"the memory of {device.type} is too small") from error
    except (RuntimeError, NotImplementedError) as error:
        if device.type != "cpu":
            raise DeviceError(f"{device.type} refused: {str(error).splitlines()[0]}") from error
        if "allocate memory" in str(error):
            raise MemoryError(str(error)) from error
        raise
