"""The magic wand: which pixels are similar, and how the tolerance goes on changing one step."""

from __future__ import annotations

import numpy as np
import pytest

from app.document import Document
from app.tools import AreaSettings, Pointer, Rectangle, Wand, similar
from app.tools.similar import FIRST_SIDE
from engine.errors import Cancelled
from engine.jobs import CancelToken, finish
from engine.pictures import Picture

DEPTHS = [(np.uint8, 1), (np.uint16, 257)]


def checkerboard(kind: type, scale: int, cell: int = 10, cells: int = 8) -> np.ndarray:
    """Squares of 40 and 200 of 255, three channels."""
    rows, columns = np.mgrid[: cell * cells, : cell * cells] // cell
    grey = np.where((rows + columns) % 2, 200 * scale, 40 * scale).astype(kind)
    return np.repeat(grey[:, :, None], 3, axis=2)


def found(image: np.ndarray, seed: tuple[int, int], tolerance: float, *, contiguous: bool):  # noqa: ANN201
    area = finish(
        similar.similar(image, CancelToken(), seed=seed, tolerance=tolerance, contiguous=contiguous)
    )
    hole = np.zeros(image.shape[:2], bool)
    hole[area.box.slices] = area.coverage > 127
    return hole


@pytest.mark.parametrize(("kind", "scale"), DEPTHS)
def test_contiguous_marks_the_one_square_that_was_touched(kind: type, scale: int) -> None:
    image = checkerboard(kind, scale)
    expected = np.zeros(image.shape[:2], bool)
    expected[20:30, 40:50] = True
    np.testing.assert_array_equal(found(image, (45, 25), 0.1, contiguous=True), expected)


@pytest.mark.parametrize(("kind", "scale"), DEPTHS)
def test_not_contiguous_marks_all_squares_of_the_colour(kind: type, scale: int) -> None:
    image = checkerboard(kind, scale)
    expected = image[:, :, 0] == 40 * scale
    np.testing.assert_array_equal(found(image, (45, 25), 0.1, contiguous=False), expected)


@pytest.mark.parametrize(("kind", "scale"), DEPTHS)
@pytest.mark.parametrize("contiguous", [True, False])
def test_the_tolerance_is_a_share_of_full_scale(kind: type, scale: int, contiguous: bool) -> None:
    image = checkerboard(kind, scale)
    # The squares are 160 of 255 apart.
    assert found(image, (0, 0), 160 / 255, contiguous=contiguous).all()
    assert not found(image, (0, 0), 159 / 255, contiguous=contiguous).all()


def test_every_channel_has_to_be_similar() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    image[:, 10:, 2] = 30
    np.testing.assert_array_equal(
        found(image, (0, 0), 0.1, contiguous=True), np.arange(20) < np.full((20, 1), 10)
    )


def test_a_transparent_pixel_is_like_all_transparent_ones_whatever_their_hidden_colour() -> None:
    image = np.random.default_rng(1).integers(0, 256, (20, 20, 4), np.uint8)
    image[:, :, 3] = 255
    image[5:15, 5:15, 3] = 0
    hole = found(image, (7, 7), 0.0, contiguous=True)
    np.testing.assert_array_equal(hole, image[:, :, 3] == 0)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pictures_of_any_kind(channels: int) -> None:
    image = np.full((30, 40, channels), 90, np.uint8)
    image[10:20, 10:20, 0] = 200
    assert found(image, (12, 12), 0.1, contiguous=True).sum() == 100


def test_an_area_larger_than_the_first_window_is_found_whole() -> None:
    """A spiral that leaves the window and comes back into it."""
    image = np.zeros((FIRST_SIDE + 800, FIRST_SIDE + 900, 1), np.uint8)
    image[100:110, 100:-100] = 255
    image[100:-100, -110:-100] = 255
    image[-110:-100, 100:-100] = 255
    image[900:-100, 100:110] = 255
    image[900:910, 100:900] = 255
    hole = found(image, (500, 905), 0.0, contiguous=True)
    np.testing.assert_array_equal(hole, image[:, :, 0] == 255)


def test_a_search_can_be_stopped() -> None:
    token = CancelToken()
    token.cancel()
    for contiguous in (True, False):
        with pytest.raises(Cancelled):
            finish(
                similar.similar(
                    np.zeros((9, 9, 3), np.uint8),
                    token,
                    seed=(0, 0),
                    tolerance=0.1,
                    contiguous=contiguous,
                )
            )


@pytest.fixture
def board() -> Document:
    return Document.new(Picture(checkerboard(np.uint8, 1)))


def touch(wand: Wand, document: Document, x: float, y: float, **how: bool) -> None:
    wand.press(Pointer(x, y, **how), document)
    wand.release(Pointer(x, y), document)


def test_a_touch_is_one_undo_step_and_undo_and_redo_give_the_same_bytes(board: Document) -> None:
    touch(Wand(AreaSettings()), board, 45.5, 25.5)
    after = board.mask.copy()
    assert board.hole().sum() == 100
    assert board.undo_label == "Add Magic Wand"
    board.undo()
    assert not board.mask.any()
    board.redo()
    np.testing.assert_array_equal(board.mask, after)


@pytest.mark.parametrize("contiguous", [True, False])
def test_touches_add_subtract_and_intersect(board: Document, contiguous: bool) -> None:
    wand = Wand(AreaSettings(contiguous=contiguous))
    touch(wand, board, 45.5, 25.5)
    touch(wand, board, 55.5, 25.5)
    assert board.hole()[25, 45:55].all()
    touch(wand, board, 45.5, 25.5, alt=True)
    assert not board.hole()[25, 45]
    assert board.hole()[25, 55]
    Rectangle(AreaSettings()).press(Pointer(0, 0), board)
    touch(wand, board, 45.5, 25.5, alt=True, shift=True)
    assert not board.hole().any()


def test_another_tolerance_makes_the_same_step_anew(board: Document) -> None:
    settings = AreaSettings()
    wand = Wand(settings)
    touch(wand, board, 45.5, 25.5)
    settings.tolerance = 0.9
    wand.look_again()
    assert board.hole().all()
    settings.tolerance, settings.contiguous = 0.1, False
    wand.look_again()
    assert board.hole().sum() == 3200
    assert board.steps == (["Add Magic Wand"], [])
    board.undo()
    assert not board.mask.any()


def test_another_tolerance_leaves_a_step_alone_that_something_else_came_after(
    board: Document,
) -> None:
    settings = AreaSettings()
    wand = Wand(settings)
    touch(wand, board, 45.5, 25.5)
    with board.edit("Stroke"), board.touch("mask", board.box) as view:
        view[0, 0] = 255
    settings.tolerance = 0.9
    wand.look_again()
    assert board.hole().sum() == 101


def test_dragging_on_changes_the_tolerance(board: Document) -> None:
    changes: list[float] = []
    settings = AreaSettings(changed=lambda: changes.append(settings.tolerance))
    wand = Wand(settings)
    wand.press(Pointer(45.5, 25.5, reach=1), board)
    wand.move(Pointer(46.0, 25.5, reach=1), board)
    assert settings.tolerance == 0.1
    wand.move(Pointer(115.5, 25.5, reach=1), board)
    assert settings.tolerance == 0.8
    assert wand.sketch is not None
    assert wand.sketch.label == "80 %"
    assert board.hole().all()
    wand.move(Pointer(-500, 25.5, reach=1), board)
    wand.release(Pointer(-500, 25.5, reach=1), board)
    assert settings.tolerance == 0.0
    assert changes == [0.8, 0.0]
    assert board.steps == (["Add Magic Wand"], [])


def test_a_cancelled_touch_leaves_no_trace(board: Document) -> None:
    settings = AreaSettings()
    wand = Wand(settings)
    wand.press(Pointer(45.5, 25.5, reach=1), board)
    wand.move(Pointer(115.5, 25.5, reach=1), board)
    wand.cancel(board)
    assert not board.mask.any()
    assert board.steps == ([], [])
    assert settings.tolerance == 0.1


def test_a_touch_beside_the_picture_changes_nothing(board: Document) -> None:
    for x, y in [(-0.5, 5), (5, -0.5), (80.0, 5), (5, 80.0)]:
        touch(Wand(AreaSettings()), board, x, y)
    assert not board.can_undo
