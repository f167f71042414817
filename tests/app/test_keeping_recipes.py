"""Where the editor keeps the recipe of a picture that it saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt

from app.__main__ import main
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


def test_marks_of_the_source_brush_go_into_a_file_for_the_command_line(
    desk: Desk, photo: Path, tmp_path: Path
) -> None:
    """All that a steered result of the editor needs to be made again."""
    desk.open(photo)
    desk.paint()
    desk.session.toolbox.use("source")
    desk.paint((20, 20), (20, 100))
    desk.session.toolbox.use("brush")
    desk.run("patchmatch")
    actions = desk.window.commands.actions
    for name, action in (("mask.png", "save_mask"), ("never.png", "save_source")):
        desk.answers.path = tmp_path / name
        actions[action].trigger()
        desk.settle()
    (result,) = desk.session.runs.shelf
    recipe.save(result.result.recipe, tmp_path / "r.json")
    words = [str(photo), str(tmp_path / "mask.png"), "-o", str(tmp_path / "again.png")]
    more = ["--recipe", str(tmp_path / "r.json"), "--never-from", str(tmp_path / "never.png")]
    assert main(["inpaint", *words, *more, "--quiet"]) == 0
    with Image.open(tmp_path / "again.png") as image:
        np.testing.assert_array_equal(np.asarray(image), desk.document.image)


def test_without_marks_there_is_nothing_to_save(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    assert not desk.window.commands.actions["save_source"].isEnabled()
    desk.session.masks.ask_save_source()
    assert "Nothing is marked" in desk.said()
