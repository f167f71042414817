"""Training from the editor: one run at a time, in a process of its own."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import platformdirs
from PySide6.QtCore import QObject, QTemporaryFile, Signal, Slot

from app.language import told, tr, tr_later
from app.processes import TrainingProcess, is_alive
from app.session.notices import Notice
from app.session.training_checks import TrainingChecks
from app.session.training_course import Course
from engine import registry, weights
from engine.jobs import Job
from training.events import Sample, Step

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from app.processes import Outcome
    from app.session.session import Session
    from app.session.training_wish import Wish
    from app.session.training_work import Past
    from engine.backend import BackendSpec
    from training.config import TrainingConfig

log = logging.getLogger(__name__)

State: TypeAlias = Literal["none", "past", "running", "stopping", "paused", "ended", "failed"]

MEASURED_AFTER_S = 60.0
"""A rate counts as measured after so long; before that, it contains what happens but once."""


class Training(QObject):
    """Verbs on training runs.

    Signals:
        began: a run has begun or goes on; what must not be forgotten in a crash is in settings.
        moved: the course of the run, or its state, has changed.
        sheet_changed: `sheet` is another picture.
        wanted: somebody wants to see the dialog.
    """

    began = Signal()
    moved = Signal()
    sheet_changed = Signal()
    wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.state: State = "none"
        self.folder: Path | None = None
        self.config: TrainingConfig | None = None
        self.course = Course()
        self.sheet: QImage | None = None
        self.complaint: Notice | None = None
        """What went wrong, with details, when the state is "failed"."""
        self.is_overdue = False
        """Whether the process was asked to stop and takes long over it."""
        self.wish: Wish | None = None
        """What was asked for last; the next time begins with it."""
        self._session = session
        self.checks = TrainingChecks(self)
        self._wish: QTemporaryFile | None = None
        self._pauses = False
        self._first_step: tuple[int, float] | None = None
        self.process = TrainingProcess(self)
        self.process.told.connect(self._on_told)
        self.process.overdue.connect(self._on_overdue)
        self.process.ended.connect(self._on_ended)

    # --- the run -----------------------------------------------------------------------------

    @property
    def is_on(self) -> bool:
        """Whether a process trains now."""
        return self.state in ("running", "stopping")

    @property
    def spec(self) -> BackendSpec | None:
        """The network of the run."""
        return registry.get(self.config.backend) if self.config is not None else None

    @property
    def model(self) -> Path | None:
        """The file that came of the run; None if none has."""
        finished = self.course.finished
        return Path(finished.path) if finished is not None else None

    @property
    def can_go_on(self) -> bool:
        """Whether there is a run that has not reached its end."""
        return self.state in ("past", "paused", "ended", "failed") and (
            self.folder is not None and not self.course.is_complete and self._has_begun
        )

    @property
    def _lives_on(self) -> bool:
        """Whether a process that this editor has not started trains in the folder.

        After a crash of the editor its process ends by itself, but not at once.
        """
        pid = self._session.settings.training_pid
        return not self.is_on and pid > 0 and is_alive(pid, str(self.folder))

    @property
    def _has_begun(self) -> bool:
        """Whether the folder is a run's: otherwise there is nothing to go on with."""
        return self.course.started is not None

    def start(self, config: TrainingConfig, folder: Path) -> None:
        """Train anew, in a folder that holds no run."""
        if self.is_on:
            return
        from training.config import to_toml

        # The process writes its own copy into the run's folder, which must not hold one yet.
        self._wish = QTemporaryFile(self)
        self._wish.open()
        self._wish.write(to_toml(config).encode())
        self._wish.close()
        self.course, self.sheet = Course(), None
        self._run(config, folder, ["train", self._wish.fileName()])

    def go_on(self) -> None:
        """Go on with the run that was paused, stopped or interrupted."""
        if self._lives_on:
            self.complaint = Notice(
                tr(
                    "The process of this run has not ended yet, or another window of Lacuna "
                    "trains it; try again when it has."
                ),
                "warning",
            )
            self.moved.emit()
        elif self.can_go_on and self.config is not None and self.folder is not None:
            words = ["train", "--resume"]
            limit, nights = self.config.time_limit_s, self.course.nights
            if limit is not None and nights:
                # The limit counts from the run's beginning; another night is wanted.
                words += ["--set", f"time_limit_s={limit * (nights + 1)}"]
            self._run(self.config, self.folder, words)

    def _run(self, config: TrainingConfig, folder: Path, words: list[str]) -> None:
        self.config, self.folder = config, folder
        self.complaint, self.is_overdue, self._pauses = None, False, False
        self._first_step = None
        self.state = "running"
        settings = self._session.settings
        settings.training_run, settings.training_data = str(folder), config.data
        settings.training_pid = self.process.start([*words, "--out", str(folder), "--events"])
        self.began.emit()
        self.moved.emit()

    def pause(self) -> None:
        """End the process after a checkpoint, to go on later; memory and card are free then."""
        self._pauses = True
        self._stop()

    def stop(self) -> None:
        """End the run after a checkpoint."""
        self._pauses = False
        self._stop()

    def _stop(self) -> None:
        if self.state == "running":
            self.state = "stopping"
            self.process.stop()
            self.moved.emit()

    def kill(self) -> None:
        """End a process that does not stop; what came after the last checkpoint is lost."""
        self.process.kill()

    def forget(self) -> None:
        """Make room for another run; the files of this one stay."""
        if not self.is_on:
            self._session.settings.training_run = ""
            self.state, self.folder, self.config = "none", None, None
            self.course, self.sheet, self.complaint = Course(), None, None
            self.moved.emit()

    def use_in_editor(self) -> None:
        """Copy the model to where networks find their weights, and choose the network."""
        model, spec = self.model, self.spec
        if model is not None and spec is not None and self.config is not None:
            self._session.models.add(model, self._name_of_model(spec, self.config), self._use)

    def _name_of_model(self, spec: BackendSpec, config: TrainingConfig) -> str:
        stem = f"{spec.id}-{Path(config.data).name}-{self.course.step}".replace(" ", "-")
        taken = {path.name for path in weights.user_folder().glob(f"*{weights.ENDING}")}
        number, name = 2, f"{stem}{weights.ENDING}"
        while name in taken:
            number, name = number + 1, f"{stem}-{number}{weights.ENDING}"
        return name

    def _use(self, backend_id: str) -> None:
        # What is in use need not be offered once more after a restart.
        self._session.settings.training_run = ""
        self._session.use_backend(backend_id)
        self._session.say(
            tr(
                "{label} is chosen, with the new weights.",
                label=told(registry.get(backend_id).label),
            )
        )

    # --- before a run ------------------------------------------------------------------------

    def propose_folder(self, backend_id: str) -> Path:
        """A folder for a new run, which does not exist yet."""
        from app.session.training_wish import free_folder

        day = datetime.now().astimezone().date().isoformat()
        return free_folder(runs_folder(), f"{backend_id}-{day}")

    def speed(self, backend_id: str) -> float | None:
        """Picture pixels a second that this network was measured to learn from here."""
        return self._session.settings.training_speeds.get(backend_id)

    # --- after a restart ---------------------------------------------------------------------

    def look_back(self) -> None:
        """Find the run of last time, and offer to go on with it if it was interrupted."""
        name = self._session.settings.training_run
        if name and self.state == "none":
            from app.session.training_work import look_back

            self._session.files.tasks.start(
                Job(tr_later("Looking for the last training"), partial(look_back, Path(name))),
                self._on_past,
                failed=_log,
                quiet_s=float("inf"),
            )

    def _on_past(self, past: Past | None) -> None:
        if self.state != "none":
            return
        settings = self._session.settings
        if past is None or past.course.started is None:
            settings.training_run, settings.training_pid = "", 0
            return
        self.folder, self.config, self.course = past.folder, past.config, past.course
        self.state = "past"
        self._read_sheet()
        self.moved.emit()
        was_on = settings.training_pid and not self._lives_on
        if was_on and self.can_go_on and self.spec is not None:
            text = tr(
                "The training of {label} was interrupted at {place}.",
                label=told(self.spec.label),
                place=self.course.place,
            )
            way_on = ((tr("Continue…"), self.wanted.emit),)
            self._session.noticed.emit(Notice(text, actions=way_on, lasts=True))

    def end(self) -> bool:
        """The program ends: stop the process with a checkpoint, so that it can be gone on with.

        Returns:
            Whether all threads have ended.
        """
        self.process.shutdown()
        return self.checks.end()

    # --- what the process says ---------------------------------------------------------------

    @Slot(object)
    def _on_told(self, event: object) -> None:
        self.course.add(event)  # type: ignore[arg-type]
        if isinstance(event, Step):
            self._measure(event)
        elif isinstance(event, Sample):
            self._read_sheet()
        self.moved.emit()

    def _measure(self, event: Step) -> None:
        """Note the speed, once it can be trusted."""
        now = time.monotonic()
        if self._first_step is None or self.config is None:
            self._first_step = (event.step, now)
            return
        steps, seconds = event.step - self._first_step[0], now - self._first_step[1]
        if seconds >= MEASURED_AFTER_S and steps > 0:
            pixels = steps * self.config.batch * self.config.size**2
            self._session.settings.training_speeds[self.config.backend] = pixels / seconds

    @Slot()
    def _on_overdue(self) -> None:
        self.is_overdue = True
        self.moved.emit()

    @Slot(object)
    def _on_ended(self, outcome: Outcome) -> None:
        self.is_overdue = False
        self._session.settings.training_pid = 0
        if outcome.sentence:
            self.state = "failed"
            self.complaint = Notice(
                outcome.sentence, "error", details=outcome.details or outcome.sentence, lasts=True
            )
        else:
            self.state = "paused" if self._pauses or outcome.finished is None else "ended"
        if self._wish is not None:
            self._wish.remove()
            self._wish = None
        self.began.emit()
        self.moved.emit()
        self._tell()

    def _tell(self) -> None:
        """Say in the window how it ended; who has asked for that knows."""
        label = self.spec.label if self.spec is not None else ""
        show = ((tr("Show…"), self.wanted.emit),)
        if self.complaint is not None:
            text = tr(
                "The training of {label} has failed: {text}",
                label=label,
                text=told(self.complaint.text),
            )
            self._session.noticed.emit(
                Notice(text, "error", show, self.complaint.details, lasts=True)
            )
        elif self.course.finished is not None and self.course.finished.reason != "stopped":
            text = tr(
                "The training of {label} has ended after {step:,} steps.",
                label=label,
                step=self.course.step,
            )
            self._session.noticed.emit(Notice(text, actions=show, lasts=True))

    def _read_sheet(self) -> None:
        if self.course.sample is None:
            return
        from app.session.training_work import read_sheet

        self._session.files.tasks.start(
            Job(tr_later("Reading a sheet of samples"), partial(read_sheet, self.course.sample[1])),
            self._on_sheet,
            failed=_log,
            quiet_s=float("inf"),
        )

    def _on_sheet(self, sheet: QImage) -> None:
        if not sheet.isNull():
            self.sheet = sheet
            self.sheet_changed.emit()


def runs_folder() -> Path:
    """Where runs are kept unless another place is named."""
    return platformdirs.user_data_path("lacuna", appauthor=False) / "training"


def _log(error: Exception) -> None:
    log.warning("%s", error)
