"""The tool at work on the document: at most one stroke at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tools.base import SteppedTool

if TYPE_CHECKING:
    from app.document import Document
    from app.tools import Pointer, Sketch, Tool


class Strokes:
    """What is painted on, what with, and whether a stroke is under way."""

    def __init__(self) -> None:
        self.document: Document | None = None
        self.tool: Tool | None = None
        self._active: tuple[Tool, Document] | None = None

    @property
    def is_under_way(self) -> bool:
        return self._active is not None

    @property
    def goes_on(self) -> bool:
        """Whether the tool waits for another press although no button is down."""
        return self._waiting() is not None

    @property
    def sketch(self) -> Sketch | None:
        """What the tool at work has drawn so far."""
        return self._active[0].sketch if self._active is not None else None

    def begin(self, pointer: Pointer) -> bool:
        """Press the tool; False if there is nothing to work with or on."""
        tool, document = self._active or (self.tool, self.document)
        if tool is None or document is None or document.is_editing:
            return False
        self._active = (tool, document)
        tool.press(pointer, document)
        return True

    def go_on(self, pointer: Pointer) -> None:
        if self._active is not None:
            tool, document = self._active
            tool.move(pointer, document)

    def finish(self, pointer: Pointer) -> bool:
        """Release the tool; False if no stroke is under way, or if it goes on."""
        if self._active is None:
            return False
        tool, document = self._active
        tool.release(pointer, document)
        return self._has_ended(tool)

    def complete(self) -> bool:
        """End what goes on after a release; False if nothing does, or it cannot end now."""
        waiting = self._waiting()
        if waiting is None:
            return False
        tool, document = waiting
        tool.complete(document)
        return self._has_ended(tool)

    def step_back(self) -> None:
        """Take back the last press of what goes on."""
        waiting = self._waiting()
        if waiting is not None:
            waiting[0].step_back()
            self._has_ended(waiting[0])

    def cancel(self) -> bool:
        """Take back the stroke; False if none is under way."""
        if self._active is None:
            return False
        (tool, document), self._active = self._active, None
        tool.cancel(document)
        return True

    def _waiting(self) -> tuple[SteppedTool, Document] | None:
        if self._active is not None:
            tool, document = self._active
            if isinstance(tool, SteppedTool) and tool.goes_on:
                return tool, document
        return None

    def _has_ended(self, tool: Tool) -> bool:
        if isinstance(tool, SteppedTool) and tool.goes_on:
            return False
        self._active = None
        return True
