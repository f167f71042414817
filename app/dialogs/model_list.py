"""The networks as a table, each with its files of weights where there are several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from app.language import told, tr, tr_later
from app.panels.backend import wrapped
from app.session.model_words import millions, missing, origin, side
from engine.registry import specs

if TYPE_CHECKING:
    from pathlib import Path

    from app.session.models import Models
    from engine.backend import BackendSpec
    from engine.weights import Broken, WeightFile

COLUMNS = (tr_later("Network"), tr_later("Parameters"), tr_later("Trained at"), tr_later("Weights"))
BROKEN = tr_later("Files that cannot be used")
CHOSEN = Qt.ItemDataRole.UserRole
NUMBERS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Chosen:
    """A row of the table: a network, perhaps with a file, or a file that cannot be used."""

    spec: BackendSpec | None = None
    file: WeightFile | None = None
    broken: Broken | None = None

    @property
    def path(self) -> Path | None:
        """Of the row's file."""
        if self.broken is not None:
            return self.broken.path
        return self.file.path if self.file is not None else None

    @property
    def backend_id(self) -> str:
        return self.spec.id if self.spec is not None else ""


class ModelList(QTreeWidget):
    """Shows what `app.session.models` knows.

    Signals:
        chosen_changed: another row, or the same one with other contents.
    """

    chosen_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[QTreeWidgetItem] = []
        """Those that stand for something."""
        self.setObjectName("models")
        self.setHeaderLabels([tr(title) for title in COLUMNS])
        self.headerItem().setTextAlignment(1, NUMBERS)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setRootIsDecorated(False)
        self.setIndentation(14)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAccessibleName(tr("Networks and their weights"))
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionsClickable(False)
        header.setSectionsMovable(False)
        self.currentItemChanged.connect(lambda *_: self.chosen_changed.emit())

    @property
    def chosen(self) -> Chosen:
        """The current row; an empty one if there is none."""
        item = self.currentItem()
        return _meaning(item) if item is not None else Chosen()

    def show_models(self, models: Models) -> None:
        """Build the rows anew; the current one stays the current one."""
        before = self.chosen
        with QSignalBlocker(self):
            self._rows.clear()
            self.clear()
            for spec in specs():
                if spec.network:
                    self._add_network(spec, models)
            if models.broken:
                self._add_broken(models.broken)
            self.expandAll()
        self.choose(before.backend_id, before.path)

    def choose(self, backend_id: str, path: Path | None = None) -> None:
        """Make the row of a file the current one, else that of a backend, else the first."""
        rows = self._rows
        found = [row for row in rows if path is not None and _meaning(row).path == path]
        same = [row for row in found if _meaning(row).backend_id == backend_id]
        others = [row for row in rows if _meaning(row).backend_id == backend_id != ""]
        with QSignalBlocker(self):
            for row in [*same, *found, *others, *rows][:1]:
                self.setCurrentItem(row)
        self.chosen_changed.emit()

    def choose_file(self, path: Path) -> None:
        """Make the row of a file the current one."""
        self.choose("", path)

    def _add_network(self, spec: BackendSpec, models: Models) -> None:
        row = _network_row(spec, models)
        self._rows.append(row)
        self.addTopLevelItem(row)
        files = models.files(spec)
        if len(files) > 1:
            children = [_file_row(spec, file, is_used=file is files[0]) for file in files]
            row.addChildren(children)
            for child in children:
                child.setFirstColumnSpanned(True)
            self._rows += children

    def _add_broken(self, files: tuple[Broken, ...]) -> None:
        group = QTreeWidgetItem([tr(BROKEN)])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.addTopLevelItem(group)
        group.setFirstColumnSpanned(True)
        for broken in files:
            row = QTreeWidgetItem([broken.path.name])
            row.setData(0, CHOSEN, Chosen(broken=broken))
            row.setToolTip(0, wrapped(f"{broken.path.name}: {told(broken.why)}"))
            self._rows.append(row)
            group.addChild(row)
            row.setFirstColumnSpanned(True)


def _meaning(row: QTreeWidgetItem) -> Chosen:
    chosen = row.data(0, CHOSEN)
    return chosen if isinstance(chosen, Chosen) else Chosen()


def _network_row(spec: BackendSpec, models: Models) -> QTreeWidgetItem:
    used = models.file(spec)
    words = origin(used) if used is not None else (tr("none") if models.is_known else "…")
    row = QTreeWidgetItem(
        [told(spec.label), millions(spec.parameters), f"{side(spec, used) or '?'} px", words]
    )
    row.setData(0, CHOSEN, Chosen(spec, used))
    row.setTextAlignment(1, NUMBERS)
    row.setToolTip(3, wrapped(missing(spec)) if models.lacks_weights(spec) else "")
    return row


def _file_row(spec: BackendSpec, file: WeightFile, *, is_used: bool) -> QTreeWidgetItem:
    whence = tr("{origin}, used", origin=origin(file)) if is_used else origin(file)
    row = QTreeWidgetItem([f"{file.path.name}  ({whence})"])
    row.setData(0, CHOSEN, Chosen(spec, file))
    row.setToolTip(0, wrapped(str(file.path)))
    return row
