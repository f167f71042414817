"""Networks in the pipeline: at what scale they run, and what happens when a card gives up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine import detail, device, memory, registry, weights
from engine.backend import BackendSpec, Problem
from engine.errors import (
    DeviceError,
    DeviceMemoryError,
    NothingToCopyError,
    UnusableBackendError,
)
from engine.filling import ALL_FORBIDDEN
from engine.jobs import CancelToken, Progress, finish
from engine.pipeline import InpaintRequest, InpaintResult, inpaint, working_bytes

if TYPE_CHECKING:
    from engine.backend import Inpainter
    from engine.jobs import Steps
    from engine.types import ImageF32, MaskBool
    from engine.weights import Role

SPEC = BackendSpec(
    "net", "Net", "none", "gan", "none:none", network="none:none", native_side=128, context=0.5,
    min_context=16, heeds_forbidden=True,
)  # fmt: skip

CREATE = registry.create


@dataclass
class Grey:
    """Fills with grey, unless the crop has more pixels than its device can hold."""

    limit: int | None = None
    error: type[DeviceError] = DeviceMemoryError
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    forbidden: list[MaskBool | None] = field(default_factory=list)
    scarce: int = 1
    """The fewest pixels that it can borrow from."""

    def inpaint(self, problem: Problem, _: CancelToken) -> Steps[ImageF32]:
        self.shapes.append(problem.hole.shape)
        self.forbidden.append(problem.forbidden)
        if problem.forbidden is not None and (~problem.forbidden).sum() < self.scarce:
            raise NothingToCopyError("all is forbidden")
        yield Progress(0.5, 1.0, "greying")
        if self.limit is not None and problem.hole.size > self.limit:
            raise self.error("the memory of cuda is too small")
        result = problem.image.copy()
        result[problem.hole] = 0.5
        return result


@dataclass
class Machine:
    """A graphics card and a processor."""

    cuda: Grey = field(default_factory=Grey)
    cpu: Grey = field(default_factory=Grey)
    wishes: list[str | None] = field(default_factory=list)
    role: Role = "alone"
    side: int = 128

    def create(
        self, backend_id: str, *, weights: str | None = None, device: str = "cpu"
    ) -> Inpainter:
        if backend_id != SPEC.id:
            return CREATE(backend_id)
        self.wishes.append(weights)
        return self.cuda if device == "cuda" else self.cpu


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setitem(registry._specs, "net", SPEC)
    monkeypatch.setattr(registry, "create", made.create)
    monkeypatch.setattr(weights, "wished", lambda *_: weights.Wished("abc", made.role, made.side))
    monkeypatch.setattr(device, "is_present", lambda name: name == "cuda")
    monkeypatch.setattr(device, "fault", lambda _: None)
    return made


def run(side: int = 128, **more: object) -> InpaintResult:
    """Fill a hole whose crop is a square of 2 * side, or 1 + 2 * 0.5 times the hole."""
    pixels = np.zeros((700, 700, 3), np.uint8)
    hole = np.zeros((700, 700), bool)
    hole[300 : 300 + side, 300 : 300 + side] = True
    request = InpaintRequest(pixels, hole, "net", **more)  # type: ignore[arg-type]
    return finish(inpaint(request, CancelToken()))


def test_a_large_crop_is_shrunk_to_the_trained_size(machine: Machine) -> None:
    result = run(detail=False)
    assert machine.cuda.shapes == [(128, 128)]
    assert result.fallback is None
    (patch,) = result.patches
    assert patch.pixels.shape == (128, 128, 3)
    assert (patch.pixels[32:96, 32:96] == 128).all()


def test_weights_of_smaller_pictures_get_smaller_crops(machine: Machine) -> None:
    machine.side = 96
    run(detail=False)
    assert machine.cuda.shapes == [(96, 96)]


def test_a_small_crop_is_not_enlarged(machine: Machine) -> None:
    run(side=20)
    assert machine.cuda.shapes == [(52, 52)]


@pytest.mark.parametrize(
    ("size", "shape"), [("crop", (256, 256)), ("original", (700, 700)), ("resize", (256, 256))]
)
def test_who_asks_for_full_size_gets_it(
    machine: Machine, size: str, shape: tuple[int, int]
) -> None:
    run(size=size)
    assert machine.cuda.shapes == [shape]


def test_the_wish_for_weights_arrives_and_the_recipe_names_them(machine: Machine) -> None:
    result = run(weights="some.safetensors")
    assert machine.wishes == ["some.safetensors"]
    assert result.recipe.weights_sha256 == "abc"


def test_a_full_card_gets_a_second_chance_with_less(machine: Machine) -> None:
    machine.cuda.limit = 80 * 80
    result = run()
    assert machine.cuda.shapes == [(128, 128), (64, 64)]
    assert machine.cpu.shapes == []
    assert result.device == "cuda"
    assert result.fallback == "filled at 1/4 of full size, because memory was short"


def test_detail_is_restored_from_the_picture_where_the_network_worked_small(
    machine: Machine,
) -> None:
    result = run()
    assert machine.cuda.shapes == [(128, 128)]
    assert result.detail
    assert result.fallback is None
    (patch,) = result.patches
    assert (patch.pixels == 0).all()  # the grey of the network is nowhere in the black picture


@pytest.mark.parametrize(
    "more", [{"detail": False}, {"size": "crop"}, {"side": 20}], ids=["off", "full size", "small"]
)
def test_detail_is_left_alone(machine: Machine, more: dict[str, object]) -> None:
    result = run(**more)  # type: ignore[arg-type]
    assert not result.detail
    (patch,) = result.patches
    assert (patch.pixels[5:-5, 5:-5] == 128).all()


def test_weights_that_are_a_guide_never_show_themselves(machine: Machine) -> None:
    machine.role = "guide"
    result = run(side=20)
    assert machine.cuda.shapes == [(52, 52)]
    assert result.detail
    assert (result.patches[0].pixels == 0).all()


def test_detail_is_not_taken_from_where_nothing_may_be_taken(machine: Machine) -> None:
    pixels = np.zeros((700, 700, 3), np.uint8)
    pixels[:, 350:] = 255
    hole, forbidden = np.zeros((2, 700, 700), bool)
    hole[300:428, 300:428] = True
    forbidden[:, 350:] = True
    request = InpaintRequest(pixels, hole, "net", forbidden=forbidden)
    (patch,) = finish(inpaint(request, CancelToken())).patches
    assert (patch.pixels[patch.hole] == 0).all()


def around_the_hole(reach: int) -> MaskBool:
    """Marks that many pixels around the hole of `run` with side 128."""
    marks = np.zeros((700, 700), bool)
    marks[300 - reach : 428 + reach, 300 - reach : 428 + reach] = True
    return marks


def test_a_network_is_told_what_is_forbidden_at_its_own_scale(machine: Machine) -> None:
    result = run(detail=False, forbidden=around_the_hole(32))
    (marks,) = machine.cuda.forbidden
    assert marks is not None
    assert marks.shape == (128, 128)
    assert marks.sum() == 96 * 96
    assert result.fallback is None


def test_a_network_that_is_not_steered_gets_no_marks_and_says_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._specs, "net", replace(SPEC, heeds_forbidden=False))
    result = run(detail=False, forbidden=around_the_hole(32))
    assert machine.cuda.forbidden == [None]
    assert "the source brush did not steer it" in (result.fallback or "")


def test_where_all_around_the_hole_is_forbidden_a_network_sees_more(machine: Machine) -> None:
    result = run(detail=False, forbidden=around_the_hole(100))
    (marks,) = machine.cuda.forbidden
    assert marks is not None
    assert not marks.all()
    assert result.fallback is None


def test_a_network_that_finds_nothing_to_borrow_looks_further_and_then_everywhere(
    machine: Machine,
) -> None:
    machine.cuda.scarce = 10**9
    result = run(detail=False, forbidden=around_the_hole(32))
    assert machine.cuda.shapes == [(128, 128), (128, 128), (128, 128), (128, 128)]
    assert machine.cuda.forbidden[-1] is None
    shares = [float(marks.mean()) for marks in machine.cuda.forbidden if marks is not None]
    assert shares == sorted(shares, reverse=True)
    assert len(set(shares)) == 3
    assert result.fallback == ALL_FORBIDDEN


def test_with_the_whole_picture_forbidden_a_network_looks_everywhere(machine: Machine) -> None:
    result = run(detail=False, forbidden=np.ones((700, 700), bool))
    assert machine.cuda.forbidden == [None]
    assert result.fallback == ALL_FORBIDDEN


def test_restoring_detail_counts_in_the_memory_a_run_will_take(machine: Machine) -> None:
    assert machine.side == 128
    spec = replace(SPEC, bytes_per_pixel=1)
    hole = np.zeros((2000, 2000), bool)
    hole[200:1200, 200:1200] = True
    request = InpaintRequest(np.zeros((2000, 2000, 3), np.uint8), hole, "net")
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(registry._specs, "net", spec)
        area = 1700 * 1700
        assert working_bytes(request) == memory.needed_bytes(registry.get("patchmatch"), area, area)
        without = replace(request, detail=False)
        assert working_bytes(without) == memory.needed_bytes(spec, 128 * 128, area)


def test_without_memory_for_detail_the_fill_stays_as_it_is(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "has_room_for", lambda spec, *_, **__: spec.id == "net")
    result = run()
    assert not result.detail
    assert result.fallback == "fine detail was not restored, because memory was short"


def test_a_search_that_runs_out_of_memory_costs_the_detail_only(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detail, "restored", out_of_memory)
    result = run()
    assert result.fallback == "fine detail was not restored, because memory was short"
    assert (result.patches[0].pixels[32:96, 32:96] == 128).all()


def out_of_memory(*_: object, **__: object) -> Steps[ImageF32]:
    yield Progress(0.0, 1.0, "searching")
    raise MemoryError


def test_a_card_that_is_too_small_twice_leaves_it_to_the_processor(machine: Machine) -> None:
    machine.cuda.limit = 10
    result = run()
    assert machine.cuda.shapes == [(128, 128), (64, 64)]
    assert machine.cpu.shapes == [(128, 128)]
    assert result.device == "cpu"
    assert result.fallback == "the memory of cuda is too small, so the CPU was used"


def test_a_card_that_refuses_a_kernel_is_left_at_once_and_for_all(machine: Machine) -> None:
    machine.cuda = Grey(limit=10, error=DeviceError)
    pixels = np.zeros((700, 700, 3), np.uint8)
    hole = np.zeros((700, 700), bool)
    hole[20:40, 20:40] = hole[600:620, 600:620] = True
    result = finish(inpaint(InpaintRequest(pixels, hole, "net"), CancelToken()))
    assert len(machine.cuda.shapes) == 1
    assert len(machine.cpu.shapes) == 2
    assert result.device == "cpu"


def test_a_network_without_weights_says_so_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(registry._specs, "net", SPEC)
    monkeypatch.setattr(weights, "folders", tuple)
    with pytest.raises(UnusableBackendError, match="Net has no weights"):
        run()
