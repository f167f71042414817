"""Smart select: which object it finds, and what it writes."""

from __future__ import annotations

import numpy as np
import pytest

from app.document import Document
from app.tools import AreaSettings, Pointer, SmartSelect
from app.tools.objects import Scribble, object_under
from engine.errors import Cancelled
from engine.jobs import CancelToken, finish
from engine.pictures import Picture

HEIGHT, WIDTH = 240, 320


def ellipse(x: float, y: float, across: float, down: float) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    return ((columns - x) / across) ** 2 + ((rows - y) / down) ** 2 <= 1


BALL, BESIDE = ellipse(110, 120, 50, 40), ellipse(230, 120, 30, 40)


def scene(*objects: np.ndarray) -> np.ndarray:
    """Orange objects on a blue ground, both noisy: (H, W, 3) uint8."""
    rng = np.random.default_rng(3)
    pixels = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    pixels[...] = (40, 70, 130)
    for found in objects:
        pixels[found] = (220, 130, 40)
    noise = rng.integers(-18, 19, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def overlap(found: np.ndarray, wanted: np.ndarray) -> float:
    """Intersection over union."""
    return np.count_nonzero(found & wanted) / np.count_nonzero(found | wanted)


def scribble(tool: SmartSelect, document: Document, *points: tuple[float, float], **how: bool):  # noqa: ANN201
    tool.press(Pointer(*points[0], reach=5, **how), document)
    for point in points[1:]:
        tool.move(Pointer(*point), document)
    tool.release(Pointer(*points[-1], reach=5), document)


ACROSS = ((85, 110), (135, 130))


@pytest.fixture
def scenery() -> Document:
    return Document.new(Picture(scene(BALL, BESIDE)))


def found_in(image: np.ndarray, *scribbles: Scribble) -> np.ndarray:
    area = finish(object_under(image, CancelToken(), scribbles=scribbles))
    hole = np.zeros(image.shape[:2], bool)
    hole[area.box.slices] = area.coverage > 127
    return hole


@pytest.mark.parametrize("kind", ["rgb", "16 bit", "alpha", "grey"])
def test_the_object_under_a_scribble_is_found_in_any_kind_of_picture(kind: str) -> None:
    image = scene(BALL)
    if kind == "16 bit":
        image = image.astype(np.uint16) * 257
    elif kind == "alpha":
        image = np.dstack((image, np.full((HEIGHT, WIDTH), 255, np.uint8)))
    elif kind == "grey":
        image = image[:, :, :1]
    assert overlap(found_in(image, Scribble(ACROSS)), BALL) > 0.97


def test_the_edge_of_a_reduced_crop_is_fitted_at_full_size() -> None:
    image = np.repeat(np.repeat(scene(BALL), 6, axis=0), 6, axis=1)
    points = tuple((6 * x, 6 * y) for x, y in ((75, 100), (145, 140)))
    wanted = np.repeat(np.repeat(BALL, 6, axis=0), 6, axis=1)
    found = found_in(image, Scribble(points))
    assert overlap(found, wanted) > 0.97
    # A mask that was only enlarged again would be off by a reduced pixel here and there.
    assert np.count_nonzero(found != wanted) < 0.9 * 6 * 2 * np.pi * 45


@pytest.mark.parametrize("scale", [1, 6])
def test_an_object_at_the_rim_is_taken_up_to_the_rim(scale: int) -> None:
    half = np.repeat(np.repeat(ellipse(0, 120, 60, 50), scale, axis=0), scale, axis=1)
    image = scene(ellipse(0, 120, 60, 50)).repeat(scale, axis=0).repeat(scale, axis=1)
    found = found_in(image, Scribble(((20 * scale, 85 * scale), (20 * scale, 155 * scale))))
    assert overlap(found, half) > 0.95
    assert found[90 * scale : 150 * scale, 0].all()


def test_another_object_of_the_same_colour_stays_out() -> None:
    near = ellipse(178, 120, 11, 11)
    found = found_in(scene(BALL, near), Scribble(((75, 110), (145, 130))))
    assert overlap(found, BALL) > 0.97
    assert not found[near].any()


def test_a_point_is_a_scribble(scenery: Document) -> None:
    scribble(SmartSelect(AreaSettings()), scenery, (110.5, 120.5))
    assert overlap(scenery.hole(), BALL) > 0.8


def test_a_scribble_beside_the_picture_finds_nothing(scenery: Document) -> None:
    scribble(SmartSelect(AreaSettings()), scenery, (-900, -900), (-880, -850))
    assert not scenery.can_undo


def test_what_is_found_is_the_same_each_time() -> None:
    first, second = (found_in(scene(BALL), Scribble(ACROSS)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_search_can_be_stopped() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        finish(object_under(scene(BALL), token, scribbles=(Scribble(ACROSS),)))


def test_each_scribble_is_one_undo_step(scenery: Document) -> None:
    tool = SmartSelect(AreaSettings())
    scribble(tool, scenery, *ACROSS)
    one = scenery.mask.copy()
    scribble(tool, scenery, (150, 120), (225, 120))
    two = scenery.mask.copy()
    assert scenery.steps == (["Add Smart Select"] * 2, [])
    assert not np.array_equal(one, two)
    scenery.undo()
    np.testing.assert_array_equal(scenery.mask, one)
    scenery.undo()
    assert not scenery.mask.any()
    scenery.redo()
    scenery.redo()
    np.testing.assert_array_equal(scenery.mask, two)


def test_alt_afterwards_takes_out_what_does_not_belong_and_brings_the_old_mask_back() -> None:
    """Two balls of one colour that hang together; something was painted in the second before."""
    bridge = np.zeros((HEIGHT, WIDTH), bool)
    bridge[115:125, 110:230] = True
    document = Document.new(Picture(scene(BALL, BESIDE, bridge)))
    with document.edit("Paint"), document.touch("mask", document.box) as view:
        view[118:122, 225:260] = 255
    before = document.mask.copy()
    tool = SmartSelect(AreaSettings())
    scribble(tool, document, (70, 120), (205, 120))
    assert document.hole()[100, 230]
    scribble(tool, document, (225, 95), (232, 145), alt=True)
    assert not document.hole()[90:150, 222:236][before[90:150, 222:236] == 0].any()
    assert document.hole()[100, 110]
    np.testing.assert_array_equal(document.mask[118:122, 225:240], before[118:122, 225:240])
    assert document.undo_label == "Subtract Smart Select"


def test_alt_on_a_fresh_object_subtracts_it(scenery: Document) -> None:
    with scenery.edit("Paint"), scenery.touch("mask", scenery.box) as view:
        view[...] = 255
    scribble(SmartSelect(AreaSettings()), scenery, *ACROSS, alt=True)
    assert overlap(~scenery.hole(), BALL) > 0.95


def test_intersecting_keeps_only_the_object(scenery: Document) -> None:
    with scenery.edit("Paint"), scenery.touch("mask", scenery.box) as view:
        view[::2] = 255
    scribble(SmartSelect(AreaSettings(mode="intersect")), scenery, *ACROSS)
    assert not scenery.hole()[~BALL & ~ellipse(110, 120, 53, 43)].any()
    assert not scenery.mask[1::2].any()
    assert overlap(scenery.hole()[::2], BALL[::2]) > 0.95


@pytest.mark.parametrize("between", ["far away", "edit", "undo"])
def test_another_object_begins(scenery: Document, between: str) -> None:
    tool = SmartSelect(AreaSettings())
    scribble(tool, scenery, *ACROSS)
    if between == "edit":
        with scenery.edit("Paint"), scenery.touch("mask", scenery.box) as view:
            view[0, 0] = 255
    if between == "undo":
        scenery.undo()
        scenery.redo()
    place = (230, 110) if between == "far away" else (112, 120)
    scribble(tool, scenery, place, (place[0] + 3, 130), alt=True)
    target = tool._target
    assert target is not None
    assert (len(target.scribbles), target.mode) == (1, "subtract")


def test_a_cancelled_scribble_leaves_no_trace(scenery: Document) -> None:
    tool = SmartSelect(AreaSettings())
    tool.press(Pointer(90, 120), scenery)
    tool.move(Pointer(120, 120), scenery)
    assert tool.sketch is not None
    tool.cancel(scenery)
    tool.release(Pointer(120, 120), scenery)
    assert not scenery.can_undo


def test_an_object_added_after_a_result_starts_a_new_mask(scenery: Document) -> None:
    with scenery.edit("Paint"), scenery.touch("mask", scenery.box) as view:
        view[:20, :20] = 255
    with scenery.edit("Inpaint", "result"), scenery.touch("image", scenery.box) as view:
        view[5, 5] += 1
    tool = SmartSelect(AreaSettings())
    scribble(tool, scenery, *ACROSS)
    scribble(tool, scenery, (100, 100), (120, 100))
    assert not scenery.hole()[:20, :20].any()
    assert overlap(scenery.hole(), BALL) > 0.95
