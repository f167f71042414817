"""The curves of a run, and what its events add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from app import theme
from app.session.training_course import MOST_POINTS, Course, Series, long_duration
from engine import resources
from tests.app.trainer import STARTED
from training.events import (
    Checkpoint,
    Failed,
    Finished,
    Notice,
    RolledBack,
    Step,
    Validation,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.dialogs.train_curves import Curves
    from app.dialogs.train_run import RunPage

if TYPE_CHECKING:
    from tests.app.trainer import Trainer


# --- curves --------------------------------------------------------------------------------------


def watch(trainer: Trainer) -> RunPage:
    trainer.fill_in()
    trainer.start("done")
    trainer.reach("ended")
    QApplication.processEvents()
    return trainer.run


def place_of(curves: Curves, step: float, value: float) -> QPointF:
    """Where a point of the losses is in the view."""
    scene = curves.plots["losses"].vb.mapViewToScene(QPointF(step, value))
    return QPointF(curves.view.mapFromScene(scene))


def move_to(curves: Curves, step: float, value: float) -> None:
    """Put the mouse on a point of the losses."""
    at, viewport = place_of(curves, step, value), curves.view.viewport()
    no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    where = QPointF(viewport.mapToGlobal(at.toPoint()))
    event = QMouseEvent(QEvent.Type.MouseMove, at, where, no_button, no_button, no_key)
    QApplication.sendEvent(viewport, event)


def turn_wheel(curves: Curves, step: float, value: float) -> None:
    """Turn the wheel by four notches towards the screen, there."""
    at, viewport = place_of(curves, step, value), curves.view.viewport()
    where = QPointF(viewport.mapToGlobal(at.toPoint()))
    event = QWheelEvent(
        at, where, QPoint(), QPoint(0, 480), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)


def test_the_values_at_the_cursor_are_read(trainer: Trainer) -> None:
    curves = watch(trainer).curves
    move_to(curves, 20.4, 0.1)
    assert "step 20" in curves.legend.text()
    assert "0.05" in curves.legend.text()
    assert all(line.isVisible() for line in curves._cursors)
    QApplication.sendEvent(curves, QEvent(QEvent.Type.Leave))
    assert "step 400" in curves.legend.text()
    assert not any(line.isVisible() for line in curves._cursors)


def test_the_wheel_zooms_all_curves_and_show_all_undoes_it(trainer: Trainer) -> None:
    curves = watch(trainer).curves
    before = curves.plots["losses"].vb.viewRange()[0]
    turn_wheel(curves, 20.0, 0.4)
    losses, ssim = (curves.plots[name].vb.viewRange()[0] for name in ("losses", "SSIM"))
    assert losses[1] - losses[0] < 0.8 * (before[1] - before[0])
    assert losses[0] < 20 < losses[1]
    assert ssim == pytest.approx(losses, rel=0.05)
    trainer.press(curves.everything)
    QApplication.processEvents()
    after = curves.plots["losses"].vb.viewRange()[0]
    assert after == pytest.approx(before, abs=1)


def test_a_name_hides_and_shows_its_curve(trainer: Trainer) -> None:
    curves = watch(trainer).curves
    curves.legend.linkActivated.emit("l1")
    assert not curves._lines["l1"][1].isVisible()
    assert "<s>" in curves.legend.text()
    curves.legend.linkActivated.emit("l1")
    assert curves._lines["l1"][1].isVisible()


def test_the_log_scale_is_switched_with_the_mouse(trainer: Trainer) -> None:
    curves = watch(trainer).curves
    trainer.click(curves.logarithmic, QPoint(8, curves.logarithmic.height() // 2))
    assert curves.logarithmic.isChecked()
    shown = curves._lines["l1"][1].getData()[1]
    assert shown[0] == pytest.approx(np.log10(0.1))


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[None]:
    """The application is undressed again afterwards."""
    sheet, palette = qapp.styleSheet(), qapp.palette()
    theme.use_icon_files(resources.root() / "icons")
    yield
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)


def test_curves_follow_the_theme(dressed: None, trainer: Trainer) -> None:
    curves = watch(trainer).curves
    trainer.desk.session.use_theme("dark")
    dark = curves._colours
    trainer.desk.session.use_theme("light")
    assert curves._colours != dark
    assert curves.view.backgroundBrush().color().lightness() > 200


def test_everything_fits_the_smallest_window(trainer: Trainer) -> None:
    trainer.fill_in()
    trainer.dialog.resize(760, 480)
    QApplication.processEvents()
    assert trainer.dialog.width() <= 900
    assert trainer.setup.horizontalScrollBar().maximum() == 0
    trainer.start("done")
    trainer.reach("ended")
    QApplication.processEvents()
    assert trainer.dialog.size().width() <= 900
    assert trainer.dialog.size().height() <= 600
    inside = QRect(QPoint(0, 0), trainer.dialog.size())
    for part in (trainer.dialog.close_button, trainer.run.sheet, trainer.run.curves.view):
        corner = part.mapTo(trainer.dialog, part.rect().bottomRight())
        assert inside.contains(corner)


# --- the course ----------------------------------------------------------------------------------


def step(number: int, value: float) -> Step:
    return Step(step=number, losses={"l1": value}, rate=1.0, seconds_left=60.0)


def test_a_run_that_goes_back_forgets_what_came_after() -> None:
    course = Course()
    checked = Validation(step=20, psnr=1.0, ssim=0.1, texture=1.0, verdict="still improving")
    course.add_all((STARTED, step(10, 1.0), Checkpoint(step=10, path="p"), step(20, 2.0), checked))
    course.add(RolledBack(step=20, to=10, message="A loss was no number."))
    assert course.losses["l1"].steps == [10]
    assert course.quality["PSNR"].steps == []
    assert (course.step, course.verdict) == (10, "diverged: rolled back")
    course.add(step(15, 3.0))
    course.add(msgspec.structs.replace(STARTED, step=10))
    assert course.losses["l1"].steps == [10]


def test_remarks_and_ends_are_kept() -> None:
    course = Course()
    course.add_all(
        (STARTED, Notice(step=0, message="Masks look inverted."), Failed(step=1, message="Oh."))
    )
    assert course.remarks == ["Masks look inverted."]
    assert course.failure == "Oh."
    course.add(Finished(step=70, path="m", reason="stopped"))
    assert (course.step, course.is_complete, course.left) == (70, False, "")


def test_a_long_curve_is_thinned_to_means_and_keeps_its_end() -> None:
    series = Series()
    for number in range(1, 4 * MOST_POINTS + 2):
        series.add(number, float(number % 2))
    thin = series.thinned()
    assert len(thin.steps) <= MOST_POINTS
    assert thin.steps[-1] == series.steps[-1]
    assert thin.values[0] == pytest.approx(0.6)
    assert sum(thin.values) / len(thin.values) == pytest.approx(0.5, abs=0.02)


def test_smoothing_keeps_a_constant_and_calms_noise() -> None:
    flat, noisy = Series(), Series()
    for number in range(1000):
        flat.add(number, 0.5)
        noisy.add(number, float(number % 2))
    assert flat.smoothed().values == pytest.approx([0.5] * 1000)
    tail = noisy.smoothed().values[-100:]
    assert max(tail) - min(tail) < 0.05


def test_the_value_at_a_step_is_the_last_one_before_it() -> None:
    series = Series([10, 20], [1.0, 2.0])
    assert [series.at(place) for place in (9.9, 10, 19, 30)] == [None, 1.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(40, "40 s"), (1500, "25 min"), (12000, "3 h 20 min"), (8 * 3600, "8 h"), (1e6, "12 days")],
)
def test_long_times_are_told_in_fitting_units(seconds: float, text: str) -> None:
    assert long_duration(seconds) == text
