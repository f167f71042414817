"""Unsaved work outlives a crash, and a peaceful end leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.document import recovery

if TYPE_CHECKING:
    from pathlib import Path

    from app.session.keeper import Keeper
    from tests.app.conftest import Desk


def copies(desk: Desk) -> list[Path]:
    folder = desk.folder / "recovery"
    return sorted(folder.glob("*")) if folder.exists() else []


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


def test_opening_another_picture_removes_the_copy(desk: Desk, keeper: Keeper, photo: Path) -> None:
    desk.open(photo)
    desk.paint()
    written(desk, keeper)
    desk.open(photo)
    assert copies(desk) == []


def test_a_change_is_copied_without_being_asked_to(desk: Desk, keeper: Keeper, photo: Path) -> None:
    keeper._timer.setInterval(10)
    desk.open(photo)
    desk.paint()
    desk.wait(lambda: len(copies(desk)) == 1)


@pytest.fixture
def crashed(desk: Desk, keeper: Keeper, photo: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A copy that a program left behind which is no more; gives the picture as it was."""
    desk.open(photo)
    desk.paint()
    desk.run()
    written(desk, keeper)
    image = desk.document.image.copy()
    keeper._kept = None  # as if the program were gone
    desk.answers.leave = "discard"
    desk.session.files.close()
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
