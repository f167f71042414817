"""Somebody with a real mouse and a real keyboard at a virtual display."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageGrab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 60.0
POLL_S = 0.05
SCREEN = "1400x900x24"

STROKE = ((200, 150), (240, 170), (300, 180))
"""Picture pixels that the mouse is dragged over."""

RADIUS = 30
"""Of the brush that the program starts with."""

SOFT = 3
"""Pixels at the rim of the stroke that may be either: antialiasing and the mouse's rounding."""


def wait_for(what: str, condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Poll until the condition holds.

    Raises:
        AssertionError: naming `what`, when patience is at its end.
    """
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience_s:.0f} s in vain for {what}"
        time.sleep(POLL_S)


def needed(program: str, package: str) -> str:
    """Path of a program that this test cannot do without."""
    path = shutil.which(program)
    if path is None:
        pytest.fail(f"{program} is missing; install the package {package} (make test does so)")
    return path


@contextlib.contextmanager
def virtual_display() -> Iterator[str]:
    """Name of an X display of our own."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [
            *(needed("Xvfb", "xvfb"), "-displayfd", str(writing)),
            *("-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"),
        ],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


@dataclass
class Person:
    """Somebody at that display."""

    display: str
    program: subprocess.Popen[bytes]

    def do(self, *words: str) -> str:
        """One xdotool command; its output, empty if it found nothing."""
        done = subprocess.run(
            [needed("xdotool", "xdotool"), *words],
            env=os.environ | {"DISPLAY": self.display},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    def window(self, title: str) -> str:
        """Id of the visible window whose title matches, "" if there is none."""
        assert self.program.poll() is None, "the program ended"
        found = self.do("search", "--onlyvisible", "--name", title).split()
        return found[0] if found else ""

    def turn_to(self, title: str) -> None:
        """Wait for a window and give it the keyboard; there is no window manager to do so."""
        wait_for(f"a window “{title}”", partial(self.window, title))
        window = self.window(title)
        self.do("windowfocus", "--sync", window)
        wait_for("the keyboard", lambda: self.do("getwindowfocus") == window)

    def sees(self) -> npt.NDArray[np.uint8]:
        return np.asarray(ImageGrab.grab(xdisplay=self.display).convert("RGB"))

    def finds(self, picture: npt.NDArray[np.uint8]) -> tuple[int, int] | None:
        """Where on the screen a picture is shown, pixel for pixel."""
        screen = self.sees()
        differences = cv2.matchTemplate(screen, picture, cv2.TM_SQDIFF)
        _, _, (x, y), _ = cv2.minMaxLoc(differences)
        height, width = picture.shape[:2]
        shown = screen[y : y + height, x : x + width]
        return (x, y) if np.array_equal(shown, picture) else None

    def drags(self, points: list[tuple[int, int]]) -> None:
        """Press the left button on the first point, pull over the others and let go."""
        self.do("mousemove", "--sync", *map(str, points[0]))
        self.do("mousedown", "1")
        for point in points[1:]:
            self.do("mousemove", "--sync", *map(str, point))
        self.do("mouseup", "1")


def retouches(person: Person, photo: Path) -> None:
    """Paints over the photo that is open, fills, saves, and looks whether all was right."""
    before = np.asarray(Image.open(photo).convert("RGB"))
    person.turn_to("coffee.png")
    wait_for("the picture", partial(person.finds, before))
    left, top = person.finds(before) or (0, 0)

    person.drags([(left + x, top + y) for x, y in STROKE])
    middle = (top + STROKE[1][1], left + STROKE[1][0])
    bare = before[STROKE[1][::-1]]
    wait_for("the mask's tint", lambda: not np.array_equal(person.sees()[middle], bare))
    person.do("key", "Return")
    wait_for("the result", lambda: "*" in person.do("getwindowname", person.window("coffee.png")))
    person.do("key", "ctrl+s")
    person.turn_to("^Lacuna$")
    old = photo.read_bytes()
    person.do("key", "Return")
    wait_for("the file", lambda: photo.read_bytes() != old)
    wait_for("saved", lambda: "*" not in person.do("getwindowname", person.window("coffee.png")))
    assert_only_the_stroke_changed(before, photo)


def assert_only_the_stroke_changed(before: npt.NDArray[np.uint8], photo: Path) -> None:
    with Image.open(photo) as saved:
        assert saved.format == "PNG"
        after = np.asarray(saved.convert("RGB"))
    distance = distance_to_stroke(before.shape)
    changed = (after != before).any(axis=2)
    stray = np.argwhere(changed & (distance > RADIUS + SOFT))
    assert not stray.size, f"changed at {stray[0]} to {stray[-1]}, {distance[changed].max()} px off"
    assert changed[distance < RADIUS - SOFT].mean() > 0.9


def distance_to_stroke(shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Of every pixel of the picture, in pixels."""
    apart = np.full(shape[:2], 255, np.uint8)
    cv2.polylines(apart, [np.array(STROKE, np.int32)], isClosed=False, color=(0,))
    return np.asarray(cv2.distanceTransform(apart, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
