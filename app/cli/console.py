"""What people see of a running command: on stderr, so that stdout stays for results."""

from __future__ import annotations

import codecs
import io
import json
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.jobs import CancelToken, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from rich.progress import Progress as Bar

    from engine.jobs import Job

T = TypeVar("T")

_LINE_INTERVAL_SECONDS = 1.0
_RARER = 0.02
_LENIENT = "lacuna-lenient"


def prepare_streams() -> None:
    """Let stdout and stderr take any text, whatever they are connected to.

    A window system starts programs without either, and `print` to a missing stderr would land in
    stdout.
    """
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    codecs.register_error(_LENIENT, _lenient)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=_LENIENT)


def drop_results() -> None:
    """Forget what could not be printed; the interpreter must not try again at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _lenient(error: UnicodeError) -> tuple[str | bytes, int]:
    """Print a file name that is no text as the bytes that it is, and escape what does not fit."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)


def run_job(job: Job[T], *, quiet: bool) -> T:
    """Run a job in place, showing its progress; Ctrl-C asks it to stop.

    Raises:
        Cancelled: once it has stopped.
    """
    token = CancelToken()
    with _stopping(token), _reporting(job.title, quiet=quiet) as report:
        result = job.run(token, report)
        token.check()  # the wish may have come during the last step, after which nobody asked
        return result


def notice(sentences: Iterable[str], *, quiet: bool) -> None:
    """Print what the user must know beside the result."""
    if not quiet:
        for sentence in sentences:
            print(sentence, file=sys.stderr)


def print_json(document: object) -> None:
    """Print the one JSON document of a command, in ASCII: valid whatever a file is called."""
    print(json.dumps(document, indent=2))


@contextmanager
def _stopping(token: CancelToken) -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into a wish to stop; a second one stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's interface
        token.cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _reporting(title: str, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    if quiet:
        yield _nothing
    elif sys.stderr.isatty():
        with _bar() as bar:
            task = bar.add_task(title, total=1.0)

            def show(progress: Progress) -> None:
                bar.update(task, completed=progress.share, description=progress.message)

            yield show
            bar.update(task, completed=1.0, description=title)
    else:
        yield _Lines()


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    return RichProgress(*columns, console=Console(stderr=True))


def _nothing(_: Progress) -> None:
    """The report of a quiet run."""


class _Lines:
    """Progress where there is no terminal: a line for each new message, one a second at most.

    The longer it takes, the rarer they get: a night's log shall have hundreds, not ten thousands.
    """

    def __init__(self) -> None:
        self._said = ""
        self._start = self._next = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        line = f"{progress.message} ({progress.share:.0%})"
        if now >= self._next and line != self._said:
            print(line, file=sys.stderr, flush=True)
            self._said = line
            self._next = now + max(_LINE_INTERVAL_SECONDS, (now - self._start) * _RARER)
