"""A column of panels that fold away under quiet headers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

COLUMN_WIDTH = 300


class Section(QWidget):
    """A header that folds and unfolds what is under it.

    Signals:
        toggled: whether it is unfolded now.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self._header = QToolButton()
        self._header.setProperty("role", "header")
        self._header.setCheckable(True)
        self._header.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._header.toggled.connect(self._unfold)
        self._content = content
        self.set_title(title)
        line = QFrame()
        line.setFixedHeight(1)
        line.setProperty("role", "section-line")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header)
        layout.addWidget(content)
        layout.addWidget(line)
        content.setContentsMargins(14, 2, 14, 14)
        self.set_unfolded(True)

    def set_title(self, title: str) -> None:
        self._header.setText(title)
        self._header.setAccessibleName(title)

    def set_unfolded(self, unfolded: bool) -> None:
        self._header.setChecked(unfolded)
        self._unfold(unfolded)

    def _unfold(self, unfolded: bool) -> None:
        self._content.setVisible(unfolded)
        self._header.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        self.toggled.emit(unfolded)


class Column(QScrollArea):
    """Sections one below the other; it scrolls when the window is low."""

    def __init__(self) -> None:
        super().__init__()
        self.sections: dict[str, Section] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(COLUMN_WIDTH)
        inside = QWidget()
        inside.setObjectName("column")
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addStretch(1)
        self.setWidget(inside)

    def add(self, name: str, title: str, content: QWidget) -> Section:
        section = Section(title, content)
        self.sections[name] = section
        self._layout.insertWidget(self._layout.count() - 1, section)
        return section
