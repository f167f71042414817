from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engine.backend import Guide, Options, Problem
from engine.errors import Cancelled, NothingToCopyError
from engine.jobs import CancelToken, Progress, finish
from engine.models.patchmatch import EFFORTS, PatchMatch, kernels, scale_kernels, warm_up

if TYPE_CHECKING:
    from engine.types import ImageF32, MaskBool


def noise(height: int, width: int, seed: int = 0) -> ImageF32:
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


def hole_in(height: int, width: int, rows: slice, columns: slice) -> MaskBool:
    hole = np.zeros((height, width), np.bool_)
    hole[rows, columns] = True
    return hole


COPIES = {"seams": False}
"""Without evening out seams, what is filled is copied exactly."""


def fill(
    image: ImageF32,
    hole: MaskBool,
    threads: int = 2,
    *,
    forbidden: MaskBool | None = None,
    options: Options | None = None,
    seed: int = 0,
) -> ImageF32:
    problem = Problem(image, hole, forbidden, options or {}, seed)
    return finish(PatchMatch(threads).inpaint(problem, CancelToken()))


def test_pixels_outside_the_hole_are_untouched() -> None:
    image, hole = noise(90, 120), hole_in(90, 120, slice(20, 70), slice(30, 90))
    result = fill(image, hole)
    assert result.dtype == np.float32
    assert result.shape == image.shape
    np.testing.assert_array_equal(result[~hole], image[~hole])


def test_the_problem_is_not_changed() -> None:
    image, hole = noise(40, 40), hole_in(40, 40, slice(10, 30), slice(10, 30))
    before = image.copy()
    fill(image, hole)
    np.testing.assert_array_equal(image, before)


def test_what_lies_under_the_hole_does_not_matter() -> None:
    image, hole = noise(60, 60), hole_in(60, 60, slice(20, 45), slice(15, 40))
    other = image.copy()
    other[hole] = 0.5
    np.testing.assert_array_equal(fill(image, hole), fill(other, hole))


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    image, hole = noise(200, 180), hole_in(200, 180, slice(30, 170), slice(40, 140))
    one, two, five = (fill(image, hole, threads) for threads in (1, 2, 5))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, five)


def test_the_seed_decides() -> None:
    image, hole = noise(80, 80), hole_in(80, 80, slice(20, 60), slice(20, 60))
    first, again, other = (fill(image, hole, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def dark_and_bright() -> tuple[ImageF32, MaskBool]:
    """Dark noise at the left, bright noise at the right, a hole in between."""
    image = noise(96, 160) * np.float32(0.2)
    image[:, 80:] += np.float32(0.7)
    return image, hole_in(96, 160, slice(20, 76), slice(50, 110))


@pytest.mark.parametrize(("level", "is_bright"), [(0.1, False), (0.8, True)])
@pytest.mark.parametrize("columns", [slice(50, 110), slice(76, 84)], ids=["blob", "stroke"])
def test_a_guide_says_which_of_two_textures_belongs_into_the_hole(
    level: float, *, is_bright: bool, columns: slice
) -> None:
    image, _ = dark_and_bright()
    hole = hole_in(96, 160, slice(20, 76), columns)
    guide = image.copy()
    guide[hole] = level
    problem = Problem(image, hole, options=COPIES, guide=Guide(guide, 1.0))
    result = finish(PatchMatch(2).inpaint(problem, CancelToken()))
    inner = result[24:72, columns][:, 3:-3] if columns.stop - columns.start > 20 else result[hole]
    assert ((inner > 0.5).mean() > 0.8) == is_bright
    assert ((inner < 0.5).mean() > 0.8) != is_bright
    known = {tuple(pixel) for pixel in image[~hole].tolist()}
    assert all(tuple(pixel) in known for pixel in result[hole].tolist())


def test_a_guide_that_pulls_at_nothing_changes_only_the_start() -> None:
    image, hole = dark_and_bright()
    guide = np.full_like(image, 0.5)
    guide[~hole] = 0  # would pull the search to pieces if it counted
    problem = Problem(image, hole, options=COPIES, guide=Guide(guide, 0.0))
    result = finish(PatchMatch(2).inpaint(problem, CancelToken()))
    bright = result[20:76, 90:110].mean()
    assert bright > 0.6


@pytest.mark.parametrize(
    ("tolerance", "near", "is_heeded"), [(0, 10, True), (250, 10, False), (0, 60, False)]
)
def test_a_guide_is_heeded_only_beyond_its_tolerance_and_where_the_hole_is_deep(
    tolerance: float, near: float, *, is_heeded: bool
) -> None:
    image, hole = dark_and_bright()
    hole[20:76, 60:110] = True
    image[hole] = 0
    bright = np.where(hole[:, :, None], np.float32(0.8), image)
    guide = Guide(bright, 1.0, tolerance=tolerance, near=near, far=near)
    problem = Problem(image, hole, options=COPIES, guide=guide)
    inner = finish(PatchMatch(2).inpaint(problem, CancelToken()))[36:60, 66:72]
    assert ((inner > 0.5).mean() > 0.8) == is_heeded


@pytest.mark.parametrize("seed", [-5, 2**70])
def test_any_integer_is_a_seed(seed: int) -> None:
    image, hole = noise(20, 20), hole_in(20, 20, slice(8, 12), slice(8, 12))
    assert np.isfinite(fill(image, hole, seed=seed)).all()


def test_every_filled_pixel_is_a_copy_of_a_known_one() -> None:
    image = np.round(noise(70, 70) * 65535) / np.float32(65535)
    hole = hole_in(70, 70, slice(20, 50), slice(15, 55))
    known = {tuple(colour) for colour in image[~hole].tolist()}
    assert {tuple(colour) for colour in fill(image, hole, options=COPIES)[hole].tolist()} <= known


@pytest.mark.parametrize(("period", "patch"), [(3, 7), (4, 7), (8, 15)])
def test_a_checkerboard_is_continued_exactly(period: int, patch: int) -> None:
    y, x = np.mgrid[:96, :96]
    board = (((y // period) + (x // period)) % 2).astype(np.float32)
    image = np.repeat(board[:, :, None], 3, axis=2)
    hole = hole_in(96, 96, slice(40, 60), slice(36, 58))
    np.testing.assert_array_equal(fill(image, hole, options={"patch": patch}), image)


@pytest.mark.parametrize("period", [9, 11])
def test_a_lattice_under_a_slanting_stroke_is_restored_exactly(period: int) -> None:
    y, x = np.mgrid[:240, :320]
    bars = (y % period < 3) | (x % period < 3)
    image = np.where(bars[:, :, None], (0.9, 0.85, 0.8), (0.2, 0.4, 0.1)).astype(np.float32)
    stroke = (np.abs(y - 30 - x / 2) < 14) & (x > 40) & (x < 280)
    np.testing.assert_array_equal(fill(image, stroke, options=COPIES), image)


def test_a_thin_scratch_beside_a_wide_hole_is_filled_as_well() -> None:
    x = np.arange(256)
    stripes = (0.5 + 0.4 * np.sin(x * 2 * np.pi / 9)).astype(np.float32)
    image = np.tile(stripes[None, :, None], (256, 1, 3))
    hole = hole_in(256, 256, slice(120, 230), slice(60, 170))
    hole[20:23, 10:246] = True  # gone at half the size, where the other one still is wide
    error = np.abs(fill(image, hole) - image)
    assert error[20:23, 10:246].mean() < 0.01


def test_stripes_are_continued_nearly_everywhere() -> None:
    x = np.arange(160)
    stripes = (0.5 + 0.4 * np.sin(x * 2 * np.pi / 12)).astype(np.float32)
    image = np.tile(stripes[None, :, None], (120, 1, 3))
    hole = hole_in(120, 160, slice(40, 80), slice(60, 100))
    assert np.abs(fill(image, hole) - image).mean(where=hole[:, :, None]) < 0.01


def test_a_horizon_goes_on_at_its_height() -> None:
    image = np.empty((120, 160, 3), np.float32)
    image[:60], image[60:] = (0.4, 0.6, 0.9), (0.2, 0.4, 0.1)
    hole = hole_in(120, 160, slice(45, 75), slice(60, 100))
    np.testing.assert_allclose(fill(image, hole), image, atol=1 / 512)


def test_a_constant_picture_stays_constant() -> None:
    image = np.full((50, 70, 3), 0.3, np.float32)
    result = fill(image, hole_in(50, 70, slice(0, 30), slice(20, 70)))
    np.testing.assert_array_equal(result, image)


def test_nothing_is_copied_from_a_forbidden_place() -> None:
    image = np.zeros((80, 120, 3), np.float32)
    image[:, :60, 0] = 1.0
    image[:, 60:, 2] = 1.0
    hole = hole_in(80, 120, slice(25, 55), slice(55, 90))
    forbidden = np.zeros((80, 120), np.bool_)
    forbidden[:, 60:] = True
    result = fill(image, hole, forbidden=forbidden, options=COPIES)
    assert (result[hole] == (1.0, 0.0, 0.0)).all()


def test_patches_shrink_where_a_large_one_finds_no_source() -> None:
    image, hole = noise(30, 30), np.ones((30, 30), np.bool_)
    hole[4:7, 11:14] = False
    result = fill(image, hole, options=COPIES)
    known = {tuple(colour) for colour in image[~hole].tolist()}
    assert {tuple(colour) for colour in result[hole].tolist()} <= known


def test_a_picture_without_a_known_pixel_is_refused() -> None:
    with pytest.raises(NothingToCopyError, match="nothing to copy"):
        fill(noise(20, 20), np.ones((20, 20), np.bool_))


def test_a_picture_with_all_known_pixels_forbidden_is_refused() -> None:
    hole = hole_in(20, 20, slice(5, 9), slice(5, 9))
    with pytest.raises(NothingToCopyError, match="allow more"):
        fill(noise(20, 20), hole, forbidden=~hole)


@pytest.mark.parametrize("side", [2, 3, 5, 6, 7, 8, 16])
def test_tiny_pictures(side: int) -> None:
    image, hole = noise(side, side), np.zeros((side, side), np.bool_)
    hole[side // 2, side // 2] = True
    result = fill(image, hole, options=COPIES)
    np.testing.assert_array_equal(result[~hole], image[~hole])
    assert (image[~hole] == result[hole]).all(axis=1).any()


@pytest.mark.parametrize("size", [(1, 2), (2, 1), (1, 40), (3, 2_000), (2_000, 3)])
def test_thin_pictures(size: tuple[int, int]) -> None:
    image, hole = noise(*size), np.zeros(size, np.bool_)
    hole[-1, size[1] // 2] = True
    result = fill(image, hole)
    np.testing.assert_array_equal(result[~hole], image[~hole])
    assert np.isfinite(result).all()


def test_a_very_long_strip() -> None:
    hole = hole_in(3, 40_000, slice(0, 2), slice(39_000, 40_000))
    image = np.full((3, 40_000, 3), 0.25, np.float32)
    np.testing.assert_array_equal(fill(image, hole), image)


def test_holes_on_every_border() -> None:
    image, hole = np.full((64, 64, 3), 0.7, np.float32), np.ones((64, 64), np.bool_)
    hole[20:44, 20:44] = False
    np.testing.assert_array_equal(fill(image, hole), image)


def test_many_separate_holes() -> None:
    y, x = np.mgrid[:200, :200]
    image = np.repeat((((y // 4) + (x // 4)) % 2).astype(np.float32)[:, :, None], 3, axis=2)
    hole = (y % 28 < 6) & (x % 28 < 6) & (y > 6) & (x > 6)
    np.testing.assert_array_equal(fill(image, hole), image)


def test_a_crop_that_is_not_contiguous() -> None:
    image = noise(60, 60)[::2, ::2]
    hole = hole_in(60, 60, slice(20, 40), slice(20, 40))[::2, ::2]
    np.testing.assert_array_equal(fill(image, hole), fill(image.copy(), hole.copy()))


@pytest.mark.parametrize("patch", [3, 5, 9, 15])
def test_other_patch_sizes(patch: int) -> None:
    image = np.full((60, 60, 3), 0.5, np.float32)
    hole = hole_in(60, 60, slice(20, 40), slice(20, 40))
    np.testing.assert_array_equal(fill(image, hole, options={"patch": patch}), image)


@pytest.mark.parametrize("effort", EFFORTS)
def test_progress_never_goes_back(effort: str) -> None:
    hole = hole_in(160, 160, slice(30, 130), slice(30, 130))
    problem = Problem(noise(160, 160), hole, options={"effort": effort})
    steps = list(PatchMatch(2).inpaint(problem, CancelToken()))
    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert 0.95 < shares[-1] <= 1
    assert len({step.message for step in steps}) >= 3


def test_a_cancelled_token_ends_the_run_at_the_next_step() -> None:
    token = CancelToken()
    hole = hole_in(120, 120, slice(20, 100), slice(20, 100))
    steps = PatchMatch(2).inpaint(Problem(noise(120, 120), hole), token)
    while next(steps).share < 0.2:
        pass
    token.cancel()
    with pytest.raises(Cancelled):
        next(steps)


def test_a_cancel_stops_a_sweep_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    token, swept = CancelToken(), []
    real = kernels.search

    def search(*arguments: Any) -> None:  # noqa: ANN401 - passed on as they are
        swept.append(1)
        token.cancel()
        real(*arguments)

    monkeypatch.setattr(kernels, "search", search)
    hole = hole_in(400, 60, slice(4, 396), slice(20, 40))
    with pytest.raises(Cancelled):
        finish(PatchMatch(1).inpaint(Problem(noise(400, 60), hole), token))
    assert len(swept) == 1


def test_a_run_can_be_dropped_half_way() -> None:
    hole = hole_in(60, 60, slice(20, 40), slice(20, 40))
    steps = PatchMatch(2).inpaint(Problem(noise(60, 60), hole), CancelToken())
    next(steps)
    next(steps)
    steps.close()


def test_warming_up_compiles_all_that_a_fill_needs() -> None:
    reports: list[Progress] = list(warm_up())
    assert [step.share for step in reports] == sorted(step.share for step in reports)
    compiled: tuple[Any, ...] = (
        kernels.search,
        kernels.vote,
        kernels.choose,
        scale_kernels.inherit,
        scale_kernels.refine,
        scale_kernels.relax,
        scale_kernels.scatter,
        scale_kernels.soften,
    )
    before = [len(kernel.signatures) for kernel in compiled]
    assert min(before) >= 1
    hole = hole_in(150, 130, slice(20, 120), slice(20, 110))
    fill(noise(150, 130), hole, forbidden=hole_in(150, 130, slice(0, 9), slice(0, 9)))
    fill(noise(150, 130), hole_in(150, 130, slice(60, 70), slice(5, 125)))
    assert [len(kernel.signatures) for kernel in compiled] == before
