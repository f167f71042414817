"""The picture that is shown and everything about it that window, panels and actions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.language import tr
from app.session.batch import Batch
from app.session.clipboard import Clipboard
from app.session.files import Files
from app.session.inspector import Inspector
from app.session.keypoints import Keypoints
from app.session.lineup import Lineup
from app.session.masks import Masks
from app.session.models import Models
from app.session.notices import Notice
from app.session.pictures import Pictures
from app.session.projects import Projects
from app.session.runs import NOTHING_MASKED, Runs
from app.session.selecting import Selecting
from app.session.shaping import Shaping
from app.session.toolbox import ToolBox
from app.session.training import Training
from app.session.watch import DiskWatch
from engine.blend.names import NAMES
from engine.errors import UnknownBackendError
from engine.registry import AUTO, complete_options, get

if TYPE_CHECKING:
    from pathlib import Path

    from app.canvas.panes import Comparison
    from app.document import Document
    from app.session.hole import HoleFigures
    from app.session.keeper import Keeper
    from app.session.questions import Questions
    from app.settings import Settings, Theme
    from engine.backend import BackendSpec, Options, OptionValue
    from engine.blend.names import Blend

MEASURE_AFTER_MS = 150


class Session(QObject):
    """One person at one window: a document, a tool, a backend, and what is shown how.

    `app.session.files.Files` and `app.session.runs.Runs` add the verbs that take time.

    Signals:
        document_changed: another picture is open, or none.
        history_changed: a step was done, undone or saved.
        look_changed: mask colour and the like, comparing, theme.
        backend_changed: another backend, other options or another seed.
        hole_changed: the figures in `hole` are new.
        state_changed: a predicate may have another answer.
        noticed: a Notice for the bar over the canvas; None closes it.
    """

    document_changed = Signal()
    history_changed = Signal()
    look_changed = Signal()
    backend_changed = Signal()
    hole_changed = Signal()
    state_changed = Signal()
    noticed = Signal(object)

    def __init__(
        self,
        settings: Settings,
        questions: Questions,
        recovery_folder: Path,
        spill_folder: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings
        self.questions = questions
        self.document: Document | None = None
        self.selecting = Selecting(self)
        self.selecting.settled.connect(self._run_after_search)
        self.toolbox = ToolBox(settings, self.selecting.search, self)
        self.toolbox.changed.connect(self.state_changed)
        self.mask_hidden = False
        self.comparing = False
        self.comparison: Comparison = "none"
        self.full_screen = False
        self._stroke_waits = False
        self.seed = 0
        self.has_ended = False
        self.hole: HoleFigures | None = None
        self._has_hole = False
        self._measuring = QTimer(self)
        self._measuring.setSingleShot(True)
        self._measuring.setInterval(MEASURE_AFTER_MS)
        self._measuring.timeout.connect(self._measure)
        self._forget_unknown_backend()
        self.files = Files(self)
        self.clipboard = Clipboard(self)
        self.masks = Masks(self, self.files.tasks)
        self.shaping = Shaping(self)
        self.pictures = Pictures(self, spill_folder)
        self.runs = Runs(self)
        self.projects = Projects(self)
        self.keypoints = Keypoints(self)
        self.inspector = Inspector(self)
        self.lineup = Lineup(self)
        self.models = Models(self)
        self.training = Training(self)
        self.batch = Batch(self)
        self.keeper: Keeper | None = None
        self._recovery_folder = recovery_folder
        self._watch = DiskWatch(self)
        self.runs.results_changed.connect(self.state_changed)

    # --- the document ------------------------------------------------------------------------

    def show_document(self, document: Document | None) -> None:
        """Show another picture, or none; `Pictures` calls this, and keeps the former one."""
        self.runs.peek(None)
        old, self.document = self.document, document
        if old is not None:
            old.on_history.remove(self._on_history)
            old.on_notice.remove(self.warn)
        if document is not None:
            document.on_history.append(self._on_history)
            document.on_notice.append(self.warn)
        self.comparing = False
        self.comparison = "none"
        self.mask_hidden = False
        self._look_for_hole()
        self._measure()
        self.document_changed.emit()
        self.look_changed.emit()
        self.state_changed.emit()

    @property
    def name(self) -> str:
        """What the open project, or else the picture, is called."""
        return "" if self.pictures.current is None else self.pictures.current.name

    @property
    def has_unsaved(self) -> bool:
        """Whether leaving the picture would lose work that a save would keep."""
        return self.pictures.current is not None and self.pictures.current.is_unsaved

    def undo(self) -> None:
        if self.document is not None:
            self.document.undo()

    def redo(self) -> None:
        if self.document is not None:
            self.document.redo()

    def jump_in_history(self, steps: int) -> None:
        """Undo (negative) or redo so many steps."""
        verb = self.redo if steps > 0 else self.undo
        for _ in range(abs(steps)):
            verb()

    # --- tools and looks ---------------------------------------------------------------------

    @property
    def tool_id(self) -> str:
        return self.toolbox.tool_id

    def hide_mask(self, hidden: bool) -> None:
        self.mask_hidden = hidden
        self.look_changed.emit()
        self.state_changed.emit()

    def compare(self, on: bool) -> None:
        """Show the picture as it was opened, or as it is."""
        if self.comparing != on:
            self.comparing = on and self.has_picture
            self.look_changed.emit()
            self.state_changed.emit()

    def show_comparison(self, comparison: Comparison) -> None:
        """Show the picture and its original in one of several ways; the same again ends it."""
        self.comparison = "none" if comparison == self.comparison else comparison
        self.look_changed.emit()
        self.state_changed.emit()

    def end_comparison(self) -> bool:
        """Show the picture alone again; False if it is."""
        if self.comparison == "none":
            return False
        self.show_comparison("none")
        return True

    @property
    def is_wiping(self) -> bool:
        """Whether there is a divider that can be moved."""
        return self.comparison == "wipe"

    def use_theme(self, theme: str) -> None:
        self.settings.theme = cast("Theme", theme)
        self.look_changed.emit()
        self.state_changed.emit()

    def run_after_stroke(self, on: bool) -> None:
        self.settings.run_after_stroke = on
        self.state_changed.emit()

    def change_setting(self, name: str, value: object) -> None:
        """Set a field of `settings`, and let everybody look at the settings anew."""
        setattr(self.settings, name, value)
        self.toolbox.take_over()
        for picture in self.pictures:
            picture.shelf.budget_bytes = self.settings.results_mb * 1_000_000
        self.pictures.keep_budget()
        self.look_changed.emit()
        self.backend_changed.emit()
        self.state_changed.emit()

    # --- the backend -------------------------------------------------------------------------

    @property
    def backend(self) -> BackendSpec:
        return get(self.settings.backend)

    def use_backend(self, backend_id: str) -> None:
        """Choose a backend.

        Raises:
            UnknownBackendError: if no backend has that id.
        """
        get(backend_id)
        self.settings.backend = backend_id
        self.backend_changed.emit()
        self.state_changed.emit()

    @property
    def options(self) -> Options:
        """All options of the chosen backend, as they are set now."""
        return self.options_of(self.backend)

    def options_of(self, backend: BackendSpec) -> Options:
        """All options of a backend, as they were set when it was chosen last."""
        return complete_options(backend, self.settings.options.get(backend.id, {}))

    def use_seed(self, seed: int) -> None:
        self.seed = seed
        self.backend_changed.emit()

    def set_option(self, name: str, value: OptionValue) -> None:
        chosen = dict(self.options) | {name: value}
        self.settings.options[self.backend.id] = dict(complete_options(self.backend, chosen))
        self.backend_changed.emit()

    def restore_detail(self, on: bool) -> None:
        """Whether PatchMatch works out what a network has filled small."""
        self.settings.detail = on
        self.backend_changed.emit()

    @property
    def blend(self) -> tuple[Blend, ...]:
        """How the next fill is blended into the picture."""
        return tuple(name for name in NAMES if getattr(self.settings, f"blend_{name}"))

    def use_blend(self, switches: tuple[Blend, ...]) -> None:
        """Blend so and no other way from now on."""
        for name in NAMES:
            setattr(self.settings, f"blend_{name}", name in switches)
        self.backend_changed.emit()

    # --- what may be done now ----------------------------------------------------------------

    @property
    def has_picture(self) -> bool:
        return self.document is not None

    @property
    def has_several(self) -> bool:
        """Whether there is another picture to go to."""
        return len(self.pictures) > 1

    @property
    def has_alpha(self) -> bool:
        """Whether the picture has transparency, which may mark the hole."""
        return self.document is not None and self.document.image.shape[2] in (2, 4)

    @property
    def has_hole(self) -> bool:
        """Whether there is something to fill."""
        return self._has_hole

    @property
    def has_marks(self) -> bool:
        """Whether the source brush has been used."""
        return self.document is not None and self.document.has_source

    @property
    def has_keypoints(self) -> bool:
        """Whether points of a face are shown."""
        return bool(self.keypoints.names)

    @property
    def has_masks(self) -> bool:
        """Whether there is more than one mask."""
        return self.document is not None and len(self.document.belongings.masks) > 1

    @property
    def can_run(self) -> bool:
        """Whether Inpaint does something: at least say what is missing."""
        return self.document is not None and not self.runs.is_running

    @property
    def why_not_run(self) -> str:
        """Why Inpaint cannot run now, as a sentence; empty if it can."""
        if self.document is None:
            return tr("Open a picture first.")
        if self.runs.is_running:
            return tr("A run is going on; Esc stops it.")
        return "" if self._has_hole else tr(NOTHING_MASKED)

    @property
    def has_results(self) -> bool:
        return len(self.runs.shelf) > 0

    @property
    def can_undo(self) -> bool:
        return self.document is not None and self.document.can_undo

    @property
    def can_redo(self) -> bool:
        return self.document is not None and self.document.can_redo

    @property
    def can_reselect(self) -> bool:
        return self.document is not None and self.document.can_restore_mask

    @property
    def inspecting(self) -> bool:
        return self.inspector.is_on

    @property
    def keep_recipe(self) -> str:
        return self.settings.keep_recipe

    @property
    def theme(self) -> str:
        return self.settings.theme

    @property
    def panels_shown(self) -> bool:
        return self.settings.panels_shown

    @property
    def runs_after_stroke(self) -> bool:
        return self.settings.run_after_stroke

    def finish_stroke(self) -> None:
        """A stroke has been drawn: run, if the user wants that after each one."""
        if self.selecting.is_busy:
            self._stroke_waits = True
        elif self.settings.run_after_stroke and self.toolbox.marks_mask and self._has_hole:
            self.runs.inpaint()

    @Slot()
    def _run_after_search(self) -> None:
        """What the stroke was looking for has been found."""
        if self._stroke_waits:
            self._stroke_waits = False
            self.finish_stroke()

    def keep_copies(self) -> Keeper:
        """From now on keep copies of unsaved work."""
        if self.keeper is None:
            from app.session.keeper import Keeper

            self.keeper = Keeper(self, self._recovery_folder)
        return self.keeper

    def end(self) -> None:
        """Stop all work and drop the document; the program is about to end."""
        self.toolbox.remember()
        tasks = (self.runs.tasks, self.files.tasks, self.selecting.tasks)
        ends = (self.batch.end(), self.training.end())
        threads = [*ends, *(each.shutdown() for each in tasks)]
        if self.keeper is not None:
            threads.append(self.keeper.end())
        threads.append(self.pictures.end())
        self.has_ended = all(threads)

    # --- telling -----------------------------------------------------------------------------

    def say(self, text: str) -> None:
        self.noticed.emit(Notice(text))

    def warn(self, text: str) -> None:
        self.noticed.emit(Notice(text, "warning", lasts=True))

    def fail(self, text: str, details: str = "") -> None:
        self.noticed.emit(Notice(text, "error", details=details, lasts=True))

    def _forget_unknown_backend(self) -> None:
        try:
            get(self.settings.backend)
        except UnknownBackendError:
            self.settings.backend = AUTO

    def _on_history(self) -> None:
        self._look_for_hole()
        self._measuring.start()
        self.history_changed.emit()
        self.state_changed.emit()

    def _look_for_hole(self) -> None:
        if self.document is None:
            self._has_hole = False
            return
        from app.session.hole import is_hole

        self._has_hole = is_hole(self.document.mask)

    def _measure(self) -> None:
        self.hole = None
        if self.document is not None:
            from app.session.hole import measure

            self.hole = measure(self.document.mask)
        self.hole_changed.emit()
