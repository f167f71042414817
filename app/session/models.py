"""The networks and their weights: which are there, and what can be done with them."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from app.language import told, tr, tr_later
from app.session import model_work as work
from app.session.model_words import place
from app.session.notices import Notice, duration
from app.session.tasks import Tasks, details_of
from engine import registry, weights
from engine.errors import EngineError
from engine.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.session.model_work import Listing
    from app.session.notices import Activity
    from app.session.session import Session
    from engine.backend import BackendSpec
    from engine.official.importing import Imported
    from engine.trial import Trial
    from engine.weights import Broken, WeightFile

log = logging.getLogger(__name__)

WAITING = tr_later("waits for other work to end")


@dataclass(frozen=True, slots=True)
class _Work:
    """What is being done, and the worker that does it."""

    tasks: Tasks
    ticket: int


class Models(QObject):
    """Verbs on the weights of networks, one at a time; the workers do what takes time.

    Signals:
        changed: other weights are there, or it is known where networks run.
        moved: the work at hand has begun, gone on or ended.
        told: a Notice about work that has ended; None when new work begins.
        digested: a checksum that somebody asked for is known.
        wanted: somebody wants to see the dialog.
    """

    changed = Signal()
    moved = Signal()
    told = Signal(object)
    digested = Signal()
    wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.device = ""
        """Where a network ran last; empty as long as none has run."""
        self.arrived: Path | None = None
        """The file that was imported or added last."""
        self._session = session
        self._listing: Listing | None = None
        self._work: _Work | None = None
        self._digests: dict[tuple[Path, int], str] = {}
        self._digesting: int | None = None
        session.runs.results_changed.connect(self._note_device)

    # --- what is there -----------------------------------------------------------------------

    def refresh(self) -> None:
        """Look into the folders again; `changed` follows."""
        self._session.files.tasks.start(
            Job(tr_later("Looking for weights"), work.look),
            self._show,
            failed=_log,
            quiet_s=float("inf"),
        )

    @property
    def is_known(self) -> bool:
        """Whether the folders have been looked into."""
        return self._listing is not None

    def files(self, spec: BackendSpec) -> tuple[WeightFile, ...]:
        """The weights of a network, the one that it uses first."""
        return self._listing.files.get(spec.id, ()) if self._listing is not None else ()

    def file(self, spec: BackendSpec) -> WeightFile | None:
        """The weights that a network uses."""
        return next(iter(self.files(spec)), None)

    @property
    def broken(self) -> tuple[Broken, ...]:
        """Files that cannot be used."""
        return self._listing.broken if self._listing is not None else ()

    @property
    def usable(self) -> tuple[BackendSpec, ...]:
        """The backends that can fill by a method of their own, as far as is known."""
        return tuple(
            spec
            for spec in registry.specs()
            if spec.id != registry.AUTO and (not spec.network or self.file(spec) is not None)
        )

    def lacks_weights(self, spec: BackendSpec) -> bool:
        """Whether a backend cannot run for want of weights; False while nobody has looked."""
        return bool(spec.network) and self.is_known and self.file(spec) is None

    def sha256(self, file: WeightFile) -> str | None:
        """The checksum of a file, empty if it cannot be read; None until `digested` follows."""
        key = (file.path, file.changed_ns)
        if key in self._digests:
            return self._digests[key]
        if self._digesting is not None:
            self._session.files.tasks.cancel(self._digesting)
        self._digesting = self._session.files.tasks.start(
            Job(tr_later("Reading {name}").format(name=file.path.name), partial(work.digest, file)),
            partial(self._on_digest, key),
            failed=partial(self._on_undigested, key),
            quiet_s=float("inf"),
        )
        return None

    # --- verbs -------------------------------------------------------------------------------

    def ask_import(self, spec: BackendSpec) -> None:
        """Ask for a checkpoint of the network's authors, and make a file of weights of it."""
        if self.is_busy:
            return
        questions = self._session.questions
        source = questions.checkpoint_to_open(spec.label)
        if source is None:
            return
        output = weights.user_folder() / work.name_for(spec, source)
        if output.exists() and not questions.replace_weights(output.name):
            return
        self._start(
            self._session.files.tasks,
            Job(
                tr_later("Importing {name}").format(name=source.name),
                partial(work.import_file, source, spec, output),
            ),
            partial(self._on_imported, spec),
        )

    def ask_add(self) -> None:
        """Ask for a file of weights, and copy it to where Lacuna finds it."""
        if self.is_busy:
            return
        questions = self._session.questions
        source = questions.weights_to_add()
        if source is None:
            return
        name = f"{source.name.removesuffix(weights.ENDING)}{weights.ENDING}"
        target = weights.user_folder() / name
        if target.resolve() == source.resolve():
            self.told.emit(Notice(tr("“{name}” is where it belongs already.", name=source.name)))
            return
        if target.exists() and not questions.replace_weights(target.name):
            return
        self._start(
            self._session.files.tasks,
            Job(
                tr_later("Adding {name}").format(name=source.name),
                partial(work.add_file, source, target),
            ),
            self._on_added,
        )

    def add(self, source: Path, name: str, then: Callable[[str], None]) -> None:
        """Copy a file of weights to where Lacuna finds it.

        Args:
            source: the file.
            name: what the copy is called; no other file has that name.
            then: gets the id of its network once the copy is there.
        """
        if not self.is_busy:
            self._start(
                self._session.files.tasks,
                Job(
                    tr_later("Adding {name}").format(name=name),
                    partial(work.add_file, source, weights.user_folder() / name),
                ),
                partial(self._on_added_for, then),
            )

    def ask_remove(self, path: Path) -> None:
        """Move a file of the user's own to the trash, if that is what is really wanted."""
        if not self.is_busy and self._session.questions.remove_weights(path.name):
            self._start(
                self._session.files.tasks,
                Job(
                    tr_later("Removing {name}").format(name=path.name),
                    partial(work.remove_file, path),
                ),
                partial(self._on_removed, path),
            )

    def test(self, spec: BackendSpec, file: WeightFile) -> None:
        """Let a network fill a tiny picture; by the worker of runs, which has the networks."""
        if not self.is_busy:
            self._start(
                self._session.runs.tasks,
                Job(
                    tr_later("Self-test of {label}").format(label=told(spec.label)),
                    partial(work.test, spec, file),
                ),
                partial(self._on_tested, spec),
            )

    def cancel(self) -> None:
        """Stop the work at hand; nothing half-done stays behind."""
        if self._work is not None:
            self._work.tasks.cancel(self._work.ticket)

    @property
    def is_busy(self) -> bool:
        return self._work is not None

    @property
    def activity(self) -> Activity | None:
        """The work at hand as a progress bar shows it."""
        if self._work is None:
            return None
        activity = self._work.tasks.activity_of(self._work.ticket)
        if activity is not None and self._work.tasks.is_waiting(self._work.ticket):
            return replace(activity, message=tr(WAITING))
        return activity

    # --- what the workers say ----------------------------------------------------------------

    def _start(self, tasks: Tasks, job: Job[Any], done: Callable[[Any], Notice]) -> None:
        self.told.emit(None)
        ticket = tasks.start(
            job,
            partial(self._on_done, done),
            failed=partial(self._on_failed, job.title),
            stopped=self._on_stopped,
        )
        self._work = _Work(tasks, ticket)
        tasks.changed.connect(self._on_moved)
        self.moved.emit()

    @Slot()
    def _on_moved(self) -> None:
        if self.activity is not None:
            self.moved.emit()

    def _end(self, notice: Notice) -> None:
        if self._work is not None:
            self._work.tasks.changed.disconnect(self._on_moved)
            self._work = None
        self.moved.emit()
        self.told.emit(notice)

    def _on_done(self, done: Callable[[Any], Notice], outcome: object) -> None:
        self._end(done(outcome))

    def _on_failed(self, title: str, error: Exception) -> None:
        self.refresh()
        if isinstance(error, EngineError):
            self._end(Notice(str(error), "error"))
        else:
            text = tr(
                "{title} was stopped by a fault of the program: {error}",
                title=told(title),
                error=error,
            )
            self._end(Notice(text, "error", details=details_of(error)))

    def _on_stopped(self) -> None:
        self.refresh()
        self._end(Notice(tr("Cancelled; nothing was changed.")))

    def _on_imported(self, spec: BackendSpec, outcome: tuple[Imported, Listing]) -> Notice:
        imported, listing = outcome
        self.arrived = imported.file.path
        self._show(listing)
        text = tr(
            "{label} has new weights, {parameters:,} parameters in “{name}”.",
            label=told(spec.label),
            parameters=imported.parameters,
            name=imported.file.path.name,
        )
        return Notice(" ".join([text, *imported.notes]))

    def _on_added(self, outcome: tuple[WeightFile, Listing]) -> Notice:
        file, listing = outcome
        self.arrived = file.path
        self._show(listing)
        return Notice(
            tr("{label} has new weights.", label=told(registry.get(file.card.backend).label))
        )

    def _on_added_for(
        self, then: Callable[[str], None], outcome: tuple[WeightFile, Listing]
    ) -> Notice:
        notice = self._on_added(outcome)
        then(outcome[0].card.backend)
        return notice

    def _on_removed(self, path: Path, listing: Listing) -> Notice:
        self._show(listing)
        return Notice(tr("“{name}” is in the trash.", name=path.name))

    def _on_tested(self, spec: BackendSpec, made: Trial) -> Notice:
        self._ran_on(made.device)
        if made.complaint is not None:
            return Notice(
                tr(
                    "{label} failed its self-test: {complaint}.",
                    label=told(spec.label),
                    complaint=told(made.complaint),
                ),
                "error",
            )
        text = tr(
            "{label} works: it filled a small picture on the {device} in {seconds}, "
            "loading included.",
            label=told(spec.label),
            device=place(made.device),
            seconds=duration(made.seconds),
        )
        return Notice(
            tr("{text} Not as asked: {fallback}.", text=text, fallback=told(made.fallback))
            if made.fallback
            else text
        )

    def _show(self, listing: Listing) -> None:
        self._listing = listing
        self.changed.emit()

    def _on_digest(self, key: tuple[Path, int], digest: str) -> None:
        self._digesting = None
        self._digests[key] = digest
        self.digested.emit()

    def _on_undigested(self, key: tuple[Path, int], error: Exception) -> None:
        log.warning("no checksum of %s: %s", key[0], error)
        self._on_digest(key, "")

    @Slot()
    def _note_device(self) -> None:
        newest = [result.result for result in self._session.runs.shelf][-1:]
        if newest and registry.get(newest[0].backend).network:
            self._ran_on(newest[0].device)

    def _ran_on(self, device: str) -> None:
        if device != self.device:
            self.device = device
            self.changed.emit()


def _log(error: Exception) -> None:
    # The networks are then shown as without weights; a run says what is wrong.
    log.warning("the folders of weights cannot be read: %s", error)
