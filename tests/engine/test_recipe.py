"""Recipes as files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from engine import recipe
from engine.errors import InvalidInputError
from engine.recipe import Recipe

if TYPE_CHECKING:
    from pathlib import Path


def test_a_saved_recipe_reads_back_equal(tmp_path: Path) -> None:
    made = Recipe(
        backend="telea",
        options={"radius": 5},
        seed=9,
        size="resize",
        detail=False,
        blend=("match", "grain"),
    )
    recipe.save(made, tmp_path / "r.json")
    assert recipe.load(tmp_path / "r.json") == made


def test_a_recipe_of_before_there_was_blending_asks_for_none() -> None:
    assert recipe.from_json('{"version": 1, "backend": "telea", "seed": 3}').blend == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"version": 1, "backend": "telea", "sede": 3}', "unknown field `sede`"),
        ('{"version": 2, "backend": "telea"}', "2"),
        ('{"version": 1}', "backend"),
        ('{"version": 1, "backend": "telea", "seed": "x"}', "seed"),
        ('{"version": 1, "backend": "telea", "blend": ["grian"]}', "grian"),
        ("not json", "no recipe"),
        ("", "no recipe"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_with_the_reason(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "r.json"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidInputError, match=words) as caught:
        recipe.load(path)
    assert "r.json" in str(caught.value)


def test_a_missing_recipe_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"none\.json"):
        recipe.load(tmp_path / "none.json")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInputError, match="no recipe"):
        recipe.load(path)


@pytest.mark.parametrize("seed", [-1, 1 << 32])
def test_a_seed_that_no_command_line_takes_is_refused(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "r.json"
    path.write_text(f'{{"backend": "telea", "seed": {seed}}}', "utf-8")
    with pytest.raises(InvalidInputError, match="seed"):
        recipe.load(path)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
def test_a_pipe_is_no_recipe_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "r.json")
    with pytest.raises(InvalidInputError, match=r"r\.json"):
        recipe.load(tmp_path / "r.json")
