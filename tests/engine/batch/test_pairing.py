"""Which mask goes with which picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.errors import InvalidInputError
from tests.engine.batch.folders import mask, pairs, plan, put

if TYPE_CHECKING:
    from pathlib import Path


def found(root: Path, **more: object) -> dict[str, list[str]]:
    """Masks by picture, both as names."""
    return {
        item.image.name: [path.name for path in item.masks] for item in plan(root, **more).items
    }


def test_a_mask_of_the_same_stem_has_any_ending(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    mask(tmp_path / "masks/a.jpg")
    assert found(tmp_path) == {"a.png": ["a.jpg"]}


@pytest.mark.parametrize("name", ["a_mask.png", "a-mask.png", "a_mask001.png", "a_MASK.png"])
def test_a_suffix_marks_a_mask(tmp_path: Path, name: str) -> None:
    put(tmp_path / "images/a.png")
    mask(tmp_path / "masks" / name)
    assert found(tmp_path) == {"a.png": [name]}


def test_the_same_stem_goes_before_a_suffix(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    mask(tmp_path / "masks/a.png")
    mask(tmp_path / "masks/a_mask.png")
    assert found(tmp_path) == {"a.png": ["a.png"]}
    assert [path.name for path in plan(tmp_path).orphans] == ["a_mask.png"]


def test_several_masks_are_united_and_the_plan_says_so(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    mask(tmp_path / "masks/a_mask001.png")
    mask(tmp_path / "masks/a_mask002.png")
    (item,) = plan(tmp_path).items
    assert [path.name for path in item.masks] == ["a_mask001.png", "a_mask002.png"]
    assert item.warnings == ("“a.png” has 2 masks, which are united.",)


def test_two_masks_of_one_name_are_an_error(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    mask(tmp_path / "masks/a.png")
    mask(tmp_path / "masks/a.jpg")
    (item,) = plan(tmp_path).items
    assert item.intent == "failed"
    assert item.reason.startswith("“a.png” has several masks of its name, “a.jpg” and “a.png”")


def test_subfolders_are_matched_by_their_path(tmp_path: Path) -> None:
    for place in ("x/a.png", "y/a.png"):
        put(tmp_path / "images" / place)
        mask(tmp_path / "masks" / place)
    masks = [item.masks[0].parent.name for item in plan(tmp_path, recursive=True).items]
    assert masks == ["x", "y"]


def test_subfolders_are_left_alone_unless_asked_for(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "deep/b.png")
    assert list(found(tmp_path)) == ["a.png"]
    assert list(found(tmp_path, recursive=True)) == ["a.png", "b.png"]


def test_in_one_folder_only_the_suffix_tells_masks_from_pictures(tmp_path: Path) -> None:
    images = tmp_path / "images"
    for name in ("a.jpg", "a.png", "b.jpg", "old_mask.png"):
        put(images / name)
    mask(images / "a_mask.png")
    assert found(tmp_path, masks=str(images)) == {
        "a.jpg": ["a_mask.png"],
        "a.png": ["a_mask.png"],
        "b.jpg": [],
        "old_mask.png": [],
    }


def test_composed_and_decomposed_letters_are_the_same(tmp_path: Path) -> None:
    put(tmp_path / "images/caf\u00e9.png")
    mask(tmp_path / "masks/cafe\u0301.png")
    assert found(tmp_path) == {"caf\u00e9.png": ["cafe\u0301.png"]}


def test_one_mask_serves_all(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "b.png")
    logo = mask(tmp_path / "images/logo.png")
    assert found(tmp_path, masks=str(logo)) == {"a.png": ["logo.png"], "b.png": ["logo.png"]}


def test_orphans_are_found_both_ways(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    put(tmp_path / "images/lonely.png")
    mask(tmp_path / "masks/stray.png")
    made = plan(tmp_path)
    assert (made.counts.without_mask, made.counts.orphans, made.counts.ready) == (1, 1, 1)
    assert made.items[1].reason == "“lonely.png” has no mask; make one of the same name."
    assert [path.name for path in made.orphans] == ["stray.png"]


def test_results_and_masks_below_the_pictures_are_no_pictures(tmp_path: Path) -> None:
    images = tmp_path / "images"
    put(images / "a.png")
    mask(images / "masks/a.png")
    put(images / "out/old.png")
    more = {"masks": str(images / "masks"), "output": str(images / "out"), "recursive": True}
    assert found(tmp_path, **more) == {"a.png": ["a.png"]}


def test_one_picture_is_a_folder_of_one(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "b.png")
    assert list(found(tmp_path, images=str(tmp_path / "images/b.png"))) == ["b.png"]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    pairs(tmp_path, "deep/a.png")
    with pytest.raises(InvalidInputError, match=r"holds no pictures; .* subfolders too"):
        plan(tmp_path)
