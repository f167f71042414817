"""A project of format 1 opens for ever: `tests/data/project-1.lacuna` must never be written anew.

It was written by Lacuna 0.1.0, in the first version of the format, with all that the format holds.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.document.project import Method, View, open_project
from engine.jobs import CancelToken, Job
from engine.recipe import Recipe
from engine.types import Box

if TYPE_CHECKING:
    from app.document.project import OpenedProject
    from engine.types import Pixels

SAMPLE = Path(__file__).parents[3] / "data" / "project-1.lacuna"

STEPS = (
    [
        *("Brush Stroke", "Inpaint (Telea)", "Rename Mask", "Add Mask", "Brush Stroke"),
        *("Source Stroke", "Move Keypoint"),
    ],
    ["Undone Stroke"],
)


def digest(pixels: Pixels) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


@pytest.fixture
def opened() -> OpenedProject:
    job = Job("", lambda token: open_project(SAMPLE, token))
    return job.run(CancelToken(), lambda _: None)


def test_the_sample_is_the_one_that_was_written_first() -> None:
    found = hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    assert found == "295db5301e5b87fcb2e62365d542c2a2682c55edc636fbafd89f2f2cb13ae20e"


def test_picture_mask_and_source_are_as_they_were(opened: OpenedProject) -> None:
    document = opened.document
    assert (document.width, document.height) == (70, 50)
    assert digest(document.image).startswith("4c3f98fe38000f95")
    assert digest(document.mask).startswith("6f0f85cf1f455ca7")
    assert digest(document.source).startswith("50175345c1004a7f")
    assert document.path is not None
    assert document.path.name == "slope.png"
    assert document.dirty


def test_masks_and_keypoints_are_as_they_were(opened: OpenedProject) -> None:
    belongings = opened.document.belongings
    assert [mask.name for mask in belongings.masks] == ["Lamp post", "Mask 1"]
    assert belongings.current == 1
    assert belongings.keypoints == tuple((10.5 * n, 5.25 * n) for n in range(7))


def test_undo_leads_back_to_the_picture_that_was_opened(opened: OpenedProject) -> None:
    document = opened.document
    assert document.steps == STEPS
    document.redo()
    assert document.mask[45, 65] == 255
    while document.can_undo:
        document.undo()
    rows, columns = np.mgrid[:50, :70]
    slope = np.dstack([rows * 5, columns * 3, (rows + columns) * 2]).astype(np.uint8)
    np.testing.assert_array_equal(document.image, slope)
    assert not document.mask.any()
    assert not document.source.any()
    assert [mask.name for mask in document.belongings.masks] == ["Mask 1"]
    assert not document.dirty


def test_results_view_and_method_are_as_they_were(opened: OpenedProject) -> None:
    (result,) = opened.results
    assert (result.number, result.label, result.is_kept) == (3, "Telea", True)
    assert result.result.recipe == Recipe(
        app_version="0.1.0", backend="telea", options={"radius": 5}, seed=7, soft=True
    )
    (patch,) = result.result.patches
    assert patch.box == Box(10, 10, 20, 20)
    assert (patch.pixels == (1, 2, 3)).all()
    assert int(patch.hole.sum()) == 72
    assert result.thumbnail.shape == (6, 8, 3)
    assert opened.current_result == 3
    assert opened.view == View(2.0, 35.0, 25.0)
    assert opened.method == Method("telea", {"radius": 5}, 7, detail=False)
