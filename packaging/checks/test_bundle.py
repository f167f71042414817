"""The frozen program does what the un-frozen one does: `make bundle-test`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from PIL import Image

from app import licences
from app.__main__ import NO_DISPLAY
from engine import __version__, registry, resources
from tests.app.desktop import Person, retouches, virtual_display, wait_for

if TYPE_CHECKING:
    from packaging.checks.conftest import Program

SAMPLE, MASK = next(pair for pair in resources.samples() if pair[0].stem == "coffee")
BACKENDS = [spec.id for spec in registry.specs()]
PATIENCE_S = 300.0
"""For torch to be imported and to learn one step, on a machine that has other things to do."""

CROPS = 8
SIDE, LARGE_SIDE = 96, 320


def weights_of(backend: str) -> list[str]:
    """Networks come without weights; random ones show as well that all of torch is there."""
    return ["--weights", "random:1", "--device", "cpu"] if registry.get(backend).network else []


def test_the_folder_really_cannot_be_written_to(frozen: Program, unpacked: Path) -> None:
    tried = subprocess.run(
        ["/usr/bin/touch", str(unpacked / "_internal" / "new")],
        capture_output=True,
        check=False,
        **frozen.options,
    )
    assert tried.returncode != 0
    assert not (unpacked / "_internal" / "new").exists()


def test_version(frozen: Program) -> None:
    assert frozen.run("--version").stdout == f"lacuna {__version__}\n"


def test_the_self_test_is_that_of_the_unfrozen_program(frozen: Program, plain: Program) -> None:
    ours, theirs = (json.loads(one.run("self-test", "--json").stdout) for one in (frozen, plain))
    assert ours["ok"]
    assert ours["not_usable"] == theirs["not_usable"]
    assert [row["id"] for row in ours["backends"]] == [row["id"] for row in theirs["backends"]]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_fill_has_the_bytes_of_the_unfrozen_program(
    frozen: Program, plain: Program, backend: str
) -> None:
    files = []
    for one in (frozen, plain):
        words = ("inpaint", SAMPLE, MASK, "-o", one.home / "out.png", "--backend", backend)
        done = one.run(*words, *weights_of(backend), "--json")
        assert "Warning" not in done.stderr
        report = json.loads(done.stdout)
        assert report["unchanged_outside"] is True
        files.append((one.home / "out.png").read_bytes())
    assert files[0] == files[1]


def test_a_person_retouches_a_photograph(frozen: Program) -> None:
    photo = frozen.gets(SAMPLE, frozen.folder("Bilder"))
    with virtual_display() as display:
        editor = frozen.start(photo, "--backend", "patchmatch", DISPLAY=display)
        try:
            person = Person(display, editor)
            retouches(person, photo)
            person.turn_to("coffee.png")
            person.do("key", "ctrl+q")
            assert editor.wait(60) == 0
        finally:
            editor.kill()
            editor.wait()


@pytest.fixture
def crops(frozen: Program) -> Path:
    """A handful of small pictures to learn from."""
    return cut(frozen.folder("crops"), SIDE)


@pytest.fixture
def large_crops(frozen: Program) -> Path:
    """Large enough for the recipe that the dialog starts with."""
    return cut(frozen.folder("crops"), LARGE_SIDE)


def cut(folder: Path, side: int) -> Path:
    with Image.open(SAMPLE) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    for number in range(CROPS):
        top, left = 5 * number, 30 * number
        Image.fromarray(pixels[top : top + side, left : left + side]).save(folder / f"{number}.png")
    return folder


def test_three_steps_of_training_leave_a_model_that_fills(frozen: Program, crops: Path) -> None:
    run = frozen.home / "run"
    frozen.run(
        *("train", "--backend", "diet-pepsi-g4", "--data", crops, "--out", run, "--steps", 3),
        *("--batch", 2, "--size", 64, "--device", "cpu"),
    )
    last = json.loads((run / "events.jsonl").read_text("utf-8").splitlines()[-1])
    assert (last["type"], last["step"], last["reason"]) == ("finished", 3, "done")
    frozen.run(
        *("inpaint", SAMPLE, MASK, "-o", frozen.home / "out.png", "--backend", "diet-pepsi-g4"),
        *("--weights", run / "model.safetensors"),
    )


def test_the_editor_starts_a_training_run_of_its_own(frozen: Program, large_crops: Path) -> None:
    """The process is the same program once more, and its curves need a library of their own."""
    settings = frozen.folder(".config") / "lacuna" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"training_data": str(large_crops)}), "utf-8")
    with virtual_display() as display:
        editor = frozen.start(DISPLAY=display)
        try:
            person = Person(display, editor)
            person.turn_to("^Lacuna$")
            person.do("key", "alt+t")
            person.do("key", "Return")
            person.turn_to("Fine-tune")
            runs = frozen.home / ".local" / "share" / "lacuna" / "training"
            wait_for("the run", lambda: presses_start(person) or told(runs), PATIENCE_S)
            wait_for("its first step", lambda: '"type":"step"' in told(runs), PATIENCE_S)
        finally:
            end_with_children(editor)
    assert "Traceback" not in "".join(log.read_text() for log in frozen.home.rglob("lacuna.log"))


def presses_start(person: Person) -> None:
    """It stands left of Close, in the lower right corner; once the run is there, it is gone."""
    words = person.do("getwindowgeometry", "--shell", person.window("Fine-tune")).split()
    place = {name: int(value) for name, value in (word.split("=") for word in words)}
    x, y = place["X"] + place["WIDTH"] - 114, place["Y"] + place["HEIGHT"] - 27
    person.drags([(x, y)])


def told(runs: Path) -> str:
    """All events so far."""
    return "".join(file.read_text("utf-8") for file in runs.glob("*/events.jsonl"))


def end_with_children(editor: subprocess.Popen[bytes]) -> None:
    """A training run goes on without the editor."""
    family = [psutil.Process(editor.pid), *psutil.Process(editor.pid).children(recursive=True)]
    for process in family:
        process.kill()
    psutil.wait_procs(family)
    editor.wait()


def test_a_folder_is_filled(frozen: Program) -> None:
    pictures, masks, out = (frozen.folder(name) for name in ("pictures", "masks", "out"))
    for picture, mask in resources.samples():
        frozen.gets(picture, pictures)
        frozen.gets(mask, masks).rename(masks / f"{picture.stem}.png")
    frozen.run("batch", pictures, "-m", masks, "-o", out, "--backend", "telea")
    filled = sorted(path.stem for path in out.rglob("*") if path.suffix in (".png", ".jpg"))
    assert filled == sorted(f"{picture.stem}_inpainted" for picture, _ in resources.samples())


def test_without_a_display_one_sentence_says_what_to_do(frozen: Program) -> None:
    said = frozen.run(expected=1)
    assert said.stderr == f"lacuna: {NO_DISPLAY}\n"


def test_measuring_and_masks_work_too(frozen: Program, large_crops: Path) -> None:
    masks = frozen.home / "masks"
    frozen.run("masks", "free-form", "-o", masks, "--count", 2, "--size", "256x256")
    table = frozen.home / "table.json"
    frozen.run(
        *("evaluate", "--backend", "telea", "--data", large_crops, "--masks", masks, "--limit", 2),
        *("--json", table),
    )
    assert json.loads(table.read_text("utf-8"))


def test_the_notices_and_the_bill_of_materials_name_what_is_inside(unpacked: Path) -> None:
    inside = unpacked / "_internal"
    parts = licences.from_text((inside / "resources" / "NOTICES.txt").read_text("utf-8"))
    bill = (inside / "lacuna.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    listed = {row["name"].lower() for row in json.loads(bill)["components"]}
    noted = {part.name.split()[0].lower() for part in parts}
    for name in ("torch", "numpy", "numba", "llvmlite", "shiboken6", "python", "pillow"):
        assert name in listed, name
        assert name in noted, name
    assert "pytest" not in listed | noted
    assert all(part.text for part in parts)


def test_the_words_of_every_language_are_inside(unpacked: Path) -> None:
    inside = unpacked / "_internal"
    assert (inside / "resources" / "languages" / "de.po").is_file()
    assert list((inside / "PySide6").rglob("qtbase_de.qm"))


def test_nothing_was_written_into_the_bundle(unpacked: Path) -> None:
    """Last of all: everything above has run from it."""
    bundle = Path(__file__).resolve().parents[2] / "dist" / "lacuna"
    before = {path.relative_to(bundle) for path in bundle.rglob("*")}
    assert {path.relative_to(unpacked) for path in unpacked.rglob("*")} == before
