from __future__ import annotations

import numpy as np
import pytest

from engine.pixels import alpha_of, from_image, full_scale, has_alpha, to_image


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_step_of_both_depths_survives_the_way_there_and_back(
    dtype: type, channels: int
) -> None:
    steps = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    pixels = np.stack([np.roll(steps, 7 * c) for c in range(channels)], axis=1)[None]

    np.testing.assert_array_equal(from_image(to_image(pixels), pixels), pixels)


def test_an_image_is_rgb_float_between_zero_and_one() -> None:
    image = to_image(np.array([[[0, 128, 255, 17]]], np.uint8))

    assert image.dtype == np.float32
    np.testing.assert_allclose(image, [[[0, 128 / 255, 1]]], atol=1e-7)


def test_grey_becomes_three_equal_channels() -> None:
    np.testing.assert_array_equal(
        to_image(np.array([[[65535, 9]]], np.uint16)), np.ones((1, 1, 3), np.float32)
    )


def test_an_image_does_not_share_memory_with_the_pixels() -> None:
    pixels = np.zeros((2, 2, 1), np.uint8)
    to_image(pixels)[...] = 1

    assert not pixels.any()


def test_values_outside_the_range_are_clipped_and_others_rounded() -> None:
    like = np.zeros((1, 3, 3), np.uint8)
    image = np.array([[[-0.5] * 3, [1.5] * 3, [100.6 / 255] * 3]], np.float32)

    np.testing.assert_array_equal(from_image(image, like)[0, :, 0], [0, 255, 101])


def test_colour_on_a_grey_picture_becomes_its_luma() -> None:
    red = np.array([[[1, 0, 0]]], np.float32)

    assert from_image(red, np.zeros((1, 1, 1), np.uint8))[0, 0, 0] == round(0.299 * 255)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_taken_from_the_pixels_it_is_like(channels: int) -> None:
    like = np.full((1, 2, channels), 77, np.uint8)

    assert (from_image(np.ones((1, 2, 3), np.float32), like)[..., -1] == 77).all()


def test_alpha_is_the_last_of_two_or_four_channels() -> None:
    assert [has_alpha(np.zeros((1, 1, c), np.uint8)) for c in (1, 2, 3, 4)] == [0, 1, 0, 1]
    assert alpha_of(np.zeros((1, 1, 3), np.uint8)) is None
    alpha = alpha_of(np.array([[[1, 2, 3, 4]]], np.uint16))
    assert alpha is not None
    assert alpha.tolist() == [[4]]


def test_white_is_all_ones_at_each_depth() -> None:
    assert full_scale(np.zeros((1, 1, 1), np.uint8)) == 255
    assert full_scale(np.zeros((1, 1, 1), np.uint16)) == 65535
