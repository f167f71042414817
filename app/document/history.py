"""Undo and redo under a byte budget: what does not fit into memory goes to disk, oldest first."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.document.spill import Spill, Spilled
from app.language import told, tr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.document.belongings import Belongings
    from app.document.tiles import PackedTile, TileKey

log = logging.getLogger(__name__)

DEFAULT_BUDGET_BYTES = 512 * 1024 * 1024

EditKind: TypeAlias = Literal["stroke", "mask", "result"]

_serials = itertools.count(1)


@dataclass(slots=True, eq=False)
class Edit:
    """One undo step: the tiles as they are on its other side.

    While the edit is done, `tiles` holds the pixels before it; while it is undone, the pixels
    after it. Undo and redo swap them with the picture's, so nothing is kept twice. The same holds
    for `belongings`; None = the edit leaves them alone.
    """

    label: str
    kind: EditKind
    tiles: dict[TileKey, PackedTile] = field(default_factory=dict)
    changes_image: bool = False
    changes_mask: bool = False
    belongings: Belongings | None = None
    serial: int = field(default_factory=lambda: next(_serials))
    spilled: Spilled | None = None
    nbytes: int = 0

    def weigh(self) -> None:
        """Bring `nbytes`, the memory that the tiles take, up to date."""
        self.nbytes = sum(tile.nbytes for tile in self.tiles.values())


@dataclass(frozen=True, slots=True)
class KeptHistory:
    """Copies of the undo steps nearest to now.

    Attributes:
        done: oldest first.
        undone: the last is the next to redo.
        began_filled: whether the mask had been filled before the first of `done`.
        began_state: `image_state` before it.
        older: labels of the steps before it, which are not kept.
    """

    done: tuple[Edit, ...]
    undone: tuple[Edit, ...]
    began_filled: bool
    began_state: int
    older: tuple[str, ...]


class History:
    """The edits done and undone; the last of each list is the next to undo or redo."""

    def __init__(
        self, budget_bytes: int = DEFAULT_BUDGET_BYTES, spill_folder: Path | None = None
    ) -> None:
        self.done: list[Edit] = []
        self.undone: list[Edit] = []
        self.on_notice: list[Callable[[str], None]] = []
        self._budget_bytes = budget_bytes
        self._spill = Spill(spill_folder)
        self._base_serial = 0
        self._base_state = 0
        self._began_filled = False

    @property
    def state(self) -> int:
        """A number for all that the edits change: equal numbers, an equal document."""
        return self.done[-1].serial if self.done else self._base_state

    @property
    def image_state(self) -> int:
        """A number for the content of the image layer: equal numbers, equal pixels."""
        return self._image_state_after(self.done)

    def _image_state_after(self, done: list[Edit]) -> int:
        for edit in reversed(done):
            if edit.changes_image:
                return edit.serial
        return self._base_serial

    @property
    def mask_is_filled(self) -> bool:
        """Whether no edit after the newest result changed image or mask."""
        return self._is_filled_after(self.done)

    def _is_filled_after(self, done: list[Edit]) -> bool:
        for edit in reversed(done):
            if edit.kind == "result":
                return True
            if edit.changes_image or edit.changes_mask:
                return False
        return self._began_filled

    @property
    def edits(self) -> list[Edit]:
        """All edits: those done, oldest first, then those undone."""
        return [*self.done, *self.undone]

    @property
    def nbytes(self) -> int:
        """Bytes that the edits hold in memory."""
        return sum(edit.nbytes for edit in self.edits)

    def add(self, edit: Edit) -> None:
        """Take in an edit that has just been done; whatever was undone is gone."""
        edit.weigh()
        self.undone.clear()
        self.done.append(edit)
        self.keep_budget()

    def take_over(self, done: list[Edit], undone: list[Edit], *, began_filled: bool) -> None:
        """Go on with the edits of an earlier session.

        Args:
            done: oldest first.
            undone: the last is the next to redo.
            began_filled: whether the mask had been filled before the first of them.
        """
        self.done, self.undone, self._began_filled = done, undone, began_filled
        for edit in itertools.chain(done, undone):
            edit.weigh()
        self.keep_budget()

    def kept(self, budget_bytes: int) -> KeptHistory:
        """The steps nearest to now that are in memory, of either side within half the budget."""
        done = _nearest(self.done, budget_bytes // 2)
        older = self.done[: len(self.done) - len(done)]
        return KeptHistory(
            tuple(replace(edit, tiles=dict(edit.tiles)) for edit in done),
            tuple(
                replace(edit, tiles=dict(edit.tiles))
                for edit in _nearest(self.undone, budget_bytes // 2)
            ),
            began_filled=self._is_filled_after(older),
            began_state=self._image_state_after(older),
            older=tuple(edit.label for edit in older),
        )

    def take_back(self) -> Edit:
        """Remove the newest edit, as if it had never been done; it is never on disk."""
        return self.done.pop()

    def undo(self) -> Edit | None:
        """Move the newest edit to the undone ones; None if there is none that can be read."""
        edit = self._loaded(self.done)
        if edit is not None:
            self.undone.append(self.done.pop())
        return edit

    def redo(self) -> Edit | None:
        """Move the edit undone last back; None if there is none that can be read."""
        edit = self._loaded(self.undone)
        if edit is not None:
            self.done.append(self.undone.pop())
        return edit

    def keep_budget(self) -> None:
        """Spill the edits furthest from now until the rest fits the budget."""
        if all(edit.spilled is None for edit in self.edits):
            self._spill.clear()
        excess = self.nbytes - self._budget_bytes
        for edits in (self.done, self.undone):
            for edit in tuple(edits[:-1]):
                if excess <= 0:
                    return
                excess -= edit.nbytes
                if edit.spilled is None:
                    self._spill_or_drop(edit, edits)

    def close(self) -> None:
        """Forget everything and remove the file on disk."""
        self.done.clear()
        self.undone.clear()
        self._spill.close()

    def _spill_or_drop(self, edit: Edit, edits: list[Edit]) -> None:
        try:
            edit.spilled = self._spill.write(edit.tiles)
        except OSError as error:
            log.warning("undo steps do not fit on the disk: %s", error)
            self._drop(edit, edits)
            self._notify(
                tr(
                    "The oldest undo steps were dropped: they did not fit into memory, and the "
                    "disk refused them ({strerror}).",
                    strerror=error.strerror or error,
                )
            )
        else:
            edit.tiles = {}
            edit.weigh()

    def _loaded(self, edits: list[Edit]) -> Edit | None:
        if not edits:
            return None
        edit = edits[-1]
        if edit.spilled is None:
            return edit
        try:
            edit.tiles = self._spill.read(edit.spilled)
        except OSError as error:
            log.warning("an undo step could not be read back: %s", error)
            self._drop(edit, edits)
            self._notify(
                tr(
                    "“{label}” and the steps beyond it were dropped: they could not be read back "
                    "from disk ({strerror}).",
                    label=told(edit.label),
                    strerror=error.strerror or error,
                )
            )
            return None
        edit.spilled = None
        return edit

    def _drop(self, edit: Edit, edits: list[Edit]) -> None:
        """Forget an edit and those that can be reached only through it."""
        count = edits.index(edit) + 1
        if edits is self.done:
            self._base_state = edit.serial
            for gone in edits[:count]:
                if gone.changes_image:
                    self._base_serial = gone.serial
        del edits[:count]

    def _notify(self, sentence: str) -> None:
        for listener in tuple(self.on_notice):
            listener(sentence)


def _nearest(edits: list[Edit], budget_bytes: int) -> list[Edit]:
    """Those at the list's end that no step on disk or beyond the budget lies behind."""
    kept: list[Edit] = []
    for edit in reversed(edits):
        budget_bytes -= sum(tile.unpacked_bytes for tile in edit.tiles.values())
        if edit.spilled is not None or budget_bytes < 0:
            break
        kept.append(edit)
    return kept[::-1]
