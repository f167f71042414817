from __future__ import annotations

import numpy as np
import pytest

from app.document import Document
from app.tools import BrushSettings
from engine.pictures import Picture


@pytest.fixture
def document() -> Document:
    return Document.new(Picture(np.full((120, 160, 3), 90, np.uint8)))


@pytest.fixture
def settings() -> BrushSettings:
    return BrushSettings(size=20, hardness=1.0)
