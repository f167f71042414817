"""Where the editor keeps the recipe of a picture that it saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt

from engine import recipe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.conftest import Desk

CTRL = Qt.KeyboardModifier.ControlModifier


def save_filled(desk: Desk, keep: str) -> None:
    desk.window.commands.actions[f"recipe_{keep}"].trigger()
    desk.paint()
    desk.run("telea")
    desk.key(Qt.Key.Key_S, CTRL)
    desk.settle()


def test_by_default_a_picture_is_saved_without_its_recipe(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    assert desk.window.commands.actions["recipe_none"].isChecked()
    save_filled(desk, "none")
    assert b"acuna" not in photo.read_bytes()
    assert not (photo.parent / "photo.recipe.json").exists()


def test_the_recipe_is_kept_inside_the_picture_without_a_path(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    save_filled(desk, "inside")
    found = recipe.load(photo)
    assert found.backend == "telea"
    assert str(photo.parent).encode() not in photo.read_bytes()


def test_the_recipe_is_kept_beside_the_picture(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    save_filled(desk, "beside")
    assert recipe.load(photo.parent / "photo.recipe.json").backend == "telea"
    assert b"acuna" not in photo.read_bytes()


def test_a_recipe_that_is_not_true_any_more_goes(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    save_filled(desk, "inside")
    desk.open(photo)
    save_filled(desk, "none")
    assert b"acuna" not in photo.read_bytes()


def test_a_recipe_that_came_with_the_picture_stays_as_long_as_it_is_true(
    desk: Desk, photo: Path
) -> None:
    desk.open(photo)
    save_filled(desk, "inside")
    desk.open(photo)
    desk.window.commands.actions["recipe_none"].trigger()
    desk.answers.path = photo.parent / "copy.png"
    desk.session.files.export_copy()
    desk.settle()
    assert recipe.load(photo.parent / "copy.png").backend == "telea"


def test_a_format_without_a_place_says_so(desk: Desk, tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (120, 120, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.bmp")
    desk.open(tmp_path / "noise.bmp")
    save_filled(desk, "inside")
    assert "BMP has no place" in desk.said()
