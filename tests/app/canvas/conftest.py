from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.canvas import CanvasView
from app.document import Document
from app.tools import Brush, BrushSettings
from engine.pictures import Picture
from tests.app.canvas.events import Hand

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


@pytest.fixture
def view(qtbot: QtBot) -> CanvasView:
    """400 x 300 pixels, with a hard brush of 20."""
    brush = BrushSettings(size=20, hardness=1.0)
    view = CanvasView(brush)
    view.set_tool(Brush(brush))
    view.resize(400, 300)
    qtbot.addWidget(view)
    view.show()
    return view


@pytest.fixture
def hand(view: CanvasView) -> Hand:
    return Hand(view)


@pytest.fixture
def show(view: CanvasView) -> Callable[[np.ndarray], Document]:
    """Opens pixels in the view."""

    def open_pixels(pixels: np.ndarray) -> Document:
        document = Document.new(Picture(pixels))
        view.set_document(document)
        return document

    return open_pixels


@pytest.fixture
def grey(show: Callable[[np.ndarray], Document]) -> Document:
    """200 x 100 pixels of middle grey; fitted at 100 % its corner lies at (100, 100)."""
    return show(np.full((100, 200, 3), 128, np.uint8))
