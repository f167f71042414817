"""What the Train dialog asks, checks and proposes before a run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint

from app.dialogs.train_pictures import summary
from app.session import training_wish
from app.session.training_wish import Wish, free_folder, trainable
from app.session.training_words import MASKS, time_needed
from engine import memory
from engine.errors import InvalidInputError
from engine.scanning import Scan, Trouble
from tests.app.trainer import put_pepsi
from training.datasets.preparing import LARGEST_ENLARGEMENT
from training.masks import KINDS
from training.recipes import recipe

if TYPE_CHECKING:
    from tests.app.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]


# --- what a run needs ----------------------------------------------------------------------------


def test_the_menu_opens_one_dialog_that_leaves_the_window_usable(trainer: Trainer) -> None:
    trainer.open()
    first = trainer.dialog
    assert not first.isModal()
    trainer.open()
    assert trainer.dialog is first
    trainer.close()


def test_without_pictures_it_says_what_is_missing(trainer: Trainer) -> None:
    trainer.open()
    assert "Choose a folder of pictures" in trainer.dialog.why.text()
    assert not trainer.dialog.start.isEnabled()


def test_a_folder_is_checked_at_once_and_its_troubles_listed_on_demand(trainer: Trainer) -> None:
    trainer.open()
    trainer.desk.answers.path = trainer.pictures
    trainer.press(trainer.setup.pictures.choose)
    trainer.check()
    row = trainer.setup.pictures
    assert row.path.text() == str(trainer.pictures)
    assert row.text.text() == (
        "6 pictures can be used. Not used: 1 duplicate, 1 corrupt, 1 too small."
    )
    assert not row.list.isVisible()
    trainer.press(row.more)
    assert row.list.isVisible()
    texts = " ".join(row.list.item(index).text() for index in range(row.list.count()))
    for name in ("again.png", "flat.png", "broken.jpg"):
        assert name in texts
    assert trainer.dialog.start.isEnabled()


def test_it_says_how_much_memory_a_run_takes_and_refuses_what_does_not_fit(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 8 * 10**9)
    trainer.fill_in()
    assert re.search(r"About \d+ MB of memory; 8.0 GB are free", trainer.setup.memory.text())
    trainer.setup.section.set_unfolded(True)
    trainer.type_into(trainer.setup.advanced.fields["batch"], "4000")
    assert "8.0 GB are free" in trainer.dialog.why.text()
    batch = re.search(r"take a batch of (\d+)", trainer.dialog.why.text())
    assert batch is not None
    assert not trainer.dialog.start.isEnabled()
    trainer.type_into(trainer.setup.advanced.fields["batch"], batch[1])
    assert trainer.dialog.start.isEnabled()


def test_a_larger_crop_makes_the_folder_be_looked_at_again(trainer: Trainer) -> None:
    trainer.fill_in()
    trainer.setup.section.set_unfolded(True)
    trainer.type_into(trainer.setup.advanced.fields["size"], "160")
    trainer.check()
    assert "6 smaller than the crops of 160 pixels will be enlarged" in trainer.said_of_pictures
    assert trainer.dialog.start.isEnabled()
    trainer.type_into(trainer.setup.advanced.fields["size"], "600")
    trainer.check()
    assert "8 too small" in trainer.said_of_pictures
    assert "no picture that can be used" in trainer.dialog.why.text()
    assert not trainer.dialog.start.isEnabled()


def test_the_training_leaves_the_same_pictures_out() -> None:
    assert training_wish.LARGEST_ENLARGEMENT == LARGEST_ENLARGEMENT


def test_one_picture_will_do_but_nothing_is_held_back(trainer: Trainer) -> None:
    for path in trainer.pictures.glob("[1-9a]*"):
        path.unlink()
    trainer.fill_in()
    assert "1 picture can be used" in trainer.said_of_pictures
    assert "none is held back to judge by" in trainer.said_of_pictures


def test_a_folder_that_is_none_gets_a_sentence(trainer: Trainer) -> None:
    trainer.open()
    trainer.type_into(trainer.setup.pictures.path, "/nowhere/at all")
    trainer.check()
    assert "is no folder" in trainer.setup.pictures.text.text()
    assert not trainer.dialog.start.isEnabled()


def test_pictures_of_other_colours_are_counted_as_usable() -> None:
    troubles = [Trouble(Path("a"), kind, "") for kind in ("not-rgb", "tiny", "tiny")]
    assert summary(Scan((), tuple(troubles)), 128) == (
        "0 pictures can be used. Not used: 2 too small. 1 of other than RGB colours will be "
        "converted."
    )


def test_a_press_on_a_sentence_chooses_its_recipe(trainer: Trainer) -> None:
    trainer.open()
    assert trainer.setup.presets.buttons["quick"].isChecked()
    trainer.click(trainer.setup.presets._texts["paper"])
    assert trainer.setup.config().steps == 1_000_000
    assert trainer.setup.presets.buttons["paper"].isChecked()
    assert trainer.setup.masks.kinds.currentData() == "free-form"


def test_every_recipe_says_how_long_it_takes_or_that_nobody_knows(trainer: Trainer) -> None:
    trainer.open()
    text = trainer.setup.presets._texts["quick"].text()
    assert "Time unknown until it has run for a minute." in text
    assert "Ends after 8 h at the latest." in trainer.setup.presets._texts["overnight"].text()


@pytest.mark.parametrize(
    ("speed", "preset", "words"),
    [
        (400 * 4 * 128**2 / 60, "quick", "About 60 s at the speed"),
        (1e5, "overnight", "Ends after 8 h, when the time is up."),
        (1e6, "paper", "About 6 days"),
    ],
)
def test_a_measured_speed_gives_the_time(speed: float, preset: str, words: str) -> None:
    assert words in time_needed(recipe("pepsi", preset), speed)  # type: ignore[arg-type]


def test_the_masks_are_drawn_and_a_press_draws_others(trainer: Trainer) -> None:
    trainer.open()
    trainer.check()
    first = trainer.training.checks.masks
    assert first is not None
    assert len(first.shares) == 6
    assert "White is the hole" in trainer.setup.masks.text.text()
    trainer.click(trainer.setup.masks.strip, QPoint(20, 20))
    trainer.check()
    second = trainer.training.checks.masks
    assert second is not None
    assert second.shares != first.shares
    trainer.choose(trainer.setup.masks.kinds, "square")
    trainer.check()
    squares = trainer.training.checks.masks
    assert squares is not None
    assert squares.shares == (0.25,) * 6
    assert trainer.setup.config().masks == "square"


def test_masks_come_from_a_folder_and_inverted_ones_are_noticed(
    trainer: Trainer, tmp_path: Path
) -> None:
    folder = tmp_path / "masks"
    folder.mkdir()
    pixels = np.full((64, 64), 255, np.uint8)
    pixels[:8] = 0
    Image.fromarray(pixels).save(folder / "a.png")
    trainer.open()
    trainer.desk.answers.path = folder
    kinds = trainer.setup.masks.kinds
    kinds.setCurrentIndex(kinds.count() - 1)
    kinds.activated.emit(kinds.count() - 1)
    trainer.check()
    assert "invert the files" in trainer.setup.masks.text.text()
    assert trainer.setup.config().masks == str(folder)


def test_all_kinds_in_the_list_can_be_drawn() -> None:
    assert set(MASKS) <= set(KINDS)
    assert {recipe(spec.id).masks for spec in trainable()} <= set(MASKS)


def test_the_weights_that_are_there_are_proposed_to_start_from(
    trainer: Trainer, weight_folder: Path
) -> None:
    file = put_pepsi(weight_folder / "mine.safetensors")
    trainer.open()
    trainer.choose(trainer.setup.network.networks, "pepsi")
    trainer.desk.wait(lambda: trainer.setup.network.starts.count() == 2)
    assert trainer.setup.config().start == str(file)
    trainer.choose(trainer.setup.network.starts, "")
    assert trainer.setup.config().start is None


def test_another_network_brings_its_own_losses_and_folder(trainer: Trainer) -> None:
    trainer.open()
    trainer.type_into(trainer.setup.advanced.fields["loss.l1"], "3")
    assert trainer.setup.config().losses["l1"] == 3
    trainer.choose(trainer.setup.network.networks, "gla")
    fields = trainer.setup.advanced.fields
    assert "loss.lorentzian" in fields
    assert fields["loss.l1"].text() == "0.9"
    assert trainer.setup.run_folder.name.startswith("gla-")


def test_what_is_typed_into_advanced_decides_and_is_marked(trainer: Trainer) -> None:
    trainer.fill_in()
    assert not trainer.setup.advanced.isVisible()
    trainer.setup.section.set_unfolded(True)
    fields = trainer.setup.advanced.fields
    trainer.type_into(fields["steps"], "77")
    trainer.type_into(fields["loss.hinge"], "0")
    assert fields["steps"].font().bold()
    assert trainer.setup.config().steps == 77
    assert "hinge" not in trainer.setup.config().losses
    trainer.type_into(fields["steps"], "400")
    assert not fields["steps"].font().bold()


@pytest.mark.parametrize(("name", "text"), [("batch", "none"), ("lr", "3"), ("size", "8")])
def test_a_number_that_cannot_be_is_refused_by_name(trainer: Trainer, name: str, text: str) -> None:
    trainer.fill_in()
    trainer.setup.section.set_unfolded(True)
    trainer.type_into(trainer.setup.advanced.fields[name], text)
    assert f"{name} cannot be “{text}”" in trainer.dialog.why.text()
    assert not trainer.dialog.start.isEnabled()


def test_enter_in_a_field_starts_nothing(trainer: Trainer) -> None:
    trainer.fill_in()
    trainer.type_into(trainer.setup.folder, str(trainer.desk.folder / "own"))
    assert trainer.training.state == "none"
    assert trainer.setup.run_folder == trainer.desk.folder / "own"


def test_a_run_folder_is_proposed_and_never_one_that_is_there(
    trainer: Trainer, tmp_path: Path
) -> None:
    trainer.open()
    proposed = trainer.setup.run_folder
    assert proposed.parent == tmp_path / "runs"
    proposed.mkdir(parents=True)
    assert trainer.training.propose_folder("pepsi").name == f"{proposed.name}-2"
    (proposed / "config.toml").touch()
    trainer.setup.pictures.show_path(str(trainer.pictures))
    trainer.setup._on_data(str(trainer.pictures))
    trainer.check()
    assert "holds a run already" in trainer.dialog.why.text()
    assert free_folder(tmp_path, "new") == tmp_path / "new"


def test_without_any_loss_nothing_is_started() -> None:
    wish = Wish("pepsi", changes={f"loss.{name}": "0" for name in recipe("pepsi").losses})
    with pytest.raises(InvalidInputError, match="nothing can be learned"):
        wish.config()


# --- what must not be loaded ---------------------------------------------------------------------

CODE = """
import sys
from importlib.abc import MetaPathFinder

class Forbidden(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in FORBIDDEN:
            raise AssertionError(f"{name} was imported")

FORBIDDEN = {"torch", "torchvision", "numba", "llvmlite", "scipy", "pyqtgraph"}
sys.meta_path.insert(0, Forbidden())
from pathlib import Path
from PySide6.QtWidgets import QApplication
from app import gui

application = QApplication(sys.argv[:1])
folder = Path(sys.argv[1])
window = gui.open_window(application, folder / "settings.json", folder / "recovery")
assert "cv2" not in sys.modules, "the window waits for pictures"
window.commands.actions["fine_tune"].trigger()
FORBIDDEN.remove("pyqtgraph")
import app.dialogs.train_run
window.close()
print("seen")
"""


def test_the_dialog_opens_without_torch_and_without_curves(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "AssertionError" not in done.stderr
    assert "seen" in done.stdout
