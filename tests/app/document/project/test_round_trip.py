"""What a project keeps comes back, and what it opens is the document as it was."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.document import Document, masklist
from app.document.document import SOURCE_NEVER
from app.document.project import (
    KeptResult,
    Method,
    ProjectError,
    View,
    open_project,
    take_snapshot,
    write_project,
)
from engine.jobs import CancelToken, Job
from engine.pictures import Picture, Source, open_picture, save_picture
from engine.pipeline import InpaintResult, Patch, Seconds
from engine.recipe import Recipe
from engine.types import Box

if TYPE_CHECKING:
    from pathlib import Path

    from app.document.project import OpenedProject, Snapshot
    from engine.types import Pixels

SIZE = (300, 400)
FACE = tuple((float(10 * n), 20.5 + n) for n in range(7))


def noise(channels: int = 3, dtype: str = "uint8") -> Pixels:
    most = np.iinfo(dtype).max
    return np.random.default_rng(4).integers(0, most, (*SIZE, channels), dtype, endpoint=True)


def write(snapshot: Snapshot, path: Path, *, embed: bool = True) -> None:
    steps = lambda token: write_project(snapshot, path, token, embed=embed)  # noqa: E731
    Job("", steps).run(CancelToken(), lambda _: None)


def opened(path: Path) -> OpenedProject:
    return Job("", lambda token: open_project(path, token)).run(CancelToken(), lambda _: None)


def paint(document: Document, box: Box, value: int = 255, label: str = "Brush Stroke") -> None:
    with document.edit(label), document.touch("mask", box) as mask:
        mask[...] = value


def fill(document: Document, box: Box, value: int) -> None:
    with document.edit("Inpaint (Test)", "result"), document.touch("image", box) as image:
        image[...] = value


@pytest.fixture
def document(tmp_path: Path) -> Document:
    """A photograph with two masks, a fill, marked sources and an undone step."""
    (tmp_path / "photos").mkdir()
    path = tmp_path / "photos" / "photo.png"
    save_picture(Picture(noise()), path)
    document = Document.new(open_picture(path))
    paint(document, Box(250, 250, 270, 262))
    fill(document, Box(250, 250, 270, 262), 9)
    masklist.add(document)
    masklist.rename(document, 1, "Lamp post")
    paint(document, Box(10, 20, 30, 40), 200)
    with document.edit("Source"), document.touch("source", Box(0, 0, 50, 60)) as source:
        source[...] = SOURCE_NEVER
    fill(document, Box(10, 20, 30, 40), 77)
    paint(document, Box(100, 0, 120, 30), label="Undone Stroke")
    document.undo()
    return document


def assert_same(one: Document, other: Document) -> None:
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.mask, other.mask)
    np.testing.assert_array_equal(one.source, other.source)
    for of_one, of_other in zip(one.belongings.masks, other.belongings.masks, strict=True):
        assert of_one.name == of_other.name
        assert of_one.tiles.keys() == of_other.tiles.keys()
    assert one.belongings.current == other.belongings.current
    assert one.belongings.keypoints == other.belongings.keypoints
    assert one.steps == other.steps
    assert one.dirty == other.dirty
    assert one.mask_is_filled == other.mask_is_filled
    np.testing.assert_array_equal(one.original(one.box), other.original(other.box))


@pytest.mark.parametrize("embed", [True, False], ids=["embedded", "by reference"])
def test_a_document_comes_back(tmp_path: Path, document: Document, embed: bool) -> None:
    write(take_snapshot(document), tmp_path / "a.lacuna", embed=embed)
    found = opened(tmp_path / "a.lacuna")
    assert_same(found.document, document)
    assert found.document.path == document.path
    assert found.is_embedded == embed


def test_undo_and_redo_go_on_where_they_were(tmp_path: Path, document: Document) -> None:
    write(take_snapshot(document), tmp_path / "a.lacuna")
    found = opened(tmp_path / "a.lacuna").document
    for each in (document, found):
        each.redo()
    assert_same(found, document)
    while document.can_undo:
        for each in (document, found):
            each.undo()
        assert_same(found, document)
    np.testing.assert_array_equal(found.image, noise())
    while document.can_redo:
        for each in (document, found):
            each.redo()
        assert_same(found, document)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_kind_of_picture_comes_back(tmp_path: Path, channels: int, dtype: str) -> None:
    save_picture(Picture(noise(channels, dtype)), tmp_path / "p.tif")
    document = Document.new(open_picture(tmp_path / "p.tif"))
    fill(document, Box(200, 200, 399, 299), 3)
    write(take_snapshot(document), tmp_path / "a.lacuna")
    (tmp_path / "p.tif").unlink()
    assert_same(opened(tmp_path / "a.lacuna").document, document)


def test_a_picture_that_is_no_file_is_kept_with_its_metadata(tmp_path: Path) -> None:
    source = Source(format="PNG", icc=b"profile", xmp=b"<x/>", dpi=(72.0, 72.0))
    document = Document.new(Picture(noise(), source))
    fill(document, Box(0, 0, 20, 20), 3)
    write(take_snapshot(document), tmp_path / "a.lacuna", embed=False)
    found = opened(tmp_path / "a.lacuna").document
    assert_same(found, document)
    assert found.path is None
    assert (found.picture.source.icc, found.picture.source.xmp) == (b"profile", b"<x/>")
    assert found.picture.source.dpi == (72.0, 72.0)


def test_a_picture_that_was_saved_meanwhile_is_still_compared_with_its_original(
    tmp_path: Path, document: Document
) -> None:
    written = save_picture(document.picture, tmp_path / "photos" / "saved.png")
    document.mark_saved(written)
    write(take_snapshot(document), tmp_path / "a.lacuna", embed=False)
    found = opened(tmp_path / "a.lacuna").document
    assert_same(found, document)
    assert not found.dirty
    np.testing.assert_array_equal(found.original(found.box), noise())


def test_a_picture_whose_file_has_changed_is_kept_whole(tmp_path: Path, document: Document) -> None:
    assert document.path is not None
    document.path.write_bytes(b"another one")
    write(take_snapshot(document), tmp_path / "a.lacuna", embed=False)
    found = opened(tmp_path / "a.lacuna").document
    assert_same(found, document)


def test_a_picture_that_moved_beside_the_project_is_found(
    tmp_path: Path, document: Document
) -> None:
    write(take_snapshot(document), tmp_path / "a.lacuna", embed=False)
    assert document.path is not None
    document.path.rename(tmp_path / "photo.png")
    found = opened(tmp_path / "a.lacuna").document
    assert found.path == tmp_path / "photo.png"
    assert_same(found, document)


def test_project_and_picture_move_together(tmp_path: Path, document: Document) -> None:
    write(take_snapshot(document), tmp_path / "photos" / "a.lacuna", embed=False)
    shutil.move(tmp_path / "photos", tmp_path / "elsewhere")
    found = opened(tmp_path / "elsewhere" / "a.lacuna").document
    assert found.path == tmp_path / "elsewhere" / "photo.png"
    assert_same(found, document)


@pytest.mark.parametrize("change", ["missing", "another"])
def test_a_missing_picture_is_named_with_what_to_do(
    tmp_path: Path, document: Document, change: str
) -> None:
    write(take_snapshot(document), tmp_path / "a.lacuna", embed=False)
    assert document.path is not None
    data = bytearray(document.path.read_bytes())
    document.path.unlink()
    if change == "another":
        data[-20] ^= 1
        document.path.write_bytes(data)
    with pytest.raises(ProjectError, match=r"“photo\.png”.*put it beside the project"):
        opened(tmp_path / "a.lacuna")


def test_an_embedded_picture_outlives_its_file_and_saving_again(
    tmp_path: Path, document: Document
) -> None:
    path = tmp_path / "a.lacuna"
    write(take_snapshot(document), path)
    assert document.path is not None
    bytes_of_file = document.path.read_bytes()
    document.path.unlink()
    for _ in range(2):
        found = opened(path)
        assert_same(found.document, document)
        assert found.carried == path
        write(take_snapshot(found.document, carried=found.carried), path, embed=False)
    assert bytes_of_file in path.read_bytes()


def made(recipe: Recipe, box: Box) -> InpaintResult:
    hole = np.zeros((box.height, box.width), bool)
    hole[1:-1, 2:] = True
    pixels = np.random.default_rng(1).integers(0, 255, (*hole.shape, 3), np.uint8)
    seconds = Seconds(0.5, 1.5, 2.0)
    patches = (Patch(box, pixels, hole),)
    return InpaintResult(
        patches, "telea", "because", "cpu", "less memory", seconds, recipe, 0.25, 1, detail=True
    )


def test_results_view_and_method_come_back(tmp_path: Path, document: Document) -> None:
    recipe = Recipe(backend="telea", options={"radius": 5}, seed=3, keypoints=FACE)
    thumbnail = np.random.default_rng(2).integers(0, 255, (30, 40, 3), np.uint8)
    results = tuple(
        KeptResult(number, f"Telea {number}", made(recipe, Box(10, 20, 37, 41)), thumbnail, kept)
        for number, kept in ((1, False), (4, True))
    )
    view, method = View(1.5, 12.25, 30.0), Method("telea", {"radius": 7}, 11, False, ("grain",))
    snapshot = take_snapshot(document, results=results, current_result=4, view=view, method=method)
    write(snapshot, tmp_path / "a.lacuna")
    found = opened(tmp_path / "a.lacuna")
    assert (found.view, found.method, found.current_result) == (view, method, 4)
    for one, other in zip(found.results, results, strict=True):
        assert (one.number, one.label, one.is_kept) == (other.number, other.label, other.is_kept)
        assert one.result.recipe == recipe
        assert one.result.seconds == other.result.seconds
        assert (one.result.fallback, one.result.detail) == ("less memory", True)
        np.testing.assert_array_equal(one.thumbnail, thumbnail)
        for patch, original in zip(one.result.patches, other.result.patches, strict=True):
            assert patch.box == original.box
            np.testing.assert_array_equal(patch.pixels, original.pixels)
            np.testing.assert_array_equal(patch.hole, original.hole)


def test_keypoints_come_back_and_their_move_is_undone(tmp_path: Path, document: Document) -> None:
    from dataclasses import replace

    with document.edit("Move Keypoint", "mask"):
        document.put_belongings(replace(document.belongings, keypoints=FACE))
    write(take_snapshot(document), tmp_path / "a.lacuna")
    found = opened(tmp_path / "a.lacuna").document
    assert found.belongings.keypoints == FACE
    found.undo()
    assert found.belongings.keypoints == ()


def test_old_steps_beyond_the_budget_leave_their_names(
    tmp_path: Path, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json
    import zipfile

    monkeypatch.setattr("app.document.project.snapshot.HISTORY_BYTES", 1 << 20)
    write(take_snapshot(document), tmp_path / "a.lacuna")
    found = opened(tmp_path / "a.lacuna").document
    assert found.steps[0] == document.steps[0][-len(found.steps[0]) :]
    assert 0 < len(found.steps[0]) < len(document.steps[0])
    assert found.mask_is_filled
    with zipfile.ZipFile(tmp_path / "a.lacuna") as archive:
        older = json.loads(archive.read("manifest.json"))["history"]["older"]
    assert older + found.steps[0] == document.steps[0]


def test_a_cancelled_save_leaves_the_old_project(tmp_path: Path, document: Document) -> None:
    from engine.errors import Cancelled

    path = tmp_path / "a.lacuna"
    write(take_snapshot(document), path)
    before = path.read_bytes()
    token = CancelToken()
    steps = write_project(take_snapshot(document), path, token, embed=True)
    next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        for _ in steps:
            pass
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.lacuna", "photos"]
