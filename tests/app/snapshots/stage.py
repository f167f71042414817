"""Where a scene is played: the window at its desk, and what would look different each time."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from PIL import Image
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QWidget,
)

from app.dialogs.questions import DialogQuestions, QualityDialog, QuestionDialog
from app.session.tasks import Tasks
from engine import registry, resources
from tests.app import fake_backend
from tests.app.batcher import Batcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot

    from tests.app.conftest import Desk
    from tests.app.trainer import Trainer

Shown = TypeVar("Shown", bound=QWidget)

WINDOW = (1280, 860)
ROUNDS = 6
SOON_MS = 500
HOME = "/home/you"
"""What stands in a picture for the folder of the test."""

SAMPLES = {picture.stem: (picture, mask) for picture, mask in resources.samples()}
STROKE = ((420.0, 120.0), (470.0, 160.0), (500.0, 230.0))


@dataclass
class Stage:
    """One desk and what its scene needs besides."""

    desk: Desk
    qtbot: QtBot
    monkeypatch: pytest.MonkeyPatch
    request: pytest.FixtureRequest

    def open(self, *names: str) -> None:
        """Open samples; the last is shown."""
        for name in names or ("rocket",):
            path = self.desk.folder / SAMPLES[name][0].name
            shutil.copy(SAMPLES[name][0], path)
            self.desk.open(path)

    def paint(self) -> None:
        self.desk.session.toolbox.brush.size = 46
        self.desk.paint(*STROKE)
        self.desk.settle()

    def fill(self, *backends: str) -> None:
        self.open()
        self.paint()
        for backend in backends:
            self.desk.run(backend)

    def unfold(self, *names: str) -> None:
        """Fold away all sections of the panel but these."""
        assert self.desk.window.workspace is not None
        for name, section in self.desk.window.workspace.column.sections.items():
            section.set_unfolded(name in names)

    def show(self, dialog: Shown) -> Shown:
        """A dialog that does not stop the scene; it goes when the scene is over."""
        if isinstance(dialog, QDialog):
            dialog.setModal(False)
        self.request.addfinalizer(dialog.deleteLater)
        self.request.addfinalizer(dialog.close)
        dialog.show()
        dialog.activateWindow()
        self.qtbot.waitUntil(dialog.isActiveWindow)
        self.desk.settle()
        return dialog

    def question(self, ask: Callable[[DialogQuestions], object]) -> QWidget:
        """What a question of the program looks like."""
        asked: list[QDialog] = []
        for kind in (QuestionDialog, QualityDialog):
            self.monkeypatch.setattr(kind, "exec", lambda dialog: asked.append(dialog) or 0)
        questions = DialogQuestions()
        questions.window = self.desk.window
        ask(questions)
        return self.show(asked[0])

    def face(self) -> str:
        """Id of a backend with a face's points that paints green."""
        spec = registry.get("iconv-face")
        face = replace(
            fake_backend.GREEN, id="face", label=spec.label, promise=spec.promise,
            keypoints=spec.keypoints,
        )  # fmt: skip
        registry.register(face)
        self.request.addfinalizer(lambda: registry._specs.pop("face"))
        return face.id

    def trainer(self) -> Trainer:
        trainer: Trainer = self.request.getfixturevalue("trainer")
        return trainer

    def batcher(self, *numbers: int) -> Batcher:
        """Somebody with a folder in which one picture has no mask, and one mask is too small."""
        folder = self.desk.folder
        pictures, masks = folder / "Slides", folder / "Masks"
        pictures.mkdir()
        masks.mkdir()
        for number in numbers:
            picture, mask = list(SAMPLES.values())[number % len(SAMPLES)]
            shutil.copy(picture, pictures / f"slide-{number}{picture.suffix}")
            if number != 5:
                shutil.copy(mask, masks / f"slide-{number}{mask.suffix}")
        with Image.open(masks / "slide-3.png") as mask:
            mask.resize((mask.width // 2, mask.height // 2)).save(masks / "slide-3.png")
        batcher = Batcher(self.desk, self.qtbot, pictures, masks, folder / "Slides_inpainted")
        self.request.addfinalizer(self._leave_batch)
        return batcher

    def _leave_batch(self) -> None:
        if self.desk.window._batch.dialog is not None:
            self.desk.window._batch.dialog.reject()


def settle(stage: Stage, widget: QWidget) -> None:
    """Until nothing is at work, nothing waits to be shown, and everything has its place."""
    window = stage.desk.window
    stage.qtbot.waitUntil(lambda: bool(window._dressing.icons))
    stage.desk.wait(lambda: not any(map(_is_busy, _tasks(window))))
    stage.desk.wait(lambda: not any(map(_is_due, window.findChildren(QTimer))))
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    before = None
    while before != (now := widget.grab().toImage()):
        before = now
        for _ in range(ROUNDS):  # a fold moves what is below it, which may show a scroll bar, ...
            QApplication.processEvents()


def _tasks(window: QWidget) -> list[Tasks]:
    return window.findChildren(Tasks)


def _is_busy(tasks: Tasks) -> bool:
    return not tasks.is_idle and fake_backend.gate.is_set()


def _is_due(clock: QTimer) -> bool:
    return clock.isActive() and clock.isSingleShot() and clock.interval() <= SOON_MS


def anonymous(widget: QWidget, folder: Path) -> None:
    """Name no folder that has another name next time."""
    for part in (widget, *widget.findChildren(QWidget)):
        if isinstance(part, (QLabel, QLineEdit)) and str(folder) in part.text():
            part.blockSignals(True)
            part.setText(part.text().replace(str(folder), HOME))
            part.blockSignals(False)
