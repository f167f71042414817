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

from app.language import tr
from app.panels.controls import NumberRow
from app.session.notices import shortened

if TYPE_CHECKING:
    from app.session.questions import Fit, Leave, Overwrite, Recover

Answer = TypeVar("Answer")

PICTURES = "Pictures (*.png *.jpg *.jpeg *.jpe *.jfif *.tif *.tiff *.webp *.bmp *.gif)"
OPENED = PICTURES.replace("Pictures", "Pictures and projects").replace(")", " *.lacuna)")
PROJECTS = "Lacuna projects (*.lacuna)"
WRITTEN = (
    "PNG (*.png)",
    "JPEG (*.jpg *.jpeg)",
    "TIFF (*.tif *.tiff)",
    "WebP (*.webp)",
    "BMP (*.bmp)",
)
CHECKPOINTS = "Checkpoints (*.pth *.pt *.ckpt *.tar)"
WEIGHTS = "Weights (*.safetensors)"
SETTINGS = "JSON (*.json)"
EVERYTHING = "All files (*)"
DEFAULT_QUALITY = 92


class DialogQuestions:
    """`app.session.questions.Questions` with dialogs over a window.

    Attributes:
        window: the dialogs' parent, as soon as there is one.
    """

    def __init__(self) -> None:
        self.window: QWidget | None = None

    def unsaved(self, name: str) -> Leave:
        answers: tuple[tuple[str, Leave], ...] = (
            ("&Save", "save"),
            ("&Discard", "discard"),
            ("Cancel", "cancel"),
        )
        return self._ask(
            f"Save the changes to “{name}”?",
            "They are lost if you do not save them.",
            answers,
        )

    def overwrite(self, name: str) -> Overwrite:
        answers: tuple[tuple[str, Overwrite], ...] = (
            ("&Overwrite", "overwrite"),
            ("Save &As…", "save_as"),
            ("Cancel", "cancel"),
        )
        return self._ask(
            f"Overwrite the original “{name}”?",
            "You are asked this once for each picture.",
            answers,
        )

    def replace_changed(self, name: str) -> Overwrite:
        answers: tuple[tuple[str, Overwrite], ...] = (
            ("&Overwrite", "overwrite"),
            ("Save &As…", "save_as"),
            ("Cancel", "cancel"),
        )
        return self._ask(
            f"“{name}” was changed by another program.",
            "Overwriting it would lose those changes.",
            answers,
            default=1,
        )

    def open_anyway(self, reason: str) -> bool:
        return self._ask(reason, "", (("&Open Anyway", True), ("Cancel", False)), default=1)

    def recover(self, names: list[str]) -> Recover:
        shown = ", ".join(f"“{name}”" for name in names[:3]) + (", …" if len(names) > 3 else "")
        answers: tuple[tuple[str, Recover], ...] = (
            ("&Recover", "recover"),
            ("&Discard", "discard"),
            ("Not Now", "later"),
        )
        return self._ask(
            f"Recover unsaved work on {shown}?",
            "Lacuna did not end properly last time and kept a copy.",
            answers,
        )

    def allow_loss(self, name: str, losses: tuple[str, ...]) -> bool:
        return self._ask(
            f"“{name}” cannot hold everything.",
            f"This format cannot hold {' or '.join(losses)}.",
            (("&Save Anyway", True), ("Cancel", False)),
            default=1,
        )

    def quality(self, name: str) -> int | None:
        dialog = QualityDialog(name, self.window)
        return dialog.quality if dialog.exec() else None

    def pictures_to_open(self, folder: Path | None) -> list[Path]:
        names, _ = QFileDialog.getOpenFileNames(
            self.window, "Open", str(folder or ""), f"{OPENED};;{PROJECTS};;{EVERYTHING}"
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
            self.window, tr("Save Project As"), str(proposal), PROJECTS
        )
        path = Path(name)
        if not name or path.suffix.lower() == ".lacuna":
            return path if name else None
        # The file dialog has asked about the name as it was typed, not about this one.
        path = path.with_name(f"{path.name}.lacuna")
        return path if not path.exists() or self._may_replace(path.name) else None

    def mask_to_open(self, folder: Path | None) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(
            self.window, "Open Mask", str(folder or ""), f"{PICTURES};;{EVERYTHING}"
        )
        return Path(name) if name else None

    def mask_of_other_size(self, name: str, own: tuple[int, int], size: tuple[int, int]) -> Fit:
        from engine.pictures import has_same_shape

        is_alike = has_same_shape(own, size)
        answers: tuple[tuple[str, Fit], ...] = (
            ("&Scale to the Picture", "scale"),
            ("&Place at the Corner", "corner"),
            ("Cancel", "cancel"),
        )
        return self._ask(
            f"“{name}” has {own[0]} × {own[1]} pixels, the picture {size[0]} × {size[1]}.",
            "Both have the same shape, so scaling it fits."
            if is_alike
            else "They differ in shape: scaling would distort it; at the upper left corner it "
            "keeps its size.",
            answers,
            default=0 if is_alike else 1,
        )

    def mask_to_save(self, proposal: Path) -> Path | None:
        name, kind = QFileDialog.getSaveFileName(
            self.window, "Save Mask", str(proposal), WRITTEN[0]
        )
        return self._completed(Path(name), kind) if name else None

    def checkpoint_to_open(self, network: str) -> Path | None:
        return self._file_to_open(f"Import a Checkpoint of {network}", CHECKPOINTS)

    def weights_to_add(self) -> Path | None:
        return self._file_to_open("Add a File of Weights", WEIGHTS)

    def folder_to_use(self, title: str, folder: Path | None) -> Path | None:
        name = QFileDialog.getExistingDirectory(self._parent, title, str(folder or ""))
        return Path(name) if name else None

    def recipe_to_open(self, folder: Path | None) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(
            self._parent, "Open Recipe", str(folder or ""), f"{SETTINGS};;{EVERYTHING}"
        )
        return Path(name) if name else None

    def recipe_to_save(self, proposal: Path) -> Path | None:
        return self._document_to_save("Save Recipe", proposal)

    def report_to_save(self, proposal: Path) -> Path | None:
        return self._document_to_save("Save Report", proposal)

    def replace_pictures(self, count: int) -> bool:
        pictures = "the picture" if count == 1 else f"{count:,} pictures"
        return self._ask(
            f"Replace {pictures} by the filled version?",
            "The originals are lost; choose another folder or name to keep them.",
            (("&Replace", True), ("Cancel", False)),
            default=1,
        )

    def quit_batch(self, state: str) -> bool:
        return self._ask(
            f"A folder is still being filled: {state}.",
            "What is finished stays, and Inpaint Folder goes on from there the next time.",
            (("&Quit", True), ("Cancel", False)),
            default=1,
        )

    def replace_weights(self, name: str) -> bool:
        return self._may_replace(name)

    def remove_weights(self, name: str) -> bool:
        return self._ask(
            f"Move “{name}” to the trash?",
            "You can put it back from there.",
            (("&Move to Trash", True), ("Cancel", False)),
        )

    def _document_to_save(self, title: str, proposal: Path) -> Path | None:
        name, kind = QFileDialog.getSaveFileName(self._parent, title, str(proposal), SETTINGS)
        return self._completed(Path(name), kind) if name else None

    def _file_to_open(self, title: str, kind: str) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(self._parent, title, "", f"{kind};;{EVERYTHING}")
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
            f"“{name}” exists already.",
            "Its present content would be lost.",
            (("&Replace", True), ("Cancel", False)),
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
        layout.setContentsMargins(22, 20, 22, 16)
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
        self.setMinimumWidth(440)

    def _choose(self, index: int) -> None:
        self.chosen = index
        self.accept()


class QualityDialog(QDialog):
    """How strongly a lossy file may be compressed."""

    def __init__(self, name: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save")
        self._quality = DEFAULT_QUALITY
        self._row = NumberRow("Quality", 1, 100)
        self._row.show_value(DEFAULT_QUALITY)
        self._row.changed.connect(self._set)
        text = QLabel(shortened(f"Quality of “{name}”: higher keeps more and makes a larger file."))
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
