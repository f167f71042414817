"""How torch's threads wait is decided before torch is imported, unless the user has decided."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SHOWN = "import engine, os; print(os.environ['OMP_WAIT_POLICY'])"


@pytest.mark.parametrize(("given", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_leave_the_cores_to_others(given: str | None, expected: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    if given is not None:
        environment["OMP_WAIT_POLICY"] = given
    shown = subprocess.run(
        [sys.executable, "-c", SHOWN], env=environment, capture_output=True, check=True, text=True
    )
    assert shown.stdout.strip() == expected
