"""A JPEG goes back with the quality it came with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from engine.errors import PictureError
from engine.pictures import Picture, Source, losses, open_picture, save_picture

if TYPE_CHECKING:
    from pathlib import Path


def photo(height: int = 64, width: int = 96) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(3).integers(0, 40, (height, width, 3))
    waves = np.stack([np.sin(rows / 5), np.cos(columns / 7), np.sin((rows + columns) / 9)], axis=2)
    return (110 + 90 * waves + noise).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [30, 75, 92, 100])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_tables_and_subsampling_are_reused(tmp_path: Path, quality: int, subsampling: int) -> None:
    Image.fromarray(photo()).save(tmp_path / "a.jpg", quality=quality, subsampling=subsampling)

    save_picture(open_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")

    with Image.open(tmp_path / "a.jpg") as before, Image.open(tmp_path / "b.jpg") as after:
        assert after.quantization == before.quantization
        assert JpegImagePlugin.get_sampling(after) == subsampling


def test_a_resaved_jpeg_has_about_the_size_it_had(tmp_path: Path) -> None:
    Image.fromarray(photo(256, 256)).save(tmp_path / "a.jpg", quality=60, optimize=True)

    save_picture(open_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")

    ratio = (tmp_path / "b.jpg").stat().st_size / (tmp_path / "a.jpg").stat().st_size
    assert 0.9 < ratio < 1.15


def test_blocks_that_were_not_touched_change_at_most_by_rounding(tmp_path: Path) -> None:
    Image.fromarray(photo(128, 128)).save(tmp_path / "a.jpg", quality=70, subsampling=0)
    picture = open_picture(tmp_path / "a.jpg")
    before = picture.pixels.copy()
    picture.pixels[32:64, 32:64] = 128

    save_picture(picture, tmp_path / "a.jpg")

    after = open_picture(tmp_path / "a.jpg").pixels.astype(int)
    difference = np.abs(after - before)
    difference[32:64, 32:64] = 0
    assert np.mean(difference) < 0.2


def test_grey_stays_grey(tmp_path: Path) -> None:
    Image.fromarray(photo()[:, :, 0]).save(tmp_path / "a.jpg", quality=50)

    save_picture(open_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")

    with Image.open(tmp_path / "a.jpg") as before, Image.open(tmp_path / "b.jpg") as after:
        assert after.mode == "L"
        assert after.quantization == before.quantization


def test_progressive_stays_progressive(tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "a.jpg", progressive=True)

    save_picture(open_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")

    with Image.open(tmp_path / "b.jpg") as image:
        assert image.info["progressive"]


def test_a_jpeg_with_one_table_for_all_channels_is_saved_so(tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "a.jpg", qtables=[list(range(1, 65))])

    save_picture(open_picture(tmp_path / "a.jpg"), tmp_path / "b.jpg")

    with Image.open(tmp_path / "b.jpg") as image:
        assert image.quantization == {0: list(range(1, 65))}


def test_a_picture_from_elsewhere_is_saved_finely(tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "b.jpg", quality=95, subsampling=0)

    save_picture(Picture(photo()), tmp_path / "a.jpg")

    with Image.open(tmp_path / "a.jpg") as ours, Image.open(tmp_path / "b.jpg") as fine:
        assert ours.quantization == fine.quantization
        assert JpegImagePlugin.get_sampling(ours) == 0


def test_a_quality_can_be_asked_for(tmp_path: Path) -> None:
    save_picture(Picture(photo()), tmp_path / "fine.jpg", quality=95)
    save_picture(Picture(photo()), tmp_path / "coarse.jpg", quality=20)

    assert (tmp_path / "coarse.jpg").stat().st_size < (tmp_path / "fine.jpg").stat().st_size / 2


def test_transparency_is_not_lost_without_consent(tmp_path: Path) -> None:
    picture = Picture(np.zeros((8, 8, 4), np.uint8))

    assert len(losses(picture, tmp_path / "a.jpg")) == 1
    with pytest.raises(PictureError, match=r"a\.jpg.*transparency.*PNG or TIFF"):
        save_picture(picture, tmp_path / "a.jpg")
    assert not (tmp_path / "a.jpg").exists()


def test_transparency_becomes_white_not_black_with_consent(tmp_path: Path) -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, 8:, 3] = 255

    save_picture(Picture(pixels), tmp_path / "a.jpg", allow_loss=True)

    flat = open_picture(tmp_path / "a.jpg").pixels
    assert flat[:, :6].min() > 245
    assert flat[:, 10:].max() < 10


@pytest.mark.parametrize("ending", ["jpg", "webp", "bmp"])
def test_16_bits_are_rounded_only_with_consent(tmp_path: Path, ending: str) -> None:
    picture = Picture(np.full((8, 8, 3), 257 * 100 + 100, np.uint16), Source(webp_lossless=True))

    with pytest.raises(PictureError, match="16 bits"):
        save_picture(picture, tmp_path / f"a.{ending}")
    save_picture(picture, tmp_path / f"a.{ending}", allow_loss=True)

    assert np.abs(open_picture(tmp_path / f"a.{ending}").pixels.astype(int) - 100).max() <= 1


def test_png_and_tiff_lose_nothing(tmp_path: Path) -> None:
    picture = Picture(np.zeros((8, 8, 4), np.uint16))

    assert losses(picture, "a.png") == losses(picture, "a.TIFF") == ()


@pytest.mark.parametrize(("ending", "longest"), [("jpg", 65500), ("webp", 16383)])
def test_a_side_too_long_for_the_format_is_refused(
    tmp_path: Path, ending: str, longest: int
) -> None:
    picture = Picture(np.zeros((1, longest + 1, 3), np.uint8))

    with pytest.raises(PictureError, match=f"at most {longest} pixels a side"):
        save_picture(picture, tmp_path / f"a.{ending}")


def test_lossy_webp_stays_lossy(tmp_path: Path) -> None:
    Image.fromarray(photo()).save(tmp_path / "a.webp", quality=80)

    picture = open_picture(tmp_path / "a.webp")
    save_picture(picture, tmp_path / "b.webp")

    assert not picture.source.webp_lossless
    assert not open_picture(tmp_path / "b.webp").source.webp_lossless
