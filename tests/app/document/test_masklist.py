"""Several masks: each keeps what was painted, and every change is undone like a stroke."""

from __future__ import annotations

import numpy as np
import pytest

from app.document import Document, masklist
from engine.pictures import Picture
from engine.types import Box


@pytest.fixture
def document() -> Document:
    return Document.new(Picture(np.zeros((300, 600, 3), np.uint8)))


def paint(document: Document, box: Box, value: int = 255) -> None:
    with document.edit("Brush Stroke"), document.touch("mask", box) as mask:
        mask[...] = value


def names(document: Document) -> list[str]:
    return [mask.name for mask in document.belongings.masks]


def covered(document: Document) -> int:
    return int((document.mask > 0).sum())


def test_a_document_begins_with_one_mask(document: Document) -> None:
    assert names(document) == ["Mask 1"]


def test_each_mask_keeps_what_was_painted_on_it(document: Document) -> None:
    paint(document, Box(250, 250, 260, 260))
    masklist.add(document)
    assert covered(document) == 0
    paint(document, Box(500, 10, 520, 30), 200)
    masklist.switch(document, 0)
    assert covered(document) == 100
    masklist.switch(document, 1)
    assert covered(document) == 400
    assert document.mask[20, 510] == 200


def test_a_copy_goes_its_own_way(document: Document) -> None:
    paint(document, Box(0, 0, 10, 10))
    masklist.rename(document, 0, "Lamp 1")
    masklist.duplicate(document)
    assert names(document) == ["Lamp 1", "Lamp 2"]
    paint(document, Box(0, 0, 20, 20))
    masklist.switch(document, 0)
    assert covered(document) == 100


def test_a_new_mask_stands_behind_the_one_in_use(document: Document) -> None:
    masklist.add(document)
    masklist.switch(document, 0)
    masklist.add(document)
    assert names(document) == ["Mask 1", "Mask 3", "Mask 2"]
    assert document.belongings.current == 1


def test_a_deleted_mask_makes_room_for_the_one_before_it(document: Document) -> None:
    paint(document, Box(0, 0, 10, 10))
    masklist.add(document)
    paint(document, Box(0, 0, 20, 20))
    masklist.delete(document)
    assert names(document) == ["Mask 1"]
    assert covered(document) == 100


def test_deleting_the_first_takes_up_the_second(document: Document) -> None:
    masklist.add(document)
    paint(document, Box(0, 0, 20, 20))
    masklist.switch(document, 0)
    masklist.delete(document)
    assert names(document) == ["Mask 2"]
    assert covered(document) == 400


def test_deleting_the_only_mask_empties_it(document: Document) -> None:
    paint(document, Box(0, 0, 10, 10))
    masklist.delete(document)
    assert names(document) == ["Mask 1"]
    assert covered(document) == 0


def test_undo_and_redo_go_through_every_change(document: Document) -> None:
    paint(document, Box(250, 250, 260, 260))
    states = [(names(document), document.belongings.current, document.mask.copy())]
    for change in (
        masklist.add,
        lambda one: paint(one, Box(3, 3, 9, 9)),
        lambda one: masklist.rename(one, 1, "Sky"),
        masklist.duplicate,
        lambda one: masklist.switch(one, 0),
        masklist.delete,
        lambda one: masklist.switch(one, 1),
    ):
        change(document)
        states.append((names(document), document.belongings.current, document.mask.copy()))

    def assert_is(state: tuple[list[str], int, np.ndarray]) -> None:
        assert names(document) == state[0]
        assert document.belongings.current == state[1]
        np.testing.assert_array_equal(document.mask, state[2])

    for state in states[-2::-1]:
        document.undo()
        assert_is(state)
    for state in states[1:]:
        document.redo()
        assert_is(state)


def test_an_aborted_change_leaves_the_list(document: Document) -> None:
    before = document.belongings
    document.begin("Add Mask", "mask")
    document.put_belongings(type(before)())
    document.abort()
    assert document.belongings is before


@pytest.mark.parametrize("name", ["", "   ", "Mask 1"])
def test_a_name_that_is_none_or_as_before_leaves_no_step(document: Document, name: str) -> None:
    assert masklist.rename(document, 0, name) is None
    assert not document.can_undo


def test_names_are_one_line_of_reasonable_length(document: Document) -> None:
    masklist.rename(document, 0, "a\nb\t c" + "d" * 500)
    (name,) = names(document)
    assert name.startswith("a b cd")
    assert len(name) == masklist.LONGEST_NAME


def test_switching_to_the_mask_in_use_leaves_no_step(document: Document) -> None:
    assert masklist.switch(document, 0) is None
    assert not document.can_undo


def test_there_are_not_more_masks_than_a_list_can_show(
    document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masklist, "MOST", 2)
    assert masklist.add(document) is not None
    assert masklist.add(document) is None
    assert masklist.duplicate(document) is None
    assert len(names(document)) == 2


def test_switching_a_mask_leaves_the_picture_saved(document: Document) -> None:
    masklist.add(document)
    assert not document.dirty
