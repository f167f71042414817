"""Whether there is a screen to open the editor on; Qt would abort the process to tell."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

SCREENLESS_PLATFORMS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def has_display() -> bool:
    """Whether Qt will find an X server or a Wayland compositor, or needs none."""
    if not sys.platform.startswith("linux"):
        return True
    if os.environ.get("QT_QPA_PLATFORM", "").startswith(SCREENLESS_PLATFORMS):
        return True
    return _has_wayland() or _has_x()


def _has_wayland() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    return bool(name) and _answers(str(Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / str(name)))


def _has_x() -> bool:
    name = os.environ.get("DISPLAY", "")
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", name)
    if local is None:
        return bool(name)  # a remote server: only Qt can find out
    path = f"/tmp/.X11-unix/X{local[1]}"  # noqa: S108 - where X servers listen, by convention
    return _answers(path) or _answers("\0" + path)


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2.0)
        try:
            client.connect(path)
        except OSError:
            return False
        return True
