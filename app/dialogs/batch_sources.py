"""The first two steps of a batch: which pictures, and where their masks are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.dialogs.batch_path import PathRow
from app.language import tr, tr_n
from app.panels.controls import QuietComboBox, check_box
from app.session.batch_words import RULES
from engine.pictures import DEFAULT_PIXEL_LIMIT

if TYPE_CHECKING:
    from app.session.batch_planning import BatchPlanning
    from app.session.batch_wish import Wish
    from app.session.questions import Questions
    from app.settings import MaskRule


class Step(QWidget):
    """A heading with rows under it.

    Signals:
        wished: the wish as the user has changed it.
    """

    wished = Signal(object)

    def __init__(self, title: str) -> None:
        super().__init__()
        self.wish: Wish | None = None
        self.title = QLabel(title)
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(7)
        self._layout.addWidget(self.title)

    def add(self, *parts: QWidget) -> None:
        for part in parts:
            self._layout.addWidget(part)

    def change(self, **fields: object) -> None:
        """Tell of the wish with some fields changed."""
        if self.wish is not None:
            self.wish = replace(self.wish, **fields)  # type: ignore[arg-type]
            self.wished.emit(self.wish)


class PicturesStep(Step):
    """The folder, and at once how many pictures are in it."""

    def __init__(self, planning: BatchPlanning, questions: Questions) -> None:
        super().__init__(tr("1   Pictures"))
        self._planning = planning
        self._questions = questions
        self.path = PathRow(tr("Folder of pictures"), tr("A folder, or drop one here"))
        self.path.changed.connect(self.take)
        self.path.ask.connect(self._ask)
        self.recursive = check_box(tr("Subfolders too"))
        self.recursive.toggled.connect(lambda on: self.change(recursive=on))
        self.large = check_box(tr("Very large pictures too"))
        self.large.setToolTip(
            tr(
                "Those of more than {limit} megapixels; each takes several gigabytes of memory",
                limit=DEFAULT_PIXEL_LIMIT // 10**6,
            )
        )
        self.large.toggled.connect(lambda on: self.change(allows_large=on))
        self.text = dim_label()
        self.text.setWordWrap(False)
        row = QWidget()
        below = QHBoxLayout(row)
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.recursive, 1)
        below.addWidget(self.text)
        self.add(self.path, row, self.large)
        planning.changed.connect(self._show_count)
        self._show_count()

    def show_wish(self, wish: Wish) -> None:
        self.wish = wish
        self.path.show_path(wish.images)
        with QSignalBlocker(self.recursive):
            self.recursive.setChecked(wish.recursive)
        with QSignalBlocker(self.large):
            self.large.setChecked(wish.allows_large)
        self._show_count()

    def take(self, path: str) -> None:
        """Take a folder that was typed, chosen or dropped; of a picture, the one it lies in."""
        if path and Path(path).is_file():
            path = str(Path(path).parent)
        self.change(images=path)

    def _show_count(self) -> None:
        pictures = self._planning.pictures
        if self.wish is None or not self.wish.images:
            self.text.clear()
        elif pictures is None:
            self.text.setText(tr("Counting…") if self._planning.is_busy else "")
        else:
            self.text.setText(tr_n("{n:,} picture.", "{n:,} pictures.", pictures))

    def _ask(self) -> None:
        images = self.wish.images if self.wish is not None else ""
        folder = self._questions.folder_to_use(tr("Folder of Pictures"), start_of(images))
        if folder is not None:
            self.change(images=str(folder))


class MasksStep(Step):
    """The rule that pairs masks with pictures."""

    def __init__(self, questions: Questions) -> None:
        super().__init__(tr("2   Masks"))
        self._questions = questions
        self.rules = QuietComboBox()
        self.rules.setAccessibleName(tr("Where the masks are"))
        for rule, (label, _) in RULES.items():
            self.rules.addItem(tr(label), rule)
        self.rules.activated.connect(lambda at: self.change(rule=self.rules.itemData(at)))
        self.path = PathRow(tr("Masks"), "")
        self.path.changed.connect(self.take)
        self.path.ask.connect(self._ask)
        self.text = dim_label()
        self.invert = check_box(tr("Inverted: black marks the hole"))
        self.invert.toggled.connect(lambda on: self.change(invert=on))
        self.add(self.rules, self.path, self.text, self.invert)

    def show_wish(self, wish: Wish) -> None:
        self.wish = wish
        self.rules.setCurrentIndex(self.rules.findData(wish.rule))
        self.path.setVisible(wish.rule in ("folder", "one"))
        is_one = wish.rule == "one"
        self.path.field.setPlaceholderText(
            tr("A mask file") if is_one else tr("A folder of mask files")
        )
        self.path.show_path(wish.mask if is_one else wish.masks)
        self.text.setText(tr(RULES[wish.rule][1]))
        with QSignalBlocker(self.invert):
            self.invert.setChecked(wish.invert)

    def take(self, path: str) -> None:
        """Take a path; a file is one mask for all, a folder is one of masks."""
        rule: MaskRule = self.wish.rule if self.wish is not None else "folder"
        if path:
            rule = "one" if Path(path).is_file() else "folder" if Path(path).is_dir() else rule
        self.change(**{"rule": rule, "mask" if rule == "one" else "masks": path})

    def _ask(self) -> None:
        wish = self.wish
        if wish is None:
            return
        if wish.rule == "one":
            found = self._questions.mask_to_open(start_of(wish.mask or wish.images))
        else:
            found = self._questions.folder_to_use(
                tr("Folder of Masks"), start_of(wish.masks or wish.images)
            )
        if found is not None:
            self.take(str(found))


def dim_label() -> QLabel:
    """A sentence in the colour of side remarks."""
    label = QLabel()
    label.setWordWrap(True)
    label.setProperty("role", "dim")
    return label


def start_of(path: str) -> Path | None:
    """Where a file dialog begins."""
    return Path(path) if path else None
