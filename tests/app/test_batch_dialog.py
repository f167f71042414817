"""What the Batch dialog asks and shows before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from app.session.batch_wish import NAME
from app.session.qimages import pixels_of
from engine.batch import naming
from tests.app.batcher import SIDE, put_mask, put_picture

if TYPE_CHECKING:
    from tests.app.batcher import Batcher


# --- what a run needs ----------------------------------------------------------------------------


def test_its_key_opens_one_dialog_that_leaves_the_window_usable(batcher: Batcher) -> None:
    window = batcher.desk.window
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    batcher.qtbot.keyClick(window, Qt.Key.Key_B, modifiers)
    first = batcher.dialog
    assert not first.isModal()
    batcher.open()
    assert batcher.dialog is first
    batcher.close()


def test_it_says_what_is_missing_step_by_step(batcher: Batcher) -> None:
    batcher.open()
    said = [batcher.why]
    batcher.drop(batcher.dialog, batcher.pictures)
    said.append(batcher.why)
    batcher.type_into(batcher.dialog.setup.masks.path.field, str(batcher.masks))
    batcher.type_into(batcher.dialog.setup.output.path.field, " ")
    said.append(batcher.why)
    assert said == [
        "Choose a folder of pictures, or drop one here.",
        "Choose the folder of the masks.",
        "Choose a folder for the results.",
    ]
    assert not batcher.dialog.start.isEnabled()


def test_pictures_are_counted_before_the_masks_are_known(batcher: Batcher) -> None:
    put_picture(batcher.pictures / "deeper" / "more.png")
    batcher.open()
    batcher.desk.answers.path = batcher.pictures
    batcher.press(batcher.dialog.setup.pictures.path.choose)
    batcher.plan()
    step = batcher.dialog.setup.pictures
    assert step.text.text() == "8 pictures."
    assert batcher.dialog.setup.output.path.field.text() == str(batcher.output)
    batcher.press(step.recursive)
    batcher.plan()
    assert step.text.text() == "9 pictures."


def test_a_folder_of_results_that_was_chosen_is_not_proposed_anew(batcher: Batcher) -> None:
    batcher.open()
    other = batcher.desk.folder / "elsewhere"
    batcher.type_into(batcher.dialog.setup.output.path.field, str(other))
    batcher.drop(batcher.dialog, batcher.pictures)
    assert batcher.batch.wish.output == str(other)


def test_a_picture_that_is_dropped_means_its_folder(batcher: Batcher) -> None:
    batcher.open()
    batcher.drop(batcher.dialog.setup.pictures.path.field, batcher.pictures / "3.png")
    assert batcher.batch.wish.images == str(batcher.pictures)


def test_a_folder_that_is_none_gets_a_sentence(batcher: Batcher) -> None:
    batcher.open()
    batcher.type_into(batcher.dialog.setup.pictures.path.field, "/nowhere/at all")
    batcher.type_into(batcher.dialog.setup.masks.path.field, str(batcher.masks))
    batcher.plan()
    assert "“/nowhere/at all” does not exist" in batcher.why
    assert not batcher.dialog.start.isEnabled()


# --- the pairs -----------------------------------------------------------------------------------


def troubled(batcher: Batcher) -> None:
    """One picture without mask, one with a mask of another shape, a smaller, a full one, ..."""
    (batcher.masks / "0.png").unlink()
    put_mask(batcher.masks / "1.png", (SIDE, 2 * SIDE))
    put_mask(batcher.masks / "2.png", (SIDE // 2, SIDE // 2))
    Image.new("L", (SIDE, SIDE), 255).save(batcher.masks / "3.png")
    put_mask(batcher.masks / "4.bmp")
    (batcher.pictures / "5.png").write_bytes(b"no picture")
    put_mask(batcher.masks / "forgotten.png")


def test_pairs_are_shown_with_everything_that_is_wrong_in_words(batcher: Batcher) -> None:
    troubled(batcher)
    batcher.fill_in()
    rows = batcher.plan_rows()
    assert len(rows) == 9
    notes = {name: row[4] for name, row in rows.items()}
    assert notes["0.png"] == "No mask: “0.png” has no mask; make one of the same name."
    assert notes["1.png"].startswith("Fails: The mask “1.png” is 24 × 48")
    assert notes["2.png"].startswith("Warning: The mask “2.png” is 12 × 12")
    assert notes["3.png"].startswith("Warning: 100% of “3.png” would be filled")
    assert notes["4.png"].startswith("Fails: “4.png” has several masks of its name")
    assert notes["5.png"].startswith("Fails: “5.png” is not a picture")
    assert notes["forgotten.png"].startswith("No picture:")
    assert rows["6.png"] == ["6.png", "6.png", "6_inpainted.png", "24 × 24", ""]
    assert batcher.dialog.setup.summary.text() == (
        "8 pictures: 4 can be filled, 2 of them with a warning, 1 without a mask, "
        "3 cannot be filled. 1 mask without a picture."
    )
    assert batcher.dialog.start.text() == "Fill 4 Pictures"
    assert batcher.dialog.start.isEnabled()


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("warned", ["2.png", "3.png"]),
        ("failed", ["1.png", "4.png", "5.png"]),
        ("unmasked", ["0.png"]),
        ("orphans", ["forgotten.png"]),
    ],
)
def test_a_button_shows_a_part_of_the_pairs(batcher: Batcher, part: str, names: list[str]) -> None:
    troubled(batcher)
    batcher.fill_in()
    button = batcher.dialog.setup.parts.buttons[part]
    assert button.text().endswith(f" {len(names)}")
    batcher.press(button)
    assert list(batcher.plan_rows()) == names


def test_marks_have_icons_of_their_own(batcher: Batcher) -> None:
    troubled(batcher)
    batcher.desk.wait(lambda: bool(batcher.desk.window._dressing.icons))
    batcher.fill_in()
    model = batcher.dialog.setup.model
    icons = {
        model.index(row, 0).data(): model.index(row, 4).data(Qt.ItemDataRole.DecorationRole)
        for row in range(5)
    }
    drawn = {name: icon.pixmap(16).toImage() for name, icon in icons.items() if icon}
    assert set(drawn) == {"0.png", "1.png", "2.png", "3.png", "4.png"}
    assert drawn["2.png"] == drawn["3.png"]
    assert len({drawn[name].bits().tobytes() for name in ("0.png", "1.png", "2.png")}) == 3


def test_a_part_that_has_emptied_gives_way_to_all(batcher: Batcher) -> None:
    (batcher.masks / "0.png").unlink()
    batcher.fill_in()
    parts = batcher.dialog.setup.parts
    batcher.press(parts.buttons["unmasked"])
    put_mask(batcher.masks / "0.png")
    batcher.key(batcher.dialog.setup.table, Qt.Key.Key_F5)
    batcher.plan()
    assert parts.part == "all"
    assert not parts.buttons["unmasked"].isEnabled()
    assert len(batcher.plan_rows()) == 8


def test_the_chosen_picture_is_shown_with_its_mask(batcher: Batcher) -> None:
    batcher.fill_in()
    table, preview = batcher.dialog.setup.table, batcher.dialog.setup.preview
    batcher.key(table, Qt.Key.Key_Down)
    batcher.see()
    assert preview.name.text() == "1.png"
    assert preview.facts.text() == "24 × 24 pixels, 25.0 % of it is filled"
    shown = preview.picture.image
    assert shown is not None
    seen = pixels_of(shown)[:, :, :3].astype(int)
    there = np.asarray(Image.open(batcher.pictures / "1.png")).astype(int)
    quarter = slice(SIDE // 4, 3 * SIDE // 4)
    tint = np.array([255, 59, 92])
    assert np.abs(seen[quarter, quarter] - (there[quarter, quarter] + tint) / 2).max() <= 1
    seen[quarter, quarter] = there[quarter, quarter] = 0
    assert (seen == there).all()


def test_a_picture_that_cannot_be_read_is_not_shown(batcher: Batcher) -> None:
    (batcher.pictures / "0.png").write_bytes(b"no picture")
    batcher.fill_in()
    batcher.desk.wait(lambda: batcher.batch.pictures.problem != "")
    assert batcher.dialog.setup.preview.picture.image is None
    assert "not a picture" in batcher.dialog.setup.preview.words.text()


def test_enter_on_a_row_opens_the_picture_in_the_editor(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.key(batcher.dialog.setup.table, Qt.Key.Key_Down)
    batcher.key(batcher.dialog.setup.table, Qt.Key.Key_Return)
    batcher.desk.wait(lambda: batcher.desk.session.has_picture)
    assert batcher.desk.document.path == batcher.pictures / "1.png"
    assert batcher.course.state == "none"


# --- masks ---------------------------------------------------------------------------------------


def test_a_file_that_is_dropped_on_the_masks_is_one_for_all(batcher: Batcher) -> None:
    mask = put_mask(batcher.desk.folder / "mark.png", (2 * SIDE, 2 * SIDE))
    batcher.fill_in()
    batcher.drop(batcher.dialog.setup.masks.path.field, mask)
    batcher.plan()
    assert batcher.dialog.setup.masks.rules.currentData() == "one"
    assert {row[1] for row in batcher.plan_rows().values()} == {"mark.png"}
    assert batcher.survey.counts.warned == 8
    assert batcher.dialog.start.text() == "Fill 8 Pictures"


def test_one_mask_of_another_shape_fits_none(batcher: Batcher) -> None:
    mask = put_mask(batcher.desk.folder / "mark.png", (SIDE, 2 * SIDE))
    batcher.fill_in()
    batcher.drop(batcher.dialog.setup.masks.path.field, mask)
    batcher.plan()
    assert batcher.why == "None of the pictures can be filled; the table says why."
    assert not batcher.dialog.start.isEnabled()


def test_masks_may_lie_beside_the_pictures(batcher: Batcher) -> None:
    put_mask(batcher.pictures / "2_mask.png")
    batcher.fill_in()
    batcher.choose(batcher.dialog.setup.masks.rules, "same")
    batcher.plan()
    assert not batcher.dialog.setup.masks.path.isVisible()
    assert batcher.plan_rows()["2.png"][1] == "2_mask.png"
    assert batcher.dialog.start.text() == "Fill 1 Picture"


def test_transparency_may_be_the_mask(batcher: Batcher) -> None:
    pixels = np.full((SIDE, SIDE, 4), 200, np.uint8)
    pixels[4:9, 4:9, 3] = 0
    Image.fromarray(pixels).save(batcher.pictures / "7.png")
    batcher.fill_in()
    batcher.choose(batcher.dialog.setup.masks.rules, "alpha")
    batcher.plan()
    rows = batcher.plan_rows()
    assert rows["7.png"][1] == "transparency"
    assert rows["6.png"][4].startswith("Fails: “6.png” has no transparency")


def test_no_mask_anywhere_says_so(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.choose(batcher.dialog.setup.masks.rules, "same")
    batcher.plan()
    assert batcher.why.startswith("None of the pictures has a mask;")


def test_inverted_masks_are_measured_inverted(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.press(batcher.dialog.setup.masks.invert)
    batcher.plan()
    assert batcher.survey.plan.items[0].hole_share == pytest.approx(0.75)
    assert batcher.survey.counts.warned == 8


# --- names and places ----------------------------------------------------------------------------


def test_the_example_follows_the_name_as_it_is_typed(batcher: Batcher) -> None:
    batcher.fill_in()
    output = batcher.dialog.setup.output
    assert output.example.text() == "0.png → 0_inpainted.png"
    batcher.type_into(output.name, "{stem}-{backend}-{seed}{ext}")
    assert output.example.text() == "0.png → 0-green-0.png"
    batcher.plan()
    assert batcher.plan_rows()["4.png"][2] == "4-green-0.png"


@pytest.mark.parametrize("name", ["{stem", "all{ext}", "{colour}{stem}{ext}", "a/{stem}{ext}"])
def test_a_name_that_cannot_be_is_refused_in_a_sentence(batcher: Batcher, name: str) -> None:
    batcher.fill_in()
    batcher.type_into(batcher.dialog.setup.output.name, name)
    batcher.plan()
    assert batcher.dialog.setup.output.example.text().startswith("The name ")
    assert batcher.why.startswith("The name ")
    assert not batcher.dialog.start.isEnabled()


def test_the_usual_name_is_that_of_the_engine() -> None:
    assert naming.DEFAULT == NAME


def test_results_go_among_the_pictures_only_if_that_is_allowed(batcher: Batcher) -> None:
    batcher.fill_in()
    output = batcher.dialog.setup.output
    batcher.type_into(output.path.field, str(batcher.pictures))
    batcher.plan()
    assert "is the folder of the pictures" in batcher.why
    batcher.press(output.in_place)
    batcher.plan()
    assert batcher.why == ""
    assert not output.path.isEnabled()


def test_replacing_the_pictures_has_to_be_confirmed(batcher: Batcher) -> None:
    before = (batcher.pictures / "0.png").read_bytes()
    batcher.fill_in()
    batcher.press(batcher.dialog.setup.output.in_place)
    batcher.type_into(batcher.dialog.setup.output.name, "{stem}{ext}")
    batcher.choose(batcher.dialog.setup.output.existing, "overwrite")
    batcher.plan()
    batcher.press(batcher.dialog.start)
    assert batcher.desk.answers.asked == ["replace_pictures 8"]
    assert batcher.course.state == "none"
    assert (batcher.pictures / "0.png").read_bytes() == before
    batcher.desk.answers.yes = True
    batcher.start()
    batcher.finish()
    assert (batcher.pictures / "0.png").read_bytes() != before


def test_existing_results_are_skipped_if_that_is_wished(batcher: Batcher) -> None:
    put_picture(batcher.output / "3_inpainted.png")
    batcher.fill_in()
    assert batcher.plan_rows()["3.png"][2] == "3_inpainted_1.png"
    batcher.choose(batcher.dialog.setup.output.existing, "skip")
    batcher.plan()
    assert batcher.plan_rows()["3.png"][4].startswith("Skipped: “3_inpainted.png” exists")
    assert batcher.dialog.start.text() == "Fill 7 Pictures"


def test_a_disk_that_is_too_small_is_noticed_beforehand(
    batcher: Batcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.batch.planning._free_bytes", lambda _: 10)
    batcher.fill_in()
    assert "make room or choose another folder" in batcher.why
    assert not batcher.dialog.start.isEnabled()
