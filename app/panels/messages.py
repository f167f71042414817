"""A slim bar over the canvas for what the user should know; it stops nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from app.language import told, tr
from app.session.notices import shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QIcon

    from app.session.notices import Notice

MARGIN = 12
WIDEST = 760
SHORT_MS = 6000


class MessageBar(QFrame):
    """Floats at the top of its parent.

    Signals:
        details_wanted: the notice whose "Details" was pressed.
    """

    details_wanted = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self.notice: Notice | None = None
        self._area: QWidget | None = None
        self._icons: dict[str, QIcon] = {}
        self._symbol = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons: list[QPushButton] = []
        self._close = QToolButton()
        self._close.setText("×")
        self._close.setToolTip(tr("Close"))
        self._close.setAccessibleName(tr("Close the message"))
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._close.setIconSize(QSize(14, 14))
        self._close.clicked.connect(self.close_notice)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHORT_MS)
        self._timer.timeout.connect(self.close_notice)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 7, 7, 7)
        self._layout.setSpacing(10)
        self._layout.addWidget(self._symbol)
        self._layout.addWidget(self._text, 1)
        self._layout.addWidget(self._close)
        self.hide()
        parent.installEventFilter(self)

    def float_over(self, widget: QWidget) -> None:
        """Keep to the middle of that part of the parent, while it is visible."""
        self._area = widget
        widget.installEventFilter(self)

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        self._icons = icons
        self._close.setIcon(icons["cancel"])
        self._close.setText("")
        self._show_symbol()

    @Slot(object)
    def show_notice(self, notice: Notice | None) -> None:
        """Show a notice in place of the last one; None closes the bar."""
        self._timer.stop()
        self.notice = notice
        self._drop_buttons()
        if notice is None:
            self.hide()
            return
        text = told(notice.text)
        self._text.setText(shortened(text))
        self._text.setToolTip(text if self._text.text() != text else "")
        self.setAccessibleName(text)
        for label, verb in notice.actions:
            self._add_button(label).clicked.connect(lambda _=False, verb=verb: self._act(verb))
        if notice.details:
            self._add_button(tr("Details")).clicked.connect(
                lambda: self.details_wanted.emit(notice)
            )
        self._show_symbol()
        if not notice.lasts:
            self._timer.start()
        self.show()
        self.raise_()
        self._place()

    @Slot()
    def close_notice(self) -> None:
        self.show_notice(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _act(self, verb: Callable[[], None]) -> None:
        self.close_notice()
        verb()

    def _add_button(self, label: str) -> QPushButton:
        button = QPushButton(label)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._layout.insertWidget(self._layout.count() - 1, button)
        self._buttons.append(button)
        return button

    def _drop_buttons(self) -> None:
        for button in self._buttons:
            self._layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons.clear()

    def _show_symbol(self) -> None:
        if self.notice is not None and self._icons:
            self._symbol.setPixmap(self._icons[self.notice.tone].pixmap(18, 18))

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None or self.isHidden():
            return
        area = parent.rect()
        if self._area is not None and self._area.isVisible():
            area = QRect(self._area.mapTo(parent, QPoint()), self._area.size())
        width = min(WIDEST, area.width() - 2 * MARGIN)
        # As wide as one line needs; a long text wraps at the widest.
        line = self.fontMetrics().horizontalAdvance(self._text.text())
        rest = self._layout.minimumSize().width() - self._text.minimumSizeHint().width()
        width = min(width, line + rest + 24)
        height = max(self._layout.heightForWidth(width), self._layout.minimumSize().height())
        self.setGeometry(
            area.left() + (area.width() - width) // 2, area.top() + MARGIN, width, height
        )
