"""Unsaved work outlives a crash, and a peaceful end leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from app.document import recovery

if TYPE_CHECKING:
    from pathlib import Path

    from app.session.keeper import Keeper
    from tests.app.conftest import Desk


def copies(desk: Desk) -> list[Path]:
    folder = desk.folder / "recovery"
    return sorted(folder.glob("*")) if folder.exists() else []


@pytest.fixture
def other(photo: Path) -> Path:
    """A second picture."""
    path = photo.with_name("other.png")
    Image.new("RGB", (120, 120), (20, 40, 60)).save(path)
    return path


@pytest.fixture
def keeper(desk: Desk) -> Keeper:
    return desk.session.keep_copies()


def written(desk: Desk, keeper: Keeper) -> None:
    keeper.write()
    desk.wait(lambda: keeper.tasks.is_idle)


def test_work_is_copied_and_a_peaceful_end_removes_the_copy(
    desk: Desk, keeper: Keeper, photo: Path
) -> None:
    desk.open(photo)
    desk.paint()
    written(desk, keeper)
    assert len(copies(desk)) == 1
    desk.window.close()
    assert copies(desk) == []


def test_a_picture_without_changes_needs_no_copy(desk: Desk, keeper: Keeper, photo: Path) -> None:
    desk.open(photo)
    written(desk, keeper)
    assert copies(desk) == []


def test_closing_a_picture_removes_its_copy_only(
    desk: Desk, keeper: Keeper, photo: Path, other: Path
) -> None:
    for path in (photo, other):
        desk.open(path)
        desk.paint()
    written(desk, keeper)
    assert len(copies(desk)) == 2
    kept = desk.session.pictures.find(photo)
    assert kept is not None
    assert kept.document is not None
    desk.session.files.close()
    assert [copy.stem for copy in copies(desk)] == [kept.document.key]


def test_a_change_is_copied_without_being_asked_to(desk: Desk, keeper: Keeper, photo: Path) -> None:
    keeper._timer.setInterval(10)
    desk.open(photo)
    desk.paint()
    desk.wait(lambda: len(copies(desk)) == 1)


def test_all_pictures_are_recovered_after_a_crash(
    desk: Desk, keeper: Keeper, photo: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (photo, other):
        desk.open(path)
        desk.paint()
        desk.run()
    written(desk, keeper)
    images = {one.name: one.document.image.copy() for one in desk.session.pictures if one.document}
    left = {copy: copy.read_bytes() for copy in copies(desk)}
    desk.answers.leave = "discard"
    for _ in range(2):
        desk.session.files.close()
    for copy, content in left.items():
        copy.write_bytes(content)
    monkeypatch.setattr(recovery, "_is_running", lambda _: False)
    desk.answers.recovering = "recover"
    assert keeper.offer()
    desk.wait(lambda: len(desk.session.pictures) == 2)
    desk.wait(lambda: keeper.tasks.is_idle)
    for one in desk.session.pictures:
        assert one.document is not None
        assert one.is_unsaved
        np.testing.assert_array_equal(one.document.image, images[one.name])
    assert not set(copies(desk)) & set(left)
    assert len(copies(desk)) == 2


@pytest.fixture
def crashed(desk: Desk, keeper: Keeper, photo: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A copy that a program left behind which is no more; gives the picture as it was."""
    desk.open(photo)
    desk.paint()
    desk.run()
    written(desk, keeper)
    image = desk.document.image.copy()
    [copy] = copies(desk)
    content = copy.read_bytes()
    desk.answers.leave = "discard"
    desk.session.files.close()
    copy.write_bytes(content)  # as if the program had had no time for that
    monkeypatch.setattr(recovery, "_is_running", lambda _: False)
    return image


def test_the_next_start_recovers_picture_and_mask(
    desk: Desk, keeper: Keeper, crashed: np.ndarray
) -> None:
    desk.answers.recovering = "recover"
    assert keeper.offer()
    desk.wait(lambda: desk.session.has_picture)
    desk.wait(lambda: keeper.tasks.is_idle)
    np.testing.assert_array_equal(desk.document.image, crashed)
    assert desk.document.hole().any()
    assert desk.document.dirty
    assert len(copies(desk)) == 1


def test_a_copy_that_is_not_wanted_is_removed(
    desk: Desk, keeper: Keeper, crashed: np.ndarray
) -> None:
    desk.answers.recovering = "discard"
    assert not keeper.offer()
    assert copies(desk) == []


def test_not_now_keeps_the_copy_for_the_next_start(
    desk: Desk, keeper: Keeper, crashed: np.ndarray
) -> None:
    desk.answers.recovering = "later"
    assert not keeper.offer()
    assert len(copies(desk)) == 1
    assert not desk.session.has_picture


def test_a_folder_that_cannot_be_written_is_told_once(
    desk: Desk, keeper: Keeper, photo: Path
) -> None:
    (desk.folder / "recovery").write_text("in the way")
    desk.open(photo)
    desk.paint()
    written(desk, keeper)
    written(desk, keeper)
    assert desk.said().count("No recovery copy") == 1
