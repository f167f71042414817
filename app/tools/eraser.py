"""The eraser: a brush that takes away from the mask."""

from __future__ import annotations

from app.tools.brush import MaskTool


class Eraser(MaskTool):
    """Takes away from the mask."""

    id = "eraser"
    label = "Eraser"
    icon = "mdi6.eraser"
    shortcut = "E"
    erases = True
