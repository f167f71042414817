"""Looking behind a fill: point at a pixel and see where it came from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QCheckBox, QLabel

from app.canvas.borrowed import Borrowed
from app.panels.inspect import InspectPanel
from app.session.inspector import MADE_UP, NOTHING_FILLED, OFF, OWN
from engine import registry
from tests.app import tiny_models
from tests.app.canvas.events import Hand
from tests.app.tiny_models import TINY, put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.app.conftest import Desk


@pytest.fixture
def tiny() -> Iterator[None]:
    yield from tiny_models.registered()


def words(desk: Desk) -> str:
    panel = desk.window.findChild(InspectPanel)
    assert panel is not None
    name = "Origin of the pixel under the cursor"
    (label,) = (each for each in panel.findChildren(QLabel) if each.accessibleName() == name)
    return label.text()


def switch(desk: Desk) -> QCheckBox:
    panel = desk.window.findChild(InspectPanel)
    assert panel is not None
    return panel.findChildren(QCheckBox)[0]


def point(desk: Desk, x: float, y: float) -> None:
    """Move the mouse over a place of the picture."""
    at = desk.at(x, y)
    Hand(desk.canvas).move(at.x(), at.y())


def test_it_is_off_until_the_key_switches_it_on(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    assert words(desk) == OFF
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_I)
    assert desk.session.inspector.is_on
    assert switch(desk).isChecked()
    assert words(desk) == NOTHING_FILLED
    desk.key(Qt.Key.Key_I)
    assert not switch(desk).isChecked()
    assert words(desk) == OFF


def test_a_copied_pixel_is_joined_with_the_very_pixel_it_came_from(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.inspector.use(True)
    desk.session.use_backend("patchmatch")
    desk.session.set_option("seams", False)
    desk.paint((80, 80), (110, 80))
    desk.run("patchmatch")
    point(desk, 95.5, 80.5)
    inspector = desk.session.inspector
    assert inspector.at is not None
    (source,) = inspector.sources
    assert inspector.at == pytest.approx((95, 80), abs=1)
    x, y = inspector.at
    left, top = int(source.x), int(source.y)
    np.testing.assert_array_equal(desk.document.image[y, x], desk.document.image[top, left])
    assert words(desk).startswith(f"Copied from x {left}, y {top}, ")
    shown = desk.canvas._borrowed
    assert shown is not None
    assert shown.target == (x + 0.5, y + 0.5)
    assert shown.sources[0] == pytest.approx((left + 0.5, top + 0.5, 1), abs=1e-3)


def test_a_pixel_that_was_not_filled_is_the_pictures_own(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.inspector.use(True)
    desk.paint((80, 80), (110, 80))
    desk.run("patchmatch")
    point(desk, 20.5, 20.5)
    assert words(desk) == OWN
    assert desk.canvas._borrowed is None


def test_the_line_goes_when_the_cursor_does(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.inspector.use(True)
    desk.paint((80, 80), (110, 80))
    desk.run("patchmatch")
    point(desk, 95.5, 80.5)
    assert desk.canvas._borrowed is not None
    desk.canvas.hover(None)
    assert desk.canvas._borrowed is None
    assert words(desk) == OFF


def test_a_result_made_before_says_so(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.paint((80, 80), (110, 80))
    desk.run("patchmatch")
    desk.canvas.setFocus()
    desk.key(Qt.Key.Key_I)
    point(desk, 95.5, 80.5)
    assert words(desk) == "Result 1 was made before you inspected; fill again to see behind it."


def test_a_backend_that_copies_nothing_says_so(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.inspector.use(True)
    desk.paint((80, 80), (110, 80))
    desk.run("telea")
    assert words(desk).startswith("Telea continues what surrounds the hole")


def test_a_result_that_is_undone_is_not_looked_behind(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.session.inspector.use(True)
    desk.paint((80, 80), (110, 80))
    desk.run("patchmatch")
    point(desk, 95.5, 80.5)
    desk.session.undo()
    assert words(desk) == NOTHING_FILLED
    assert desk.canvas._borrowed is None


def test_notes_count_as_memory_of_the_result(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    desk.paint((80, 80), (110, 80))
    desk.run("patchmatch")
    plain = desk.session.runs.shelf.current
    desk.session.inspector.use(True)
    desk.run("patchmatch")
    traced = desk.session.runs.shelf.current
    assert plain is not None
    assert traced is not None
    assert traced.nbytes > plain.nbytes


def test_a_network_without_attention_made_it_up(
    tiny: None, desk: Desk, photo: Path, weight_folder: Path
) -> None:
    real = replace(TINY, factory="engine.gan:GanInpainter")
    registry._specs["tiny"] = real  # the fixture takes it away again
    put(weight_folder, "a.safetensors")
    desk.open(photo)
    desk.session.restore_detail(False)
    desk.session.inspector.use(True)
    desk.paint((80, 80), (110, 80))
    desk.run("tiny")
    point(desk, 95.5, 80.5)
    assert words(desk) == MADE_UP


def test_the_drawing_touches_no_pixel_outside_its_bounds(desk: Desk, photo: Path) -> None:
    desk.open(photo)
    viewport = desk.canvas.viewport
    borrowed = Borrowed((20.5, 30.5), ((90.0, 70.0, 0.6), (9.0, 8.0, 0.0)), 8.0)
    image = QImage(viewport.width, viewport.height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    borrowed.paint(painter, viewport, 1.0)
    painter.end()
    bounds = borrowed.bounds(viewport, 1.0)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(viewport.height, viewport.width)
    drawn = np.argwhere(pixels)
    assert len(drawn) > 100
    for y, x in drawn.tolist():
        assert bounds.contains(QPoint(x, y))
