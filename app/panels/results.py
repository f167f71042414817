"""Every run with its thumbnail: a click applies it, holding the button only shows it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal, SignalInstance, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.language import told, tr, tr_later
from app.panels.result_filter import ResultFilter
from app.session.blend_words import blending
from app.session.notices import duration
from app.session.place_words import explained, in_words
from app.session.qimages import qimage

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from app.session.results import Result
    from app.session.session import Session
    from engine.backend import BackendSpec

THUMB = QSize(92, 70)
HOLD_MS = 350
FIRST_CARD = 3
"""Of the layout's places: what stands before it is for all cards."""

EMPTY = tr_later("Every result is kept here, so that you can compare them and go back to one.")


class ResultsPanel(QWidget):
    """The shelf of results, newest first."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._icons: dict[str, QIcon] = {}
        self._cards: dict[Result, ResultCard] = {}
        self._empty = QLabel(tr(EMPTY))
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "dim")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._filter = ResultFilter(session.runs)
        self._filter.chosen.connect(self._show_admitted)
        self._none = QLabel(tr("No result is like that; choose another view of them."))
        self._none.setWordWrap(True)
        self._none.setProperty("role", "dim")
        self._layout.addWidget(self._empty)
        self._layout.addWidget(self._filter)
        self._layout.addWidget(self._none)
        session.runs.results_changed.connect(self._show)
        self._show()

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        """Take the icons of the theme: "keep", "kept", "delete", "reuse", "folder"."""
        self._icons = icons
        for card in self._cards.values():
            card.dress(icons)

    @Slot()
    def _show(self) -> None:
        shelf = self._session.runs.shelf
        results = list(shelf)
        for gone in set(self._cards) - set(results):
            card = self._cards.pop(gone)
            self._layout.removeWidget(card)
            card.deleteLater()
        for place, result in enumerate(reversed(results), FIRST_CARD):
            if result not in self._cards:
                self._cards[result] = self._new_card(result)
            card = self._cards[result]
            if self._layout.indexOf(card) != place:
                self._layout.insertWidget(place, card)
            card.show_state(is_current=result is shelf.current)
        self._empty.setVisible(not results)
        self._filter.refresh()
        self._show_admitted()

    @Slot()
    def _show_admitted(self) -> None:
        """Show the cards that the filter lets through."""
        admitted = 0
        for card in self._cards.values():
            is_admitted = self._filter.admits(card.result)
            card.setVisible(is_admitted)
            admitted += is_admitted
        self._filter.setVisible(len(self._cards) > 1)
        self._none.setVisible(bool(self._cards) and not admitted)

    def _new_card(self, result: Result) -> ResultCard:
        runs = self._session.runs
        card = ResultCard(result, self.devicePixelRatioF())
        card.dress(self._icons)
        card.chosen.connect(partial(runs.apply, result))
        card.kept.connect(partial(runs.keep, result))
        card.deleted.connect(partial(runs.delete, result))
        card.reused.connect(partial(runs.reuse, result))
        card.spread.connect(partial(self._session.batch.use_result, result))
        card.again.connect(partial(self._offer_backends, result))
        card.peeked.connect(lambda on: runs.peek(result if on else None))
        return card

    def _offer_backends(self, result: Result, at: QPoint) -> None:
        """Let the user choose with which other backend the result's mask is filled."""
        menu = QMenu(self)
        for spec in self._session.models.usable:
            if spec.id != result.result.backend:
                action = menu.addAction(told(spec.label))
                action.triggered.connect(partial(self._fill_again, spec, result))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def _fill_again(self, spec: BackendSpec, result: Result, _: bool = False) -> None:
        self._session.runs.again(spec, result)


class ResultCard(QFrame):
    """One result.

    Signals:
        chosen: clicked, or Enter while focused.
        peeked: True while the mouse button is held, False when it is let go.
        kept: the star was pressed.
        deleted: the bin was pressed.
        reused: "use these settings" was pressed.
        spread: "use these settings for a folder" was pressed.
        again: "same mask, other backend" was pressed; where a menu is to open, in global
            coordinates.
    """

    chosen = Signal()
    peeked = Signal(bool)
    kept = Signal()
    deleted = Signal()
    reused = Signal()
    spread = Signal()
    again = Signal(QPoint)

    def __init__(self, result: Result, pixel_ratio: float) -> None:
        super().__init__()
        self.result = result
        self._icons: dict[str, QIcon] = {}
        self._is_peeking = False
        self._holding = QTimer(self)
        self._holding.setSingleShot(True)
        self._holding.setInterval(HOLD_MS)
        self._holding.timeout.connect(self._peek)
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(
            tr("Result {number}, {label}", number=result.number, label=told(result.label))
        )
        self._place = QLabel()
        self._place.setProperty("role", "dim")
        self._place.setWordWrap(True)
        self._star = self._button(tr("Keep (Ctrl+J)"), self.kept)
        self._reuse = self._button(tr("Use its settings"), self.reused)
        self._spread = self._button(tr("Use its settings for a folder"), self.spread)
        self._again = QToolButton()
        _name_button(self._again, tr("Same mask, other backend"))
        self._again.clicked.connect(self._ask_again)
        self._bin = self._button(tr("Delete"), self.deleted)
        row = QHBoxLayout()
        row.setSpacing(9)
        row.addWidget(self._thumbnail(pixel_ratio))
        row.addLayout(self._words(), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(5, 5, 5, 5)
        layout.setSpacing(4)
        layout.addLayout(row)
        if result.result.reason:
            reason = QLabel(f"{told(result.result.reason)}.")
            reason.setWordWrap(True)
            reason.setProperty("role", "dim")
            layout.addWidget(reason)

    def dress(self, icons: dict[str, QIcon]) -> None:
        self._icons = icons
        if icons:
            self._reuse.setIcon(icons["reuse"])
            self._again.setIcon(icons["again"])
            self._spread.setIcon(icons["folder"])
            self._bin.setIcon(icons["delete"])
            self._star.setIcon(icons["kept" if self.result.is_kept else "keep"])

    def show_state(self, *, is_current: bool) -> None:
        """Mark the card of the result that is in the picture, and say its place."""
        place = self.result.place
        self._place.setText("" if place is None else in_words(place))
        self._place.setVisible(place is not None)
        self.setToolTip(f"{_how(self.result)}\n{tr('Click to apply, hold to look')}")
        self.setProperty("current", is_current)
        self.style().unpolish(self)
        self.style().polish(self)
        self.dress(self._icons)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._holding.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._holding.stop()
        if self._is_peeking:
            self._is_peeking = False
            self.peeked.emit(False)
        elif self.rect().contains(event.position().toPoint()):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.deleted.emit()
        else:
            super().keyPressEvent(event)

    def _peek(self) -> None:
        self._is_peeking = True
        self.peeked.emit(True)

    def _button(self, label: str, signal: SignalInstance) -> QToolButton:
        button = QToolButton()
        _name_button(button, label)
        button.clicked.connect(signal)
        return button

    @Slot()
    def _ask_again(self) -> None:
        self.again.emit(self._again.mapToGlobal(self._again.rect().bottomLeft()))

    def _thumbnail(self, pixel_ratio: float) -> QLabel:
        image = qimage(self.result.thumbnail).scaled(
            THUMB * pixel_ratio,
            Qt.AspectRatioMode.KeepAspectRatioByExpanding,
            Qt.TransformationMode.SmoothTransformation,
        )
        size = THUMB * pixel_ratio
        image = image.copy(
            (image.width() - size.width()) // 2,
            (image.height() - size.height()) // 2,
            size.width(),
            size.height(),
        )
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(pixel_ratio)
        label = QLabel()
        label.setPixmap(pixmap)
        label.setFixedSize(THUMB)
        return label

    def _words(self) -> QVBoxLayout:
        made = self.result.result
        title = QLabel(f"{self.result.number}  {told(self.result.label)}")
        facts = QLabel(f"{duration(made.seconds.total)} · {made.device.upper()}")
        facts.setProperty("role", "dim")
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        buttons.setContentsMargins(0, 0, 0, 0)
        for button in (self._star, self._again, self._reuse, self._spread, self._bin):
            buttons.addWidget(button)
        buttons.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(title)
        words.addWidget(facts)
        words.addWidget(self._place)
        words.addStretch(1)
        words.addLayout(buttons)
        return words


def _name_button(button: QToolButton, label: str) -> None:
    """Make a small button that only shows an icon."""
    button.setAccessibleName(label)
    button.setToolTip(label)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setIconSize(QSize(15, 15))


def _how(result: Result) -> str:
    """All that is known about how a result came about, a line each."""
    made = result.result
    options = ", ".join(f"{name} {value}" for name, value in made.recipe.options.items())
    lines = [
        tr(
            "{label} on the {device}, {time}",
            label=told(result.label),
            device=made.device.upper(),
            time=duration(made.seconds.total),
        ),
        told(made.reason or ""),
        tr("Fine detail copied from the picture") if made.detail else "",
        tr("Blending: {words}", words=", ".join(blending(made.recipe.blend)))
        if made.recipe.blend
        else "",
        told(made.fallback or ""),
        explained(result.place),
        tr("{options}, seed {seed}", options=options, seed=made.recipe.seed)
        if options
        else tr("Seed {seed}", seed=made.recipe.seed),
    ]
    return "\n".join(line for line in lines if line)
