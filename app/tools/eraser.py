"""The eraser: a brush that takes away from the mask."""

from __future__ import annotations

from app.language import tr_later
from app.tools.brush import MaskTool


class Eraser(MaskTool):
    """Takes away from the mask."""

    id = "eraser"
    label = tr_later("Eraser")
    icon = "mdi6.eraser"
    shortcut = "E"
    erases = True
