"""How long the bundle takes to start, against the un-frozen program in the same run.

`python packaging/start_times.py`, part of `make bundle-test`. Exit code 1 if the window takes more
than `BOUND` times as long.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FROZEN = [str(ROOT / "dist" / "lacuna" / "lacuna")]
PLAIN = [sys.executable, "-m", "app"]
ROUNDS = 7
BOUND = 2.5
PATIENCE_S = 60.0
POLL_S = 0.002
STANDS = "the window stands"
"""What the program writes to its log once the window is shown."""


def main() -> int:
    window(FROZEN), window(PLAIN)  # what has to be read from disk or compiled, is by now
    rounds = [(window(FROZEN), window(PLAIN)) for _ in range(ROUNDS)]
    frozen, plain = (statistics.median(times) for times in zip(*rounds, strict=True))
    _say(f"window: frozen {frozen:.2f} s, un-frozen {plain:.2f} s, {frozen / plain:.2f} times")
    with tempfile.TemporaryDirectory() as home:
        first, second = (self_test(FROZEN, Path(home)) for _ in range(2))
    _say(f"first fill with PatchMatch: {first:.1f} s compiling, {second:.2f} s from then on")
    if frozen > BOUND * plain:
        _say(f"The window of the bundle takes more than {BOUND} times as long.")
        return 1
    return 0


def window(words: list[str], **changed: str) -> float:
    """Seconds from the start of the process to its window, in a fresh home.

    Args:
        words: that start the program.
        changed: variables of the environment.
    """
    with tempfile.TemporaryDirectory() as home:
        environment = environment_in(Path(home)) | {"QT_QPA_PLATFORM": "offscreen"} | changed
        start = time.perf_counter()
        with subprocess.Popen(words, env=environment, cwd=home) as process:  # noqa: S603
            while not _stands(Path(home)):
                if time.perf_counter() - start > PATIENCE_S or process.poll() is not None:
                    process.kill()
                    raise SystemExit(f"{words[0]} did not open its window.")
                time.sleep(POLL_S)
            seconds = time.perf_counter() - start
            process.terminate()
    return seconds


def _stands(home: Path) -> bool:
    return any(STANDS in log.read_text("utf-8") for log in home.rglob("lacuna.log"))


def self_test(words: list[str], home: Path) -> float:
    """Seconds that PatchMatch takes there, by the program's own report."""
    done = subprocess.run(  # noqa: S603
        [*words, "self-test", "--json"],
        env=environment_in(home),
        capture_output=True,
        check=True,
    )
    rows = json.loads(done.stdout)["backends"]
    # "auto" comes first and picks PatchMatch, so it may be the one that waits for the compiler.
    return sum(row["seconds"] for row in rows if row["id"] in ("auto", "patchmatch"))


def environment_in(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", "")}


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the result


if __name__ == "__main__":
    sys.exit(main())
