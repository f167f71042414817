"""Grow, smooth and feather the mask with sliders: one live step, until something else is edited."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from app.document.areas import Area
    from app.document.live import LiveStep
    from app.document.shaping import Shape
    from app.session.session import Session


class Shaping(QObject):
    """The shape that the mask gets on top of how it was painted.

    Signals:
        changed: `shape` is new: set from outside, or nothing again after another edit.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._shape: Shape | None = None
        self._step: LiveStep | None = None
        self._base: Area | None = None
        session.document_changed.connect(self._look)
        session.history_changed.connect(self._look)
        session.selecting.settled.connect(self._look)

    @property
    def grow(self) -> int:
        return self._shape.grow if self._shape is not None else 0

    @property
    def smooth(self) -> int:
        return self._shape.smooth if self._shape is not None else 0

    @property
    def feather(self) -> int:
        return self._shape.feather if self._shape is not None else 0

    def set_grow(self, pixels: int) -> None:
        """Widen the mask as it was painted, with a negative number narrow it."""
        self._set(grow=pixels)

    def set_smooth(self, pixels: int) -> None:
        self._set(smooth=pixels)

    def set_feather(self, pixels: int) -> None:
        self._set(feather=pixels)

    def _set(self, **sizes: int) -> None:
        if not self._is_ready():
            self.changed.emit()
            return
        from app.document.areas import combine
        from app.document.shaping import Shape, shaped
        from app.tools.search import Search

        self._shape = replace(self._shape or Shape(), **sizes)
        if self._step is not None and self._base is not None:
            find = partial(shaped, base=self._base, shape=self._shape)
            label = self._shape.label
            change = partial(combine, mode="replace")
            search = Search(self._step, label, find, change, needs_open_step=True)
            self._session.selecting.search(search)
        self.changed.emit()

    def _is_ready(self) -> bool:
        """Take up the mask as it is now, unless its shape is being set already."""
        document = self._session.document
        if document is None or document.is_editing:
            return False
        if self._step is None or not self._step.is_open:
            from app.document.areas import Area
            from app.document.live import LiveStep
            from app.document.maskops import filled_bounds

            bounds = filled_bounds(document)
            if bounds is None:
                return False
            self._shape = None
            self._base = Area(bounds, document.mask[bounds.slices].copy())
            self._step = LiveStep(document)
        return True

    @Slot()
    def _look(self) -> None:
        """What has been edited otherwise is the mask to start from."""
        step = self._step
        if step is not None and not (step.is_open and step.document is self._session.document):
            self._step = self._base = self._shape = None
            self.changed.emit()
