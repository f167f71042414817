"""A run over many machines gives what a run on one gives, whatever becomes of the machines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from engine.batch import BatchRun, Scheduler, cluster, naming, notes, worker
from engine.batch.manifest import NAME, Entry, digest
from engine.batch.naming import text_of
from engine.batch.work import Order
from engine.errors import ClusterError, InvalidInputError, PictureError
from engine.jobs import CancelToken, finish
from engine.pictures import open_picture
from tests.engine.batch.folders import config, hole_of, mask, pairs, pixels_of, plan, put, run
from tests.engine.batch.machines import ROOT, Machines, deadly, machines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine.batch import Report

VARYING = {"seconds", "inpaint_seconds"}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A scheduler with two workers."""
    with machines(tmp_path_factory.mktemp("two")) as found:
        yield found


def over(address: str, root: Path, *, resume: bool = False, **more: object) -> Report:
    batch = BatchRun(plan(root, resume=resume, **more), scheduler=Scheduler(address))
    return finish(batch.steps(CancelToken()))


def told(report: Report, root: Path) -> list[dict[str, object]]:
    """The rows without what no two runs have in common."""
    text = msgspec.json.encode(report.files).decode().replace(str(root), "")
    rows = json.loads(text)
    return [{name: row[name] for name in row if name not in VARYING} for row in rows]


def large(root: Path, count: int) -> None:
    """Pictures that take a while."""
    for number in range(count):
        image = put(root / "images" / f"{number:02}.png", pixels_of(number, 960, 720))
        mask(root / "masks" / image.name, hole_of(960, 720))


# --- what comes out ------------------------------------------------------------------------------


def test_rows_and_files_are_those_of_a_run_here(tmp_path: Path, two: Machines) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for root in (here, there):
        pairs(root, "a.png", "b.jpg", "deep/c.tif", "d.webp", "empty.png", "odd.png")
        (root / "images" / "empty.png").write_bytes(b"")
        mask(root / "masks" / "odd.png", hole_of(20, 90))

    first = run(here, recursive=True)
    second = over(two.address, there, recursive=True)

    assert first.done == 4
    assert first.failed == 2
    assert told(first, here) == told(second, there)
    for row in second.files:
        if row.status == "done":
            assert digest(here / (row.output or "")[len(str(there)) + 1 :]) == row.sha256


def test_afterwards_there_are_no_notes(tmp_path: Path, two: Machines) -> None:
    pairs(tmp_path, "a.png", "b.png")
    over(two.address, tmp_path)
    assert notes.entries(tmp_path / "out") == []


def test_what_is_done_is_kept_when_the_run_is_resumed(tmp_path: Path, two: Machines) -> None:
    pairs(tmp_path, "a.png", "b.png")
    over(two.address, tmp_path)
    report = over(two.address, tmp_path, resume=True)
    assert [row.status for row in report.files] == ["skipped", "skipped"]


def test_workers_take_the_names_that_are_free(tmp_path: Path, two: Machines) -> None:
    pairs(tmp_path, "a.png", "b.png")
    for _ in range(2):
        report = over(two.address, tmp_path)
    names = [os.path.basename(row.output or "") for row in report.files]  # noqa: PTH119
    assert names == ["a_inpainted_1.png", "b_inpainted_1.png"]


# --- what may happen on the way ------------------------------------------------------------------


def test_killed_workers_lose_nothing(tmp_path: Path, two: Machines) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for root in (here, there):
        large(root, 16)
    first = run(here)
    rng = np.random.default_rng(3)
    batch = BatchRun(plan(there), scheduler=Scheduler(two.address))

    deaths, due = 0, 1
    steps = batch.steps(CancelToken())
    for _ in steps:
        if deaths < 3 and batch.progress.done >= due and two.kill_worker(int(rng.integers(2))):
            deaths, due = deaths + 1, batch.progress.done + 2

    assert deaths == 3
    assert batch.report is not None
    assert batch.report.done == 16
    assert told(first, here) == told(batch.report, there)
    assert sorted(os.listdir(here / "out")) == sorted(  # noqa: PTH208
        set(os.listdir(there / "out")) - {notes.FOLDER}  # noqa: PTH208
    )


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_picture_that_brings_its_workers_down_fails_alone(
    tmp_path: Path, two: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "carry_out", deadly)
    pairs(tmp_path, "deadly.png", *(f"{number}.png" for number in range(12)))
    report = over(two.address, tmp_path)
    rows = {os.path.basename(row.image): row for row in report.files}  # noqa: PTH119
    assert [name for name, row in rows.items() if row.status == "failed"] == ["deadly.png"]
    assert "4 workers died while it was worked on" in (rows["deadly.png"].reason or "")
    assert report.done == 12


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_run_is_gone_on_with(tmp_path: Path, two: Machines) -> None:
    large(tmp_path, 8)
    words = [*map(str, (tmp_path / "images", "-m", tmp_path / "masks", "-o", tmp_path / "out"))]
    command = [sys.executable, "-m", "app", "batch", *words, "--backend", "telea", "--quiet"]
    with subprocess.Popen([*command, "--scheduler", two.address], cwd=ROOT) as process:
        while not (tmp_path / "out").is_dir() or not list((tmp_path / "out").glob("*.png")):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)

    report = run(tmp_path, resume=True)  # on this machine alone

    assert report.failed == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 8
    lines = (tmp_path / "out" / NAME).read_bytes().splitlines()
    assert sum(b'"status":"done"' in line for line in lines) == 8


def test_a_cancelled_run_ends_soon_and_says_what_it_did(tmp_path: Path, two: Machines) -> None:
    large(tmp_path, 12)
    batch = BatchRun(plan(tmp_path), scheduler=Scheduler(two.address))
    steps = batch.steps(CancelToken())
    for _ in steps:
        if batch.progress.done >= 2:
            break
    steps.close()
    assert batch.report is not None
    assert batch.report.ended == "cancelled"
    assert batch.report.done >= 2
    assert batch.report.remaining > 0
    assert not list((tmp_path / "out").glob(".lacuna-*.tmp"))


def test_a_scheduler_that_dies_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    large(tmp_path, 12)
    with machines(tmp_path, workers=1) as found:
        batch = BatchRun(plan(tmp_path), scheduler=Scheduler(found.address))
        is_alive = True
        for _ in batch.steps(CancelToken()):
            if is_alive and batch.progress.done >= 1:
                found.scheduler.kill()
                is_alive = False
    assert batch.report is not None
    assert batch.report.ended == "error"
    assert f"The scheduler at {found.address} is gone." in (batch.report.why or "")
    assert run(tmp_path, resume=True).failed == 0


def test_without_a_worker_the_run_waits_and_says_so(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    with machines(tmp_path, workers=0) as found:
        batch = BatchRun(plan(tmp_path), scheduler=Scheduler(found.address))
        steps = batch.steps(CancelToken())
        next(steps)
        words = next(steps).message
        steps.close()
    assert f"waiting: no worker at {found.address}" in words


def test_nobody_at_the_address_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    pairs(tmp_path, "a.png")
    with pytest.raises(ClusterError, match=r"No scheduler answers at tcp://127.0.0.1:9 "):
        over("tcp://127.0.0.1:9", tmp_path)


def test_folders_that_a_worker_does_not_see_are_named_before_the_start() -> None:
    with pytest.raises(ClusterError, match=r"does not see “/no/such/folder”; mount it"):
        worker.check(worker.versions(), ("/no/such/folder",))


def test_a_worker_of_another_version_is_refused() -> None:
    with pytest.raises(ClusterError, match=r"has lacuna .*, where the run was begun it is 9\.9"):
        worker.check({"lacuna": "9.9"}, ())


# --- encrypted -----------------------------------------------------------------------------------


def test_with_certificates_the_connection_is_encrypted(tmp_path: Path) -> None:
    from distributed import Security

    made = Security.temporary()
    ca, cert, key = (tmp_path / f"{name}.pem" for name in ("ca", "cert", "key"))
    ca.write_text(made.tls_ca_file)
    cert.write_text(made.tls_client_cert)
    key.write_text(made.tls_client_key)
    tls = ["--tls-ca-file", str(ca), "--tls-cert", str(cert), "--tls-key", str(key)]
    pairs(tmp_path, "a.png")
    with machines(tmp_path, workers=1, tls=tls) as found:
        batch = BatchRun(plan(tmp_path), scheduler=Scheduler(found.address, ca, cert, key))
        report = finish(batch.steps(CancelToken()))
    assert found.address.startswith("tls://")
    assert report.done == 1


@pytest.mark.parametrize("address", ["10.0.0.1:8786", "tcp://host", "http://host:80", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidInputError, match=r"is no scheduler; give tcp://HOST:PORT"):
        Scheduler(address).check()


def test_certificates_for_an_open_connection_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"is not encrypted although"):
        Scheduler("tcp://host:1", tmp_path, tmp_path, tmp_path).check()


def test_some_of_three_certificates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"takes three files"):
        Scheduler("tls://host:1", tmp_path).check()


def test_certificates_that_are_not_there_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    with pytest.raises(InvalidInputError, match=r"ca\.pem” is no file"):
        Scheduler("tls://host:1", missing, missing, missing).check()


# --- a worker by itself --------------------------------------------------------------------------


def given(root: Path, **more: object) -> worker.Task:
    """The task of the only picture."""
    made = plan(root, **more)
    (root / "out").mkdir(exist_ok=True)
    order = Order.of(made.config)
    return worker.Task("run", worker.versions(), made.items[0], order, frozenset(), False)


@pytest.fixture(autouse=True)
def forgetful() -> None:
    """Runs of other tests are not remembered as stopped."""
    worker._token.cache_clear()


def test_a_worker_notes_what_it_begins(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    task = given(tmp_path)
    worker.carry_out(task)
    note = notes.find(tmp_path / "out", text_of(task.item.image))
    assert note is not None
    assert note.status == "begun"
    assert note.output == text_of(tmp_path / "out" / "a_inpainted.png")


def test_what_a_dead_worker_had_written_is_no_reason_for_another_name(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    task = given(tmp_path)
    first = worker.carry_out(task)
    again = worker.carry_out(task)  # as the scheduler lets another worker do
    assert first is not None
    assert again is not None
    assert again.row.output == first.row.output
    assert again.row.sha256 == first.row.sha256
    assert again.row.status == "done"


def test_a_picture_that_a_dead_worker_had_replaced_is_not_filled_twice(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    image = tmp_path / "images" / "a.png"
    rules = {
        "output": str(tmp_path / "images"),
        "in_place": True,
        "name": "{stem}{ext}",
        "on_existing": "overwrite",
    }
    task = given(tmp_path, **rules)
    worker.carry_out(task)
    once = open_picture(image).pixels.copy()
    again = worker.carry_out(task)
    assert again is not None
    assert again.row.status == "done"
    assert again.row.reason is None
    assert np.array_equal(open_picture(image).pixels, once)


def test_a_stopped_run_hands_its_pictures_back(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    worker.stop("run")
    assert worker.carry_out(given(tmp_path)) is None
    assert not list((tmp_path / "out").glob("*.png"))


def test_names_in_the_way_are_as_good_as_all_names(tmp_path: Path) -> None:
    wanted = tmp_path / "a.png"
    wanted.touch()
    taken = sorted(
        naming.key_of(tmp_path / name) for name in ("a_1.png", "a_2.png", "b.png", "ab_1.png")
    )
    few = cluster.in_the_way(wanted, taken)
    assert naming.free(wanted, few) == naming.free(wanted, taken) == tmp_path / "a_3.png"
    assert len(few) == 2


# --- notes ---------------------------------------------------------------------------------------


def test_a_note_comes_back_as_it_was(tmp_path: Path) -> None:
    entry = Entry(image="/x/a.png", status="begun", output="/y/a.png")
    notes.write(tmp_path, entry)
    assert notes.find(tmp_path, "/x/a.png") == entry
    assert notes.find(tmp_path, "/x/b.png") is None
    notes.remove(tmp_path, "/x/a.png")
    assert notes.entries(tmp_path) == []


def test_notes_do_not_make_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"could not be saved: its folder does not exist"):
        notes.write(tmp_path / "gone", Entry(image="/x/a.png", status="begun"))
    assert not (tmp_path / "gone").exists()


def test_a_torn_note_is_none(tmp_path: Path) -> None:
    entry = Entry(image="/x/a.png", status="begun")
    notes.write(tmp_path, entry)
    [path] = (tmp_path / notes.FOLDER).iterdir()
    path.write_bytes(path.read_bytes()[:9])
    assert notes.entries(tmp_path) == []


def test_settings_name_the_places_that_workers_must_see(tmp_path: Path) -> None:
    assert config(tmp_path).places == (
        str(tmp_path / "images"),
        str(tmp_path / "out"),
        str(tmp_path / "masks"),
    )
    assert len(config(tmp_path, masks="alpha").places) == 2
