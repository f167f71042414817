"""The score of a fill: what shows gets a worse one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from engine.score import Score, score

if TYPE_CHECKING:
    from engine.types import ImageF32, MaskBool, Pixels


def stripes(contrast: float = 0.3) -> ImageF32:
    columns = np.arange(200, dtype=np.float32)
    wave = 0.5 + contrast * np.sign(np.sin(columns * 0.8))
    noise = np.random.default_rng(4).normal(0, 0.02, (160, 200, 3))
    return (wave[None, :, None] + noise).clip(0, 1).astype(np.float32)


def hole() -> MaskBool:
    mask = np.zeros((160, 200), bool)
    mask[50:110, 70:130] = True
    return mask


def native(image: ImageF32) -> Pixels:
    return np.rint(image * 255).astype(np.uint8)


def filled_with(change: ImageF32) -> Score:
    image = stripes()
    image[hole()] = change[hole()]
    return score(native(image), hole())


def test_what_was_there_is_better_than_what_is_blurred_lighter_or_of_other_texture() -> None:
    image = stripes()
    true = filled_with(image)
    blurred = filled_with(cv2.GaussianBlur(image, (0, 0), 6).astype(np.float32))
    lighter = filled_with((image + 0.1).clip(0, 1))
    noise = filled_with(np.random.default_rng(1).random(image.shape).astype(np.float32))
    for worse in (blurred, lighter, noise):
        assert worse.total > 2 * true.total
        assert worse.texture > true.texture


def test_a_step_at_the_border_is_found_in_grey_levels() -> None:
    image = np.full((160, 200, 3), 0.4, np.float32)
    assert score(native(image), hole()) == Score(0.0, 0.0)
    image[hole()] += np.float32(20 / 255)
    assert abs(score(native(image), hole()).seam - 20) < 0.01


def test_a_border_smoother_than_the_surroundings_counts_against_a_fill() -> None:
    image = stripes()
    flat = filled_with(np.full_like(image, image.mean()))
    assert flat.seam > filled_with(image).seam


def test_the_same_fill_has_the_same_score() -> None:
    assert filled_with(stripes()) == filled_with(stripes())


def test_what_lies_far_away_does_not_count() -> None:
    far = np.zeros((600, 700, 3), np.float32)
    far[:160, :200] = stripes()
    mask = np.zeros((600, 700), bool)
    mask[20:40, 20:40] = True
    one = score(native(far), mask)
    far[300:, 300:] = 1.0
    assert score(native(far), mask) == one


def test_a_hole_that_leaves_no_whole_patch_has_no_texture_to_compare_with() -> None:
    mask = np.ones((20, 20), bool)
    mask[0] = False
    assert score(np.full((20, 20, 3), 128, np.uint8), mask) == Score(0.0, 0.0)
