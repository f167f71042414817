"""Fill a tiny picture with every backend that is usable; exit code 1 if one fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from app.cli.commands import DONE, FAILED

if TYPE_CHECKING:
    import argparse

    from engine.backend import BackendSpec
    from engine.types import MaskBool, Pixels

_SIDE = 96
_RADIUS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Test and tell."""
    from app.cli.console import print_json
    from engine import registry

    rows = []
    for spec in registry.specs():
        rows.append(tested(spec))
        if not args.json:
            row = rows[-1]
            how = f"{row['device']}, {row['seconds']:.2f} s" if row["ok"] else row["why"]
            print(f"{'ok    ' if row['ok'] else 'FAILED'}  {spec.id}: {how}")
    is_fine = all(row["ok"] for row in rows)
    if args.json:
        print_json({"ok": is_fine, "backends": rows})
    return DONE if is_fine else FAILED


def tested(spec: BackendSpec) -> dict[str, object]:
    """The row of one backend: `id, ok, device, seconds, why`."""
    from engine.errors import EngineError
    from engine.jobs import CancelToken, finish
    from engine.pipeline import InpaintRequest, inpaint

    pixels, hole = _picture()
    start = time.perf_counter()
    device, why = None, None
    try:
        result = finish(inpaint(InpaintRequest(pixels, hole, spec.id), CancelToken()))
    except EngineError as error:
        why = str(error)
    else:
        device = result.device
        after = pixels.copy()
        for patch in result.patches:
            after[patch.box.slices][patch.hole] = patch.pixels[patch.hole]
        why = _complaint(pixels, after, hole)
    seconds = round(time.perf_counter() - start, 4)
    return {"id": spec.id, "ok": why is None, "device": device, "seconds": seconds, "why": why}


def _picture() -> tuple[Pixels, MaskBool]:
    """Diagonal stripes with a white disc to be removed."""
    import numpy as np

    rows, columns = np.mgrid[:_SIDE, :_SIDE]
    stripes = np.where((rows + columns) // 6 % 2 == 0, 90, 150).astype(np.uint8)
    pixels = np.dstack([stripes, stripes, stripes // 2])
    hole = (rows - _SIDE // 2) ** 2 + (columns - _SIDE // 2) ** 2 < _RADIUS**2
    pixels[hole] = 255
    return pixels, hole


def _complaint(before: Pixels, after: Pixels, hole: MaskBool) -> str | None:
    if (after[~hole] != before[~hole]).any():
        return "it changed pixels outside the hole"
    if (after[hole] == before[hole]).all(axis=1).any():
        return "it left part of the hole unfilled"
    return None
