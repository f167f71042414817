"""Panels: they show the session, and what is set in them arrives there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QListWidget,
    QPushButton,
    QSlider,
    QWidget,
)

from app.panels.controls import NumberRow, QuietSlider
from app.panels.messages import MessageBar
from app.session.notices import Activity, Notice, duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.panels.column import PanelColumn
    from tests.app.conftest import Desk


@pytest.fixture
def column(desk: Desk, photo: Path) -> PanelColumn:
    """All panels, unfolded, beside an open picture."""
    desk.open(photo)
    assert desk.window.workspace is not None
    for section in desk.window.workspace.column.sections.values():
        section.set_unfolded(True)
    return desk.window.workspace.column


def number(parent: QWidget, name: str) -> QDoubleSpinBox:
    boxes = parent.findChildren(QDoubleSpinBox)
    return next(box for box in boxes if box.accessibleName() == name)


def button(parent: QWidget, text: str) -> QPushButton:
    return next(found for found in parent.findChildren(QPushButton) if found.text() == text)


def test_a_typed_size_is_the_brush_size(desk: Desk, column: PanelColumn, qtbot: QtBot) -> None:
    box = number(column, "Size")
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "123")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert desk.session.toolbox.brush.size == 123


def test_the_panel_follows_the_keys(desk: Desk, column: PanelColumn) -> None:
    desk.key(Qt.Key.Key_BracketRight)
    assert number(column, "Size").value() == desk.session.toolbox.brush.size == 22


def test_the_wheel_over_a_slider_scrolls_the_panel_and_sets_nothing(column: PanelColumn) -> None:
    for slider in column.findChildren(QSlider):
        assert isinstance(slider, QuietSlider)
        assert not slider.focusPolicy() & Qt.FocusPolicy.WheelFocus & ~Qt.FocusPolicy.TabFocus


def hints(column: PanelColumn) -> str:
    """What the section of the tool says in words."""
    labels = column.sections["tool"].findChildren(QLabel)
    return " | ".join(label.text() for label in labels if label.isVisible())


def test_the_source_brush_says_so_if_the_backend_is_not_steered(
    desk: Desk, column: PanelColumn
) -> None:
    desk.session.use_backend("telea")
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_S)
    assert "Telea takes from no particular place" in hints(column)
    desk.session.use_backend("iconv")
    assert "IConv takes from no particular place" in hints(column)
    desk.session.use_backend("pepsi")
    assert "takes from no" not in hints(column)


def test_a_result_of_a_backend_that_is_not_steered_says_so(desk: Desk, column: PanelColumn) -> None:
    desk.key(Qt.Key.Key_S)
    desk.paint((20, 20), (30, 20))
    desk.key(Qt.Key.Key_B)
    desk.paint((60, 60), (70, 60))
    desk.run("green")
    assert "Green takes from no particular place" in desk.said()


def test_the_source_brush_shows_what_it_marks(desk: Desk, column: PanelColumn) -> None:
    modes = next(
        combo
        for combo in column.findChildren(QComboBox)
        if combo.accessibleName() == "Source brush"
    )
    assert not modes.isVisible()
    desk.key(Qt.Key.Key_S)
    assert modes.isVisible()
    modes.setCurrentIndex(1)
    desk.paint((20, 20), (30, 20))
    assert desk.document.source[20, 25] == 2


def test_choosing_a_backend_shows_its_promise_and_options(desk: Desk, column: PanelColumn) -> None:
    choice = next(
        combo for combo in column.findChildren(QComboBox) if combo.accessibleName() == "Backend"
    )
    choice.setCurrentText("Telea")
    assert desk.session.backend.id == "telea"
    assert number(column, "Radius").value() == desk.session.options["radius"]
    number(column, "Radius").setValue(7)
    assert desk.session.options["radius"] == 7
    assert desk.session.settings.options["telea"] == {"radius": 7}


def test_options_are_remembered_for_each_backend(desk: Desk, column: PanelColumn) -> None:
    desk.session.use_backend("telea")
    desk.session.set_option("radius", 9)
    desk.session.use_backend("green")
    desk.session.use_backend("telea")
    assert number(column, "Radius").value() == 9


def test_mask_controls_are_off_until_there_is_a_mask(desk: Desk, column: PanelColumn) -> None:
    assert not number(column, "Grow").isEnabled()
    assert not button(column, "Clear").isEnabled()
    desk.paint()
    assert number(column, "Grow").isEnabled()
    assert button(column, "Clear").isEnabled()


def test_shape_sliders_change_one_step_from_the_mask_as_it_was_painted(
    desk: Desk, column: PanelColumn
) -> None:
    desk.paint()
    painted = desk.document.mask.copy()
    number(column, "Grow").setValue(30)
    desk.settle()
    number(column, "Grow").setValue(5)
    desk.settle()
    assert desk.document.steps[0] == ["Brush Stroke", "Grow Mask"]
    grown = desk.document.hole().sum()
    assert grown > np.count_nonzero(painted > 127)
    number(column, "Feather").setValue(8)
    desk.settle()
    assert desk.document.steps[0] == ["Brush Stroke", "Shape Mask"]
    assert desk.document.hole().sum() == pytest.approx(grown, rel=0.05)
    for name in ("Grow", "Feather"):
        number(column, name).setValue(0)
    desk.settle()
    np.testing.assert_array_equal(desk.document.mask, painted)
    assert desk.document.steps[0] == ["Brush Stroke"]


def test_another_edit_makes_the_shape_final_and_the_sliders_nothing(
    desk: Desk, column: PanelColumn
) -> None:
    desk.paint()
    number(column, "Grow").setValue(10)
    desk.settle()
    desk.paint((20, 20), (30, 20))
    assert number(column, "Grow").value() == 0
    number(column, "Grow").setValue(2)
    desk.settle()
    assert desk.document.steps[0] == ["Brush Stroke", "Grow Mask", "Brush Stroke", "Grow Mask"]
    desk.session.undo()
    assert number(column, "Grow").value() == 0


def test_a_mask_shrunk_to_nothing_comes_back(desk: Desk, column: PanelColumn) -> None:
    desk.paint()
    painted = desk.document.mask.copy()
    number(column, "Grow").setValue(-60)
    desk.settle()
    assert not desk.session.has_hole
    number(column, "Grow").setValue(0)
    desk.settle()
    np.testing.assert_array_equal(desk.document.mask, painted)


def test_the_menus_grow_and_shrink_move_the_slider(desk: Desk, column: PanelColumn) -> None:
    desk.paint()
    actions = desk.window.commands.actions
    for name in ("grow_mask", "grow_mask", "shrink_mask"):
        actions[name].trigger()
        desk.settle()
    assert number(column, "Grow").value() == desk.session.settings.mask_step
    assert desk.document.steps[0] == ["Brush Stroke", "Grow Mask"]


def test_clear_and_reselect(desk: Desk, column: PanelColumn, qtbot: QtBot) -> None:
    desk.paint()
    hole = desk.document.hole()
    qtbot.mouseClick(button(column, "Clear"), Qt.MouseButton.LeftButton)
    assert not desk.session.has_hole
    qtbot.mouseClick(button(column, "Reselect"), Qt.MouseButton.LeftButton)
    assert (desk.document.hole() == hole).all()


def test_the_outline_can_be_switched_off(desk: Desk, column: PanelColumn) -> None:
    box = next(found for found in column.findChildren(QCheckBox) if found.text() == "Outline")
    box.click()
    assert not desk.session.settings.mask_outline
    assert not desk.canvas._look.mask.outline


def test_a_click_in_the_history_jumps_there(desk: Desk, column: PanelColumn, qtbot: QtBot) -> None:
    desk.paint((20, 20), (30, 20))
    desk.paint((60, 60), (70, 60))
    steps = column.findChild(QListWidget)
    texts = [steps.item(row).text() for row in range(steps.count())]
    assert texts == ["Opened", "Brush Stroke", "Brush Stroke"]
    at = steps.visualItemRect(steps.item(0)).center()
    qtbot.mouseClick(steps.viewport(), Qt.MouseButton.LeftButton, pos=at)
    desk.wait(lambda: not desk.document.can_undo)
    assert not desk.document.hole().any()
    assert steps.count() == 3


def test_a_folded_section_stays_folded_at_the_next_start(desk: Desk, column: PanelColumn) -> None:
    column.sections["backend"].set_unfolded(False)
    assert desk.session.settings.sections["backend"] is False


def test_every_control_has_a_name_for_screen_readers(column: PanelColumn) -> None:
    for control in column.findChildren(QAbstractButton):
        assert control.accessibleName() or control.text(), control
    for kind in (QComboBox, QDoubleSpinBox, QSlider):
        for control in column.findChildren(kind):
            assert control.accessibleName(), control


def test_a_logarithmic_row_puts_the_mean_in_the_middle(qtbot: QtBot) -> None:
    row = NumberRow("Size", 1, 10_000, is_logarithmic=True)
    qtbot.addWidget(row)
    row.show_value(100)
    assert row._slider.value() == 500


def test_a_row_shows_a_number_without_telling(qtbot: QtBot) -> None:
    row = NumberRow("Size", 1, 100)
    qtbot.addWidget(row)
    with qtbot.assertNotEmitted(row.changed):
        row.show_value(50)
    with qtbot.waitSignal(row.changed):
        row._slider.setValue(0)


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[MessageBar]:
    parent = QWidget()
    parent.resize(600, 300)
    qtbot.addWidget(parent)
    parent.show()
    yield MessageBar(parent)
    parent.close()


def test_a_long_message_wraps_inside_its_parent(bar: MessageBar) -> None:
    bar.show_notice(Notice("A sentence that says what happened to which file. " * 6, "error"))
    assert bar.isVisible()
    assert bar.geometry().right() < 600
    assert bar.height() > 2 * bar.fontMetrics().height()


def test_the_button_of_a_message_acts_once_and_closes_it(bar: MessageBar, qtbot: QtBot) -> None:
    calls: list[int] = []
    bar.show_notice(Notice("Changed.", "warning", (("Reload", lambda: calls.append(1)),)))
    qtbot.mouseClick(button(bar, "Reload"), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert calls == [1]
    assert not bar.isVisible()


def test_a_hint_goes_by_itself_and_a_warning_stays(bar: MessageBar) -> None:
    bar.show_notice(Notice("A hint."))
    assert bar._timer.isActive()
    bar.show_notice(Notice("A warning.", "warning", lasts=True))
    assert not bar._timer.isActive()


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.02, "0.1 s"), (1.24, "1.2 s"), (42.4, "42 s"), (125, "2 min 5 s")]
)
def test_durations_read_well(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_time_left_is_told_once_it_is_more_than_noise() -> None:
    assert Activity("Inpainting", "level 2", 0.5, 4.0).text == "Inpainting: level 2, 4 s left"
    assert Activity("Inpainting", "level 2", 0.01, 4.0).seconds_left is None
    assert Activity("Inpainting", "level 2", 0.5, 0.2).seconds_left is None


def test_the_status_line_names_picture_hole_and_zoom(desk: Desk, column: PanelColumn) -> None:
    desk.paint()
    desk.wait(lambda: "in 1 region" in desk.window.status._hole.text())
    assert desk.window.status._picture.text() == "120 × 120   8-bit RGB"
    assert desk.window.status._zoom.text().endswith(" %")
