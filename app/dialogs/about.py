"""Who made what: Lacuna, and the works it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.licences import LicencesPage
from app.dialogs.sizes import open_at
from app.language import told, tr
from engine import __version__, registry

if TYPE_CHECKING:
    from app.session.tasks import Tasks

PARTS = (
    ("Qt and PySide6", "LGPL-3.0"),
    ("NumPy", "BSD-3-Clause"),
    ("Numba", "BSD-2-Clause"),
    ("OpenCV", "Apache-2.0"),
    ("Pillow", "MIT-CMU"),
    ("tifffile", "BSD-3-Clause"),
    ("QtAwesome with Material Design Icons 6", "MIT; Apache-2.0"),
    ("platformdirs", "MIT"),
    ("psutil", "BSD-3-Clause"),
    ("msgspec", "BSD-3-Clause"),
    ("PyTorch", "BSD-3-Clause"),
    ("safetensors", "Apache-2.0"),
    ("Lightning Fabric and TorchMetrics", "Apache-2.0"),
    ("Rich", "MIT"),
    ("PyQtGraph", "MIT"),
)
"""What is installed with Lacuna, and under which licence."""

FIRST_SIZE = QSize(940, 600)


class AboutDialog(QDialog):
    """Version, methods and licences."""

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About Lacuna"))
        title = QLabel(f"Lacuna {__version__}")
        title.setProperty("role", "title")
        promise = QLabel(tr("Makes unwanted things vanish from photographs. MIT licence."))
        promise.setProperty("role", "dim")
        text = QTextBrowser()
        text.setAccessibleName(tr("Credits"))
        text.setHtml(credits_html())
        text.setMinimumHeight(260)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 18, 22, 14)
        layout.setSpacing(10)
        self.licences = LicencesPage(tasks)
        self.pages = QTabWidget()
        self.pages.setDocumentMode(True)
        self.pages.addTab(text, tr("Credits"))
        self.pages.addTab(self.licences, tr("Licences"))
        self.pages.currentChanged.connect(self._on_page)
        for part in (title, promise, self.pages, buttons):
            layout.addWidget(part)
        open_at(self, FIRST_SIZE)

    def done(self, result: int) -> None:
        self.licences.leave()
        super().done(result)

    @Slot(int)
    def _on_page(self) -> None:
        if self.pages.currentWidget() is self.licences:
            self.licences.load()


def credits_html() -> str:
    """The backends with their papers, then the libraries with their licences."""
    methods = "".join(
        f"<tr><td>{told(spec.label)}&nbsp;&nbsp;</td><td>{spec.paper}</td></tr>"
        for spec in registry.specs()
        if spec.paper
    )
    parts = "".join(
        f"<tr><td>{name}&nbsp;&nbsp;</td><td>{licence}</td></tr>" for name, licence in PARTS
    )
    return (
        f"<p><b>{tr('Methods')}</b></p><table cellspacing='3'>{methods}</table>"
        f"<p><b>{tr('Built on')}</b></p><table cellspacing='3'>{parts}</table>"
    )
