"""A folder of pictures is looked through once, and nothing in it stops that."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engine import scanning
from engine.errors import Cancelled, InvalidInputError
from engine.jobs import CancelToken, Progress, finish
from engine.pictures import Picture, save_picture
from engine.scan_memory import ScanMemory
from engine.scanning import Scan, opened_rgb, picture_files, scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def photo(seed: int = 0, height: int = 20, width: int = 30) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def write(path: Path, seed: int = 0, **size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photo(seed, **size)).save(path)
    return path


def scanned(folder: Path, **options: int) -> Scan:
    return finish(scan(folder, CancelToken(), **options))


def kinds(found: Scan) -> list[tuple[str, str]]:
    return [(trouble.path.name, trouble.kind) for trouble in found.problems]


def test_pictures_of_all_subfolders_are_found_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for number, name in enumerate(["c.png", "a/b.png", "a/z.jpg", "B.webp", "a/a/a.TIFF"]):
        write(tmp_path / name, number)
    found = scanned(tmp_path, threads=3)
    paths = [picture.path for picture in found.pictures]
    assert paths == sorted(paths)
    assert len(paths) == 5
    assert {(picture.width, picture.height) for picture in found.pictures} == {(30, 20)}
    assert found.problems == ()


def test_other_files_and_hidden_ones_are_passed_over(tmp_path: Path) -> None:
    for name in ("notes.txt", "pack.tar", ".hidden.png", ".thumbs/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"no picture")
    assert scanned(tmp_path) == Scan((), ())


def test_damaged_files_are_told_apart_from_good_ones(tmp_path: Path) -> None:
    data = write(tmp_path / "good.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "noise.jpg").write_bytes(b"no picture at all")
    (tmp_path / "empty.png").write_bytes(b"")
    found = scanned(tmp_path)
    assert [picture.path.name for picture in found.pictures] == ["good.png"]
    assert kinds(found) == [(name, "corrupt") for name in ("cut.png", "empty.png", "noise.jpg")]
    assert all(trouble.path.name in trouble.sentence for trouble in found.problems)


def test_tiny_pictures_are_left_out(tmp_path: Path) -> None:
    write(tmp_path / "small.png", height=15, width=90)
    write(tmp_path / "large.png", 1, height=16, width=16)
    found = scanned(tmp_path, smallest=16)
    assert [picture.path.name for picture in found.pictures] == ["large.png"]
    assert kinds(found) == [("small.png", "tiny")]
    assert "90 × 15" in found.problems[0].sentence


def test_the_same_pixels_count_once_whatever_the_file(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    write(tmp_path / "b.bmp")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.png").write_bytes((tmp_path / "a.png").read_bytes())
    write(tmp_path / "other.png", 1)
    found = scanned(tmp_path, threads=4)
    assert [picture.path.name for picture in found.pictures] == ["a.png", "other.png"]
    assert kinds(found) == [("b.bmp", "duplicate"), ("c.png", "duplicate")]
    assert "a.png" in found.problems[0].sentence


def test_the_same_bytes_in_another_shape_are_no_copy(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((10, 40, 3), np.uint8)).save(tmp_path / "wide.png")
    Image.fromarray(np.zeros((40, 10, 3), np.uint8)).save(tmp_path / "high.png")
    assert len(scanned(tmp_path).pictures) == 2


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "RGBA"])
def test_what_is_not_rgb_is_used_and_counted(tmp_path: Path, mode: str) -> None:
    Image.fromarray(photo()).convert(mode).save(tmp_path / "a.tif")
    found = scanned(tmp_path)
    assert len(found.pictures) == 1
    assert found.count("not-rgb") == 1
    assert mode in found.problems[0].sentence
    pixels, _ = opened_rgb(tmp_path / "a.tif")
    assert pixels.shape == (20, 30, 3)
    assert pixels.dtype == np.uint8


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    deep = photo().astype(np.uint16) * 257
    deep[0, 0] = (128, 129, 65535)  # just below and above the middle of the first two steps
    save_picture(Picture(deep), tmp_path / "deep.png")
    pixels, _ = opened_rgb(tmp_path / "deep.png")
    np.testing.assert_array_equal(pixels[1:], photo()[1:])
    assert pixels[0, 0].tolist() == [0, 1, 255]
    assert kinds(scanned(tmp_path)) == [("deep.png", "not-rgb")]


def test_files_that_declare_too_many_pixels_are_too_large(tmp_path: Path) -> None:
    write(tmp_path / "a.png", height=40, width=40)
    assert kinds(scanned(tmp_path, pixel_limit=1000)) == [("a.png", "too-large")]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_what_cannot_be_opened_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert kinds(scanned(tmp_path)) == [("gone.png", "unreadable")]


def test_turned_pictures_have_their_upright_size(tmp_path: Path) -> None:
    image = Image.fromarray(photo())
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif)
    (found,) = scanned(tmp_path).pictures
    assert (found.width, found.height) == (20, 30)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_number_of_threads_changes_nothing(tmp_path: Path, threads: int) -> None:
    for number in range(12):
        write(tmp_path / f"{number}.png", number % 5, height=20 + 10 * (number % 3))
    (tmp_path / "bad.png").write_bytes(b"no")
    assert scanned(tmp_path, threads=threads) == scanned(tmp_path)


def test_a_picture_is_digested_the_same_wherever_it_lies(tmp_path: Path) -> None:
    write(tmp_path / "one" / "a.png")
    write(tmp_path / "two" / "b.bmp")
    first, second = (scanned(tmp_path / name).pictures[0].digest for name in ("one", "two"))
    assert first == second


def test_progress_grows_to_the_end(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"{number}.png", number)
    said: list[Progress] = list(scan(tmp_path, CancelToken()))
    found = [progress.share for progress in said]
    assert found == sorted(found)
    assert found[-1] == 1
    assert "0.png" in said[0].message


def test_cancelling_stops_it_and_leaves_no_thread(tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path / f"{number:02}.png", number)
    token = CancelToken()
    steps = scan(tmp_path, token, threads=2)
    next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        finish(steps)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("scan")]


class ImmediatePool:
    """Runs at once what is handed in, and counts it."""

    submitted = 0

    def __init__(self, threads: int, name: str) -> None:
        type(self).submitted = 0

    def submit(self, work: Callable[..., object], *words: object) -> Future[object]:
        type(self).submitted += 1
        future: Future[object] = Future()
        future.set_result(work(*words))
        return future

    def shutdown(self, **options: bool) -> None:
        """Nothing is under way."""


def test_only_a_few_pictures_are_decoded_ahead_and_none_once_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.scanning.ThreadPoolExecutor", ImmediatePool)
    for number in range(20):
        write(tmp_path / f"{number:02}.png", number)
    token = CancelToken()
    steps = scan(tmp_path, token, threads=2)
    next(steps)
    assert ImmediatePool.submitted == 4
    token.cancel()
    with pytest.raises(Cancelled):
        finish(steps)
    assert ImmediatePool.submitted <= 5


def test_dropping_it_leaves_no_thread(tmp_path: Path) -> None:
    for number in range(10):
        write(tmp_path / f"{number}.png", number)
    steps = scan(tmp_path, CancelToken(), threads=2)
    next(steps)
    steps.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("scan")]


# --- what is remembered -------------------------------------------------------------------------


def remembered(folder: Path, file: Path, **options: int) -> Scan:
    return finish(scan(folder, CancelToken(), memory=ScanMemory(file), **options))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are decoded."""
    names: list[str] = []

    def opened(path: Path, **limit: int | None) -> tuple[np.ndarray, str]:
        names.append(path.name)
        return opened_rgb(path, **limit)

    monkeypatch.setattr(scanning, "opened_rgb", opened)
    return names


def test_a_second_scan_finds_the_same_and_decodes_nothing_that_is_whole(
    tmp_path: Path, decoded: list[str]
) -> None:
    folder, file = tmp_path / "photos", tmp_path / "cache" / "scan.json"
    for number, name in enumerate(["a.png", "b.png", "sub/c.png"]):
        write(folder / name, number % 2)
    Image.fromarray(photo()).convert("L").save(folder / "grey.png")
    (folder / "bad.png").write_bytes(b"no picture")
    first = remembered(folder, file)
    decoded.clear()
    assert remembered(folder, file) == first == scanned(folder)
    assert decoded[0] == "bad.png"
    assert remembered(folder, file, smallest=25).count("tiny") == 4


def test_a_file_that_has_changed_is_decoded_again(tmp_path: Path, decoded: list[str]) -> None:
    folder, file = tmp_path / "photos", tmp_path / "scan.json"
    for number in range(3):
        write(folder / f"{number}.png", number)
    remembered(folder, file)
    write(folder / "1.png", 7, width=44)
    (folder / "2.png").write_bytes(b"cut")
    decoded.clear()
    found = remembered(folder, file)
    assert sorted(decoded) == ["1.png", "2.png"]
    assert [(each.path.name, each.width) for each in found.pictures] == [
        ("0.png", 30),
        ("1.png", 44),
    ]
    assert kinds(found) == [("2.png", "corrupt")]


@pytest.mark.parametrize(
    "text", ["", "{", '{"version": 1, "seen": {"a": 3}}', '{"version": 0, "seen": {}}']
)
def test_a_damaged_memory_counts_as_none(tmp_path: Path, text: str) -> None:
    write(tmp_path / "photos" / "a.png")
    (tmp_path / "scan.json").write_text(text)
    found = remembered(tmp_path / "photos", tmp_path / "scan.json")
    assert found == scanned(tmp_path / "photos")
    assert ScanMemory(tmp_path / "scan.json").get(
        tmp_path / "photos" / "a.png", (tmp_path / "photos" / "a.png").stat()
    )


def test_a_memory_that_cannot_be_kept_stops_nothing(tmp_path: Path) -> None:
    write(tmp_path / "photos" / "a.png")
    (tmp_path / "file").write_bytes(b"")
    found = remembered(tmp_path / "photos", tmp_path / "file" / "scan.json")
    assert len(found.pictures) == 1


def test_a_scan_that_is_cancelled_remembers_what_it_has_seen(
    tmp_path: Path, decoded: list[str]
) -> None:
    folder, file = tmp_path / "photos", tmp_path / "scan.json"
    for number in range(9):
        write(folder / f"{number}.png", number)
    steps = scan(folder, CancelToken(), threads=1, memory=ScanMemory(file))
    next(steps)
    steps.close()
    decoded.clear()
    remembered(folder, file)
    assert 0 < len(decoded) < 9


def test_a_larger_limit_of_pixels_does_not_outlive_its_scan(tmp_path: Path) -> None:
    folder, file = tmp_path / "photos", tmp_path / "scan.json"
    write(folder / "a.png", height=40, width=40)
    remembered(folder, file)
    assert kinds(remembered(folder, file, pixel_limit=1000)) == [("a.png", "too-large")]


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="is no folder"):
        scanned(tmp_path / "nothing")


@pytest.mark.skipif(not hasattr(os, "symlink") or sys.platform == "win32", reason="links")
def test_a_link_back_to_the_folder_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(picture_files(tmp_path)) == 1
