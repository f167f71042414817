"""Holes from a folder of mask files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engine.errors import InvalidInputError
from training import masks

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, name: str, hole: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(hole.astype(np.uint8) * 255).save(folder / name)


def block(size: tuple[int, int], height: int, width: int) -> np.ndarray:
    hole = np.zeros(size, np.bool_)
    hole[2 : 2 + height, 3 : 3 + width] = True
    return hole


def test_white_is_the_hole(tmp_path: Path) -> None:
    write(tmp_path, "a.png", block((40, 40), 10, 5))
    hole = masks.source(str(tmp_path)).draw((40, 40), np.random.default_rng(0))
    assert hole.sum() == 50


def test_masks_are_mirrored_both_ways(tmp_path: Path) -> None:
    write(tmp_path, "a.png", block((40, 40), 10, 5))
    source = masks.MaskFiles(tmp_path)
    places = {
        tuple(np.argwhere(source.draw((40, 40), np.random.default_rng(seed))).min(axis=0).tolist())
        for seed in range(30)
    }
    assert places == {(2, 3), (2, 32), (28, 3), (28, 32)}


def test_thin_lines_survive_shrinking(tmp_path: Path) -> None:
    line = np.zeros((200, 200), np.bool_)
    line[101] = True
    write(tmp_path, "a.png", line)
    hole = masks.MaskFiles(tmp_path).draw((50, 50), np.random.default_rng(0))
    assert hole.any(axis=0).all()


@pytest.mark.parametrize("size", [(30, 60), (60, 30), (128, 128), (7, 9)])
def test_any_size_is_cut_from_masks_of_any_shape(tmp_path: Path, size: tuple[int, int]) -> None:
    blocks = np.kron(np.random.default_rng(0).random((4, 3)) < 0.5, np.ones((16, 16)))
    write(tmp_path, "a.png", blocks)
    for seed in range(5):
        hole = masks.MaskFiles(tmp_path).draw(size, np.random.default_rng(seed))
        assert hole.shape == size
        assert 0 < hole.sum() < hole.size


def test_a_seed_names_a_hole_whatever_was_drawn_before(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path, f"{number}.png", np.random.default_rng(number).random((32, 32)) < 0.3)
    fresh, used = masks.MaskFiles(tmp_path), masks.MaskFiles(tmp_path)
    used.draw((32, 32), np.random.default_rng(1))
    np.testing.assert_array_equal(
        fresh.draw((32, 32), np.random.default_rng(5)),
        used.draw((32, 32), np.random.default_rng(5)),
    )


def test_masks_of_another_share_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "small.png", block((40, 40), 4, 4))
    write(tmp_path, "large.png", block((40, 40), 20, 20))
    source = masks.MaskFiles(tmp_path)
    for seed in range(10):
        assert source.draw((40, 40), np.random.default_rng(seed), (0.2, 0.3)).sum() == 400


def test_a_share_that_no_mask_has_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.png", block((40, 40), 4, 4))
    with pytest.raises(InvalidInputError, match="80% to 90%"):
        masks.MaskFiles(tmp_path).draw((40, 40), np.random.default_rng(0), (0.8, 0.9))


def test_empty_masks_are_never_given_out(tmp_path: Path) -> None:
    write(tmp_path, "empty.png", np.zeros((20, 20), np.bool_))
    write(tmp_path, "full.png", np.ones((20, 20), np.bool_))
    write(tmp_path, "good.png", block((20, 20), 5, 5))
    source = masks.MaskFiles(tmp_path)
    for seed in range(20):
        assert source.draw((20, 20), np.random.default_rng(seed)).sum() == 25


def test_inverted_masks_are_noticed_with_the_histogram(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path, f"{number}.png", ~block((40, 40), 10, 10 + number))
    write(tmp_path, "good.png", block((40, 40), 10, 10))
    (notice,) = masks.MaskFiles(tmp_path).notices
    assert "1 with 0-20 %" in notice
    assert "3 with 80-100 %" in notice
    assert "invert" in notice


def test_good_masks_give_no_notice(tmp_path: Path) -> None:
    write(tmp_path, "0.png", ~block((40, 40), 10, 10))
    write(tmp_path, "1.png", block((40, 40), 10, 10))
    assert masks.MaskFiles(tmp_path).notices == ()


def test_damaged_masks_are_left_out_and_named(tmp_path: Path) -> None:
    write(tmp_path, "a.png", block((20, 20), 5, 5))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    source = masks.MaskFiles(tmp_path)
    assert "broken.png" in source.notices[0]
    for seed in range(5):
        assert source.draw((20, 20), np.random.default_rng(seed)).sum() == 25


@pytest.mark.parametrize("broken", [True, False])
def test_a_folder_without_masks_is_refused(tmp_path: Path, broken: bool) -> None:
    if broken:
        (tmp_path / "broken.png").write_bytes(b"no")
    with pytest.raises(InvalidInputError, match="can be read" if broken else "holds no masks"):
        masks.source(str(tmp_path))


def test_what_is_neither_kind_nor_folder_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="did you mean “mixed”"):
        masks.source("mixd")
