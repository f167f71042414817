"""What a new training run needs: the recipe first, the numbers last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.train_advanced import Advanced
from app.dialogs.train_masks import MasksRow
from app.dialogs.train_pictures import PicturesRow
from app.dialogs.train_presets import PresetRows
from app.dialogs.train_start import NetworkRow
from app.language import tr
from app.panels.controls import QuietComboBox, TextField
from app.panels.section import Section
from app.session.training_wish import Wish, trainable
from app.session.training_words import DEVICES, devices, memory_needed, memory_problem
from engine.errors import InvalidInputError, PictureError
from engine.pictures.files import check_folder

if TYPE_CHECKING:
    from app.session.session import Session
    from training.config import Preset, TrainingConfig

BELOW_EDGE = 5
LABEL_WIDTH = 84
SETTLE_MS = 400
"""Rest after a change of the crop before the folder is looked at again."""


class SetupPage(QScrollArea):
    """Fills in a `Wish`; the workers check it at once.

    Signals:
        changed: `problem` may have another answer.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._session = session
        self._training = session.training
        last = Wish(_first_backend(session), data=session.settings.training_data)
        self.wish = self._training.wish or last
        self._scanned: tuple[str, int] | None = None
        self._drawn: object = None
        self._mask_seed = 0
        self._own_folder = False
        self.presets = PresetRows()
        self.network = NetworkRow(session)
        self.pictures = PicturesRow(self._training.checks)
        self.masks = MasksRow(self._training.checks)
        self.device = QuietComboBox()
        self.device.setAccessibleName(tr("Device"))
        self.memory = QLabel()
        self.memory.setWordWrap(True)
        self.memory.setProperty("role", "dim")
        self.folder = TextField()
        self.folder.setAccessibleName(tr("Folder of the run"))
        self.choose_folder = QPushButton(tr("Choose…"))
        self.choose_folder.setAutoDefault(False)
        self.advanced = Advanced()
        self.section = Section(tr("Advanced"), self.advanced)
        self.section.set_unfolded(False)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(SETTLE_MS)
        self._rest.timeout.connect(self._scan)
        self._lay_out()
        self._connect()
        self.pictures.show_path(self.wish.data)
        self.network.show_networks(trainable(), self.wish.backend, self.wish.start)
        self.device.setCurrentIndex(self.device.findData(self.wish.device))
        self._propose()
        self._show()
        self._scan()

    def _lay_out(self) -> None:
        for device in devices():
            self.device.addItem(tr(DEVICES[device]), device)
        machine = QWidget()
        column = QVBoxLayout(machine)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.device)
        column.addWidget(self.memory)
        place = QWidget()
        row = QHBoxLayout(place)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.folder, 1)
        row.addWidget(self.choose_folder)
        form = QGridLayout()
        form.setContentsMargins(16, 14, 16, 10)
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(16)
        form.setColumnStretch(1, 1)
        rows: tuple[tuple[str, QWidget], ...] = (
            (tr("Recipe"), self.presets),
            (tr("Network"), self.network),
            (tr("Pictures"), self.pictures),
            (tr("Masks"), self.masks),
            (tr("Device"), machine),
            (tr("Run folder"), place),
        )
        for number, (label, part) in enumerate(rows):
            # The text of a radio button stands higher in its row than that of a field.
            form.addWidget(_name(label, 0 if part is self.presets else BELOW_EDGE), number, 0)
            form.addWidget(part, number, 1)
        inside = QWidget()
        inside.setObjectName("column")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(form)
        layout.addWidget(self.section)
        layout.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def _connect(self) -> None:
        self.presets.chosen.connect(self._on_preset)
        self.network.chosen.connect(self._on_network)
        self.network.start_chosen.connect(self._on_start)
        self.pictures.changed.connect(self._on_data)
        self.pictures.ask.connect(self._ask_pictures)
        self.masks.chosen.connect(self._on_masks)
        self.masks.ask.connect(self._ask_masks)
        self.masks.others.connect(self._other_masks)
        self.device.activated.connect(self._on_device)
        self.folder.editingFinished.connect(self._on_folder)
        self.choose_folder.clicked.connect(self._ask_folder)
        self.advanced.changed.connect(self._on_number)
        self._training.checks.scanned.connect(self.changed)
        self._training.checks.drawn.connect(self.changed)

    # --- the answer --------------------------------------------------------------------------

    @property
    def run_folder(self) -> Path:
        return Path(self.folder.text().strip())

    def config(self) -> TrainingConfig:
        """The settings of the run.

        Raises:
            InvalidInputError: if a number cannot be used.
        """
        return self.wish.config()

    @property
    def problem(self) -> str:
        """Why the training cannot begin, as a sentence; empty if it can."""
        try:
            config = self.config()
        except InvalidInputError as error:
            return str(error)
        checks = self._training.checks
        problem = self.pictures.problem or checks.masks_problem or self._folder_problem
        return problem or memory_problem(config)

    @property
    def _folder_problem(self) -> str:
        folder = self.run_folder
        if not folder.is_absolute():
            return tr("Name the run's folder with its whole path.")
        if (folder / "config.toml").exists():
            return tr(
                "“{name}” holds a run already, which stays; choose another run folder.",
                name=folder.name,
            )
        try:
            check_folder(folder)
        except PictureError as error:
            return str(error)
        return ""

    # --- showing -----------------------------------------------------------------------------

    def _show(self) -> None:
        wish = self.wish
        speed = self._training.speed(wish.backend)
        self.presets.show_chosen(wish.preset, wish.backend, speed)
        self.masks.show_kind(wish.kind)
        self.advanced.show_wish(wish)
        self.pictures.show_size(wish.size)
        self._show_memory()
        self._draw()
        if self._wanted_scan != self._scanned:
            self._rest.start()
        self.changed.emit()

    def _show_memory(self) -> None:
        try:
            self.memory.setText(memory_needed(self.config()))
        except InvalidInputError:
            self.memory.setText("")

    def _draw(self) -> None:
        try:
            config = self.config()
        except InvalidInputError:
            return
        wanted = (config.masks, config.coverage, config.size, self._mask_seed)
        if wanted != self._drawn:
            self._drawn = wanted
            self._training.checks.draw_masks(*wanted)

    @property
    def _wanted_scan(self) -> tuple[str, int]:
        return self.wish.data, self.wish.smallest

    @Slot()
    def _scan(self) -> None:
        self._rest.stop()
        if self._wanted_scan == self._scanned:
            return
        self._scanned = data, smallest = self._wanted_scan
        if data:
            self._training.checks.look_into(Path(data), smallest)
        else:
            self._training.checks.stop_looking()

    def _propose(self) -> None:
        if not self._own_folder:
            self.folder.setText(str(self._training.propose_folder(self.wish.backend)))

    # --- what the user does ------------------------------------------------------------------

    def _on_preset(self, preset: str) -> None:
        self.wish.preset = cast("Preset", preset)
        self.wish.changes.clear()
        self._show()

    def _on_network(self, backend_id: str) -> None:
        self.wish.backend = backend_id
        self.wish.changes.clear()
        self._propose()
        self._show()

    def _on_start(self, path: str) -> None:
        self.wish.start = path
        self._show()

    def _on_data(self, path: str) -> None:
        self.wish.data = path
        self._scan()
        self._show()

    def _on_masks(self, kind: str) -> None:
        self.wish.masks = kind
        self._show()

    def _other_masks(self) -> None:
        self._mask_seed += 1
        self._draw()

    def _on_device(self, index: int) -> None:
        self.wish.device = self.device.itemData(index)
        self._show()

    def _on_folder(self) -> None:
        self._own_folder = True
        self.changed.emit()

    def _on_number(self, name: str, text: str) -> None:
        if text:
            self.wish.changes[name] = text
        else:
            self.wish.changes.pop(name, None)
        self._show()

    def _ask_pictures(self) -> None:
        folder = self._asked(tr("Pictures to Train On"), self.wish.data)
        if folder is not None:
            self.pictures.show_path(str(folder))
            self._on_data(str(folder))

    def _ask_masks(self) -> None:
        folder = self._asked(tr("Folder of Mask Files"), self.wish.masks)
        if folder is not None:
            self.wish.masks = str(folder)
        self._show()

    def _ask_folder(self) -> None:
        folder = self._asked(tr("Folder of the Run"), str(self.run_folder.parent))
        if folder is not None:
            self.folder.setText(str(folder))
            self._on_folder()

    def _asked(self, title: str, folder: str) -> Path | None:
        start = Path(folder) if folder else None
        return self._session.questions.folder_to_use(title, start)


def _first_backend(session: Session) -> str:
    """The chosen network, if it can be trained, else the first that can."""
    known = [spec.id for spec in trainable()]
    return session.backend.id if session.backend.id in known else known[0]


def _name(text: str, below: int) -> QWidget:
    """A label that stands as high as its row's first line, some pixels below the top."""
    label = QLabel(text)
    label.setFixedWidth(LABEL_WIDTH)
    label.setContentsMargins(0, below, 0, 0)
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(label)
    layout.addStretch(1)
    return box
