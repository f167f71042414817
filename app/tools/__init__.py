"""The tools of the canvas; no Qt in here. A new tool is one class and one entry in `TOOLS`."""

from __future__ import annotations

from app.tools.base import BrushSettings, Outline, Pointer, Tool
from app.tools.brush import Brush
from app.tools.eraser import Eraser
from app.tools.source import SourceBrush, SourceMode
from app.tools.stroke import StrokeTool

__all__ = [
    "TOOLS",
    "Brush",
    "BrushSettings",
    "Eraser",
    "Outline",
    "Pointer",
    "SourceBrush",
    "SourceMode",
    "StrokeTool",
    "Tool",
]

TOOLS: tuple[type[StrokeTool], ...] = (Brush, Eraser, SourceBrush)
"""Every tool's class, in the order of the tool strip; each is made with the shared settings."""
