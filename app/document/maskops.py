"""Changes of the whole mask: invert, clear, reselect, replace; each is one undo step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.language import tr_later
from engine.types import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from app.document.document import Document
    from app.document.history import Edit


def invert(document: Document) -> Edit | None:
    """Make hole what is not, over the whole picture."""
    document.begin(tr_later("Invert mask"), "mask")
    with document.touch("mask", document.box) as view:
        np.subtract(255, view, out=view)
    return document.commit()


def clear(document: Document) -> Edit | None:
    """Empty the mask; `reselect` brings it back."""
    document.begin(tr_later("Clear mask"), "mask")
    document.clear_mask()
    return document.commit()


def reselect(document: Document) -> Edit | None:
    """Bring back the mask that was cleared last, in place of the present one."""
    document.begin(tr_later("Reselect mask"), "mask")
    document.restore_mask()
    return document.commit()


def replace(document: Document, hole: npt.NDArray[np.bool_], label: str) -> Edit | None:
    """Make (H, W) `hole` the mask, for masks read from a file."""
    document.begin(label, "mask")
    document.clear_mask()
    bounds = _bounds(hole)
    if bounds is not None:
        with document.touch("mask", bounds) as view:
            view[hole[bounds.slices]] = 255
    return document.commit()


def filled_bounds(document: Document) -> Box | None:
    """The smallest box around all coverage, None if the mask is empty."""
    return _bounds(document.mask)


def _bounds(mask: npt.NDArray[np.uint8] | npt.NDArray[np.bool_]) -> Box | None:
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].any(axis=0))
    return Box(int(columns[0]), top, int(columns[-1]) + 1, bottom)
