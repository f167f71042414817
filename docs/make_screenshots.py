"""Makes the pictures of the README and the guide from the program itself: `make screenshots`.

Those for the documents go to docs/images, the others, to be looked at, to build/screenshots.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import cv2
import msgspec
import numpy as np
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from app import gui
from app.dialogs.lineup import LineupDialog
from app.dialogs.models import ModelsDialog
from app.dialogs.train import TrainDialog
from app.session.batch_wish import Wish
from app.settings import Settings, save
from engine import resources
from engine.jobs import CancelToken, finish
from engine.pictures import open_mask, open_picture
from engine.pipeline import InpaintRequest, inpaint

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.window.window import MainWindow

FOLDER = Path(__file__).parent / "images"
OTHERS = Path(__file__).resolve().parents[1] / "build" / "screenshots"
SIZE = (1360, 860)
WIDEST = 1000
COLOURS = 256
"""Of a palette: what is left of a screenshot's size without, and hardly seen."""

SCRATCHES = 7
PATIENCE_S = 900.0
TRAINED = 32
TINT = np.array([255, 60, 110], np.float32)


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    OTHERS.mkdir(parents=True, exist_ok=True)
    picture, mask = next(pair for pair in resources.samples() if pair[0].stem == "rocket")
    application = QApplication(sys.argv)
    with tempfile.TemporaryDirectory() as name:
        settings = Path(name, "settings.json")
        save(Settings(language="en"), settings)
        window = gui.open_window(application, settings, Path(name, "recovery"))
        window.resize(*SIZE)
        window.begin([picture], mask)
        session = window.session
        _wait(application, lambda: session.has_hole and session.runs.tasks.is_idle)
        _save(application, window, "editor.png")
        session.runs.inpaint()
        _wait(application, lambda: session.has_results and session.runs.tasks.is_idle)
        session.use_backend("telea")
        session.runs.inpaint()
        _wait(application, lambda: len(session.runs.shelf) == 2 and session.runs.tasks.is_idle)
        session.runs.step(-1)
        if window.workspace is not None:
            window.workspace.column.sections["mask"].set_unfolded(False)
        _save(application, window, "results.png")
        document = session.document
        if document is not None:
            Image.fromarray(document.image).save(FOLDER / "rocket-filled.jpg", quality=88)
        _save_lineup(application, window)
        for theme in ("dark", "light"):
            session.use_theme(theme)
            _save_models(application, window, f"models{_suffix(theme)}.png")
        _save_training(application, window, Path(name))
        _save_batch(application, window, Path(name))
        session.end()
    _save_masked(picture, mask)
    _save_restored()
    return 0


def _wait(application: QApplication, is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_done():
        if time.monotonic() > deadline:
            raise TimeoutError("the program did not get there")
        application.processEvents()
        time.sleep(0.01)


def _save(application: QApplication, window: QWidget, name: str) -> None:
    until = time.monotonic() + 1.5
    _wait(application, lambda: time.monotonic() > until)
    shot = window.grab().toImage().convertToFormat(QImage.Format.Format_RGBX8888)
    size, stride = (shot.width(), shot.height()), shot.bytesPerLine()
    picture = Image.frombytes("RGB", size, bytes(shot.constBits()), "raw", "RGBX", stride)
    picture.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
    # The Batch dialog shows the paths of whoever made the picture.
    folder = OTHERS if name.endswith("-light.png") or name.startswith("batch") else FOLDER
    picture.quantize(COLOURS).save(folder / name, optimize=True)


def _suffix(theme: str) -> str:
    return "" if theme == "dark" else f"-{theme}"


def _save_models(application: QApplication, window: MainWindow, name: str) -> None:
    dialog = ModelsDialog(window.session, {}, window)
    dialog.show()
    _save(application, dialog, name)
    dialog.close()


def _save_lineup(application: QApplication, window: MainWindow) -> None:
    """All backends that have no need of weights, on the mask that is there."""
    lineup = window.session.lineup
    lineup.compare()
    _wait(application, lambda: lineup.disagreement is not None)
    dialog = application.activeWindow()
    if not isinstance(dialog, LineupDialog):
        raise TypeError("the dialog did not open")
    for theme in ("light", "dark"):
        window.session.use_theme(theme)
        _save(application, dialog, f"compare-backends{_suffix(theme)}.png")
    dialog.accept()


def _save_training(application: QApplication, window: MainWindow, folder: Path) -> None:
    """What a run needs, then a short one on the sample pictures."""
    session, data = window.session, folder / "Pictures"
    data.mkdir()
    for path, _ in resources.samples():
        shutil.copy(path, data)
    training, session.settings.training_data = session.training, str(data)
    dialog = TrainDialog(session, {}, window)
    dialog.show()
    setup = dialog.setup
    if setup is None:
        raise RuntimeError("a run is there already")
    setup.folder.setText(str(folder / "run"))
    _wait(application, lambda: not setup.problem and training.checks.masks is not None)
    for theme in ("dark", "light"):
        session.use_theme(theme)
        _save(application, dialog, f"train{_suffix(theme)}.png")
    config = msgspec.structs.replace(
        setup.config(), size=64, batch=2, steps=40, validate_every=8, device="cpu"
    )
    training.start(config, folder / "run")
    _wait(application, lambda: training.state == "failed" or training.course.step >= TRAINED)
    for theme in ("light", "dark"):
        session.use_theme(theme)
        _save(application, dialog, f"training{_suffix(theme)}.png")
    training.stop()
    _wait(application, lambda: not training.is_on)
    dialog.close()


def _save_batch(application: QApplication, window: MainWindow, folder: Path) -> None:
    """The pairs of the sample pictures; one has no mask, one mask is too small."""
    batch, pairs = window.session.batch, list(resources.samples())
    images, masks = folder / "Slides", folder / "Masks"
    for place in (images, masks):
        place.mkdir()
    for number in range(1, 13):
        picture, mask = pairs[number % len(pairs)]
        shutil.copy(picture, images / f"slide-{number:02}{picture.suffix}")
        if number != 5:
            shutil.copy(mask, masks / f"slide-{number:02}{mask.suffix}")
    with Image.open(masks / "slide-03.png") as mask:
        mask.resize((mask.width // 2, mask.height // 2)).save(masks / "slide-03.png")
    batch.set_wish(Wish(images=str(images), masks=str(masks)))
    batch.wanted.emit()
    _wait(application, lambda: batch.planning.survey is not None)
    for theme in ("dark", "light"):
        window.session.use_theme(theme)
        _save(application, application.activeWindow() or window, f"batch-{theme}.png")
    for each in application.topLevelWidgets():
        each.hide()  # to close them would ask about the picture


def _save_masked(picture: Path, mask: Path) -> None:
    pixels = open_picture(picture).pixels
    hole = open_mask(mask, (pixels.shape[1], pixels.shape[0])).hole
    tinted = pixels.copy()
    tinted[hole] = pixels[hole] * 0.45 + TINT * 0.55
    Image.fromarray(tinted).save(FOLDER / "rocket-mask.jpg", quality=88)


def _save_restored() -> None:
    """A photograph with scratches drawn over it, and what Telea makes of them."""
    picture = next(path for path, _ in resources.samples() if path.stem == "coffee")
    pixels = open_picture(picture).pixels
    height, width = pixels.shape[:2]
    rng, marks = np.random.default_rng(3), np.zeros((height, width), np.uint8)
    for _ in range(SCRATCHES):
        ends = np.stack([rng.integers(0, width, 4), np.linspace(0, height, 4)], axis=1)
        cv2.polylines(marks, [ends.astype(np.int32)], isClosed=False, color=255, thickness=2)
    scratched = pixels.copy()
    scratched[marks > 0] = 225
    hole = cv2.dilate(marks, np.ones((3, 3), np.uint8)) > 0
    result = finish(inpaint(InpaintRequest(scratched, hole, "telea"), CancelToken()))
    Image.fromarray(scratched).save(FOLDER / "scratched.jpg", quality=85)
    for patch in result.patches:
        scratched[patch.box.slices][patch.hole] = patch.pixels[patch.hole]
    Image.fromarray(scratched).save(FOLDER / "restored.jpg", quality=85)


if __name__ == "__main__":
    sys.exit(main())
