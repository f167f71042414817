"""Which network is trained, and what it starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.language import told, tr, tr_later
from app.panels.controls import QuietComboBox
from app.session.model_words import millions
from engine import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.session.session import Session
    from engine.backend import BackendSpec

SCRATCH = tr_later("random weights (from scratch)")


class NetworkRow(QWidget):
    """Two lists: the networks, and the weights that the chosen one may start from.

    Signals:
        chosen: id of the network that the user took.
        start_chosen: path of the file to start from; empty = random weights.
    """

    chosen = Signal(str)
    start_chosen = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._models = session.models
        self.networks = QuietComboBox()
        self.networks.setAccessibleName(tr("Network"))
        self.networks.activated.connect(self._on_network)
        self.starts = QuietComboBox()
        self.starts.setAccessibleName(tr("What it starts from"))
        self.starts.setToolTip(tr("Weights that are there already need far fewer steps"))
        self.starts.activated.connect(lambda at: self.start_chosen.emit(self.starts.itemData(at)))
        between = QLabel(tr("from"))
        between.setProperty("role", "dim")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.networks, 1)
        layout.addWidget(between)
        layout.addWidget(self.starts, 1)
        self._models.changed.connect(self._show_starts)
        self._models.refresh()

    def show_networks(self, specs: Sequence[BackendSpec], backend_id: str, start: str) -> None:
        """List the networks, and mark one and the file that it starts from."""
        for spec in specs:
            label = tr(
                "{label}  ({parameters} parameters)",
                label=told(spec.label),
                parameters=millions(spec.parameters),
            )
            self.networks.addItem(label, spec.id)
        self.networks.setCurrentIndex(self.networks.findData(backend_id))
        self._list_starts(start)

    def _on_network(self, index: int) -> None:
        self.chosen.emit(self.networks.itemData(index))
        self._show_starts()

    @Slot()
    def _show_starts(self) -> None:
        """List the weights of the network; the one that it uses is proposed."""
        if self.networks.currentData() is not None:
            self._list_starts(self.starts.currentData())

    def _list_starts(self, before: str | None) -> None:
        backend_id = self.networks.currentData()
        self.starts.clear()
        for file in self._models.files(registry.get(backend_id)):
            self.starts.addItem(file.path.name, str(file.path))
        self.starts.addItem(tr(SCRATCH), "")
        kept = self.starts.findData(before) if before else -1
        self.starts.setCurrentIndex(max(0, kept))
        self.start_chosen.emit(self.starts.currentData())
