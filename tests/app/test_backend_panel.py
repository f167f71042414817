"""The backend panel with networks among the backends: what can run, what cannot, and why."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from app.dialogs.models import ModelsDialog
from app.panels.backend import NETWORKS, BackendPanel
from app.session.model_words import ROLES
from engine import registry, weights
from engine.backend import Option
from tests.app import fake_backend, tiny_models
from tests.app.tiny_models import TINY, put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from engine.blend.names import Blend
    from engine.weights import Role
    from tests.app.conftest import Desk


@pytest.fixture
def tiny() -> Iterator[None]:
    yield from tiny_models.registered()


@pytest.fixture
def panel(tiny: None, desk: Desk, photo: Path) -> BackendPanel:
    """The panel beside an open picture; no network has weights."""
    desk.open(photo)
    panel = desk.window.findChild(BackendPanel)
    assert panel is not None
    return panel


def choice(panel: BackendPanel) -> QComboBox:
    return next(box for box in panel.findChildren(QComboBox) if box.accessibleName() == "Backend")


def button(parent: QWidget, text: str) -> QPushButton:
    return next(found for found in parent.findChildren(QPushButton) if found.text() == text)


def shown(panel: BackendPanel) -> str:
    """All visible sentences."""
    labels = [label for label in panel.findChildren(QLabel) if label.isVisible()]
    return " | ".join(label.text() for label in labels)


def notice_again(desk: Desk) -> None:
    """Look into the folders, as the dialog does when it opens."""
    desk.session.models.refresh()
    desk.settle()


def test_networks_stand_below_the_classical_backends_under_a_heading(panel: BackendPanel) -> None:
    box = choice(panel)
    ids = [box.itemData(index) for index in range(box.count())]
    heading = box.findText(NETWORKS)
    assert ids[: heading - 1] == [spec.id for spec in registry.specs() if not spec.network]
    assert ids[heading + 1 :] == [spec.id for spec in registry.specs() if spec.network]


def test_the_arrow_keys_pass_over_the_heading(
    desk: Desk, panel: BackendPanel, qtbot: QtBot
) -> None:
    box = choice(panel)
    desk.session.use_backend("blue")
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert desk.session.backend.id == "pepsi"
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert desk.session.backend.id == "blue"


def test_a_network_without_weights_can_be_chosen_and_says_why_it_cannot_fill(
    desk: Desk, panel: BackendPanel, qtbot: QtBot
) -> None:
    box = choice(panel)
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_End)
    while desk.session.backend.id != "tiny":
        qtbot.keyClick(box, Qt.Key.Key_Up)
    assert box.currentText() == "Tiny (no weights)"
    assert "Tiny has no weights yet, so it cannot fill." in shown(panel)
    assert button(panel, "Models…").isVisible()
    assert "Runs on" not in shown(panel)
    tip = box.itemData(box.currentIndex(), Qt.ItemDataRole.ToolTipRole)
    assert escape(weights.why_missing(TINY)) in tip


def test_a_classical_backend_speaks_of_no_weights(desk: Desk, panel: BackendPanel) -> None:
    desk.session.use_backend("telea")
    assert not button(panel, "Models…").isVisible()
    assert "weights" not in shown(panel)
    assert "Runs on the processor (CPU); needs no download." in shown(panel)


@pytest.mark.parametrize("role", ["alone", "guide", "none"])
def test_the_panel_says_what_the_card_says(
    desk: Desk, panel: BackendPanel, weight_folder: Path, role: Role
) -> None:
    put(weight_folder, "a.safetensors", role=role, masks=("square", "free-form"))
    notice_again(desk)
    desk.session.use_backend("tiny")
    assert choice(panel).currentText() == "Tiny"
    text = f"{ROLES[role]}. Trained on Sand; masks: square, free-form. Licence: CC0."
    assert text in shown(panel)
    assert "cannot fill" not in shown(panel)


def test_where_a_network_runs_is_said_once_it_is_known(
    desk: Desk, panel: BackendPanel, weight_folder: Path
) -> None:
    put(weight_folder, "a.safetensors")
    notice_again(desk)
    desk.session.use_backend("tiny")
    assert "Runs on the graphics card if there is one" in shown(panel)
    desk.paint()
    desk.run("tiny")
    place = "processor (CPU)" if desk.session.runs.shelf.current.result.device == "cpu" else "card"
    assert "Ran on the " in shown(panel)
    assert place in shown(panel)


def test_inpaint_without_weights_gives_the_reason_and_changes_nothing(
    desk: Desk, panel: BackendPanel
) -> None:
    desk.session.use_backend("tiny")
    desk.paint()
    before = desk.document.image.copy()
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_Return)
    desk.wait(lambda: bool(desk.said()))
    desk.settle()
    assert desk.said() == weights.why_missing(TINY)
    assert (desk.document.image == before).all()
    assert desk.session.can_run


def test_the_message_of_a_run_without_weights_leads_to_the_dialog(
    desk: Desk, panel: BackendPanel, qtbot: QtBot
) -> None:
    desk.session.use_backend("tiny")
    desk.paint()
    desk.session.runs.inpaint()
    desk.wait(lambda: bool(desk.said()))
    seen = closing_next_dialog()
    qtbot.mouseClick(button(desk.window.messages, "Models…"), Qt.MouseButton.LeftButton)
    assert seen == [ModelsDialog]


def test_the_button_of_the_panel_opens_the_dialog(
    desk: Desk, panel: BackendPanel, qtbot: QtBot
) -> None:
    desk.session.use_backend("tiny")
    seen = closing_next_dialog()
    qtbot.mouseClick(button(panel, "Models…"), Qt.MouseButton.LeftButton)
    assert seen == [ModelsDialog]


def test_the_menu_opens_the_dialog_without_a_picture(tiny: None, desk: Desk) -> None:
    seen = closing_next_dialog()
    desk.window.commands.actions["models"].trigger()
    assert seen == [ModelsDialog]


def test_weights_that_have_gone_are_missed_at_once(
    desk: Desk, panel: BackendPanel, weight_folder: Path
) -> None:
    file = put(weight_folder, "a.safetensors")
    notice_again(desk)
    desk.session.use_backend("tiny")
    file.path.unlink()
    notice_again(desk)
    assert "cannot fill" in shown(panel)
    assert choice(panel).currentText() == "Tiny (no weights)"


def test_an_option_that_is_a_text_is_typed(
    desk: Desk, panel: BackendPanel, qtbot: QtBot, request: pytest.FixtureRequest
) -> None:
    spec = replace(fake_backend.GREEN, id="worded", options=(Option("words", "Words", ""),))
    registry.register(spec)
    request.addfinalizer(lambda: registry._specs.pop(spec.id))
    desk.session.use_backend("worded")
    fields = [box for box in panel.findChildren(QLineEdit) if box.accessibleName() == "Words"]
    fields[0].setFocus()
    qtbot.keyClicks(fields[0], "0.5,0.5")
    qtbot.keyClick(fields[0], Qt.Key.Key_Return)
    assert desk.session.options["words"] == "0.5,0.5"
    assert QApplication.focusWidget() is desk.canvas


def detail_box(panel: BackendPanel) -> QCheckBox:
    return next(b for b in panel.findChildren(QCheckBox) if b.text() == "Restore fine detail")


def test_only_networks_offer_to_restore_detail(desk: Desk, panel: BackendPanel) -> None:
    desk.session.use_backend("tiny")
    assert detail_box(panel).isVisible()
    desk.session.use_backend("telea")
    assert not detail_box(panel).isVisible()


def test_the_box_decides_whether_a_run_restores_detail(
    desk: Desk, panel: BackendPanel, weight_folder: Path, qtbot: QtBot
) -> None:
    put(weight_folder, "a.safetensors")
    notice_again(desk)
    desk.session.use_backend("tiny")
    desk.session.toolbox.brush.size = 60
    desk.paint((40, 40), (160, 60))
    desk.run("tiny")
    detailed = desk.session.runs.shelf.current
    assert detailed.result.detail
    box = detail_box(panel)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert not desk.session.settings.detail
    desk.run("tiny")
    plain = desk.session.runs.shelf.current
    assert not plain.result.recipe.detail
    assert not plain.result.detail
    desk.session.runs.reuse(detailed)
    assert box.isChecked()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Match light and colour", "match"),
        ("Remove the step at the seam", "poisson"),
        ("Match grain", "grain"),
    ],
)
def test_a_box_decides_how_a_fill_is_blended_and_a_result_brings_it_back(
    desk: Desk, panel: BackendPanel, qtbot: QtBot, words: str, name: Blend
) -> None:
    desk.paint((40, 40), (160, 60))
    box = next(each for each in panel.findChildren(QCheckBox) if each.text() == words)
    assert box.isVisible()
    assert not box.isChecked()
    assert box.toolTip()
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert desk.session.blend == (name,)
    desk.run("telea")
    blended = desk.session.runs.shelf.current
    assert blended.result.recipe.blend == (name,)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    desk.run("telea")
    assert desk.session.runs.shelf.current.result.recipe.blend == ()
    desk.session.runs.reuse(blended)
    assert box.isChecked()


def closing_next_dialog() -> list[type]:
    """Close the dialog that is about to open; its class is noted."""
    seen: list[type] = []

    def close() -> None:
        dialog = QApplication.activeModalWidget()
        seen.append(type(dialog))
        if dialog is not None:
            dialog.close()

    QTimer.singleShot(50, close)
    return seen
