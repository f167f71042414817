"""The history stays within its budget, on disk if need be, and never throws at the painter."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from typing import IO, TYPE_CHECKING

import numpy as np
import pytest

from app.document import Document
from app.document.spill import Spill
from app.document.tiles import TILE, TileKey, joined_boxes, keys_in, pack
from engine.pictures import Picture
from engine.types import Box

if TYPE_CHECKING:
    from pathlib import Path

TILE_BYTES = TILE * TILE * 3


def new_document(budget_bytes: int, folder: Path | None = None) -> Document:
    rng = np.random.default_rng(2)
    picture = Picture(rng.integers(0, 256, (4 * TILE, 4 * TILE, 3), np.uint8))
    return Document.new(picture, budget_bytes=budget_bytes, spill_folder=folder)


def fill_tile(document: Document, number: int) -> None:
    """One edit of exactly one tile."""
    row, column = divmod(number, 4)
    box = Box(column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE)
    with document.edit(f"Fill {number}"), document.touch("image", box) as view:
        view[...] = number


@pytest.mark.parametrize("budget_tiles", [0, 1, 3, 100])
def test_undo_and_redo_work_the_same_from_disk(tmp_path: Path, budget_tiles: int) -> None:
    document = new_document(budget_tiles * TILE_BYTES, tmp_path)
    states = [document.image.copy()]
    for number in range(8):
        fill_tile(document, number)
        states.append(document.image.copy())

    for _ in range(2):
        for expected in reversed(states[:-1]):
            document.undo()
            np.testing.assert_array_equal(document.image, expected)
        for expected in states[1:]:
            document.redo()
            np.testing.assert_array_equal(document.image, expected)
    document.close()


def test_memory_stays_within_the_budget_but_for_the_newest_steps(tmp_path: Path) -> None:
    document = new_document(3 * TILE_BYTES, tmp_path)
    for number in range(12):
        fill_tile(document, number)
        assert document._history.nbytes <= 3 * TILE_BYTES
    for _ in range(12):
        document.undo()
        assert document._history.nbytes <= 4 * TILE_BYTES
    document.close()


def test_runs_of_a_mask_tile_survive_the_disk(tmp_path: Path) -> None:
    document = new_document(0, tmp_path)
    rng = np.random.default_rng(0)
    states = [document.mask.copy()]
    for number in range(5):
        with document.edit("Paint"), document.touch("mask", document.box) as view:
            view[100 * number : 100 * number + 50] = 50 * number + 5
            view[600:700, 600:900] = rng.integers(0, 256, (100, 300))
        states.append(document.mask.copy())
    for expected in reversed(states[:-1]):
        document.undo()
        np.testing.assert_array_equal(document.mask, expected)
    document.close()


def test_nothing_stays_on_disk_after_closing(tmp_path: Path) -> None:
    document = new_document(0, tmp_path)
    for number in range(4):
        fill_tile(document, number)
    document.close()

    assert list(tmp_path.iterdir()) == []


def test_nothing_stays_on_disk_after_a_crash(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        import numpy as np
        from app.document import Document
        from engine.pictures import Picture

        picture = Picture(np.zeros((512, 512, 3), np.uint8))
        document = Document.new(picture, budget_bytes=0, spill_folder=Path(sys.argv[1]))
        for value in range(1, 5):
            with document.edit("Fill"), document.touch("image", document.box) as view:
                view[...] = value
        assert document._history.done[0].spilled is not None
        os.kill(os.getpid(), 9)
    """)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=60)

    assert done.returncode == -9
    assert list(tmp_path.iterdir()) == []


def test_disk_space_is_given_back_when_no_step_lies_there(tmp_path: Path) -> None:
    document = new_document(0, tmp_path)
    for number in range(5):
        fill_tile(document, number)
    file = document._history._spill._file
    assert file is not None
    assert os.fstat(file.fileno()).st_size >= 4 * TILE_BYTES
    for _ in range(5):
        document.undo()
    fill_tile(document, 9)

    assert os.fstat(file.fileno()).st_size == 0
    document.close()


class FullDisk:
    """Stands for the temporary file once nothing more fits."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def write(self, data: memoryview) -> int:
        self._file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_drops_the_oldest_steps_with_a_notice_and_spares_the_rest(
    tmp_path: Path,
) -> None:
    document = new_document(3 * TILE_BYTES, tmp_path)
    notices: list[str] = []
    document.on_notice.append(notices.append)
    states = [document.image.copy()]
    for number in range(5):
        fill_tile(document, number)
        states.append(document.image.copy())
    spill = document._history._spill
    spill._file = FullDisk(spill._opened())
    for number in range(5, 8):
        fill_tile(document, number)
        states.append(document.image.copy())

    steps = 0
    while document.undo() is not None:
        steps += 1
        np.testing.assert_array_equal(document.image, states[-1 - steps])

    assert steps == 3
    assert len(notices) == 3
    assert "No space left" in notices[0]
    document.close()


def test_half_an_edit_on_a_full_disk_gives_its_space_back(tmp_path: Path) -> None:
    document = new_document(0, tmp_path)
    for number in range(2):
        fill_tile(document, number)
    spill = document._history._spill
    real = spill._opened()
    size = os.fstat(real.fileno()).st_size
    spill._file = FullDisk(real)
    fill_tile(document, 2)

    assert os.fstat(real.fileno()).st_size == size > 0
    document.close()


def test_a_folder_that_cannot_be_made_drops_steps_and_never_throws(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    document = new_document(0, tmp_path / "file" / "folder")
    notices: list[str] = []
    document.on_notice.append(notices.append)

    for number in range(3):
        fill_tile(document, number)

    assert len(notices) == 2
    assert document.undo() is not None
    assert document.undo() is None
    document.close()


def test_a_document_whose_saved_state_was_dropped_stays_unsaved(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    document = new_document(0, tmp_path / "file" / "folder")
    for number in range(3):
        fill_tile(document, number)
    while document.undo() is not None:
        pass

    assert document.dirty
    document.close()


def test_a_step_that_cannot_be_read_back_is_dropped_with_a_notice(tmp_path: Path) -> None:
    document = new_document(0, tmp_path)
    notices: list[str] = []
    document.on_notice.append(notices.append)
    for number in range(3):
        fill_tile(document, number)
    file = document._history._spill._file
    assert file is not None
    os.ftruncate(file.fileno(), 10)
    before = document.image.copy()

    assert document.undo() is not None
    assert document.undo() is None

    before[:TILE, 2 * TILE : 3 * TILE] = document.image[:TILE, 2 * TILE : 3 * TILE]
    np.testing.assert_array_equal(document.image, before)
    assert "Fill 1" in notices[0]
    assert not document.can_undo
    document.close()


def test_memory_does_not_grow_with_the_number_of_moves(tmp_path: Path) -> None:
    document = new_document(10**9, tmp_path)
    document.begin("Brush stroke")
    sizes = []
    for _ in range(3):
        for x in range(0, 900, 5):
            with document.touch("image", Box(x, 300, x + 80, 380)) as view:
                view[...] = x % 256
        edit = document._edit
        assert edit is not None
        edit.weigh()
        sizes.append(edit.nbytes)
    document.commit()

    assert sizes[0] == sizes[1] == sizes[2]


def test_a_long_stroke_on_an_empty_mask_costs_next_to_nothing(tmp_path: Path) -> None:
    document = new_document(10**9, tmp_path)
    with document.edit("Paint"), document.touch("mask", document.box) as view:
        view[::2] = 255

    assert document._history.nbytes < 16 * 8


@pytest.mark.parametrize("shape", [(256, 256), (1, 1), (17, 256), (256, 3)])
@pytest.mark.parametrize("kind", ["constant", "blob", "noise", "ends"])
def test_a_packed_tile_unpacks_to_the_same_bytes(shape: tuple[int, int], kind: str) -> None:
    tile = np.zeros(shape, np.uint8)
    if kind == "blob":
        tile[shape[0] // 3 :, shape[1] // 2 :] = 200
    elif kind == "noise":
        tile = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    elif kind == "ends":
        tile[0, 0] = tile[-1, -1] = 9
    packed = pack(tile)
    expected = tile.copy()
    tile[...] = 77

    np.testing.assert_array_equal(packed.unpacked(), expected)
    assert packed.nbytes <= max(3, expected.nbytes)


def test_a_constant_tile_is_stored_as_one_run() -> None:
    assert pack(np.full((256, 256), 9, np.uint8)).nbytes == 3


def test_the_tiles_of_a_box_are_those_it_touches() -> None:
    keys = list(keys_in("mask", Box(255, 256, 257, 512)))

    assert keys == [TileKey("mask", 1, 0), TileKey("mask", 1, 1)]


def test_neighbouring_tiles_are_told_as_one_box() -> None:
    keys = [TileKey("mask", 0, 1), TileKey("mask", 0, 0), TileKey("mask", 0, 3)]
    keys += [TileKey("mask", 1, 0), TileKey("image", 0, 2)]

    assert joined_boxes(keys, 1000, 300) == [
        ("image", Box(512, 0, 768, 256)),
        ("mask", Box(0, 0, 512, 256)),
        ("mask", Box(768, 0, 1000, 256)),
        ("mask", Box(0, 256, 256, 300)),
    ]


def test_a_spill_gives_back_what_it_took_in_any_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    spill = Spill(tmp_path)
    stored = []
    for number in range(3):
        tiles = {
            TileKey("image", number, 0): pack(rng.integers(0, 65536, (5, 6, 3), np.uint16)),
            TileKey("mask", number, 0): pack(np.repeat(rng.integers(0, 9, (8, 1), np.uint8), 9, 1)),
        }
        stored.append((spill.write(tiles), tiles))

    for place, tiles in reversed(stored):
        back = spill.read(place)
        assert back.keys() == tiles.keys()
        for key, tile in tiles.items():
            np.testing.assert_array_equal(back[key].unpacked(), tile.unpacked())
    spill.close()
