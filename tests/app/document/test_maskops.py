"""Whole-mask operations, one undo step each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.document import Document, maskops
from engine.types import Box
from tests.app.document.holes import disc, document_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document import Edit


def test_inverting_twice_gives_the_mask_back() -> None:
    document = document_with(disc(100, 100, 30))
    before = document.mask.copy()
    maskops.invert(document)
    np.testing.assert_array_equal(document.hole(), ~disc(100, 100, 30))
    maskops.invert(document)

    np.testing.assert_array_equal(document.mask, before)


def test_clear_and_reselect() -> None:
    document = document_with(disc(100, 100, 30))
    maskops.clear(document)
    assert not document.mask.any()
    maskops.reselect(document)

    np.testing.assert_array_equal(document.hole(), disc(100, 100, 30))


def test_reselecting_without_a_last_mask_does_nothing() -> None:
    document = document_with()

    assert maskops.reselect(document) is None


def test_replacing_puts_exactly_the_new_mask() -> None:
    document = document_with(disc(100, 100, 30))
    maskops.replace(document, disc(200, 300, 20), "Open mask")

    np.testing.assert_array_equal(document.hole(), disc(200, 300, 20))
    assert document.undo_label == "Open mask"
    maskops.reselect(document)
    np.testing.assert_array_equal(document.hole(), disc(100, 100, 30))


@pytest.mark.parametrize(
    "operation",
    [
        maskops.invert,
        maskops.clear,
        lambda document: maskops.replace(document, disc(10, 10, 5), "Open mask"),
    ],
)
def test_each_operation_is_one_undo_step(operation: Callable[[Document], Edit | None]) -> None:
    document = document_with(disc(150, 200, 40))
    before = document.mask.copy()

    operation(document)
    after = document.mask.copy()

    assert not np.array_equal(after, before)
    document.undo()
    np.testing.assert_array_equal(document.mask, before)
    document.redo()
    np.testing.assert_array_equal(document.mask, after)


def test_bounds_are_tight() -> None:
    document = document_with(disc(100, 120, 30))

    assert maskops.filled_bounds(document) == Box(90, 70, 151, 131)
    assert maskops.filled_bounds(document_with()) is None
