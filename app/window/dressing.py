"""Dresses the window: palette and style sheet at once, icons when their font is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from app import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from app.settings import Settings


class Dressing(QObject):
    """Follows the setting and, with "auto", the system.

    Signals:
        icons_ready: `icons` are new; the window puts them on.
    """

    icons_ready = Signal()

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self.icons: dict[str, QIcon] = {}
        self._settings = settings
        self._worn = settings.theme
        self._colours = theme.colours(dark=theme.is_dark(settings.theme))
        QApplication.styleHints().colorSchemeChanged.connect(self._change)

    def load_icons_later(self) -> None:
        """After the first frame: the window need not wait for the icon font."""
        if not self.icons:
            QTimer.singleShot(0, self, self._make_icons)

    def follow_setting(self) -> None:
        """Change clothes if the user has chosen others."""
        if self._settings.theme != self._worn:
            self._change()

    @Slot()
    def _change(self) -> None:
        self._worn = self._settings.theme
        application = QApplication.instance()
        if isinstance(application, QApplication):
            self._colours = theme.apply(application, self._worn)
        if self.icons:
            self._make_icons()

    @Slot()
    def _make_icons(self) -> None:
        colours = self._colours
        self.icons = {role: theme.icon(role, colours) for role in theme.ICONS}
        self.icons["on_accent"] = theme.icon("inpaint", colours, colours.on_accent)
        self.icons["faint_picture"] = theme.icon("picture", colours, colours.faint)
        self.icons_ready.emit()
