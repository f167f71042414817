"""The source brush: it paints where a fill may never, or may only, be taken from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from app.language import tr_later
from app.tools.stroke import StrokeTool

if TYPE_CHECKING:
    from app.document import Document
    from app.tools.capsule import Capsule
    from app.tools.settings import BrushSettings

SourceMode: TypeAlias = Literal["never", "only"]

FREE = 0
VALUES: dict[SourceMode, int] = {"never": 1, "only": 2}
"""What stands in the document's source layer; 0 is free."""

HALF = 127


class SourceBrush(StrokeTool):
    """Marks areas of the picture as a source; Alt and the pen's eraser end unmark them.

    Attributes:
        mode: "never" forbids to copy from the area, "only" forbids all the rest.
    """

    id = "source"
    label = tr_later("Source Brush")
    icon = "mdi6.target"
    shortcut = "S"

    def __init__(self, settings: BrushSettings, mode: SourceMode = "never") -> None:
        super().__init__(settings)
        self.mode: SourceMode = mode

    def _begin(self, document: Document) -> None:
        document.begin(
            tr_later("Unmark Source") if self._erasing else tr_later("Mark Source"), "stroke"
        )

    def _stamp(self, capsule: Capsule, document: Document) -> None:
        box = capsule.box.intersected(document.box)
        if box.is_empty:
            return
        covered = capsule.coverage(box) > HALF
        with document.touch("source", box) as view:
            view[covered] = FREE if self._erasing else VALUES[self.mode]
