"""List every backend: what it is good for, its options, and whether it can run here."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from app.cli.commands import DONE
from engine import registry, weights
from engine.errors import UnusableBackendError

if TYPE_CHECKING:
    import argparse

    from engine.backend import BackendSpec, Option
    from engine.weights import WeightFile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from app.cli.console import print_json

    rows = [describe(spec) for spec in registry.specs()]
    if args.json:
        print_json(rows)
    else:
        _print_table(rows)
    return DONE


def describe(spec: BackendSpec) -> dict[str, object]:
    """The row of `--json`."""
    why = why_unusable(spec)
    file = weights.find(spec) if spec.network else None
    return {
        "id": spec.id,
        "label": spec.label,
        "kind": spec.kind,
        "role": _role(spec, file),
        "promise": spec.promise,
        "paper": spec.paper,
        "parameters": spec.parameters,
        "native_side": spec.native_side,
        "multiple": spec.multiple,
        "heeds_forbidden": spec.heeds_forbidden,
        "keypoints": list(spec.keypoints),
        "options": [_option(option) for option in spec.options],
        "weights": _weights(file) if spec.network else None,
        "usable": why is None,
        "why": why,
    }


def why_unusable(spec: BackendSpec) -> str | None:
    """Why the backend cannot run here; None if it can.

    A classical backend is loaded to find out. Of a network only the weights' header is read, so
    that listing ten of them does not take as long as running them; `lacuna self-test` runs them.
    """
    if spec.network:
        if importlib.util.find_spec("torch") is None:
            return f"{spec.label} needs PyTorch, which is not installed; install the package torch."
        return weights.why_missing(spec) if weights.find(spec) is None else None
    try:
        registry.create(spec.id)
    except UnusableBackendError as error:
        return str(error)
    return None


def _role(spec: BackendSpec, file: WeightFile | None) -> str:
    if not spec.network:
        return "alone"
    return "none" if file is None else file.card.role


def _weights(file: WeightFile | None) -> dict[str, object]:
    if file is None:
        names = ("path", "sha256", "bytes", "licence", "trained_on", "masks")
        return {"present": False} | dict.fromkeys(names)
    return {
        "present": True,
        "path": str(file.path),
        "sha256": file.sha256,
        "bytes": file.bytes,
        "licence": file.card.licence,
        "trained_on": file.card.trained_on,
        "masks": list(file.card.masks),
    }


def _option(option: Option) -> dict[str, object]:
    return {
        "name": option.name,
        "label": option.label,
        "default": option.default,
        "low": option.low,
        "high": option.high,
        "choices": list(option.choices),
        "help": option.help,
    }


def _print_table(rows: list[dict[str, object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("backend", "what it does", "parameters", "options", "usable", box=None)
    for row in rows:
        options = row["options"]
        names = [f"{option['name']}={option['default']}" for option in options]  # type: ignore[attr-defined]
        table.add_row(
            str(row["id"]),
            str(row["promise"]),
            f"{row['parameters']:,}" if row["parameters"] else "–",
            ", ".join(names) or "–",
            "yes" if row["usable"] else "no [1]" if row["kind"] == "gan" else f"no: {row['why']}",
        )
    console = Console(markup=False)
    console.print(table)
    unusable = [row for row in rows if row["kind"] == "gan" and not row["usable"]]
    if unusable:
        console.print(f"[1] {_WAYS_OUT}", style="dim")


_WAYS_OUT = (
    "This network has no weights here: train it on your own pictures, or convert a file that its "
    "authors released with “lacuna import-weights FILE --as ID -o OUT.safetensors”."
)
