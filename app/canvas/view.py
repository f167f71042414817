"""The canvas widget: what is shown, and what the rest of the program can ask of it."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from app.canvas.drawing import Drawing
from app.canvas.frame import Frame
from app.canvas.input import Input
from app.canvas.look import MaskLook, surround
from app.canvas.navigation import Viewport
from app.canvas.overlays import Ring, paint_boxes, paint_sheets
from app.canvas.panes import Panes
from app.canvas.piece import RIM, qrect
from app.canvas.points import Points
from app.canvas.scene import Look, Scene
from app.canvas.strokes import Strokes
from app.language import tr
from app.tools import BrushSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from app.canvas.borrowed import Borrowed
    from app.canvas.panes import Comparison
    from app.document import Document, Layer
    from app.tools import Pointer, Tool
    from engine.types import Box

PAINT_BUDGET_S = 0.010
"""Time that one frame may spend on making tiles; the rest follow in the next frames."""


class CanvasView(QWidget):
    """Shows a document and lets a tool work on it.

    Signals:
        zoom_changed: device pixels per picture pixel.
        cursor_moved: picture coordinates under the cursor; may lie outside the picture.
        cursor_left: the cursor is no longer over the canvas.
        stroke_finished: a stroke was committed.
        brush_changed: size or hardness changed from the canvas.
        menu_requested: a right click without a drag, in global coordinates.
    """

    zoom_changed = Signal(float)
    cursor_moved = Signal(float, float)
    cursor_left = Signal()
    stroke_finished = Signal()
    brush_changed = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, brush: BrushSettings | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.brush = brush or BrushSettings()
        self.strokes = Strokes()
        self.viewport = Viewport()
        self._views: WeakKeyDictionary[Document, Viewport] = WeakKeyDictionary()
        self._look = Look(surround(self.palette()), MaskLook())
        self._scene: Scene | None = None
        self._screen_profile: bytes | None = None
        self._frame = Frame()
        self._preview: tuple[Box, ...] = ()
        self._drawing = Drawing()
        self._borrowed: Borrowed | None = None
        self._sheets: tuple[tuple[QImage, Box], ...] = ()
        self.panes = Panes()
        self._cursor: QPointF | None = None
        self._input = Input(self)
        self.points = Points(self)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._paint_rest)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAccessibleName(tr("Canvas"))
        self.setAccessibleDescription(tr("The picture with its mask; paint over what shall vanish"))
        self._input.show_cursor()

    @property
    def document(self) -> Document | None:
        return self.strokes.document

    @property
    def tool(self) -> Tool | None:
        return self.strokes.tool

    # --- what is shown -----------------------------------------------------------------------

    def set_document(self, document: Document | None) -> None:
        """Show another document, as it was shown last, or fitted; a stroke is taken back."""
        self.cancel_stroke()
        if self.document is not None:
            self._views[self.document] = replace(self.viewport)
            self.document.on_pixels.remove(self._on_pixels)
            self.document.on_history.remove(self._on_history)
        self.strokes.document = document
        self._scene = None
        self._preview = ()
        self._borrowed = None
        self._sheets = ()
        if document is not None:
            self._look.mask_filled = document.mask_is_filled
            self._look.comparing = False
            self._scene = Scene(document, self._look, self._screen_profile)
            document.on_pixels.append(self._on_pixels)
            document.on_history.append(self._on_history)
            self._take_view(document)
            self.zoom_changed.emit(self.viewport.zoom)
        self._repaint_all()

    def _take_view(self, document: Document) -> None:
        """Zoom and place as they were when the document was shown last."""
        width, height = self.viewport.width, self.viewport.height
        last = self._views.get(document)
        if last is None:
            self.viewport.show(document.width, document.height)
        else:
            self.viewport = replace(last)
            self.viewport.resize(width, height)

    def set_tool(self, tool: Tool | None) -> None:
        """Take up another tool; a stroke that is under way ends here."""
        if tool is not self.tool:
            self._input.end_stroke()
            self.strokes.tool = tool
            self.update()

    def set_mask_look(self, colour: QColor, opacity: float, *, outline: bool = True) -> None:
        """Choose the tint of the hole, its opacity of 0..1, and whether the rim is drawn."""
        look = MaskLook(QColor(colour), opacity, outline)
        if look == self._look.mask:
            return
        self._look.mask = look
        if self._scene is not None:
            self._scene.recolour()
        self._repaint_all()

    def set_screen_profile(self, icc: bytes | None) -> None:
        """Show colours for a screen with this profile; None = sRGB."""
        if icc != self._screen_profile:
            self._screen_profile = icc
            if self.document is not None:
                self._scene = Scene(self.document, self._look, icc)
            self._repaint_all()

    @Slot(bool)
    def set_mask_visible(self, visible: bool) -> None:
        """Show or hide hole and source marks."""
        if visible != self._look.marks_visible:
            self._look.marks_visible = visible
            self._repaint_all()

    @Slot(bool)
    def set_comparing(self, comparing: bool) -> None:
        """Show the picture as it was opened, or as it is."""
        if comparing != self._look.comparing:
            self._look.comparing = comparing
            self._repaint_all()

    def set_borrowed(self, borrowed: Borrowed | None) -> None:
        """Join a filled pixel with the place it came from; None = nothing."""
        ratio = self.devicePixelRatioF()
        for shown in (self._borrowed, borrowed):
            if shown is not None:
                for shift in self.panes.shifts:
                    self._update_device(shown.bounds(self.viewport, ratio).translated(shift, 0))
        self._borrowed = borrowed

    def set_sheets(self, sheets: Iterable[tuple[QImage, Box]]) -> None:
        """Lay pictures over boxes of the picture where that is shown as it is now."""
        self._sheets = tuple(sheets)
        self.update()

    def set_comparison(self, comparison: Comparison) -> None:
        """Show the picture alone, beside what it was, or how far it is from that."""
        if comparison != self.panes.comparison:
            self.panes.use(comparison)
            self._fit_viewport()
            self._repaint_all()

    @Slot(int)
    def nudge_divider(self, steps: int) -> None:
        """Move the divider between the two pictures of a wipe by steps, left or right."""
        self._repaint_divider(self.panes.nudge_divider(steps))

    def move_divider(self, at: QPointF) -> None:
        """Put the divider under a device position."""
        self._repaint_divider(self.panes.move_divider(at.x()))

    def set_preview(self, boxes: Iterable[Box]) -> None:
        """Outline what the next run will look at; no boxes = nothing."""
        self._preview = tuple(boxes)
        self.update()

    # --- zoom and pan ------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """Device pixels per picture pixel; 1 = 100 %."""
        return self.viewport.zoom

    @Slot()
    def fit(self) -> None:
        self.viewport.fit()
        self._zoomed()

    @Slot()
    def actual_size(self) -> None:
        self.zoom_to(1.0)

    @Slot()
    def zoom_in(self) -> None:
        self.zoom_to(self.viewport.stop_above())

    @Slot()
    def zoom_out(self) -> None:
        self.zoom_to(self.viewport.stop_below())

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom around a device position: the one given, or the middle of the view."""
        at = at or QPointF(self.viewport.width / 2, self.viewport.height / 2)
        self.viewport.zoom_to(zoom, at.x() - self.panes.shift_at(at), at.y())
        self._zoomed()

    @property
    def middle(self) -> tuple[float, float]:
        """The picture point in the middle of the view."""
        view = self.viewport
        return view.to_picture(view.width / 2, view.height / 2)

    def show_place(self, zoom: float, x: float, y: float) -> None:
        """Zoom to a picture point and put it into the middle of the view."""
        view = self.viewport
        view.zoom_to(zoom, 0, 0)
        view.pan(view.width / 2 - view.x - x * view.zoom, view.height / 2 - view.y - y * view.zoom)
        self._zoomed()

    def zoom_by(self, factor: float, at: QPointF) -> None:
        """Multiply the zoom around a device position."""
        self.viewport.zoom_by(factor, at.x() - self.panes.shift_at(at), at.y())
        self._zoomed()

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the picture by device pixels."""
        left, top = self.viewport.left, self.viewport.top
        self.viewport.pan(dx, dy)
        moved = self.viewport.left - left, self.viewport.top - top
        if moved != (0, 0):
            self._frame.scroll(*moved)
            self._frame.spoil(self.panes.seam(moved[0]))
            self.update()

    # --- the brush ---------------------------------------------------------------------------

    @Slot()
    def bigger_brush(self) -> None:
        self.resize_brush(1)

    @Slot()
    def smaller_brush(self) -> None:
        self.resize_brush(-1)

    @Slot()
    def harder(self) -> None:
        self.harden_brush(1)

    @Slot()
    def softer(self) -> None:
        self.harden_brush(-1)

    def resize_brush(self, steps: int) -> None:
        self.brush.resize(steps)
        self._brush_changed()

    def harden_brush(self, steps: int) -> None:
        self.brush.harden(steps)
        self._brush_changed()

    # --- strokes -----------------------------------------------------------------------------

    @property
    def is_stroking(self) -> bool:
        return self.strokes.is_under_way

    def finish_stroke(self, pointer: Pointer) -> None:
        if self.strokes.finish(pointer):
            self.stroke_finished.emit()

    def complete_stroke(self) -> None:
        """Close what was drawn corner by corner."""
        if self.strokes.complete():
            self.stroke_finished.emit()

    @Slot(result=bool)
    def cancel_stroke(self) -> bool:
        """Take back the stroke that is under way; False if there is none."""
        was_held = self.points.release(keep=False)
        was_under_way = self.strokes.cancel()
        self.show_sketch()
        return was_under_way or was_held

    def show_sketch(self) -> None:
        """Draw what the tool has in mind by now."""
        for rect in self._drawing.follow(self.strokes.sketch, self.viewport):
            for shift in self.panes.shifts:
                self._update_device(rect.translated(shift, 0))

    # --- the cursor --------------------------------------------------------------------------

    def hover(self, at: QPointF | None) -> None:
        """The cursor is at a device position, or has left."""
        self._update_ring()
        self._cursor = at
        self._update_ring()
        if at is None:
            self.cursor_left.emit()
        elif self.document is not None:
            self.cursor_moved.emit(*self.to_picture(at, self.panes.shift_at(at)))

    def to_device(self, at: QPointF) -> QPointF:
        """From the widget's coordinates to device pixels."""
        return at * self.devicePixelRatioF()

    def to_picture(self, at: QPointF, shift: int) -> tuple[float, float]:
        """From device pixels of a pane to picture pixels."""
        return self.viewport.to_picture(at.x() - shift, at.y())

    # --- Qt ----------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._refresh()
        painter = QPainter(self)
        if self.document is None:
            painter.fillRect(event.rect(), self._look.surround)
            return
        share = 1 / self.devicePixelRatioF()
        painter.scale(share, share)
        painter.drawImage(QPointF(0, 0), self._frame.image)
        for pane in self.panes:
            painter.save()
            painter.setClipRect(qrect(pane.box), Qt.ClipOperation.IntersectClip)
            painter.translate(pane.shift, 0)
            if pane.shows == "picture" and not self._look.comparing:
                paint_sheets(painter, self._sheets, self.viewport)
            paint_boxes(painter, self._preview, self.viewport)
            self._drawing.paint(painter, self.viewport)
            self.points.paint(painter)
            if self._borrowed is not None:
                self._borrowed.paint(painter, self.viewport, self.devicePixelRatioF())
            ring = self._ring()
            if ring is not None:
                ring.paint(painter)
            painter.restore()
        if not self._look.comparing:
            self.panes.paint(painter, self.devicePixelRatioF())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_frame()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._look.surround = surround(self.palette())
            self._repaint_all()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._fit_frame()
        return self._input.handle(event) or super().event(event)

    # --- inside ------------------------------------------------------------------------------

    def _on_pixels(self, layer: Layer, box: Box) -> None:
        if self._scene is not None:
            self._scene.spoil(layer, box)
            self._show_whether_filled()
            for spot in self.panes.spots(self.viewport.in_view(box).grown(RIM)):
                self._repaint(spot)

    def _on_history(self) -> None:
        self._show_whether_filled()

    def _show_whether_filled(self) -> None:
        """While a stroke starts a new mask, or the old one is erased, it is no filled one."""
        document = self.document
        filled = document is not None and document.mask_is_filled and not document.is_editing
        if filled != self._look.mask_filled:
            self._look.mask_filled = filled
            self._repaint_all()

    def _fit_frame(self) -> None:
        ratio = self.devicePixelRatioF()
        width, height = math.ceil(self.width() * ratio), math.ceil(self.height() * ratio)
        self.panes.resize(width, height)
        self._frame.resize(width, height)
        self._fit_viewport()

    def _fit_viewport(self) -> None:
        zoom = self.viewport.zoom
        self.viewport.resize(self.panes.viewport_width, self._frame.box.height)
        if self.viewport.zoom != zoom:
            self.zoom_changed.emit(self.viewport.zoom)

    def _zoomed(self) -> None:
        self._repaint_all()
        self.zoom_changed.emit(self.viewport.zoom)

    def _brush_changed(self) -> None:
        self.update()
        self.brush_changed.emit()

    def _repaint_all(self) -> None:
        self._frame.spoil(self._frame.box)
        self.update()

    def _repaint_divider(self, passed: Box) -> None:
        """What the divider has passed shows the other picture now."""
        ratio = self.devicePixelRatioF()
        reach = self.panes.divider_reach(ratio)
        self._frame.spoil(passed)
        self._update_device(qrect(passed.grown(reach)))

    def _repaint(self, box: Box) -> None:
        self._update_device(self._frame.spoil(box))

    def _update_device(self, rect: QRect) -> None:
        """Ask Qt to paint the widget's pixels that hold a rectangle of device pixels."""
        ratio = self.devicePixelRatioF()
        if ratio == 1:
            self.update(rect)
            return
        left, top = math.floor(rect.left() / ratio), math.floor(rect.top() / ratio)
        right = math.ceil((rect.left() + rect.width()) / ratio)
        bottom = math.ceil((rect.top() + rect.height()) / ratio)
        self.update(left, top, right - left, bottom - top)

    def _refresh(self) -> None:
        """Bring the frame up to date, as far as the time for one frame allows."""
        if self._scene is None or not self._frame.is_stale:
            return
        deadline = time.perf_counter() + PAINT_BUDGET_S
        if not self._frame.refresh(self._scene, self.viewport, self.panes, deadline):
            self._later.start(0)

    @Slot()
    def _paint_rest(self) -> None:
        for box in self._frame.take_stale():
            self._repaint(box)

    def _ring(self) -> Ring | None:
        outline = self.tool.outline if self.tool is not None else None
        if self._cursor is None or outline is None or self._input.is_panning:
            return None
        shift = self.panes.shift_at(self._cursor)
        return Ring(self._cursor - QPointF(shift, 0), outline, self.viewport.zoom)

    def _update_ring(self) -> None:
        ring = self._ring()
        if ring is not None:
            for rect in ring.bounds:
                for shift in self.panes.shifts:
                    self._update_device(rect.translated(shift, 0))
