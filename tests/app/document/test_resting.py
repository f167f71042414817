"""A document at rest takes no memory, can be read as before, and loses nothing when it wakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.document import Document
from app.document.recovery import take_snapshot
from app.document.tiles import is_mapped
from engine.pictures import Picture
from engine.types import Box

if TYPE_CHECKING:
    from pathlib import Path

BOX = Box(10, 20, 90, 300)


@pytest.fixture
def worked_on() -> Document:
    """A document with a result, marks, a mask that was cleared, and something undone."""
    rng = np.random.default_rng(3)
    document = Document.new(Picture(rng.integers(0, 65536, (400, 500, 3), np.uint16)))
    with document.edit("Stroke"), document.touch("mask", BOX) as view:
        view[...] = 255
    with document.edit("Fill", "result"), document.touch("image", BOX) as view:
        view[...] = rng.integers(0, 65536, view.shape)
    with document.edit("Clear", "mask"):
        document.clear_mask()
    with document.edit("Marks"), document.touch("source", BOX) as view:
        view[...] = 1
    with document.edit("Second fill", "result"), document.touch("image", BOX) as view:
        view[...] = 7
    document.undo()
    return document


def lay_down(document: Document, folder: Path) -> None:
    assert document.exchange(document.contents().laid_down(folder))


def history_of(document: Document) -> list[np.ndarray]:
    """Image and mask at every step, from the last back to the first."""
    while document.redo():
        pass
    seen = [document.image.copy(), document.mask.copy()]
    while document.undo():
        seen += [document.image.copy(), document.mask.copy()]
    return [np.array(array) for array in seen]


def test_at_rest_nothing_stays_in_memory(worked_on: Document, tmp_path: Path) -> None:
    assert worked_on.contents().nbytes > 400 * 500 * 7
    lay_down(worked_on, tmp_path)
    assert worked_on.is_resting
    assert worked_on.contents().nbytes == 0
    assert list(tmp_path.iterdir()) == []


def test_at_rest_it_reads_as_before(worked_on: Document, tmp_path: Path) -> None:
    image, mask = worked_on.image.copy(), worked_on.mask.copy()
    original, tiles = worked_on.original(worked_on.box), take_snapshot(worked_on).tiles
    lay_down(worked_on, tmp_path)
    np.testing.assert_array_equal(worked_on.image, image)
    np.testing.assert_array_equal(worked_on.mask, mask)
    np.testing.assert_array_equal(worked_on.original(worked_on.box), original)
    again = take_snapshot(worked_on).tiles
    assert again.keys() == tiles.keys()
    for key, tile in tiles.items():
        np.testing.assert_array_equal(again[key].unpacked(), tile.unpacked())


def test_every_step_survives_a_rest(worked_on: Document, tmp_path: Path) -> None:
    twin = history_of(worked_on)
    while worked_on.redo():
        pass
    lay_down(worked_on, tmp_path)
    assert worked_on.exchange(worked_on.contents().picked_up())
    assert not worked_on.is_resting
    for one, other in zip(history_of(worked_on), twin, strict=True):
        np.testing.assert_array_equal(one, other)


def test_after_waking_it_can_be_painted_on_again(worked_on: Document, tmp_path: Path) -> None:
    lay_down(worked_on, tmp_path)
    worked_on.exchange(worked_on.contents().picked_up())
    with worked_on.edit("Stroke"), worked_on.touch("image", BOX) as view:
        view[...] = 9
    assert (worked_on.image[BOX.slices] == 9).all()
    worked_on.undo()
    assert not (worked_on.image[BOX.slices] == 9).all()


def test_nothing_at_rest_can_be_written_into(worked_on: Document, tmp_path: Path) -> None:
    lay_down(worked_on, tmp_path)
    with (
        pytest.raises(ValueError, match="read-only"),
        worked_on.edit("Stroke"),
        worked_on.touch("mask", BOX) as view,
    ):
        view[...] = 255


def test_what_was_laid_down_is_not_used_if_the_document_changed_meanwhile(
    worked_on: Document, tmp_path: Path
) -> None:
    old = worked_on.contents().laid_down(tmp_path)
    with worked_on.edit("Stroke"), worked_on.touch("mask", BOX) as view:
        view[...] = 200
    assert not worked_on.exchange(old)
    assert not worked_on.is_resting
    assert (worked_on.mask[BOX.slices] == 200).all()


def test_an_open_edit_keeps_it_awake(worked_on: Document, tmp_path: Path) -> None:
    contents = worked_on.contents().laid_down(tmp_path)
    worked_on.begin("Stroke")
    assert not worked_on.exchange(contents)


def test_a_disk_that_refuses_leaves_it_as_it_was(worked_on: Document, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        worked_on.contents().laid_down(tmp_path / "file")
    assert not worked_on.is_resting


def test_a_tile_that_two_hold_is_written_once(worked_on: Document, tmp_path: Path) -> None:
    arrays = worked_on.contents().arrays
    assert len({id(array) for array in arrays}) == len(arrays)
    lay_down(worked_on, tmp_path)
    assert all(is_mapped(array) for array in worked_on.contents().arrays)
