"""The tool at work on the document: at most one stroke at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.document import Document
    from app.tools import Pointer, Tool


class Strokes:
    """What is painted on, what with, and whether a stroke is under way."""

    def __init__(self) -> None:
        self.document: Document | None = None
        self.tool: Tool | None = None
        self._active: tuple[Tool, Document] | None = None

    @property
    def is_under_way(self) -> bool:
        return self._active is not None

    def begin(self, pointer: Pointer) -> bool:
        """Press the tool; False if there is nothing to work with or on."""
        tool, document = self.tool, self.document
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
        """Release the tool; False if no stroke is under way."""
        if self._active is None:
            return False
        (tool, document), self._active = self._active, None
        tool.release(pointer, document)
        return True

    def cancel(self) -> bool:
        """Take back the stroke; False if none is under way."""
        if self._active is None:
            return False
        (tool, document), self._active = self._active, None
        tool.cancel(document)
        return True
