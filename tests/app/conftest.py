"""The window with fake backends and somebody who answers its questions."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt

from app import processes
from app.session import training
from app.session.session import Session
from app.settings import Settings
from app.window.window import MainWindow
from engine import registry, weights
from engine.batch import room
from tests.app import fake_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

    from app.canvas.view import CanvasView
    from app.document import Document
    from app.session.questions import Fit, Leave, Overwrite, Recover
    from tests.app.batcher import Batcher
    from tests.app.trainer import Trainer

SIDE = 120
FAKE_TRAINING = str(Path(__file__).parent / "fake_training.py")
NO_MODIFIER = Qt.KeyboardModifier.NoModifier


@dataclass
class Answers:
    """Answers given in advance; `asked` notes every question by its name."""

    asked: list[str] = field(default_factory=list)
    leave: Leave = "cancel"
    replace: Overwrite = "overwrite"
    recovering: Recover = "later"
    fitting: Fit = "cancel"
    yes: bool = False
    count: int | None = None
    path: Path | None = None
    paths: list[Path] = field(default_factory=list)
    proposals: list[Path] = field(default_factory=list)

    def unsaved(self, name: str) -> Leave:
        self.asked.append("unsaved")
        return self.leave

    def unsaved_pictures(self, names: list[str]) -> Leave:
        self.asked.append(f"unsaved_pictures {' '.join(names)}")
        return self.leave

    def overwrite(self, name: str) -> Overwrite:
        self.asked.append("overwrite")
        return self.replace

    def replace_changed(self, name: str) -> Overwrite:
        self.asked.append("replace_changed")
        return self.replace

    def open_anyway(self, reason: str) -> bool:
        self.asked.append("open_anyway")
        return self.yes

    def recover(self, names: list[str]) -> Recover:
        self.asked.append("recover")
        return self.recovering

    def pictures_to_open(self, folder: Path | None) -> list[Path]:
        self.asked.append("pictures_to_open")
        return self.paths

    def picture_to_save(self, proposal: Path, title: str) -> Path | None:
        self.asked.append("picture_to_save")
        self.proposals.append(proposal)
        return self.path

    def project_to_save(self, proposal: Path) -> Path | None:
        self.asked.append("project_to_save")
        self.proposals.append(proposal)
        return self.path

    def mask_to_open(self, folder: Path | None) -> Path | None:
        self.asked.append("mask_to_open")
        return self.path

    def mask_of_other_size(self, name: str, own: tuple[int, int], size: tuple[int, int]) -> Fit:
        self.asked.append("mask_of_other_size")
        return self.fitting

    def mask_to_save(self, proposal: Path) -> Path | None:
        self.asked.append("mask_to_save")
        self.proposals.append(proposal)
        return self.path

    def variations(self, seconds: float | None) -> int | None:
        self.asked.append("variations")
        return self.count

    def allow_loss(self, name: str, losses: tuple[str, ...]) -> bool:
        self.asked.append("allow_loss")
        return self.yes

    def quality(self, name: str) -> int | None:
        self.asked.append("quality")
        return 90 if self.yes else None

    def checkpoint_to_open(self, network: str) -> Path | None:
        self.asked.append("checkpoint_to_open")
        return self.path

    def weights_to_add(self) -> Path | None:
        self.asked.append("weights_to_add")
        return self.path

    def file_to_use(self, title: str, kinds: str, folder: Path | None) -> Path | None:
        self.asked.append(f"file_to_use {kinds}")
        return self.path

    def folder_to_use(self, title: str, folder: Path | None) -> Path | None:
        self.asked.append("folder_to_use")
        return self.path

    def recipe_to_open(self, folder: Path | None) -> Path | None:
        self.asked.append("recipe_to_open")
        return self.path

    def recipe_to_save(self, proposal: Path) -> Path | None:
        self.asked.append("recipe_to_save")
        self.proposals.append(proposal)
        return self.path

    def report_to_save(self, proposal: Path) -> Path | None:
        self.asked.append("report_to_save")
        self.proposals.append(proposal)
        return self.path

    def replace_pictures(self, count: int) -> bool:
        self.asked.append(f"replace_pictures {count}")
        return self.yes

    def quit_batch(self, state: str) -> bool:
        self.asked.append(f"quit_batch {state}")
        return self.yes

    def replace_weights(self, name: str) -> bool:
        self.asked.append("replace_weights")
        return self.yes

    def remove_weights(self, name: str) -> bool:
        self.asked.append("remove_weights")
        return self.yes


@pytest.fixture
def fakes() -> Iterator[None]:
    """The fake backends, for this test only."""
    fake_backend.gate.set()
    for spec in (fake_backend.GREEN, fake_backend.BLUE):
        registry.register(spec)
    yield
    fake_backend.gate.set()
    for spec in (fake_backend.GREEN, fake_backend.BLUE):
        registry._specs.pop(spec.id)
        registry._loaded.pop(spec.id, None)


@pytest.fixture
def weight_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's weights are looked for; those that come with Lacuna are in `shipped`."""
    own, shipped = tmp_path / "weights", tmp_path / "shipped"
    own.mkdir()
    shipped.mkdir()
    monkeypatch.setattr(weights, "user_folder", lambda: own)
    monkeypatch.setattr(weights, "folders", lambda: (own, shipped))
    return own


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small picture file of seeded noise."""
    pixels = np.random.default_rng(7).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


class Desk:
    """A person at the window: opens, paints, presses keys, waits."""

    def __init__(self, window: MainWindow, answers: Answers, qtbot: QtBot, folder: Path) -> None:
        self.window = window
        self.session = window.session
        self.answers = answers
        self.folder = folder
        self._qtbot = qtbot
        self.notices: list[Any] = []
        self.session.noticed.connect(self.notices.append)

    @property
    def document(self) -> Document:
        assert self.session.document is not None
        return self.session.document

    @property
    def canvas(self) -> CanvasView:
        assert self.window.workspace is not None
        return self.window.workspace.canvas

    def said(self) -> str:
        """All notices so far, joined."""
        return " | ".join(notice.text for notice in self.notices if notice is not None)

    def wait(self, condition: Callable[[], object]) -> None:
        self._qtbot.waitUntil(condition, timeout=10_000)

    def open(self, path: Path) -> None:
        """Open a picture; one that is shown is read again."""
        before, shown = self.session.document, self.session.pictures.current
        if shown is not None and shown.file == path:
            self.session.files.reload()
        else:
            self.session.files.open(path)
        self.wait(lambda: self.session.document is not before)
        self.wait(lambda: self.session.files.tasks.is_idle)

    def settle(self) -> None:
        """Until nothing runs any more."""
        session = self.session
        self.wait(lambda: session.files.tasks.is_idle and not session.runs.is_running)
        self.wait(lambda: not session.selecting.is_busy)

    def at(self, x: float, y: float) -> QPoint:
        """Where a picture point is on the canvas."""
        view = self.canvas.viewport
        ratio = self.canvas.devicePixelRatioF()
        return QPoint(
            round((view.x + x * view.zoom) / ratio), round((view.y + y * view.zoom) / ratio)
        )

    def paint(self, *points: tuple[float, float]) -> None:
        """Drag the left button over picture points."""
        first, *rest = [self.at(*point) for point in points or ((50, 60), (70, 60))]
        self._qtbot.mousePress(self.canvas, Qt.MouseButton.LeftButton, pos=first)
        for point in rest:
            self._qtbot.mouseMove(self.canvas, point)
        self._qtbot.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, pos=(rest or [first])[-1])

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        """Press and let go a key where the focus is."""
        focused = self.window.focusWidget() or self.window
        self._qtbot.keyClick(focused, key, modifier)

    def run(self, backend: str = "green") -> None:
        """Inpaint with Enter on the canvas and wait for the result."""
        self.session.use_backend(backend)
        count = len(self.session.runs.shelf)
        self.canvas.setFocus()
        self.key(Qt.Key.Key_Return)
        self.wait(lambda: len(self.session.runs.shelf) > count)
        self.settle()


@pytest.fixture
def desk(qtbot: QtBot, fakes: None, weight_folder: Path, tmp_path: Path) -> Iterator[Desk]:
    """The shown window with an empty start page."""
    answers = Answers()
    settings = Settings(backend="green", brush_size=20.0)
    session = Session(settings, answers, tmp_path / "recovery", tmp_path / "resting")
    window = MainWindow(session, tmp_path / "settings.json")
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield Desk(window, answers, qtbot, tmp_path)
    fake_backend.gate.set()
    window._may_close = True
    window.close()
    window.deleteLater()
    # Now, in this thread: left to the garbage collector it might happen in a later test's worker.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with six pictures to train on and one of each trouble."""
    folder = tmp_path / "Dunes"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for number in range(6):
        pixels = rng.integers(0, 256, (140, 140, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    Image.fromarray(pixels).save(folder / "again.png")
    Image.fromarray(pixels[:30]).save(folder / "flat.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture
def trainer(
    desk: Desk, qtbot: QtBot, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trainer]:
    """Somebody at the Train dialog; the process that trains is a fake."""
    from tests.app.trainer import Trainer

    monkeypatch.setattr(processes, "program", lambda: (sys.executable, FAKE_TRAINING))
    monkeypatch.setattr(training, "runs_folder", lambda: tmp_path / "runs")
    trainer = Trainer(desk, qtbot, pictures, monkeypatch)
    yield trainer
    for folder in (tmp_path / "runs").glob("*"):
        (folder / "enough").touch()
    if desk.window._training.dialog is not None:
        desk.window._training.dialog.reject()


@pytest.fixture
def batcher(
    desk: Desk, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Batcher]:
    """Somebody at the Batch dialog with eight pictures; three are worked on at a time."""
    from tests.app.batcher import Batcher, put_pairs

    monkeypatch.setattr(room, "_cores", lambda: 1)
    pictures, masks = tmp_path / "Slides", tmp_path / "masks"
    put_pairs(pictures, masks, 8)
    batcher = Batcher(desk, qtbot, pictures, masks, tmp_path / "Slides_inpainted")
    yield batcher
    fake_backend.gate.set()
    if desk.window._batch.dialog is not None:
        desk.window._batch.dialog.reject()


def stored_settings(folder: Path) -> dict[str, Any]:
    """What the window wrote when it was closed."""
    stored: dict[str, Any] = json.loads((folder / "settings.json").read_text("utf-8"))
    return stored
