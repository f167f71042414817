"""The column at the right: all panels, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker

from app.language import tr
from app.panels.backend import BackendPanel
from app.panels.history import HistoryPanel
from app.panels.inspect import InspectPanel
from app.panels.mask import MaskPanel
from app.panels.results import ResultsPanel
from app.panels.section import Column
from app.panels.tool_options import ToolOptions

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from app.session.session import Session


FOLDED = ("inspect", "history")
"""Sections that wait until they are wanted."""

LOW = 750
"""Height in which all sections but the history still fit with a result or two."""


class PanelColumn(Column):
    """Folded as the user left it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.results = ResultsPanel(session)
        self._tool = self.add("tool", tr("Brush"), ToolOptions(session))
        self.add("backend", tr("Backend"), BackendPanel(session))
        self.add("mask", tr("Mask"), MaskPanel(session))
        self.add("results", tr("Results"), self.results)
        self.add("inspect", tr("Inspect"), InspectPanel(session))
        self.add("history", tr("History"), HistoryPanel(session))
        for name, section in self.sections.items():
            section.set_unfolded(session.settings.sections.get(name, name not in FOLDED))
            section.toggled.connect(lambda unfolded, name=name: self._remember(name, unfolded))
        session.toolbox.changed.connect(self._show_tool)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # In a low window results matter more than the mask's looks, unless the user says otherwise.
        if "mask" not in self._session.settings.sections:
            section = self.sections["mask"]
            with QSignalBlocker(section):
                section.set_unfolded(self.height() >= LOW)

    def _remember(self, name: str, unfolded: bool) -> None:
        self._session.settings.sections[name] = unfolded

    def _show_tool(self) -> None:
        self._tool.set_title(tr(self._session.toolbox.tool.label))
