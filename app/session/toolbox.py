"""The tool in hand, the brush that some tools share, and how areas join the mask."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from app.settings import Settings
    from app.tools import (
        AreaMode,
        AreaSettings,
        BrushSettings,
        SmartSelect,
        SourceBrush,
        SourceMode,
        Tool,
        Wand,
    )
    from app.tools.search import Searcher


class ToolBox(QObject):
    """All tools and their settings.

    Signals:
        changed: another tool, or another brush.
    """

    changed = Signal()

    def __init__(self, settings: Settings, search: Searcher, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._search = search
        self.tool_id = "brush"

    @cached_property
    def brush(self) -> BrushSettings:
        """What the tools that draw strokes share; made with the first picture, like them."""
        from app.tools import BrushSettings

        settings = self._settings
        return BrushSettings(settings.brush_size, settings.hardness, settings.pressure)

    @cached_property
    def area(self) -> AreaSettings:
        """What the tools that enclose an area share."""
        from app.tools import AreaSettings

        settings = self._settings
        return AreaSettings(
            tolerance=settings.wand_tolerance,
            contiguous=settings.wand_contiguous,
            changed=self.changed.emit,
        )

    @cached_property
    def _tools(self) -> dict[str, Tool]:
        from app.tools import AREAS, STROKES

        tools: dict[str, Tool] = {tool.id: tool(self.brush) for tool in STROKES}
        tools |= {tool.id: tool(self.area) for tool in AREAS}
        for searching in (self._wand(tools), cast("SmartSelect", tools["smart"])):
            searching.search = self._search
        cast("SourceBrush", tools["source"]).mode = self._settings.source_mode
        return tools

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        return self._tools[self.tool_id]

    def use(self, tool_id: str) -> None:
        self.tool_id = tool_id
        self.changed.emit()

    def swap(self) -> None:
        """The eraser in place of whatever is in hand, and the brush in place of the eraser."""
        self.use("brush" if self.tool_id == "eraser" else "eraser")

    def resize(self, steps: int) -> None:
        self.brush.resize(steps)
        self.changed.emit()

    def harden(self, steps: int) -> None:
        self.brush.harden(steps)
        self.changed.emit()

    def set_size(self, size: float) -> None:
        self.brush.size = size
        self.changed.emit()

    def set_hardness(self, hardness: float) -> None:
        self.brush.hardness = hardness
        self.changed.emit()

    def set_pressure(self, on: bool) -> None:
        self.brush.pressure = on
        self.changed.emit()

    def use_source_mode(self, mode: SourceMode) -> None:
        self._settings.source_mode = mode
        cast("SourceBrush", self._tools["source"]).mode = mode
        self.changed.emit()

    def use_area_mode(self, mode: AreaMode) -> None:
        self.area.mode = mode
        self.changed.emit()

    def set_tolerance(self, tolerance: float) -> None:
        self.area.tolerance = tolerance
        self._wand(self._tools).look_again()
        self.changed.emit()

    def set_contiguous(self, on: bool) -> None:
        self.area.contiguous = on
        self._wand(self._tools).look_again()
        self.changed.emit()

    @property
    def has_brush(self) -> bool:
        """Whether the tool in hand has a size and a hardness."""
        return self.tool.outline is not None

    @property
    def marks_mask(self) -> bool:
        """Whether the tool in hand changes the mask, and not where fills come from."""
        return self.tool_id != "source"

    def remember(self) -> None:
        """Put brush and wand into the settings, so that the next start begins with them."""
        if "brush" in self.__dict__:
            self._settings.brush_size = self.brush.size
            self._settings.hardness = self.brush.hardness
            self._settings.pressure = self.brush.pressure
        if "area" in self.__dict__:
            self._settings.wand_tolerance = self.area.tolerance
            self._settings.wand_contiguous = self.area.contiguous

    def take_over(self) -> None:
        """Set brush and wand to what the settings say: the reverse of `remember`."""
        settings = self._settings
        if "brush" in self.__dict__:
            self.brush.size = settings.brush_size
            self.brush.hardness = settings.hardness
            self.brush.pressure = settings.pressure
        if "area" in self.__dict__:
            self.area.tolerance = settings.wand_tolerance
            self.area.contiguous = settings.wand_contiguous
        if "_tools" in self.__dict__:
            cast("SourceBrush", self._tools["source"]).mode = settings.source_mode
        self.changed.emit()

    @staticmethod
    def _wand(tools: dict[str, Tool]) -> Wand:
        return cast("Wand", tools["wand"])
