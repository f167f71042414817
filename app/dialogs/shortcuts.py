"""The key sheet: every command and gesture, searchable; a double click changes a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.actions import ACTIONS, GESTURES, MENUS, ActionSpec, action
from app.dialogs.sizes import open_at
from app.language import tr
from app.window.menus import TITLES, plain_label

if TYPE_CHECKING:
    from app.settings import Settings
    from app.window.menus import Commands

FIRST_SIZE = QSize(560, 640)
ID = Qt.ItemDataRole.UserRole


class ShortcutsDialog(QDialog):
    """Shows the keys and lets them be changed; a key that is taken is refused."""

    def __init__(self, commands: Commands, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard Shortcuts"))
        self._commands = commands
        self._settings = settings
        self._search = QLineEdit()
        self._search.setPlaceholderText(tr("Search"))
        self._search.setClearButtonEnabled(True)
        self._search.setAccessibleName(tr("Search"))
        self._tree = QTreeWidget()
        self._tree.setColumnCount(2)
        self._tree.setHeaderHidden(True)
        self._tree.setRootIsDecorated(False)
        self._tree.setIndentation(12)
        self._tree.setAccessibleName(tr("Commands and their keys"))
        self._tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._groups: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self._key = QKeySequenceEdit()
        self._key.setMaximumSequenceLength(1)
        self._key.setAccessibleName(tr("New key"))
        self._assign = QPushButton(tr("Assign"))
        self._reset = QPushButton(tr("Reset"))
        self._reset.setToolTip(tr("The key this command came with"))
        self._message = QLabel()
        self._message.setProperty("role", "dim")
        self._lay_out()
        self._search.textChanged.connect(self._filter)
        self._tree.currentItemChanged.connect(self._on_current)
        self._tree.itemDoubleClicked.connect(self._on_double_click)
        self._assign.clicked.connect(self._assign_key)
        self._reset.clicked.connect(self._reset_key)
        self._fill()
        self._on_current()

    def _lay_out(self) -> None:
        editor = QHBoxLayout()
        editor.setSpacing(8)
        editor.addWidget(QLabel(tr("Change key")))
        editor.addWidget(self._key, 1)
        editor.addWidget(self._assign)
        editor.addWidget(self._reset)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        for button in (self._assign, self._reset, *buttons.buttons()):
            # Enter in the search field must not close the sheet.
            if isinstance(button, QPushButton):
                button.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(self._search)
        layout.addWidget(self._tree, 1)
        layout.addLayout(editor)
        layout.addWidget(self._message)
        layout.addWidget(buttons)
        open_at(self, FIRST_SIZE)

    def _fill(self) -> None:
        for menu in MENUS:
            rows = [spec for spec in ACTIONS if spec.menu.partition("/")[0] == menu]
            commands = [(plain_label(spec), self._shown(spec), spec.id) for spec in rows]
            self._add_group(tr(TITLES[menu]).replace("&", ""), commands)
        gestures = [(tr(gesture.label), tr(gesture.how), "") for gesture in GESTURES]
        self._add_group(tr("Canvas"), gestures)
        self._filter(self._search.text())

    def _add_group(self, title: str, rows: list[tuple[str, str, str]]) -> None:
        group = QTreeWidgetItem([title, ""])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        items: list[QTreeWidgetItem] = []
        for label, keys, action_id in rows:
            item = QTreeWidgetItem([label, keys])
            item.setData(0, ID, action_id)
            group.addChild(item)
            items.append(item)
        self._groups.append((group, items))
        self._tree.addTopLevelItem(group)
        group.setExpanded(True)

    def _shown(self, spec: ActionSpec) -> str:
        keys = spec.canvas_keys[:1] + self._commands.keys_of(spec)
        shown = ", ".join(dict.fromkeys(_native(QKeySequence(key)) for key in keys))
        return tr("hold {key}", key=shown) if spec.held and keys else shown

    def _filter(self, text: str) -> None:
        wanted = text.casefold()
        for group, items in self._groups:
            any_shown = False
            for item in items:
                shown = wanted in f"{item.text(0)} {item.text(1)}".casefold()
                item.setHidden(not shown)
                any_shown = any_shown or shown
            group.setHidden(not any_shown)

    def _current(self) -> ActionSpec | None:
        item = self._tree.currentItem()
        action_id = item.data(0, ID) if item is not None else ""
        return action(action_id) if action_id else None

    def _on_current(self) -> None:
        spec = self._current()
        for part in (self._key, self._assign, self._reset):
            part.setEnabled(spec is not None)
        self._message.setText("" if spec else tr("Choose a command to change its key."))
        self._key.clear()

    def _on_double_click(self) -> None:
        self._key.setFocus()

    def _assign_key(self) -> None:
        spec, key = self._current(), self._key.keySequence()
        if spec is None or key.isEmpty():
            return
        owner = self._owner(key)
        if owner is not None and owner is not spec:
            self._message.setText(
                tr(
                    "{key} is the key of “{command}” already.",
                    key=_native(key),
                    command=plain_label(owner),
                )
            )
            return
        self._settings.keys[spec.id] = [key.toString()]
        self._changed(spec)

    def _reset_key(self) -> None:
        spec = self._current()
        if spec is None:
            return
        for key in spec.keys:
            owner = self._owner(QKeySequence(key))
            if owner is not None and owner is not spec:
                self._message.setText(
                    tr(
                        "{key} is the key of “{command}” now.",
                        key=_native(QKeySequence(key)),
                        command=plain_label(owner),
                    )
                )
                return
        self._settings.keys.pop(spec.id, None)
        self._changed(spec)

    def _owner(self, key: QKeySequence) -> ActionSpec | None:
        for spec in ACTIONS:
            keys = spec.canvas_keys + self._commands.keys_of(spec)
            if any(QKeySequence(own) == key for own in keys):
                return spec
        return None

    def _changed(self, spec: ActionSpec) -> None:
        self._commands.use_keys()
        item = self._tree.currentItem()
        keys = self._shown(spec)
        if item is not None:
            item.setText(1, keys)
        self._message.setText(
            tr(
                "“{command}” has the key {keys}.",
                command=plain_label(spec),
                keys=keys or tr("none"),
            )
        )
        self._key.clear()


def _native(key: QKeySequence) -> str:
    return key.toString(QKeySequence.SequenceFormat.NativeText)
