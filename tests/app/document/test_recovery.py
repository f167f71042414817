"""After a crash the work is there again, or a sentence says why not."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from app.document import Document, recovery
from app.document.recovery import (
    Recovery,
    find_recoveries,
    path_of,
    remove_recovery,
    restore,
    take_snapshot,
    write_recovery,
)
from engine.errors import PictureError
from engine.pictures import Picture, Source, open_picture, save_picture
from engine.types import Box

if TYPE_CHECKING:
    from pathlib import Path


def photo(channels: int = 3, dtype: type = np.uint8) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, np.iinfo(dtype).max + 1, (600, 700, channels), dtype)


def opened(path: Path, channels: int = 3, dtype: type = np.uint8) -> Document:
    save_picture(Picture(photo(channels, dtype)), path)
    return Document.new(open_picture(path))


def work_on(document: Document) -> None:
    with document.edit("Paint"), document.touch("mask", Box(100, 50, 400, 300)) as view:
        view[...] = 200
    with document.edit("Source"), document.touch("source", Box(500, 500, 600, 600)) as view:
        view[...] = 1
    with document.edit("Inpaint", "result"), document.touch("image", Box(90, 40, 410, 310)) as view:
        view[...] = view[::-1].copy()


@pytest.fixture(autouse=True)
def writers_are_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests write and find in one process; the killed child below is a real one."""
    monkeypatch.setattr(recovery, "_is_running", lambda facts: facts.pid != os.getpid())


def only(folder: Path) -> Recovery:
    found = find_recoveries(folder)
    assert found.notices == ()
    (one,) = found.found
    return one


def assert_same(restored: Document, document: Document) -> None:
    np.testing.assert_array_equal(restored.image, document.image)
    np.testing.assert_array_equal(restored.mask, document.mask)
    np.testing.assert_array_equal(restored.source, document.source)
    assert restored.mask_is_filled == document.mask_is_filled
    assert restored.path == document.path
    assert restored.dirty


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_image_mask_and_source_come_back(tmp_path: Path, channels: int, dtype: type) -> None:
    document = opened(tmp_path / "a.png", channels, dtype)
    work_on(document)
    write_recovery(take_snapshot(document), tmp_path / "state" / "recovery")

    found = only(tmp_path / "state" / "recovery")

    assert (found.name, found.path) == ("a.png", tmp_path / "a.png")
    assert_same(restore(found), document)


def test_a_mask_alone_comes_back(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    with document.edit("Paint"), document.touch("mask", Box(0, 0, 10, 10)) as view:
        view[...] = 255
    write_recovery(take_snapshot(document), tmp_path / "r")

    assert_same(restore(only(tmp_path / "r")), document)


def test_recovered_work_is_one_step_that_can_be_undone(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    write_recovery(take_snapshot(document), tmp_path / "r")

    restored = restore(only(tmp_path / "r"))
    restored.undo()

    np.testing.assert_array_equal(restored.image, photo())
    assert not restored.mask.any()
    assert restored.dirty


def test_a_snapshot_is_not_changed_by_later_strokes(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    snapshot = take_snapshot(document)
    image, mask = document.image.copy(), document.mask.copy()
    with document.edit("More"):
        for layer in ("image", "mask"):
            with document.touch(layer, document.box) as view:
                view[...] = 3
    write_recovery(snapshot, tmp_path / "r")

    restored = restore(only(tmp_path / "r"))

    np.testing.assert_array_equal(restored.image, image)
    np.testing.assert_array_equal(restored.mask, mask)


def test_only_tiles_that_differ_are_copied(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    document.undo()

    assert {key.layer for key in take_snapshot(document).tiles} == {"mask", "source"}


def test_a_second_writing_takes_the_place_of_the_first(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    first = write_recovery(take_snapshot(document), tmp_path / "r")
    with document.edit("More"), document.touch("mask", Box(600, 0, 650, 50)) as view:
        view[...] = 255
    second = write_recovery(take_snapshot(document), tmp_path / "r")

    assert first == second == path_of(document.key, tmp_path / "r")
    assert_same(restore(only(tmp_path / "r")), document)


def test_a_clean_close_leaves_nothing(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    write_recovery(take_snapshot(document), tmp_path / "r")
    remove_recovery(document.key, tmp_path / "r")
    remove_recovery(document.key, tmp_path / "r")

    assert find_recoveries(tmp_path / "r").found == ()
    assert list((tmp_path / "r").iterdir()) == []


def test_an_unnamed_picture_comes_back_whole(tmp_path: Path) -> None:
    document = Document.new(Picture(photo(4, np.uint16), Source(icc=b"profile", exif=b"block")))
    work_on(document)
    write_recovery(take_snapshot(document), tmp_path / "r")

    found = only(tmp_path / "r")
    restored = restore(found)

    assert found.name == "an unnamed picture"
    assert_same(restored, document)
    assert (restored.picture.source.icc, restored.picture.source.exif) == (b"profile", b"block")


def test_a_picture_that_changed_on_disk_while_open_comes_back_whole(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    save_picture(Picture(photo()[:100, :100]), tmp_path / "a.png")
    write_recovery(take_snapshot(document), tmp_path / "r")

    assert_same(restore(only(tmp_path / "r")), document)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_work_after_a_save_comes_back_onto_the_saved_file(tmp_path: Path, ending: str) -> None:
    document = opened(tmp_path / f"a.{ending}")
    work_on(document)
    document.mark_saved(save_picture(document.picture, tmp_path / f"b.{ending}"))
    document.undo()
    with document.edit("More"), document.touch("image", Box(600, 0, 650, 50)) as view:
        view[...] = 9
    snapshot = take_snapshot(document)
    write_recovery(snapshot, tmp_path / "r")

    assert not snapshot.has_whole_image
    assert_same(restore(only(tmp_path / "r")), document)


def test_work_after_a_save_that_lost_something_comes_back_whole(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png", 4, np.uint16)
    work_on(document)
    document.mark_saved(save_picture(document.picture, tmp_path / "b.jpg", allow_loss=True))
    write_recovery(take_snapshot(document), tmp_path / "r")

    assert_same(restore(only(tmp_path / "r")), document)


def test_a_copy_of_the_same_bytes_with_another_time_is_the_same_picture(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    write_recovery(take_snapshot(document), tmp_path / "r")
    os.utime(tmp_path / "a.png", (1, 1))

    assert_same(restore(only(tmp_path / "r")), document)


def test_a_picture_changed_after_the_crash_is_named_and_the_copy_kept(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    file = write_recovery(take_snapshot(document), tmp_path / "r")
    save_picture(Picture(255 - photo()), tmp_path / "a.png")

    with pytest.raises(PictureError, match=r"“a\.png”.*changed since.*copy is kept"):
        restore(only(tmp_path / "r"))
    assert file.exists()


def test_other_bytes_of_the_same_size_and_time_are_another_picture(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.bmp")
    status = (tmp_path / "a.bmp").stat()
    work_on(document)
    write_recovery(take_snapshot(document), tmp_path / "r")
    recovery._digest.cache_clear()
    save_picture(Picture(255 - photo()), tmp_path / "a.bmp")
    os.utime(tmp_path / "a.bmp", ns=(status.st_mtime_ns, status.st_mtime_ns))

    with pytest.raises(PictureError, match="changed since"):
        restore(only(tmp_path / "r"))


def test_a_recovery_written_on_another_host_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    write_recovery(take_snapshot(document), tmp_path / "r")
    monkeypatch.undo()
    monkeypatch.setattr(recovery.platform, "node", lambda: "renamed")

    assert len(find_recoveries(tmp_path / "r").found) == 1


def test_a_missing_picture_is_named_and_the_copy_kept(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    file = write_recovery(take_snapshot(document), tmp_path / "r")
    (tmp_path / "a.png").unlink()

    with pytest.raises(PictureError, match=r"“a\.png”.*missing.*copy is kept"):
        restore(only(tmp_path / "r"))
    assert file.exists()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_torn_file_is_set_aside_with_a_notice_once(tmp_path: Path, share: float) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    file = write_recovery(take_snapshot(document), tmp_path / "r")
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])

    found = find_recoveries(tmp_path / "r")

    assert found.found == ()
    assert len(found.notices) == 1
    assert "damaged" in found.notices[0]
    assert find_recoveries(tmp_path / "r").notices == ()


def test_garbage_and_foreign_files_never_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / f"a{recovery.SUFFIX}").write_bytes(b"PK\x03\x04 not really")
    (tmp_path / f"b{recovery.SUFFIX}").mkdir()
    np.savez(tmp_path / "c.npz", facts=np.frombuffer(b'{"version": 9}', np.uint8))
    (tmp_path / "c.npz").rename(tmp_path / f"c{recovery.SUFFIX}")
    np.savez(tmp_path / "d.npz", facts=np.array([{"evil": "pickle"}], object))
    (tmp_path / "d.npz").rename(tmp_path / f"d{recovery.SUFFIX}")
    (tmp_path / "letter.txt").write_text("hello")

    found = find_recoveries(tmp_path)

    assert found.found == ()
    assert len(found.notices) == 4
    assert (tmp_path / "letter.txt").exists()


def test_damage_behind_the_facts_is_a_sentence(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    file = write_recovery(take_snapshot(document), tmp_path / "r")
    one = only(tmp_path / "r")
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 0xFF
    file.write_bytes(data)

    with pytest.raises(PictureError, match="damaged"):
        restore(one)


def test_a_folder_that_does_not_exist_holds_nothing(tmp_path: Path) -> None:
    assert find_recoveries(tmp_path / "none") == recovery.Recoveries((), ())


def test_the_work_of_a_running_program_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    document = opened(tmp_path / "a.png")
    work_on(document)
    write_recovery(take_snapshot(document), tmp_path / "r")

    assert find_recoveries(tmp_path / "r").found == ()


def test_a_number_used_again_by_another_program_does_not_count_as_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = opened(tmp_path / "a.png")
    work_on(document)
    write_recovery(take_snapshot(document), tmp_path / "r")
    facts = only(tmp_path / "r").facts
    monkeypatch.undo()

    assert recovery._is_running(facts)
    assert not recovery._is_running(msgspec.structs.replace(facts, process_started=1.0))


def test_several_recoveries_come_newest_first(tmp_path: Path) -> None:
    names = ["a.png", "b.png", "c.png"]
    for name in names:
        document = opened(tmp_path / name)
        work_on(document)
        write_recovery(take_snapshot(document), tmp_path / "r")

    found = find_recoveries(tmp_path / "r").found

    assert [one.name for one in found] == names[::-1]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    (tmp_path / "file").touch()

    with pytest.raises(PictureError, match="could not be saved"):
        write_recovery(take_snapshot(document), tmp_path / "file" / "r")


def test_a_snapshot_can_be_taken_in_mid_stroke(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.png")
    document.begin("Brush stroke")
    with document.touch("mask", Box(0, 0, 50, 50)) as view:
        view[...] = 255
    snapshot = take_snapshot(document)
    document.abort()
    write_recovery(replace(snapshot), tmp_path / "r")

    assert restore(only(tmp_path / "r")).hole().sum() == 2500


CRASHING = textwrap.dedent("""
    import os, sys
    from pathlib import Path
    from app.document import Document
    from app.document.recovery import take_snapshot, write_recovery
    from engine.pictures import open_picture
    from engine.types import Box

    document = Document.new(open_picture(Path(sys.argv[1])))
    with document.edit("Paint"), document.touch("mask", Box(100, 50, 400, 300)) as view:
        view[...] = 255
    with document.edit("Inpaint", "result"), document.touch("image", Box(0, 0, 99, 99)) as view:
        view[...] = 77
    write_recovery(take_snapshot(document), Path(sys.argv[2]))
    print("written", flush=True)
    sys.stdin.read()
""")


def test_the_work_of_a_killed_program_is_found_and_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    save_picture(Picture(photo()), tmp_path / "a.png")
    child = subprocess.Popen(
        [sys.executable, "-c", CRASHING, str(tmp_path / "a.png"), str(tmp_path / "r")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"written\n"
    while_running = find_recoveries(tmp_path / "r").found
    child.kill()
    child.communicate()

    restored = restore(only(tmp_path / "r"))

    assert while_running == ()
    assert restored.hole().sum() == 300 * 250
    assert (restored.image[:99, :99] == 77).all()
    np.testing.assert_array_equal(restored.image[99:], photo()[99:])
    assert restored.dirty
