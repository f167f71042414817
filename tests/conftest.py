"""What every test gets: no display needed, no thread left behind."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

import engine  # noqa: F401 - decides how torch's threads wait, so it comes before torch

if TYPE_CHECKING:
    from collections.abc import Iterator

# No test may open a window before the developer's eyes; end-to-end tests start a display of theirs.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
for _name in ("DISPLAY", "WAYLAND_DISPLAY"):
    os.environ.pop(_name, None)

_GRACE_SECONDS = 5.0


@pytest.fixture(autouse=True)
def scans_remembered_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep the developer's own folder of caches as it is."""
    place = tmp_path_factory.getbasetemp() / "scans"
    monkeypatch.setattr("engine.scan_memory._place", lambda: place)


@pytest.fixture(autouse=True)
def no_weights_but_those_of_the_test(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what the developer has trained nor what ships decides how a test ends."""
    empty = tmp_path_factory.getbasetemp() / "no-weights"
    monkeypatch.setattr("engine.weights.folders", lambda: (empty / "own", empty / "shipped"))


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Fail if a test leaves a thread that would keep the program from ending."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _GRACE_SECONDS
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon and not isinstance(thread, threading._DummyThread):
            thread.join(max(0.0, deadline - time.monotonic()))
            assert not thread.is_alive(), f"{thread.name} is still running"
