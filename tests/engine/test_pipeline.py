"""From a request to patches: what backends get to see, what is written, what is said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine import memory, registry
from engine.backend import BackendSpec, Problem
from engine.errors import (
    Cancelled,
    InvalidInputError,
    MemoryBudgetError,
    NothingToCopyError,
    UnknownBackendError,
)
from engine.jobs import CancelToken, Progress, finish
from engine.pipeline import InpaintRequest, InpaintResult, inpaint
from engine.pixels import to_image
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.jobs import Steps
    from engine.types import ImageF32, MaskBool, Pixels


@dataclass
class Paint:
    """A backend that notes its problems and fills with one colour."""

    colour: float = 1.0
    fails: Callable[[Problem], Exception | None] = lambda _: None
    problems: list[Problem] = field(default_factory=list)

    def inpaint(self, problem: Problem, _: CancelToken) -> Steps[ImageF32]:
        self.problems.append(problem)
        yield Progress(0.5, 1.0, "painting")
        failure = self.fails(problem)
        if failure is not None:
            raise failure
        result = problem.image.copy()
        result[problem.hole] = self.colour
        return result


SPEC = BackendSpec(
    "paint", "Paint", "none", "classical", "none:none", copies=True, heeds_forbidden=True
)


@pytest.fixture
def paint(monkeypatch: pytest.MonkeyPatch) -> Paint:
    backend = Paint()
    monkeypatch.setitem(registry._specs, "paint", SPEC)
    monkeypatch.setitem(registry._loaded, "paint", backend)
    return backend


def picture(height: int = 300, width: int = 400, channels: int = 3) -> Pixels:
    rng = np.random.default_rng(5)
    pixels = rng.integers(1, 200, (height, width, channels)).astype(np.uint8)
    if channels in (2, 4):
        pixels[:, :, -1] = 255
    return pixels


def squares(
    *corners: tuple[int, int], side: int = 10, size: tuple[int, int] = (300, 400)
) -> MaskBool:
    hole = np.zeros(size, bool)
    for left, top in corners:
        hole[top : top + side, left : left + side] = True
    return hole


def run(request: InpaintRequest) -> InpaintResult:
    return finish(inpaint(request, CancelToken()))


def steps_of(request: InpaintRequest) -> list[Progress]:
    return list(inpaint(request, CancelToken()))


def applied(pixels: Pixels, result: InpaintResult) -> Pixels:
    after = pixels.copy()
    for patch in result.patches:
        after[patch.box.slices][patch.hole] = patch.pixels[patch.hole]
    return after


# --- requests that cannot be ---------------------------------------------------------------------


def test_an_empty_mask_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidInputError, match="Nothing is masked: paint over"):
        run(InpaintRequest(picture(), np.zeros((300, 400), bool)))


def test_a_mask_over_everything_leaves_nothing_to_copy() -> None:
    with pytest.raises(NothingToCopyError, match="nothing to copy from"):
        run(InpaintRequest(picture(), np.ones((300, 400), bool)))


def test_a_mask_of_another_size_is_refused_with_both_sizes() -> None:
    with pytest.raises(InvalidInputError, match="400 x 299 pixels, the image 400 x 300"):
        run(InpaintRequest(picture(), np.ones((299, 400), bool)))


def test_an_unknown_size_rule_is_refused() -> None:
    request = InpaintRequest(picture(), squares((9, 9)), size="huge")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="auto, crop, resize, original"):
        run(request)


def test_float_pixels_are_refused() -> None:
    pixels = picture().astype(np.float32)
    with pytest.raises(InvalidInputError, match="uint8 or uint16"):
        run(InpaintRequest(pixels, squares((9, 9))))  # type: ignore[arg-type]


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(UnknownBackendError):
        run(InpaintRequest(picture(), squares((9, 9)), "paitn"))


def test_a_picture_whose_known_pixels_are_all_forbidden_has_nothing_to_copy(paint: Paint) -> None:
    hole = squares((9, 9))
    with pytest.raises(NothingToCopyError, match="forbidden"):
        run(InpaintRequest(picture(), hole, "paint", forbidden=~hole))


# --- what is written -----------------------------------------------------------------------------


def test_the_hole_is_filled_and_nothing_else(paint: Paint) -> None:
    pixels, hole = picture(), squares((50, 60), (200, 200))
    after = applied(pixels, run(InpaintRequest(pixels, hole, "paint")))
    assert (after[hole] == 255).all()
    np.testing.assert_array_equal(after[~hole], pixels[~hole])


def test_the_request_is_not_changed(paint: Paint) -> None:
    pixels, hole = picture(), squares((50, 60))
    kept = pixels.copy(), hole.copy()
    run(InpaintRequest(pixels, hole, "paint"))
    np.testing.assert_array_equal(pixels, kept[0])
    np.testing.assert_array_equal(hole, kept[1])


def test_patches_lie_in_the_coordinates_of_the_picture(paint: Paint) -> None:
    result = run(InpaintRequest(picture(), squares((50, 60)), "paint", origin=(1000, 2000)))
    assert [patch.box for patch in result.patches] == [Box(1050, 2060, 1060, 2070)]


def test_every_hole_pixel_is_in_exactly_one_patch(paint: Paint) -> None:
    hole = np.random.default_rng(0).random((300, 400)) < 0.02
    written = np.zeros(hole.shape, int)
    for patch in run(InpaintRequest(picture(), hole, "paint")).patches:
        written[patch.box.slices] += patch.hole
    np.testing.assert_array_equal(written, hole.astype(int))


def test_coverage_mixes_fill_and_picture_inside_the_hole(paint: Paint) -> None:
    pixels, hole = np.full((300, 400, 3), 100, np.uint8), squares((50, 60))
    opacity = np.where(hole, 255, 0).astype(np.uint8)
    opacity[60:70, 50] = 191
    opacity[60:70, 49] = 127
    after = applied(pixels, run(InpaintRequest(pixels, hole, "paint", opacity=opacity)))
    assert (after[60:70, 51:60] == 255).all()
    assert (after[60:70, 50] == round(100 + 155 * (191 - 127) / 128)).all()
    assert (after[60:70, 49] == 100).all()


def test_16_bits_are_more_than_256_steps(paint: Paint) -> None:
    paint.colour = 0.123456
    pixels = picture().astype(np.uint16) * 257
    after = applied(pixels, run(InpaintRequest(pixels, squares((50, 60)), "paint")))
    assert (after[60, 50] == round(0.123456 * 65535)).all()


# --- what backends see ---------------------------------------------------------------------------


def test_a_later_crop_sees_an_earlier_fill_as_known(paint: Paint) -> None:
    marks = np.eye(3000, 2300, dtype=bool) | np.eye(3000, 2300, k=1, dtype=bool)
    pixels = picture(3000, 2300)
    result = run(InpaintRequest(pixels, marks, "paint"))
    assert result.regions > 1
    whites = [(problem.image == 1.0).all(axis=2) & ~problem.hole for problem in paint.problems]
    assert not whites[0].any()
    assert all(white.any() for white in whites[1:])


def test_transparent_pixels_are_unknown_and_stay_as_they_are(paint: Paint) -> None:
    pixels, hole = picture(channels=4), squares((50, 60))
    pixels[60:70, 70:80, 3] = 0
    after = applied(pixels, run(InpaintRequest(pixels, hole, "paint")))
    (problem,) = paint.problems
    assert int(problem.hole.sum()) == 200
    np.testing.assert_array_equal(after[~hole], pixels[~hole])


def test_a_crop_of_transparent_pixels_grows_until_it_sees_something(paint: Paint) -> None:
    pixels, hole = picture(channels=4), squares((10, 10))
    pixels[:, :350, 3] = 0
    run(InpaintRequest(pixels, hole, "paint"))
    assert not paint.problems[0].hole.all()


def test_a_picture_without_a_visible_pixel_has_nothing_to_copy(paint: Paint) -> None:
    pixels = picture(channels=4)
    pixels[:, :, 3] = 0
    with pytest.raises(NothingToCopyError, match="transparent"):
        run(InpaintRequest(pixels, squares((10, 10)), "paint"))


def test_a_copying_backend_is_told_what_is_forbidden(paint: Paint) -> None:
    forbidden = squares((70, 60))
    run(InpaintRequest(picture(), squares((50, 60)), "paint", forbidden=forbidden))
    (problem,) = paint.problems
    assert problem.forbidden is not None
    assert int(problem.forbidden.sum()) == 100


def test_the_recipe_says_whether_it_was_steered(paint: Paint) -> None:
    request = InpaintRequest(picture(), squares((50, 60)), "paint", forbidden=squares((70, 60)))
    assert run(request).recipe.steered
    assert not run(replace(request, forbidden=None)).recipe.steered


def test_a_backend_that_copies_nothing_is_not_and_says_so(
    paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._specs, "paint", replace(SPEC, heeds_forbidden=False))
    request = InpaintRequest(picture(), squares((50, 60)), "paint", forbidden=squares((70, 60)))
    assert "Paint takes from no particular place" in (run(request).fallback or "")
    assert not run(request).recipe.steered
    assert paint.problems[0].forbidden is None
    assert run(replace(request, forbidden=None)).fallback is None


def test_every_allowed_source_is_within_reach(paint: Paint) -> None:
    only_here = squares((70, 60), (1900, 1900), size=(2000, 2000))
    hole = squares((50, 60), size=(2000, 2000))
    run(InpaintRequest(picture(2000, 2000), hole, "paint", forbidden=~only_here))
    forbidden = paint.problems[0].forbidden
    assert forbidden is not None
    assert int((~forbidden).sum()) == 200


def test_size_original_shows_the_whole_picture(paint: Paint) -> None:
    run(InpaintRequest(picture(), squares((50, 60)), "paint", size="original"))
    assert paint.problems[0].hole.shape == (300, 400)


def test_size_resize_works_on_at_most_1024_pixels(paint: Paint) -> None:
    hole = squares((500, 500), side=900, size=(2000, 2500))
    pixels = picture(2000, 2500)
    after = applied(pixels, run(InpaintRequest(pixels, hole, "paint", size="resize")))
    assert max(paint.problems[0].hole.shape) == 1024
    assert (after[510:1390, 510:1390] == 255).all()


def test_a_shrunk_crop_holds_no_colour_from_under_the_hole(paint: Paint) -> None:
    hole = squares((503, 507), side=901, size=(2000, 2500))
    pixels = np.full((2000, 2500, 3), 40, np.uint8)
    pixels[hole] = 250
    run(InpaintRequest(pixels, hole, "paint", size="resize"))
    (problem,) = paint.problems
    np.testing.assert_allclose(problem.image[~problem.hole], 40 / 255, atol=1e-4)


# --- memory --------------------------------------------------------------------------------------


def test_little_memory_means_a_smaller_crop(paint: Paint, monkeypatch: pytest.MonkeyPatch) -> None:
    hole = squares((1000, 1000), side=400, size=(2400, 2400))
    monkeypatch.setattr(memory, "available_bytes", lambda: 520 * 520 * SPEC.bytes_per_pixel * 1.25)
    result = run(InpaintRequest(picture(2400, 2400), hole, "paint"))
    assert [problem.hole.shape for problem in paint.problems] == [(496, 496)]
    assert result.fallback == "the hole saw less of its surroundings, because memory was short"


def test_very_little_memory_means_a_smaller_scale(
    paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    hole = squares((1000, 1000), side=400, size=(2400, 2400))
    monkeypatch.setattr(memory, "available_bytes", lambda: 480 * 480 * SPEC.bytes_per_pixel * 1.25)
    result = run(InpaintRequest(picture(2400, 2400), hole, "paint"))
    assert [problem.hole.shape for problem in paint.problems] == [(248, 248)]
    assert result.fallback == "filled at 1/2 of full size, because memory was short"


def test_no_memory_is_said_with_the_amount(paint: Paint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with pytest.raises(MemoryBudgetError, match="MB"):
        run(InpaintRequest(picture(), squares((50, 60)), "paint"))


def test_running_out_of_memory_leads_to_a_smaller_crop(paint: Paint) -> None:
    hole = squares((1000, 1000), side=400, size=(2400, 2400))
    paint.fails = lambda problem: MemoryError() if problem.hole.size > 500 * 500 else None
    result = run(InpaintRequest(picture(2400, 2400), hole, "paint"))
    assert [problem.hole.shape for problem in paint.problems] == [(1000, 1000), (496, 496)]
    assert result.fallback is not None


def test_running_out_of_memory_for_ever_ends_in_words(paint: Paint) -> None:
    paint.fails = lambda _: MemoryError()
    with pytest.raises(MemoryBudgetError, match="fill smaller parts"):
        run(InpaintRequest(picture(), squares((50, 60)), "paint"))


def test_a_crop_without_a_whole_patch_grows(paint: Paint) -> None:
    paint.fails = lambda problem: NothingToCopyError("x") if problem.hole.size < 60_000 else None
    result = run(InpaintRequest(picture(), squares((50, 60)), "paint"))
    assert len(paint.problems) > 1
    assert result.fallback is None


def test_a_picture_without_a_whole_patch_is_continued_smoothly(paint: Paint) -> None:
    paint.fails = lambda _: NothingToCopyError("no patch")
    pixels, hole = np.full((300, 400, 3), 90, np.uint8), squares((50, 60))
    result = run(InpaintRequest(pixels, hole, "paint"))
    np.testing.assert_allclose(applied(pixels, result).astype(int), 90, atol=1)
    assert "the surroundings were continued" in str(result.fallback)


# --- what is said --------------------------------------------------------------------------------


def test_progress_never_goes_back_and_names_the_hole(paint: Paint) -> None:
    hole = squares((20, 20), (350, 20), (20, 280))
    steps = steps_of(InpaintRequest(picture(), hole, "paint"))
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert "Filling hole 2 of 3" in [step.message for step in steps]


def test_one_hole_tells_what_its_backend_does(paint: Paint) -> None:
    steps = steps_of(InpaintRequest(picture(), squares((20, 20)), "paint"))
    assert [step.message for step in steps] == ["Preparing Paint", "painting"]


def test_auto_says_why_it_chose() -> None:
    result = run(InpaintRequest(picture(), squares((20, 20), side=1)))
    assert result.backend == "navier-stokes"
    assert result.reason is not None
    assert result.recipe.backend == "navier-stokes"


def test_an_asked_for_backend_needs_no_reason(paint: Paint) -> None:
    assert run(InpaintRequest(picture(), squares((20, 20)), "paint")).reason is None


def test_a_wish_for_a_gpu_is_answered_with_why_not(paint: Paint) -> None:
    result = run(InpaintRequest(picture(), squares((20, 20)), "paint", device="cuda"))
    assert result.device == "cpu"
    assert result.fallback == "Paint computes on the CPU only, so cuda was not used"


def test_the_statistics_are_those_of_the_run(paint: Paint) -> None:
    result = run(InpaintRequest(picture(), squares((20, 20), (350, 250)), "paint"))
    assert result.regions == 2
    assert result.hole_share == pytest.approx(200 / 120_000)
    assert result.seconds.total >= result.seconds.inpaint > 0


@pytest.mark.parametrize("backend", ["auto", "patchmatch", "telea"])
def test_a_recipe_gives_the_same_bytes_again(backend: str) -> None:
    pixels, hole = picture(120, 150), squares((60, 50), side=14, size=(120, 150))
    first = run(InpaintRequest(pixels, hole, backend, seed=4))
    made = first.recipe
    second = run(
        InpaintRequest(pixels, hole, made.backend, made.options, seed=made.seed, size=made.size)
    )
    np.testing.assert_array_equal(applied(pixels, first), applied(pixels, second))


# --- stopping ------------------------------------------------------------------------------------


def test_a_wish_to_stop_is_heard_between_two_holes(paint: Paint) -> None:
    token = CancelToken()
    steps = inpaint(InpaintRequest(picture(), squares((20, 20), (350, 250)), "paint"), token)
    next(steps)
    next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        finish(steps)
    assert len(paint.problems) == 1


def test_a_grey_picture_is_given_as_three_equal_channels(paint: Paint) -> None:
    pixels = picture(channels=1)
    run(InpaintRequest(pixels, squares((50, 60)), "paint", size="original"))
    np.testing.assert_array_equal(paint.problems[0].image, to_image(pixels))
