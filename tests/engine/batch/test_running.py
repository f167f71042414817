"""What a run makes, and how it ends when something goes wrong."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from engine.batch import BatchRun, load_report, room, text_of, work
from engine.batch.manifest import Manifest, digest
from engine.batch.report import to_csv
from engine.errors import Cancelled, InvalidInputError, PictureError
from engine.jobs import CancelToken, Job, finish
from engine.pictures import Picture, Source, open_picture, save_picture
from engine.pipeline import InpaintRequest, inpaint, with_patches
from tests.engine.batch import painter
from tests.engine.batch.folders import (
    TELEA,
    hole_of,
    mask,
    pairs,
    pixels_of,
    plan,
    put,
    results,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from engine.batch import Report
    from engine.jobs import Progress
    from engine.recipe import Recipe


def statuses(report: Report) -> list[str]:
    return [row.status for row in report.files]


def until(steps: Iterable[Progress], condition: Callable[[], bool]) -> None:
    """Go on with a run until something holds."""
    for _ in steps:
        if condition():
            return
    raise AssertionError("the run ended before")


# --- results -------------------------------------------------------------------------------------


def test_results_are_those_of_single_fills(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "b.tif", "c.bmp")
    report = run(tmp_path)
    assert statuses(report) == ["done"] * 3
    for number, name in enumerate(("a_inpainted.png", "b_inpainted.tif", "c_inpainted.bmp")):
        request = InpaintRequest(pixels_of(number), hole_of(), "telea", TELEA.options)
        single = finish(inpaint(request, CancelToken()))
        expected = with_patches(pixels_of(number), single.patches)
        np.testing.assert_array_equal(open_picture(tmp_path / "out" / name).pixels, expected)


def test_depth_profile_and_exif_go_along(tmp_path: Path) -> None:
    from PIL import Image, ImageCms

    exif = Image.Exif()
    exif[0x010F] = "Maker"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = Source(icc=profile, exif=exif.tobytes()[6:])
    pixels = pixels_of().astype(np.uint16) * 257 + 3
    (tmp_path / "images").mkdir()
    save_picture(Picture(pixels, source), tmp_path / "images/a.png")
    mask(tmp_path / "masks/a.png")
    run(tmp_path)
    after = open_picture(tmp_path / "out/a_inpainted.png")
    assert after.pixels.dtype == np.uint16
    np.testing.assert_array_equal(after.pixels[~hole_of()], pixels[~hole_of()])
    assert after.source.icc == profile
    assert b"Maker" in (after.source.exif or b"")


def test_masks_are_united(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    left, right = np.zeros((2, 36, 48), np.bool_)
    left[10:14, 4:8] = right[20:24, 30:40] = True
    mask(tmp_path / "masks/a_mask1.png", left)
    mask(tmp_path / "masks/a_mask2.png", right)
    report = run(tmp_path)
    assert report.files[0].hole_share == pytest.approx((left | right).mean())


def test_filled_transparency_becomes_visible(tmp_path: Path) -> None:
    alpha = np.where(hole_of(), 0, 255).astype(np.uint8)
    put(tmp_path / "images/a.png", np.dstack([pixels_of(), alpha]))
    report = run(tmp_path, masks="alpha")
    assert (report.files[0].status, report.files[0].mask) == ("done", "alpha")
    assert (open_picture(tmp_path / "out/a_inpainted.png").pixels[:, :, 3] == 255).all()


def test_alpha_of_mask_files_can_be_the_hole(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    alpha = np.where(hole_of(), 0, 255).astype(np.uint8)
    put(tmp_path / "masks/a.png", np.dstack([pixels_of(), alpha]))
    report = run(tmp_path, mask_alpha=True)
    assert report.files[0].hole_share == pytest.approx(hole_of().mean())


def test_an_empty_mask_is_skipped(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    mask(tmp_path / "masks/a.png", np.zeros((36, 48), np.bool_))
    report = run(tmp_path)
    assert statuses(report) == ["skipped"]
    assert report.files[0].reason == "Nothing is masked in “a.png”, so there is nothing to fill."
    assert report.is_clean
    assert results(tmp_path) == []


def test_the_source_is_replaced_only_in_place_and_when_told(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    inside = {"output": str(tmp_path / "images"), "in_place": True, "name": "{stem}{ext}"}
    before = (tmp_path / "images/a.png").read_bytes()
    run(tmp_path, **inside)
    assert (tmp_path / "images/a.png").read_bytes() == before
    assert (tmp_path / "images/a_1.png").exists()
    run(tmp_path, **inside, on_existing="overwrite")
    assert (tmp_path / "images/a.png").read_bytes() != before


def test_a_name_taken_after_planning_is_left_alone(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    made = plan(tmp_path)
    other = put(tmp_path / "out/a_inpainted.png").read_bytes()
    finish(BatchRun(made).steps(CancelToken()))
    assert (tmp_path / "out/a_inpainted.png").read_bytes() == other
    assert results(tmp_path) == ["a_inpainted.png", "a_inpainted_1.png"]


# --- the report ----------------------------------------------------------------------------------


def test_a_row_has_what_the_contract_promises(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    (row,) = run(tmp_path).files
    output = tmp_path / "out/a_inpainted.png"
    assert row.image == str(tmp_path / "images/a.png")
    assert row.mask == str(tmp_path / "masks/a.png")
    assert (row.output, row.sha256) == (str(output), digest(output))
    assert (row.status, row.reason, row.device, row.backend) == ("done", None, "cpu", "telea")
    assert row.hole_share == pytest.approx(hole_of().mean())
    assert row.seconds >= row.inpaint_seconds > 0


def test_the_report_on_the_disk_is_the_one_returned(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "b.png")
    report = run(tmp_path)
    assert load_report(tmp_path / "out/lacuna-batch.json") == report
    heading, *lines = (tmp_path / "out/lacuna-batch.csv").read_text("utf-8-sig").splitlines()
    assert heading.startswith("image,mask,output,status,reason,seconds,device,hole_share,sha256")
    assert len(lines) == 2
    assert (tmp_path / "out/lacuna-batch.html").stat().st_size > 5000


def test_rows_stand_in_the_order_of_the_plan(tmp_path: Path, painting: Recipe) -> None:
    names = [f"{number}.png" for number in range(9)]
    pairs(tmp_path, *names)
    (tmp_path / "images/4.png").write_bytes(b"")
    report = run(tmp_path, recipe=painting)
    assert [row.image.rsplit("/", 1)[1] for row in report.files] == names


def test_a_cell_is_no_formula(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    report = run(tmp_path)
    row = msgspec.structs.replace(report.files[0], reason="=1+1")
    text = to_csv(msgspec.structs.replace(report, files=(row,)))
    assert ",'=1+1," in text


# --- what goes wrong -----------------------------------------------------------------------------


def test_one_bad_file_costs_one_row(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "b.png", "c.png")
    whole = (tmp_path / "images/b.png").read_bytes()
    (tmp_path / "images/b.png").write_bytes(whole[: len(whole) // 2])  # its header is fine
    report = run(tmp_path)
    assert statuses(report) == ["done", "failed", "done"]
    assert report.files[1].reason.startswith("“b.png” is damaged")
    assert not report.is_clean
    assert report.ended == "finished"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MemoryError(), "“a.png”: there is not enough memory for it"),
        (ZeroDivisionError("oops"), "“a.png”: a fault of the program: ZeroDivisionError: oops."),
    ],
)
def test_whatever_a_fill_raises_is_a_row(
    tmp_path: Path, painting: Recipe, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    pairs(tmp_path, "a.png")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(work, "inpaint", fail)
    report = run(tmp_path, recipe=painting)
    assert report.files[0].status == "failed"
    assert report.files[0].reason.startswith(why)


def test_names_that_are_no_text_can_fail_and_be_reported(tmp_path: Path) -> None:
    odd = os.fsdecode(b"odd\xff")
    root = tmp_path / odd
    pairs(root, "a.png", "b.png", "c.png")
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        for folder in ("images", "masks"):
            (root / folder / name).rename(root / folder / os.fsdecode(b"%d\xff.png" % number))
    (root / "images" / os.fsdecode(b"0\xff.png")).write_bytes(b"")
    mask(root / "masks" / os.fsdecode(b"1\xff.png"), np.zeros((36, 48), np.bool_))
    report = run(root)
    assert statuses(report) == ["failed", "skipped", "done"]
    assert report.files[0].reason.startswith("“0\\xff.png” is empty")
    assert load_report(root / "out/lacuna-batch.json") == report


def test_a_picture_without_a_mask_is_skipped_but_not_clean(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    put(tmp_path / "images/b.png")
    report = run(tmp_path)
    assert statuses(report) == ["done", "skipped"]
    assert report.without_mask == 1
    assert not report.is_clean


def test_a_format_that_cannot_hold_the_picture_fails_before_it_is_filled(
    tmp_path: Path, painting: Recipe
) -> None:
    put(tmp_path / "images/a.png", pixels_of().astype(np.uint16) * 257)
    mask(tmp_path / "masks/a.png")
    report = run(tmp_path, recipe=painting, name="{stem}.jpg")
    assert report.files[0].status == "failed"
    assert "cannot be saved without loss" in (report.files[0].reason or "")
    assert painter.busy == []


def test_stop_on_error_leaves_the_rest(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "b.png", "c.png", "d.png")
    (tmp_path / "images/b.png").write_bytes(b"")
    report = run(tmp_path, stop_on_error=True)
    assert statuses(report) == ["done", "failed"]
    assert (report.ended, report.remaining) == ("stopped", 2)
    assert results(tmp_path) == ["a_inpainted.png"]


def test_stop_on_error_stops_after_a_failure_while_filling(
    tmp_path: Path, painting: Recipe
) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(40)))
    painter.failures.append(RuntimeError("oops"))
    report = run(tmp_path, recipe=painting, stop_on_error=True)
    assert report.ended == "stopped"
    assert report.failed == 1
    assert report.remaining > 20
    assert report.why == next(row.reason for row in report.files if row.status == "failed")


def full(*_: object, **__: object) -> None:
    cause = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    raise PictureError("“x.png” could not be saved: the disk is full.") from cause


def test_a_full_disk_ends_the_run_with_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(40)))
    saved: list[object] = []

    def save(*args: object) -> Picture:
        if len(saved) >= 5:
            full()
        saved.append(args)
        return save_picture(*args)

    monkeypatch.setattr(work, "save_picture", save)
    report = run(tmp_path)
    assert report.ended == "error"
    assert "the disk is full" in (report.why or "")
    assert report.done == len(results(tmp_path)) == 5
    assert report.remaining > 20
    assert load_report(tmp_path / "out/lacuna-batch.json") == report


def test_a_manifest_that_cannot_be_written_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(40)))
    plain = Manifest.append
    calls: list[int] = []

    def append(self: Manifest, *entries: object) -> None:
        calls.append(1)
        if len(calls) > 6:
            full()
        plain(self, *entries)

    monkeypatch.setattr(Manifest, "append", append)
    report = run(tmp_path)
    assert report.ended == "error"
    assert report.remaining > 20


@pytest.mark.parametrize("lost", ["images", "out"])
def test_a_folder_that_vanishes_ends_the_run(tmp_path: Path, painting: Recipe, lost: str) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(60)))
    batch = BatchRun(plan(tmp_path, recipe=painting))
    steps = batch.steps(CancelToken())
    until(steps, lambda: batch.progress.done >= 1)
    (tmp_path / lost).rename(tmp_path / "lost")
    report = finish(steps)
    assert report.ended == "error"
    assert f"“{tmp_path / lost}” is no longer there; bring it back and resume." in report.why
    assert report.failed <= 4
    assert report.remaining > 20
    assert not (tmp_path / lost).exists()


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    batch = BatchRun(plan(tmp_path), report_file=tmp_path / "nowhere/report.json")
    report = finish(batch.steps(CancelToken()))
    assert report.done == 1
    assert report.ended == "error"
    assert "“report.json” could not be saved" in (report.why or "")


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path, painting: Recipe) -> None:
    pairs(tmp_path, "a.png")
    painter.gate.clear()
    first = BatchRun(plan(tmp_path, recipe=painting)).steps(CancelToken())
    next(first)
    with pytest.raises(InvalidInputError, match="Another run is writing"):
        finish(BatchRun(plan(tmp_path, recipe=painting)).steps(CancelToken()))
    first.close()
    painter.gate.set()
    assert run(tmp_path, recipe=painting).done == 1


# --- cancel and pause ----------------------------------------------------------------------------


def test_cancel_keeps_what_is_finished_and_reports_it(tmp_path: Path, painting: Recipe) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(30)))
    batch, token = BatchRun(plan(tmp_path, recipe=painting)), CancelToken()

    def stop_after_three(_: object) -> None:
        if batch.progress.done >= 3:
            painter.gate.clear()
            token.cancel()

    with pytest.raises(Cancelled):
        Job("x", batch.steps).run(token, stop_after_three)

    report = batch.report
    assert report is not None
    assert report.ended == "cancelled"
    assert report.done == len(results(tmp_path)) >= 3
    assert report.done + report.remaining == 30
    assert load_report(tmp_path / "out/lacuna-batch.json") == report
    assert not list((tmp_path / "out").glob(".lacuna-*.tmp"))


def test_a_cancelled_run_can_be_gone_on_with(tmp_path: Path, painting: Recipe) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(12)))
    batch, token = BatchRun(plan(tmp_path, recipe=painting)), CancelToken()
    steps = batch.steps(token)
    until(steps, lambda: batch.progress.done >= 2)
    steps.close()
    done = batch.report.done
    report = run(tmp_path, recipe=painting, resume=True)
    assert (report.skipped, report.done) == (done, 12 - done)
    assert len(results(tmp_path)) == 12


def test_a_pause_begins_no_further_picture(tmp_path: Path, painting: Recipe) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(30)))
    batch = BatchRun(plan(tmp_path, recipe=painting))
    steps = batch.steps(CancelToken())
    until(steps, lambda: batch.progress.done >= 1)
    batch.pause()
    assert batch.progress.is_paused
    until(steps, lambda: not batch.progress.current)
    done = batch.progress.done
    assert "paused" in next(steps).message
    next(steps)
    assert batch.progress.done == done < 30
    batch.unpause()
    assert finish(steps).done == 30


def test_rows_can_be_followed_while_it_runs(tmp_path: Path, painting: Recipe) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(10)))
    batch = BatchRun(plan(tmp_path, recipe=painting))
    seen: list[str] = []
    for _ in batch.steps(CancelToken()):
        seen += [row.image for row in batch.rows(len(seen))]
    assert sorted(seen) == [text_of(item.image) for item in batch.plan.items]


# --- bounds --------------------------------------------------------------------------------------


def test_pictures_that_do_not_fit_together_wait_for_each_other(
    tmp_path: Path, painting: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(8)))
    assert run(tmp_path, recipe=painting).done == 8
    monkeypatch.setattr(room, "MOST_BYTES", 1)
    painter.busy.clear()
    shutil.rmtree(tmp_path / "out")
    assert run(tmp_path, recipe=painting).done == 8
    assert max(painter.busy) == 1


def test_no_more_fills_run_at_once_than_there_are_cores(
    tmp_path: Path, painting: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(12)))
    monkeypatch.setattr(room, "_cores", lambda: 3)
    painter.gate.clear()
    batch = BatchRun(plan(tmp_path, recipe=painting))
    steps = batch.steps(CancelToken())
    until(steps, lambda: len(painter.busy) >= 3)
    next(steps)
    assert len(batch.progress.current) == 5
    painter.gate.set()
    assert finish(steps).done == 12
    assert max(painter.busy) == 3
