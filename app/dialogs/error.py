"""What a fault of the program looks like: a sentence, and the rest behind "Details"."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.language import tr
from app.report import program_lines, shortened_paths

WIDTH = 560


class ErrorDialog(QDialog):
    """A sentence; the report unfolds and can be copied."""

    def __init__(self, sentence: str, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Lacuna")
        self._report = report(sentence, details)
        text = QLabel(sentence)
        text.setWordWrap(True)
        self._text = QPlainTextEdit(self._report)
        self._text.setReadOnly(True)
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setMinimumHeight(220)
        self._text.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._details = QPushButton(tr("Details"))
        self._details.setCheckable(True)
        copy = QPushButton(tr("Copy Report"))
        buttons.addButton(self._details, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        self._details.toggled.connect(self._unfold)
        copy.clicked.connect(self._copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        layout.addWidget(text)
        layout.addWidget(self._text)
        layout.addWidget(buttons)
        self.setMinimumWidth(WIDTH)

    def _unfold(self, unfolded: bool) -> None:
        self._text.setVisible(unfolded)
        self.adjustSize()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report)


def report(sentence: str, details: str) -> str:
    """What somebody who wants to help needs to know."""
    program = "\n".join(program_lines())
    return f"{sentence}\n\n{shortened_paths(details.strip())}\n\n{program}\n"
