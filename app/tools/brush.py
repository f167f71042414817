"""The brush: it paints the hole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.language import tr_later
from app.tools.capsule import FULL
from app.tools.stroke import StrokeTool

if TYPE_CHECKING:
    from app.document import Document
    from app.tools.capsule import Capsule


class MaskTool(StrokeTool):
    """A stroke on the mask, painting or erasing."""

    def _begin(self, document: Document) -> None:
        # A mask that has been filled has done its work: the next stroke starts a new one.
        starts_anew = not self._erasing and document.mask_is_filled
        document.begin(
            tr_later("Eraser Stroke") if self._erasing else tr_later("Brush Stroke"), "stroke"
        )
        if starts_anew:
            document.clear_mask()

    def _stamp(self, capsule: Capsule, document: Document) -> None:
        box = capsule.box.intersected(document.box)
        if box.is_empty:
            return
        coverage = capsule.coverage(box)
        with document.touch("mask", box) as view:
            if self._erasing:
                np.minimum(view, FULL - coverage, out=view)
            else:
                np.maximum(view, coverage, out=view)


class Brush(MaskTool):
    """Paints over what shall vanish."""

    id = "brush"
    label = tr_later("Brush")
    icon = "mdi6.brush"
    shortcut = "B"
