"""Write the manual page from the parsers: `python packaging/make_manual.py > lacuna.1`."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.__main__ import editor_parser
from app.cli.commands import COMMANDS, DONE, FAILED, INTERRUPTED, PARTLY, WRONG_USAGE, parser
from engine import __version__

if TYPE_CHECKING:
    import argparse

EXIT_CODES = {
    DONE: "Done.",
    FAILED: "Failed; one sentence on standard error says why.",
    WRONG_USAGE: "Wrong usage.",
    PARTLY: "A folder or table was finished, and some of its items failed.",
    INTERRUPTED: "Interrupted; nothing was left half-written.",
}

EXAMPLES = {
    "Open the editor on a photograph:": "lacuna photo.jpg",
    "Fill what is white in the mask:": "lacuna inpaint photo.jpg mask.png -o clean.jpg",
    "Remove scratches from a scan:": "lacuna inpaint scan.tif mask.png -o clean.tif "
    "--backend telea --option radius=5",
    "See whether all works on this machine:": "lacuna self-test",
}


def page() -> str:
    """The page in roff's man macros."""
    editor = editor_parser()
    parts = [
        f'.TH LACUNA 1 "" "Lacuna {__version__}" "User Commands"',
        ".SH NAME\nlacuna \\- make unwanted things vanish from photographs",
        ".SH SYNOPSIS",
        _synopsis(editor),
        *(f".br\n{_bold(f'lacuna {name}')} [{_italic('OPTIONS')}]" for name in COMMANDS),
        ".SH DESCRIPTION\n" + _text(editor.description or ""),
        "Without a command the editor opens; a command works without a display.",
        ".SH OPTIONS",
        *_arguments(editor),
        ".SH COMMANDS",
        *(part for name in COMMANDS for part in _command(name)),
        ".SH EXIT STATUS",
        *(f".TP\n{_bold(str(code))}\n{meaning}" for code, meaning in EXIT_CODES.items()),
        ".SH EXAMPLES",
        *(f".PP\n{_text(what)}\n.PP\n.RS 4\n{_text(how)}\n.RE" for what, how in EXAMPLES.items()),
    ]
    return "\n".join(parts) + "\n"


def _command(name: str) -> list[str]:
    made = parser(name)
    about = textwrap.dedent(made.description or COMMANDS[name]).strip()
    paragraphs = [_text(" ".join(part.split())) for part in about.split("\n\n")]
    described = "\n.PP\n".join(paragraphs)
    return [f".SS {_bold(name)}", _synopsis(made), ".PP", described, *_arguments(made)]


def _synopsis(made: argparse.ArgumentParser) -> str:
    usage = " ".join(made.format_usage().removeprefix("usage: ").split())
    rest = usage.removeprefix(made.prog).strip()
    return f"{_bold(made.prog)} {_text(rest)}"


def _arguments(made: argparse.ArgumentParser) -> list[str]:
    """One paragraph for each, those without dashes first as on the command line."""
    actions = sorted(made._actions, key=lambda action: bool(action.option_strings))  # noqa: SLF001
    return [f".TP\n{_words(action)}\n{_text(_help(action))}" for action in actions]


def _words(action: argparse.Action) -> str:
    takes_value = action.nargs != 0
    value = action.metavar if isinstance(action.metavar, str) else None
    if value is None and action.choices is not None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    value = value or action.dest.upper()
    if not action.option_strings:
        return _italic(value)
    names = ", ".join(_bold(name) for name in action.option_strings)
    return f"{names} {_italic(value)}" if takes_value else names


def _help(action: argparse.Action) -> str:
    text = (action.help or "").replace("%%", "%")
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else "\\&"


def _text(words: str) -> str:
    """Safe for roff: no escape, no line that looks like a request."""
    escaped = words.replace("\\&", "\0").replace("\\", "\\e").replace("\0", "\\&")
    escaped = escaped.replace("-", "\\-").replace("“", "\\(lq").replace("”", "\\(rq")
    return re.sub(r"(?m)^([.'])", r"\\&\1", escaped)


def _bold(words: str) -> str:
    return f"\\fB{_text(words)}\\fR"


def _italic(words: str) -> str:
    return f"\\fI{_text(words)}\\fR"


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(page())
