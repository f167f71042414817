"""An edit is one undo step, touches only its tiles, and comes and goes without a trace."""

from __future__ import annotations

import numpy as np
import pytest

from app.document import Document
from engine.pictures import Picture, Source
from engine.types import Box


def pixels(
    height: int = 700, width: int = 900, channels: int = 3, dtype: type = np.uint8
) -> np.ndarray:
    rng = np.random.default_rng(5)
    return rng.integers(0, np.iinfo(dtype).max + 1, (height, width, channels), dtype)


@pytest.fixture
def document() -> Document:
    return Document.new(Picture(pixels()))


def paint(document: Document, box: Box, value: int = 255, label: str = "Brush stroke") -> None:
    with document.edit(label), document.touch("mask", box) as view:
        view[...] = value


def state(document: Document) -> tuple[bytes, bytes, bytes]:
    return document.image.tobytes(), document.mask.tobytes(), document.source.tobytes()


def test_a_new_document_is_clean_and_has_no_hole(document: Document) -> None:
    assert not document.hole().any()
    assert document.forbidden() is None
    assert not any([document.dirty, document.can_undo, document.can_redo, document.mask_is_filled])
    assert (document.width, document.height, document.path) == (900, 700, None)


def test_the_image_is_the_pictures_own_pixels() -> None:
    array = pixels()

    assert Document.new(Picture(array)).image is array


@pytest.mark.parametrize("layer", ["image", "mask", "source"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_undo_and_redo_give_back_the_same_bytes(layer: str, dtype: type, channels: int) -> None:
    document = Document.new(Picture(pixels(channels=channels, dtype=dtype)))
    states = [state(document)]
    rng = np.random.default_rng(1)
    for _ in range(6):
        with document.edit("Scribble"):
            for _ in range(3):
                left, top = rng.integers(0, 800), rng.integers(0, 600)
                box = Box(left, top, left + rng.integers(1, 600), top + rng.integers(1, 600))
                with document.touch(layer, box) as view:
                    view[...] = rng.integers(0, 256, view.shape)
        states.append(state(document))

    for expected in reversed(states[:-1]):
        assert document.undo() is not None
        assert state(document) == expected
    assert document.undo() is None
    for expected in states[1:]:
        assert document.redo() is not None
        assert state(document) == expected
    assert document.redo() is None


def test_one_edit_over_all_layers_is_one_step(document: Document) -> None:
    before = state(document)
    with document.edit("Apply", "result"):
        for layer in ("image", "mask", "source"):
            with document.touch(layer, Box(200, 200, 300, 300)) as view:
                view[...] = 1

    edit = document.undo()

    assert edit is not None
    assert (edit.label, edit.kind) == ("Apply", "result")
    assert state(document) == before


def test_a_new_edit_after_undo_drops_what_was_undone(document: Document) -> None:
    paint(document, Box(0, 0, 9, 9))
    document.undo()
    paint(document, Box(9, 9, 20, 20))

    assert not document.can_redo
    assert document.redo() is None


def test_labels_name_the_next_steps(document: Document) -> None:
    paint(document, Box(0, 0, 9, 9), label="One")
    paint(document, Box(9, 9, 20, 20), label="Two")
    document.undo()

    assert (document.undo_label, document.redo_label) == ("One", "Two")
    document.undo()
    assert (document.undo_label, document.redo_label) == ("", "One")


def test_a_stroke_is_begun_moved_and_committed_as_one_step(document: Document) -> None:
    document.begin("Brush stroke")
    for x in range(0, 800, 40):
        with document.touch("mask", Box(x, 10, x + 60, 70)) as view:
            view[...] = 255
    assert document.is_editing
    document.commit()

    assert document.hole().sum() == (760 + 60) * 60
    document.undo()
    assert not document.mask.any()
    assert not document.can_undo


def test_abort_takes_everything_back_and_leaves_no_step(document: Document) -> None:
    before = state(document)
    document.begin("Brush stroke")
    for layer in ("image", "mask", "source"):
        with document.touch(layer, Box(100, 100, 600, 600)) as view:
            view[...] = 7
    document.abort()

    assert state(document) == before
    assert not any([document.can_undo, document.dirty, document.is_editing])


def test_an_exception_inside_an_edit_takes_everything_back(document: Document) -> None:
    before = state(document)

    def break_off() -> None:
        with document.edit("Broken"), document.touch("mask", Box(0, 0, 300, 300)) as view:
            view[...] = 255
            raise KeyError

    with pytest.raises(KeyError):
        break_off()

    assert state(document) == before
    assert not document.can_undo


def test_an_edit_that_changes_nothing_leaves_no_step(document: Document) -> None:
    paint(document, Box(0, 0, 99, 99), value=0)

    assert not document.can_undo


def test_an_edit_that_changes_nothing_keeps_what_can_be_redone(document: Document) -> None:
    paint(document, Box(0, 0, 99, 99))
    document.undo()
    paint(document, Box(0, 0, 99, 99), value=0)

    assert document.can_redo


def test_a_result_is_a_step_even_if_it_changes_nothing(document: Document) -> None:
    with document.edit("Inpaint", "result"):
        pass

    assert document.can_undo
    assert document.mask_is_filled


def test_pixels_change_only_inside_an_edit(document: Document) -> None:
    with pytest.raises(RuntimeError, match="edit"), document.touch("mask", Box(0, 0, 9, 9)):
        pass


def test_two_edits_cannot_be_open_at_once(document: Document) -> None:
    document.begin("Brush stroke")
    with pytest.raises(RuntimeError, match="Brush stroke"):
        document.begin("Inpaint")


def test_undo_and_redo_wait_while_a_stroke_is_open(document: Document) -> None:
    paint(document, Box(0, 0, 9, 9))
    paint(document, Box(20, 0, 29, 9))
    document.undo()
    document.begin("Brush stroke")

    assert document.undo() is None
    assert document.redo() is None
    document.commit()
    assert document.undo() is not None


@pytest.mark.parametrize(
    "box", [Box(-50, -50, 30, 30), Box(880, 690, 2000, 2000), Box(-9, -9, 9999, 9999)]
)
def test_a_box_over_the_rim_is_cut_to_the_picture(document: Document, box: Box) -> None:
    inside = box.intersected(document.box)
    with document.edit("Paint"), document.touch("mask", box) as view:
        assert view.shape == (inside.height, inside.width)
        view[...] = 255

    assert document.hole().sum() == inside.area


@pytest.mark.parametrize("box", [Box(2000, 0, 2010, 10), Box(5, 5, 5, 9), Box(-9, -9, 0, 0)])
def test_a_box_beside_the_picture_gives_an_empty_view(document: Document, box: Box) -> None:
    heard = []
    document.on_pixels.append(lambda *args: heard.append(args))
    with document.edit("Paint"), document.touch("mask", box) as view:
        assert view.size == 0

    assert heard == []


def test_a_view_writes_into_the_document(document: Document) -> None:
    with document.edit("Fill"), document.touch("image", Box(300, 400, 310, 420)) as view:
        assert np.shares_memory(view, document.image)
        view[...] = 9

    assert (document.image[400:420, 300:310] == 9).all()


def test_listeners_hear_layer_and_box_after_the_pixels_changed(document: Document) -> None:
    heard: list[tuple[str, Box, int]] = []
    document.on_pixels.append(lambda layer, box: heard.append((layer, box, document.mask.max())))
    with document.edit("Paint"), document.touch("mask", Box(-5, 3, 20, 30)) as view:
        view[...] = 200

    assert heard == [("mask", Box(0, 3, 20, 30), 200)]


def test_undo_tells_boxes_that_cover_the_change_and_no_far_away_tiles(document: Document) -> None:
    paint(document, Box(10, 10, 700, 20))
    heard: list[tuple[str, Box]] = []
    document.on_pixels.append(lambda layer, box: heard.append((layer, box)))

    document.undo()

    assert heard == [("mask", Box(0, 0, 768, 256))]


def test_history_listeners_hear_each_step(document: Document) -> None:
    heard = []
    document.on_history.append(lambda: heard.append(document.undo_label))
    paint(document, Box(0, 0, 9, 9), label="One")
    document.undo()
    document.redo()
    document.mark_saved()

    assert heard == ["One", "", "One", "One"]


def test_the_revision_grows_with_every_change(document: Document) -> None:
    seen = [document.revision]
    paint(document, Box(0, 0, 9, 9))
    seen.append(document.revision)
    document.undo()
    seen.append(document.revision)

    assert seen == sorted(set(seen))


def test_dirty_follows_the_image_through_undo_save_and_redo(document: Document) -> None:
    def fill(value: int) -> None:
        with document.edit("Fill", "result"), document.touch("image", Box(0, 0, 9, 9)) as view:
            view[...] = value

    fill(1)
    assert document.dirty
    document.undo()
    assert not document.dirty
    document.redo()
    document.mark_saved()
    assert not document.dirty
    document.undo()
    assert document.dirty
    document.redo()
    assert not document.dirty
    document.undo()
    fill(2)
    assert document.dirty


def test_painting_a_mask_does_not_make_the_picture_unsaved(document: Document) -> None:
    paint(document, Box(0, 0, 9, 9))

    assert not document.dirty


def test_edits_made_while_a_save_was_running_stay_unsaved(document: Document) -> None:
    with document.edit("Fill", "result"), document.touch("image", Box(0, 0, 9, 9)) as view:
        view[...] = 1
    when_saving_began = document.image_state
    with document.edit("Fill", "result"), document.touch("image", Box(0, 0, 9, 9)) as view:
        view[...] = 2
    document.mark_saved(Picture(document.image, Source(format="TIFF")), state=when_saving_began)

    assert document.dirty
    assert document.picture.source.format == "TIFF"
    document.undo()
    assert not document.dirty


def test_the_mask_counts_as_filled_until_the_next_edit(document: Document) -> None:
    paint(document, Box(0, 0, 9, 9))
    with document.edit("Inpaint", "result"), document.touch("image", Box(0, 0, 9, 9)) as view:
        view[...] = 1
    assert document.mask_is_filled
    document.undo()
    assert not document.mask_is_filled
    document.redo()
    assert document.mask_is_filled
    paint(document, Box(50, 50, 60, 60))
    assert not document.mask_is_filled


def test_marking_sources_leaves_a_filled_mask_filled(document: Document) -> None:
    paint(document, Box(0, 0, 9, 9))
    with document.edit("Inpaint", "result"):
        pass
    with document.edit("Mark Source"), document.touch("source", Box(20, 20, 40, 40)) as view:
        view[...] = 1
    assert document.mask_is_filled


def test_hole_is_coverage_above_half(document: Document) -> None:
    with document.edit("Paint"), document.touch("mask", Box(0, 0, 2, 1)) as view:
        view[0] = 127, 128

    assert document.hole()[0, :2].tolist() == [False, True]


def test_never_from_here_forbids_exactly_there(document: Document) -> None:
    with document.edit("Never"), document.touch("source", Box(0, 0, 9, 9)) as view:
        view[...] = 1

    forbidden = document.forbidden()
    assert forbidden is not None
    assert forbidden.sum() == 81
    assert forbidden[:9, :9].all()


def test_only_from_here_forbids_everything_else(document: Document) -> None:
    with document.edit("Both"):
        with document.touch("source", Box(0, 0, 9, 9)) as view:
            view[...] = 1
        with document.touch("source", Box(20, 20, 30, 30)) as view:
            view[...] = 2

    forbidden = document.forbidden()
    assert forbidden is not None
    assert (~forbidden).sum() == 100
    assert not forbidden[20:30, 20:30].any()


def test_an_erased_source_layer_forbids_nothing(document: Document) -> None:
    for value in (1, 0):
        with document.edit("Source"), document.touch("source", Box(0, 0, 9, 9)) as view:
            view[...] = value

    assert document.forbidden() is None


def test_the_original_stays_whatever_is_done(document: Document) -> None:
    opened = document.image.copy()
    box = Box(100, 120, 800, 650)
    for value in (3, 4):
        with document.edit("Fill"), document.touch("image", Box(200, 200, 520, 300)) as view:
            view[...] = value
        np.testing.assert_array_equal(document.original(box), opened[box.slices])
    document.undo()
    document.mark_saved()
    document.begin("Fill")
    with document.touch("image", Box(0, 0, 300, 300)) as view:
        view[...] = 7
    np.testing.assert_array_equal(document.original(document.box), opened)
    document.abort()
    np.testing.assert_array_equal(document.original(document.box), opened)


def test_the_original_is_a_copy_cut_to_the_picture(document: Document) -> None:
    part = document.original(Box(-10, 690, 30, 900))
    assert part.shape == (10, 30, 3)
    part[...] = 0

    assert document.image[690:, :30].any()


def test_a_cleared_mask_can_be_brought_back_as_an_undoable_step(document: Document) -> None:
    paint(document, Box(100, 100, 400, 300))
    painted = document.mask.copy()
    assert not document.can_restore_mask
    with document.edit("Clear mask", "mask"):
        document.clear_mask()
    assert not document.mask.any()
    paint(document, Box(600, 600, 620, 620))

    with document.edit("Reselect", "mask"):
        document.restore_mask()

    np.testing.assert_array_equal(document.mask, painted)
    document.undo()
    assert document.hole().sum() == 400
    document.undo()
    document.undo()
    np.testing.assert_array_equal(document.mask, painted)


def test_clearing_an_empty_mask_does_not_forget_the_last_one(document: Document) -> None:
    paint(document, Box(100, 100, 400, 300))
    for _ in range(2):
        with document.edit("Clear mask", "mask"):
            document.clear_mask()
    with document.edit("Reselect", "mask"):
        document.restore_mask()

    assert document.hole().sum() == 300 * 200


def test_read_only_pixels_are_copied() -> None:
    frozen = pixels()
    frozen.flags.writeable = False
    document = Document.new(Picture(frozen))
    with document.edit("Fill"), document.touch("image", document.box) as view:
        view[...] = 0

    assert frozen.any()
    assert not document.image.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (256, 256), (257, 255)])
def test_pictures_of_any_shape_undo(shape: tuple[int, int]) -> None:
    document = Document.new(Picture(pixels(*shape)))
    before = state(document)
    for layer in ("image", "mask"):
        with document.edit("Fill"), document.touch(layer, document.box) as view:
            view[...] = 99
    document.undo()
    document.undo()

    assert state(document) == before
