"""Fill a tiny picture with every backend that is usable; exit code 1 if one fails.

A network without weights is not usable, which is no failure.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from app.cli.commands import DONE, FAILED

if TYPE_CHECKING:
    import argparse

    from engine.backend import BackendSpec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Test and tell."""
    from app.cli.backends import why_unusable
    from app.cli.console import print_json
    from engine import registry

    rows, left_out = [], []
    for spec in registry.specs():
        why = why_unusable(spec) if spec.network else None
        if why is not None:
            left_out.append({"id": spec.id, "why": why})
            continue
        rows.append(tested(spec))
        if not args.json:
            row = rows[-1]
            how = f"{row['device']}, {row['seconds']:.2f} s" if row["ok"] else row["why"]
            print(f"{'ok    ' if row['ok'] else 'FAILED'}  {spec.id}: {how}")
    is_fine = all(row["ok"] for row in rows)
    if args.json:
        print_json({"ok": is_fine, "backends": rows, "not_usable": left_out})
    elif left_out:
        print(f"without weights: {', '.join(row['id'] for row in left_out)}")
    return DONE if is_fine else FAILED


def tested(spec: BackendSpec) -> dict[str, object]:
    """The row of one backend: `id, ok, device, seconds, why`."""
    from engine.errors import EngineError
    from engine.jobs import CancelToken, finish
    from engine.trial import trial

    start = time.perf_counter()
    device, why = None, None
    try:
        made = finish(trial(spec, CancelToken()))
    except EngineError as error:
        why = str(error)
    else:
        device, why = made.device, made.complaint
    seconds = round(time.perf_counter() - start, 4)
    return {"id": spec.id, "ok": why is None, "device": device, "seconds": seconds, "why": why}
