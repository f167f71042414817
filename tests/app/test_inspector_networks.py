"""Looking behind a network: several sources at each level, maps over the hole, and its stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QSlider

from app.document.resting import laid_down
from app.panels.inspect import InspectPanel
from app.panels.legend import Legend
from app.session import inspect_words, sheets
from app.session.inspect_words import COMPOSITE, RESULT
from app.session.qimages import pixels_of
from engine import registry
from engine.filling import Patch
from engine.provenance import Stage, Trace, placed
from engine.types import Box
from tests.app.canvas.events import Hand
from tests.app.tiny_models import put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from app.session.results import Result
    from engine.types import Pixels
    from tests.app.conftest import Desk


@pytest.fixture(autouse=True)
def forget_networks() -> Iterator[None]:
    yield
    registry._networks.clear()


@pytest.fixture
def inspecting(desk: Desk, photo: Path, weight_folder: Path) -> Desk:
    """A desk with a masked picture; runs are traced. Weights are made as they are needed."""
    desk.open(photo)
    assert desk.window.workspace is not None
    desk.window.workspace.column.sections["inspect"].set_unfolded(True)
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_I)
    desk.session.restore_detail(False)
    desk.paint((50, 60), (70, 60))
    return desk


def fill(desk: Desk, folder: Path, backend: str) -> Result:
    """Run a network with seeded weights."""
    put(folder, f"{backend}.safetensors", registry.get(backend))
    desk.run(backend)
    result = desk.session.runs.shelf.current
    assert result is not None
    return result


def panel(desk: Desk) -> InspectPanel:
    found = desk.window.findChild(InspectPanel)
    assert found is not None
    return found


def words(desk: Desk) -> str:
    return " | ".join(
        label.text() for label in panel(desk).findChildren(QLabel) if label.isVisible()
    )


def choice(desk: Desk, name: str) -> QComboBox:
    boxes = panel(desk).findChildren(QComboBox)
    return next(box for box in boxes if box.accessibleName() == name)


def choose(desk: Desk, name: str, steps: int) -> None:
    """Go down a choice with the keyboard."""
    box = choice(desk, name)
    box.setFocus()
    for _ in range(steps):
        desk.key(Qt.Key.Key_Down)


def slider(desk: Desk) -> QSlider:
    (found,) = panel(desk).findChildren(QSlider)
    return found


def point(desk: Desk, x: float, y: float) -> None:
    at = desk.at(x, y)
    Hand(desk.canvas).move(at.x(), at.y())


def seen(desk: Desk) -> Pixels:
    """The canvas as it is painted, without the cursor."""
    desk.canvas.hover(None)
    return pixels_of(desk.canvas.grab().toImage())


def at_pixel(desk: Desk, shot: Pixels, x: float, y: float) -> tuple[int, ...]:
    place = desk.at(x, y)
    return tuple(shot[place.y(), place.x(), :3].tolist())


def test_several_sources_of_attention_are_shown_with_their_strength(
    inspecting: Desk, weight_folder: Path
) -> None:
    fill(inspecting, weight_folder, "pepsi")
    point(inspecting, 60.5, 60.5)
    sources = inspecting.session.inspector.sources
    weights = [source.weight for source in sources]
    assert len(sources) > 1
    assert weights == sorted(weights, reverse=True)
    assert " % from x " in words(inspecting)
    assert f"then {inspect_words.percent(weights[1])}" in words(inspecting)
    drawn = inspecting.canvas._borrowed
    assert drawn is not None
    assert [weight for *_, weight in drawn.sources] == weights
    assert drawn.cell == inspecting.session.inspector.level.cell  # type: ignore[union-attr]


def test_each_level_of_pennet_can_be_looked_at(inspecting: Desk, weight_folder: Path) -> None:
    fill(inspecting, weight_folder, "pennet")
    box = choice(inspecting, "Level")
    assert box.isVisible()
    names = [box.itemText(index) for index in range(box.count())]
    assert names == [f"Attention, {cell} px" for cell in (4, 8, 15, 30, 60)]
    point(inspecting, 60.5, 60.5)
    cells = []
    for _ in names:
        level = inspecting.session.inspector.level
        assert level is not None
        cells.append(round(level.cell))
        choose(inspecting, "Level", 1)
        point(inspecting, 60.5, 60.5)
    assert cells == [4, 8, 15, 30, 60]


def test_a_network_with_one_level_offers_no_choice(inspecting: Desk, weight_folder: Path) -> None:
    fill(inspecting, weight_folder, "pepsi")
    assert not choice(inspecting, "Level").isVisible()
    assert not choice(inspecting, "Map over the hole").isVisible()


def test_restored_detail_can_be_looked_behind_and_the_network_too(
    desk: Desk, tmp_path: Path, weight_folder: Path
) -> None:
    from PIL import Image

    pixels = np.random.default_rng(3).integers(0, 256, (700, 700, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "large.png")
    desk.open(tmp_path / "large.png")
    desk.session.inspector.use(True)
    desk.session.toolbox.set_size(200)
    desk.paint((300, 350), (400, 350))
    result = fill(desk, weight_folder, "pepsi")
    assert result.result.detail
    assert list(desk.session.inspector.levels) == ["copy.0", "attention.0"]
    point(desk, 350, 350)
    assert "Copied from" in desk.session.inspector.words
    desk.session.inspector.use_level("attention.0")
    assert " % from x" in desk.session.inspector.words


def test_certainty_and_gates_are_tinted_over_the_hole_alone(
    inspecting: Desk, weight_folder: Path
) -> None:
    fill(inspecting, weight_folder, "iconv-small")
    before = seen(inspecting)
    document = inspecting.document.image.copy()
    box = choice(inspecting, "Map over the hole")
    names = [box.itemText(index) for index in range(box.count())]
    assert names[:3] == ["Nothing", "Certainty", "Certainty at 1/2 size"]
    assert "Gate" in names
    legend = panel(inspecting).findChild(Legend)
    assert legend is not None
    assert not legend.isVisible()
    choose(inspecting, "Map over the hole", 1)
    after = seen(inspecting)
    assert legend.isVisible()
    assert at_pixel(inspecting, after, 60.5, 60.5) != at_pixel(inspecting, before, 60.5, 60.5)
    assert at_pixel(inspecting, after, 20.5, 20.5) == at_pixel(inspecting, before, 20.5, 20.5)
    np.testing.assert_array_equal(inspecting.document.image, document)
    point(inspecting, 60.5, 60.5)
    assert words(inspecting).startswith("Certainty ")
    choose(inspecting, "Map over the hole", names.index("Gate") - 1)
    point(inspecting, 60.5, 60.5)
    assert "The gate takes " in words(inspecting)
    inspecting.session.inspector.use_map("")
    np.testing.assert_array_equal(seen(inspecting), before)


def test_the_slider_goes_through_the_stages_and_changes_nothing(
    inspecting: Desk, weight_folder: Path
) -> None:
    result = fill(inspecting, weight_folder, "pennet")
    finished = seen(inspecting)
    document = inspecting.document.image.copy()
    steps = len(inspecting.document.steps[0])
    assert inspecting.session.inspector.stage == RESULT
    assert "Result" in words(inspecting)
    slider(inspecting).setFocus()
    names, shots = [], []
    for _ in range(slider(inspecting).maximum()):
        inspecting.key(Qt.Key.Key_Left)
        names.append(words(inspecting).rpartition(" | ")[2])
        shots.append(seen(inspecting))
    assert names == [
        "Its answer in the hole",
        "The network's answer",
        *(f"Pyramid at 1/{factor} size" for factor in (2, 4, 8, 16, 32)),
    ]
    assert not np.array_equal(shots[-1], finished)
    inspecting.key(Qt.Key.Key_End)
    np.testing.assert_array_equal(seen(inspecting), finished)
    np.testing.assert_array_equal(inspecting.document.image, document)
    assert len(inspecting.document.steps[0]) == steps
    assert result is inspecting.session.runs.shelf.current


def test_a_stage_is_not_shown_over_the_original(inspecting: Desk, weight_folder: Path) -> None:
    fill(inspecting, weight_folder, "pennet")
    inspecting.session.compare(True)
    original = seen(inspecting)
    inspecting.session.inspector.use_stage("pyramid.32")
    assert inspecting.canvas._sheets
    np.testing.assert_array_equal(seen(inspecting), original)


def test_another_result_is_shown_as_itself(inspecting: Desk, weight_folder: Path) -> None:
    fill(inspecting, weight_folder, "pepsi")
    inspecting.session.inspector.use_stage("coarse")
    assert inspecting.canvas._sheets
    inspecting.run("green")
    assert not inspecting.canvas._sheets
    assert not slider(inspecting).isVisible()
    inspecting.session.undo()
    assert inspecting.session.inspector.stage == RESULT
    assert slider(inspecting).isVisible()


def test_switched_off_nothing_lies_over_the_picture(inspecting: Desk, weight_folder: Path) -> None:
    fill(inspecting, weight_folder, "pepsi")
    inspecting.session.inspector.use_stage("coarse")
    inspecting.canvas.setFocus()
    inspecting.key(Qt.Key.Key_I)
    assert not inspecting.canvas._sheets
    assert not slider(inspecting).isVisible()


def test_all_that_is_behind_a_result_counts_as_memory_and_can_rest_on_disk(
    inspecting: Desk, weight_folder: Path, tmp_path: Path
) -> None:
    result = fill(inspecting, weight_folder, "iconv-small")
    (patch,) = result.result.patches
    assert patch.provenance is not None
    maps = sum(shown.nbytes for shown in patch.provenance.maps.values())
    before = result.nbytes
    assert before >= patch.pixels.nbytes + patch.hole.nbytes + maps
    (resting,) = laid_down((patch,), tmp_path)
    result.use_patches((resting,))
    assert result.nbytes == result.thumbnail.nbytes
    point(inspecting, 60.5, 60.5)
    assert words(inspecting).startswith("Certainty ")
    inspecting.session.inspector.use_map("gate")
    assert inspecting.canvas._sheets


def test_the_map_of_another_picture_is_shown_when_that_is(
    inspecting: Desk, weight_folder: Path, photo: Path
) -> None:
    fill(inspecting, weight_folder, "iconv-small")
    first = inspecting.session.pictures.current
    assert first is not None
    other = photo.with_name("other.png")
    other.write_bytes(photo.read_bytes())
    inspecting.open(other)
    inspecting.paint((30, 30), (50, 30))
    inspecting.run("iconv-small")
    inspecting.session.inspector.use_map("certainty")
    ((_, second_box),) = inspecting.canvas._sheets
    inspecting.session.pictures.show(first)
    inspecting.wait(lambda: inspecting.session.pictures.current is first)
    ((_, first_box),) = inspecting.canvas._sheets
    assert first_box != second_box


# --- sheets --------------------------------------------------------------------------------------


def patch(shown: npt.NDArray[np.float32] | None = None, *stages: Stage) -> Patch:
    """Of the right half of a hole of 8 x 4 at (20, 10) in a crop from (16, 8) to (32, 16)."""
    hole = np.zeros((4, 8), bool)
    hole[:, 4:] = True
    maps = {} if shown is None else {"gate": shown}
    provenance = placed((Trace((), maps, stages),), Box(16, 8, 32, 16), Box(20, 10, 28, 14))
    return Patch(Box(20, 10, 28, 14), np.zeros((4, 8, 3), np.uint8), hole, provenance)


def test_a_map_lies_where_its_cells_are() -> None:
    shown = np.zeros((8, 16), np.float32)
    shown[:, 8:] = 1
    sheet = sheets.of_map(patch(shown), "gate")
    assert sheet is not None
    assert sheet.box == Box(20, 10, 28, 14)
    assert sheet.pixels[:, :4, 3].max() == 0
    assert sheet.pixels[:, 4:, 3].min() == round(255 * sheets.OPACITY)
    dark, light = sheet.pixels[0, 3, :3].sum(), sheet.pixels[0, 4, :3].sum()
    assert dark < 200 < 400 < light


def test_cells_of_the_size_of_pixels_keep_their_values() -> None:
    shown = np.tile(np.arange(16, dtype=np.float32) / 15, (8, 1))
    part = sheets._part(shown, Box(16, 8, 32, 16), Box(20, 10, 28, 14), (4, 8))
    np.testing.assert_allclose(part, shown[2:6, 4:12], atol=1e-6)


def test_between_the_middles_of_larger_cells_values_are_interpolated() -> None:
    shown = np.tile(np.arange(16, dtype=np.float32), (8, 1))  # cells of 2 x 2 pixels
    part = sheets._part(shown, Box(16, 8, 48, 24), Box(20, 10, 36, 18), (8, 16))
    middles = (np.arange(20, 36) + 0.5 - 16) / 2 - 0.5
    np.testing.assert_allclose(part, np.tile(middles, (8, 1)), atol=0.04)


def test_a_stage_covers_the_crop_and_its_composite_the_hole() -> None:
    coarse = Stage("coarse", 1, np.full((8, 16, 3), 50, np.uint8))
    refined = Stage("refined", 1, np.full((8, 16, 3), 90, np.uint8))
    whole = sheets.of_stage(patch(None, coarse, refined), "coarse")
    assert whole is not None
    assert whole.box == Box(16, 8, 32, 16)
    assert (whole.pixels == (50, 50, 50, 255)).all()
    inside = sheets.of_stage(patch(None, coarse, refined), COMPOSITE)
    assert inside is not None
    assert (inside.pixels[:, 4:] == (90, 90, 90, 255)).all()
    assert (inside.pixels[:, :4, 3] == 0).all()


def test_a_patch_without_the_map_or_the_stage_has_no_sheet() -> None:
    assert sheets.of_map(patch(), "gate") is None
    assert sheets.of_stage(patch(), "coarse") is None


def test_a_large_hole_makes_a_small_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "LONGEST", 4)
    sheet = sheets.of_map(patch(np.zeros((8, 16), np.float32)), "gate")
    assert sheet is not None
    assert sheet.pixels.shape == (2, 4, 4)
