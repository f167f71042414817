"""`lacuna inpaint`: files in, files out, one sentence for what goes wrong."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from engine import recipe, registry, weights
from engine.pictures import Picture, open_picture, save_mask, save_picture

if TYPE_CHECKING:
    from engine.types import MaskBool, Pixels

FIELDS = {
    "output", "backend", "chosen", "device", "fallback", "seed", "seconds", "hole_share",
    "regions", "detail", "weights_sha256", "peak_rss_bytes", "unchanged_outside",
}  # fmt: skip


def pixels_of(channels: int = 3, dtype: type[np.unsignedinteger[Any]] = np.uint8) -> Pixels:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 200, (80, 100, channels)).astype(dtype)
    if channels in (2, 4):
        pixels[:, :, -1] = np.iinfo(dtype).max
    return pixels


def hole_of() -> MaskBool:
    hole = np.zeros((80, 100), bool)
    hole[30:44, 40:56] = True
    return hole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `in.png`, `mask.png` and nothing else."""
    save_picture(Picture(pixels_of()), tmp_path / "in.png")
    save_mask(hole_of(), tmp_path / "mask.png")
    return tmp_path


def inpaint(folder: Path, *more: str, image: str = "in.png", out: str = "out.png") -> int:
    words = ["inpaint", str(folder / image), str(folder / "mask.png"), "-o", str(folder / out)]
    return main([*words, *more])


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def only_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr of a command that failed, its stdout being empty."""
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert "Traceback" not in line
    assert line.startswith("lacuna: ")
    return line


# --- results -------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["auto", "patchmatch", "telea", "navier-stokes"])
def test_the_hole_is_filled_and_the_rest_is_bit_identical(folder: Path, backend: str) -> None:
    assert inpaint(folder, "--backend", backend) == 0
    before, after = pixels_of(), open_picture(folder / "out.png").pixels
    np.testing.assert_array_equal(after[~hole_of()], before[~hole_of()])
    assert (after[hole_of()] != before[hole_of()]).any()


@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_16_bits_stay_16_bits(folder: Path, name: str) -> None:
    before = pixels_of(dtype=np.uint16) * 257 + 3
    save_picture(Picture(before), folder / name)
    assert inpaint(folder, image=name, out=f"filled-{name}") == 0
    after = open_picture(folder / f"filled-{name}").pixels
    assert after.dtype == np.uint16
    np.testing.assert_array_equal(after[~hole_of()], before[~hole_of()])


def test_the_report_has_the_promised_fields(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inpaint(folder, "--json", "--quiet", "--seed", "3") == 0
    row = report(capsys)
    assert set(row) == FIELDS
    assert row["output"] == str(folder / "out.png")
    assert row["backend"] == "patchmatch"
    assert row["chosen"].startswith("PatchMatch, because")
    assert row["device"] == "cpu"
    assert row["fallback"] is None
    assert row["seed"] == 3
    assert set(row["seconds"]) == {"load", "inpaint", "total"}
    assert row["seconds"]["total"] >= row["seconds"]["inpaint"] > 0
    assert row["hole_share"] == pytest.approx(14 * 16 / 8000)
    assert row["regions"] == 1
    assert row["weights_sha256"] is None
    assert row["peak_rss_bytes"] > 10_000_000
    assert row["unchanged_outside"] is True


def test_a_lossy_file_is_reported_as_changed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inpaint(folder, "--json", out="out.jpg") == 0
    assert report(capsys)["unchanged_outside"] is False


def test_stdout_names_the_file_and_stderr_tells_the_rest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inpaint(folder) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [str(folder / "out.png")]
    assert "Chosen: PatchMatch, because" in captured.err


def test_quiet_says_nothing_but_the_result(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inpaint(folder, "--quiet") == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [str(folder / "out.png")]
    assert captured.err == ""


def test_variations_differ_by_their_seeds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inpaint(folder, "--variations", "2", "--seed", "5", "--json") == 0
    row = report(capsys)
    assert [one["seed"] for one in row["variations"]] == [5, 6]
    assert [set(one) for one in row["variations"]] == [FIELDS | {"score"}] * 2
    assert all(one["score"] > 0 for one in row["variations"])
    assert [one["output"] for one in row["variations"]] == [
        str(folder / "out_1.png"), str(folder / "out_2.png")
    ]  # fmt: skip
    assert (folder / "out_1.png").read_bytes() != (folder / "out_2.png").read_bytes()
    assert not (folder / "out.png").exists()


def test_the_same_seed_gives_the_same_file(folder: Path) -> None:
    assert inpaint(folder, "--seed", "5", out="a.png") == 0
    assert inpaint(folder, "--seed", "5", out="b.png") == 0
    assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes()


def test_a_recipe_gives_the_same_file_again(folder: Path) -> None:
    kept = str(folder / "recipe.json")
    how = ("--backend", "telea", "--option", "radius=7", "--save-recipe", kept)
    assert inpaint(folder, *how, out="a.png") == 0
    assert inpaint(folder, "--recipe", kept, out="b.png") == 0
    assert inpaint(folder, "--backend", "telea", out="c.png") == 0
    assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes()
    assert (folder / "a.png").read_bytes() != (folder / "c.png").read_bytes()


def test_blending_is_chosen_by_name_and_a_recipe_keeps_it(folder: Path) -> None:
    kept = str(folder / "recipe.json")
    how = ("--backend", "telea", "--blend", "match,poisson", "--blend", "grain")
    assert inpaint(folder, *how, "--save-recipe", kept, out="a.png") == 0
    assert recipe.load(Path(kept)).blend == ("match", "poisson", "grain")
    assert inpaint(folder, "--recipe", kept, out="b.png") == 0
    assert inpaint(folder, "--recipe", kept, "--blend", "none", out="c.png") == 0
    assert inpaint(folder, "--backend", "telea", out="d.png") == 0
    a, b, c, d = ((folder / f"{name}.png").read_bytes() for name in "abcd")
    assert a == b != c == d


def test_an_unknown_blending_is_wrong_usage_and_the_nearest_name_is_offered(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inpaint(folder, "--blend", "match,poison") == 2
    assert "“poison”; did you mean “poisson”?" in only_sentence(capsys)
    assert not (folder / "out.png").exists()


def test_the_command_line_wins_over_the_recipe(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "r.json").write_text('{"backend": "telea", "options": {"radius": 7}, "seed": 4}')
    how = ("--recipe", str(folder / "r.json"), "--backend", "patchmatch", "--json")
    assert inpaint(folder, *how) == 0
    row = report(capsys)
    assert (row["backend"], row["seed"]) == ("patchmatch", 4)


def test_an_inverted_mask_marks_the_hole_black(folder: Path) -> None:
    save_mask(~hole_of(), folder / "mask.png")
    assert inpaint(folder, "--invert-mask") == 0
    after = open_picture(folder / "out.png").pixels
    np.testing.assert_array_equal(after[~hole_of()], pixels_of()[~hole_of()])


def test_a_mask_may_be_another_files_transparency(folder: Path) -> None:
    cut = pixels_of(4)
    cut[hole_of(), 3] = 0
    save_picture(Picture(cut), folder / "mask.png")
    assert inpaint(folder, "--mask-from-alpha") == 0
    after = open_picture(folder / "out.png").pixels
    assert after.shape[2] == 3
    np.testing.assert_array_equal(after[~hole_of()], pixels_of()[~hole_of()])


def test_a_pictures_own_transparency_becomes_opaque(folder: Path) -> None:
    cut = pixels_of(4)
    cut[hole_of(), 3] = 0
    save_picture(Picture(cut), folder / "cut.png")
    words = [str(folder / "cut.png")] * 2 + ["-o", str(folder / "out.png")]
    assert main(["inpaint", *words, "--mask-from-alpha"]) == 0
    after = open_picture(folder / "out.png").pixels
    assert (after[:, :, 3] == 255).all()


def test_a_wish_for_a_gpu_runs_on_the_cpu_and_says_why(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inpaint(folder, "--backend", "telea", "--device", "cuda", "--json") == 0
    row = report(capsys)
    assert row["device"] == "cpu"
    assert "cuda" in row["fallback"]


@pytest.mark.parametrize("size", ["auto", "crop", "resize", "original"])
@pytest.mark.parametrize("detail", ["on", "off"])
def test_every_size_and_detail_is_accepted(folder: Path, size: str, detail: str) -> None:
    assert inpaint(folder, "--size", size, "--detail", detail) == 0


def test_names_may_be_written_in_any_script(folder: Path) -> None:
    (folder / "in.png").rename(folder / "Bild – 図 ä.png")
    assert inpaint(folder, image="Bild – 図 ä.png", out="fertig – 完成 ö.png") == 0
    assert (folder / "fertig – 完成 ö.png").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
@pytest.mark.parametrize("how", [[], ["--json"]])
def test_a_name_need_not_be_text(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes], how: list[str]
) -> None:
    assert inpaint(folder, *how, out=os.fsdecode(b"caf\xe9.png")) == 0
    printed = capsysbinary.readouterr().out
    if how:
        assert json.loads(printed)["output"].endswith("caf\udce9.png")
    else:
        assert printed.strip() == os.fsencode(folder) + b"/caf\xe9.png"


def test_overwrite_replaces_the_picture_itself(folder: Path) -> None:
    assert inpaint(folder, "--overwrite", out="in.png") == 0
    after = open_picture(folder / "in.png").pixels
    np.testing.assert_array_equal(after[~hole_of()], pixels_of()[~hole_of()])
    assert (after != pixels_of()).any()


# --- networks ------------------------------------------------------------------------------------

NETWORK = "diet-pepsi-g4"


def test_a_network_with_random_weights_fills_the_hole(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inpaint(folder, "--backend", NETWORK, "--weights", "random:3", "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert row["backend"] == NETWORK
    assert row["weights_sha256"] == "random:3"
    assert row["unchanged_outside"] is True
    after = open_picture(folder / "out.png").pixels
    assert (after[hole_of()] != pixels_of()[hole_of()]).any()


def test_a_network_without_weights_is_refused_with_the_ways_out(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "folders", tuple)
    assert inpaint(folder, "--backend", "gla") == 1
    assert "import-weights FILE --as gla" in only_sentence(capsys)
    assert not (folder / "out.png").exists()


def test_weights_that_are_no_file_are_refused_before_the_work(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inpaint(folder, "--backend", NETWORK, "--weights", "nowhere.safetensors") == 1
    assert "“nowhere.safetensors” does not exist" in only_sentence(capsys)


def test_a_recipe_of_random_weights_gives_the_same_bytes(folder: Path) -> None:
    saved = str(folder / "recipe.json")
    words = ["--backend", NETWORK, "--weights", "random:3", "--seed", "5", "--save-recipe", saved]
    assert inpaint(folder, *words, out="one.png") == 0
    assert inpaint(folder, "--recipe", saved, out="two.png") == 0
    assert (folder / "one.png").read_bytes() == (folder / "two.png").read_bytes()


def test_a_recipe_of_weights_that_are_not_here_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "recipe.json"
    recipe.save(recipe.Recipe(backend=NETWORK, weights_sha256="0123456789ab" + "0" * 52), path)
    assert inpaint(folder, "--recipe", str(path)) == 1
    assert "sha256 0123456789ab…" in only_sentence(capsys)


def test_a_recipe_finds_its_weights_among_those_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weights, "folders", lambda: (tmp_path / "weights",))
    spec = registry.get(NETWORK)
    (tmp_path / "weights").mkdir()
    card = weights.Card(backend=NETWORK, role="none", trained_on="nothing", licence="CC0")
    files = [
        weights.save(
            tmp_path / "weights" / f"{seed}.safetensors",
            weights.random(spec, seed).state_dict(),
            card,
        )
        for seed in (1, 2)
    ]
    for file in files:
        path = folder / f"{file.path.stem}.json"
        recipe.save(recipe.Recipe(backend=NETWORK, weights_sha256=file.sha256), path)
        assert inpaint(folder, "--recipe", str(path), out=f"{file.path.stem}.png") == 0
        assert inpaint(
            folder, "--backend", NETWORK, "--weights", str(file.path), "--overwrite",
        ) == 0  # fmt: skip
        assert (folder / f"{file.path.stem}.png").read_bytes() == (folder / "out.png").read_bytes()


# --- wrong usage ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--backend", "patchmach"], "did you mean “patchmatch”"),
        (["--backend", "telea", "--option", "radios=3"], "did you mean “radius”"),
        (["--backend", "telea", "--option", "radius=300"], "from 1 to 20, not 300"),
        (["--backend", "telea", "--option", "radius"], "NAME=VALUE"),
        (["--weights", "some.safetensors"], "leave --weights out"),
        (["--backend", "telea", "--weights", "random:1"], "Telea is no network"),
        (["--backend", "pepsi", "--weights", "random:x"], "random: and a whole number"),
        (["--seed", "-1"], "must be a whole number from 0 to 4294967295, not “-1”"),
        (["--seed", "abc"], "must be a whole number from 0 to 4294967295, not “abc”"),
        (["--seed", "4294967296"], "must be a whole number from 0"),
        (["--variations", "0"], "must be a whole number from 1 to 999, not “0”"),
        (["--variations", "1000000000"], "must be a whole number from 1 to 999"),
        (["--backend", "telea", "--option", "width=3"], "no option “width”; it has radius"),
        (["--size", "huge"], "invalid choice"),
        (["--detial", "on"], "unrecognized arguments"),
    ],
)
def test_wrong_usage_is_one_sentence_and_code_2(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert inpaint(folder, *words) == 2
    assert sentence in only_sentence(capsys)
    assert not (folder / "out.png").exists()


@pytest.mark.parametrize("out", ["out.png", "in.png"])
def test_a_file_is_not_replaced_unasked(
    folder: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    (folder / "out.png").write_bytes(b"precious")
    before = (folder / out).read_bytes()
    assert inpaint(folder, out=out) == 2
    assert "--overwrite" in only_sentence(capsys)
    assert (folder / out).read_bytes() == before


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("missing/out.png", "does not exist"),
        ("in.png/out.png", "not a folder"),
        ("out.xyz", ".png, .jpg"),
        ("out", "no ending"),
    ],
)
def test_an_output_that_cannot_be_is_wrong_usage(
    folder: Path, capsys: pytest.CaptureFixture[str], out: str, sentence: str
) -> None:
    assert inpaint(folder, out=out) == 2
    assert sentence in only_sentence(capsys)


@pytest.fixture
def unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture may be opened: what is said must be said before the work."""
    monkeypatch.setattr("app.cli.filling.open_picture", lambda *_, **__: pytest.fail("opened"))


@pytest.mark.usefixtures("unopened")
@pytest.mark.parametrize("more", [[], ["--variations", "2"]])
def test_a_name_too_long_is_said_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    name = "n" * (300 if not more else 251) + ".png"
    assert inpaint(folder, *more, out=name) == 1
    assert "the name is too long" in only_sentence(capsys)


@pytest.mark.usefixtures("unopened")
def test_a_folder_that_refuses_new_files_is_said_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.pictures.files.os.access", lambda *_: False)
    assert inpaint(folder) == 1
    assert "its folder may not be written to" in only_sentence(capsys)


@pytest.mark.usefixtures("unopened")
def test_a_folder_that_may_not_be_looked_into_is_said_at_once(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.stat", refuse)
    assert inpaint(folder) == 1
    assert "may not be written to" in only_sentence(capsys)


@pytest.mark.usefixtures("unopened")
@pytest.mark.parametrize("recipe", ["missing/r.json", "out.png", "./out.png"])
def test_a_recipe_file_that_cannot_be_is_wrong_usage(
    folder: Path, capsys: pytest.CaptureFixture[str], recipe: str
) -> None:
    assert inpaint(folder, "--save-recipe", os.path.join(folder, recipe), "--overwrite") == 2  # noqa: PTH118
    assert Path(recipe).name in only_sentence(capsys)


def test_what_the_file_would_lose_is_said_before_the_work(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [Image.fromarray(pixels_of() // number) for number in (1, 2)]
    frames[0].save(folder / "pages.tif", save_all=True, append_images=frames[1:])
    monkeypatch.setattr("app.cli.filling.filled", lambda *_, **__: pytest.fail("filled"))
    assert inpaint(folder, "--overwrite", "--quiet", image="pages.tif", out="pages.tif") == 1
    assert "further page" in only_sentence(capsys)


def test_a_folder_is_no_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "out.png").mkdir()
    assert inpaint(folder, "--overwrite") == 2
    assert "a folder has this name" in only_sentence(capsys)


def test_what_a_format_cannot_hold_needs_consent(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(Picture(pixels_of(4)), folder / "in.png")
    assert inpaint(folder, out="out.jpg") == 2
    assert "--allow-loss" in only_sentence(capsys)
    assert inpaint(folder, "--allow-loss", out="out.jpg") == 0


# --- failures ------------------------------------------------------------------------------------


def test_a_missing_picture_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inpaint(folder, image="none.png") == 1
    assert "none.png" in only_sentence(capsys)


def test_a_damaged_picture_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (folder / "in.png").read_bytes()
    (folder / "in.png").write_bytes(whole[: len(whole) // 2])
    assert inpaint(folder) == 1
    assert "in.png" in only_sentence(capsys)


def test_an_empty_mask_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_mask(np.zeros((80, 100), bool), folder / "mask.png")
    assert inpaint(folder, "--quiet") == 1
    assert "Nothing is masked" in only_sentence(capsys)


def test_a_mask_over_everything_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_mask(np.ones((80, 100), bool), folder / "mask.png")
    assert inpaint(folder, "--quiet") == 1
    assert "nothing to copy from" in only_sentence(capsys)


def test_a_mask_of_another_shape_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_mask(np.ones((80, 200), bool), folder / "mask.png")
    assert inpaint(folder) == 1
    assert "mask.png" in only_sentence(capsys)


def test_a_damaged_recipe_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "r.json").write_text('{"backend": "telea", "sede": 4}')
    assert inpaint(folder, "--recipe", str(folder / "r.json")) == 1
    sentence = only_sentence(capsys)
    assert "r.json" in sentence
    assert "sede" in sentence


def test_a_fault_of_the_program_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.pipeline._check", lambda _: 1 // 0)
    assert inpaint(folder, "--quiet") == 1
    assert "ZeroDivisionError" in only_sentence(capsys)


def test_debug_adds_the_traceback(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inpaint(folder, "--debug", image="none.png") == 1
    assert "Traceback" in capsys.readouterr().err


def test_no_file_is_left_behind_by_a_failure(folder: Path) -> None:
    save_mask(np.ones((80, 100), bool), folder / "mask.png")
    before = sorted(path.name for path in folder.iterdir())
    inpaint(folder)
    assert sorted(path.name for path in folder.iterdir()) == before
