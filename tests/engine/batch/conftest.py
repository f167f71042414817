"""The painter as a backend, open and forgetful for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine import registry
from engine.recipe import Recipe
from tests.engine.batch import painter

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def painting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recipe]:
    """A recipe for the painter; whatever happens, it is let go in the end."""
    monkeypatch.setitem(registry._specs, "painter", painter.SPEC)
    painter.gate.set()
    painter.failures.clear()
    painter.busy.clear()
    yield Recipe(backend="painter")
    painter.gate.set()
