"""Turns the table of `app.actions` into menus, shortcuts and tool buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QToolButton

from app.actions import ACTIONS, MENUS, ActionSpec
from app.language import told, tr, tr_later

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QMainWindow, QMenuBar, QWidget

    from app.session.session import Session

TITLES = {
    "File": tr_later("&File"),
    "Edit": tr_later("&Edit"),
    "Select": tr_later("&Select"),
    "View": tr_later("&View"),
    "Inpaint": tr_later("&Inpaint"),
    "Train": tr_later("&Train"),
    "Help": tr_later("&Help"),
    "Recipe": tr_later("Recipe"),
    "Theme": tr_later("Theme"),
    "Masks": tr_later("Masks"),
}
"""Of the menus, by what the table calls them."""


class Commands(QObject):
    """One QAction per row of the table, kept in step with the session.

    Args:
        session: answers `needs` and `state`, and says when to ask again.
        receivers: the objects that verbs name.
        window: owns the shortcuts.
    """

    def __init__(self, session: Session, receivers: dict[str, object], window: QMainWindow) -> None:
        super().__init__(window)
        self._session = session
        self._receivers = receivers
        self._window = window
        self._groups: dict[str, QActionGroup] = {}
        self.actions = {spec.id: self._action(spec) for spec in ACTIONS}
        session.state_changed.connect(self.refresh)
        self.use_keys()
        self.refresh()

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Build the menus; submenus come where their first row stands. Menus by path."""
        menus = {title: bar.addMenu(tr(TITLES[title])) for title in MENUS}
        group: dict[str, str] = {}
        for spec in ACTIONS:
            title, _, submenu = spec.menu.partition("/")
            if submenu and spec.menu not in menus:
                menus[title].addSeparator()
                menus[spec.menu] = menus[title].addMenu(tr(TITLES[submenu]))
            menu = menus[spec.menu]
            if spec.menu in group and group[spec.menu] != spec.group:
                menu.addSeparator()
            group[spec.menu] = spec.group
            menu.addAction(self.actions[spec.id])
        return menus

    def attach_canvas(self, canvas: QWidget) -> None:
        """The canvas is there: a receiver of verbs, and of keys that work nowhere else."""
        self._receivers["canvas"] = canvas
        for spec in ACTIONS:
            for key in spec.canvas_keys:
                shortcut = QShortcut(QKeySequence(key), canvas)
                shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
                shortcut.activated.connect(self.actions[spec.id].trigger)

    def keys_of(self, spec: ActionSpec) -> tuple[str, ...]:
        """The keys as the user has set them."""
        return tuple(self._session.settings.keys.get(spec.id, spec.keys))

    def use_keys(self) -> None:
        """Bind the keys anew, after the user has changed some."""
        for spec in ACTIONS:
            action = self.actions[spec.id]
            keys = self.keys_of(spec)
            shown = ", ".join(_readable(key) for key in spec.canvas_keys[:1] + keys[:1])
            tip = tr(spec.tip) if spec.tip else plain_label(spec)
            action.setToolTip(f"{tip} ({shown})" if shown else tip)
            if spec.held:
                action.setText(f"{tr(spec.label)}\t{_readable(keys[0]) if keys else ''}")
            else:
                action.setShortcuts([QKeySequence(key) for key in keys])

    def held(self, key: QKeySequence) -> Callable[[bool], object] | None:
        """The verb of the row that acts while this key is down."""
        for spec in ACTIONS:
            if spec.held and any(QKeySequence(own) == key for own in self.keys_of(spec)):
                return self._verb(spec) if self.actions[spec.id].isEnabled() else None
        return None

    def let_go(self) -> None:
        """Nothing is held any more: the window has lost the keyboard."""
        for spec in ACTIONS:
            if spec.held:
                self._verb(spec)(False)

    def button(self, action_id: str) -> QToolButton:
        """A tool button that does what the menu entry does; one that is held, while held."""
        spec = next(spec for spec in ACTIONS if spec.id == action_id)
        action = self.actions[action_id]
        button = QToolButton()
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(plain_label(spec))
        button.setDefaultAction(action)
        if spec.held:
            # A click would toggle; this button shows while it is pressed.
            button.pressed.connect(lambda: self._verb(spec)(True))
            button.released.connect(lambda: self._verb(spec)(False))
        return button

    def use_icons(self, icons: Mapping[str, QIcon]) -> None:
        """Put the icons of the theme on the tool bar's actions; menus stay plain."""
        for spec in ACTIONS:
            if spec.icon:
                self.actions[spec.id].setIcon(icons[spec.icon])

    def refresh(self) -> None:
        """Ask the session again what may be done and what is on."""
        for spec in ACTIONS:
            action = self.actions[spec.id]
            action.setEnabled(not spec.needs or bool(getattr(self._session, spec.needs)))
            if spec.state:
                state = getattr(self._session, spec.state)
                action.setChecked(state == spec.argument if spec.argument is not None else state)
        document = self._session.document
        undone = told(document.undo_label) if document is not None else ""
        redone = told(document.redo_label) if document is not None else ""
        self.actions["undo"].setText(tr("Undo {step}", step=undone) if undone else tr("Undo"))
        self.actions["redo"].setText(tr("Redo {step}", step=redone) if redone else tr("Redo"))

    def _action(self, spec: ActionSpec) -> QAction:
        action = QAction(tr(spec.label), self._window)
        action.setObjectName(spec.id)
        action.setIconVisibleInMenu(False)
        action.setAutoRepeat(isinstance(spec.argument, int))
        if spec.state:
            action.setCheckable(True)
            if spec.argument is not None:
                self._group_of(spec).addAction(action)
        action.triggered.connect(lambda checked: self._trigger(spec, checked=checked))
        self._window.addAction(action)
        return action

    def _group_of(self, spec: ActionSpec) -> QActionGroup:
        if spec.state not in self._groups:
            group = self._groups[spec.state] = QActionGroup(self)
            # Some may be switched off again by their own key; `refresh` knows.
            group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
        return self._groups[spec.state]

    def _trigger(self, spec: ActionSpec, *, checked: bool) -> None:
        verb = self._verb(spec)
        if spec.argument is not None:
            verb(spec.argument)
        elif spec.state:
            verb(checked)
        else:
            verb()

    def _verb(self, spec: ActionSpec) -> Callable[..., object]:
        receiver, _, name = spec.verb.partition(".")
        verb: Any = getattr(self._receivers[receiver], name)
        return verb  # type: ignore[no-any-return]


def plain_label(spec: ActionSpec) -> str:
    """What a command is called, without the dots that announce a dialog."""
    return tr(spec.label).removesuffix("…")


def _readable(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
