"""Runs any generator as a backend: pictures in, pictures out, with progress and a way to stop."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import torch

from engine.errors import DeviceError, DeviceMemoryError, UnusableBackendError
from engine.jobs import Progress
from engine.layers import pulse, pulsing
from engine.provenance import Trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor, nn

    from engine.backend import BackendSpec, Problem
    from engine.generator import Generator
    from engine.jobs import CancelToken, Steps
    from engine.types import ImageF32, MaskBool

Map: TypeAlias = npt.NDArray[np.float32]
"""(channels, h, w), as in `engine.generator.Generation`."""

_Answer: TypeAlias = "tuple[ImageF32, Mapping[str, Map]]"

_TICK_SECONDS = 0.02
_ALMOST = 0.97


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
        image, _ = yield from self._filled(problem, token, maps=False)
        return image

    def traced(self, problem: Problem, token: CancelToken) -> Steps[tuple[ImageF32, Trace]]:
        """See `engine.backend.Traceable`; slower, as the network notes its attention."""
        image, maps = yield from self._filled(problem, token, maps=True)
        return image, _trace(maps, problem.hole)

    def _filled(self, problem: Problem, token: CancelToken, *, maps: bool) -> Steps[_Answer]:
        token.check()
        run = _Forward(self, problem, token, maps=maps)
        while not run.finished_within(_TICK_SECONDS):
            token.check()
            yield Progress(
                min(_ALMOST, run.beats / self._beats), 1.0, f"Filling with {self._label}"
            )
        token.check()  # a network that ended just now may not swallow the wish to stop
        fill, shown = run.result()
        if not np.isfinite(fill[problem.hole]).all():
            raise UnusableBackendError(
                f"{self._label} answered with no colours; its weights may be damaged."
            )
        result = problem.image.copy()
        result[problem.hole] = fill[problem.hole]
        return result, shown

    def generate(self, problem: Problem, *, maps: bool = False) -> _Answer:
        """The network's whole answer, (H, W, 3) in 0..1, and its maps; in the calling thread."""
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
            made = self._network(image * 2 - 1, hole, stages=False, maps=maps, **moved)
            shown = made.image.float().add_(1).mul_(0.5).clamp_(0, 1)
            kept = {name: part[0].float().cpu().numpy() for name, part in made.maps.items()}
            return cast("ImageF32", shown[0].permute(1, 2, 0).cpu().numpy()), kept

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self._is_half:
            return torch.autocast(self._device.type, dtype=torch.bfloat16)
        return contextlib.nullcontext()


class _Forward:
    """One run of the network, in a thread of its own, which answers a cancel at the next layer.

    A forward pass is one call and may take seconds; only so can the bar move meanwhile.
    """

    def __init__(
        self, inpainter: GanInpainter, problem: Problem, token: CancelToken, *, maps: bool
    ) -> None:
        self.beats = 0
        self._token = token
        # Not a daemon thread: an interpreter that exits while torch computes would abort.
        executor = ThreadPoolExecutor(1, "generator")
        self._answer = executor.submit(self._run, inpainter, problem, maps=maps)
        executor.shutdown(wait=False)

    def finished_within(self, seconds: float) -> bool:
        return bool(wait([self._answer], seconds).done)

    def result(self) -> _Answer:
        """The answer; what the network failed with is raised here."""
        return self._answer.result()

    def _run(self, inpainter: GanInpainter, problem: Problem, *, maps: bool) -> _Answer:
        with pulsing(self._beat):
            return inpainter.generate(problem, maps=maps)

    def _beat(self) -> None:
        self._token.check()
        self.beats += 1


def _trace(maps: Mapping[str, Map], hole: MaskBool) -> Trace:
    """What the maps say; a network without attention borrows from nowhere."""
    certainty = maps["certainty"][0] if "certainty" in maps else None
    if "source" not in maps:
        shape = hole.shape if certainty is None else certainty.shape
        nowhere = np.full((*shape, 2), np.nan, np.float32)
        return Trace(nowhere, np.zeros(shape, np.float32), certainty)
    weight = maps["weight"][0]
    source = np.where(weight > 0, maps["source"], np.float32(np.nan)).transpose(1, 2, 0)
    return Trace(np.ascontiguousarray(source), weight)


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
