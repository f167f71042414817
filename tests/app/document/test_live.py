"""A step that follows a slider: one undo step, whatever it went through."""

from __future__ import annotations

import numpy as np
import pytest

from app.document import Document
from app.document.live import LiveStep
from engine.pictures import Picture
from engine.types import Box


@pytest.fixture
def document() -> Document:
    document = Document.new(Picture(np.zeros((300, 400, 3), np.uint8)))
    paint(document, Box(10, 10, 60, 60))
    return document


def paint(document: Document, box: Box, value: int = 255) -> None:
    with document.edit("Paint"):
        write(document, box, value)


def write(document: Document, box: Box, value: int = 255) -> None:
    with document.touch("mask", box) as view:
        view[...] = value


def test_making_it_again_takes_back_what_it_was(document: Document) -> None:
    before = document.mask.copy()
    step = LiveStep(document)
    step.make("First", lambda document: write(document, Box(200, 0, 390, 290)))
    step.make("Second", lambda document: write(document, Box(300, 100, 310, 110)))
    expected = before.copy()
    expected[100:110, 300:310] = 255
    np.testing.assert_array_equal(document.mask, expected)
    assert document.steps == (["Paint", "Second"], [])
    document.undo()
    np.testing.assert_array_equal(document.mask, before)
    document.redo()
    np.testing.assert_array_equal(document.mask, expected)


def test_a_change_that_comes_to_nothing_leaves_no_step_and_can_be_made_again(
    document: Document,
) -> None:
    step = LiveStep(document)
    step.make("Some", lambda document: write(document, Box(0, 0, 5, 5)))
    step.make("None", lambda _: None)
    assert document.steps == (["Paint"], [])
    assert step.is_open
    step.make("Again", lambda document: write(document, Box(0, 0, 5, 5)))
    assert document.steps == (["Paint", "Again"], [])


@pytest.mark.parametrize("other", ["edit", "undo", "undo and redo", "edit and undo", "result"])
def test_anything_else_closes_it(document: Document, other: str) -> None:
    step = LiveStep(document)
    step.make("Live", lambda document: write(document, Box(100, 100, 110, 110)))
    assert step.is_open
    if "edit" in other:
        paint(document, Box(0, 0, 3, 3))
    if "undo" in other:
        document.undo()
    if "redo" in other:
        document.redo()
    if other == "result":
        with document.edit("Result without a pixel", "result"):
            pass
    assert not step.is_open
    steps = document.steps[0]
    step.make("New", lambda document: write(document, Box(200, 200, 210, 210)))
    assert document.steps == ([*steps, "New"], [])


def test_it_waits_while_another_edit_is_open(document: Document) -> None:
    step = LiveStep(document)
    document.begin("Stroke")
    assert not step.is_open
    document.abort()


def test_a_failed_change_leaves_the_document_as_it_was_before_the_step(document: Document) -> None:
    before = document.mask.copy()
    step = LiveStep(document)
    step.make("Live", lambda document: write(document, Box(100, 100, 110, 110)))

    def fail(document: Document) -> None:
        write(document, document.box)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        step.make("Broken", fail)
    np.testing.assert_array_equal(document.mask, before)
    assert document.steps == (["Paint"], [])
    step.make("Live", lambda document: write(document, Box(100, 100, 110, 110)))
    assert document.steps == (["Paint", "Live"], [])


def test_a_step_that_fills_a_filled_mask_anew_finds_it_filled_each_time(
    document: Document,
) -> None:
    with document.edit("Inpaint", "result"), document.touch("image", Box(0, 0, 9, 9)) as view:
        view[...] = 1
    step, found = LiveStep(document), []
    for _ in range(2):
        step.make(
            "Live",
            lambda document: (
                found.append(document.mask_is_filled) or write(document, Box(0, 0, 9, 9))
            ),
        )
    assert found == [True, True]


def test_reopening_needs_an_edit_that_is_not_open() -> None:
    document = Document.new(Picture(np.zeros((30, 40, 3), np.uint8)))
    with pytest.raises(RuntimeError, match="cannot reopen"):
        document.reopen("Nothing")
    paint(document, Box(0, 0, 9, 9))
    paint(document, Box(9, 9, 19, 19))
    document.undo()
    with pytest.raises(RuntimeError, match="cannot reopen"):
        document.reopen("Paint")
    document.redo()
    document.begin("Stroke")
    with pytest.raises(RuntimeError, match="cannot reopen"):
        document.reopen("Stroke")
