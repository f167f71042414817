"""The rule by which a backend is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.auto import HAIRLINE, choose

if TYPE_CHECKING:
    from engine.types import MaskBool


def line(width: int) -> MaskBool:
    hole = np.zeros((200, 200), bool)
    hole[50 : 50 + width, 20:180] = True
    return hole


def test_hairlines_are_continued_smoothly() -> None:
    assert choose(line(HAIRLINE)).backend == "navier-stokes"


def test_anything_wider_is_filled_with_copies() -> None:
    assert choose(line(HAIRLINE + 2)).backend == "patchmatch"


def test_one_wide_hole_decides_for_all() -> None:
    assert choose(line(1) | np.rot90(line(40))).backend == "patchmatch"


def test_a_painted_source_needs_the_backend_that_obeys_it() -> None:
    forbidden = np.zeros((200, 200), bool)
    forbidden[0, 0] = True
    choice = choose(line(1), forbidden)
    assert choice.backend == "patchmatch"
    assert "you said where" in choice.reason


def test_a_source_mask_without_a_mark_changes_nothing() -> None:
    assert choose(line(1), np.zeros((200, 200), bool)).backend == "navier-stokes"


@pytest.mark.parametrize("width", [1, 3, 40])
def test_the_reason_is_one_sentence_that_names_the_width(width: int) -> None:
    reason = choose(line(width)).reason
    assert "pixels" in reason
    assert "\n" not in reason
