"""Opening and saving: what fails costs nothing, and nothing is overwritten unasked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine import resources

if TYPE_CHECKING:
    from pathlib import Path

    from app.session.questions import Fit
    from tests.app.conftest import Desk

CTRL = Qt.KeyboardModifier.ControlModifier


def change(desk: Desk) -> None:
    """Paint and inpaint, so that there is something to save."""
    desk.paint()
    desk.run()


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n and nothing else")
    return path


def test_a_file_that_cannot_be_opened_leaves_everything_as_it_was(
    desk: Desk, photo: Path, broken: Path
) -> None:
    desk.open(photo)
    desk.paint()
    document, mask = desk.document, desk.document.mask.copy()
    desk.session.files.open(broken)
    desk.settle()
    assert desk.document is document
    np.testing.assert_array_equal(document.mask, mask)
    assert document.undo_label == "Brush Stroke"
    assert "broken.png" in desk.said()


def test_a_huge_picture_is_opened_only_after_asking(
    desk: Desk, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import engine.pictures

    real = engine.pictures.open_picture
    monkeypatch.setattr(
        engine.pictures,
        "open_picture",
        lambda path, pixel_limit=100: real(path, pixel_limit=pixel_limit),
    )
    desk.session.files.open(photo)
    desk.settle()
    assert desk.session.document is None
    desk.answers.yes = True
    desk.open(photo)
    assert desk.answers.asked == ["open_anyway", "open_anyway"]
    assert desk.document.width == 120


def test_saving_asks_once_before_it_overwrites_the_original(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    change(desk)
    desk.key(Qt.Key.Key_S, CTRL)
    desk.settle()
    desk.paint((20, 20), (40, 20))
    desk.run("blue")
    desk.key(Qt.Key.Key_S, CTRL)
    desk.settle()
    assert desk.answers.asked == ["overwrite"]
    np.testing.assert_array_equal(pixels_of(photo), desk.document.image)
    assert not desk.document.dirty


def test_nothing_is_written_when_the_answer_is_cancel(desk: Desk, photo: Path) -> None:
    before = photo.read_bytes()
    desk.open(photo)
    change(desk)
    desk.answers.replace = "cancel"
    desk.session.files.save()
    desk.settle()
    assert photo.read_bytes() == before
    assert desk.document.dirty


def test_saving_without_changes_says_so(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.files.save()
    assert "no changes" in desk.said()
    assert desk.answers.asked == []


def test_save_as_proposes_a_name_of_its_own_and_goes_on_under_it(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    change(desk)
    desk.answers.path = photo.with_name("new.png")
    desk.session.files.save_as()
    desk.settle()
    assert desk.answers.proposals == [photo.with_name("photo_inpainted.png")]
    assert desk.session.name == "new.png"
    assert not desk.document.dirty


def test_an_exported_copy_changes_neither_name_nor_dirt(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    change(desk)
    desk.answers.path = photo.with_name("copy.png")
    desk.session.files.export_copy()
    desk.settle()
    np.testing.assert_array_equal(pixels_of(photo.with_name("copy.png")), desk.document.image)
    assert desk.session.name == "photo.png"
    assert desk.document.dirty


def test_a_failed_save_keeps_the_changes_unsaved(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    change(desk)
    desk.answers.path = photo.parent / "no such folder" / "new.png"
    desk.session.files.save_as()
    desk.settle()
    assert desk.document.dirty
    assert desk.session.name == "photo.png"
    assert "new.png" in desk.said()


def test_a_format_that_cannot_hold_all_is_written_only_after_asking(
    desk: Desk, tmp_path: Path
) -> None:
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (40, 40), (10, 20, 30, 128)).save(clear)
    desk.open(clear)
    desk.answers.path = tmp_path / "clear.jpg"
    desk.session.files.save_as()
    desk.settle()
    assert desk.answers.asked == ["picture_to_save", "allow_loss"]
    assert not desk.answers.path.exists()


def test_a_file_changed_by_another_program_is_not_replaced_unasked(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    change(desk)
    Image.new("RGB", (9, 9)).save(photo)
    changed = photo.read_bytes()
    desk.answers.replace = "cancel"
    desk.session.files.save()
    desk.settle()
    assert desk.answers.asked == ["replace_changed"]
    assert photo.read_bytes() == changed


def test_a_change_on_disk_is_told_while_the_picture_is_open(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    Image.new("RGB", (9, 9)).save(photo)
    desk.wait(lambda: "changed by another program" in desk.said())


def test_our_own_saving_is_no_change_on_disk(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    change(desk)
    desk.session.files.save()
    desk.settle()
    desk.session._watch.check()
    assert "another program" not in desk.said()


def test_a_file_of_several_pages_is_never_overwritten(desk: Desk, tmp_path: Path) -> None:
    pages = tmp_path / "pages.tif"
    first = Image.new("RGB", (60, 60), (200, 10, 10))
    first.save(pages, save_all=True, append_images=[Image.new("RGB", (60, 60))])
    before = pages.read_bytes()
    desk.open(pages)
    assert "pages.tif" in desk.said() or "first" in desk.said()
    desk.paint((20, 20), (30, 20))
    desk.run()
    desk.answers.path = tmp_path / "page.tif"
    desk.session.files.save()
    desk.settle()
    assert desk.answers.asked == ["picture_to_save"]
    assert pages.read_bytes() == before


def test_a_picture_that_is_pasted_leaves_unsaved_work_open(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.clipboard.copy()
    change(desk)
    desk.key(Qt.Key.Key_V, CTRL)
    assert desk.answers.asked == []
    assert desk.session.name == "Untitled"
    assert [one.name for one in desk.session.pictures.unsaved] == ["photo.png"]


def test_a_neighbour_in_the_folder_takes_the_place_of_the_picture_after_asking(
    desk: Desk, photo: Path
) -> None:
    photo.with_name("photo2.png").write_bytes(photo.read_bytes())
    desk.open(photo)
    change(desk)
    desk.key(Qt.Key.Key_PageDown)
    desk.settle()
    assert desk.answers.asked == ["unsaved"]
    assert desk.session.name == "photo.png"
    desk.answers.leave = "discard"
    desk.key(Qt.Key.Key_PageDown)
    desk.wait(lambda: desk.session.name == "photo2.png")
    assert len(desk.session.pictures) == 1


def test_copy_and_paste_give_the_same_pixels_without_a_name(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.key(Qt.Key.Key_C, CTRL)
    pixels = desk.document.image.copy()
    desk.key(Qt.Key.Key_V, CTRL)
    np.testing.assert_array_equal(desk.document.image, pixels)
    assert desk.session.name == "Untitled"
    QGuiApplication.clipboard().clear()


def test_an_untitled_picture_is_saved_under_a_name_that_is_asked_for(
    desk: Desk, photo: Path
) -> None:
    desk.open(photo)
    desk.session.clipboard.copy()
    desk.session.clipboard.paste()
    desk.answers.path = photo.with_name("pasted.png")
    desk.session.files.save()
    desk.settle()
    assert desk.answers.path.exists()
    assert desk.session.name == "pasted.png"


def test_pages_go_through_the_folder_as_people_count(desk: Desk, photo: Path) -> None:
    for name in ("photo10.png", "photo2.png", ".hidden.png", "text.txt"):
        photo.with_name(name).write_bytes(photo.read_bytes())
    (photo.parent / "folder.png").mkdir()
    desk.open(photo)
    seen = []
    for _ in range(2):
        desk.session.files.open_neighbour(1)
        desk.settle()
        seen.append(desk.session.name)
    assert seen == ["photo2.png", "photo10.png"]


def test_a_mask_file_becomes_the_mask_in_one_step(desk: Desk, photo: Path, tmp_path: Path) -> None:
    hole = np.zeros((120, 120), np.uint8)
    hole[30:50, 40:80] = 255
    Image.fromarray(hole).save(tmp_path / "mask.png")
    desk.open(photo)
    desk.session.masks.open(tmp_path / "mask.png")
    desk.settle()
    np.testing.assert_array_equal(desk.document.hole(), hole > 127)
    desk.session.undo()
    assert not desk.document.hole().any()


@pytest.mark.parametrize("fitting", ["scale", "corner", "cancel"])
def test_a_mask_of_another_size_is_scaled_placed_or_left(
    desk: Desk, photo: Path, tmp_path: Path, fitting: Fit
) -> None:
    hole = np.zeros((30, 60), np.uint8)
    hole[10:20, 30:60] = 255
    Image.fromarray(hole).save(tmp_path / "mask.png")
    desk.open(photo)
    desk.paint()
    expected = desk.document.hole()
    desk.answers.fitting = fitting
    desk.session.masks.open(tmp_path / "mask.png")
    desk.settle()
    assert desk.answers.asked == ["mask_of_other_size"]
    if fitting == "scale":
        expected[...] = False
        expected[40:80, 60:120] = True
    elif fitting == "corner":
        expected[...] = False
        expected[10:20, 30:60] = True
    np.testing.assert_array_equal(desk.document.hole(), expected)


def test_a_saved_mask_opens_as_the_same_mask(desk: Desk, photo: Path, tmp_path: Path) -> None:
    desk.open(photo)
    desk.paint()
    hole = desk.document.hole()
    desk.answers.path = tmp_path / "out.png"
    desk.session.masks.ask_save()
    desk.settle()
    desk.session.masks.clear()
    desk.session.masks.open(tmp_path / "out.png")
    desk.settle()
    np.testing.assert_array_equal(desk.document.hole(), hole)


@pytest.mark.skipif(os.name != "posix", reason="names are bytes there")
def test_names_outside_ascii_open_and_save(desk: Desk, photo: Path) -> None:
    strange = photo.with_name("Käse 絵 😀.png")
    strange.write_bytes(photo.read_bytes())
    desk.open(strange)
    change(desk)
    desk.session.files.save()
    desk.settle()
    np.testing.assert_array_equal(pixels_of(strange), desk.document.image)


def test_a_sample_is_saved_somewhere_else(desk: Desk) -> None:
    sample = resources.samples()[0][0]
    before = sample.read_bytes()
    desk.open(sample)
    change(desk)
    desk.session.files.save()
    assert desk.answers.asked == ["picture_to_save"]
    assert not desk.answers.proposals[0].is_relative_to(resources.root())
    assert sample.read_bytes() == before


def test_a_sample_is_proposed_in_a_folder_that_exists(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(
        "app.session.files.QStandardPaths.writableLocation", lambda _: str(tmp_path / "Pictures")
    )
    desk.open(resources.samples()[0][0])
    assert desk.session.files.proposal().parent == tmp_path
    (tmp_path / "Pictures").mkdir()
    assert desk.session.files.proposal().parent == tmp_path / "Pictures"


def test_closing_during_a_save_waits_for_it_and_asks_nothing(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    change(desk)
    desk.session.files.save()
    desk.window.close()
    desk.wait(lambda: not desk.window.isVisible())
    assert desk.answers.asked == ["overwrite"]
    np.testing.assert_array_equal(pixels_of(photo), desk.document.image)
