"""Figures of a fill, held against answers known by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from training import metrics

if TYPE_CHECKING:
    from training.metrics import Mask, Picture

SIDE = 64


def photo(side: int = SIDE) -> Picture:
    """Smooth colours with some grain, 40 to 215."""
    rng = np.random.default_rng(1)
    coarse = rng.uniform(60, 195, (6, 6, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR)
    grainy: Picture = np.rint(smooth + rng.uniform(-20, 20, smooth.shape)).astype(np.uint8)
    return grainy


def box(side: int = SIDE) -> Mask:
    """A quarter of the picture, off the middle."""
    hole = np.zeros((side, side), bool)
    hole[side // 8 : 5 * side // 8, side // 4 : 3 * side // 4] = True
    return hole


def shifted(original: Picture, by: int, hole: Mask) -> Picture:
    fill = original.copy()
    fill[hole] += np.uint8(by)
    return fill


def flat(value: int, side: int = SIDE) -> Picture:
    return np.full((side, side, 3), value, np.uint8)


def test_a_perfect_fill_has_the_best_figures() -> None:
    original, hole = photo(), box()
    assert metrics.l1(original, original) == metrics.l2(original, original) == 0
    assert metrics.psnr(original, original, hole) > 130
    assert metrics.ssim(original, original) == pytest.approx(1, abs=1e-6)
    assert metrics.ssim(original, original, hole) == pytest.approx(1, abs=1e-6)
    assert metrics.swd(original, original, hole) == 0
    assert metrics.detail(original, original, hole) == 1
    assert metrics.seam(original, original, hole) == 1


def test_a_constant_offset_has_the_figures_of_a_pocket_calculator() -> None:
    original, hole = photo(), box()
    fill = shifted(original, 10, hole)
    assert metrics.psnr(fill, original, hole) == pytest.approx(20 * math.log10(255 / 10))
    assert metrics.l1(fill, original, hole) == pytest.approx(100 * 10 / 255)
    assert metrics.l2(fill, original, hole) == pytest.approx(100 * (10 / 255) ** 2)
    assert metrics.l1(fill, original) == pytest.approx(100 * 10 / 255 / 4)
    assert metrics.l2(fill, original) == pytest.approx(100 * (10 / 255) ** 2 / 4)


@pytest.mark.parametrize("rows", [3, 20, 60])
def test_global_and_local_psnr_differ_by_the_share_of_the_hole(rows: int) -> None:
    original = photo()
    hole = np.zeros((SIDE, SIDE), bool)
    hole[:rows] = True
    fill = shifted(original, 7, hole)
    difference = metrics.psnr(fill, original) - metrics.psnr(fill, original, hole)
    assert difference == pytest.approx(-10 * math.log10(rows / SIDE))


def test_what_differs_outside_the_hole_is_not_in_its_figures() -> None:
    original, hole = photo(), box()
    fill = shifted(original, 30, ~cv2.dilate(hole.astype(np.uint8), np.ones((15, 15))).astype(bool))
    assert metrics.psnr(fill, original, hole) > 130
    assert metrics.l1(fill, original, hole) == 0
    assert metrics.ssim(fill, original, hole) == pytest.approx(1, abs=1e-6)
    assert metrics.swd(fill, original, hole) == 0


def test_ssim_of_flat_pictures_is_their_likeness_in_brightness() -> None:
    one, other = 100.0, 140.0
    c1 = (0.01 * 255) ** 2
    likeness = (2 * one * other + c1) / (one**2 + other**2 + c1)
    assert metrics.ssim(flat(100), flat(140)) == pytest.approx(likeness, abs=6e-4)
    assert metrics.ssim(flat(100), flat(140), luma=True) == pytest.approx(likeness, abs=6e-4)
    # Of the five scales only the coarsest compares brightness, with the exponent 0.1333.
    coarsest = metrics.ms_ssim(flat(100, 192), flat(140, 192))
    assert coarsest == pytest.approx(likeness**0.1333, abs=6e-4)


def test_ssim_is_that_of_scikit_image() -> None:
    skimage = pytest.importorskip("skimage.metrics")
    original, hole = photo(), box()
    fill = original.copy()
    fill[hole] = cv2.GaussianBlur(original, (0, 0), 2)[hole]
    settings = {
        "gaussian_weights": True,
        "sigma": 1.5,
        "use_sample_covariance": False,
        "data_range": 255,
    }
    whole, windows = skimage.structural_similarity(
        fill, original, channel_axis=2, full=True, **settings
    )
    assert metrics.ssim(fill, original) == pytest.approx(whole, abs=1e-4)
    assert metrics.ssim(fill, original, hole) == pytest.approx(windows[hole].mean(), abs=1e-4)
    brightness = [
        np.trunc(picture @ np.array([0.299, 0.587, 0.114])) for picture in (fill, original)
    ]
    luma = skimage.structural_similarity(*brightness, **settings)
    assert metrics.ssim(fill, original, luma=True) == pytest.approx(luma, abs=1e-4)


def test_ms_ssim_is_one_of_equal_pictures_and_falls_with_noise() -> None:
    original = photo(192)
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 1, original.shape)
    noisy = [np.clip(original + level * noise, 0, 255).astype(np.uint8) for level in (0, 8, 30)]
    found = [metrics.ms_ssim(picture, original) for picture in noisy]
    assert found[0] == pytest.approx(1, abs=1e-5)
    assert found[0] > found[1] > found[2] > 0


def test_ms_ssim_needs_room_for_five_scales() -> None:
    enough = metrics.MS_SSIM_SIDE
    assert metrics.ms_ssim(photo(enough), photo(enough)) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="height"):
        metrics.ms_ssim(photo(enough)[:-1], photo(enough)[:-1])


def test_the_texture_distance_forgives_a_displaced_texture_and_psnr_does_not() -> None:
    tile = np.random.default_rng(3).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    original = np.tile(tile, (8, 8, 1))
    hole = np.zeros((SIDE, SIDE), bool)
    hole[16:48, 16:48] = True
    displaced = np.roll(original, 4, axis=1)  # the whole picture, so that no border changes
    grey = shifted(original, 0, hole)
    grey[hole] = original[hole].mean(axis=0).astype(np.uint8)
    assert metrics.swd(displaced, original, hole) == pytest.approx(0, abs=1e-9)
    assert metrics.swd(grey, original, hole) > 10
    assert metrics.psnr(displaced, original, hole) < metrics.psnr(grey, original, hole)


def test_detail_is_the_share_of_sharpness_that_is_left() -> None:
    original, hole = photo(), box()
    smooth = original.copy()
    smooth[hole] = cv2.GaussianBlur(original, (0, 0), 3)[hole]
    assert metrics.detail(smooth, original, hole) < 0.3
    assert metrics.detail(flat(90), original, hole) == 0


def test_seam_is_how_much_larger_the_step_at_the_border_is() -> None:
    ramp = np.repeat(np.arange(SIDE, dtype=np.uint8)[None, :, None], SIDE, axis=0).repeat(3, 2)
    hole = np.zeros((SIDE, SIDE), bool)
    hole[:, 32:] = True  # one border, across which the ramp rises by 1
    assert metrics.seam(shifted(ramp, 9, hole), ramp, hole) == pytest.approx(10)
