"""What an earlier run made is kept if it is whole and would come out the same again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
import pytest

from engine.batch import manifest
from engine.batch.manifest import NAME, Entry, Manifest, Mark
from engine.errors import PictureError
from engine.recipe import Recipe
from tests.engine.batch.folders import hole_of, mask, pairs, pixels_of, put, results, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A folder with two pictures that were filled."""
    pairs(tmp_path, "a.png", "b.png")
    assert run(tmp_path).done == 2
    return tmp_path


def redone(root: Path, **more: object) -> list[str]:
    """Names of the results that a resumed run makes again."""
    report = run(root, resume=True, **more)
    return [(row.output or "").rsplit("/", 1)[1] for row in report.files if row.status == "done"]


def test_what_is_whole_is_skipped_and_stays_in_the_report(finished: Path) -> None:
    report = run(finished, resume=True)
    assert [row.status for row in report.files] == ["skipped", "skipped"]
    assert report.is_clean
    for row in report.files:
        assert row.sha256
        assert row.device == "cpu"
        assert row.hole_share == pytest.approx(hole_of().mean())


def test_a_new_picture_is_added(finished: Path) -> None:
    pairs(finished, "c.png")
    assert redone(finished) == ["c_inpainted.png"]


def test_without_resume_everything_is_made_again_under_new_names(finished: Path) -> None:
    assert run(finished).done == 2
    assert results(finished) == [
        "a_inpainted.png", "a_inpainted_1.png", "b_inpainted.png", "b_inpainted_1.png",
    ]  # fmt: skip


def test_a_damaged_result_is_made_again_in_its_place(finished: Path) -> None:
    output = finished / "out/a_inpainted.png"
    whole = output.read_bytes()
    output.write_bytes(whole[: len(whole) // 2])
    assert redone(finished) == ["a_inpainted.png"]
    assert output.read_bytes() == whole


def test_a_result_that_is_gone_is_made_again(finished: Path) -> None:
    (finished / "out/a_inpainted.png").unlink()
    assert redone(finished) == ["a_inpainted.png"]


def test_a_result_that_somebody_worked_on_is_not_overwritten(finished: Path) -> None:
    retouched = put(finished / "out/a_inpainted.png", pixels_of(5)).read_bytes()
    assert redone(finished) == ["a_inpainted_1.png"]
    assert (finished / "out/a_inpainted.png").read_bytes() == retouched


@pytest.mark.parametrize(
    "more",
    [
        {"recipe": Recipe(backend="telea", options={"radius": 5})},
        {"recipe": Recipe(backend="telea", seed=1)},
        {"recipe": Recipe(backend="telea", blend=("match",))},
        {"recipe": Recipe(backend="navier-stokes")},
        {"invert_mask": True},
    ],
)
def test_other_settings_make_other_results(finished: Path, more: dict[str, object]) -> None:
    assert redone(finished, **more) == ["a_inpainted_1.png", "b_inpainted_1.png"]


def test_a_default_that_is_written_out_is_the_same_setting(finished: Path) -> None:
    same = Recipe(backend="telea", options={"radius": 2}, app_version="another")
    assert redone(finished, recipe=same) == []


def test_a_changed_picture_or_mask_is_filled_again(finished: Path) -> None:
    put(finished / "images/a.png", pixels_of(7))
    mask(finished / "masks/b.png", hole_of(48, 36)[::-1])
    assert redone(finished) == ["a_inpainted_1.png", "b_inpainted_1.png"]


def test_a_picture_that_was_only_touched_is_the_same(finished: Path) -> None:
    os.utime(finished / "images/a.png", (1, 1))
    assert redone(finished) == []


def test_a_picture_that_replaced_its_source_is_not_filled_twice(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    inside = {
        "output": str(tmp_path / "images"),
        "in_place": True,
        "name": "{stem}{ext}",
        "on_existing": "overwrite",
    }
    run(tmp_path, **inside)
    once = (tmp_path / "images/a.png").read_bytes()
    assert run(tmp_path, resume=True, **inside).skipped == 1
    assert (tmp_path / "images/a.png").read_bytes() == once

    # Killed between putting the result in place and noting it.
    path = tmp_path / "images" / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"done"' not in line))
    report = run(tmp_path, resume=True, **inside)
    assert (report.skipped, report.files[0].sha256) == (
        1,
        manifest.digest(tmp_path / "images/a.png"),
    )
    assert (tmp_path / "images/a.png").read_bytes() == once
    assert run(tmp_path, resume=True, **inside).skipped == 1


def test_a_result_that_was_begun_is_finished_under_its_name(finished: Path) -> None:
    path = finished / "out" / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"done"' not in line))
    assert redone(finished) == ["a_inpainted.png", "b_inpainted.png"]
    assert len(results(finished)) == 2


def test_left_over_temporary_files_are_removed(finished: Path) -> None:
    left = finished / "out/.lacuna-abc.tmp"
    left.write_bytes(b"half")
    run(finished, resume=True)
    assert not left.exists()


def test_a_torn_line_is_passed_over_and_ended(finished: Path) -> None:
    path = finished / "out" / NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])  # the last line is b's or a's "done"
    assert len(redone(finished)) == 1
    assert path.read_bytes().count(b'\n{"lacuna_batch"') == 1
    assert redone(finished) == []


def test_names_that_are_no_text_are_kept_too(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    odd = os.fsdecode(b"\xff\xfe.png")
    (tmp_path / "images/a.png").rename(tmp_path / "images" / odd)
    (tmp_path / "masks/a.png").rename(tmp_path / "masks" / odd)
    assert run(tmp_path).done == 1
    assert run(tmp_path, resume=True).skipped == 1


def test_the_manifest_tells_settings_and_states(finished: Path) -> None:
    opening, *lines = (finished / "out" / NAME).read_bytes().splitlines()
    assert msgspec.json.decode(opening)["config"]["recipe"]["backend"] == "telea"
    entries = [msgspec.json.decode(line, type=Entry) for line in lines]
    done = next(e for e in entries if e.status == "done" and e.image.endswith("a.png"))
    image = finished / "images/a.png"
    status = image.stat()
    assert done.file == Mark(status.st_size, status.st_mtime_ns, manifest.digest(image))
    assert done.masks[0].sha256 == manifest.digest(finished / "masks/a.png")
    assert done.sha256 == manifest.digest(finished / "out/a_inpainted.png")
    assert [e.status for e in entries if e.image == done.image] == ["begun", "done"]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(PictureError, match="could not be written"):
        Manifest(tmp_path)
