"""Which results the panel shows: all, favourites, those of one backend, those of one mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot

from app.language import told, tr
from app.panels.controls import QuietComboBox

if TYPE_CHECKING:
    from app.session.results import Result
    from app.session.runs import Runs

ALL, KEPT, SAME_MASK, BACKEND = "all", "kept", "mask", "backend:"


class ResultFilter(QuietComboBox):
    """A choice that offers what there is to choose among the results.

    Signals:
        chosen: another one was chosen.
    """

    chosen = Signal()

    def __init__(self, runs: Runs) -> None:
        super().__init__()
        self._runs = runs
        self.setAccessibleName(tr("Results shown"))
        self.currentIndexChanged.connect(self._on_index)
        self.refresh()

    def refresh(self) -> None:
        """Offer what the results have in common by now; a choice that is gone becomes all."""
        wanted = self.currentData()
        with QSignalBlocker(self):
            self.clear()
            for key, label in self._rows():
                self.addItem(label, key)
            self.setCurrentIndex(max(0, self.findData(wanted)))

    def admits(self, result: Result) -> bool:
        """Whether a result is to be shown."""
        key = str(self.currentData())
        if key == KEPT:
            return result.is_kept
        if key == SAME_MASK:
            from app.session.filled import mask_key

            chosen = self._runs.chosen
            return chosen is None or mask_key(chosen) == mask_key(result)
        return key == ALL or key == BACKEND + result.result.backend

    def _rows(self) -> list[tuple[str, str]]:
        chosen = self._runs.chosen
        number = chosen.number if chosen is not None else 0
        backends = {each.result.backend: each.label for each in self._runs.shelf}
        return [
            (ALL, tr("All results")),
            (KEPT, tr("Favourites")),
            (SAME_MASK, tr("Same mask as result {number}", number=number)),
            *((BACKEND + backend, told(label)) for backend, label in backends.items()),
        ]

    @Slot()
    def _on_index(self) -> None:
        self.chosen.emit()
