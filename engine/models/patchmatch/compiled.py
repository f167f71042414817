"""How the inner loops are compiled, and where their machine code is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba  # this module is imported by the worker only
import platformdirs

F = TypeVar("F", bound=Callable[..., Any])


def _has_cache_folder() -> bool:
    """Point numba's cache at the user's cache folder; an installation may be read-only."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return True
    folder = platformdirs.user_cache_path("lacuna") / "numba"
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # set at run time
    return os.access(folder, os.W_OK)


_CACHED = _has_cache_folder()


def kernel(function: F) -> F:
    """Compile on first call, keep the machine code on disk, release the interpreter's lock."""
    compiled: Any = numba.njit(nogil=True, error_model="numpy", cache=_CACHED)(function)
    return cast("F", compiled)
