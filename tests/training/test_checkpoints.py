"""The folder of a run: what is kept, and what no accident can lose."""

from __future__ import annotations

import errno
import os
import pickle
from typing import TYPE_CHECKING, Any

import pytest
import torch

from engine.errors import InvalidInputError, PictureError
from training.checkpoints import KEPT, RunFolder
from training.recipes import recipe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    made.begin(recipe("pepsi", "quick"))
    return made


def state(value: float) -> dict[str, Any]:
    return {"learner": {"weight": torch.full((3, 3), value)}, "progress": {"step": int(value)}}


def value_of(found: dict[str, Any] | None) -> float | None:
    return None if found is None else float(found["learner"]["weight"][0, 0])


def test_a_new_run_notes_its_settings(folder: RunFolder) -> None:
    assert folder.config() == recipe("pepsi", "quick")
    assert folder.samples.is_dir()


def test_a_run_is_never_overwritten(folder: RunFolder) -> None:
    with pytest.raises(InvalidInputError, match="holds a run already; go on with it by --resume"):
        folder.begin(recipe("gla"))
    assert folder.config() == recipe("pepsi", "quick")


def test_there_is_nothing_to_go_on_with_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="holds no run to go on with"):
        RunFolder(tmp_path).config()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInputError, match="cannot be written"):
        RunFolder(tmp_path / "file" / "run").begin(recipe("pepsi"))


def test_the_newest_checkpoint_is_found(folder: RunFolder) -> None:
    assert folder.latest() is None
    for step in (5, 90, 100):
        folder.save(step, state(step))
    assert value_of(folder.latest()) == 100


def test_old_checkpoints_are_deleted_once_newer_ones_are_whole(folder: RunFolder) -> None:
    for step in range(1, 6):
        folder.save(step, state(step))
    assert len(folder.checkpoints()) == KEPT


@pytest.mark.parametrize("harm", ["cut short", "emptied", "overwritten"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(folder: RunFolder, harm: str) -> None:
    folder.save(1, state(1))
    path = folder.save(2, state(2))
    whole = path.read_bytes()
    harmed = {"cut short": whole[: len(whole) // 2], "emptied": b"", "overwritten": b"x" * 999}
    path.write_bytes(harmed[harm])
    assert value_of(folder.latest()) == 1


def test_if_no_checkpoint_can_be_read_the_run_says_so(folder: RunFolder) -> None:
    folder.save(1, state(1)).write_bytes(b"")
    with pytest.raises(InvalidInputError, match=r"No checkpoint in .* can be read"):
        folder.latest()


def test_opening_a_checkpoint_runs_no_code(folder: RunFolder, tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "harmed"),)

    folder.save(1, state(1))
    later = folder.path / "checkpoints" / "step-00000002.pt"
    later.write_bytes(pickle.dumps(Harm(), protocol=2))
    assert value_of(folder.latest()) == 1
    assert not (tmp_path / "harmed").exists()


def test_a_full_disk_leaves_the_last_checkpoint_whole(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.save(1, state(1))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PictureError, match="disk is full"):
        folder.save(2, state(2))
    monkeypatch.undo()
    assert value_of(folder.latest()) == 1
    assert [path.name for path in folder.checkpoints()] == ["step-00000001.pt"]
    assert len(list((folder.path / "checkpoints").iterdir())) == 1


def test_a_folder_below_a_file_is_refused_before_a_run_begins(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidInputError, match=r"“.*file” is a file; choose another folder"):
        RunFolder(tmp_path / "file" / "run").check_free()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="not for root")
def test_a_folder_that_may_not_be_written_is_refused_before_a_run_begins(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InvalidInputError, match="may not be changed"):
            RunFolder(tmp_path / "run").check_free()
    finally:
        tmp_path.chmod(0o700)
