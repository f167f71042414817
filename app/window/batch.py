"""The Batch dialog beside the window: there is one at most, and a run needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.dialogs.batch import BatchDialog
    from app.session.session import Session
    from app.window.dressing import Dressing


class BatchRoom(QObject):
    """Opens the dialog, or brings it to the front; it stops nobody from editing."""

    def __init__(self, session: Session, dressing: Dressing, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._dressing = dressing
        self._window = window
        self.dialog: BatchDialog | None = None
        session.batch.wanted.connect(self.show_dialog)
        dressing.icons_ready.connect(self._put_icons_on)

    @Slot()
    def show_dialog(self) -> None:
        """Show the run that is there, or what a new one needs."""
        if self.dialog is None:
            from app.dialogs.batch import BatchDialog

            self.dialog = BatchDialog(self._session, self._dressing.icons, self._window)
            self.dialog.finished.connect(self._forget)
        self.dialog.show()
        self.dialog.activateWindow()

    def use_result(self) -> None:
        """Show it with the settings of the result in the picture."""
        self._session.batch.use_result()

    @Slot()
    def _put_icons_on(self) -> None:
        if self.dialog is not None:
            self.dialog.use_icons(self._dressing.icons)

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
