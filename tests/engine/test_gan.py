"""A generator as a backend: what it sees, what of its answer is used, how it stops and fails."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine import gan
from engine.backend import BackendSpec, Problem
from engine.errors import Cancelled, DeviceError, DeviceMemoryError, UnusableBackendError
from engine.gan import GanInpainter
from engine.generator import Generation, Generator
from engine.jobs import CancelToken, finish
from engine.layers import pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.backend import Options

SPEC = BackendSpec("echo", "Echo", "none", "gan", "none:none", multiple=8)


class Echo(Generator):
    """Notes what it is given and answers as told."""

    multiple = 8
    blank = -1.0

    def __init__(self, answer: Callable[[Tensor], Tensor] = torch.zeros_like) -> None:
        super().__init__()
        self.layer = nn.Identity()
        self.answer = answer
        self.seen: list[tuple[Tensor, Tensor]] = []
        self.given: Mapping[str, Tensor] = {}

    def generate(
        self, image: Tensor, hole: Tensor, *, stages: bool, maps: bool, **inputs: Tensor
    ) -> Generation:
        self.seen.append((image, hole))
        self.given = inputs
        return Generation(self.answer(self.layer(image)))

    def inputs(self, options: Options, seed: int, height: int, width: int) -> dict[str, Tensor]:
        return {"noise": torch.full((1,), float(seed))}


def problem(height: int = 20, width: int = 30, seed: int = 0) -> Problem:
    rng = np.random.default_rng(3)
    image = rng.random((height, width, 3), np.float32)
    hole = np.zeros((height, width), bool)
    hole[5:9, 7:15] = True
    return Problem(image, hole, seed=seed)


def fill(network: Generator, given: Problem, token: CancelToken | None = None) -> np.ndarray:  # type: ignore[type-arg]
    return finish(GanInpainter(SPEC, network).inpaint(given, token or CancelToken()))


def test_the_answer_fills_the_hole_and_nothing_else() -> None:
    given = problem()
    result = fill(Echo(lambda x: torch.full_like(x, 0.5)), given)
    np.testing.assert_array_equal(result[~given.hole], given.image[~given.hole])
    np.testing.assert_allclose(result[given.hole], 0.75, atol=1e-6)


def test_answers_outside_the_range_are_clipped() -> None:
    given = problem()
    assert (fill(Echo(lambda x: torch.full_like(x, 7.0)), given)[given.hole] == 1).all()


def test_the_network_sees_a_padded_image_with_a_blank_hole() -> None:
    network, given = Echo(), problem()
    fill(network, given)
    image, hole = network.seen[0]
    assert image.shape == (1, 3, 24, 32)
    assert (image[:, :, 5:9, 7:15] == -1).all()
    np.testing.assert_array_equal(hole[0, 0, :20, :30].bool().numpy(), given.hole)
    known = torch.from_numpy(given.image).permute(2, 0, 1)[None] * 2 - 1
    outside = ~torch.from_numpy(given.hole)
    torch.testing.assert_close(image[..., :20, :30][..., outside], known[..., outside])


def test_colours_under_the_hole_are_never_seen() -> None:
    given = problem()
    other = Problem(given.image.copy(), given.hole)
    other.image[given.hole] = np.nan
    first, second = Echo(lambda x: x.flip(-1)), Echo(lambda x: x.flip(-1))
    np.testing.assert_array_equal(fill(first, given)[given.hole], fill(second, other)[given.hole])


def test_the_network_gets_its_further_inputs_by_seed() -> None:
    network = Echo()
    fill(network, problem(seed=41))
    assert network.given["noise"].item() == 41


def test_no_gradient_is_kept() -> None:
    network = Echo()
    fill(network, problem())
    assert network.seen[0][0].is_inference()


def test_an_answer_without_numbers_is_an_error_that_names_the_backend() -> None:
    with pytest.raises(UnusableBackendError, match="Echo answered with no colours"):
        fill(Echo(lambda x: torch.full_like(x, float("nan"))), problem())


def test_a_cancelled_run_stops_at_the_next_layer() -> None:
    token, finished = CancelToken(), threading.Event()

    def answer(x: Tensor) -> Tensor:
        token.cancel()
        pulse()
        finished.set()
        return x

    with pytest.raises(Cancelled):
        fill(Echo(answer), problem(), token)
    assert not finished.is_set()


def test_every_layer_moves_the_bar() -> None:
    class Deep(Echo):
        def __init__(self) -> None:
            super().__init__(self.walk)
            self.layers = nn.ModuleList(nn.Identity() for _ in range(9))
            self.gate = threading.Event()

        def walk(self, x: Tensor) -> Tensor:
            for layer in self.layers[:4]:
                x = layer(x)
            assert self.gate.wait(10)
            return x

    network = Deep()
    steps = GanInpainter(SPEC, network).inpaint(problem(), CancelToken())
    share = 0.0
    while share < 0.5:  # the first layer and four of nine, out of ten
        share = next(steps).share
    assert share == pytest.approx(0.5)
    network.gate.set()
    finish(steps)


def test_a_fault_inside_the_network_is_not_swallowed() -> None:
    def answer(_: Tensor) -> Tensor:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fill(Echo(answer), problem())


def test_too_little_memory_of_the_processor_is_a_memory_error() -> None:
    def answer(_: Tensor) -> Tensor:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 bytes")

    with pytest.raises(MemoryError):
        fill(Echo(answer), problem())


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), DeviceMemoryError),
        (RuntimeError("no kernel image is available\nfor execution"), DeviceError),
        (NotImplementedError("aten::fold for MPS"), DeviceError),
    ],
)
def test_a_card_that_refuses_is_told_from_a_fault(
    raised: Exception, expected: type[Exception]
) -> None:
    with pytest.raises(expected) as caught, gan._translated(torch.device("meta")):
        raise raised
    assert type(caught.value) is expected
    assert "\n" not in str(caught.value)
