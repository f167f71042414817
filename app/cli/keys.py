"""Print every action of the editor with its keys; needs no display."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.commands import DONE

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Print the sheet."""
    from app.actions import ACTIONS
    from app.cli.console import print_json

    if args.json:
        print_json(
            [
                {
                    "id": action.id,
                    "label": action.plain_label,
                    "menu": action.menu,
                    "keys": list(action.all_keys),
                }
                for action in ACTIONS
            ]
        )
        return DONE

    from rich.console import Console
    from rich.table import Table

    table = Table("menu", "action", "keys", box=None)
    for action in ACTIONS:
        table.add_row(action.menu, action.plain_label, "  ".join(action.all_keys))
    Console(markup=False).print(table)
    return DONE
