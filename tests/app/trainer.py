"""Somebody who trains, for tests of the Train dialog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from training.events import Started

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget
    from pytestqt.qtbot import QtBot

    from app.dialogs.train import TrainDialog
    from app.dialogs.train_run import RunPage
    from app.dialogs.train_setup import SetupPage
    from app.session.training import Training
    from tests.app.conftest import Desk

LEFT = Qt.MouseButton.LeftButton
STARTED = Started(
    step=0, steps=100, pictures=9, held_out=1, parameters=5, device="CPU", precision="fp32", run="r"
)


@dataclass
class Trainer:
    """Somebody who trains: opens the dialog, fills it in, presses its buttons."""

    desk: Desk
    qtbot: QtBot
    pictures: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def training(self) -> Training:
        return self.desk.session.training

    @property
    def dialog(self) -> TrainDialog:
        dialog = self.desk.window._training.dialog
        assert dialog is not None
        return dialog

    @property
    def setup(self) -> SetupPage:
        assert self.dialog.setup is not None
        return self.dialog.setup

    @property
    def said_of_pictures(self) -> str:
        return self.setup.pictures.text.text()

    @property
    def run(self) -> RunPage:
        assert self.dialog.run is not None
        return self.dialog.run

    def open(self) -> None:
        self.desk.window.commands.actions["fine_tune"].trigger()
        self.qtbot.waitUntil(self.dialog.isActiveWindow)

    def close(self) -> None:
        self.click(self.dialog.close_button)
        assert self.desk.window._training.dialog is None

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        assert widget.isEnabled(), "it cannot be pressed"
        self.qtbot.mouseClick(widget, LEFT, pos=at or widget.rect().center())

    def press(self, button: QAbstractButton) -> None:
        assert button.isVisible(), "it is not there"
        self.click(button, QPoint(9, 9))

    def type_into(self, field: QWidget, text: str) -> None:
        field.setFocus()
        self.qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self.qtbot.keyClicks(field, text)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)

    def choose(self, box: QComboBox, data: str) -> None:
        box.setFocus()
        box.setCurrentIndex(box.findData(data))
        box.activated.emit(box.currentIndex())

    def check(self) -> None:
        """Until pictures and masks have been looked at."""
        checks = self.training.checks
        self.desk.wait(lambda: not self.setup._rest.isActive())
        self.desk.wait(lambda: checks._scanning is None and checks._drawing is None)

    def fill_in(self) -> None:
        """As little as it takes."""
        self.open()
        self.type_into(self.setup.pictures.path, str(self.pictures))
        self.check()
        assert self.setup.problem == ""

    def start(self, what: str) -> None:
        """Press Start; the process then does `what`, a word of `fake_training`."""
        self.monkeypatch.setenv("FAKE_TRAINING", what)
        self.press(self.dialog.start)

    def reach(self, state: str) -> None:
        self.desk.wait(lambda: self.training.state == state)

    def wait_for_sheet(self) -> None:
        self.desk.wait(lambda: self.training.sheet is not None)


def put_pepsi(path: Path) -> Path:
    """A file of weights that says it is PEPSI's."""
    from engine import networks, weights
    from engine.weights import Card
    from tests.app import tiny_models  # needs torch, which the dialog does not

    state = networks.built(tiny_models.TINY, {}).state_dict()
    card = Card(backend="pepsi", role="none", trained_on="Dunes", licence="CC0")
    return weights.save(path, state, card).path
