"""Tells the canvas which screen it is on, as far as colours go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtGui import QGuiApplication, QScreen

from app.display_profile import screen_profile
from engine.errors import EngineError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.canvas.view import CanvasView
    from app.session.session import Session


class ScreenColours(QObject):
    """Follows the setting, and the window from screen to screen.

    The profile is looked up once for each choice and screen, and not at every change of looks.
    """

    def __init__(self, session: Session, canvas: CanvasView, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._asked: tuple[str, str, int] | None = None
        canvas.installEventFilter(self)
        session.look_changed.connect(self.look)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            window = self._canvas.window().windowHandle()
            if window is not None:
                window.screenChanged.connect(self._on_screen)
            self.look()
        return super().eventFilter(watched, event)

    @Slot(QScreen)
    def _on_screen(self) -> None:
        self.look()

    @Slot()
    def look(self) -> None:
        """Use the profile that is wanted now."""
        settings = self._session.settings
        choice, file = settings.display_profile, settings.display_profile_file
        if choice == "system" and not _says_profile():
            choice = "none"
        screen = self._canvas.screen()
        number = QGuiApplication.screens().index(screen) if screen is not None else 0
        if self._asked == (choice, file, number):
            return
        self._asked = (choice, file, number)
        icc = None
        try:
            icc = screen_profile(choice, Path(file) if file else None, number)
        except EngineError as error:
            self._session.warn(str(error))
        self._canvas.set_screen_profile(icc)


def _says_profile() -> bool:
    """Whether there is a system to ask: not off the screen, and not under Wayland."""
    return QGuiApplication.platformName() in ("xcb", "windows")
