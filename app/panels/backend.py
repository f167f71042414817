"""Which backend fills, what it promises, and its own few options."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.language import told, tr, tr_later
from app.panels.blend import BlendBoxes
from app.panels.controls import NumberBox, QuietComboBox, labelled, option_row
from app.panels.keypoints import KeypointRow
from app.session.model_words import ROLES, place, training
from engine.backend import LARGEST_SEED
from engine.registry import specs
from engine.weights import why_missing

if TYPE_CHECKING:
    from app.session.models import Models
    from app.session.session import Session
    from engine.backend import BackendSpec

NETWORKS = tr_later("Networks")
DETAIL = tr_later(
    "A network fills at a few hundred pixels. Where the hole is larger, "
    "PatchMatch copies the picture's own texture along its fill."
)
DIM = 0.6
"""How much of the text's colour a network without weights has; it can still be read."""


class BackendPanel(QWidget):
    """Shows the chosen backend and changes it.

    A network without weights can be chosen like any other: only so can everybody, without a mouse
    too, read here why it cannot fill, and press the button that helps. Inpaint then says the same.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._shown = ""
        self._choice = QuietComboBox()
        self._choice.setAccessibleName(tr("Backend"))
        self._promise = _dim_label()
        self._standing = _dim_label()
        self._why = _dim_label()
        self._why.setProperty("role", "")
        self._models = QPushButton(tr("Models…"))
        self._models.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._models.setToolTip(tr("The networks, their weights, and how to get some"))
        self._place = _dim_label()
        self._options = QWidget()
        self._option_layout = QVBoxLayout(self._options)
        self._option_layout.setContentsMargins(0, 0, 0, 0)
        self._option_layout.setSpacing(7)
        self._detail = QCheckBox(tr("Restore fine detail"))
        self._detail.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._detail.setToolTip(wrapped(tr(DETAIL)))
        self._seed = NumberBox()
        self._seed.setDecimals(0)
        self._seed.setRange(0, LARGEST_SEED)
        self._seed.setKeyboardTracking(False)
        self._seed.setAccessibleName(tr("Seed"))
        self._seed.setToolTip(tr("Another number, another fill; the same number, the same fill"))
        self._lay_out()
        self._fill_choice()
        self._connect()
        self._show_models()
        session.models.refresh()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        words = (self._choice, self._promise, self._standing, self._why)
        keypoints = KeypointRow(self._session)
        parts = (*words, self._models, keypoints, self._options, self._detail)
        blend = BlendBoxes(self._session)
        for part in (*parts, blend, labelled(tr("Seed"), self._seed)):
            layout.addWidget(part)
        layout.addWidget(self._place)

    def _connect(self) -> None:
        session = self._session
        self._choice.currentIndexChanged.connect(self._choose)
        self._detail.toggled.connect(session.restore_detail)
        self._seed.valueChanged.connect(self._set_seed)
        self._models.clicked.connect(session.models.wanted)
        session.backend_changed.connect(self._show)
        session.models.changed.connect(self._show_models)

    def _fill_choice(self) -> None:
        """Classical backends first, then the networks under a heading of their own."""
        rows = specs()
        for spec in rows:
            if not spec.network:
                self._choice.addItem(told(spec.label), spec.id)
        networks = [spec for spec in rows if spec.network]
        if networks:
            self._choice.insertSeparator(self._choice.count())
            self._choice.addItem(tr(NETWORKS))
            model = self._choice.model()
            if isinstance(model, QStandardItemModel):
                model.item(self._choice.count() - 1).setFlags(Qt.ItemFlag.NoItemFlags)
        for spec in networks:
            self._choice.addItem(told(spec.label), spec.id)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_models()

    @Slot()
    def _show_models(self) -> None:
        """Say at each network whether it has weights; other ones may have come or gone."""
        models = self._session.models
        dim = QApplication.palette().text().color()
        dim.setAlphaF(DIM)
        for spec in specs():
            index = self._choice.findData(spec.id)
            if spec.network and index >= 0:
                lacks = models.lacks_weights(spec)
                label = told(spec.label)
                text = tr("{label} (no weights)", label=label) if lacks else label
                self._choice.setItemText(index, text)
                tip = wrapped(why_missing(spec) if lacks else told(spec.promise))
                self._choice.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)
                colour = dim if lacks else None
                self._choice.setItemData(index, colour, Qt.ItemDataRole.ForegroundRole)
        self._show()

    @Slot()
    def _show(self) -> None:
        session, spec = self._session, self._session.backend
        with QSignalBlocker(self._choice), QSignalBlocker(self._seed):
            self._choice.setCurrentIndex(self._choice.findData(spec.id))
            self._seed.setValue(session.seed)
        with QSignalBlocker(self._detail):
            self._detail.setChecked(session.settings.detail)
        self._detail.setVisible(bool(spec.network))
        lacks = session.models.lacks_weights(spec)
        self._promise.setText(f"{told(spec.promise)}.")
        standing = _standing(spec, session.models)
        self._standing.setText(standing)
        self._standing.setVisible(bool(standing))
        self._why.setText(
            tr("{label} has no weights yet, so it cannot fill.", label=told(spec.label))
            if lacks
            else ""
        )
        self._why.setToolTip(wrapped(why_missing(spec)) if lacks else "")
        self._why.setVisible(lacks)
        self._choice.setToolTip(self._why.toolTip())
        self._models.setVisible(bool(spec.network))
        self._place.setText(_place(spec, session.models.device))
        self._place.setVisible(not lacks)
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
        on_canvas = {"keypoints"} if session.backend.keypoints else set()
        options = [each for each in session.backend.options if each.name not in on_canvas]
        for option in options:
            changed = partial(session.set_option, option.name)
            row = option_row(option, session.options[option.name], changed)
            self._option_layout.addWidget(row)
        self._options.setVisible(bool(options))

    def _choose(self, index: int) -> None:
        self._session.use_backend(str(self._choice.itemData(index)))

    def _set_seed(self, seed: float) -> None:
        self._session.use_seed(int(seed))


def wrapped(text: str) -> str:
    """A tool tip that breaks its lines, which Qt does with rich text only."""
    return f"<p>{escape(text)}</p>"


def _standing(spec: BackendSpec, models: Models) -> str:
    """What the weights in use are good for, in the words of their card."""
    file = models.file(spec)
    if file is None:
        return ""
    return tr(
        "{role}. {training} Licence: {licence}.",
        role=tr(ROLES[file.card.role]),
        training=training(file),
        licence=told(file.card.licence),
    )


def _place(spec: BackendSpec, device: str) -> str:
    """Where it runs, as far as one can know without asking the graphics card."""
    if not spec.network:
        return tr("Runs on the processor (CPU); needs no download.")
    if device:
        return tr("Ran on the {device} last time.", device=place(device))
    return tr("Runs on the graphics card if there is one, else on the processor (CPU).")


def _dim_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setProperty("role", "dim")
    return label
