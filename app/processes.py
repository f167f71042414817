"""Training in a process of its own: whatever happens there, the editor lives on."""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal, Slot

from app.language import tr_later
from training.events import Failed, Finished, from_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.events import Event

log = logging.getLogger(__name__)

PATIENCE_MS = 10_000
"""How long a process may go on after it was asked to stop, before it may be killed."""

STOP = b"stop\n"
REMEMBERED_LINES = 200
NICENESS = 5
COMPLAINT = "lacuna: "
"""What stands before the sentence that the command line ends with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a process ended.

    Attributes:
        finished: its last event, if it ended well.
        sentence: what went wrong, if it did not; empty if it was killed on demand.
        details: the last lines that it wrote besides events.
    """

    finished: Finished | None
    sentence: str = ""
    details: str = ""


def program() -> tuple[str, ...]:
    """The words that start this program once more.

    A bundle for Windows has two: the editor, which has no console and so nowhere to print, and
    `lacuna`, which has.
    """
    if getattr(sys, "frozen", False):
        editor = Path(sys.executable)
        console = editor.with_name(editor.name.replace("lacuna-editor", "lacuna"))
        return (str(console if console.is_file() else editor),)
    return (sys.executable, "-m", "app")


def is_alive(pid: int, word: str) -> bool:
    """Whether the process is there, and was started with that word."""
    import psutil

    try:
        return word in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def _step_back(pid: int) -> None:
    """Let the editor go first where both want the processor."""
    import psutil

    try:
        process = psutil.Process(pid) if pid else None
        if process is not None:
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else NICENESS)
    except (psutil.Error, OSError) as error:
        log.info("the training process keeps its priority: %s", error)


class TrainingProcess(QObject):
    """One run of `lacuna train`; its lines arrive as events.

    Signals:
        told: an event.
        overdue: it was asked to stop and has not within the time that should do; it may be killed.
        ended: an Outcome, exactly once for each start.
    """

    told = Signal(object)
    overdue = Signal()
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_complaints)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self.overdue)
        self._lines: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._finished: Finished | None = None
        self._failed: Failed | None = None
        self._is_asked = self._is_killed = False

    @property
    def is_running(self) -> bool:
        return self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop and still runs."""
        return self.is_running and self._is_asked

    def start(self, words: Sequence[str]) -> int:
        """Start it; `ended` follows in any case.

        Args:
            words: what follows the program's name, such as "train".

        Returns:
            The id of the process; 0 if it is known already that there is none.
        """
        first, *others = [*program(), *words]
        self._lines.clear()
        self._finished = self._failed = None
        self._is_killed = self._is_asked = False
        environment = QProcessEnvironment.systemEnvironment()
        # One encoding everywhere, whatever the system's.
        environment.insert("PYTHONUTF8", "1")
        self._process.setProcessEnvironment(environment)
        # There Python finds the packages that this very program was started from.
        self._process.setWorkingDirectory(str(Path(__file__).resolve().parents[1]))
        log.info("starting %s", [first, *others])
        self._process.start(first, others)
        pid = int(self._process.processId())
        _step_back(pid)
        return pid

    def stop(self) -> None:
        """Ask it to write a checkpoint and end."""
        if self.is_running and not self._is_asked:
            self._is_asked = True
            self._process.write(STOP)
            self._clock.start(PATIENCE_MS)

    def kill(self) -> None:
        """End it at once, if it has been asked and has had its time; the last checkpoint stays."""
        if self.is_stopping and not self._clock.isActive():
            self._is_killed = True
            self._process.kill()

    def shutdown(self, patience_ms: int = PATIENCE_MS) -> bool:
        """Stop it because the editor ends; kill it if it takes longer than that.

        Returns:
            Whether it ended by itself.
        """
        if not self.is_running:
            return True
        self.blockSignals(True)  # nobody is there any more
        self.stop()
        if self._process.waitForFinished(patience_ms):
            return True
        self._process.kill()
        self._process.waitForFinished(patience_ms)
        return False

    # --- what the process does ---------------------------------------------------------------

    @Slot()
    def _read(self) -> None:
        self._process.setReadChannel(QProcess.ProcessChannel.StandardOutput)
        while self._process.canReadLine():
            self._take(bytes(self._process.readLine().data()))

    @Slot()
    def _read_complaints(self) -> None:
        text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        self._lines.extend(text.splitlines())

    def _take(self, line: bytes) -> None:
        try:
            event: Event = from_line(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Some library prints what it likes.
            self._lines.append(line.decode("utf-8", "replace").rstrip())
            return
        if isinstance(event, Finished):
            self._finished = event
        elif isinstance(event, Failed):
            self._failed = event
        self.told.emit(event)

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._take_rest()
        self._read_complaints()
        self._clock.stop()
        sentence = self._complaint(code, status)
        log.info("training ended with %s %s: %s", status.name, code, sentence or "well")
        finished = self._finished if not sentence else None
        self.ended.emit(Outcome(finished, sentence, "\n".join(self._lines)))

    def _take_rest(self) -> None:
        rest = bytes(self._process.readAllStandardOutput().data())
        if rest.strip():
            self._take(rest)

    def _complaint(self, code: int, status: QProcess.ExitStatus) -> str:
        """What went wrong, as a sentence; empty if nothing did, or it was killed on demand."""
        if self._is_killed:
            return ""
        if self._finished is not None and self._failed is None:
            return ""
        if self._failed is not None:
            return self._failed.message
        for line in reversed(self._lines):
            if line.startswith(COMPLAINT):
                return line.removeprefix(COMPLAINT)
        if status == QProcess.ExitStatus.CrashExit:
            return tr_later(
                "The training process was ended from outside, perhaps for want of memory."
            )
        return tr_later("The training process ended without a word (exit code {code}).").format(
            code=code
        )

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        # All other errors are followed by `finished`.
        if error == QProcess.ProcessError.FailedToStart:
            reason = self._process.errorString()
            sentence = tr_later("The training process could not be started: {reason}.")
            self.ended.emit(Outcome(None, sentence.format(reason=reason)))
