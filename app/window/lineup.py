"""The dialog of several fills of one mask beside the window: there is one at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.dialogs.lineup import LineupDialog
    from app.session.session import Session


class LineupRoom(QObject):
    """Starts a comparison and opens the dialog; it stops nobody from editing."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._window = window
        self.dialog: LineupDialog | None = None
        session.lineup.wanted.connect(self._show)

    def show_dialog(self) -> None:
        """Compare all usable backends on the mask, or show the comparison that is going on."""
        self._session.lineup.compare()

    def show_variations(self) -> None:
        """Fill the mask several times with the chosen backend, or show what is going on."""
        self._session.lineup.vary()

    @Slot()
    def _show(self) -> None:
        if self.dialog is None:
            from app.dialogs.lineup import LineupDialog

            self.dialog = LineupDialog(self._session, self._window)
            self.dialog.finished.connect(self._forget)
        self.dialog.show()
        self.dialog.activateWindow()

    @Slot()
    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
