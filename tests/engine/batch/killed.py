"""A run that kills its own process: `python -m tests.engine.batch.killed ROOT SECONDS BACKEND`.

The clock starts with the run itself, so that a moment within it can be chosen; SIGKILL gives
nothing in the process a chance to tidy up.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from engine.batch import BatchRun
from engine.jobs import CancelToken, finish
from engine.recipe import Recipe
from tests.engine.batch.folders import plan


def main(root: Path, seconds: float, backend: str) -> None:
    """Go on with the run over a folder, and end within it."""
    batch = BatchRun(plan(root, resume=True, recipe=Recipe(backend=backend)))
    killer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
    killer.daemon = True
    killer.start()
    finish(batch.steps(CancelToken()))
    killer.cancel()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
