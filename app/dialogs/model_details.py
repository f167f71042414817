"""All that is known of one network and its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.language import told, tr
from app.session import model_words as words
from app.session.notices import shortened

if TYPE_CHECKING:
    from app.dialogs.model_list import Chosen
    from app.session.models import Models
    from engine.backend import BackendSpec
    from engine.weights import WeightFile

SHORT_DIGEST = 12
LONGEST_WORD = 30
NAME_WIDTH = 104


class ModelDetails(QScrollArea):
    """Title, what it does, and a line for each fact."""

    def __init__(self, models: Models) -> None:
        super().__init__()
        self._models = models
        self._chosen: Chosen | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("About the chosen network"))
        self._title = ElidedLabel()
        self._title.setProperty("role", "title")
        self._text = _text_label()
        self._why = _text_label()
        self._facts = _FactGrid()
        self._weights = _FactGrid()
        self._digest = DigestRow()
        inside = QWidget()
        inside.setObjectName("column")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(16, 12, 16, 14)
        layout.setSpacing(10)
        parts = (self._title, self._text, self._facts, self._why, self._weights, self._digest)
        for part in parts:
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidget(inside)
        models.digested.connect(self._show_digest)

    def show_chosen(self, chosen: Chosen) -> None:
        """Show a row of the table."""
        self._chosen = chosen
        spec, file, broken = chosen.spec, chosen.file, chosen.broken
        self._title.setVisible(spec is not None or broken is not None)
        self._text.setVisible(spec is not None)
        if spec is not None:
            self._title.setText(told(spec.label))
            self._text.setText(f"{told(spec.promise)}.")
        elif broken is not None:
            self._title.setText(broken.path.name)
        self._why.setText(shortened(self._reason(chosen), LONGEST_WORD))
        self._why.setVisible(bool(self._why.text()))
        self._facts.show_facts(network_facts(spec, file) if spec is not None else [])
        self._weights.show_facts(weight_facts(spec, file) if spec and file else [])
        self._show_digest()
        self.verticalScrollBar().setValue(0)

    def _reason(self, chosen: Chosen) -> str:
        if chosen.broken is not None:
            return told(chosen.broken.why)
        if chosen.spec is not None and self._models.lacks_weights(chosen.spec):
            return words.missing(chosen.spec)
        return ""

    def _show_digest(self) -> None:
        file = self._chosen.file if self._chosen is not None else None
        self._digest.setVisible(file is not None)
        if file is not None:
            self._digest.show_digest(self._models.sha256(file))


class Fact(NamedTuple):
    """One line; a path is cut in its middle, everything else wraps."""

    name: str
    value: str
    is_path: bool = False


def network_facts(spec: BackendSpec, file: WeightFile | None) -> list[Fact]:
    """Names and values of what the catalogue says, or its weights where those know better."""
    side = words.side(spec, file)
    return [
        Fact(tr("Paper"), spec.paper),
        Fact(tr("Parameters"), tr("{number:,}", number=spec.parameters)),
        Fact(
            tr("Trained at"),
            tr("{width} × {height} pixels", width=side, height=side),
        ),
        Fact(
            tr("Multiple"),
            tr("sides are padded to multiples of {multiple} pixels", multiple=spec.multiple),
        ),
    ]


def weight_facts(spec: BackendSpec, file: WeightFile) -> list[Fact]:
    """Names and values of what a file's card says."""
    card = file.card
    settings = {
        name: value
        for name, value in card.configuration.items()
        if spec.configuration.get(name) != value
    }
    number = tr("{number:,}", number=card.images_shown) if card.images_shown else tr("unknown")
    shown = tr("{number}, running average", number=number) if card.ema else number
    return [
        Fact(tr("Weights"), file.path.name, True),
        Fact(tr("Role"), f"{tr(words.ROLES[card.role])}."),
        Fact(tr("Trained on"), told(card.trained_on)),
        Fact(tr("Masks"), words.listed(card.masks) or tr("unknown")),
        Fact(tr("Images shown"), shown),
        Fact(tr("Licence"), told(card.licence)),
        Fact(tr("Comes from"), told(card.source) or words.origin(file)),
        Fact(tr("Settings"), ", ".join(f"{name} {value}" for name, value in settings.items())),
        Fact(tr("Folder"), str(file.path.parent), True),
        Fact(tr("Size"), words.size(file.bytes)),
    ]


class ElidedLabel(QLabel):
    """One line that is cut in its middle where it does not fit; the tool tip has all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def paintEvent(self, _: QPaintEvent) -> None:
        metrics, width = self.fontMetrics(), self.contentsRect().width()
        text = metrics.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, width)
        self.setToolTip(self.text() if text != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), self.alignment().value, text)


class DigestRow(QWidget):
    """The checksum of the file, short; the button copies all of it."""

    def __init__(self) -> None:
        super().__init__()
        self._digest = ""
        self._text = QLabel()
        self._copy = QPushButton(tr("Copy"))
        self._copy.setAutoDefault(False)
        self._copy.setAccessibleName(tr("Copy the checksum"))
        self._copy.setToolTip(tr("Copy the whole checksum"))
        self._copy.clicked.connect(self._to_clipboard)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(_name_label("SHA-256"))
        layout.addWidget(self._text, 1)
        layout.addWidget(self._copy)

    def show_digest(self, digest: str | None) -> None:
        """Show a checksum; None = it is being computed, empty = it cannot be."""
        self._digest = digest or ""
        self._copy.setEnabled(bool(digest))
        if digest:
            self._text.setText(f"{digest[:SHORT_DIGEST]}…")
        else:
            self._text.setText(
                tr("computing…") if digest is None else tr("the file cannot be read")
            )
        self._text.setToolTip(self._digest)

    def _to_clipboard(self) -> None:
        QGuiApplication.clipboard().setText(self._digest)


class _FactGrid(QWidget):
    """Names at the left, values at the right; values that are empty have no row."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)

    def show_facts(self, facts: list[Fact]) -> None:
        """Show these in place of the last ones."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        facts = [fact for fact in facts if fact.value]
        for row, fact in enumerate(facts):
            self._grid.addWidget(_name_label(fact.name), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(_value_label(fact), row, 1)
        self.setVisible(bool(facts))


def _value_label(fact: Fact) -> QLabel:
    if fact.is_path:
        path = ElidedLabel()
        path.setText(fact.value)
        return path
    label = _text_label()
    label.setText(shortened(fact.value, LONGEST_WORD))
    label.setToolTip(fact.value if label.text() != fact.value else "")
    return label


def _name_label(text: str) -> QLabel:
    label = QLabel(text)
    label.setFixedWidth(NAME_WIDTH)
    label.setProperty("role", "dim")
    return label


def _text_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
