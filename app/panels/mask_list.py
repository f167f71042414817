"""Which of several masks is in use: choose, name, add, copy, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from app.document.masklist import LONGEST_NAME
from app.language import tr
from app.panels.controls import QuietComboBox, TextField, push_button, side_by_side

if TYPE_CHECKING:
    from app.session.session import Session


class _Names(QuietComboBox):
    """Gives the keyboard back once something was chosen, so that letters are tools again."""

    def hidePopup(self) -> None:  # noqa: N802 - Qt has named it
        super().hidePopup()
        self.clearFocus()


class MaskList(QWidget):
    """A list to choose from, whose text is the name and can be typed over."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        masks = session.masks
        self._choice = _Names()
        self._choice.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._choice.setEditable(True)
        self._choice.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._name = TextField()
        self._choice.setLineEdit(self._name)
        self._choice.setCompleter(None)  # type: ignore[arg-type]  # Qt takes none
        self._choice.setAccessibleName(tr("Mask in use"))
        self._choice.setToolTip(tr("Choose a mask; type over its name to rename it"))
        self._name.setMaxLength(LONGEST_NAME)
        self._name.setAccessibleName(tr("Name of the mask"))
        self._delete = push_button(
            tr("Delete"), masks.delete, tr("Remove this mask and go on with the one before it")
        )
        new = push_button(tr("New"), masks.add, tr("Put this mask aside and begin an empty one"))
        copy = push_button(
            tr("Copy"), masks.duplicate, tr("Put this mask aside and go on with a copy of it")
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self._choice)
        layout.addWidget(side_by_side(new, copy, self._delete))
        self._choice.activated.connect(self._switch)
        self._name.editingFinished.connect(self._rename)
        session.history_changed.connect(self._show)
        session.document_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        document = self._session.document
        self.setEnabled(document is not None)
        if document is None:
            return
        belongings = document.belongings
        names = [mask.name for mask in belongings.masks]
        with QSignalBlocker(self._choice), QSignalBlocker(self._name):
            if names != [self._choice.itemText(index) for index in range(self._choice.count())]:
                self._choice.clear()
                self._choice.addItems(names)
            if self._choice.currentIndex() != belongings.current or not self._name.hasFocus():
                self._choice.setCurrentIndex(belongings.current)
                self._name.setText(names[belongings.current])
        self._delete.setEnabled(len(names) > 1)

    @Slot(int)
    def _switch(self, index: int) -> None:
        self._session.masks.switch(index)

    @Slot()
    def _rename(self) -> None:
        self._session.masks.rename(self._name.text())
        self._show()
