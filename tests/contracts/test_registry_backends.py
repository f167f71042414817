"""What every backend promises, checked on all that the registry lists."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from engine import registry
from engine.backend import BackendSpec, Problem
from engine.errors import Cancelled, NothingToCopyError
from engine.jobs import CancelToken, finish
from engine.pipeline import InpaintRequest, InpaintResult, inpaint

if TYPE_CHECKING:
    from engine.backend import Inpainter
    from engine.types import ImageF32, MaskBool, Pixels

SPECS = registry.specs()
IDS = [spec.id for spec in SPECS]
CLASSICAL = pytest.mark.parametrize(
    "spec",
    [spec for spec in SPECS if not spec.network],
    ids=[spec.id for spec in SPECS if not spec.network],
)
EVERY = pytest.mark.parametrize("spec", SPECS, ids=IDS)


def texture(height: int, width: int, seed: int = 1) -> ImageF32:
    """A smooth ramp with soft grain, so that smooth and copying backends both have work."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    ramp = np.dstack([columns / max(1, width), rows / max(1, height), 0.5 + 0 * rows])
    grain = cv2.GaussianBlur(rng.normal(0, 0.2, (height, width)).astype(np.float32), (0, 0), 1)
    return np.clip(0.8 * ramp + 0.1 + grain[:, :, None], 0, 1).astype(np.float32)


def disc(height: int, width: int, radius: float) -> MaskBool:
    rows, columns = np.mgrid[:height, :width]
    hole: MaskBool = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < radius**2
    return hole


def problem(spec: BackendSpec, image: ImageF32, hole: MaskBool, seed: int = 0) -> Problem:
    return Problem(image, hole, None, registry.complete_options(spec, {}), seed)


def weights_of(spec: BackendSpec) -> str | None:
    """Networks keep every promise here with any weights, so random ones do."""
    return "random:1" if spec.network else None


def backend_of(spec: BackendSpec) -> Inpainter:
    return registry.create(spec.id, weights=weights_of(spec))


def filled(spec: BackendSpec, image: ImageF32, hole: MaskBool, seed: int = 0) -> ImageF32:
    given = problem(spec, image, hole, seed)
    return finish(backend_of(spec).inpaint(given, CancelToken()))


def native(image: ImageF32, dtype: type[np.unsignedinteger], channels: int) -> Pixels:
    scale = np.iinfo(dtype).max
    pixels = np.rint(image * scale).astype(dtype)
    grey = pixels[:, :, :1]
    alpha = np.full_like(grey, scale)
    return {
        1: grey, 2: np.dstack([grey, alpha]), 3: pixels, 4: np.dstack([pixels, alpha])
    }[channels]  # fmt: skip


def applied(pixels: Pixels, result: InpaintResult) -> Pixels:
    after = pixels.copy()
    for patch in result.patches:
        view = after[patch.box.slices]
        view[patch.hole] = patch.pixels[patch.hole]
    return after


def run(spec: BackendSpec, pixels: Pixels, hole: MaskBool, seed: int = 0) -> InpaintResult:
    request = InpaintRequest(pixels, hole, spec.id, seed=seed, weights=weights_of(spec))
    return finish(inpaint(request, CancelToken()))


def assert_only_the_hole_changed(
    before: Pixels, after: Pixels, hole: npt.NDArray[np.bool_]
) -> None:
    np.testing.assert_array_equal(after[~hole], before[~hole])


@EVERY
def test_the_factory_resolves_to_one_object(spec: BackendSpec) -> None:
    assert backend_of(spec) is backend_of(spec)


@EVERY
def test_defaults_satisfy_their_own_ranges(spec: BackendSpec) -> None:
    for option in spec.options:
        assert registry.checked(option, option.default) == option.default


@EVERY
def test_the_row_tells_what_a_person_needs(spec: BackendSpec) -> None:
    assert spec.label
    assert spec.promise
    assert all(option.label for option in spec.options)


@EVERY
def test_shape_type_and_range_are_kept(spec: BackendSpec) -> None:
    image = texture(61, 83)
    result = filled(spec, image, disc(61, 83, 9))
    assert result.shape == image.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert result.min() >= 0.0
    assert result.max() <= 1.0


@EVERY
def test_pixels_outside_the_hole_are_untouched(spec: BackendSpec) -> None:
    image, hole = texture(61, 83), disc(61, 83, 9)
    result = filled(spec, image, hole)
    np.testing.assert_array_equal(result[~hole], image[~hole])


@EVERY
def test_what_lies_under_the_hole_carries_no_meaning(spec: BackendSpec) -> None:
    image, hole = texture(61, 83), disc(61, 83, 9)
    other = image.copy()
    other[hole] = np.random.default_rng(0).random((int(hole.sum()), 3), np.float32)
    np.testing.assert_array_equal(filled(spec, image, hole), filled(spec, other, hole))


@EVERY
def test_the_given_arrays_are_not_changed(spec: BackendSpec) -> None:
    image, hole = texture(61, 83), disc(61, 83, 9)
    kept = image.copy(), hole.copy()
    filled(spec, image, hole)
    np.testing.assert_array_equal(image, kept[0])
    np.testing.assert_array_equal(hole, kept[1])


@CLASSICAL
def test_a_flat_picture_stays_flat(spec: BackendSpec) -> None:
    image = np.full((64, 64, 3), (0.2, 0.4, 0.6), np.float32)
    result = filled(spec, image, disc(64, 64, 10))
    np.testing.assert_allclose(result, image, atol=1 / 255)


@EVERY
def test_the_same_seed_gives_the_same_bytes(spec: BackendSpec) -> None:
    image, hole = texture(61, 83), disc(61, 83, 9)
    first, second = (filled(spec, image, hole, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@EVERY
def test_a_cancelled_token_stops_the_backend(spec: BackendSpec) -> None:
    filled(spec, texture(61, 83), disc(61, 83, 9))  # what is compiled or imported, is by now
    token = CancelToken()
    token.cancel()
    steps = backend_of(spec).inpaint(problem(spec, texture(240, 240), disc(240, 240, 100)), token)
    start = time.monotonic()
    with pytest.raises(Cancelled):
        finish(steps)
    assert time.monotonic() - start < 0.5


@EVERY
def test_cancelling_in_the_middle_answers_within_half_a_second(spec: BackendSpec) -> None:
    token = CancelToken()
    given = problem(spec, texture(900, 900), disc(900, 900, 250))
    steps = backend_of(spec).inpaint(given, token)
    next(steps)
    token.cancel()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        finish(steps)
    assert time.monotonic() - start < 0.5


@EVERY
def test_a_hole_everywhere_leaves_nothing_to_copy(spec: BackendSpec) -> None:
    hole = np.ones((40, 40), bool)
    with pytest.raises(NothingToCopyError):
        run(spec, native(texture(40, 40), np.uint8, 3), hole)


@EVERY
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_kind_of_pixels_keeps_its_kind(
    spec: BackendSpec, dtype: type[np.unsignedinteger], channels: int
) -> None:
    pixels, hole = native(texture(50, 60), dtype, channels), disc(50, 60, 8)
    after = applied(pixels, run(spec, pixels, hole))
    assert after.shape == pixels.shape
    assert after.dtype == pixels.dtype
    assert_only_the_hole_changed(pixels, after, hole)


@EVERY
def test_alpha_is_never_changed(spec: BackendSpec) -> None:
    pixels, hole = native(texture(50, 60), np.uint8, 4), disc(50, 60, 8)
    pixels[:, :, 3] = np.random.default_rng(0).integers(1, 256, (50, 60))
    after = applied(pixels, run(spec, pixels, hole))
    np.testing.assert_array_equal(after[:, :, 3], pixels[:, :, 3])


@EVERY
@pytest.mark.parametrize("count", [1, 2, 50])
def test_any_number_of_holes_is_filled(spec: BackendSpec, count: int) -> None:
    rng = np.random.default_rng(count)
    pixels = native(texture(300, 400), np.uint8, 3)
    marks = np.zeros((300, 400), np.uint8)
    for x, y in rng.integers(8, (392, 292), (count, 2)).tolist():
        cv2.circle(marks, (x, y), 5, 1, -1)
    hole = marks > 0
    pixels[hole] = (255, 0, 255)
    after = applied(pixels, run(spec, pixels, hole))
    assert_only_the_hole_changed(pixels, after, hole)
    assert not (after[hole] == (255, 0, 255)).all(axis=1).any()


def edge_holes() -> dict[str, MaskBool]:
    frame = np.ones((60, 70), bool)
    frame[9:-9, 9:-9] = False
    corners = np.zeros((60, 70), bool)
    for rows in (slice(0, 7), slice(-7, None)):
        for columns in (slice(0, 7), slice(-7, None)):
            corners[rows, columns] = True
    pixel = np.zeros((60, 70), bool)
    pixel[0, 69] = True
    half = np.zeros((60, 70), bool)
    half[:, 35:] = True
    return {"all sides": frame, "all corners": corners, "one pixel": pixel, "one half": half}


@EVERY
@pytest.mark.parametrize("where", edge_holes())
def test_a_hole_may_touch_the_edge(spec: BackendSpec, where: str) -> None:
    pixels, hole = native(texture(60, 70), np.uint8, 3), edge_holes()[where]
    pixels[hole] = 0
    after = applied(pixels, run(spec, pixels, hole))
    assert_only_the_hole_changed(pixels, after, hole)
    assert after[hole].any()


@EVERY
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 2), (2, 1), (3, 3), (5, 4), (7, 7), (16, 1), (1, 40)]
)
def test_tiny_pictures_are_filled_or_refused_in_words(
    spec: BackendSpec, shape: tuple[int, int]
) -> None:
    pixels = native(texture(*shape), np.uint8, 3)
    hole = np.zeros(shape, bool)
    hole[0, 0] = True
    try:
        after = applied(pixels, run(spec, pixels, hole))
    except NothingToCopyError:
        assert spec.copies or hole.all()
    else:
        assert_only_the_hole_changed(pixels, after, hole)


@EVERY
def test_a_strip_of_3_by_40000_pixels_is_filled(spec: BackendSpec) -> None:
    pixels = native(texture(3, 40_000), np.uint8, 3)
    hole = np.zeros((3, 40_000), bool)
    hole[1, 100:39_000] = True
    hole[:, 20_000:20_010] = True
    after = applied(pixels, run(spec, pixels, hole))
    assert_only_the_hole_changed(pixels, after, hole)


@EVERY
@pytest.mark.parametrize("shape", [(31, 47), (97, 53), (128, 127)])
def test_odd_sizes_are_filled(spec: BackendSpec, shape: tuple[int, int]) -> None:
    pixels, hole = native(texture(*shape), np.uint8, 3), disc(*shape, 6)
    assert_only_the_hole_changed(pixels, applied(pixels, run(spec, pixels, hole)), hole)
