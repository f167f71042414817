"""Blending in a run: the hole only, the same bytes for the same seed, and it can be stopped."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine import memory
from engine.blend import steps
from engine.blend.names import NAMES
from engine.errors import Cancelled, InvalidInputError
from engine.filling import NO_BLEND
from engine.jobs import CancelToken, finish
from engine.pipeline import InpaintRequest, inpaint, with_patches, working_bytes

if TYPE_CHECKING:
    from engine.blend.names import Blend
    from engine.types import MaskBool, Pixels

SUBSETS = list(chain.from_iterable(combinations(NAMES, n) for n in range(1, 4)))


def picture(channels: int = 3, dtype: type = np.uint8) -> Pixels:
    """Noise of sigma 6 on a ramp."""
    rng = np.random.default_rng(2)
    ramp = np.linspace(60, 180, 200)[None, :, None] + rng.normal(0, 6, (160, 200, channels))
    pixels = (ramp * (np.iinfo(dtype).max / 255)).astype(dtype)
    if channels in (2, 4):
        pixels[:, :, -1] = np.iinfo(dtype).max
    return pixels


def hole() -> MaskBool:
    mask = np.zeros((160, 200), bool)
    mask[50:110, 70:130] = True
    mask[10:16, 5:60] = True
    return mask


def filled(pixels: Pixels, *blend: Blend, seed: int = 0, backend: str = "telea") -> Pixels:
    request = InpaintRequest(pixels, hole(), backend, blend=blend, seed=seed)
    return with_patches(pixels, finish(inpaint(request, CancelToken())).patches)


@pytest.mark.parametrize("blend", SUBSETS, ids="+".join)
def test_pixels_outside_the_hole_stay_bit_identical(blend: tuple[Blend, ...]) -> None:
    before = picture()
    after = filled(before, *blend)
    assert np.array_equal(after[~hole()], before[~hole()])
    assert not np.array_equal(after, filled(before))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("channels", "dtype"), [(1, np.uint8), (4, np.uint8), (3, np.uint16)])
def test_grey_transparent_and_deep_pictures_are_blended(
    name: Blend, channels: int, dtype: type
) -> None:
    before = picture(channels, dtype)
    after = filled(before, name)
    assert after.dtype == dtype
    assert np.array_equal(after[~hole()], before[~hole()])
    assert not np.array_equal(after, filled(before))


def test_blending_counts_in_the_recipe_in_one_order() -> None:
    request = InpaintRequest(picture(), hole(), "telea", blend=("grain", "match"))
    assert finish(inpaint(request, CancelToken())).recipe.blend == ("match", "grain")


def test_same_seed_same_bytes() -> None:
    one, same, other = (filled(picture(), *NAMES, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_a_part_of_the_picture_gives_the_same_bytes_as_the_whole(name: Blend) -> None:
    pixels = np.tile(picture(), (3, 3, 1))
    mask = np.zeros(pixels.shape[:2], bool)
    mask[200:260, 270:330] = True
    part = pixels[64:, 128:], mask[64:, 128:]
    whole = InpaintRequest(pixels, mask, "telea", blend=(name,))
    cut = InpaintRequest(*part, "telea", blend=(name,), origin=(128, 64))
    first, second = (finish(inpaint(each, CancelToken())).patches[0] for each in (whole, cut))
    assert first.box == second.box
    assert np.array_equal(first.pixels, second.pixels)


def test_a_name_that_is_none_is_refused_before_the_work() -> None:
    request = InpaintRequest(picture(), hole(), "telea", blend=("grian",))  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="did you mean “grain”"):
        finish(inpaint(request, CancelToken()))


@pytest.mark.parametrize("name", NAMES)
def test_blending_can_be_stopped(name: Blend) -> None:
    token = CancelToken()
    token.cancel()
    image = np.full((160, 200, 3), 0.5, np.float32)
    image += np.random.default_rng(0).normal(0, 0.02, image.shape).astype(np.float32)
    with pytest.raises(Cancelled):
        steps.blended(image, hole(), (name,), (0,), token.check)


def test_without_memory_the_fill_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> None:
        raise MemoryError

    plain = filled(picture())
    monkeypatch.setattr(steps.membrane, "levelled", out_of_memory)
    request = InpaintRequest(picture(), hole(), "telea", blend=("poisson",))
    result = finish(inpaint(request, CancelToken()))
    assert result.fallback == NO_BLEND
    assert np.array_equal(with_patches(picture(), result.patches), plain)


def test_blending_counts_in_the_memory_a_run_will_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "BLENDING", 10**6)
    with_it = InpaintRequest(picture(), hole(), "telea", blend=("match",))
    without = InpaintRequest(picture(), hole(), "telea")
    assert working_bytes(with_it) > working_bytes(without)
