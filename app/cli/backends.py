"""List every backend: what it is good for, its options, and whether it can run here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.commands import DONE

if TYPE_CHECKING:
    import argparse

    from engine.backend import BackendSpec, Option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from app.cli.console import print_json
    from engine import registry

    rows = [describe(spec) for spec in registry.specs()]
    if args.json:
        print_json(rows)
    else:
        _print_table(rows)
    return DONE


def describe(spec: BackendSpec) -> dict[str, object]:
    """The row of `--json`."""
    why = why_unusable(spec)
    return {
        "id": spec.id,
        "label": spec.label,
        "kind": spec.kind,
        "role": "alone",
        "promise": spec.promise,
        "paper": spec.paper,
        "parameters": spec.parameters,
        "native_side": spec.native_side,
        "multiple": spec.multiple,
        "options": [_option(option) for option in spec.options],
        "weights": None,
        "usable": why is None,
        "why": why,
    }


def why_unusable(spec: BackendSpec) -> str | None:
    """Why the backend cannot run here, found out by loading it; None if it can."""
    from engine import registry
    from engine.errors import UnusableBackendError

    try:
        registry.create(spec.id)
    except UnusableBackendError as error:
        return str(error)
    return None


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

    table = Table("backend", "what it does", "options", "usable", box=None)
    for row in rows:
        options = row["options"]
        names = [f"{option['name']}={option['default']}" for option in options]  # type: ignore[attr-defined]
        table.add_row(
            str(row["id"]),
            str(row["promise"]),
            ", ".join(names) or "–",
            "yes" if row["usable"] else f"no: {row['why']}",
        )
    Console(markup=False).print(table)
