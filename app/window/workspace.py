"""Canvas and panels: built with the first picture, because the window must not wait for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QMenu, QSplitter, QVBoxLayout, QWidget

from app.actions import CONTEXT_MENU
from app.canvas.borrowed import Borrowed
from app.canvas.view import CanvasView
from app.panels.column import PanelColumn
from app.panels.strip import PictureStrip
from app.session.qimages import qimage
from app.window.screen_colours import ScreenColours

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from app.document.project import View
    from app.session.session import Session
    from app.window.menus import Commands


class Workspace(QSplitter):
    """What is there to work with while a picture is open."""

    def __init__(self, session: Session, commands: Commands) -> None:
        super().__init__()
        self._session = session
        self._commands = commands
        self.canvas = CanvasView(session.toolbox.brush)
        self._stage = QWidget()
        # Born in its place: it may be visible at once, and must not be a window then.
        self.strip = PictureStrip(session, self._stage)
        self.column = PanelColumn(session)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self._colours = ScreenColours(session, self.canvas, self)
        self._lay_out_stage()
        self.addWidget(self._stage)
        self.addWidget(self.column)
        self.setStretchFactor(0, 1)
        commands.attach_canvas(self.canvas)
        self._connect()
        self._show_tool()
        self._show_look()
        self.show_document()

    def _lay_out_stage(self) -> None:
        """The canvas with the open pictures below it."""
        layout = QVBoxLayout(self._stage)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.strip)

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        self.column.results.use_icons(icons)

    @Slot()
    def show_document(self) -> None:
        """Show the session's picture and give it the keyboard."""
        self.canvas.set_document(self._session.document)
        self._show_sheets()
        self._show_points()
        self.canvas.setFocus()

    @Slot(bool)
    def show_preview(self, shown: bool) -> None:
        """Outline what the next run would look at."""
        self.canvas.set_preview(self._session.runs.preview() if shown else ())

    def _connect(self) -> None:
        session, canvas = self._session, self.canvas
        session.toolbox.changed.connect(self._show_tool)
        session.look_changed.connect(self._show_look)
        canvas.brush_changed.connect(session.toolbox.changed)
        canvas.stroke_finished.connect(session.finish_stroke)
        canvas.menu_requested.connect(self._show_menu)
        canvas.cursor_moved.connect(session.inspector.point)
        canvas.cursor_left.connect(session.inspector.leave)
        session.inspector.changed.connect(self._show_origin)
        session.inspector.sheets_changed.connect(self._show_sheets)
        points = canvas.points
        points.pulled.connect(session.keypoints.move)
        points.let_go.connect(session.keypoints.let_go)
        points.nudged.connect(session.keypoints.nudge)
        points.chosen.connect(session.keypoints.select)
        session.keypoints.changed.connect(self._show_points)
        session.projects.look = self._look
        session.projects.view_wanted.connect(self._show_view)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus)

    @Slot()
    def _show_tool(self) -> None:
        self.canvas.set_tool(self._session.toolbox.tool)
        self.canvas.update()

    @Slot()
    def _show_look(self) -> None:
        session, settings = self._session, self._session.settings
        colour = QColor(settings.mask_colour)
        self.canvas.set_mask_look(colour, settings.mask_opacity, outline=settings.mask_outline)
        self.canvas.set_mask_visible(not session.mask_hidden)
        self.canvas.set_comparing(session.comparing)
        self.canvas.set_comparison(session.comparison)
        self.column.setVisible(settings.panels_shown)
        self._show_points()

    @Slot()
    def _show_origin(self) -> None:
        inspector = self._session.inspector
        at, level, sources = inspector.at, inspector.level, inspector.sources
        borrowed = None
        if at is not None and level is not None and sources:
            middle = at[0] + 0.5, at[1] + 0.5
            places = tuple((source.x, source.y, source.weight) for source in sources)
            borrowed = Borrowed(middle, places, level.cell)
        self.canvas.set_borrowed(borrowed)

    @Slot()
    def _show_sheets(self) -> None:
        sheets = self._session.inspector.sheets
        self.canvas.set_sheets((qimage(sheet.pixels), sheet.box) for sheet in sheets)

    @Slot()
    def _show_points(self) -> None:
        session, keypoints = self._session, self._session.keypoints
        is_seen = not session.mask_hidden and not session.comparing
        names = keypoints.names if is_seen else ()
        self.canvas.points.show(names, keypoints.points if names else (), keypoints.selected)

    def _look(self) -> View:
        """What is seen, for a project; a picture that is fitted stays so."""
        from app.document.project import View

        if self.canvas.viewport.follows:
            return View()
        return View(self.canvas.zoom, *self.canvas.middle)

    @Slot(object)
    def _show_view(self, view: View) -> None:
        if view.zoom > 0 and all(map(math.isfinite, (view.zoom, view.x, view.y))):
            self.canvas.show_place(view.zoom, view.x, view.y)

    @Slot(QWidget, QWidget)
    def _on_focus(self, _: QWidget | None, focused: QWidget | None) -> None:
        """What gives the keyboard up gives it to the canvas."""
        if focused is None and self.canvas.isVisible() and self.window().isActiveWindow():
            self.canvas.setFocus()

    @Slot(QPoint)
    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        for group in CONTEXT_MENU:
            menu.addSeparator()
            menu.addActions([self._commands.actions[action_id] for action_id in group])
        menu.exec(at)
