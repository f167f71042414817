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


MODULES = (
    "startup", "painting", "backends", "generators", "training", "memory", "ui_stall", "soak",
    "batch",
)  # fmt: skip

BOUNDS: dict[str, Bound] = {
    "startup.ratio": Bound(3.0),
    "startup.heavy_modules": Bound(0),
    **{
        f"painting.{case}_{figure}": Bound(limit)
        for case in ("fit_60px", "fit_400px", "actual_60px", "actual_400px")
        for figure, limit in (
            ("move_median_ms", 8),
            ("move_p99_ms", 16),
            ("undo_ms", 30),
            ("redo_ms", 30),
        )
    },
    **{
        f"painting.colour_{size}_{figure}": Bound(limit)
        for size in ("24mp", "100mp")
        for figure, limit in (("move_ratio", 1.25), ("pan_ratio", 2), ("move_median_ms", 8))
    },
    "backends.brush_times_faster": Bound(5, at_least=True),
    "backends.blob_times_faster": Bound(5, at_least=True),
    "backends.12mp_peak_mib": Bound(1024),
    "backends.patchmatch_cancel_s": Bound(0.5),
    "backends.telea_cancel_s": Bound(0.5),
    "backends.navier-stokes_cancel_s": Bound(0.5),
    "generators.pennet.512_times_faster": Bound(2, at_least=True),
    "generators.pennet.512_memory_share": Bound(1 / 3),
    "generators.gla.512_times_faster": Bound(2, at_least=True),
    "generators.gla.512_memory_share": Bound(1 / 3),
    "generators.gla-released.512_times_faster": Bound(2, at_least=True),
    "generators.gla-released.512_memory_share": Bound(1 / 3),
    "generators.iconv.256_times_faster": Bound(1.4, at_least=True),
    "generators.pepsi.256_share_of_iconv": Bound(0.5),
    "training.loop_share": Bound(0.9, at_least=True),
    "memory.diet-pepsi.estimate_off_by": Bound(0.3),
    "memory.regionwise.estimate_off_by": Bound(0.3),
    "memory.iconv-small.estimate_off_by": Bound(0.3),
    "ui_stall.patchmatch_max_ms": Bound(50),
    "ui_stall.telea_max_ms": Bound(50),
    "soak.growth_percent": Bound(5),
    "batch.wall_over_bound": Bound(1.1),
    "batch.peak_mb": Bound(3300),
    "batch.growth_mb_over_1000": Bound(20),
}


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
