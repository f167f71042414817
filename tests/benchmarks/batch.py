"""Whole folders: how near a run comes to its bound, and what it survives.

`make bench` runs `measure`, which is short. The long checks are run by hand:

    python -m tests.benchmarks.batch make FOLDER [--count N] [--most MEGAPIXELS]
    python -m tests.benchmarks.batch mixed FOLDER --backend telea
    python -m tests.benchmarks.batch kill --times 50
    python -m tests.benchmarks.batch disk            (as root: mounts a small tmpfs)
    python -m tests.benchmarks.batch vanish
    python -m tests.benchmarks.batch many --count 10000
    python -m tests.benchmarks.batch cluster --times 10 [--backend patchmatch]
    python -m tests.benchmarks.batch overhead --count 2000
    python -m tests.benchmarks.batch_dialog --count 10000
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import tifffile
from PIL import Image

from engine import resources
from engine.batch.manifest import digest
from engine.pictures import Picture, save_mask, save_picture
from tests.engine.batch import folders
from tests.engine.batch.machines import Machines, machines
from tests.engine.batch.test_killing import entries, killed

SAMPLES = ("astronaut.png", "coffee.png", "rocket.jpg")
ENDINGS = (".png", ".png", ".jpg", ".jpg", ".jpg", ".tif", ".webp", ".bmp")
DEEP = (".png", ".tif")
BAD = ("empty", "torn", "text", "shape", "nan", "torn mask")
MACHINES = ("cluster", "overhead")
_TICK_SECONDS = 0.1


# --- pictures ------------------------------------------------------------------------------------


def make(folder: Path, count: int, most: float, seed: int = 0) -> dict[str, int]:
    """Pictures of 0.3 to `most` megapixels in all formats, with masks, one in ten of them bad.

    Returns:
        How many are bad, and how many there are.
    """
    rng = np.random.default_rng(seed)
    sources = [np.array(Image.open(resources.root() / "sample" / name)) for name in SAMPLES]
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "masks").mkdir(exist_ok=True)
    for number in range(count):
        pixels = _pixels(rng, sources[number % 3][:, :, :3], 0.3 * (most / 0.3) ** rng.random())
        ending = ENDINGS[number % len(ENDINGS)]
        deep = ending in DEEP and rng.random() < 0.5
        given = pixels.astype(np.uint16) * 257 + 5 if deep else pixels
        image = folder / "images" / f"{number:05}{ending}"
        save_picture(Picture(given), image)
        mask = folder / "masks" / f"{number:05}.png"
        save_mask(_hole(rng, *pixels.shape[:2]), mask)
        if number % 10 == 7:
            _spoil(BAD[number // 10 % len(BAD)], image, mask)
    return {"bad": sum(number % 10 == 7 for number in range(count)), "count": count}


def make_small(root: Path, count: int) -> None:
    """Pictures that are filled in no time, with one mask for all."""
    for number in range(count):
        folders.put(root / f"images/{number:06}.png", folders.pixels_of(number))
    folders.mask(root / "mask.png")
    (root / "masks").symlink_to(root / "mask.png")


def _pixels(rng: np.random.Generator, source: np.ndarray, megapixels: float) -> np.ndarray:
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    large = cv2.resize(source, (round(1.5 * height), height), interpolation=cv2.INTER_CUBIC)
    noise = rng.integers(0, 12, large.shape, np.uint8)
    return cv2.add(large, noise)


def _hole(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    hole = np.zeros((height, width), np.uint8)
    for _ in range(rng.integers(1, 4)):
        radius = max(3, round(rng.uniform(0.01, 0.06) * height))
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(hole, centre, radius, 1, -1)
    return hole.astype(np.bool_)


def _spoil(kind: str, image: Path, mask: Path) -> None:
    whole = image.read_bytes()
    match kind:
        case "empty":
            image.write_bytes(b"")
        case "torn":
            image.write_bytes(whole[: len(whole) // 2])
        case "text":
            image.write_text("no picture")
        case "shape":
            save_mask(np.ones((90, 50), np.bool_), mask)
        case "nan":
            tifffile.imwrite(image, np.full((40, 50), np.nan, np.float32))
        case _:
            mask.write_bytes(mask.read_bytes()[:-40])


# --- runs ----------------------------------------------------------------------------------------


@dataclass
class Ran:
    """A run of the program, watched from outside.

    Attributes:
        report: what it printed.
        cpu: seconds of processor time.
        memory: megabytes held, ten times a second.
        lines: what it said on stderr, each with the seconds since it was started.
        ended: seconds until it was over.
    """

    code: int
    report: dict[str, Any]
    cpu: float
    memory: list[float]
    lines: list[tuple[float, str]]
    ended: float


def ran(root: Path, *more: str) -> Ran:
    """Run `lacuna batch` in a process of its own and watch it."""
    words = [str(root / "images"), "-m", str(root / "masks"), "-o", str(root / "out"), "--json"]
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "batch", *words, *more],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines: list[tuple[float, str]] = []

        def listen() -> None:
            said = process.stderr or ()
            lines.extend((time.monotonic() - start, line.strip()) for line in said)

        listener = threading.Thread(target=listen)
        listener.start()
        watched, memory, cpu = psutil.Process(process.pid), [0.0], 0.0
        while process.poll() is None:
            with suppress(psutil.Error):
                memory.append(watched.memory_info().rss / 1e6)
                cpu = sum(watched.cpu_times()[:2])
            time.sleep(_TICK_SECONDS)
        ended = time.monotonic() - start
        listener.join()
        out.seek(0)
        text = out.read()
    report = json.loads(text) if text.startswith("{") else {}
    return Ran(process.returncode, report, cpu, memory, lines, ended)


def forecast_error(made: Ran) -> tuple[float, float]:
    """The worst error of the time that was said to be left, from 5 % to 95 % of the run.

    Returns:
        The error as a share of what was left, and at which share of the run it was made.
    """
    worst, place = 0.0, 0.0
    for at, line in made.lines:
        said = re.search(r", ((?:\d+ h )?(?:\d+ min ?)?(?:\d+ s)?) left", line)
        if said and 0.05 * made.ended < at < 0.95 * made.ended:
            units = {"h": 3600, "min": 60, "s": 1}
            found = re.findall(r"(\d+) (h|min|s)", said[1])
            left = sum(int(number) * units[unit] for number, unit in found)
            error = abs(left / (made.ended - at) - 1)
            worst, place = max((worst, place), (error, at / made.ended))
    return worst, place


def bound(report: dict[str, Any], cores: int) -> float:
    """The larger of summed filling over the cores and summed reading and writing over them."""
    files = report["files"]
    filling = sum(row["inpaint_seconds"] for row in files)
    disk = sum(row["seconds"] - row["inpaint_seconds"] for row in files if row["status"] == "done")
    return max(filling, disk) / cores


def mixed(root: Path, backend: str) -> dict[str, float]:
    """A run over mixed pictures: bound, memory, and every bad file named."""
    shutil.rmtree(root / "out", ignore_errors=True)
    made = ran(root, "--backend", backend, "--report", str(root / f"{backend}.json"))
    files = made.report["files"]
    failed = [row for row in files if row["status"] == "failed"]
    bad = sorted(Path(row["image"]).name for row in failed)
    assert made.code == 3, (made.code, made.lines[-3:])
    assert all(int(name[:5]) % 10 == 7 for name in bad), bad
    for row in failed:
        assert Path(row["image"]).name in row["reason"], row
    assert len(files) == len(list((root / "images").iterdir()))
    for row in files:
        assert row["status"] != "done" or digest(Path(row["output"])) == row["sha256"]
    cores = psutil.cpu_count() or 1
    worst, place = forecast_error(made)
    return {
        "pictures": len(files),
        "failed": len(failed),
        "wall_s": made.report["seconds"],
        "wall_over_bound": made.report["seconds"] / bound(made.report, cores),
        "cores_busy": made.cpu / made.ended,
        "forecast_error": worst,
        "forecast_worst_at": place,
        "peak_mb": max(made.memory),
    }


def kill(times: int, backend: str, seed: int = 0) -> dict[str, float]:
    """Kill -9 at random moments, then resume: all whole, none twice."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make(root, 60, 2.0)
        started = time.monotonic()
        kills = sum(killed(root, rng.uniform(0, 3.0), backend) for _ in range(times))
        taken = time.monotonic() - started
        made = ran(root, "--backend", backend, "--resume")
        files = made.report["files"]
        whole = [row for row in files if row["status"] != "failed"]
        assert made.report["ended"] == "finished"
        assert len(files) == 60
        for row in whole:
            assert digest(Path(row["output"])) == row["sha256"], row
        outputs = [p for p in (root / "out").iterdir() if p.suffix in set(ENDINGS)]
        assert len(outputs) == len(whole), "a twin or a loss"
        done = [entry.image for entry in entries(root) if entry.status == "done"]
        assert len(done) == len(set(done)) == len(whole), "made twice"
        assert not list((root / "out").glob(".lacuna-*.tmp"))
        return {"kills": kills, "whole": len(whole), "failed": len(files) - len(whole), "s": taken}


def disk() -> dict[str, float]:
    """The disk fills up half-way, by somebody else; with room made, the run is gone on with."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make(root, 80, 2.0)
        out = root / "out"
        out.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(out)], check=True)
        try:
            hog = threading.Thread(target=_fill_up, args=(out,))
            hog.start()
            full = ran(root, "--backend", "telea", "--report", str(root / "report.json"))
            hog.join()
            assert full.code == 1, (full.code, full.lines[-3:])
            assert "the disk is full" in full.report["why"]
            (out / "hog").unlink()
            again = ran(root, "--backend", "telea", "--resume")
            files = again.report["files"]
            assert again.report["ended"] == "finished"
            assert len(files) == 80
            for row in files:
                assert row["status"] == "failed" or digest(Path(row["output"])) == row["sha256"]
            assert not list(out.glob("*_1.*"))
            assert not list(out.glob(".lacuna-*.tmp"))
            return {
                "done_before": full.report["done"],
                "failed_before": full.report["failed"],
                "done_after": again.report["done"],
                "kept": again.report["skipped"],
            }
        finally:
            subprocess.run(["umount", str(out)], check=True)


def _fill_up(folder: Path) -> None:
    """Take all room but a little once a run has made eight results."""
    while len(list(folder.glob("*_inpainted*"))) < 8:
        time.sleep(_TICK_SECONDS)
    with suppress(OSError), (folder / "hog").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - 3_000_000)


def many(count: int) -> dict[str, float]:
    """Small pictures by the thousand: memory stays flat and the report is complete."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make_small(root, count)
        made = ran(root, "--backend", "telea", "--quiet")
        assert made.code == 0, made.lines[-3:]
        assert made.report["done"] == len(made.report["files"]) == count
        quarter = len(made.memory) // 4
        return {
            "per_s": count / made.report["seconds"],
            "growth_mb": max(made.memory[-quarter:]) - max(made.memory[quarter : 2 * quarter]),
            "peak_mb": max(made.memory),
        }


def cluster(times: int, backend: str, seed: int = 0) -> dict[str, float]:
    """Two workers, one of them killed at random so often: the outputs of a run on this machine."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as name:
        here, there = Path(name) / "here", Path(name) / "there"
        for root in (here, there):
            make(root, 60, 2.0)
        expected = ran(here, "--backend", backend).report
        with machines(Path(name)) as workers:
            made, kills = _with_deaths(there, workers, rng, times, backend)
        for first, second in zip(expected["files"], made["files"], strict=True):
            for key in ("status", "sha256", "hole_share", "backend"):
                assert first[key] == second[key], (first, second)
            assert first["status"] != "done" or digest(Path(second["output"])) == first["sha256"]
        assert not list((there / "out").glob(".lacuna-*.tmp"))
        assert not list((there / "out").glob("*_1.*"))
        return {
            "kills": kills,
            "done": made["done"],
            "failed": made["failed"],
            "s": made["seconds"],
        }


def _with_deaths(
    root: Path, workers: Machines, rng: np.random.Generator, times: int, backend: str
) -> tuple[dict[str, Any], int]:
    """The report of a run over workers that die, and how often they did."""
    found: list[Ran] = []
    words = ("--backend", backend, "--scheduler", workers.address)
    runner = threading.Thread(target=lambda: found.append(ran(root, *words)))
    runner.start()
    kills = 0
    while runner.is_alive():
        runner.join(rng.uniform(0.2, 1.5))
        begun = (root / "out").exists()
        kills += begun and kills < times and workers.kill_worker(int(rng.integers(2)))
    return found[0].report, kills


def overhead(count: int) -> dict[str, float]:
    """What a picture costs beside its own work, when it is worked on elsewhere."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make_small(root, count)
        with machines(Path(name)) as workers:
            before = sum(workers.scheduler.cpu_times()[:2])
            made = ran(root, "--backend", "telea", "--quiet", "--scheduler", workers.address)
            scheduler = sum(workers.scheduler.cpu_times()[:2]) - before
        assert made.report["done"] == count
        own = sum(row["seconds"] for row in made.report["files"])
        return {
            "per_s": count / made.report["seconds"],
            "scheduler_cpu_ms": 1000 * scheduler / count,
            "client_cpu_ms": 1000 * made.cpu / count,
            "own_ms": 1000 * own / count,
            "report_bytes": (root / "out" / "lacuna-batch.json").stat().st_size / count,
            "manifest_bytes": (root / "out" / "lacuna-batch.jsonl").stat().st_size / count,
        }


def measure() -> dict[str, float]:
    """The short version for `make bench`."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make(root, 40, 8.0)
        found = mixed(root, "telea")
    return {
        "wall_over_bound": found["wall_over_bound"],
        "peak_mb": found["peak_mb"],
        "growth_mb_over_1000": many(1000)["growth_mb"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "what", choices=("make", "mixed", "kill", "disk", "vanish", "many", *MACHINES)
    )
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--backend", default="telea")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--most", type=float, default=24.0)
    parser.add_argument("--times", type=int, default=50)
    args = parser.parse_args()
    match args.what:
        case "make":
            print(make(args.folder, args.count, args.most))
        case "mixed":
            print(mixed(args.folder, args.backend))
        case "kill":
            print(kill(args.times, args.backend))
        case "cluster":
            print(cluster(args.times, args.backend))
        case "overhead":
            print(overhead(args.count))
        case "disk":
            print(disk())
        case "vanish":
            print(vanish())
        case _:
            print(many(args.count))


def vanish() -> dict[str, float]:
    """The folder of the results is moved away while the run writes into it, then back."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make(root, 60, 2.0)
        out, away = root / "out", root / "away"

        def lose() -> None:
            while len(list(out.glob("*_inpainted*"))) < 8:
                time.sleep(_TICK_SECONDS)
            out.rename(away)

        loser = threading.Thread(target=lose)
        loser.start()
        lost = ran(root, "--backend", "telea", "--report", str(root / "report.json"))
        loser.join()
        assert lost.code == 1, (lost.code, lost.lines[-3:])
        assert not out.exists()
        away.rename(out)
        again = ran(root, "--backend", "telea", "--resume")
        assert again.report["ended"] == "finished"
        assert not list(out.glob("*_1.*"))
        return {"done_before": lost.report["done"], "done_after": again.report["done"]}


if __name__ == "__main__":
    main()
