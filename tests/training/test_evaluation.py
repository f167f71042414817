"""An evaluation: the same squares and holes for all, nothing lost silently, figures by hand."""

from __future__ import annotations

import math
import mmap
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np
import pytest

from engine import registry, weights
from engine.errors import Cancelled, InvalidInputError, UnusableBackendError, WeightsError
from engine.jobs import CancelToken, finish
from engine.pictures import Picture, save_mask, save_picture
from tests.engine import tiny_network
from training import evaluation, judges
from training.assessment import Task
from training.evaluation import BUCKETS, evaluate
from training.footprint import Footprint
from training.intervals import intervals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.backend import Problem
    from engine.jobs import Steps
    from engine.types import ImageF32
    from training.assessment import Report, Row

SIDE = 48


class Echo:
    """Leaves what lies under the hole, and so does perfectly if that is the original."""

    seeds: ClassVar[list[int]] = []

    def inpaint(self, problem: Problem, token: CancelToken) -> Steps[ImageF32]:
        yield from ()
        self.seeds.append(problem.seed)
        return problem.image.copy()


@pytest.fixture(autouse=True)
def backends(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A network and a cheat; no judges, whatever is installed."""
    monkeypatch.setattr(judges, "find_spec", {}.get)
    echo = replace(registry.get("telea"), id="echo", label="Echo", factory=f"{__name__}:Echo")
    tiny = replace(tiny_network.TINY, native_side=32)
    for spec in (echo, tiny):
        registry.register(spec)
    yield
    for spec in (echo, tiny):
        registry._specs.pop(spec.id)
    registry._loaded.pop("echo", None)
    registry._networks.clear()


def picture(seed: int, width: int = 72, height: int = 60) -> Picture:
    """Smooth colours."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3)).astype(np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return Picture(smooth.astype(np.uint8))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """Telea on three pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        save_picture(picture(number), folder / f"{number}.png")
    return Task(backends=("telea",), data=folder, masks="free-form-test", size=SIDE)


def run(task: Task) -> Report:
    return finish(evaluate(task, CancelToken()))


def only_row(report: Report) -> Row:
    (assessment,) = report.assessments
    (row,) = assessment.rows
    return row


def test_every_picture_is_measured_with_all_figures(task: Task) -> None:
    report = run(task)
    row = only_row(report)
    assert [fill.picture for fill in row.fills] == ["0.png", "1.png", "2.png"]
    assert set(row.figures) == {
        "l1", "l2", "psnr", "psnr_hole", "ssim", "ssim_hole", "ssim_luma", "texture", "detail",
        "seam",
    }  # fmt: skip
    for name, found in row.figures.items():
        assert found.mean == pytest.approx(np.mean([fill.figures[name] for fill in row.fills]))
    assert report.unused == ()
    assert report.assessments[0].ms > 0


def test_ms_ssim_is_there_where_the_squares_are_large_enough(task: Task) -> None:
    save_picture(picture(9, 200, 200), task.data / "0.png")
    found = only_row(run(replace(task, size=176, limit=1))).figures
    assert 0.5 < found["ms_ssim"].mean <= 1


def test_global_and_local_psnr_of_each_fill_differ_by_the_share_of_its_hole(task: Task) -> None:
    for fill in only_row(run(task)).fills:
        difference = fill.figures["psnr"] - fill.figures["psnr_hole"]
        assert difference == pytest.approx(-10 * math.log10(fill.hole_share))


def test_no_backend_sees_what_it_shall_find(task: Task) -> None:
    row = only_row(run(replace(task, backends=("echo",))))
    assert row.figures["psnr_hole"].mean < 20


def test_buckets_hold_holes_of_their_size(task: Task) -> None:
    (assessment,) = run(replace(task, has_buckets=True)).assessments
    assert [row.holes for row in assessment.rows] == list(BUCKETS)
    for row in assessment.rows:
        assert row.holes is not None
        low, high = row.holes
        assert all(low <= fill.hole_share <= high for fill in row.fills)
        assert len(row.fills) == 3


def shares(row: Row) -> dict[str, float]:
    return {fill.picture: fill.hole_share for fill in row.fills}


def test_all_backends_get_the_same_holes(task: Task) -> None:
    report = run(replace(task, backends=("telea", "navier-stokes")))
    first, second = (assessment.rows[0] for assessment in report.assessments)
    assert shares(first) == shares(second)
    assert first.figures != second.figures


def test_the_seed_decides_everything(task: Task) -> None:
    first, again, other = (only_row(run(replace(task, seed=seed))) for seed in (1, 1, 2))
    assert first.figures == again.figures
    assert shares(first) != shares(other)


def test_every_picture_gets_a_hole_of_its_own(task: Task) -> None:
    assert len(set(shares(only_row(run(task))).values())) == 3


def test_what_backends_leave_to_chance_follows_the_seed(task: Task) -> None:
    Echo.seeds.clear()
    run(replace(task, backends=("echo",), seed=9))
    assert set(Echo.seeds) == {9}


def test_a_picture_keeps_its_hole_whatever_lies_beside_it_and_whatever_it_is_called(
    task: Task,
) -> None:
    before = shares(only_row(run(task)))
    (task.data / "2.png").rename(task.data / "9.png")
    save_picture(picture(7), task.data / "0a.png")
    after = shares(only_row(run(task)))
    assert after["1.png"] == before["1.png"]
    assert after["9.png"] == before["2.png"]


def test_the_limit_takes_the_first_pictures(task: Task) -> None:
    assert list(shares(only_row(run(replace(task, limit=2))))) == ["0.png", "1.png"]


def test_what_cannot_be_used_is_listed_and_the_rest_evaluated(task: Task) -> None:
    (task.data / "1.png").write_bytes(b"no picture at all")
    save_picture(picture(5, width=300, height=SIDE - 1), task.data / "2.png")
    report = run(replace(task, backends=("telea", "navier-stokes")))
    assert [unused.path for unused in report.unused] == ["1.png", "2.png"]
    assert f"300 × {SIDE - 1} pixels" in report.unused[1].why
    assert all(len(found.rows[0].fills) == 1 for found in report.assessments)


def test_a_folder_without_usable_pictures_is_refused_with_the_reason(task: Task) -> None:
    with pytest.raises(InvalidInputError, match=r"None of the 3 .* 72 × 60 pixels"):
        run(replace(task, size=128))


def test_a_folder_without_pictures_is_refused(task: Task, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="no pictures"):
        run(replace(task, data=tmp_path / "empty"))


def test_masks_come_from_a_folder_and_buckets_that_they_lack_are_left_out(
    task: Task, tmp_path: Path
) -> None:
    folder = tmp_path / "masks"
    folder.mkdir()
    hole = np.zeros((SIDE, SIDE), bool)
    hole[:, :12] = True  # a quarter
    save_mask(hole, folder / "left.png")
    report = run(replace(task, masks=str(folder), has_buckets=True))
    row = only_row(report)
    assert row.holes == (0.2, 0.3)
    assert row.hole_share == 0.25
    assert any("50% to 60%" in notice for notice in report.notices)


def test_a_network_is_evaluated_at_its_own_side_with_its_own_parameters(task: Task) -> None:
    report = run(replace(task, backends=("tiny",), size=None, weights="random:3"))
    (found,) = report.assessments
    assert found.size == 32
    assert found.parameters == 4 * 4 * 9 + 4 + 4 * 3 * 9 + 3
    assert found.weights == "random:3"
    assert found.device in ("cpu", "cuda", "mps")


def test_missing_or_foreign_weights_are_refused_before_the_work(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "folders", tuple)
    monkeypatch.setattr(evaluation, "inpaint", None)
    with pytest.raises(UnusableBackendError):
        run(replace(task, backends=("telea", "tiny")))
    file = tiny_network.saved(tmp_path / "a.safetensors")
    with pytest.raises(WeightsError):
        run(replace(task, backends=("telea", "pepsi"), weights=str(file.path)))


def test_what_the_judges_say_is_in_the_report(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    class Jury:
        def __init__(self, networks: judges.Networks) -> None:
            self.seen = 0

        def see(self, fill: object, original: object) -> dict[str, float]:
            self.seen += 1
            return {"lpips": 0.5}

        def of_the_set(self) -> dict[str, float]:
            return {"fid": float(self.seen)}

    monkeypatch.setattr(judges, "Jury", Jury)
    report = run(task)
    assert only_row(report).figures["lpips"].mean == 0.5
    assert only_row(report).of_the_set == {"fid": 3.0}
    assert len(report.missing) == 2


def test_a_wish_to_stop_is_followed(task: Task) -> None:
    token = CancelToken()
    steps = evaluate(task, token)
    for _ in range(4):
        next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        finish(steps)


def test_an_interval_is_as_wide_as_the_normal_law_says() -> None:
    values = np.random.default_rng(0).normal(10, 2, 400)
    found = intervals([{"psnr": value} for value in values], 0)["psnr"]
    assert found.low is not None
    assert found.high is not None
    assert found.mean == pytest.approx(values.mean())
    half = 1.96 * values.std() / 20
    assert found.low == pytest.approx(found.mean - half, abs=0.1 * half)
    assert found.high == pytest.approx(found.mean + half, abs=0.1 * half)


def test_one_picture_has_no_interval_and_equal_ones_have_none_to_speak_of() -> None:
    alone = intervals([{"l1": 3.0}], 0)["l1"]
    equal = intervals([{"l1": 3.0}] * 5, 0)["l1"]
    assert (alone.mean, alone.low, alone.high) == (3.0, None, None)
    assert (equal.mean, equal.low, equal.high) == (3.0, 3.0, 3.0)


def test_a_figure_that_one_picture_lacks_is_left_out() -> None:
    assert set(intervals([{"l1": 1.0, "ms_ssim": 1.0}, {"l1": 2.0}], 0)) == {"l1"}


def test_a_footprint_starts_anew_with_each_block() -> None:
    with Footprint() as large:
        touch(64_000_000)
    with Footprint() as small:
        touch(4_000_000)
    assert 48_000_000 < large.peak_bytes < 128_000_000
    assert small.peak_bytes < 32_000_000


def touch(size: int) -> None:
    """Hold that many bytes for a while, fresh from the system; an allocator might reuse some."""
    with mmap.mmap(-1, size) as block:
        for start in range(0, size, mmap.PAGESIZE):
            block[start] = 1
        threading.Event().wait(0.05)  # longer than the footprint takes to look
