"""`make bench`: every figure the README states, measured now, with the bound it must keep.

Each module named below has `measure() -> dict[str, float]`. The table goes to the terminal, the
figures to `build/bench.json`. A bound that is missed is marked, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

OUTPUT = Path("build") / "bench.json"


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must not exceed, or with `at_least` not fall below."""

    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


MODULES = ("startup", "painting", "backends", "ui_stall", "soak")

BOUNDS: dict[str, Bound] = {}


def run(names: list[str]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        module = importlib.import_module(f"tests.benchmarks.{name}")
        figures |= {f"{name}.{key}": value for key, value in module.measure().items()}
    return figures


def table(figures: dict[str, float]) -> tuple[Table, bool]:
    shown = Table("figure", "value", "bound", "")
    good = True
    for key, value in figures.items():
        bound = BOUNDS.get(key)
        holds = bound is None or bound.holds(value)
        good &= holds
        mark = "" if bound is None else ("ok" if holds else "[red]missed[/red]")
        shown.add_row(key, f"{value:.3g}", "" if bound is None else str(bound), mark)
    return shown, good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}")
    names = parser.parse_args().modules or list(MODULES)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    figures = run(names)
    shown, good = table(figures)
    Console().print(shown)
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
