"""Averages, tiles and their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtGui import QImage

from app.canvas.layers import mask_tiles, picture_tiles, source_tiles, tint
from app.canvas.pyramid import Pyramid, area_mean
from app.canvas.tiles import APRON, SIDE, Tile, TileCache, TileKey, wrapped
from app.document import Document
from engine.pictures import Picture
from engine.types import Box

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

BUDGET = 64 << 20


def noise(height: int, width: int, channels: int = 3, dtype: DTypeLike = np.uint8) -> np.ndarray:
    rng = np.random.default_rng(7)
    return rng.integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype)


def cache_of(pixels: np.ndarray, budget: int = BUDGET) -> TileCache:
    return picture_tiles(lambda box: pixels[box.slices], pixels, budget)


def colour(cache: TileCache, tile: Tile, x: int, y: int) -> tuple[int, ...]:
    """Red, green, blue and alpha that a tile is drawn with, premultiplied."""
    colours = cache.colours(tile)
    shade = 0 if colours is None else int(colours[y, x])
    return (shade >> 16) & 255, (shade >> 8) & 255, shade & 255, shade >> 24


def plain_mean(pixels: np.ndarray, step: int) -> np.ndarray:
    rows = range(0, pixels.shape[0], step)
    columns = range(0, pixels.shape[1], step)
    return np.array(
        [
            [
                pixels[row : row + step, column : column + step].mean(axis=(0, 1))
                for column in columns
            ]
            for row in rows
        ]
    )


@pytest.mark.parametrize("step", [1, 2, 8])
@pytest.mark.parametrize("size", [(64, 64), (33, 50), (3, 70), (1, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_area_mean_is_the_mean_of_each_square(
    step: int, size: tuple[int, int], dtype: DTypeLike
) -> None:
    pixels = noise(*size, dtype=dtype)
    mean = area_mean(pixels, step)
    assert mean.dtype == dtype
    np.testing.assert_allclose(mean, plain_mean(pixels, step), atol=0.51)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_an_area_mean_keeps_the_channels(channels: int) -> None:
    assert area_mean(noise(9, 9, channels), 4).shape == (3, 3, channels)


@pytest.mark.parametrize("level", [0, 1, 3, 4, 6])
def test_every_level_is_made_of_area_means(level: int) -> None:
    pixels = noise(300, 517)
    pyramid = Pyramid(lambda box: pixels[box.slices], 517, 300)
    box = pyramid.box(level)
    # Levels from the fourth on average averages: half a level of rounding each.
    tolerance = 0.51 if level <= 3 else 1.01
    mean = pyramid.pixels(level, box)
    expected = plain_mean(pixels, 1 << level)
    if level > 3:
        whole = expected[: 300 >> level, : 517 >> level]
        mean, expected = mean[: whole.shape[0], : whole.shape[1]], whole
    np.testing.assert_allclose(mean, expected, atol=tolerance)


def test_coarse_levels_forget_what_changed() -> None:
    pixels = np.zeros((512, 512, 1), np.uint8)
    pyramid = Pyramid(lambda box: pixels[box.slices], 512, 512)
    assert not pyramid.pixels(5, pyramid.box(5)).any()
    pixels[128:160, 64:96] = 200
    pyramid.spoil(Box(64, 128, 96, 160))
    means = pyramid.pixels(5, pyramid.box(5))
    assert means[4, 2] == 200
    assert np.count_nonzero(means) == 1


@pytest.mark.parametrize(
    ("pixel", "expected"),
    [
        ([90], (90, 90, 90, 255)),
        ([200, 128], (100, 100, 100, 128)),
        ([10, 120, 250], (10, 120, 250, 255)),
        ([10, 120, 250, 255], (10, 120, 250, 255)),
        ([200, 100, 50, 0], (0, 0, 0, 0)),
    ],
)
@pytest.mark.parametrize("depth", [8, 16])
def test_pixels_of_any_kind_become_premultiplied_screen_colours(
    pixel: list[int], expected: tuple[int, ...], depth: int
) -> None:
    dtype, scale = (np.uint8, 1) if depth == 8 else (np.uint16, 257)
    pixels = np.broadcast_to(np.array(pixel) * scale, (5, 7, len(pixel))).astype(dtype)
    cache = cache_of(pixels)
    tile = cache.tile(TileKey(0, 0, 0))
    assert (tile.values is None) == (expected[3] == 0)
    assert colour(cache, tile, 3, 2) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("width", [1, 3, 255, 257, 301])
def test_images_of_odd_width_are_not_sheared(width: int) -> None:
    pixels = noise(40, width)
    cache = cache_of(pixels)
    colours = cache.colours(cache.tile(TileKey(0, 0, 0)))
    image = wrapped(colours, cache.image_format)
    for y, x in ((0, 0), (17, width // 2), (39, min(width, SIDE) - 1)):
        assert QImage.pixelColor(image, x, y).getRgb()[:3] == tuple(pixels[y, x])


def test_tiles_know_their_neighbours_pixels() -> None:
    pixels = noise(600, 600)
    cache = cache_of(pixels)
    tile = cache.tile(TileKey(0, 1, 1))
    assert tile.box == Box(256, 256, 512, 512).grown(APRON)
    assert colour(cache, tile, 0, 0)[:3] == tuple(pixels[256 - APRON, 256 - APRON])


def test_hidden_colour_of_clear_pixels_bleeds_into_no_average() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, :, 1] = 255  # green, but clear
    pixels[:2] = (200, 0, 0, 255)
    cache = cache_of(pixels)
    assert colour(cache, cache.tile(TileKey(2, 0, 0)), 0, 0) == (100, 0, 0, 128)


def test_a_changed_part_is_made_anew_and_the_rest_is_kept() -> None:
    pixels = noise(600, 600)
    cache = cache_of(pixels)
    keys = [TileKey(0, 1, 1), TileKey(1, 0, 0), TileKey(0, 0, 0)]
    tiles = [cache.tile(key) for key in keys]
    pixels[300:310, 300:310] = 0
    cache.spoil(Box(300, 300, 310, 310))
    assert [tile.stale is not None for tile in tiles] == [True, True, False]
    assert [cache.tile(key) for key in keys] == tiles
    assert colour(cache, tiles[0], 305 - 254, 305 - 254)[:3] == (0, 0, 0)
    assert colour(cache, tiles[1], 152, 152)[:3] == (0, 0, 0)
    assert colour(cache, tiles[0], 0, 0)[:3] == tuple(pixels[254, 254])


def test_an_apron_changes_with_the_neighbour_it_shows() -> None:
    pixels = noise(600, 600)
    cache = cache_of(pixels)
    tile = cache.tile(TileKey(0, 0, 0))
    pixels[10, 257] = 1
    cache.spoil(Box(257, 10, 258, 11))
    assert colour(cache, cache.tile(TileKey(0, 0, 0)), 257, 10)[:3] == (1, 1, 1)
    assert tile.stale is None


def test_tiles_stay_within_their_budget() -> None:
    pixels = noise(2000, 2000)
    cache = cache_of(pixels, budget=2_000_000)
    for key in cache.keys(0, Box(0, 0, 2000, 2000)):
        cache.tile(key)
    assert cache.nbytes <= 2_000_000
    assert cache.ready(TileKey(0, 0, 0)) is None
    assert cache.ready(TileKey(0, 7, 7)) is not None


def test_a_tint_is_premultiplied() -> None:
    shades = tint(0xFF8000, 0.5)(np.array([[0, 255, 128]], np.uint8))
    assert [hex(shade) for shade in shades[0]] == ["0x0", "0x80804000", "0x40402000"]


def test_mask_tiles_show_the_hole_and_nothing_of_what_is_known() -> None:
    document = Document.new(Picture(noise(20, 30)))
    document.mask[5, 5:9] = (127, 128, 200, 255)
    cache = mask_tiles(document, BUDGET)
    tile = cache.tile(TileKey(0, 0, 0))
    alpha = [colour(cache, tile, x, 5)[3] for x in (4, 5, 6, 7, 8)]
    assert alpha[:2] == [0, 0]
    assert 80 < alpha[2] < alpha[3] < alpha[4] == 255


def test_an_empty_mask_takes_no_memory() -> None:
    document = Document.new(Picture(noise(600, 600)))
    cache = mask_tiles(document, BUDGET)
    keys = cache.keys(0, document.box)
    assert all(cache.tile(key).values is None for key in keys)
    assert cache.nbytes < 100_000
    document.mask[300, 300] = 255
    cache.spoil(Box(300, 300, 301, 301))
    assert [cache.tile(key).values is None for key in keys].count(False) == 1


def test_source_tiles_show_their_own_value() -> None:
    document = Document.new(Picture(noise(20, 30)))
    document.source[3, 3:6] = (0, 1, 2)
    for value, column in ((1, 4), (2, 5)):
        cache = source_tiles(document, value, BUDGET)
        tile = cache.tile(TileKey(0, 0, 0))
        shown = [x for x in range(30) if colour(cache, tile, x, 3)[3]]
        assert shown == [column]
