"""The folder of pictures, and at once what is in it and what cannot be used."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.panels.controls import TextField
from app.session.notices import shortened
from app.session.training_words import count

if TYPE_CHECKING:
    from app.session.training_checks import TrainingChecks
    from engine.scanning import Scan

MOST_LISTED = 500
LIST_HEIGHT = 120
KINDS = {
    "corrupt": ("corrupt", "corrupt"),
    "tiny": ("too small", "too small"),
    "duplicate": ("duplicate", "duplicates"),
    "unreadable": ("unreadable", "unreadable"),
    "too-large": ("too large", "too large"),
}
CONVERTED = "not-rgb"
"""Pictures of that kind are used all the same."""


class PicturesRow(QWidget):
    """A path that can be typed, chosen or dropped; below it the result of the check.

    Signals:
        changed: another path.
        ask: the user wants to choose a folder.
    """

    changed = Signal(str)
    ask = Signal()

    def __init__(self, checks: TrainingChecks) -> None:
        super().__init__()
        self._checks = checks
        self._size = 0
        self.path = TextField()
        self.path.setAccessibleName("Folder of pictures")
        self.path.setPlaceholderText("A folder of pictures; subfolders are searched, too")
        self.path.editingFinished.connect(lambda: self.changed.emit(self.path.text().strip()))
        self.choose = QPushButton("Choose…")
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self.ask)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setProperty("role", "dim")
        self.more = QPushButton("Show")
        self.more.setAutoDefault(False)
        self.more.setCheckable(True)
        self.more.setAccessibleName("Show what cannot be used")
        self.more.toggled.connect(self._unfold)
        self.list = QListWidget()
        self.list.setAccessibleName("Files with problems")
        self.list.setFixedHeight(LIST_HEIGHT)
        self.list.hide()
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, parts in ((first, (self.path, self.choose)), (second, (self.text, self.more))):
            row.setSpacing(8)
            row.addWidget(parts[0], 1)
            row.addWidget(parts[1])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self.list)
        checks.scanned.connect(self._show)
        self._show()

    def show_size(self, size: int) -> None:
        """Tell of pictures that are smaller than crops of that side."""
        self._size = size
        self._show()

    def show_path(self, path: str) -> None:
        self.path.setText(path)

    @property
    def problem(self) -> str:
        """Why the training cannot begin with this folder; empty if it can."""
        checks = self._checks
        if not self.path.text().strip():
            return "Choose a folder of pictures to train on."
        if checks.scan_problem:
            return checks.scan_problem
        if checks.scan is None:
            return "The pictures are still being looked at."
        if not checks.scan.pictures:
            return "The folder has no picture that can be used; choose another."
        return ""

    def _show(self) -> None:
        checks = self._checks
        scan = checks.scan
        self.more.setVisible(scan is not None and bool(scan.problems))
        if scan is not None:
            self.text.setText(summary(scan, self._size))
            self._fill(scan)
        else:
            self.more.setChecked(False)
            self.text.setText(shortened(checks.scan_problem or checks.scan_message))
        self.text.setVisible(bool(self.text.text()))

    def _fill(self, scan: Scan) -> None:
        self.list.clear()
        self.list.addItems([trouble.sentence for trouble in scan.problems[:MOST_LISTED]])
        left = len(scan.problems) - MOST_LISTED
        if left > 0:
            self.list.addItem(f"… and {left:,} more")

    def _unfold(self, unfolded: bool) -> None:
        self.list.setVisible(unfolded)
        self.more.setText("Hide" if unfolded else "Show")


def summary(scan: Scan, size: int) -> str:
    """What a folder holds for crops of a size, in a sentence or a few."""
    found = f"{count(len(scan.pictures), 'picture', 'pictures')} can be used."
    kinds: Counter[str] = Counter(trouble.kind for trouble in scan.problems)
    converted = kinds.pop(CONVERTED, 0)
    words = [found]
    if kinds:
        named = [
            f"{number:,} {KINDS.get(kind, (kind, kind))[number != 1]}"
            for kind, number in kinds.most_common()
        ]
        words.append(f"Not used: {', '.join(named)}.")
    if len(scan.pictures) == 1:
        words.append("With one picture, none is held back to judge by.")
    small = sum(min(each.width, each.height) < size for each in scan.pictures)
    if small:
        words.append(f"{small:,} smaller than the crops of {size} pixels will be enlarged.")
    if converted:
        words.append(f"{converted:,} of other than RGB colours will be converted.")
    return " ".join(words)
