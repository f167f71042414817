"""The scripts under `packaging/`, which must not be a package and so cannot be imported by name."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def script(name: str) -> ModuleType:
    """The module `packaging/NAME.py`, loaded once."""
    known = f"lacuna_packaging_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, PACKAGING / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[known] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[known]
