"""What somebody who looks into a fault needs to know, without where the user's files lie."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import psutil

from engine import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.settings import Settings

LOG_LINES = 60
LOG_BYTES = 64_000
"""The end of the log that is looked at; sixty lines are rarely longer, tracebacks included."""

LIBRARIES = (
    ("PySide6-Essentials", "PySide6"),
    ("numpy", "numpy"),
    ("opencv-python-headless", "cv2"),
    ("Pillow", "PIL"),
    ("numba", "numba"),
    ("torch", "torch"),
)
"""Name of the package and of what it is imported as."""

_PROGRAM = Path(__file__).parents[1]
_FOLDER = r"(?:~|[A-Za-z]:|(?<![\w/\\.:…~-]))[/\\]"
_QUOTED = re.compile(rf"(?<=[“\"']){_FOLDER}[^“”\"'\n]*(?=[”\"'])")
_WITH_SPACES = re.compile(rf"{_FOLDER}(?:[^/\\:,;\n“”\"']+[/\\])+[^/\\:,;\n“”\"']*?\.\w{{2,12}}\b")
_PLAIN = re.compile(rf"{_FOLDER}[^\s“”\"',;()/\\]+[/\\][^\s“”\"',;()]*")


def report(settings: Settings, device: str, log_file: Path) -> str:
    """Version, system, libraries, device, settings and the end of the log, as text.

    Args:
        settings: those that hold no path are named, if they differ from the defaults.
        device: where a network ran last; empty if none did.
        log_file: the newest log.
    """
    parts = (
        ("", program_lines()),
        ("Device", [device_line(device)]),
        ("Settings that differ from the defaults", _settings_lines(settings)),
        ("End of the log", _log_lines(log_file)),
    )
    blocks = ("\n".join((*((f"{title}:",) if title else ()), *lines)) for title, lines in parts)
    return "\n\n".join(blocks) + "\n"


def program_lines() -> list[str]:
    """Lacuna, the system and the libraries, a line each."""
    how = "bundle" if getattr(sys, "frozen", False) else "installed"
    lines = [
        f"Lacuna {__version__} ({how})",
        f"System: {platform.platform()}",
        f"Python {platform.python_version()}",
    ]
    for package, module in LIBRARIES:
        state = "" if module in sys.modules else " (not loaded)"
        lines.append(f"{package} {_version(package)}{state}")
    return lines


def device_line(device: str) -> str:
    """The processor and, once a network has run, where that was."""
    memory = psutil.virtual_memory().total / 1e9
    ran = f"; a network ran on {device}" if device else "; no network has run yet"
    return f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB of memory{ran}"


def shortened_paths(text: str) -> str:
    """The text with every absolute path cut to the last name, and the home folder to nothing."""
    text = text.replace(f"{_PROGRAM}{os.sep}", "")
    home = str(Path.home())
    if len(home) > 1:
        text = text.replace(home, "~").replace(home.replace("\\", "\\\\"), "~")
    for pattern in (_QUOTED, _WITH_SPACES, _PLAIN):
        text = pattern.sub(_last_name, text)
    return text


def _last_name(path: re.Match[str]) -> str:
    return "…/" + re.split(r"[/\\]", path[0].rstrip("/\\"))[-1]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"


def _settings_lines(settings: Settings) -> Iterable[str]:
    """What the user chose; what is only remembered holds names of files and folders."""
    from app.schema import rows

    told = [row.name for row in rows() if row.kind != "file"]
    told += ["backend", "options", "keys", "panels_shown"]
    stored = msgspec.to_builtins(settings)
    lines = [f"{name} = {stored[name]}" for name in told if name in stored]
    return [shortened_paths(line) for line in lines] or ["none"]


def _log_lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - LOG_BYTES))
            text = stream.read().decode("utf-8", "replace")
    except OSError as error:
        return [f"There is none: {error.strerror}."]
    return shortened_paths(text).splitlines()[-LOG_LINES:]
