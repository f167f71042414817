"""The icon in every form that a system asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
from PIL import IcoImagePlugin, Image

from tests.packaging.scripts import script

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication


@pytest.fixture
def icons(qapp: QApplication, tmp_path: Path) -> Path:
    script("make_icons").main(tmp_path)
    return tmp_path


def drawn(icons: Path, size: int) -> npt.NDArray[np.uint8]:
    with Image.open(icons / "hicolor" / f"{size}x{size}" / "apps" / "lacuna.png") as picture:
        return np.asarray(picture)


def test_windows_gets_every_size_as_it_was_drawn_for_it(icons: Path) -> None:
    with Image.open(icons / "lacuna.ico") as picture:
        assert isinstance(picture, IcoImagePlugin.IcoImageFile)
        assert {(side, side) for side in script("make_icons").ICO_SIZES} == picture.info["sizes"]
        smallest = np.asarray(picture.ico.getimage((16, 16)).convert("RGBA"))
    np.testing.assert_array_equal(smallest, drawn(icons, 16))


def test_macos_gets_a_file_of_up_to_1024_pixels(icons: Path) -> None:
    with Image.open(icons / "lacuna.icns") as picture:
        assert picture.format == "ICNS"
        assert picture.size == (1024, 1024)


def test_the_tear_is_see_through_and_the_stitches_have_the_accent_colour(icons: Path) -> None:
    pixels = drawn(icons, 256)
    assert pixels[40, 138, 3] == 0, "the tear"
    assert pixels[0, 0, 3] == 0, "the corner"
    assert tuple(pixels[152, 132]) == (0xD2, 0x3C, 0x70, 255), "a stitch"


def test_at_16_pixels_the_stitches_can_still_be_told_from_the_picture(icons: Path) -> None:
    red, green = drawn(icons, 16)[..., 0].astype(int), drawn(icons, 16)[..., 1].astype(int)
    assert ((red - green) > 60).sum() >= 6
