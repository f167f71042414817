"""Imports what the first picture needs, in the worker, while the user looks for it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from engine.jobs import Progress

if TYPE_CHECKING:
    from engine.jobs import CancelToken, Steps

MODULES = (
    "numpy",
    "cv2",
    "engine.pictures",
    "app.document.recovery",
    "app.tools",
    "engine.pipeline",
    "engine.batch",
    "app.window.workspace",
    "app.session.keeper",
)


def preload(token: CancelToken) -> Steps[None]:
    """Import module after module; the window stays alive in between."""
    for number, name in enumerate(MODULES):
        token.check()
        importlib.import_module(name)
        yield Progress(number + 1, len(MODULES), "")
