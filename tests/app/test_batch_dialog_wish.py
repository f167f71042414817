"""What fills a folder, what is remembered, and how the Batch dialog takes the keyboard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QTableView, QToolButton

from app.session.batch_wish import Wish, remembered, wish_of
from engine import recipe as recipes
from engine.batch import BatchConfig, save_settings
from engine.recipe import Recipe
from tests.app.batcher import SIDE, put_mask, put_picture
from tests.app.conftest import stored_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.batcher import Batcher


# --- what fills ----------------------------------------------------------------------------------


def test_what_is_set_in_the_editor_fills_and_is_followed(batcher: Batcher) -> None:
    batcher.fill_in()
    session, text = batcher.desk.session, batcher.dialog.setup.method.text
    assert text.text() == "Green, seed 0. Paints the hole green."
    session.set_option("strength", 0.5)
    session.use_seed(7)
    assert text.text() == "Green, seed 7, strength 0.5. Paints the hole green."
    assert batcher.why == "The pictures are still being looked at."
    assert not batcher.dialog.start.isEnabled()
    batcher.plan()
    recipe = batcher.survey.plan.config.recipe
    assert (recipe.backend, recipe.seed, recipe.options) == ("green", 7, {"strength": 0.5})
    session.use_blend(("match", "grain"))
    assert "light and colour matched, grain matched" in text.text()
    batcher.plan()
    assert batcher.survey.plan.config.recipe.blend == ("match", "grain")


def test_a_backend_without_weights_is_refused_beforehand(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.desk.session.use_backend("pepsi")
    batcher.plan()
    assert "has no weights" in batcher.why
    assert not batcher.dialog.start.isEnabled()


def test_a_recipe_is_saved_and_opened_again(batcher: Batcher, tmp_path: Path) -> None:
    batcher.fill_in()
    method, path = batcher.dialog.setup.method, tmp_path / "mine.json"
    batcher.desk.session.use_seed(11)
    batcher.desk.answers.path = path
    batcher.press(method.save)
    batcher.desk.wait(path.exists)
    batcher.desk.settle()
    assert "Saved “mine.json”." in batcher.dialog.message._text.text()
    saved = recipes.load(path)
    assert (saved.backend, saved.seed) == ("green", 11)
    batcher.desk.session.use_seed(0)
    batcher.press(method.open)
    batcher.desk.wait(lambda: batcher.batch.wish.recipe is not None)
    assert method.sources.currentText() == "“mine.json”"
    assert "seed 11" in method.text.text()
    batcher.choose(method.sources, "editor")
    assert "seed 0" in method.text.text()
    batcher.choose(method.sources, "recipe")
    assert "seed 11" in method.text.text()


def test_a_file_of_settings_fills_everything_in(batcher: Batcher, tmp_path: Path) -> None:
    config = BatchConfig(
        images=str(batcher.pictures),
        masks=str(batcher.masks),
        output=str(tmp_path / "out"),
        recipe=Recipe(backend="blue", seed=3),
        name="{stem}-x{ext}",
        invert_mask=True,
        device="cpu",  # this and the next two have no control in the dialog
        stop_on_error=True,
        pixel_limit=10**6,
    )
    save_settings(config, tmp_path / "all.json")
    batcher.open()
    batcher.desk.answers.path = tmp_path / "all.json"
    batcher.press(batcher.dialog.setup.method.open)
    batcher.desk.wait(lambda: batcher.batch.wish.recipe is not None)
    batcher.plan()
    assert batcher.survey.plan.config == config
    assert batcher.dialog.setup.output.name.text() == "{stem}-x{ext}"
    assert batcher.dialog.setup.masks.invert.isChecked()


def test_pictures_above_the_limit_are_filled_if_somebody_wants_it(batcher: Batcher) -> None:
    batcher.fill_in()
    low = msgspec.structs.replace(batcher.survey.plan.config, pixel_limit=SIDE * SIDE - 1)
    batcher.batch.set_wish(replace(batcher.batch.wish, file=low, allows_large=True))
    batcher.plan()
    assert batcher.survey.counts.ready == 8
    batcher.press(batcher.dialog.setup.pictures.large)
    batcher.plan()
    assert batcher.survey.counts.failed == 8
    assert "24 × 24 pixels" in batcher.plan_rows()["0.png"][4]
    batcher.press(batcher.dialog.setup.pictures.large)
    batcher.plan()
    assert batcher.survey.counts.ready == 8


def test_a_file_that_is_no_recipe_gets_a_sentence(batcher: Batcher, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"backend": 3}')
    batcher.open()
    batcher.desk.answers.path = tmp_path / "a.json"
    batcher.press(batcher.dialog.setup.method.open)
    batcher.desk.settle()
    assert batcher.dialog.message.isVisible()
    assert "is no recipe" in batcher.dialog.message._text.text()
    assert batcher.batch.wish.recipe is None


def test_a_result_lends_its_settings_to_a_folder(batcher: Batcher, photo: Path) -> None:
    desk = batcher.desk
    desk.open(photo)
    desk.session.use_seed(5)
    desk.paint()
    desk.run("blue")
    desk.session.use_seed(0)
    desk.session.use_backend("green")
    desk.window.commands.actions["batch_with_result"].trigger()
    method = batcher.dialog.setup.method
    assert method.sources.currentText() == "Result 1"
    assert method.text.text() == "Blue, seed 5. Paints the hole blue."
    batcher.close()
    assert desk.window.workspace is not None
    [card] = desk.window.workspace.column.results._cards.values()
    desk.wait(card._spread.isVisible)
    batcher.press(card._spread)
    assert batcher.dialog.setup.method.sources.currentText() == "Result 1"


@pytest.mark.parametrize(
    "wish",
    [
        Wish(images="/a/b", masks="/m", output="/o"),
        Wish(images="/a/b", rule="same", output="/o", recursive=True, on_existing="skip"),
        Wish(images="/a/b", rule="alpha", in_place=True, invert=True),
        Wish(images="/a/b", rule="alpha", output="/o", allows_large=True),
    ],
)
def test_settings_and_wish_say_the_same(wish: Wish) -> None:
    recipe = Recipe(backend="telea")
    assert wish_of(replace(wish, recipe=recipe).config()) == replace(wish, recipe=recipe)


# --- being remembered, being replaced ------------------------------------------------------------


def test_folders_are_remembered_and_what_may_do_harm_is_not(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.press(batcher.dialog.setup.output.in_place)
    batcher.plan()
    batcher.start()
    stored = stored_settings(batcher.desk.folder)
    assert stored["batch_images"] == str(batcher.pictures)
    wish = remembered(batcher.desk.session.settings)
    assert (wish.images, wish.masks) == (str(batcher.pictures), str(batcher.masks))
    assert not wish.in_place
    assert wish.on_existing == "rename"
    batcher.finish()


def test_the_last_wish_gets_the_answer(batcher: Batcher, tmp_path: Path) -> None:
    """Also if the answer to the one before is on its way already."""
    other = tmp_path / "Other"
    put_picture(other / "9.png")
    put_mask(batcher.masks / "9.png")
    batcher.fill_in()
    planning = batcher.batch.planning
    planning.ask_again()
    planning._rest.stop()
    planning._begin()
    batcher.drop(batcher.dialog, other)
    assert planning.survey is None
    batcher.plan()
    assert next(iter(batcher.plan_rows())) == "9.png"


def test_an_answer_that_comes_late_is_dropped(batcher: Batcher, tmp_path: Path) -> None:
    batcher.fill_in()
    planning, late = batcher.batch.planning, batcher.survey
    put_picture(tmp_path / "Other" / "9.png")
    put_mask(batcher.masks / "9.png")
    batcher.drop(batcher.dialog, tmp_path / "Other")
    planning._on_survey(planning._number - 1, late)
    planning._on_failed(planning._number - 1, ValueError("late"))
    assert planning.survey is None
    assert planning.is_busy
    batcher.plan()
    assert batcher.survey.plan.config.images == str(tmp_path / "Other")


def test_a_closed_dialog_looks_at_nothing(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.close()
    batcher.desk.session.use_seed(3)
    assert not batcher.batch.planning.is_busy
    assert batcher.batch.planning.survey is None
    batcher.open()
    batcher.plan()
    assert batcher.dialog.start.text() == "Fill 8 Pictures"


def test_control_enter_starts_and_enter_alone_does_not(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.key(batcher.dialog, Qt.Key.Key_Return)
    assert batcher.course.state == "none"
    field = batcher.dialog.setup.masks.path.field
    field.setFocus()
    batcher.qtbot.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert batcher.course.state == "running"
    batcher.finish()


def test_tab_reaches_everything_and_everything_has_a_name(batcher: Batcher) -> None:
    batcher.fill_in()
    dialog = batcher.dialog
    kinds = (QLineEdit, QComboBox, QTableView, QAbstractButton)
    seen = [part for kind in kinds for part in dialog.findChildren(kind) if part.isVisible()]
    wanted = {part for part in seen if part.focusPolicy() & Qt.FocusPolicy.TabFocus}
    wanted = {part for part in wanted if part.isEnabled() and not isinstance(part, QToolButton)}
    reached = set()
    dialog.setup.pictures.path.field.setFocus()
    for _ in range(60):
        reached.add(dialog.focusWidget())
        batcher.qtbot.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Tab)
    assert len(wanted) > 14
    assert wanted <= reached
    for part in seen:
        named = part.accessibleName() or (isinstance(part, QAbstractButton) and part.text())
        assert named, part


def test_nothing_is_written_before_the_start(batcher: Batcher) -> None:
    before = sorted(batcher.desk.folder.rglob("*"))
    batcher.fill_in()
    assert sorted(batcher.desk.folder.rglob("*")) == before
