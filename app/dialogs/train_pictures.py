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

from app.language import told, tr, tr_n
from app.panels.controls import TextField
from app.session.notices import shortened

if TYPE_CHECKING:
    from app.session.training_checks import TrainingChecks
    from engine.scanning import Scan

MOST_LISTED = 500
LIST_HEIGHT = 120
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
        self.path.setAccessibleName(tr("Folder of pictures"))
        self.path.setPlaceholderText(tr("A folder of pictures; subfolders are searched, too"))
        self.path.editingFinished.connect(lambda: self.changed.emit(self.path.text().strip()))
        self.choose = QPushButton(tr("Choose…"))
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self.ask)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setProperty("role", "dim")
        self.more = QPushButton(tr("Show"))
        self.more.setAutoDefault(False)
        self.more.setCheckable(True)
        self.more.setAccessibleName(tr("Show what cannot be used"))
        self.more.toggled.connect(self._unfold)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Files with problems"))
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
            return tr("Choose a folder of pictures to train on.")
        if checks.scan_problem:
            return told(checks.scan_problem)
        if checks.scan is None:
            return tr("The pictures are still being looked at.")
        if not checks.scan.pictures:
            return tr("The folder has no picture that can be used; choose another.")
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
            self.text.setText(shortened(told(checks.scan_problem or checks.scan_message)))
        self.text.setVisible(bool(self.text.text()))

    def _fill(self, scan: Scan) -> None:
        self.list.clear()
        self.list.addItems([told(trouble.sentence) for trouble in scan.problems[:MOST_LISTED]])
        left = len(scan.problems) - MOST_LISTED
        if left > 0:
            self.list.addItem(tr("… and {left:,} more", left=left))

    def _unfold(self, unfolded: bool) -> None:
        self.list.setVisible(unfolded)
        self.more.setText(tr("Hide") if unfolded else tr("Show"))


def summary(scan: Scan, size: int) -> str:
    """What a folder holds for crops of a size, in a sentence or a few."""
    found = tr_n("{n:,} picture can be used.", "{n:,} pictures can be used.", len(scan.pictures))
    kinds: Counter[str] = Counter(trouble.kind for trouble in scan.problems)
    converted = kinds.pop(CONVERTED, 0)
    words = [found]
    if kinds:
        named = [_left_out(kind, number) for kind, number in kinds.most_common()]
        words.append(tr("Not used: {named}.", named=", ".join(named)))
    if len(scan.pictures) == 1:
        words.append(tr("With one picture, none is held back to judge by."))
    small = sum(min(each.width, each.height) < size for each in scan.pictures)
    if small:
        words.append(
            tr(
                "{small:,} smaller than the crops of {size} pixels will be enlarged.",
                small=small,
                size=size,
            )
        )
    if converted:
        words.append(
            tr("{converted:,} of other than RGB colours will be converted.", converted=converted)
        )
    return " ".join(words)


def _left_out(kind: str, number: int) -> str:
    """How many pictures have a trouble that keeps them out."""
    match kind:
        case "corrupt":
            return tr("{n:,} corrupt", n=number)
        case "tiny":
            return tr("{n:,} too small", n=number)
        case "duplicate":
            return tr_n("{n:,} duplicate", "{n:,} duplicates", number)
        case "too-large":
            return tr("{n:,} too large", n=number)
        case _:
            return tr("{n:,} unreadable", n=number)
