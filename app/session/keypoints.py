"""The points of a face that guide the chosen network, if it is guided by any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from app.document import Document
    from app.document.belongings import Point
    from app.document.history import Edit
    from app.session.session import Session
    from engine.backend import BackendSpec

NO_POINT = -1


class Keypoints(QObject):
    """Points that can be moved; until one is, they lie where a face in the hole would have them.

    Attributes:
        selected: number of the point that the arrow keys move; -1 = none.

    Signals:
        changed: there are other points, or they lie elsewhere, or another one is selected.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.selected = NO_POINT
        self._nudged: Edit | None = None
        self._moving: Document | None = None
        self._started: tuple[object, tuple[Point, ...]] | None = None
        session.document_changed.connect(self._forget)
        session.backend_changed.connect(self.changed)
        session.history_changed.connect(self.changed)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the points that the chosen backend knows, in its order; empty = none are shown."""
        return self._session.backend.keypoints if self._session.document is not None else ()

    @property
    def points(self) -> tuple[Point, ...]:
        """Where they lie, in picture pixels."""
        return self.of(self._session.backend)

    def of(self, spec: BackendSpec) -> tuple[Point, ...]:
        """Where the points of a backend lie, in picture pixels; none if it knows none."""
        document, names = self._session.document, spec.keypoints
        if document is None or not names:
            return ()
        own = document.belongings.keypoints
        if len(own) == len(names):
            return own
        from app.document.keypoints import start
        from app.session.hole import extent

        # Looking for the hole takes a while in a large picture, and many ask.
        asked = (document.key, document.revision, names)
        if self._started is None or self._started[0] != asked:
            self._started = (asked, start(names, extent(document.mask), document.box))
        return self._started[1]

    @property
    def are_placed(self) -> bool:
        """Whether somebody has moved them."""
        document = self._session.document
        return document is not None and bool(document.belongings.keypoints)

    @Slot(int)
    def select(self, index: int) -> None:
        self.selected = index
        self.changed.emit()

    def step(self, step: int) -> None:
        """Select the point so many places further, round and round."""
        count = len(self.names)
        if count:
            first = self.selected if self.selected >= 0 else (-1 if step > 0 else count)
            self.select((first + step) % count)

    def unselect(self) -> bool:
        """Let go of the selected point; False if there is none."""
        if self.selected < 0 or not self.names:
            return False
        self.select(NO_POINT)
        return True

    @Slot(int, float, float)
    def move(self, index: int, x: float, y: float) -> None:
        """Pull a point to a place; `let_go` makes it an undo step."""
        from app.document import keypoints

        document = self._session.document
        if document is None:
            return
        if self._moving is None:
            if document.is_editing:
                return
            document.begin(keypoints.MOVE, "mask")
            self._moving = document
        keypoints.put(document, self._with(document, index, x, y))
        self.changed.emit()

    @Slot(bool)
    def let_go(self, keep: bool) -> None:
        """End pulling; the point stays, or goes back to where it was."""
        document, self._moving = self._moving, None
        if document is not None:
            if keep:
                document.commit()
            else:
                document.abort()

    @Slot(float, float)
    def nudge(self, dx: float, dy: float) -> None:
        """Move the selected point by picture pixels; several nudges in a row are one step."""
        from app.document import keypoints

        document, points = self._session.document, self.points
        if document is None or document.is_editing or not 0 <= self.selected < len(points):
            return
        x, y = points[self.selected]
        moved = self._with(document, self.selected, x + dx, y + dy)
        self._nudged = keypoints.place(document, moved, goes_on=self._nudged)

    def put(self, points: tuple[Point, ...]) -> None:
        """Place all points, or (none) let them follow the hole again, as one undo step."""
        from app.document import keypoints

        document = self._session.document
        if document is not None and not document.is_editing:
            self._nudged = None
            if points != document.belongings.keypoints:
                keypoints.place(document, points)

    def reset(self) -> None:
        """Let the points follow the hole again."""
        self.put(())

    def _with(self, document: Document, index: int, x: float, y: float) -> list[Point]:
        from app.document.keypoints import within

        points = list(self.points)
        points[index] = within(x, y, document.box)
        return points

    @Slot()
    def _forget(self) -> None:
        self.let_go(False)
        self.selected, self._nudged = NO_POINT, None
        self.changed.emit()
