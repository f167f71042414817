"""A program that is killed costs the last edit at most."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.app.killed import killed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize(("seed", "seconds"), [(0, 1.1), (1, 4.3)])
def test_what_is_recovered_is_the_last_edit_or_the_one_before(
    tmp_path: Path, seed: int, seconds: float
) -> None:
    assert killed(tmp_path, seed, seconds) <= 1
