"""Answers the program's questions by asking the person at the screen."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.language import told, tr, tr_later, tr_n
from app.panels.controls import NumberRow
from app.session.notices import shortened

if TYPE_CHECKING:
    from app.session.questions import Fit, Leave, Overwrite, Recover

Answer = TypeVar("Answer")

PICTURES = tr_later("Pictures (*.png *.jpg *.jpeg *.jpe *.jfif *.tif *.tiff *.webp *.bmp *.gif)")
OPENED = tr_later(
    "Pictures and projects "
    "(*.png *.jpg *.jpeg *.jpe *.jfif *.tif *.tiff *.webp *.bmp *.gif *.lacuna)"
)
PROJECTS = tr_later("Lacuna projects (*.lacuna)")
WRITTEN = (
    "PNG (*.png)",
    "JPEG (*.jpg *.jpeg)",
    "TIFF (*.tif *.tiff)",
    "WebP (*.webp)",
    "BMP (*.bmp)",
)
CHECKPOINTS = tr_later("Checkpoints (*.pth *.pt *.ckpt *.tar)")
WEIGHTS = tr_later("Weights (*.safetensors)")
SETTINGS = "JSON (*.json)"
EVERYTHING = tr_later("All files (*)")
DEFAULT_QUALITY = 92
WIDTH, MARGIN = 440, 22
MOST_NAMED = 5
"""Names in a question; the rest are counted."""


class DialogQuestions:
    """`app.session.questions.Questions` with dialogs over a window.

    Attributes:
        window: the dialogs' parent, as soon as there is one.
    """

    def __init__(self) -> None:
        self.window: QWidget | None = None

    def unsaved(self, name: str) -> Leave:
        answers: tuple[tuple[str, Leave], ...] = (
            (tr("&Save"), "save"),
            (tr("&Discard"), "discard"),
            (tr("Cancel"), "cancel"),
        )
        return self._ask(
            tr("Save the changes to “{name}”?", name=name),
            tr("They are lost if you do not save them."),
            answers,
        )

    def unsaved_pictures(self, names: list[str]) -> Leave:
        shown = ", ".join(f"“{name}”" for name in names[:MOST_NAMED])
        answers: tuple[tuple[str, Leave], ...] = (
            (tr("&Save All"), "save"),
            (tr("&Discard All"), "discard"),
            (tr("Cancel"), "cancel"),
        )
        if len(names) > MOST_NAMED:
            shown = tr("{names} and {count} more", names=shown, count=len(names) - MOST_NAMED)
        return self._ask(
            tr("Save the changes to {count} pictures?", count=len(names)),
            tr("Unsaved are {names}.", names=shown),
            answers,
        )

    def overwrite(self, name: str) -> Overwrite:
        answers: tuple[tuple[str, Overwrite], ...] = (
            (tr("&Overwrite"), "overwrite"),
            (tr("Save &As…"), "save_as"),
            (tr("Cancel"), "cancel"),
        )
        return self._ask(
            tr("Overwrite the original “{name}”?", name=name),
            tr("You are asked this once for each picture."),
            answers,
        )

    def replace_changed(self, name: str) -> Overwrite:
        answers: tuple[tuple[str, Overwrite], ...] = (
            (tr("&Overwrite"), "overwrite"),
            (tr("Save &As…"), "save_as"),
            (tr("Cancel"), "cancel"),
        )
        return self._ask(
            tr("“{name}” was changed by another program.", name=name),
            tr("Overwriting it would lose those changes."),
            answers,
            default=1,
        )

    def open_anyway(self, reason: str) -> bool:
        return self._ask(
            told(reason), "", ((tr("&Open Anyway"), True), (tr("Cancel"), False)), default=1
        )

    def recover(self, names: list[str]) -> Recover:
        shown = ", ".join(tr("“{name}”", name=name) for name in names[:3]) + (
            ", …" if len(names) > 3 else ""
        )
        answers: tuple[tuple[str, Recover], ...] = (
            (tr("&Recover"), "recover"),
            (tr("&Discard"), "discard"),
            (tr("Not Now"), "later"),
        )
        return self._ask(
            tr("Recover unsaved work on {shown}?", shown=shown),
            tr("Lacuna did not end properly last time and kept a copy."),
            answers,
        )

    def variations(self, seconds: float | None) -> int | None:
        from app.dialogs.variations import VariationsDialog

        dialog = VariationsDialog(seconds, self.window)
        return dialog.count if dialog.exec() else None

    def allow_loss(self, name: str, losses: tuple[str, ...]) -> bool:
        return self._ask(
            tr("“{name}” cannot hold everything.", name=name),
            tr("This format cannot hold {losses}.", losses=tr(" or ").join(map(told, losses))),
            ((tr("&Save Anyway"), True), (tr("Cancel"), False)),
            default=1,
        )

    def quality(self, name: str) -> int | None:
        dialog = QualityDialog(name, self.window)
        return dialog.quality if dialog.exec() else None

    def pictures_to_open(self, folder: Path | None) -> list[Path]:
        names, _ = QFileDialog.getOpenFileNames(
            self.window, tr("Open"), str(folder or ""), f"{tr(OPENED)};;{_kinds(PROJECTS)}"
        )
        return [Path(name) for name in names]

    def picture_to_save(self, proposal: Path, title: str) -> Path | None:
        kinds = list(WRITTEN)
        ending = f"*{proposal.suffix.lower()}"
        chosen = next((kind for kind in kinds if ending in kind), kinds[0])
        name, kind = QFileDialog.getSaveFileName(
            self.window, title, str(proposal), ";;".join(kinds), chosen
        )
        if not name:
            return None
        return self._completed(Path(name), kind)

    def project_to_save(self, proposal: Path) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(
            self.window, tr("Save Project As"), str(proposal), tr(PROJECTS)
        )
        path = Path(name)
        if not name or path.suffix.lower() == ".lacuna":
            return path if name else None
        # The file dialog has asked about the name as it was typed, not about this one.
        path = path.with_name(f"{path.name}.lacuna")
        return path if not path.exists() or self._may_replace(path.name) else None

    def mask_to_open(self, folder: Path | None) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(
            self.window, tr("Open Mask"), str(folder or ""), _kinds(PICTURES)
        )
        return Path(name) if name else None

    def mask_of_other_size(self, name: str, own: tuple[int, int], size: tuple[int, int]) -> Fit:
        from engine.pictures import has_same_shape

        is_alike = has_same_shape(own, size)
        answers: tuple[tuple[str, Fit], ...] = (
            (tr("&Scale to the Picture"), "scale"),
            (tr("&Place at the Corner"), "corner"),
            (tr("Cancel"), "cancel"),
        )
        return self._ask(
            tr(
                "“{name}” has {own_width} × {own_height} pixels, the picture {width} × {height}.",
                name=name,
                own_width=own[0],
                own_height=own[1],
                width=size[0],
                height=size[1],
            ),
            tr("Both have the same shape, so scaling it fits.")
            if is_alike
            else tr(
                "They differ in shape: scaling would distort it; at the upper left corner it "
                "keeps its size."
            ),
            answers,
            default=0 if is_alike else 1,
        )

    def mask_to_save(self, proposal: Path) -> Path | None:
        name, kind = QFileDialog.getSaveFileName(
            self.window, tr("Save Mask"), str(proposal), WRITTEN[0]
        )
        return self._completed(Path(name), kind) if name else None

    def checkpoint_to_open(self, network: str) -> Path | None:
        return self._file_to_open(
            tr("Import a Checkpoint of {network}", network=network), CHECKPOINTS
        )

    def weights_to_add(self) -> Path | None:
        return self._file_to_open(tr("Add a File of Weights"), WEIGHTS)

    def file_to_use(self, title: str, kinds: str, folder: Path | None) -> Path | None:
        everything = tr(EVERYTHING)
        name, _ = QFileDialog.getOpenFileName(
            self._parent, title, str(folder or ""), f"{kinds};;{everything}"
        )
        return Path(name) if name else None

    def folder_to_use(self, title: str, folder: Path | None) -> Path | None:
        name = QFileDialog.getExistingDirectory(self._parent, title, str(folder or ""))
        return Path(name) if name else None

    def recipe_to_open(self, folder: Path | None) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(
            self._parent, tr("Open Recipe"), str(folder or ""), _kinds(SETTINGS)
        )
        return Path(name) if name else None

    def recipe_to_save(self, proposal: Path) -> Path | None:
        return self._document_to_save(tr("Save Recipe"), proposal)

    def report_to_save(self, proposal: Path) -> Path | None:
        return self._document_to_save(tr("Save Report"), proposal)

    def replace_pictures(self, count: int) -> bool:
        return self._ask(
            tr_n(
                "Replace the picture by the filled version?",
                "Replace {n:,} pictures by the filled versions?",
                count,
            ),
            tr("The originals are lost; choose another folder or name to keep them."),
            ((tr("&Replace"), True), (tr("Cancel"), False)),
            default=1,
        )

    def quit_batch(self, state: str) -> bool:
        return self._ask(
            tr("A folder is still being filled: {state}.", state=state),
            tr("What is finished stays, and Inpaint Folder goes on from there the next time."),
            ((tr("&Quit"), True), (tr("Cancel"), False)),
            default=1,
        )

    def replace_weights(self, name: str) -> bool:
        return self._may_replace(name)

    def remove_weights(self, name: str) -> bool:
        return self._ask(
            tr("Move “{name}” to the trash?", name=name),
            tr("You can put it back from there."),
            ((tr("&Move to Trash"), True), (tr("Cancel"), False)),
        )

    def _document_to_save(self, title: str, proposal: Path) -> Path | None:
        name, kind = QFileDialog.getSaveFileName(self._parent, title, str(proposal), SETTINGS)
        return self._completed(Path(name), kind) if name else None

    def _file_to_open(self, title: str, kind: str) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(self._parent, title, "", _kinds(kind))
        return Path(name) if name else None

    @property
    def _parent(self) -> QWidget | None:
        """The window to stand over: the one that asks, or the main window."""
        return QApplication.activeModalWidget() or QApplication.activeWindow() or self.window

    def _completed(self, path: Path, kind: str) -> Path | None:
        """A name typed without an ending with that of the chosen format; None = do not save."""
        if path.suffix:
            return path
        path = path.with_name(path.name + kind.split("*")[1].split(maxsplit=1)[0].rstrip(")"))
        # The file dialog has asked about the name as it was typed, not about this one.
        if path.exists() and not self._may_replace(path.name):
            return None
        return path

    def _may_replace(self, name: str) -> bool:
        return self._ask(
            tr("“{name}” exists already.", name=name),
            tr("Its present content would be lost."),
            ((tr("&Replace"), True), (tr("Cancel"), False)),
            default=1,
        )

    def _ask(
        self, text: str, more: str, answers: tuple[tuple[str, Answer], ...], default: int = 0
    ) -> Answer:
        """A question with its buttons; the last answer is what closing the window means."""
        dialog = QuestionDialog(text, more, [label for label, _ in answers], default, self._parent)
        dialog.exec()
        return answers[dialog.chosen][1]


class QuestionDialog(QDialog):
    """A sentence, what follows from it, and one button for each answer.

    Attributes:
        chosen: index of the answer; the last one, too, when the dialog is closed.
    """

    def __init__(
        self, text: str, more: str, answers: list[str], default: int, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Lacuna")
        self.chosen = len(answers) - 1
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 20, MARGIN, 16)
        layout.setSpacing(8)
        for sentence, role in ((text, ""), (more, "dim")):
            if sentence:
                label = QLabel(shortened(sentence))
                label.setTextFormat(Qt.TextFormat.PlainText)
                label.setWordWrap(True)
                label.setProperty("role", role)
                label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
                layout.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        layout.addSpacing(10)
        layout.addStretch(1)
        layout.addLayout(row)
        # What most people want stands at the right, what changes nothing at the left.
        for index in reversed(range(len(answers))):
            button = QPushButton(answers[index])
            button.clicked.connect(partial(self._choose, index))
            row.addWidget(button)
            if index == default:
                button.setDefault(True)
                button.setFocus()
        self.setMinimumWidth(WIDTH)
        # Qt would take the height that the sentences have when they are wrapped much narrower.
        self.ensurePolished()
        width = max(WIDTH, row.sizeHint().width() + 2 * MARGIN)
        self.resize(width, self.heightForWidth(width))

    def _choose(self, index: int) -> None:
        self.chosen = index
        self.accept()


class QualityDialog(QDialog):
    """How strongly a lossy file may be compressed."""

    def __init__(self, name: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Save"))
        self._quality = DEFAULT_QUALITY
        self._row = NumberRow(tr("Quality"), 1, 100)
        self._row.show_value(DEFAULT_QUALITY)
        self._row.changed.connect(self._set)
        text = QLabel(
            shortened(
                tr("Quality of “{name}”: higher keeps more and makes a larger file.", name=name)
            )
        )
        text.setWordWrap(True)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(14)
        layout.addWidget(text)
        layout.addWidget(self._row)
        layout.addWidget(buttons)
        self.setMinimumWidth(400)

    @property
    def quality(self) -> int:
        return self._quality

    def _set(self, quality: float) -> None:
        self._quality = round(quality)


def _kinds(first: str) -> str:
    """The filter of a file dialog: what is looked for, then everything."""
    return f"{tr(first)};;{tr(EVERYTHING)}"
