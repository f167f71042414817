"""The screen's profile: from a file, from the system, or none; in force at once."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColorSpace

from app.display_profile import read_profile, screen_profile, system_profile
from engine.errors import PictureError
from tests.app.desktop import virtual_display

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.conftest import Desk

P3 = bytes(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3).iccProfile().data())


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "screen.icc"
    path.write_bytes(P3)
    return path


@pytest.fixture
def red(tmp_path: Path) -> Path:
    """A picture of one colour without a profile."""
    path = tmp_path / "red.png"
    Image.new("RGB", (120, 120), (200, 30, 40)).save(path)
    return path


def shown(desk: Desk) -> tuple[int, ...]:
    """The colour in the middle of the canvas."""
    image = desk.canvas.grab().toImage()
    colour = image.pixelColor(desk.at(60, 60))
    return colour.red(), colour.green(), colour.blue()


def test_a_file_is_read_and_used_only_if_it_was_chosen(profile: Path) -> None:
    assert read_profile(profile) == P3
    assert screen_profile("file", profile, 0) == P3
    assert screen_profile("file", None, 0) is None
    assert screen_profile("none", profile, 0) is None


@pytest.mark.parametrize("content", [b"", b"no profile", P3[:200]])
def test_a_file_that_is_no_profile_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.icc"
    path.write_bytes(content)
    with pytest.raises(PictureError, match="wrong"):
        read_profile(path)


def test_a_profile_of_something_else_than_a_screen_is_refused(tmp_path: Path) -> None:
    from PIL import ImageCms

    path = tmp_path / "lab.icc"
    path.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())
    with pytest.raises(PictureError, match="Lab and not for a screen"):
        read_profile(path)


def test_a_profile_chosen_in_the_settings_is_in_force_at_once(
    desk: Desk, red: Path, profile: Path
) -> None:
    desk.open(red)
    plain = shown(desk)
    assert plain == (200, 30, 40)
    desk.session.change_setting("display_profile_file", str(profile))
    assert shown(desk) == plain
    desk.session.change_setting("display_profile", "file")
    # sRGB red lies inside of P3: on such a screen it takes less red and more of the others.
    converted = shown(desk)
    assert converted[0] < 190
    assert converted[1] > 40
    desk.session.change_setting("display_profile", "none")
    assert shown(desk) == plain


def test_colours_for_the_screen_change_nothing_in_the_picture(
    desk: Desk, red: Path, profile: Path
) -> None:
    desk.open(red)
    desk.session.change_setting("display_profile_file", str(profile))
    desk.session.change_setting("display_profile", "file")
    assert shown(desk) != (200, 30, 40)
    assert (desk.document.image == np.array([200, 30, 40])).all()


def test_a_file_that_cannot_be_used_is_told_once_and_the_picture_is_shown(
    desk: Desk, red: Path
) -> None:
    desk.open(red)
    desk.session.settings.display_profile_file = str(desk.folder / "gone.icc")
    desk.session.change_setting("display_profile", "file")
    desk.session.look_changed.emit()
    assert shown(desk) == (200, 30, 40)
    assert desk.said().count("gone.icc") == 1


def put_on_root(display: str, name: bytes, value: bytes) -> None:
    """Do what a colour manager does: set a property of the root window."""
    x11 = ctypes.CDLL("libX11.so.6")
    for call in ("XOpenDisplay", "XInternAtom", "XDefaultRootWindow"):
        getattr(x11, call).restype = ctypes.c_void_p
    connection = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    atom = ctypes.c_ulong(x11.XInternAtom(connection, name, False))
    cardinal = ctypes.c_ulong(6)
    root = ctypes.c_ulong(x11.XDefaultRootWindow(connection))
    x11.XChangeProperty(connection, root, atom, cardinal, 8, 0, value, len(value))
    x11.XCloseDisplay(connection)


@pytest.mark.e2e
def test_x11_tells_the_profile_of_each_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    with virtual_display() as display:
        monkeypatch.setenv("DISPLAY", display)
        assert system_profile(0) is None
        put_on_root(display, b"_ICC_PROFILE", P3)
        put_on_root(display, b"_ICC_PROFILE_1", P3[::-1])
        assert system_profile(0) == P3
        assert system_profile(1) == P3[::-1]
        assert screen_profile("system", None, 0) == P3


def test_without_a_display_there_is_no_profile() -> None:
    assert system_profile(0) is None
