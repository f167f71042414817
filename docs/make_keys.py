"""Write `docs/guide/keys.md` from the editor's own table: `python docs/make_keys.py`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.actions import ACTIONS, GESTURES, MENUS, ActionSpec

PAGE = Path(__file__).parent / "guide" / "keys.md"
INTRODUCTION = """\
# Tools and keys

<!-- Written by docs/make_keys.py from the table that `lacuna keys` prints; do not edit. -->

`F1` shows this sheet in the editor, where a double click changes a key. Letters do nothing while
you type in a field.

"""


def page() -> str:
    """The page in Markdown."""
    parts = [INTRODUCTION, "| tool | what it does | key |\n|---|---|---|\n"]
    parts += [
        f"| **{action.plain_label}** | {action.tip} | {_keys(action)} |\n"
        for action in ACTIONS
        if action.id.startswith("tool_")
    ]
    parts.append("\n## On the canvas\n\n| what | how |\n|---|---|\n")
    parts += [f"| {gesture.label} | {gesture.how} |\n" for gesture in GESTURES]
    for menu in MENUS:
        parts.append(f"\n## {menu}\n\n| command | keys |\n|---|---|\n")
        for action in ACTIONS:
            if action.menu.partition("/")[0] == menu:
                parts.append(f"| {action.plain_label} | {_keys(action)} |\n")
    return "".join(parts)


def _keys(action: ActionSpec) -> str:
    return ", ".join(f"`{key}`" for key in action.all_keys).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
