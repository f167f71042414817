"""How the program looks: two palettes, one style sheet, one icon family.

The picture is the brightest thing on the screen: greys are neutral, and the accent colour marks
only the Inpaint button (and, by default, the mask).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from string import Template
from typing import TYPE_CHECKING

from PySide6.QtCore import QDir, Qt
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

if TYPE_CHECKING:
    from pathlib import Path

ICONS = {
    "open": "mdi6.folder-open-outline",
    "save": "mdi6.content-save-outline",
    "undo": "mdi6.undo",
    "redo": "mdi6.redo",
    "fit": "mdi6.fit-to-screen-outline",
    "actual_size": "mdi6.numeric-1-box-outline",
    "mask": "mdi6.eye-off-outline",
    "compare": "mdi6.compare",
    "wipe": "mdi6.arrow-split-vertical",
    "side": "mdi6.view-split-vertical",
    "difference": "mdi6.circle-half-full",
    "inpaint": "mdi6.auto-fix",
    "cancel": "mdi6.close",
    "brush": "mdi6.brush",
    "eraser": "mdi6.eraser",
    "source": "mdi6.target",
    "rectangle": "mdi6.select",
    "lasso": "mdi6.lasso",
    "polygon": "mdi6.vector-polygon",
    "wand": "mdi6.magic-staff",
    "smart": "mdi6.gesture",
    "picture": "mdi6.image-outline",
    "delete": "mdi6.trash-can-outline",
    "keep": "mdi6.star-outline",
    "kept": "mdi6.star",
    "reuse": "mdi6.tune-variant",
    "again": "mdi6.image-sync-outline",
    "folder": "mdi6.folder-multiple-image",
    "done": "mdi6.check",
    "missing": "mdi6.help-circle-outline",
    "skipped": "mdi6.skip-next-outline",
    "info": "mdi6.information-outline",
    "warning": "mdi6.alert-outline",
    "error": "mdi6.alert-circle-outline",
}
"""Role -> name in the Material Design icon font."""


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of one theme, by what they are for."""

    window: str
    panel: str
    field: str
    raised: str
    hover: str
    pressed: str
    line: str
    text: str
    dim: str
    faint: str
    selection: str
    focus: str
    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    surround: str


DARK = Colours(
    window="#2a2a2a",
    panel="#303030",
    field="#242424",
    raised="#3a3a3a",
    hover="#444444",
    pressed="#4f4f4f",
    line="#1f1f1f",
    text="#d8d8d8",
    dim="#a0a0a0",
    faint="#6c6c6c",
    selection="#505050",
    focus="#8c8c8c",
    accent="#d23c70",
    accent_hover="#df4c7f",
    accent_pressed="#b92f5f",
    on_accent="#ffffff",
    surround="#232323",
)

LIGHT = Colours(
    window="#e4e4e4",
    panel="#ebebeb",
    field="#f8f8f8",
    raised="#f4f4f4",
    hover="#d9d9d9",
    pressed="#cbcbcb",
    line="#c6c6c6",
    text="#262626",
    dim="#5e5e5e",
    faint="#9c9c9c",
    selection="#c4c4c4",
    focus="#7a7a7a",
    accent="#c62f63",
    accent_hover="#d43d71",
    accent_pressed="#a92453",
    on_accent="#ffffff",
    surround="#b4b4b4",
)

_SHEET = Template("""
QToolTip { background: $field; color: $text; border: 1px solid $faint; padding: 3px 6px; }
QMenuBar { background: $window; padding: 1px 4px; }
QMenuBar::item { padding: 4px 9px; border-radius: 3px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $panel; border: 1px solid $line; padding: 4px 0; }
QMenu::item { padding: 5px 28px 5px 28px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $faint; }
QMenu { icon-size: 0px; }
QMenu::separator { height: 1px; background: $line; margin: 4px 0; }
QMenu::indicator { width: 12px; height: 12px; left: 9px; }
QMenu::indicator:checked { image: url(icons:check.svg); }
QToolBar { background: $window; border: 0; spacing: 2px; padding: 3px 6px; }
QToolBar#strip { padding: 6px 3px; }
QToolBar::separator { background: $hover; width: 1px; margin: 6px 7px; }
QToolButton { border: 0; border-radius: 4px; padding: 4px; color: $text; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $pressed; }
QToolButton:checked { background: $selection; }
QToolButton:focus { border: 1px solid $focus; padding: 3px; }
QToolButton:disabled { color: $faint; }
QPushButton { background: $raised; border: 1px solid $line; border-radius: 4px;
  padding: 4px 12px; min-height: 16px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $pressed; }
QPushButton:focus, QPushButton:default { border-color: $focus; }
QPushButton:disabled { color: $faint; background: $panel; }
QPushButton#inpaint { background: $accent; color: $on_accent; border: 0; font-weight: 600;
  padding: 5px 18px; }
QPushButton#inpaint:hover { background: $accent_hover; }
QPushButton#inpaint:pressed { background: $accent_pressed; }
QPushButton#inpaint:focus { border: 1px solid $on_accent; padding: 4px 17px; }
QPushButton#inpaint:disabled { background: $raised; color: $faint; }
QLineEdit, QAbstractSpinBox, QKeySequenceEdit, QPlainTextEdit, QTextBrowser {
  background: $field; border: 1px solid $line; border-radius: 3px; padding: 2px 5px;
  selection-background-color: $focus; }
QAbstractSpinBox { padding: 2px 16px 2px 4px; min-height: 18px; }
QLineEdit { min-height: 18px; }
QLineEdit:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus { border-color: $focus; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 15px; border: 0;
  background: transparent; }
QAbstractSpinBox::up-arrow { image: url(icons:chevron-up.svg); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url(icons:chevron-down.svg); width: 10px; height: 10px; }
QAbstractSpinBox:disabled, QLineEdit:disabled { color: $faint; }
QComboBox { background: $field; border: 1px solid $line; border-radius: 3px;
  padding: 2px 6px; min-height: 18px; }
QComboBox:focus, QComboBox:on { border-color: $focus; }
QComboBox::drop-down { border: 0; width: 20px; }
QComboBox::down-arrow { image: url(icons:chevron-down.svg); width: 12px; height: 12px; }
QComboBoxPrivateContainer { background: $panel; border: 1px solid $line; }
QComboBox QAbstractItemView { background: $panel; border: 0; outline: 0; padding: 2px; }
QComboBox QAbstractItemView::item:selected { background: $selection; color: $text; }
QCheckBox, QRadioButton { spacing: 7px; }
QCheckBox::indicator { width: 13px; height: 13px; border: 1px solid $faint; border-radius: 3px;
  background: $field; }
QCheckBox::indicator:checked { image: url(icons:check.svg); }
QCheckBox::indicator:focus, QCheckBox::indicator:hover { border-color: $focus; }
QAbstractSpinBox QLineEdit, QKeySequenceEdit QLineEdit, QComboBox QLineEdit {
  background: transparent; border: 0; padding: 0; min-height: 0; }
QDialogButtonBox { button-layout: 3; }
QSlider { min-height: 18px; }
QSlider::groove:horizontal { height: 3px; background: $line; border-radius: 1px; }
QSlider::sub-page:horizontal { background: $faint; border-radius: 1px; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -5px 0; border-radius: 6px;
  background: $dim; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: $text; }
QScrollArea, QScrollArea > QWidget > QWidget#column { background: $panel; border: 0; }
QScrollBar { background: transparent; border: 0; margin: 0; }
QScrollBar:vertical { width: 9px; }
QScrollBar:horizontal { height: 9px; }
QScrollBar::handle { background: $hover; border-radius: 4px; min-height: 28px; min-width: 28px; }
QScrollBar::handle:hover { background: $pressed; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QListView, QTreeView, QTableView { background: $field; border: 1px solid $line; border-radius: 3px;
  outline: 0; alternate-background-color: $panel; }
QListView::item { padding: 3px 4px; border-radius: 3px; }
QTreeView::item { padding: 3px 0; }
QTreeView#models::item { padding: 3px 6px; }
QTableView::item { padding: 0 4px; }
QListView::item:hover, QTreeView::item:hover { background: $raised; }
QListView::item:selected, QTreeView::item:selected { background: $selection; color: $text; }
QHeaderView::section { background: $panel; color: $dim; border: 0;
  border-bottom: 1px solid $line; padding: 4px 6px; }
QProgressBar { background: $field; border: 0; border-radius: 2px; max-height: 5px;
  min-height: 5px; }
QProgressBar::chunk { background: $dim; border-radius: 2px; }
QStatusBar { background: $window; color: $dim; }
QStatusBar::item { border: 0; }
QStatusBar QLabel { color: $dim; padding: 0 4px; }
QStatusBar QToolButton { padding: 1px; }
QMainWindow::separator { background: $line; width: 1px; height: 1px; }
QSplitter::handle { background: $line; }
QLabel[role="dim"] { color: $dim; }
QLabel[role="title"] { font-size: 20px; }
QLabel[role="heading"] { font-weight: 600; }
QWidget[role="section-line"] { background: $line; }
QToolButton[role="header"], QToolButton[role="header"]:checked { text-align: left;
  font-weight: 600; color: $dim; background: transparent; border-radius: 0; padding: 7px 8px; }
QToolButton[role="header"]:hover { background: $raised; }
QToolButton[role="header"]:focus { border: 1px solid $focus; padding: 6px 9px; }
QFrame#messages { background: $raised; border-bottom: 1px solid $line; }
QFrame#messages QLabel { color: $text; }
QListWidget#pictures { background: $window; border: 0; padding: 4px; }
QListWidget#pictures::item { border: 1px solid transparent; border-radius: 5px; padding: 3px;
  color: $dim; }
QListWidget#pictures::item:hover { background: $raised; }
QListWidget#pictures::item:selected { background: $selection; color: $text; }
QListWidget#pictures:focus::item:selected { border-color: $focus; }
QFrame#drop { border: 1px dashed $faint; border-radius: 10px; background: transparent; }
QFrame#drop[hot="true"] { border-color: $text; background: $panel; }
QToolButton[role="card"] { background: $panel; border: 1px solid transparent; border-radius: 6px;
  padding: 8px; }
QToolButton[role="card"]:hover { background: $raised; }
QToolButton[role="card"]:focus { border-color: $focus; padding: 8px; }
QPushButton[role="link"] { background: transparent; border: 0; text-align: left; padding: 2px 4px;
  color: $dim; }
QPushButton[role="link"]:hover, QPushButton[role="link"]:focus { color: $text; }
QFrame#card { border: 1px solid transparent; border-radius: 5px; }
QFrame#card:hover { background: $raised; }
QFrame#card:focus { border-color: $focus; }
QFrame#card[current="true"] { background: $selection; }
""")


def use_icon_files(folder: Path) -> None:
    """Tell the style sheet where the small arrows and check marks are."""
    QDir.setSearchPaths("icons", [str(folder)])


def colours(*, dark: bool) -> Colours:
    return DARK if dark else LIGHT


def is_dark(choice: str) -> bool:
    """Whether a choice of "auto", "light" or "dark" means dark here and now.

    A system that does not say gets dark, which is what photo editors open with.
    """
    if choice == "auto":
        scheme = QApplication.styleHints().colorScheme()
        return scheme != Qt.ColorScheme.Light
    return choice == "dark"


def apply(application: QApplication, choice: str) -> Colours:
    """Dress the whole program; may be called again at any time."""
    theme = colours(dark=is_dark(choice))
    if application.style().objectName() != "fusion":
        application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(_palette(theme))
    application.setStyleSheet(
        _SHEET.substitute({field.name: getattr(theme, field.name) for field in fields(theme)})
    )
    return theme


def icon(role: str, theme: Colours, colour: str = "") -> QIcon:
    """The icon of a role in the theme's colours."""
    # qtawesome loads its fonts on import: 0.2 s that the first frame of the window need not wait.
    import qtawesome

    made: QIcon = qtawesome.icon(
        ICONS[role],
        color=colour or theme.text,
        color_active=colour or theme.text,
        color_disabled=theme.faint,
    )
    return made


def _palette(theme: Colours) -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, colour in (
        (roles.Window, theme.window),
        (roles.WindowText, theme.text),
        (roles.Base, theme.field),
        (roles.AlternateBase, theme.panel),
        (roles.Text, theme.text),
        (roles.Button, theme.raised),
        (roles.ButtonText, theme.text),
        (roles.BrightText, theme.text),
        (roles.ToolTipBase, theme.field),
        (roles.ToolTipText, theme.text),
        (roles.PlaceholderText, theme.faint),
        (roles.Highlight, theme.selection),
        (roles.HighlightedText, theme.text),
        (roles.Link, theme.text),
        (roles.Mid, theme.line),
        (roles.Dark, theme.line),
        (roles.Light, theme.hover),
    ):
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.faint))
    return palette
