"""What is seen to be wrong before anything starts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.batch import (
    BatchConfig,
    BatchRun,
    load_settings,
    planned,
    planning,
    retry,
    save_settings,
)
from engine.errors import (
    Cancelled,
    EngineError,
    InvalidInputError,
    PictureError,
    UnusableBackendError,
)
from engine.jobs import CancelToken, finish
from engine.recipe import Recipe
from engine.recipe import save as save_recipe
from tests.engine.batch.folders import config, hole_of, mask, pairs, pixels_of, plan, put, run

# --- pictures ------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_read_fails_and_the_others_do_not(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "b.png", "c.png")
    (tmp_path / "images/b.png").write_bytes(b"")
    (tmp_path / "masks/c.png").write_bytes(b"nothing")
    made = plan(tmp_path)
    assert [item.intent for item in made.items] == ["ready", "failed", "failed"]
    assert made.items[1].reason.startswith("“b.png” is empty")
    assert made.items[2].reason.startswith(
        "The mask of “c.png” cannot be used: “c.png” is not a picture"
    )


def test_a_broken_mask_is_found_beforehand(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    whole = (tmp_path / "masks/a.png").read_bytes()
    (tmp_path / "masks/a.png").write_bytes(whole[:-40])
    (item,) = plan(tmp_path).items
    assert item.intent == "failed"
    assert item.reason.startswith("The mask of “a.png” cannot be used: “a.png” is damaged")


def test_a_mask_of_the_same_shape_is_scaled_with_a_warning(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    mask(tmp_path / "masks/a.png", hole_of(96, 72))
    (item,) = plan(tmp_path).items
    assert item.intent == "ready"
    assert item.warnings == ("The mask “a.png” is 96 × 72, “a.png” 48 × 36 pixels; it is scaled.",)


def test_a_mask_of_another_shape_fails(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    mask(tmp_path / "masks/a.png", hole_of(36, 48))
    (item,) = plan(tmp_path).items
    assert item.intent == "failed"
    assert "36 × 48" in item.reason
    assert "differ in shape" in item.reason


def test_sizes_are_compared_upright(tmp_path: Path) -> None:
    """A portrait photograph is stored lying; its mask was painted on what people see."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "images").mkdir()
    Image.fromarray(pixels_of()).save(tmp_path / "images/a.jpg", exif=exif)
    mask(tmp_path / "masks/a.png", hole_of(36, 48))
    (item,) = plan(tmp_path).items
    assert (item.intent, item.size) == ("ready", (36, 48))


def test_a_mask_that_is_mostly_white_is_suspected(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    mask(tmp_path / "masks/a.png", ~hole_of())
    (item,) = plan(tmp_path).items
    assert item.intent == "ready"
    assert item.warnings[0].startswith("97% of “a.png” would be filled; if black marks")
    (item,) = plan(tmp_path, invert_mask=True).items
    assert item.warnings == ()


def test_no_more_masks_are_measured_than_take_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(8)))
    monkeypatch.setattr(planning, "MEASURED_PIXELS", 4 * 48 * 36)
    made = plan(tmp_path)
    assert made.measured == 4
    assert [item.hole_share is None for item in made.items] == [False, True] * 4


def test_pictures_without_transparency_fail_where_it_is_the_mask(tmp_path: Path) -> None:
    put(tmp_path / "images/a.png")
    put(tmp_path / "images/b.png", np.dstack([pixels_of(), 255 - 255 * hole_of().astype(np.uint8)]))
    made = plan(tmp_path, masks="alpha")
    assert [item.intent for item in made.items] == ["failed", "ready"]
    assert made.items[0].reason == "“a.png” has no transparency to read a mask from."
    assert made.items[1].hole_share == pytest.approx(hole_of().mean())


# --- names ---------------------------------------------------------------------------------------


def names(root: Path, **more: object) -> list[str | None]:
    return [item.output.name if item.output else None for item in plan(root, **more).items]


def test_names_keep_the_ending_and_tell_what_was_done(tmp_path: Path) -> None:
    pairs(tmp_path, "a.JPG")
    assert names(tmp_path) == ["a_inpainted.JPG"]
    template = "{parent}-{stem}-{backend}-{seed}{ext}"
    seven = Recipe(backend="telea", seed=7)
    assert names(tmp_path, name=template, recipe=seven) == ["images-a-telea-7.JPG"]
    assert names(tmp_path, name="{stem}.tif") == ["a.tif"]


def test_an_ending_that_cannot_be_written_becomes_png(tmp_path: Path) -> None:
    from PIL import Image

    pairs(tmp_path, "a.png")
    Image.fromarray(pixels_of()).save(tmp_path / "images/b.gif")
    mask(tmp_path / "masks/b.png")
    (tmp_path / "images/a.png").rename(tmp_path / "images/a.jpg")  # still a PNG inside
    assert names(tmp_path) == ["a_inpainted.png", "b_inpainted.png"]


def test_subfolders_are_mirrored(tmp_path: Path) -> None:
    pairs(tmp_path, "x/y/a.png")
    (item,) = plan(tmp_path, recursive=True).items
    assert item.output == tmp_path / "out/x/y/a_inpainted.png"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{stem}_{date}{ext}", "the token {date}; there are {stem}, {ext}, {backend}"),
        ("{stem", "a lone brace"),
        ("result.png", "the same for many pictures"),
        ("../{stem}{ext}", "leave the folders out"),
        ("{stem}.gif", "no format that Lacuna writes"),
        ("{stem}", "no format that Lacuna writes"),
    ],
)
def test_a_template_that_makes_no_name_is_refused(tmp_path: Path, template: str, why: str) -> None:
    pairs(tmp_path, "a.png")
    with pytest.raises(InvalidInputError, match=why.replace("{", r"\{")):
        plan(tmp_path, name=template)


def test_pictures_that_would_become_one_file_all_fail(tmp_path: Path) -> None:
    pairs(tmp_path, "a.jpg", "a.png", "b.png")
    made = plan(tmp_path, name="{stem}.png")
    assert [item.intent for item in made.items] == ["failed", "failed", "ready"]
    assert "“a.jpg” and another picture would both become “a.png”" in made.items[0].reason
    assert names(tmp_path) == ["a_inpainted.jpg", "a_inpainted.png", "b_inpainted.png"]


def test_what_exists_is_renamed_skipped_or_overwritten(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "a_inpainted_1.png")
    put(tmp_path / "out/a_inpainted.png")
    assert names(tmp_path)[0] == "a_inpainted_1.png"
    put(tmp_path / "out/a_inpainted_1.png")
    assert names(tmp_path)[0] == "a_inpainted_2.png"
    assert names(tmp_path, on_existing="overwrite")[0] == "a_inpainted.png"
    skipped = plan(tmp_path, on_existing="skip").items[0]
    assert (skipped.intent, skipped.reason) == ("skipped", "“a_inpainted.png” exists.")


# --- settings ------------------------------------------------------------------------------------


def test_the_folder_of_the_pictures_is_refused_for_results(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "images")
    for output in (tmp_path / "images", link):
        with pytest.raises(InvalidInputError, match="is the folder of the pictures"):
            plan(tmp_path, output=str(output))
    with pytest.raises(InvalidInputError, match="is the folder of the masks"):
        plan(tmp_path, output=str(tmp_path / "masks"))
    assert plan(tmp_path, output=str(tmp_path / "images"), in_place=True).counts.ready == 1


def test_results_in_place_are_no_pictures_of_the_next_run(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    inside = {"output": str(tmp_path / "images"), "in_place": True}
    assert run(tmp_path, **inside).done == 1
    made = plan(tmp_path, **inside)
    assert [item.image.name for item in made.items] == ["a.png"]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("images", "missing", "“missing” does not exist; choose a folder of pictures"),
        ("masks", "missing", "“missing” does not exist; choose a folder of masks"),
        ("recipe", Recipe(backend="telea", options={"radius": 99}), "radius must be a whole"),
        ("recipe", Recipe(backend="nope"), "There is no backend “nope”"),
        ("weights", "random:1", "Telea is no network"),
        ("recipe", Recipe(backend="pepsi", weights_sha256="ab" * 32), "made with other weights"),
    ],
)
def test_what_cannot_work_at_all_is_refused(
    tmp_path: Path, field: str, value: object, why: str
) -> None:
    pairs(tmp_path, "a.png")
    with pytest.raises(EngineError, match=why):
        plan(tmp_path, **{field: value})


def test_a_backend_without_weights_is_refused_before_pictures_are_read(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    with pytest.raises(UnusableBackendError, match="PEPSI has no weights"):
        plan(tmp_path, recipe=Recipe(backend="pepsi"))


def test_results_that_will_not_fit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs(tmp_path, "a.png")
    monkeypatch.setattr(planning, "_free_bytes", lambda _: 500)
    made = plan(tmp_path)
    assert made.lacks_space
    with pytest.raises(PictureError, match="make room or choose another folder"):
        finish(BatchRun(made).steps(CancelToken()))
    assert not (tmp_path / "out").exists()


def test_planning_can_be_cancelled_and_tells_how_far_it_is(tmp_path: Path) -> None:
    pairs(tmp_path, *(f"{number}.png" for number in range(5)))
    token = CancelToken()
    steps = planned(config(tmp_path), token)
    next(steps)
    assert next(steps).message == "Looking at picture 1 of 5"
    token.cancel()
    with pytest.raises(Cancelled):
        for _ in steps:
            pass


def test_settings_survive_a_file(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png")
    given = config(tmp_path, recursive=True, name="{stem}.png")
    save_settings(given, tmp_path / "folder.json")
    assert load_settings(tmp_path / "folder.json") == given


def test_the_recipe_of_a_single_picture_is_read_too(tmp_path: Path) -> None:
    recipe = Recipe(backend="telea", options={"radius": 3}, seed=5)
    save_recipe(recipe, tmp_path / "recipe.json")
    assert load_settings(tmp_path / "recipe.json") == recipe


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"images": "a", "masks": "b", "output": "c", "colour": 1}', "colour"),
        ('{"images": "a", "masks": 3, "output": "c"}', "masks"),
        ("[1", "holds no settings"),
    ],
)
def test_a_file_that_holds_no_settings_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InvalidInputError, match=why):
        load_settings(tmp_path / "x.json")


def test_paths_of_a_plan_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs(tmp_path, "a.png")
    monkeypatch.chdir(tmp_path)
    relative = BatchConfig(images="images", masks="masks", output="out")
    made = finish(planned(relative, CancelToken()))
    assert made.config.output == str(tmp_path / "out")
    assert all(Path(path).is_absolute() for path in (made.config.images, made.config.masks))
    assert made.items[0].image == tmp_path / "images/a.png"


def test_those_that_failed_can_be_planned_again(tmp_path: Path) -> None:
    pairs(tmp_path, "a.png", "b.png")
    whole = (tmp_path / "images/b.png").read_bytes()
    (tmp_path / "images/b.png").write_bytes(b"")
    report = run(tmp_path)
    (tmp_path / "images/b.png").write_bytes(whole)

    again = finish(retry(report, CancelToken()))

    assert [item.image.name for item in again.items] == ["b.png"]
    assert finish(BatchRun(again).steps(CancelToken())).done == 1
