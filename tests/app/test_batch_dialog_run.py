"""A folder that is being filled from the Batch dialog, and what comes after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices

from engine.batch import load_report
from engine.batch.manifest import Manifest
from tests.app import fake_backend
from tests.app.batcher import put_mask, put_picture

if TYPE_CHECKING:
    from tests.app.batcher import Batcher


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What the desktop was asked to open."""
    paths: list[Path] = []

    def open_url(url: QUrl) -> bool:
        paths.append(Path(url.toLocalFile()))
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    return paths


def results(batcher: Batcher) -> list[str]:
    """Names of the results that are there."""
    return sorted(path.name for path in batcher.output.glob("*_inpainted*.png"))


def is_filled(path: Path) -> bool:
    pixels = np.asarray(Image.open(path))
    side = pixels.shape[0]
    return bool((pixels[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4, 1] == 255).all())


def begin_and_hold(batcher: Batcher) -> None:
    """Start, and let the fills wait once some pictures are worked on."""
    batcher.fill_in()
    fake_backend.gate.clear()
    batcher.start()
    batcher.desk.wait(lambda: len(_under_way(batcher)) == 3)


def _under_way(batcher: Batcher) -> tuple[str, ...]:
    progress = batcher.course.progress
    return progress.current if progress is not None else ()


def finished(batcher: Batcher) -> int:
    progress = batcher.course.progress
    return progress.finished if progress is not None else 0


# --- its course ----------------------------------------------------------------------------------


def test_a_run_fills_everything_and_says_so(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    page = batcher.dialog.run
    assert batcher.dialog.pages.currentWidget() is page
    assert results(batcher) == [f"{number}_inpainted.png" for number in range(8)]
    assert all(is_filled(batcher.output / name) for name in results(batcher))
    assert page.title.text() == "Finished"
    assert page.tally.text().startswith("8 pictures filled in ")
    assert page.bar.value() == page.bar.maximum()
    rows = batcher.result_rows()
    assert len(rows) == 8
    assert rows["2.png"][1] == "2_inpainted.png"
    assert rows["2.png"][3] == "Done"
    assert "Finished: 8 pictures filled" in batcher.desk.said()
    assert not batcher.dialog.retry.isVisible()
    assert not batcher.dialog.go_on.isVisible()


def test_while_it_runs_it_shows_what_is_worked_on(batcher: Batcher) -> None:
    begin_and_hold(batcher)
    page = batcher.dialog.run
    batcher.see()
    assert page.title.text() == "Filling “Slides”"
    assert page.tally.text() == "0 of 8   0 done   0 skipped   0 failed"
    assert page.preview.name.text() == "Now: 0.png"
    assert page.preview.facts.text() == "and 2 others at the same time"
    assert page.preview.picture.image is not None
    fake_backend.gate.set()
    batcher.finish()


def test_the_current_picture_is_found_by_name_also_in_subfolders(batcher: Batcher) -> None:
    for folder in ("a", "b"):
        put_picture(batcher.pictures / folder / "0.png")
        put_mask(batcher.masks / folder / "0.png")
    batcher.open()
    batcher.press(batcher.dialog.setup.pictures.recursive)
    batcher.dialog.reject()
    begin_and_hold(batcher)
    current = batcher.course.current
    assert current is not None
    assert current.image == batcher.pictures / "0.png"
    assert _under_way(batcher)[:1] == ("0.png",)
    fake_backend.gate.set()
    batcher.finish()


def test_a_paused_run_begins_nothing_more_until_it_goes_on(batcher: Batcher) -> None:
    begin_and_hold(batcher)
    batcher.press(batcher.dialog.pause)
    assert batcher.dialog.run.title.text() == "Paused"
    fake_backend.gate.set()
    batcher.desk.wait(lambda: _under_way(batcher) == ())
    assert finished(batcher) == 3
    assert batcher.dialog.pause.text() == "Continue"
    assert batcher.desk.window.status._batch.text().endswith("paused")
    batcher.press(batcher.dialog.pause)
    batcher.finish()
    assert len(results(batcher)) == 8


def test_a_cancelled_run_keeps_what_is_finished_and_resumes(batcher: Batcher) -> None:
    begin_and_hold(batcher)
    batcher.press(batcher.dialog.pause)
    fake_backend.gate.set()
    batcher.desk.wait(lambda: _under_way(batcher) == ())
    kept = {name: (batcher.output / name).stat().st_mtime_ns for name in results(batcher)}
    batcher.press(batcher.dialog.cancel)
    batcher.finish()
    page = batcher.dialog.run
    assert page.title.text() == "Cancelled"
    assert "3 pictures filled" in page.tally.text()
    assert "5 pictures not reached. What is finished stays." in page.tally.text()
    batcher.press(batcher.dialog.go_on)
    assert page.title.text() == "Looking at the pictures"
    assert batcher.desk.window.status._batch.text() == "Folder: looking at the pictures"
    batcher.desk.wait(lambda: batcher.course.state == "running")
    batcher.finish()
    assert page.tally.text().startswith("5 pictures filled in")
    assert len(results(batcher)) == 8
    assert all((batcher.output / name).stat().st_mtime_ns == then for name, then in kept.items())
    assert not batcher.dialog.go_on.isVisible()


def test_a_cancel_is_answered_while_a_picture_is_filled(batcher: Batcher) -> None:
    begin_and_hold(batcher)
    batcher.press(batcher.dialog.cancel)
    assert batcher.dialog.run.title.text().startswith("Stopping")
    assert not batcher.dialog.cancel.isEnabled()
    batcher.finish()
    assert results(batcher) == []
    assert "Nothing was changed." in batcher.dialog.run.tally.text()


def test_failures_are_told_with_their_reason_and_tried_again(batcher: Batcher) -> None:
    whole = (batcher.pictures / "4.png").read_bytes()
    (batcher.pictures / "4.png").write_bytes(whole[:-400])
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    dialog = batcher.dialog
    assert dialog.run.tally.text().endswith("1 failed.")
    batcher.press(dialog.run.parts.buttons["failed"])
    assert batcher.result_rows()["4.png"][3].startswith("Failed: “4.png” is damaged")
    batcher.key(dialog.run.table, Qt.Key.Key_Down)
    assert dialog.run.preview.name.text() == "4.png"
    (batcher.pictures / "4.png").write_bytes(whole)
    first = load_report(batcher.output / "lacuna-batch.json")
    batcher.press(dialog.retry)
    batcher.desk.wait(lambda: batcher.course.state == "running")
    batcher.finish()
    assert dialog.run.tally.text().startswith("1 picture filled in ")
    assert len(results(batcher)) == 8
    assert load_report(batcher.output / "lacuna-batch.json") == first
    assert load_report(batcher.output / "lacuna-batch-retry.json").done == 1


def test_a_run_that_cannot_begin_says_why_and_can_be_mended(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.output.mkdir()
    other = Manifest(batcher.output)
    batcher.press(batcher.dialog.start)
    batcher.desk.wait(lambda: batcher.course.state == "none")
    assert batcher.dialog.pages.currentWidget() is batcher.dialog.setup
    assert "Another run is writing" in batcher.dialog.message._text.text()
    other.close()
    batcher.start()
    batcher.finish()
    assert len(results(batcher)) == 8
    assert not batcher.dialog.message.isVisible()


def test_a_folder_that_vanishes_ends_the_run_with_a_sentence(batcher: Batcher) -> None:
    begin_and_hold(batcher)
    batcher.masks.rename(batcher.masks.with_name("away"))
    fake_backend.gate.set()
    batcher.finish()
    page = batcher.dialog.run
    assert page.title.text() == "Ended early"
    assert "is no longer there; bring it back and resume" in page.tally.text()
    assert batcher.dialog.go_on.isVisible()


# --- beside the editor ---------------------------------------------------------------------------


def test_it_goes_on_when_the_dialog_is_closed_and_is_found_again(batcher: Batcher) -> None:
    begin_and_hold(batcher)
    batcher.close()
    button = batcher.desk.window.status._batch
    assert button.isVisible()
    assert button.text() == "Folder: 0 of 8"
    fake_backend.gate.set()
    batcher.desk.wait(lambda: finished(batcher) == 8)
    batcher.finish()
    assert not button.isVisible()
    batcher.desk.notices[-1].actions[0][1]()
    assert batcher.dialog.run.title.text() == "Finished"
    assert len(batcher.result_rows()) == 8


def test_a_press_in_the_status_bar_shows_the_run(batcher: Batcher) -> None:
    begin_and_hold(batcher)
    batcher.close()
    batcher.press(batcher.desk.window.status._batch)
    assert batcher.dialog.pages.currentWidget() is batcher.dialog.run
    assert batcher.dialog.run.title.text() == "Filling “Slides”"
    fake_backend.gate.set()
    batcher.finish()


def test_the_editors_own_fill_goes_first(batcher: Batcher, photo: Path) -> None:
    desk = batcher.desk
    desk.open(photo)
    desk.paint()
    begin_and_hold(batcher)
    desk.session.runs.inpaint()
    assert batcher.course.run is not None
    assert batcher.course.run.is_paused
    assert batcher.dialog.run.title.text() == "Waiting while you inpaint in the editor"
    assert not batcher.dialog.pause.isChecked()
    fake_backend.gate.set()
    desk.wait(lambda: not desk.session.runs.is_running)
    assert not batcher.course.run.is_paused
    batcher.finish()
    assert len(results(batcher)) == 8


def test_who_has_paused_is_not_overruled_by_the_editor(batcher: Batcher, photo: Path) -> None:
    desk = batcher.desk
    desk.open(photo)
    desk.paint()
    begin_and_hold(batcher)
    batcher.press(batcher.dialog.pause)
    desk.session.runs.inpaint()
    fake_backend.gate.set()
    desk.wait(lambda: not desk.session.runs.is_running)
    assert batcher.course.run is not None
    assert batcher.course.run.is_paused
    batcher.press(batcher.dialog.pause)
    batcher.finish()


def test_quitting_asks_while_a_folder_is_filled(batcher: Batcher) -> None:
    desk = batcher.desk
    begin_and_hold(batcher)
    desk.window.close()
    assert desk.answers.asked == ["quit_batch it has just begun"]
    assert desk.window.isVisible()
    desk.answers.yes = True
    fake_backend.gate.set()
    desk.wait(lambda: finished(batcher) >= 1)
    desk.window.close()
    assert desk.answers.asked[1].endswith(" of 8 pictures finished")
    assert not desk.window.isVisible()
    assert desk.session.has_ended
    assert all(is_filled(batcher.output / name) for name in results(batcher))
    assert load_report(batcher.output / "lacuna-batch.json").done == len(results(batcher))


def test_quitting_asks_nothing_without_a_run(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.desk.window.close()
    assert batcher.desk.answers.asked == []
    assert not batcher.desk.window.isVisible()


# --- afterwards ----------------------------------------------------------------------------------


def test_folder_and_contact_sheet_are_opened(batcher: Batcher, opened: list[Path]) -> None:
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    batcher.press(batcher.dialog.show_folder)
    batcher.press(batcher.dialog.show_sheet)
    assert opened == [batcher.output, batcher.output / "lacuna-batch.html"]
    assert opened[1].is_file()


def test_what_the_desktop_cannot_open_gets_a_sentence(
    batcher: Batcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: False)
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    batcher.press(batcher.dialog.show_sheet)
    assert "could not be opened" in batcher.dialog.message._text.text()


def test_the_report_is_saved_where_the_person_likes(batcher: Batcher, tmp_path: Path) -> None:
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    batcher.desk.answers.path = tmp_path / "mine.json"
    batcher.press(batcher.dialog.save_report)
    batcher.desk.settle()
    assert load_report(tmp_path / "mine.json").done == 8
    assert (tmp_path / "mine.csv").is_file()
    assert "Saved “mine.json”" in batcher.dialog.message._text.text()


def test_a_row_shows_its_result_and_enter_opens_it(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    page = batcher.dialog.run
    assert page.preview.words.text().startswith("Choose a row to see its result")
    batcher.key(page.table, Qt.Key.Key_Down)
    batcher.see()
    name = page.preview.name.text()
    assert name in results(batcher)
    assert page.preview.facts.text() == "25.0 % filled, Green on the processor (CPU)"
    batcher.key(page.table, Qt.Key.Key_Return)
    batcher.desk.wait(lambda: batcher.desk.session.has_picture)
    assert batcher.desk.document.path == batcher.output / name


def test_settings_of_a_result_make_room_for_another_run(batcher: Batcher, photo: Path) -> None:
    desk = batcher.desk
    desk.open(photo)
    desk.paint()
    desk.session.use_seed(4)
    desk.run("blue")
    desk.session.use_seed(0)
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    desk.window.commands.actions["batch_with_result"].trigger()
    batcher.plan()
    assert batcher.dialog.pages.currentWidget() is batcher.dialog.setup
    assert batcher.dialog.start.text() == "Fill 8 Pictures"


def test_another_part_lets_go_of_the_row_that_was_looked_at(batcher: Batcher) -> None:
    begin_and_hold(batcher)
    batcher.press(batcher.dialog.pause)
    fake_backend.gate.set()
    batcher.desk.wait(lambda: _under_way(batcher) == ())
    fake_backend.gate.clear()
    page = batcher.dialog.run
    batcher.desk.wait(lambda: page.model.rowCount() == 3)
    batcher.key(page.table, Qt.Key.Key_Down)
    assert page.preview.name.text().endswith("_inpainted.png")
    batcher.press(page.parts.buttons["done"])
    batcher.press(batcher.dialog.pause)
    batcher.desk.wait(lambda: page.preview.name.text() == "Now: 3.png")
    fake_backend.gate.set()
    batcher.finish()
    batcher.key(page.table, Qt.Key.Key_Down)
    batcher.press(page.parts.buttons["all"])
    assert page.preview.words.text().startswith("Choose a row")
    assert page.preview.picture.image is None


def test_another_folder_can_be_filled_afterwards(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    batcher.press(batcher.dialog.new)
    batcher.plan()
    assert batcher.dialog.pages.currentWidget() is batcher.dialog.setup
    assert batcher.course.state == "none"


def test_results_of_an_earlier_run_are_kept_or_made_anew(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    put_picture(batcher.pictures / "8.png", 8)
    put_mask(batcher.masks / "8.png")
    batcher.press(batcher.dialog.new)
    batcher.plan()
    resume = batcher.dialog.setup.output.resume
    assert resume.text() == "Go on: keep 8 earlier results"
    assert batcher.dialog.start.text() == "Fill 1 Picture More"
    batcher.press(resume)
    batcher.plan()
    assert batcher.dialog.start.text() == "Fill 9 Pictures"
    batcher.press(resume)
    batcher.plan()
    batcher.start()
    batcher.finish()
    assert batcher.dialog.run.tally.text().startswith("1 picture filled in ")
    assert len(results(batcher)) == 9


def test_other_settings_have_no_earlier_results(batcher: Batcher) -> None:
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    batcher.press(batcher.dialog.new)
    batcher.plan()
    assert batcher.why.startswith("All pictures are filled already")
    batcher.desk.session.use_seed(9)
    batcher.plan()
    assert not batcher.dialog.setup.output.resume.isVisible()
    assert batcher.dialog.start.text() == "Fill 8 Pictures"
