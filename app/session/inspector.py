"""Behind the result in the picture: where its pixels are from, and what a network made of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from app.language import told, tr, tr_later
from app.session import inspect_words
from app.session.inspect_words import COMPOSITE, RESULT
from engine.registry import get

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.session.results import Result
    from app.session.session import Session
    from app.session.sheets import Sheet
    from engine.filling import Patch
    from engine.provenance import PlacedLevel, Provenance, Source

OFF = tr_later("Point at a filled pixel to see on the picture where it was borrowed from.")
NOTHING_FILLED = tr_later("Fill a hole, then point at what was filled.")
OWN = tr_later("This pixel is the picture's own.")
MADE_UP = tr_later("The network made this up; it borrowed from no single place.")


class Inspector(QObject):
    """Looks behind the result that is in the picture, and changes nothing.

    Signals:
        changed: it was switched, or the pixel under the cursor is another one.
        sheets_changed: something else is to be laid over the picture, or can be chosen.

    Attributes:
        is_on: whether runs note where their pixels come from, and pixels are looked up.
        at: the filled pixel under the cursor; None if there is none or nothing is known of it.
        level: on which it was looked up.
        sources: from where it was borrowed, the strongest first.
        map_name: the map that is tinted over the hole; empty = none.
        stage: key of the one that is shown; `RESULT` = none.
    """

    changed = Signal()
    sheets_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.is_on = False
        self.at: tuple[int, int] | None = None
        self.level: PlacedLevel | None = None
        self.sources: tuple[Source, ...] = ()
        self.map_name = ""
        self.stage = RESULT
        self._wanted_level = ""
        self._cursor: tuple[int, int] | None = None
        self._behind: Result | None = None
        self._provenance: Provenance | None = None
        session.runs.results_changed.connect(self._on_results)

    # --- what is wanted ----------------------------------------------------------------------

    def use(self, on: bool) -> None:
        """Switch on or off."""
        self.is_on = on
        self._look()
        self.sheets_changed.emit()
        self._session.state_changed.emit()

    def use_level(self, key: str) -> None:
        """Look pixels up on that level, as far as their patch has it."""
        self._wanted_level = key
        self._look()
        self.sheets_changed.emit()

    def use_map(self, name: str) -> None:
        """Tint a map over the hole; empty = none."""
        self.map_name = name
        self.sheets_changed.emit()
        self._look()

    def use_stage(self, key: str) -> None:
        """Show a stage in place of the result, if it has that one."""
        if key != self.stage and key in self.stage_keys:
            self.stage = key
            self.sheets_changed.emit()

    @Slot(float, float)
    def point(self, x: float, y: float) -> None:
        """The cursor is over this place of the picture."""
        pixel = math.floor(x), math.floor(y)
        if pixel != self._cursor:
            self._cursor = pixel
            if self.is_on:
                self._look()

    @Slot()
    def leave(self) -> None:
        """The cursor is elsewhere."""
        self._cursor = None
        self._look()

    # --- what there is to see ----------------------------------------------------------------

    @property
    def levels(self) -> dict[str, PlacedLevel]:
        """The levels of the result by their keys, each as its first patch has it; copies first."""
        found: dict[str, PlacedLevel] = {}
        for provenance in self._known():
            found = _by_key(provenance) | found
        return dict(sorted(found.items(), key=lambda each: each[1].level.kind != "copy"))

    @property
    def level_key(self) -> str:
        """The one that pixels are looked up on."""
        keys = self.levels
        return self._wanted_level if self._wanted_level in keys else next(iter(keys), "")

    @property
    def map_names(self) -> list[str]:
        """The maps of the result, certainties first, fine to coarse."""
        return list(dict.fromkeys(name for each in self._known() for name in each.maps))

    @property
    def stage_keys(self) -> list[str]:
        """The stages of the result, coarse to fine, itself as the last; empty if it has none."""
        from app.session.sheets import key_of

        stages = (stage for each in self._known() for stage in each.stages)
        keys = list(dict.fromkeys(key_of(stage) for stage in stages))
        return [*keys, COMPOSITE, RESULT] if keys else []

    @property
    def sheets(self) -> list[Sheet]:
        """What is to be laid over the picture."""
        from app.session import sheets

        if self.stage in self.stage_keys and self.stage != RESULT:
            found = [sheets.of_stage(patch, self.stage) for patch in self._patches()]
        elif self.map_name:
            found = [sheets.of_map(patch, self.map_name) for patch in self._patches()]
        else:
            return []
        return [sheet for sheet in found if sheet is not None]

    @property
    def words(self) -> str:
        """What the panel says."""
        result = self._session.runs.shelf.current
        if not self.is_on:
            return tr(OFF)
        if result is None:
            return tr(NOTHING_FILLED)
        if not any(patch.provenance for patch in result.result.patches):
            return _why_unknown(result)
        if self._cursor is None:
            return tr(OFF)
        if self.at is None:
            return tr(OWN)
        return self._of_pixel(self.at)

    def _of_pixel(self, at: tuple[int, int]) -> str:
        provenance = self._provenance
        shown = self.map_name or next(iter(self.map_names), "")
        value = provenance.map_at(shown, *at) if provenance is not None else None
        if value is not None and (self.map_name or not self.sources):
            return inspect_words.of_map_value(shown, value)
        if self.level is None or not self.sources:
            return tr(MADE_UP)
        return inspect_words.of_sources(self.sources, at, self.level)

    # --- looking -----------------------------------------------------------------------------

    @Slot()
    def _on_results(self) -> None:
        current = self._session.runs.shelf.current
        if current is not self._behind:
            self._behind = current
            self.stage = RESULT
            if self.map_name not in self.map_names:
                self.map_name = ""
            self.sheets_changed.emit()
        self._look()

    def _look(self) -> None:
        self.at = self.level = self._provenance = None
        self.sources = ()
        patch = self._patch_at(*self._cursor) if self._cursor is not None else None
        if patch is not None and patch.provenance is not None and self._cursor is not None:
            self.at, self._provenance = self._cursor, patch.provenance
            self.level = self._level_of(patch.provenance)
            found = None if self.level is None else self.level.at(*self._cursor)
            self.sources = inspect_words.worth_showing(found or ())
        self.changed.emit()

    def _level_of(self, provenance: Provenance) -> PlacedLevel | None:
        """The wanted level, else the first one."""
        return _by_key(provenance).get(self._wanted_level, next(iter(provenance.levels), None))

    def _patch_at(self, x: int, y: int) -> Patch | None:
        """The last patch that filled the pixel."""
        for patch in reversed(list(self._patches())):
            column, row = x - patch.box.left, y - patch.box.top
            inside = 0 <= column < patch.box.width and 0 <= row < patch.box.height
            if inside and patch.hole[row, column]:
                return patch
        return None

    def _patches(self) -> Iterator[Patch]:
        result = self._session.runs.shelf.current
        if self.is_on and result is not None:
            yield from result.result.patches

    def _known(self) -> Iterator[Provenance]:
        return (patch.provenance for patch in self._patches() if patch.provenance is not None)


def _by_key(provenance: Provenance) -> dict[str, PlacedLevel]:
    """The levels of a patch by what is the same in the next patch: "copy.0", "attention.0", ..."""
    keyed: dict[str, PlacedLevel] = {}
    for each in provenance.levels:
        kind = each.level.kind
        keyed[f"{kind}.{sum(key.startswith(kind) for key in keyed)}"] = each
    return keyed


def _why_unknown(result: Result) -> str:
    spec = get(result.result.backend)
    if result.is_traced:
        return tr(
            "{backend} continues what surrounds the hole; it borrows from no single place.",
            backend=told(spec.label),
        )
    return tr(
        "Result {number} was made before you inspected; fill again to see behind it.",
        number=result.number,
    )
