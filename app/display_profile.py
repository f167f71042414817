"""The colour profile of the screen: from the system where it says, or from a file. No Qt here."""

from __future__ import annotations

import ctypes
import io
import logging
import sys
from typing import TYPE_CHECKING

from app.language import tr
from engine.errors import PictureError

if TYPE_CHECKING:
    from pathlib import Path

    from app.settings import DisplayProfile

log = logging.getLogger(__name__)

LONGEST_BYTES = 4 << 20
"""No profile of a screen is larger; those with large tables take some hundred kilobytes."""

_ANY_TYPE = 0
_WINDOW = ctypes.c_ulong
_POINTER = ctypes.c_void_p


def screen_profile(choice: DisplayProfile, file: Path | None, screen: int) -> bytes | None:
    """The profile that colours are shown through; None = the screen is taken to be sRGB.

    Args:
        choice: "system", "file" or "none".
        file: which one.
        screen: number of the screen, from 0.

    Raises:
        PictureError: if the file cannot be used.
    """
    if choice == "file" and file is not None:
        return read_profile(file)
    return system_profile(screen) if choice == "system" else None


def read_profile(file: Path) -> bytes:
    """The profile of a file.

    Raises:
        PictureError: if it cannot be read or is no profile of a screen.
    """
    from PIL import ImageCms

    try:
        icc = file.read_bytes()
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile
    except (OSError, ImageCms.PyCMSError) as error:
        sentence = tr(
            "“{name}” cannot be used as the profile of the screen; choose an ICC file.",
            name=file.name,
        )
        raise PictureError(sentence) from error
    if profile.xcolor_space.strip() != "RGB":
        sentence = tr(
            "“{name}” is a profile for {space} and not for a screen; choose one for RGB.",
            name=file.name,
            space=profile.xcolor_space.strip(),
        )
        raise PictureError(sentence)
    return icc


def system_profile(screen: int) -> bytes | None:
    """What the system says of a screen; None where it says nothing.

    X11 has it as a property of the root window, where colour managers such as colord put it.
    Windows names a file. macOS and Wayland convert sRGB for the screen themselves.
    """
    if sys.platform == "win32":
        from PIL import ImageCms

        profile = ImageCms.get_display_profile()
        return None if profile is None else bytes(profile.tobytes())
    return None if sys.platform == "darwin" else _x11_profile(screen)


def _x11_profile(screen: int) -> bytes | None:
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = _POINTER
    x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
    display = x11.XOpenDisplay(None)
    if not display:
        return None
    try:
        name = f"_ICC_PROFILE_{screen}" if screen else "_ICC_PROFILE"
        return _root_property(x11, display, name.encode())
    finally:
        x11.XCloseDisplay(_POINTER(display))


def _root_property(x11: ctypes.CDLL, display: int, name: bytes) -> bytes | None:
    """The bytes of a property of the root window; None if there is no such property."""
    x11.XInternAtom.restype = x11.XDefaultRootWindow.restype = _WINDOW
    atom = x11.XInternAtom(_POINTER(display), name, True)
    if not atom:
        return None
    root = x11.XDefaultRootWindow(_POINTER(display))
    kind, bits = _WINDOW(), ctypes.c_int()
    count, rest, value = ctypes.c_ulong(), ctypes.c_ulong(), _POINTER()
    x11.XGetWindowProperty(
        *(_POINTER(display), _WINDOW(root), _WINDOW(atom)),
        *(ctypes.c_long(0), ctypes.c_long(LONGEST_BYTES // 4), False, _WINDOW(_ANY_TYPE)),
        *map(ctypes.byref, (kind, bits, count, rest, value)),
    )
    if not value.value:
        return None
    try:
        is_whole = bits.value == 8 and rest.value == 0
        return ctypes.string_at(value.value, count.value) if is_whole and count.value else None
    finally:
        x11.XFree(value)
