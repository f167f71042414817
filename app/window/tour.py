"""The tour of the first start: four notes at the widgets that matter; it can be skipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from app.language import tr, tr_later
from app.window.callout import Callout
from engine import resources

if TYPE_CHECKING:
    from app.window.window import MainWindow


@dataclass(frozen=True, slots=True)
class Step:
    """One note.

    Attributes:
        action: whose button it points at; another widget where that is not visible.
    """

    action: str
    title: str
    text: str


STEPS = (
    Step(
        "open",
        tr_later("Open a picture"),
        tr_later("Open one, drop one on the window, or try a sample."),
    ),
    Step(
        "tool_brush",
        tr_later("Paint over what shall vanish"),
        tr_later("Drag over it with the brush; [ and ] change its size, the right button erases."),
    ),
    Step(
        "inpaint",
        tr_later("Inpaint"),
        tr_later("Press this button or Enter. Nothing outside of what you painted is changed."),
    ),
    Step(
        "compare",
        tr_later("Compare"),
        tr_later(
            "Hold this button to see the picture as it was. Every result stays in the panel at the "
            "right, so try another backend, too."
        ),
    ),
)


class Tour(QObject):
    """Shows the steps one after another; doing what one asks for goes on to the next."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self._index = -1
        self._note: Callout | None = None
        self._results = 0
        self._session.document_changed.connect(self._on_document)
        self._session.state_changed.connect(self._look)

    @property
    def note(self) -> Callout | None:
        """What is shown; None when no tour is under way."""
        return self._note

    def offer(self) -> None:
        """Begin, unless it was shown before."""
        if not self._session.settings.tour_shown:
            self.begin()

    def begin(self) -> None:
        """Begin with the first step, also if it has been shown before."""
        self.end()
        self._session.settings.tour_shown = True
        self._note = note = Callout(self._window)
        note.skip.clicked.connect(self.end)
        note.onward.clicked.connect(self._go_on)
        self._show(0)

    @Slot()
    def end(self) -> bool:
        """Put the note away; False if there is none."""
        if self._note is None:
            return False
        self._note.hide()
        self._note.deleteLater()
        self._note, self._index = None, -1
        return True

    @Slot()
    def _go_on(self) -> None:
        if self._index == 0 and not self._session.has_picture:
            # The steps after it need a picture.
            self._session.files.open(resources.samples()[0][0])
        elif self._index + 1 == len(STEPS):
            self.end()
        else:
            self._show(self._index + 1)

    @Slot()
    def _on_document(self) -> None:
        if self._note is None:
            return
        if not self._session.has_picture:
            self._show(0)
        elif self._index == 0:
            # The page with the picture is laid out only after this.
            QTimer.singleShot(0, self, self._paint_next)

    @Slot()
    def _look(self) -> None:
        """Go on when what a step asks for has been done."""
        if self._index == 1 and self._session.has_hole and not self._is_drawing:
            self._show(2)
        elif self._index == 2 and len(self._session.runs.shelf) > self._results:
            self._show(3)

    @property
    def _is_drawing(self) -> bool:
        document = self._session.document
        return document is not None and document.is_editing

    def _paint_next(self) -> None:
        if self._index == 0:
            self._show(1)

    def _show(self, index: int) -> None:
        if self._note is None:
            return
        self._index = index
        self._results = len(self._session.runs.shelf)
        step = STEPS[index]
        place = tr("Step {number} of {count}", number=index + 1, count=len(STEPS))
        self._note.say(tr(step.title), tr(step.text), place)
        self._note.skip.setText(tr("Skip"))
        self._note.skip.setVisible(index + 1 < len(STEPS))
        self._note.onward.setText(self._onward())
        target = self._target(step)
        # Below the big button stand the samples, which the note shall not hide.
        self._note.point_at(target, beside=target is self._window.startup.open_button)

    def _onward(self) -> str:
        if self._index + 1 == len(STEPS):
            return tr("Done")
        return tr("Next") if self._session.has_picture else tr("Try a Sample")

    def _target(self, step: Step) -> QWidget:
        """The widget that does what the step is about."""
        window = self._window
        if step.action == "inpaint":
            return window.run_buttons.inpaint
        if step.action == "open" and not self._session.has_picture:
            return window.startup.open_button
        action = window.commands.actions[step.action]
        buttons = window.findChildren(QToolButton)
        shown = [each for each in buttons if each.defaultAction() is action and each.isVisible()]
        return shown[0] if shown else window.menuBar()
