"""White is hole, however the mask was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engine.errors import InvalidInputError, PictureError
from engine.pictures import Picture, Source, open_mask, placed_mask, save_mask, save_picture

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (60, 40)


def blob() -> np.ndarray:
    rows, columns = np.mgrid[0:40, 0:60]
    return np.hypot(rows - 18, columns - 25) < 11


def assert_hole(path: Path, expected: np.ndarray, **options: bool) -> None:
    hole = open_mask(path, SIZE, **options).hole
    assert hole.dtype == np.bool_
    np.testing.assert_array_equal(hole, expected)


@pytest.mark.parametrize("ending", ["png", "tif", "bmp", "webp"])
def test_a_saved_mask_opens_as_it_was(tmp_path: Path, ending: str) -> None:
    save_mask(blob(), tmp_path / f"mask.{ending}")

    assert_hole(tmp_path / f"mask.{ending}", blob())


def test_a_mask_is_saved_as_black_and_white_grey(tmp_path: Path) -> None:
    save_mask(blob(), tmp_path / "mask.png")

    with Image.open(tmp_path / "mask.png") as image:
        assert image.mode == "L"
        np.testing.assert_array_equal(np.asarray(image), blob() * np.uint8(255))


def test_soft_coverage_keeps_its_steps(tmp_path: Path) -> None:
    coverage = np.arange(256, dtype=np.uint8).reshape(16, 16)
    save_mask(coverage, tmp_path / "mask.png")

    with Image.open(tmp_path / "mask.png") as image:
        np.testing.assert_array_equal(np.asarray(image), coverage)
    assert open_mask(tmp_path / "mask.png", (16, 16)).hole.sum() == 128


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_white_is_hole(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(blob() * np.uint16(65535))
    else:
        image = Image.fromarray(blob() * np.uint8(255)).convert(mode)
    image.save(tmp_path / "mask.png")

    assert_hole(tmp_path / "mask.png", blob())


@pytest.mark.parametrize(
    ("dtype", "last_known", "first_hole"), [(np.uint8, 127, 128), (np.uint16, 32767, 32768)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_threshold_is_half_of_full_scale(
    tmp_path: Path, dtype: type, last_known: int, first_hole: int, channels: int
) -> None:
    pixels = np.array([[[last_known] * channels, [first_hole] * channels]], dtype)
    save_picture(Picture(pixels), tmp_path / "mask.png")

    assert open_mask(tmp_path / "mask.png", (2, 1)).hole.tolist() == [[False, True]]


def test_colours_count_by_their_luma(tmp_path: Path) -> None:
    Image.fromarray(np.array([[[0, 255, 0], [255, 0, 0], [0, 0, 255]]], np.uint8)).save(
        tmp_path / "mask.png"
    )

    assert open_mask(tmp_path / "mask.png", (3, 1)).hole.tolist() == [[True, False, False]]


def test_jpeg_artefacts_leave_no_specks(tmp_path: Path) -> None:
    Image.fromarray(blob() * np.uint8(255)).save(tmp_path / "mask.jpg", quality=40)

    hole = open_mask(tmp_path / "mask.jpg", SIZE).hole

    rows, columns = np.mgrid[0:40, 0:60]
    distance = np.hypot(rows - 18, columns - 25)
    assert hole[distance < 9].all()
    assert not hole[distance > 13].any()


def test_alpha_does_not_matter_unless_asked_for(tmp_path: Path) -> None:
    white = np.full((40, 60), 255, np.uint8)
    clear = np.where(blob(), 0, 255).astype(np.uint8)
    Image.fromarray(np.dstack([white, white, white, clear])).save(tmp_path / "mask.png")

    assert_hole(tmp_path / "mask.png", np.ones((40, 60), bool))
    assert_hole(tmp_path / "mask.png", blob(), from_alpha=True)


def test_half_transparent_is_not_hole(tmp_path: Path) -> None:
    Image.fromarray(np.array([[[9, 9, 9, 0], [9, 9, 9, 1]]], np.uint8)).save(tmp_path / "m.png")

    assert open_mask(tmp_path / "m.png", (2, 1), from_alpha=True).hole.tolist() == [[True, False]]


def test_asking_a_mask_without_alpha_for_it_is_refused(tmp_path: Path) -> None:
    save_mask(blob(), tmp_path / "mask.png")

    with pytest.raises(InvalidInputError, match=r"mask\.png.*no transparency"):
        open_mask(tmp_path / "mask.png", SIZE, from_alpha=True)


def test_inverted_black_is_hole(tmp_path: Path) -> None:
    save_mask(~blob(), tmp_path / "mask.png")

    assert_hole(tmp_path / "mask.png", blob(), invert=True)


def test_a_mask_is_turned_upright_like_a_picture(tmp_path: Path) -> None:
    block = Image.Exif()
    block[0x0112] = 6
    stored = np.ascontiguousarray(np.rot90(blob(), 1))
    Image.fromarray(stored * np.uint8(255)).save(tmp_path / "mask.png", exif=block)

    assert_hole(tmp_path / "mask.png", blob())


@pytest.mark.parametrize("size", [(30, 20), (120, 80), (15, 10), (61, 41), (600, 400)])
def test_a_mask_of_the_same_shape_is_scaled_with_a_notice(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    save_mask(np.ones((size[1], size[0]), bool), tmp_path / "mask.png")

    mask = open_mask(tmp_path / "mask.png", SIZE)

    assert mask.hole.shape == (40, 60)
    assert mask.hole.all()
    assert f"{size[0]} × {size[1]}" in mask.notices[0]
    assert "60 × 40" in mask.notices[0]


def test_scaling_repeats_pixels_and_invents_none(tmp_path: Path) -> None:
    small = blob()[::2, ::2]
    save_mask(small, tmp_path / "mask.png")

    assert_hole(tmp_path / "mask.png", small.repeat(2, axis=0).repeat(2, axis=1))


@pytest.mark.parametrize("size", [(40, 60), (60, 60), (60, 30), (6000, 4200), (55, 40)])
def test_a_mask_of_another_shape_is_refused_with_both_sizes(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    save_mask(np.ones((size[1], size[0]), bool), tmp_path / "mask.png")

    with pytest.raises(InvalidInputError, match=rf"mask\.png.*{size[0]} × {size[1]}.*60 × 40"):
        open_mask(tmp_path / "mask.png", SIZE)


def test_a_mask_that_fits_needs_no_notice(tmp_path: Path) -> None:
    save_mask(blob(), tmp_path / "mask.png")

    assert open_mask(tmp_path / "mask.png", SIZE).notices == ()


def test_an_animated_mask_is_read_from_its_first_frame_with_a_notice(tmp_path: Path) -> None:
    frames = [Image.fromarray(blob() * np.uint8(255)), Image.new("L", SIZE)]
    frames[0].save(tmp_path / "mask.gif", save_all=True, append_images=frames[1:])

    mask = open_mask(tmp_path / "mask.gif", SIZE)

    np.testing.assert_array_equal(mask.hole, blob())
    assert any("first of 2" in notice for notice in mask.notices)


def test_a_mask_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_bytes(b"no picture")

    with pytest.raises(PictureError, match="not a picture"):
        open_mask(tmp_path / "mask.png", SIZE)


def test_an_empty_mask_and_a_full_one_are_fine(tmp_path: Path) -> None:
    for value in (False, True):
        save_picture(
            Picture(np.full((40, 60, 1), 255 * value, np.uint8), Source(mode="1")),
            tmp_path / "mask.png",
        )
        assert open_mask(tmp_path / "mask.png", SIZE).hole.all() == value


@pytest.mark.parametrize("size", [(60, 40), (30, 20), (20, 50), (90, 70), (90, 10)])
def test_a_mask_is_placed_at_the_corner_cut_or_filled_up(size: tuple[int, int]) -> None:
    placed = placed_mask(blob(), size)

    expected = np.pad(blob(), ((0, 90), (0, 90)))[: size[1], : size[0]]
    np.testing.assert_array_equal(placed, expected)
