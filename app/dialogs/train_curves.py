"""Curves of a training run that can be zoomed with the wheel, dragged, and read at the cursor.

The only place that imports pyqtgraph: 0.3 s that nobody waits for who does not train.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.language import tr, tr_later
from app.panels.controls import check_box
from app.session.training_course import QUALITY, Course
from app.session.training_words import CRITIC, loss

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF

    from app.session.training_course import Series

ON_DARK = ("#56b4e9", "#e69f00", "#3cc49a", "#e58fc0", "#f0e442", "#ff8a5c", "#b9a4ff", "#9fd356")
ON_LIGHT = ("#0072b2", "#a96f00", "#007a58", "#a8477d", "#7a6f00", "#c14a00", "#5b46b0", "#4b7a00")
"""Told apart by most eyes that see fewer colours (after Okabe and Ito 2008)."""

RAW_ALPHA = 70
AXIS_WIDTH = 68
DARK_BELOW = 128
HINT = tr_later("Wheel zooms, dragging moves; a click on a name hides its curve")


class Curves(QWidget):
    """Losses at the top, PSNR and SSIM below, over the same steps."""

    def __init__(self) -> None:
        super().__init__()
        self._course = Course()
        self._hidden: set[str] = set()
        self._lines: dict[str, tuple[Any, Any]] = {}
        self._at: float | None = None
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setToolTip(tr(HINT))
        self.legend.linkActivated.connect(self._toggle)
        self.logarithmic = check_box(tr("Log scale"), tr("Shows small and large losses alike"))
        self.logarithmic.toggled.connect(self._scale)
        self.everything = QPushButton(tr("Show All"))
        self.everything.setAutoDefault(False)
        self.everything.setToolTip(tr("Undo the zoom"))
        self.everything.clicked.connect(self.show_everything)
        self.view = pg.GraphicsLayoutWidget()
        self.view.setAccessibleName(tr("Curves of the losses and of the quality"))
        self.view.setMinimumHeight(180)
        self.plots = self._make_plots()
        self._cursors = [self._make_cursor(plot) for plot in self.plots.values()]
        self.view.scene().sigMouseMoved.connect(self._on_mouse)
        self._lay_out()
        self._colour()

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(10)
        bar.addWidget(self.legend, 1)
        bar.addWidget(self.logarithmic, 0, Qt.AlignmentFlag.AlignTop)
        bar.addWidget(self.everything, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(bar)
        layout.addWidget(self.view, 1)

    def _make_plots(self) -> dict[str, Any]:
        plots = {}
        grid = self.view.ci.layout
        for row, (name, height) in enumerate((("losses", 5), ("PSNR", 3), ("SSIM", 3))):
            plot = plots[name] = self.view.addPlot(row=row, col=0)
            grid.setRowStretchFactor(row, height)
            plot.setMenuEnabled(False)
            plot.hideButtons()
            plot.showGrid(x=True, y=True, alpha=0.15)
            plot.getAxis("left").setWidth(AXIS_WIDTH)
            plot.getAxis("left").enableAutoSIPrefix(False)
            plot.getAxis("bottom").enableAutoSIPrefix(False)
            if row:
                plot.setXLink(plots["losses"])
            if row < len(QUALITY):
                plot.getAxis("bottom").setStyle(showValues=False)
        return plots

    def _make_cursor(self, plot: Any) -> Any:  # noqa: ANN401 - pyqtgraph has no types
        line = pg.InfiniteLine(angle=90, movable=False)
        line.setVisible(False)
        plot.addItem(line, ignoreBounds=True)
        return line

    # --- showing -----------------------------------------------------------------------------

    def show_course(self, course: Course) -> None:
        """Draw a run as far as it is."""
        if course is not self._course:
            self._course = course
            self._hidden.clear()
            self._drop_lines()
            self.show_everything()
        for name, series in course.losses.items():
            self._draw(name, series, self.plots["losses"])
        for name in QUALITY:
            self._draw(name, course.quality[name], self.plots[name])
        self._read()

    def _draw(self, name: str, series: Series, plot: Any) -> None:  # noqa: ANN401
        if name not in self._lines:
            raw = plot.plot([], [])
            smooth = plot.plot([], [])
            self._lines[name] = (raw, smooth)
            self._colour_line(name)
        raw, smooth = self._lines[name]
        thin = series.thinned()
        is_loss = name not in QUALITY
        raw.setData(thin.steps if is_loss else [], thin.values if is_loss else [])
        shown = thin.smoothed() if is_loss else thin
        smooth.setData(shown.steps, shown.values)

    def _drop_lines(self) -> None:
        for name, lines in self._lines.items():
            for line in lines:
                self.plots[name if name in QUALITY else "losses"].removeItem(line)
        self._lines.clear()

    def _read(self) -> None:
        """The values at the cursor, else the last ones; the names are the legend."""
        step = self._course.step if self._at is None else self._at
        values = self._course.values_at(step)
        words = [tr("step {step:,}", step=max(0, round(step)))]
        for name in self._names:
            label = name if name in QUALITY else loss(name)
            value = f"&nbsp;{values[name]:.4g}" if name in values else ""
            shown = escape(label).replace(" ", "&nbsp;")
            shown = f"<s>{shown}</s>" if name in self._hidden else shown
            colour = self.palette().color(QPalette.ColorRole.WindowText).name()
            words.append(
                f'<span style="color:{self._colour_of(name)}">●</span>&nbsp;'
                f'<a href="{escape(name)}" style="color:{colour};text-decoration:none">{shown}</a>'
                f"{value}"
            )
        self.legend.setText("&nbsp; ".join(words))

    # --- what the user does ------------------------------------------------------------------

    @Slot()
    def show_everything(self) -> None:
        """Show all steps and follow new ones."""
        for plot in self.plots.values():
            plot.enableAutoRange()

    def _toggle(self, name: str) -> None:
        self._hidden ^= {name}
        for line in self._lines[name]:
            line.setVisible(name not in self._hidden)
        self._read()

    def _scale(self, is_logarithmic: bool) -> None:
        self.plots["losses"].setLogMode(False, is_logarithmic)

    def _on_mouse(self, at: QPointF) -> None:
        inside = next(
            (plot for plot in self.plots.values() if plot.sceneBoundingRect().contains(at)), None
        )
        self._point_at(None if inside is None else inside.vb.mapSceneToView(at).x())

    def _point_at(self, step: float | None) -> None:
        self._at = step
        for line in self._cursors:
            line.setVisible(step is not None)
            if step is not None:
                line.setPos(step)
        self._read()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point_at(None)

    # --- looks -------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_cursors"):
            self._colour()

    @property
    def _colours(self) -> tuple[str, ...]:
        is_dark = self.palette().color(QPalette.ColorRole.Base).lightness() < DARK_BELOW
        return ON_DARK if is_dark else ON_LIGHT

    @property
    def _names(self) -> list[str]:
        """All curves in the order of the legend."""
        return [*(name for name in self._losses if name in self._lines), *QUALITY]

    @property
    def _losses(self) -> list[str]:
        """The generator's losses, then the critic's own."""
        return sorted(self._course.losses, key=lambda name: name.startswith(CRITIC))

    def _colour_of(self, name: str) -> str:
        """Quality has colours of its own; the losses share the others in turn."""
        *others, for_ssim, for_psnr = self._colours
        if name in QUALITY:
            return for_psnr if name == QUALITY[0] else for_ssim
        return others[self._losses.index(name) % len(others)]

    def _colour(self) -> None:
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.WindowText)
        self.view.setBackground(palette.color(QPalette.ColorRole.Base))
        for name, plot in self.plots.items():
            for side in ("left", "bottom"):
                plot.getAxis(side).setPen(palette.color(QPalette.ColorRole.PlaceholderText))
                plot.getAxis(side).setTextPen(text)
            if name in QUALITY:
                plot.setLabel("left", tr("PSNR, dB") if name == "PSNR" else name, color=text.name())
            else:
                plot.setLabel("left", "losses", color=text.name())
        self.plots[QUALITY[-1]].setLabel("bottom", "steps", color=text.name())
        for line in self._cursors:
            line.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        for name in self._lines:
            self._colour_line(name)
        self._read()

    def _colour_line(self, name: str) -> None:
        colour = pg.mkColor(self._colour_of(name))
        raw, smooth = self._lines[name]
        smooth.setPen(pg.mkPen(colour, width=2))
        if name in QUALITY:
            smooth.setSymbol("o")
            smooth.setSymbolSize(5)
            smooth.setSymbolPen(None)
            smooth.setSymbolBrush(colour)
        faint = pg.mkColor(colour)
        faint.setAlpha(RAW_ALPHA)
        raw.setPen(pg.mkPen(faint, width=1))
