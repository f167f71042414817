"""Project files at the window: saved, opened in every way, asked about, recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from app.document import masklist
from engine.jobs import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from engine.jobs import CancelToken, Steps
    from tests.app.conftest import Desk

CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


def save_project(desk: Desk, path: Path) -> None:
    desk.answers.path = path
    desk.key(Qt.Key.Key_S, CTRL | ALT)
    desk.settle()


@pytest.fixture
def project(desk: Desk, photo: Path) -> Path:
    """A saved project, open: a fill, a second mask, a favourite result."""
    desk.open(photo)
    desk.paint()
    desk.run("green")
    desk.session.runs.keep()
    masklist.add(desk.document)
    desk.paint((20, 20), (30, 20))
    path = photo.parent / "work.lacuna"
    save_project(desk, path)
    return path


def test_a_saved_project_opens_as_it_was(desk: Desk, project: Path, photo: Path) -> None:
    image, mask = desk.document.image.copy(), desk.document.mask.copy()
    steps = desk.document.steps
    desk.open(photo)
    assert len(desk.session.runs.shelf) == 0
    desk.open(project)
    np.testing.assert_array_equal(desk.document.image, image)
    np.testing.assert_array_equal(desk.document.mask, mask)
    assert desk.document.steps == steps
    (result,) = desk.session.runs.shelf
    assert (result.is_kept, result.label) == (True, "Green")
    assert desk.session.runs.shelf.current is result
    assert desk.session.backend.id == "green"
    assert len(desk.document.belongings.masks) == 2


def test_a_project_is_proposed_beside_the_picture(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.answers.path = None
    desk.key(Qt.Key.Key_S, CTRL | ALT)
    assert desk.answers.proposals == [photo.with_name("photo.lacuna")]


def test_results_can_be_applied_and_counted_on_after_opening(desk: Desk, project: Path) -> None:
    desk.open(project)
    (result,) = desk.session.runs.shelf
    desk.session.runs.apply(result)
    desk.run("blue")
    assert [each.number for each in desk.session.runs.shelf] == [1, 2]


def test_the_title_names_the_project_and_marks_what_it_lacks(desk: Desk, project: Path) -> None:
    assert desk.window.windowTitle() == "work.lacuna[*] - Lacuna"
    assert not desk.window.isWindowModified()
    desk.paint((80, 80), (90, 80))
    assert desk.window.isWindowModified()
    desk.session.undo()
    assert not desk.window.isWindowModified()


def test_save_saves_the_project_and_leaves_the_picture_alone(
    desk: Desk, project: Path, photo: Path
) -> None:
    before, of_project = photo.read_bytes(), project.read_bytes()
    desk.paint((80, 80), (90, 80))
    desk.key(Qt.Key.Key_S, CTRL)
    desk.settle()
    assert photo.read_bytes() == before
    assert project.read_bytes() != of_project
    assert not desk.session.has_unsaved
    assert "overwrite" not in desk.answers.asked


def test_a_mask_alone_is_work_on_a_project_that_is_asked_about(desk: Desk, project: Path) -> None:
    desk.paint((80, 80), (90, 80))
    desk.answers.leave = "cancel"
    desk.session.files.close()
    assert desk.answers.asked[-1] == "unsaved"
    assert desk.session.document is not None
    desk.answers.leave = "save"
    desk.session.files.close()
    desk.wait(lambda: desk.session.document is None)
    desk.open(project)
    assert desk.document.mask[80, 85] == 255


def test_a_saved_project_is_left_without_a_question(desk: Desk, project: Path) -> None:
    desk.answers.asked.clear()
    desk.session.files.close()
    assert desk.session.document is None
    assert desk.answers.asked == []


def test_a_favourite_is_work_on_a_project(desk: Desk, project: Path) -> None:
    desk.session.runs.keep()
    assert desk.session.has_unsaved


def test_another_picture_belongs_to_no_project(desk: Desk, project: Path, photo: Path) -> None:
    desk.open(photo)
    assert not desk.session.projects.is_open
    assert desk.session.name == "photo.png"


def test_a_dropped_project_is_opened(desk: Desk, project: Path) -> None:
    desk.session.files.close()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(project))])
    where, buttons = QPoint(50, 50), Qt.MouseButton.LeftButton
    none, copy = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(desk.window, QDragEnterEvent(where, copy, data, buttons, none))
    QApplication.sendEvent(desk.window, QDropEvent(QPointF(where), copy, data, buttons, none))
    desk.settle()
    assert desk.session.projects.is_open, desk.said()
    desk.settle()


def test_the_command_line_opens_a_project(desk: Desk, project: Path) -> None:
    desk.session.files.close()
    desk.window.begin([project])
    desk.wait(lambda: desk.session.projects.is_open)
    desk.settle()
    desk.settle()


def test_a_project_is_among_the_recent_files_and_opens_from_there(
    desk: Desk, project: Path
) -> None:
    assert desk.session.settings.recent[0] == str(project)
    desk.session.files.close()
    desk.window._fill_recent_menu()
    desk.window._recent_menu.actions()[0].trigger()
    desk.settle()
    assert desk.session.projects.is_open, desk.said()
    desk.settle()


def test_a_project_that_cannot_be_opened_leaves_everything_as_it_was(
    desk: Desk, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "x.lacuna").write_bytes(b"nothing")
    desk.open(photo)
    document = desk.document
    desk.session.files.open(tmp_path / "x.lacuna")
    desk.settle()
    assert desk.document is document
    assert "no project of Lacuna" in desk.said()


def test_zoom_and_place_come_back(desk: Desk, project: Path) -> None:
    desk.canvas.show_place(3.0, 40.0, 70.0)
    desk.paint((40, 70))
    save_project(desk, project)
    desk.canvas.fit()
    desk.open(project)
    assert desk.canvas.zoom == 3.0
    x, y = desk.canvas.middle
    assert (x, y) == (pytest.approx(40, abs=1), pytest.approx(70, abs=1))


def test_a_project_saved_under_another_name_is_the_other_one(desk: Desk, project: Path) -> None:
    other = project.with_name("other.lacuna")
    desk.answers.path = other
    desk.window.commands.actions["save_project_as"].trigger()
    desk.settle()
    assert desk.session.name == "other.lacuna"
    assert other.exists()


def test_a_picture_saved_out_of_a_project_makes_its_file_incomplete(
    desk: Desk, project: Path
) -> None:
    desk.answers.path = project.with_name("out.png")
    desk.key(Qt.Key.Key_S, CTRL | Qt.KeyboardModifier.ShiftModifier)
    desk.settle()
    assert desk.answers.path.exists()
    assert desk.session.has_unsaved
    desk.key(Qt.Key.Key_S, CTRL)
    desk.settle()
    desk.open(project)
    assert desk.document.path == project.with_name("out.png")


def test_a_project_outlives_its_picture(desk: Desk, project: Path, photo: Path) -> None:
    mask = desk.document.mask.copy()
    photo.unlink()
    for _ in range(2):
        desk.open(project)
        np.testing.assert_array_equal(desk.document.mask, mask)
        desk.session.runs.keep()
        desk.key(Qt.Key.Key_S, CTRL)
        desk.settle()
        assert not desk.session.has_unsaved


def test_recovered_work_belongs_to_its_project(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.paint((80, 80), (90, 80))
    copies = desk.session.keep_copies()
    copies.write()
    desk.wait(lambda: copies.tasks.is_idle)
    mask = desk.document.mask.copy()
    [copy] = copies._folder.glob("*")
    content = copy.read_bytes()
    desk.answers.leave = "discard"
    desk.session.files.close()
    copy.write_bytes(content)  # as if the program had died
    monkeypatch.setattr("app.document.recovery._is_running", lambda _: False)
    desk.answers.recovering = "recover"
    assert copies.offer()
    desk.wait(lambda: desk.session.document is not None)
    np.testing.assert_array_equal(desk.document.mask, mask)
    assert desk.session.projects.path == project
    assert desk.session.has_unsaved
    assert [each.name for each in desk.document.belongings.masks] == ["Mask 1", "Mask 2"]
    desk.session.projects.save()
    desk.settle()
    assert not desk.session.has_unsaved


def test_a_project_without_changes_is_not_kept_for_recovery(desk: Desk, project: Path) -> None:
    copies = desk.session.keep_copies()
    copies.write()
    desk.wait(lambda: copies.tasks.is_idle)
    assert not list(copies._folder.glob("*"))


def test_a_project_keeps_its_way_with_the_picture_and_new_ones_follow_the_setting(
    desk: Desk, project: Path
) -> None:
    settings = desk.session.settings
    settings.project_embeds = False
    desk.session.runs.keep()
    desk.key(Qt.Key.Key_S, CTRL)
    desk.settle()
    size = project.stat().st_size
    desk.answers.path = project.with_name("lean.lacuna")
    desk.window.commands.actions["save_project_as"].trigger()
    desk.settle()
    assert project.with_name("lean.lacuna").stat().st_size < size - 20_000
    settings.project_embeds = True
    desk.open(project)
    assert settings.project_embeds


def test_a_project_that_is_being_saved_can_be_stopped(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(_: object, __: Path, token: CancelToken, *, embed: bool) -> Steps[None]:
        while True:
            token.check()
            yield Progress(0, 1, "")

    before = project.read_bytes()
    desk.session.runs.keep()
    with monkeypatch.context() as patched:
        patched.setattr("app.document.project.write_project", endless)
        desk.session.projects.save()
        desk.wait(lambda: desk.session.files.tasks.activity is not None)
        desk.session.files.tasks.cancel_shown()
        desk.settle()
    assert project.read_bytes() == before
    assert desk.session.has_unsaved
    desk.session.projects.save()
    desk.settle()
    assert not desk.session.has_unsaved


def test_a_huge_picture_in_a_project_is_opened_only_after_asking(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.session.files.close()
    monkeypatch.setattr("engine.pictures.DEFAULT_PIXEL_LIMIT", 100)
    desk.session.files.open(project)
    desk.settle()
    assert desk.session.document is None
    desk.answers.yes = True
    desk.open(project)
    assert desk.answers.asked[-2:] == ["open_anyway", "open_anyway"]
    assert desk.session.projects.is_open
