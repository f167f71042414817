"""Inpaint and Cancel in the tool bar; a button that cannot be pressed says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.language import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from app.session.session import Session
    from app.window.menus import Commands


class RunButtons(QWidget):
    """The two buttons that matter most.

    Signals:
        hovered: whether the cursor is on Inpaint, so that the canvas shows what it will look at.
    """

    hovered = Signal(bool)

    def __init__(self, session: Session, commands: Commands) -> None:
        super().__init__()
        self._session = session
        self.inpaint = QPushButton(tr("Inpaint"))
        self.inpaint.setObjectName("inpaint")
        self.inpaint.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.inpaint.clicked.connect(commands.actions["inpaint"].trigger)
        self.inpaint.installEventFilter(self)
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel.clicked.connect(commands.actions["cancel"].trigger)
        self.cancel.setToolTip(commands.actions["cancel"].toolTip())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.inpaint)
        layout.addWidget(self.cancel)
        session.state_changed.connect(self._show)
        self._show()

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        self.inpaint.setIcon(icons["on_accent"])
        self.cancel.setIcon(icons["cancel"])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.hovered.emit(event.type() == QEvent.Type.Enter and self.inpaint.isEnabled())
        return super().eventFilter(watched, event)

    @Slot()
    def _show(self) -> None:
        why_not = self._session.why_not_run
        self.inpaint.setEnabled(not why_not)
        if why_not:
            self.hovered.emit(False)
        self.inpaint.setToolTip(why_not or tr("Fill the mask (Enter)"))
        self.cancel.setEnabled(self._session.runs.is_running)
