"""The table of commands and what all of them share: options, usage errors, exit codes."""

from __future__ import annotations

import argparse
import difflib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias, cast

if TYPE_CHECKING:
    from types import ModuleType

DONE = 0
FAILED = 1
WRONG_USAGE = 2
PARTLY = 3
INTERRUPTED = 130

Run: TypeAlias = Callable[[argparse.Namespace], int]

COMMANDS = {
    "inpaint": "fill the masked part of one picture",
    "batch": "fill a folder of pictures",
    "backends": "list the methods and their options",
    "self-test": "try every backend on a tiny picture",
    "masks": "write a set of masks for training or evaluation",
    "train": "train or fine-tune a generator on your own pictures",
    "import-weights": "convert an officially released checkpoint",
    "evaluate": "measure backends on a folder of pictures, as the papers do",
    "keys": "print the editor's keys",
    "demo": "fill the bundled sample picture, without a display",
}
"""Name -> what it does. `lacuna NAME` calls `app.cli.NAME`, dashes as underscores."""


class UsageError(Exception):
    """The command line asks for something that cannot be; its text is shown as it is."""


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see “{self.prog} --help”.")


def parse(name: str, words: list[str]) -> tuple[Run, argparse.Namespace]:
    """The function of a command and its parsed words.

    Raises:
        UsageError: if the words do not fit the command.
    """
    module = _module(name)
    return cast("Run", module.run), parser(name).parse_args(words)


def parser(name: str) -> Parser:
    """What a command understands; the manual page is made of it as well."""
    module = _module(name)
    made = Parser(prog=f"lacuna {name}", description=module.__doc__, allow_abbrev=False)
    module.add_arguments(made)
    made.add_argument("--quiet", action="store_true", help="no progress and no notices")
    made.add_argument("--debug", action="store_true", help="a traceback with every error")
    return made


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"app.cli.{name.replace('-', '_')}")


def is_neither_option_nor_file(word: str) -> bool:
    """Whether a bare word can only be meant as a command: it names no file and looks like none."""
    if word.startswith("-") or Path(word).suffix or "/" in word or "\\" in word:
        return False
    try:
        return not Path(word).exists()
    except OSError:
        return True


def nearest(word: str) -> str | None:
    """The command that somebody who typed this word probably meant; None if it is like none."""
    near = difflib.get_close_matches(word, COMMANDS, n=1)
    return near[0] if near else None


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A type for `add_argument`: a whole number from `low` to `high`."""

    def parsed(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {low} to {high}, not “{text}”"
            )
        return number

    return parsed
