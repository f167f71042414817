"""Whatever goes wrong while saving, the file is the old one or the new one."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import textwrap
import time
from typing import IO, TYPE_CHECKING, Self

import numpy as np
import pytest

from engine.errors import PictureError
from engine.pictures import Picture, files, open_picture, save_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


def photo(seed: int = 0, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def everything_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


class FailingFile:
    """A file whose disk is full after so many bytes."""

    def __init__(self, file: IO[bytes], room: int) -> None:
        self._file, self._room = file, room

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def writelines(self, parts: list[bytes]) -> None:
        for part in parts:
            self._file.write(part[: self._room])
            self._room -= len(part)
            if self._room < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp", "bmp"])
@pytest.mark.parametrize("room", [0, 100, 900])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, room: int
) -> None:
    path = tmp_path / f"a.{ending}"
    save_picture(Picture(photo(0)), path)
    before = everything_in(tmp_path)
    fdopen = os.fdopen
    monkeypatch.setattr(files.os, "fdopen", lambda *args: FailingFile(fdopen(*args), room))

    with pytest.raises(PictureError, match=rf"a\.{ending}.*the disk is full.*another folder"):
        save_picture(Picture(photo(1)), path)

    assert everything_in(tmp_path) == before


@posix_only
def test_a_disk_that_refuses_only_at_the_end_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(Picture(photo(0)), tmp_path / "a.png")
    before = everything_in(tmp_path)

    def refuse(_: int) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(files.os, "fsync", refuse)

    with pytest.raises(PictureError, match="quota"):
        save_picture(Picture(photo(1)), tmp_path / "a.png")

    assert everything_in(tmp_path) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 KB, where the system lets us mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("no mount command")
    options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if subprocess.run([mount, *options], check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp", "bmp"])
def test_a_really_full_disk_leaves_the_old_file(small_disk: Path, ending: str) -> None:
    path = small_disk / f"a.{ending}"
    save_picture(Picture(photo(0, 32)), path)
    before = everything_in(small_disk)

    with pytest.raises(PictureError, match="the disk is full"):
        save_picture(Picture(photo(1, 1024)), path)

    assert everything_in(small_disk) == before


@posix_only
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write all")
def test_a_read_only_folder_is_named_so(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    folder.chmod(0o555)
    try:
        with pytest.raises(PictureError, match="may not be written"):
            save_picture(Picture(photo()), folder / "a.png")
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "may not be written to"),
        (errno.EROFS, "read-only"),
        (errno.ENOENT, "folder does not exist"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_each_refusal_of_the_system_becomes_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)

    with pytest.raises(PictureError, match=rf"“a\.png” could not be saved.*{words}"):
        save_picture(Picture(photo()), tmp_path / "a.png")


def test_a_folder_that_does_not_exist_is_named_so(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="its folder does not exist"):
        save_picture(Picture(photo()), tmp_path / "none" / "a.png")


def test_a_folder_with_the_name_of_the_file_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()

    with pytest.raises(PictureError, match="a folder has this name"):
        save_picture(Picture(photo()), tmp_path / "a.png")

    assert list((tmp_path / "a.png").iterdir()) == []


@pytest.mark.parametrize("name", ["a.gif", "a.xyz", "a", "a.", "png"])
def test_an_ending_that_is_not_written_is_refused_with_those_that_are(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(PictureError, match=r"use \.png, \.jpg, \.tif, \.webp or \.bmp"):
        save_picture(Picture(photo()), tmp_path / name)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.PNG", "a.JPeG", "a.TIFF", "a.jfif", "a.DIB"])
def test_endings_are_understood_in_any_case(tmp_path: Path, name: str) -> None:
    save_picture(Picture(photo()), tmp_path / name)

    assert open_picture(tmp_path / name).width == 64


@posix_only
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    save_picture(Picture(photo(0)), tmp_path / "real" / "a.png")
    (tmp_path / "b.png").symlink_to("link.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "real" / "a.png")

    save_picture(Picture(photo(1)), tmp_path / "b.png")

    assert (tmp_path / "b.png").is_symlink()
    assert (tmp_path / "link.png").is_symlink()
    np.testing.assert_array_equal(open_picture(tmp_path / "real" / "a.png").pixels, photo(1))


@posix_only
def test_a_link_back_to_itself_is_named_so(tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to("loop.png")

    with pytest.raises(PictureError, match="link that leads back to itself"):
        save_picture(Picture(photo()), tmp_path / "loop.png")

    assert (tmp_path / "loop.png").is_symlink()


@posix_only
def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")

    with pytest.raises(PictureError, match="pipe or a device"):
        save_picture(Picture(photo()), tmp_path / "pipe.png")

    assert (tmp_path / "pipe.png").is_fifo()


@posix_only
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_permissions_of_a_replaced_file_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.png"
    save_picture(Picture(photo(0)), path)
    path.chmod(mode)

    save_picture(Picture(photo(1)), path)

    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix_only
def test_a_new_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()

    save_picture(Picture(photo()), tmp_path / "a.png")

    usual = (tmp_path / "usual").stat().st_mode
    assert (tmp_path / "a.png").stat().st_mode == usual


def test_a_write_protected_file_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(Picture(photo(0)), tmp_path / "a.png")
    before = everything_in(tmp_path)
    monkeypatch.setattr(files.os, "access", lambda *_: False)

    with pytest.raises(PictureError, match=r"a\.png.*write-protected; choose another name"):
        save_picture(Picture(photo(1)), tmp_path / "a.png")

    assert everything_in(tmp_path) == before


def test_what_a_killed_program_left_is_removed_after_a_day_and_not_before(tmp_path: Path) -> None:
    old, new = tmp_path / ".lacuna-old.tmp", tmp_path / ".lacuna-new.tmp"
    for path in (old, new):
        path.write_bytes(b"half a picture")
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))

    save_picture(Picture(photo()), tmp_path / "a.png")

    assert not old.exists()
    assert new.exists()


def test_saving_tells_what_the_file_looks_like_now(tmp_path: Path) -> None:
    saved = save_picture(Picture(photo()), tmp_path / "a.tif")

    assert saved.source.path == tmp_path / "a.tif"
    assert saved.source.format == "TIFF"
    assert saved.source.fingerprint == open_picture(tmp_path / "a.tif").source.fingerprint


KILLER = textwrap.dedent("""
    import os, random, signal, sys, time
    from pathlib import Path
    import numpy as np
    from engine.pictures import Picture, open_picture, save_picture, writing

    path = Path(sys.argv[1])
    rng = np.random.default_rng(4)
    pictures = [Picture(rng.integers(0, 256, (400, 400, 3), np.uint8)) for _ in range(5)]

    # Encoding takes nearly all of the time and touches no file: done once, most kills hit writing.
    encode, kept = writing._encoded, {}
    def encoded_once(job, path):
        key = id(job.picture)
        if key not in kept:
            kept[key] = encode(job, path)
        return kept[key]
    writing._encoded = encoded_once
    for picture in pictures:
        save_picture(picture, path)

    chance = random.Random(4)
    for attempt in range(40):
        reading, counting = os.pipe()
        child = os.fork()
        if child == 0:
            for turn in range(1_000_000):
                save_picture(pictures[turn % 5], path)
                os.write(counting, b".")
            os._exit(1)
        os.close(counting)
        saved = len(os.read(reading, 1))
        start = time.monotonic()
        saved += len(os.read(reading, 1))
        one_save = time.monotonic() - start
        time.sleep(chance.uniform(0, 2) * one_save)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while more := os.read(reading, 4096):
            saved += len(more)
        os.close(reading)
        assert saved >= 2, "the child did not save"
        pixels = open_picture(path).pixels
        old, new = pictures[(saved - 1) % 5].pixels, pictures[saved % 5].pixels
        assert np.array_equal(pixels, old) or np.array_equal(pixels, new), "a mixture"
    print("whole")
""")
"""A child saves pictures in turn, counts them in a pipe and is killed at any moment of a save."""


@posix_only
@pytest.mark.parametrize("ending", ["png", "tif", "bmp"])
def test_killing_the_program_while_it_saves_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, ending: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(tmp_path / f"a.{ending}")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.stdout == "whole\n", done.stderr
