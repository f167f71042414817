"""Which backend fills, what it promises, and its own few options."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.panels.controls import NumberBox, QuietComboBox, labelled, option_row
from engine.device import choose
from engine.registry import specs

if TYPE_CHECKING:
    from app.session.session import Session

SEED_LIMIT = 2**31 - 1


class BackendPanel(QWidget):
    """Shows the chosen backend and changes it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown = ""
        self._choice = QuietComboBox()
        self._choice.setAccessibleName("Backend")
        for spec in specs():
            self._choice.addItem(spec.label, spec.id)
        self._promise = _dim_label()
        self._place = _dim_label()
        self._options = QWidget()
        self._option_layout = QVBoxLayout(self._options)
        self._option_layout.setContentsMargins(0, 0, 0, 0)
        self._option_layout.setSpacing(7)
        self._seed = NumberBox()
        self._seed.setDecimals(0)
        self._seed.setRange(0, SEED_LIMIT)
        self._seed.setKeyboardTracking(False)
        self._seed.setAccessibleName("Seed")
        self._seed.setToolTip("Another number, another fill; the same number, the same fill")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        for part in (self._choice, self._promise, self._options):
            layout.addWidget(part)
        layout.addWidget(labelled("Seed", self._seed))
        layout.addWidget(self._place)
        self._choice.currentIndexChanged.connect(self._choose)
        self._seed.valueChanged.connect(self._set_seed)
        session.backend_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        session, spec = self._session, self._session.backend
        with QSignalBlocker(self._choice), QSignalBlocker(self._seed):
            self._choice.setCurrentIndex(self._choice.findData(spec.id))
            self._seed.setValue(session.seed)
        self._promise.setText(f"{spec.promise}.")
        where, _ = choose(spec, "auto")
        place = "the processor (CPU)" if where == "cpu" else where.upper()
        self._place.setText(f"Runs on {place}; needs no download.")
        if self._shown != spec.id:
            self._shown = spec.id
            self._build_options()

    def _build_options(self) -> None:
        """Rows for the backend's options; not on every change, or a slider would lose its grip."""
        while (item := self._option_layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        session = self._session
        for option in session.backend.options:
            changed = partial(session.set_option, option.name)
            row = option_row(option, session.options[option.name], changed)
            self._option_layout.addWidget(row)
        self._options.setVisible(bool(session.backend.options))

    def _choose(self, index: int) -> None:
        self._session.use_backend(str(self._choice.itemData(index)))

    def _set_seed(self, seed: float) -> None:
        self._session.seed = int(seed)


def _dim_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setProperty("role", "dim")
    return label
