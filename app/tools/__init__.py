"""The tools of the canvas; no Qt in here. A new tool is one class and one entry in a list below."""

from __future__ import annotations

from app.tools.area import AreaTool, Lasso, Polygon, Rectangle
from app.tools.base import Outline, Pointer, Sketch, Tool
from app.tools.brush import Brush
from app.tools.eraser import Eraser
from app.tools.settings import AreaMode, AreaSettings, BrushSettings
from app.tools.smart import SmartSelect
from app.tools.source import SourceBrush, SourceMode
from app.tools.stroke import StrokeTool
from app.tools.wand import Wand

__all__ = [
    "AREAS",
    "STROKES",
    "AreaMode",
    "AreaSettings",
    "AreaTool",
    "Brush",
    "BrushSettings",
    "Eraser",
    "Lasso",
    "Outline",
    "Pointer",
    "Polygon",
    "Rectangle",
    "Sketch",
    "SmartSelect",
    "SourceBrush",
    "SourceMode",
    "StrokeTool",
    "Tool",
    "Wand",
]

STROKES: tuple[type[StrokeTool], ...] = (Brush, Eraser, SourceBrush)
"""Tools that draw with the shared brush, in the order of the tool strip."""

AREAS: tuple[type[AreaTool], ...] = (Rectangle, Lasso, Polygon, Wand, SmartSelect)
"""Tools that enclose an area, in the order of the tool strip; they share `AreaSettings`."""
