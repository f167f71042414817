"""The line at the bottom: the picture, the hole, the zoom, the device, and what is going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Slot
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton

from app.language import told, tr, tr_n
from app.panels.batch import BatchButton
from app.panels.training import TrainingButton

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from app.session.notices import Activity
    from app.session.session import Session
    from app.session.tasks import Tasks

BAR_WIDTH = 140
BAR_STEPS = 1000
TICK_MS = 250
WIDEST_TEXT = 48


class Status(QStatusBar):
    """Quiet figures at the left, progress with its own stop button at the right."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._picture = QLabel()
        self._hole = QLabel()
        self._zoom = QLabel()
        self._device = QLabel()
        self._activity = QLabel()
        self._bar = QProgressBar()
        self._bar.setRange(0, BAR_STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(BAR_WIDTH)
        self._bar.setAccessibleName(tr("Progress"))
        self._stop = QToolButton()
        self._stop.setText("×")
        self._stop.setToolTip(tr("Cancel (Esc)"))
        self._stop.setAccessibleName(tr("Cancel"))
        self._stop.setIconSize(QSize(14, 14))
        self._stop.clicked.connect(self._cancel)
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._show_activity)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 0, 6, 0)
        for label in (self._picture, self._hole, self._zoom, self._device):
            self.addWidget(label)
        self._training = TrainingButton(session)
        self._batch = BatchButton(session)
        for part in (self._activity, self._bar, self._stop, self._training, self._batch):
            self.addPermanentWidget(part)
        session.document_changed.connect(self._show_picture)
        session.hole_changed.connect(self._show_hole)
        session.runs.results_changed.connect(self._show_device)
        session.runs.tasks.changed.connect(self._show_activity)
        session.files.tasks.changed.connect(self._show_activity)
        session.selecting.tasks.changed.connect(self._show_activity)
        self._show_picture()
        self._show_hole()
        self._show_device()
        self._show_activity()

    def show_zoom(self, share: float) -> None:
        self._zoom.setText(f"{share * 100:.3g} %" if self._session.has_picture else "")

    def use_icons(self, icons: dict[str, QIcon]) -> None:
        self._stop.setIcon(icons["cancel"])
        self._stop.setText("")

    @Slot()
    def _show_picture(self) -> None:
        document = self._session.document
        self._hide_empty()
        if document is None:
            self._picture.clear()
            self._zoom.clear()
            return
        depth = document.image.dtype.itemsize * 8
        kind = (tr("Grey"), tr("Grey + alpha"), "RGB", tr("RGB + alpha"))[
            document.image.shape[2] - 1
        ]
        profile = profile_name(document.picture.source.icc)
        parts = [
            f"{document.width} × {document.height}",
            tr("{depth}-bit {kind}", depth=depth, kind=kind),
            profile,
        ]
        self._picture.setText("   ".join(part for part in parts if part))

    def _hide_empty(self) -> None:
        """Without a picture the rest stands at the left: an empty label would keep its gap."""
        for label in (self._picture, self._hole, self._zoom):
            label.setVisible(self._session.has_picture)

    @Slot()
    def _show_hole(self) -> None:
        hole = self._session.hole
        if hole is None or hole.regions == 0:
            self._hole.setText(tr("no hole") if self._session.has_picture else "")
            return
        percent = hole.share * 100
        share = tr("{share:.1f} %", share=percent) if percent >= 0.1 else tr("< 0.1 %")
        text = tr_n(
            "hole {share} in {n} region", "hole {share} in {n} regions", hole.regions, share=share
        )
        self._hole.setText(text)

    @Slot()
    def _show_device(self) -> None:
        result = self._session.runs.shelf.current
        if result is None:
            self._device.setText("CPU")
            self._device.setToolTip(tr("Where the fill is computed"))
            return
        made = result.result
        text = made.device.upper() + (f" ({told(made.fallback)})" if made.fallback else "")
        self._device.setText(text if len(text) <= WIDEST_TEXT else f"{text[:WIDEST_TEXT]}…")
        self._device.setToolTip(text)

    @Slot()
    def _show_activity(self) -> None:
        tasks = self._busy()
        activity = tasks.activity if tasks is not None else None
        for part in (self._activity, self._bar, self._stop):
            part.setVisible(activity is not None)
        if activity is None:
            self._clock.stop()
            return
        if not self._clock.isActive():
            self._clock.start()
        self._show_progress(activity)

    def _show_progress(self, activity: Activity) -> None:
        self._activity.setText(activity.text)
        self._bar.setValue(round(activity.share * BAR_STEPS))
        self._stop.setVisible(activity.can_cancel)

    def _busy(self) -> Tasks | None:
        session = self._session
        for tasks in (session.files.tasks, session.selecting.tasks, session.runs.tasks):
            if tasks.activity is not None:
                return tasks
        return None

    def _cancel(self) -> None:
        tasks = self._busy()
        if tasks is not None:
            tasks.cancel_shown()


def profile_name(icc: bytes | None) -> str:
    """What a colour profile calls itself; empty for none."""
    if icc is None:
        return ""
    from io import BytesIO

    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(icc))
        return ImageCms.getProfileDescription(profile).strip()[:WIDEST_TEXT]
    except (ImageCms.PyCMSError, OSError):
        return tr("unreadable profile")
