"""Project files that somebody else made, or that time has gnawed at: refused in one sentence."""

from __future__ import annotations

import json
import os
import struct
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.document import Document
from app.document.project import ProjectError, open_project, take_snapshot, write_project
from engine.errors import EngineError, PictureTooLargeError
from engine.jobs import CancelToken, Job
from engine.pictures import Picture, Source, open_picture, save_picture
from engine.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Manifest = dict[str, Any]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A sound project with its picture inside; the picture's own file is gone."""
    pixels = np.random.default_rng(3).integers(0, 255, (80, 90, 3), np.uint8)
    save_picture(Picture(pixels), tmp_path / "p.png")
    document = Document.new(open_picture(tmp_path / "p.png"))
    with document.edit("Stroke"), document.touch("mask", Box(5, 5, 30, 30)) as mask:
        mask[...] = 255
    with document.edit("Inpaint", "result"), document.touch("image", Box(5, 5, 30, 30)) as image:
        image[...] = 3
    snapshot = take_snapshot(document)
    path = tmp_path / "a.lacuna"
    job = Job("", lambda token: write_project(snapshot, path, token, embed=True))
    job.run(CancelToken(), lambda _: None)
    (tmp_path / "p.png").unlink()
    return path


def opened(path: Path, limit: int = 1_000_000) -> Document:
    job = Job("", lambda token: open_project(path, token, pixel_limit=limit))
    return job.run(CancelToken(), lambda _: None).document


def rewritten(
    path: Path, change: Callable[[Manifest], None] = lambda _: None, **members: bytes | None
) -> Path:
    """The project with another manifest, and other or (None) no members."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"])
    change(manifest)
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (parts | members).items():
            if data is not None:
                archive.writestr(name, data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ProjectError) as caught:
        opened(path)
    sentence = str(caught.value)
    assert path.name in sentence
    assert sentence.endswith(".")
    return sentence


def test_a_newer_format_is_refused_politely(project: Path) -> None:
    def newer(manifest: Manifest) -> None:
        manifest.update(version=2, picture="of a shape that nobody knows yet")

    assert "newer Lacuna (format 2" in refusal(rewritten(project, newer))


def test_unknown_fields_are_ignored(project: Path) -> None:
    before = opened(project)

    def add(manifest: Manifest) -> None:
        manifest["mood"] = {"a": 1}
        for place in (manifest["picture"], manifest["history"], manifest["history"]["done"][0]):
            place["later"] = [1]
        manifest["belongings"]["colours"] = "blue"

    np.testing.assert_array_equal(opened(rewritten(project, add)).image, before.image)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"{}" * 200])
def test_a_foreign_file_is_no_project(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.lacuna"
    path.write_bytes(data)
    with pytest.raises(EngineError, match=r"x\.lacuna"):
        opened(path)


def test_a_foreign_archive_is_no_project(tmp_path: Path) -> None:
    path = tmp_path / "x.lacuna"
    for name, text in (("word/document.xml", "<a/>"), ("manifest.json", '{"format": "x"}')):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, text)
        refusal(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", '{"format": "other", "version": 1}')
    assert "no project of Lacuna" in refusal(path)


def test_a_project_that_breaks_off_anywhere_is_refused(project: Path) -> None:
    data = project.read_bytes()
    for end in range(0, len(data), max(1, len(data) // 40)):
        project.write_bytes(data[:end])
        with pytest.raises(EngineError, match=r"a\.lacuna"):
            opened(project)


def test_a_flipped_byte_never_opens_as_something_else(project: Path) -> None:
    data, sound = project.read_bytes(), opened(project)
    rng = np.random.default_rng(5)
    for place in rng.integers(0, len(data), 150):
        broken = bytearray(data)
        broken[place] ^= 1 << int(rng.integers(8))
        project.write_bytes(broken)
        try:
            found = opened(project)
        except EngineError:
            continue
        np.testing.assert_array_equal(found.image, sound.image)
        np.testing.assert_array_equal(found.mask, sound.mask)


CHANGES: dict[str, Callable[[Manifest], None]] = {
    "a part that is missing": lambda m: m["mask"].update(part="nowhere"),
    "a tile twice": lambda m: m["mask"].update(places=[[0, 0], [0, 0]]),
    "a tile outside": lambda m: m["mask"].update(places=[[9, 9]]),
    "a tile before the picture": lambda m: m["mask"].update(places=[[-1, 0]]),
    "another size": lambda m: m["picture"].update(width=91),
    "another depth": lambda m: m["picture"].update(dtype="uint16"),
    "objects as pixels": lambda m: m["picture"].update(dtype="object"),
    "no pixels": lambda m: m["picture"].update(height=0),
    "a mask too few": lambda m: m["belongings"].update(masks=[7]),
    "a current mask that is none": lambda m: m["belongings"].update(current=3),
    "no masks": lambda m: m["belongings"].update(masks=[]),
    "keypoints of text": lambda m: m["belongings"].update(keypoints=[["a", "b"]]),
    "no picture": lambda m: m.pop("picture"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_manifest_that_makes_no_sense_is_refused(
    project: Path, change: Callable[[Manifest], None]
) -> None:
    assert "damaged" in refusal(rewritten(project, change))


def test_a_declared_size_beyond_the_limit_is_asked_about_before_anything_is_read(
    project: Path,
) -> None:
    with pytest.raises(PictureTooLargeError):
        opened(project, limit=80 * 90 - 1)


def test_a_bomb_is_refused_before_it_is_unpacked(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.memory.available_bytes", lambda: 1_000_000)
    rewritten(project, **{"masks/bomb": bytes(2_000_000)})
    assert project.stat().st_size < 100_000
    assert "memory" in refusal(project)


def test_a_part_that_lies_about_its_size_is_refused(project: Path) -> None:
    """The directory of the archive says 5 bytes where a megabyte would come out."""
    rewritten(project, lambda m: m["mask"].update(part="bomb"), bomb=bytes(1 << 20))
    data = project.read_bytes()
    project.write_bytes(data.replace(struct.pack("<I", 1 << 20), struct.pack("<I", 80 * 90)))
    assert "damaged" in refusal(project)


def test_a_project_with_very_many_parts_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.document.project.parts.MOST_MEMBERS", 3)
    assert "parts" in refusal(project)


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "C:\\evil.png", "..", ""])
def test_no_name_in_a_project_leads_out_of_its_folder(project: Path, name: str) -> None:
    before = sorted(project.parent.rglob("*"))

    def rename(manifest: Manifest) -> None:
        manifest["picture"].update(name=name, path=name)

    found = opened(rewritten(project, rename))
    assert found.path is not None
    assert found.path.parent == project.parent
    assert sorted(project.parent.rglob("*")) == before


def test_a_path_is_followed_only_to_the_very_picture(project: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    save_picture(Picture(np.full((80, 90, 3), 66, np.uint8)), secret)

    def point(manifest: Manifest) -> None:
        size = secret.stat().st_size
        manifest["picture"].update(path="secret.png", name="secret.png", part="", file_size=size)

    assert "put it beside the project" in refusal(rewritten(project, point))


def test_a_damaged_picture_inside_is_refused(project: Path) -> None:
    rewritten(project, **{"picture/original.png": b"\x89PNG\r\n\x1a\n broken"})
    with pytest.raises(EngineError, match="damaged"):
        opened(project)


def test_a_result_of_a_later_kind_is_left_out_with_a_notice(project: Path) -> None:
    def add(manifest: Manifest) -> None:
        manifest["results"] = [
            {
                "number": 1, "label": "X", "backend": "x", "recipe": {"version": 9, "backend": "x"},
                "patches": [], "thumbnail": "manifest.json", "thumbnail_size": [1, 1],
            }
        ]  # fmt: skip

    job = Job("", lambda token: open_project(rewritten(project, add), token))
    found = job.run(CancelToken(), lambda _: None)
    assert found.results == ()
    assert "1 result" in " ".join(found.notices)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
def test_a_pipe_is_no_project_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.lacuna")
    with pytest.raises(EngineError, match=r"x\.lacuna"):
        opened(tmp_path / "x.lacuna")


def test_a_missing_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"“x\.lacuna” does not exist"):
        opened(tmp_path / "x.lacuna")


def test_a_picture_that_is_no_file_may_have_no_blocks(tmp_path: Path) -> None:
    document = Document.new(Picture(np.zeros((20, 30, 4), np.uint16), Source(format="PNG")))
    snapshot, path = take_snapshot(document), tmp_path / "a.lacuna"
    job = Job("", lambda token: write_project(snapshot, path, token, embed=False))
    job.run(CancelToken(), lambda _: None)
    assert opened(path).picture.source.xmp is None


def test_a_picture_inside_that_is_larger_than_it_should_be_is_not_decoded(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_picture(Picture(np.zeros((300, 300, 3), np.uint8)), tmp_path / "big.png")
    rewritten(project, **{"picture/original.png": (tmp_path / "big.png").read_bytes()})
    monkeypatch.setattr("app.document.project.reading.open_picture", pytest.fail)
    assert "not the one" in refusal(project)
