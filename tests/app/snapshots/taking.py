"""Takes the pictures of all scenes, and keeps those that were accepted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.app.snapshots import likeness

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SCENES = HERE / "played.py"
ACCEPTED = HERE / "accepted"
SEEN = ROOT / "build" / "snapshots"
SCALES = (1, 2)
OPTIONS = ("-q", "-p", "no:cacheprovider")
PATIENCE_S = 900


def take(scale: int) -> tuple[Path, str]:
    """Play all scenes in English, and grab them.

    Returns:
        The folder with the pictures, and what went wrong, if anything did.
    """
    folder = SEEN / f"{scale}00"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder, play(scale, "en")


def play(scale: int, language: str) -> str:
    """Play all scenes in a process of their own.

    Args:
        scale: 1 or 2, of everything.
        language: "en" or "de"; pictures are taken in English only.

    Returns:
        What went wrong, if anything did.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, str(SCENES)],
        cwd=ROOT,
        env=os.environ
        | {
            "QT_SCALE_FACTOR": str(scale),
            "LACUNA_SNAPSHOT_LANGUAGE": language,
            "LACUNA_SNAPSHOT_FOLDER": str(SEEN / f"{scale}00"),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return f"{done.stdout}\n{done.stderr}" if done.returncode else ""


def kept(path: Path, scale: int) -> Image.Image:
    with Image.open(path) as grabbed:
        return likeness.kept(grabbed, scale)


def compare(folder: Path, scale: int) -> list[str]:
    """What is not as accepted, a line each; build/snapshots gets a sheet for every line."""
    accepted = {path.name for path in (ACCEPTED / folder.name).glob("*.png")}
    seen = {path.name for path in folder.glob("*.png")}
    lines = [f"{name} is not accepted yet" for name in sorted(seen - accepted)]
    lines += [f"{name} is accepted, but no scene any more" for name in sorted(accepted - seen)]
    for name in sorted(seen & accepted):
        now = kept(folder / name, scale)
        with Image.open(ACCEPTED / folder.name / name) as before:
            wrong = _wrong(before, now)
            if wrong:
                place = SEEN / "differences" / folder.name / name
                place.parent.mkdir(parents=True, exist_ok=True)
                likeness.sheet(before, now).save(place)
                lines.append(f"{name}: {wrong}")
    return lines


def accept(folder: Path, scale: int) -> list[str]:
    """Keep all pictures that differ from the accepted ones; the names of those."""
    place = ACCEPTED / folder.name
    place.mkdir(parents=True, exist_ok=True)
    taken = {path.name: path for path in folder.glob("*.png")}
    for old in place.glob("*.png"):
        if old.name not in taken:
            old.unlink()
    changed = sorted(line.partition(".png")[0] for line in compare(folder, scale))
    for name in changed:
        if f"{name}.png" in taken:
            kept(taken[f"{name}.png"], scale).save(place / f"{name}.png", optimize=True)
    return changed


def _wrong(before: Image.Image, now: Image.Image) -> str:
    try:
        apart = likeness.difference(before, now)
    except ValueError as error:
        return str(error)
    if apart.is_alike:
        return ""
    return f"differs by {apart.mean:.2f} on average, by {apart.worst:.1f} at worst"
