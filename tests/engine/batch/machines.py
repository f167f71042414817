"""A dask scheduler and its workers, as processes of this machine."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from engine.batch.worker import carry_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.batch.work import Outcome
    from engine.batch.worker import Task

ROOT = Path(__file__).parents[3]
_PATIENCE_SECONDS = 60
_TICK_SECONDS = 0.05
_ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(ROOT),
    "DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "0",
}


@dataclass(frozen=True)
class Machines:
    """A scheduler and the processes that look after one worker each.

    Attributes:
        address: of the scheduler.
        scheduler: its process.
        nurses: start a worker anew when it dies.
    """

    address: str
    scheduler: psutil.Popen
    nurses: tuple[psutil.Popen, ...]

    def kill_worker(self, number: int) -> bool:
        """Kill a worker where it stands; False if it is not there (again) yet."""
        for process in self.nurses[number].children():
            with suppress(psutil.Error):
                if "spawn_main" in " ".join(process.cmdline()):
                    process.kill()
                    return True
        return False


@contextmanager
def machines(logs: Path, workers: int = 2, tls: Sequence[str] = ()) -> Iterator[Machines]:
    """Start a scheduler on a free port, and workers of one thread.

    Args:
        logs: a folder for what they say.
        workers: how many.
        tls: further words for dask's commands, for an encrypted scheduler.
    """
    protocol = "tls" if tls else "tcp"
    words = ["scheduler", "--host", f"{protocol}://127.0.0.1:0", "--no-dashboard", *tls]
    scheduler, *nurses = processes = [_dask(logs / "scheduler.log", words)]
    try:
        found = _waited_for(logs / "scheduler.log", rf"Scheduler at:\s+({protocol}://\S+)")
        address = found[1]
        for number in range(workers):
            words = ["worker", address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
            words += ["--local-directory", str(logs), *tls]
            processes.append(_dask(logs / f"worker-{number}.log", words))
        for number in range(workers):
            _waited_for(logs / f"worker-{number}.log", r"Registered to")
        scheduler, *nurses = processes
        yield Machines(address, scheduler, tuple(nurses))
    finally:
        for process in reversed(processes):
            _end(process)


def deadly(task: Task) -> Outcome | None:
    """What a worker does, but a picture whose name says so brings the worker down."""
    if task.item.image.stem == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return carry_out(task)


def _dask(log: Path, words: Sequence[str]) -> psutil.Popen:
    command = [sys.executable, "-m", "dask", *words]
    with log.open("wb") as file:
        return psutil.Popen(command, cwd=ROOT, env=_ENVIRONMENT, stdout=file, stderr=file)


def _waited_for(log: Path, pattern: str) -> re.Match[str]:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        found = re.search(pattern, log.read_text("utf-8", "replace"))
        if found:
            return found
        time.sleep(_TICK_SECONDS)
    raise TimeoutError(f"{pattern} is not in\n{log.read_text('utf-8', 'replace')}")


def _end(process: psutil.Popen) -> None:
    """Kill a process and what it has started."""
    with suppress(psutil.NoSuchProcess):
        for each in (*process.children(recursive=True), process):
            with suppress(psutil.NoSuchProcess):
                each.kill()
    process.wait()
