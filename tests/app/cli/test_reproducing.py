"""A result of the editor made again by `lacuna inpaint --recipe`: the same bytes on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.__main__ import main
from app.document import Document
from app.document.document import SOURCE_NEVER
from app.session.snapshot import apply_result, snapshot
from engine import recipe, registry
from engine.jobs import CancelToken, Job
from engine.pictures import Picture, open_picture, save_mask, save_picture
from engine.pipeline import InpaintRequest, InpaintResult, inpaint

if TYPE_CHECKING:
    from pathlib import Path

    from engine.types import Pixels

CLASSICAL = [spec.id for spec in registry.specs() if not spec.network]
SIZE = (150, 190)
FACE = ((95, 70), (104, 62), (86, 62), (110, 66), (80, 66), (120, 100), (70, 100))


def textured() -> Pixels:
    """Stripes and grain: what is copied from elsewhere would be noticed."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    stripes = np.where((rows + 2 * columns) // 9 % 2 == 0, 70, 180)
    grain = np.random.default_rng(2).integers(-20, 20, (*SIZE, 3))
    pixels: Pixels = (stripes[:, :, None] + grain).astype(np.uint8)
    return pixels


@pytest.fixture
def edited(tmp_path: Path) -> Document:
    """`in.png`, open in the editor, with a mask that is soft at its rim, which is `mask.png`."""
    save_picture(Picture(textured()), tmp_path / "in.png")
    document = Document.new(open_picture(tmp_path / "in.png"))
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    apart = np.hypot(rows - 70, columns - 95)
    with document.edit("Brush Stroke"), document.touch("mask", document.box) as mask:
        mask[...] = np.clip(255 - 20 * (apart - 10), 0, 255).astype(np.uint8)
    save_mask(document.mask, tmp_path / "mask.png")
    return document


def filled(document: Document, request: InpaintRequest) -> InpaintResult:
    """The request run and its result in the document."""
    result = Job("", lambda token: inpaint(request, token)).run(CancelToken(), lambda _: None)
    apply_result(document, result, "Inpaint")
    return result


def again(folder: Path, *more: str) -> Pixels:
    """What the command line makes of the same picture and mask with the recipe."""
    names = (str(folder / "in.png"), str(folder / "mask.png"))
    words = ("-o", str(folder / "again.png"), "--recipe", str(folder / "r.json"), *more)
    assert main(["inpaint", *names, *words]) == 0
    return open_picture(folder / "again.png").pixels


@pytest.mark.parametrize("backend", [registry.AUTO, *CLASSICAL])
def test_every_classical_backend_fills_the_same_again(
    tmp_path: Path, edited: Document, backend: str
) -> None:
    request = snapshot(edited, backend, {}, 7)
    assert request is not None
    result = filled(edited, request)
    assert result.recipe.soft
    recipe.save(result.recipe, tmp_path / "r.json")
    np.testing.assert_array_equal(again(tmp_path), edited.image)


def test_options_and_seed_are_kept(tmp_path: Path, edited: Document) -> None:
    request = snapshot(edited, "patchmatch", {"patch": 5, "effort": "fast"}, 23)
    assert request is not None
    recipe.save(filled(edited, request).recipe, tmp_path / "r.json")
    np.testing.assert_array_equal(again(tmp_path), edited.image)
    assert (again(tmp_path, "--seed", "24", "--overwrite") != edited.image).any()


def test_where_nothing_may_be_copied_from_is_asked_for_and_heeded(
    tmp_path: Path, edited: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    with edited.edit("Source"), edited.touch("source", edited.box) as source:
        source[:, :80] = SOURCE_NEVER
    request = snapshot(edited, "patchmatch", {"effort": "fast"}, 1)
    assert request is not None
    recipe.save(filled(edited, request).recipe, tmp_path / "r.json")
    words = [str(tmp_path / name) for name in ("in.png", "mask.png")]
    recipe_words = ["-o", str(tmp_path / "x.png"), "--recipe", str(tmp_path / "r.json")]
    assert main(["inpaint", *words, *recipe_words]) == 2
    assert "--never-from" in capsys.readouterr().err
    forbidden = edited.forbidden()
    assert forbidden is not None
    save_mask(forbidden, tmp_path / "never.png")
    made = again(tmp_path, "--never-from", str(tmp_path / "never.png"))
    np.testing.assert_array_equal(made, edited.image)


def test_a_seeded_network_guided_by_keypoints_fills_the_same_again(
    tmp_path: Path, edited: Document
) -> None:
    whole = edited.image.copy()
    request = InpaintRequest(
        whole,
        edited.hole(),
        "iconv-face",
        {"latent": "random"},
        opacity=edited.mask,
        seed=4,
        weights="random:3",
        device="cpu",
        keypoints=FACE,
    )
    made_with = filled(edited, request).recipe
    assert made_with.keypoints == FACE
    recipe.save(made_with, tmp_path / "r.json")
    np.testing.assert_array_equal(again(tmp_path, "--device", "cpu"), edited.image)
    moved = ",".join(f"{x + 9},{y}" for x, y in FACE)
    other = again(tmp_path, "--device", "cpu", "--keypoints", moved, "--overwrite")
    assert (other != edited.image).any()


def test_a_picture_carries_its_own_recipe(tmp_path: Path, edited: Document) -> None:
    names = [str(tmp_path / name) for name in ("in.png", "mask.png")]
    how = ["--backend", "telea", "--option", "radius=7", "--keep-recipe", "inside"]
    for name in ("one.png", "one.jpg", "one.tif", "one.webp"):
        assert main(["inpaint", *names, "-o", str(tmp_path / name), *how, "--allow-loss"]) == 0
        found = recipe.load(tmp_path / name)
        assert (found.backend, found.options["radius"]) == ("telea", 7)
        assert str(tmp_path).encode() not in (tmp_path / name).read_bytes()
    words = ["-o", str(tmp_path / "two.png"), "--recipe", str(tmp_path / "one.png")]
    assert main(["inpaint", *names, *words, "--keep-recipe", "inside"]) == 0
    assert (tmp_path / "two.png").read_bytes() == (tmp_path / "one.png").read_bytes()


def test_a_recipe_beside_the_picture_is_a_recipe_file(tmp_path: Path, edited: Document) -> None:
    names = [str(tmp_path / name) for name in ("in.png", "mask.png")]
    words = ["inpaint", *names, "-o", str(tmp_path / "out.png"), "--keep-recipe", "beside"]
    assert main([*words, "--backend", "telea"]) == 0
    assert recipe.load(tmp_path / "out.recipe.json").backend == "telea"
    (tmp_path / "out.png").unlink()
    assert main(words) == 2  # the recipe of the first run would be replaced


def test_nothing_is_kept_unless_asked_for(tmp_path: Path, edited: Document) -> None:
    names = [str(tmp_path / name) for name in ("in.png", "mask.png")]
    words = ["-o", str(tmp_path / "out.png"), "--backend", "telea"]
    assert main(["inpaint", *names, *words]) == 0
    assert not list(tmp_path.glob("*.json"))
    assert b"lacuna" not in (tmp_path / "out.png").read_bytes().lower()


def test_a_picture_without_a_recipe_says_what_to_give(
    tmp_path: Path, edited: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(tmp_path / name) for name in ("in.png", "mask.png")]
    words = ["-o", str(tmp_path / "out.png"), "--recipe", str(tmp_path / "in.png")]
    assert main(["inpaint", *names, *words]) == 1
    assert "no recipe in" in capsys.readouterr().err


def test_a_fill_replaces_the_recipe_of_the_fill_before(tmp_path: Path, edited: Document) -> None:
    names = [str(tmp_path / name) for name in ("in.png", "mask.png")]
    kept = ["-o", str(tmp_path / "one.png"), "--backend", "telea", "--keep-recipe", "inside"]
    assert main(["inpaint", *names, *kept]) == 0
    names[0] = str(tmp_path / "one.png")
    more = ["-o", str(tmp_path / "two.png"), "--backend", "navier-stokes"]
    assert main(["inpaint", *names, *more, "--keep-recipe", "inside"]) == 0
    assert recipe.load(tmp_path / "two.png").backend == "navier-stokes"
    assert main(["inpaint", *names, *more, "--overwrite"]) == 0
    assert b"lacuna" not in (tmp_path / "two.png").read_bytes().lower()


def test_keypoints_that_are_no_pairs_of_numbers_are_wrong_usage(
    tmp_path: Path, edited: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(tmp_path / name) for name in ("in.png", "mask.png")]
    for text in ("1,2,3", "nose", "", "1,nan"):
        words = ["-o", str(tmp_path / "x.png"), "--keypoints", text]
        assert main(["inpaint", *names, *words]) == 2
        assert "x and y of each point" in capsys.readouterr().err


def test_a_wrong_number_of_keypoints_names_those_that_are_needed(
    tmp_path: Path, edited: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(tmp_path / name) for name in ("in.png", "mask.png")]
    words = ["-o", str(tmp_path / "x.png"), "--backend", "iconv-face", "--weights", "random:1"]
    assert main(["inpaint", *names, *words, "--keypoints", "1,2"]) == 1
    assert "needs 7: nose, left eye" in capsys.readouterr().err


def test_a_backend_that_is_not_steered_says_so_and_asks_for_nothing_again(
    tmp_path: Path, edited: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    with edited.edit("Source"), edited.touch("source", edited.box) as source:
        source[:, :80] = SOURCE_NEVER
    request = snapshot(edited, "telea", {}, 1)
    assert request is not None
    recipe.save(filled(edited, request).recipe, tmp_path / "r.json")
    np.testing.assert_array_equal(again(tmp_path), edited.image)
    never = edited.forbidden()
    assert never is not None
    save_mask(never, tmp_path / "never.png")
    capsys.readouterr()
    again(tmp_path, "--never-from", str(tmp_path / "never.png"), "--overwrite")
    assert "Telea takes from no particular place" in capsys.readouterr().err
