"""Every window and dialog in the states in which people meet them: a row of `SCENES` for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from app.session.models import Models
from engine import registry
from tests.app import fake_backend, test_german
from tests.app.snapshots.stage import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from app.session.questions import Questions
    from tests.app.snapshots.stage import Stage

    Scene = Callable[[Stage], QWidget]


def start(stage: Stage) -> QWidget:
    return stage.desk.window


def start_recent(stage: Stage) -> QWidget:
    stage.open("coffee", "rocket")
    for _ in range(2):
        stage.desk.session.files.close()
        stage.desk.settle()
    return stage.desk.window


def tour(stage: Stage) -> QWidget:
    stage.desk.window.tour.begin()
    return stage.desk.window


def tour_brush(stage: Stage) -> QWidget:
    stage.open()
    stage.desk.window.tour.begin()
    note = stage.desk.window.tour.note
    assert note is not None
    note.onward.click()
    return stage.desk.window


def picture(stage: Stage) -> QWidget:
    stage.open()
    return stage.desk.window


def mask(stage: Stage) -> QWidget:
    stage.open()
    stage.desk.session.masks.open(SAMPLES["rocket"][1])
    stage.desk.settle()
    stage.unfold("tool", "backend", "mask")
    return stage.desk.window


def running(stage: Stage) -> QWidget:
    stage.open()
    stage.paint()
    fake_backend.gate.clear()
    stage.desk.session.runs.inpaint()
    stage.desk.wait(lambda: stage.desk.session.runs.activity is not None)
    stage.desk.wait(lambda: stage.desk.session.runs.activity.share > 0)
    return stage.desk.window


def results(stage: Stage) -> QWidget:
    stage.fill("telea", "green", "telea")
    stage.desk.session.runs.keep(next(iter(stage.desk.session.runs.shelf)))
    stage.unfold("tool", "results")
    return stage.desk.window


def wipe(stage: Stage) -> QWidget:
    stage.fill("telea")
    stage.desk.window.commands.actions["compare_wipe"].trigger()
    return stage.desk.window


def side_by_side(stage: Stage) -> QWidget:
    stage.fill("telea")
    stage.desk.window.commands.actions["compare_side"].trigger()
    return stage.desk.window


def inspect(stage: Stage) -> QWidget:
    stage.fill("telea")
    stage.desk.session.inspector.use(True)
    stage.unfold("inspect")
    return stage.desk.window


def history(stage: Stage) -> QWidget:
    stage.fill("telea")
    stage.desk.session.undo()
    stage.unfold("history")
    return stage.desk.window


def several_masks(stage: Stage) -> QWidget:
    stage.open()
    stage.paint()
    stage.desk.session.masks.add()
    stage.desk.session.masks.rename("Lamp")
    stage.desk.paint((120, 120), (180, 140))
    stage.unfold("mask")
    return stage.desk.window


def selection(stage: Stage) -> QWidget:
    stage.open()
    stage.desk.session.toolbox.use("wand")
    return stage.desk.window


def keypoints(stage: Stage) -> QWidget:
    face = stage.face()
    stage.open("astronaut")
    stage.desk.session.toolbox.use("rectangle")
    stage.desk.paint((170, 40), (280, 190))
    stage.desk.settle()
    stage.desk.session.toolbox.use("brush")
    stage.desk.session.use_backend(face)
    return stage.desk.window


def strip(stage: Stage) -> QWidget:
    stage.open("astronaut", "coffee", "rocket")
    stage.paint()
    return stage.desk.window


def notice(stage: Stage) -> QWidget:
    stage.open()
    stage.desk.session.runs.inpaint()
    return stage.desk.window


def small(stage: Stage) -> QWidget:
    """The smallest window there can be."""
    stage.fill("telea")
    stage.desk.window.resize(stage.desk.window.minimumSize())
    return stage.desk.window


def lineup(stage: Stage) -> QWidget:
    usable = tuple(registry.get(name) for name in ("green", "telea", "blue"))
    stage.monkeypatch.setattr(Models, "usable", usable)
    stage.open()
    stage.paint()
    stage.desk.canvas.setFocus()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    stage.desk.key(Qt.Key.Key_Return, keys)
    stage.desk.wait(lambda: not stage.desk.session.lineup.is_running)
    dialog = stage.desk.window._lineup.dialog
    assert dialog is not None
    return stage.show(dialog)


def variations(stage: Stage) -> QWidget:
    return stage.show(test_german.variations(stage.desk))


def batch(stage: Stage) -> QWidget:
    return stage.show(test_german.batch(stage.desk))


def batch_plan(stage: Stage) -> QWidget:
    batcher = stage.batcher(*range(1, 10))
    batcher.fill_in()
    return batcher.dialog


def batch_done(stage: Stage) -> QWidget:
    batcher = stage.batcher(3, 5)  # of more, any could be done first
    batcher.fill_in()
    batcher.start()
    batcher.finish()
    return batcher.dialog


def train(stage: Stage) -> QWidget:
    trainer = stage.trainer()
    trainer.open()
    trainer.check()
    return trainer.dialog


def train_set_up(stage: Stage) -> QWidget:
    trainer = stage.trainer()
    trainer.fill_in()
    return trainer.dialog


def train_running(stage: Stage) -> QWidget:
    trainer = stage.trainer()
    trainer.fill_in()
    trainer.start("deaf")
    trainer.wait_for_sheet()
    return trainer.dialog


def models(stage: Stage) -> QWidget:
    return stage.show(test_german.models(stage.desk))


def settings(stage: Stage) -> QWidget:
    return stage.show(test_german.settings(stage.desk))


def keys(stage: Stage) -> QWidget:
    return stage.show(test_german.keys(stage.desk))


def about(stage: Stage) -> QWidget:
    return stage.show(test_german.about(stage.desk))


def licences(stage: Stage) -> QWidget:
    from app.dialogs.about import AboutDialog

    dialog = AboutDialog(stage.desk.session.files.tasks, stage.desk.window)
    dialog.pages.setCurrentWidget(dialog.licences)
    return stage.show(dialog)


def error(stage: Stage) -> QWidget:
    return stage.show(test_german.error(stage.desk))


def error_details(stage: Stage) -> QWidget:
    from app.dialogs.error import ErrorDialog

    details = 'Traceback (most recent call last):\n  File "app/gui.py", line 7\nValueError: no'
    dialog = ErrorDialog("The picture cannot be shown.", details, stage.desk.window)
    dialog._details.click()
    return stage.show(dialog)


def asked(ask: Callable[[Questions], object]) -> Scene:
    return lambda stage: stage.question(ask)


SCENES: dict[str, Scene] = {
    "start": start,
    "start-recent": start_recent,
    "tour": tour,
    "tour-brush": tour_brush,
    "picture": picture,
    "mask": mask,
    "running": running,
    "results": results,
    "wipe": wipe,
    "side-by-side": side_by_side,
    "inspect": inspect,
    "history": history,
    "several-masks": several_masks,
    "selection": selection,
    "keypoints": keypoints,
    "strip": strip,
    "notice": notice,
    "small": small,
    "lineup": lineup,
    "variations": variations,
    "batch": batch,
    "batch-plan": batch_plan,
    "batch-done": batch_done,
    "train": train,
    "train-set-up": train_set_up,
    "train-running": train_running,
    "models": models,
    "settings": settings,
    "keys": keys,
    "about": about,
    "licences": licences,
    "error": error,
    "error-details": error_details,
    "unsaved": asked(lambda questions: questions.unsaved("rocket.jpg")),
    "unsaved-several": asked(
        lambda questions: questions.unsaved_pictures(["rocket.jpg", "coffee.png"])
    ),
    "overwrite": asked(lambda questions: questions.overwrite("rocket.jpg")),
    "changed": asked(lambda questions: questions.replace_changed("rocket.jpg")),
    "recover": asked(lambda questions: questions.recover(["rocket.jpg", "coffee.png"])),
    "mask-size": asked(
        lambda questions: questions.mask_of_other_size("mask.png", (320, 214), (640, 427))
    ),
    "quality": asked(lambda questions: questions.quality("rocket.jpg")),
}
"""Name of the picture -> how it is brought about; the widget that it returns is grabbed."""
