"""`lacuna`: opens the editor, or runs one of the commands.

Nothing heavy is imported here: `lacuna --help` answers at once, and the window opens without
waiting for what only a command needs.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
import traceback
from pathlib import Path

from app.cli import console
from app.cli.commands import (
    COMMANDS,
    FAILED,
    INTERRUPTED,
    WRONG_USAGE,
    Parser,
    UsageError,
    is_neither_option_nor_file,
    nearest,
    parse,
)
from engine import __version__
from engine.errors import Cancelled, EngineError, PictureTooLargeError

NO_DISPLAY = (
    "There is no display to open the editor on; start it in a desktop session, or fill pictures "
    "with “lacuna inpaint IMAGE MASK -o OUT”."
)


def main(words: list[str] | None = None) -> int:
    """Run the program and return its exit code."""
    words = sys.argv[1:] if words is None else words
    console.prepare_streams()
    if "--debug" not in words:
        # What libraries and we note for developers is no sentence for people.
        logging.lastResort = logging.NullHandler()
    code = _guarded(words)
    if code == INTERRUPTED and _has_running_threads():
        # A call into OpenCV cannot be stopped; who pressed Ctrl-C shall not wait for it.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _guarded(words: list[str]) -> int:
    """Run, and turn everything that can go wrong into a sentence and an exit code."""
    try:
        try:
            return _run(words)
        finally:
            # Here rather than at the interpreter's end, where a failure could only be a traceback.
            sys.stdout.flush()
    except UsageError as error:
        return _fail(str(error), WRONG_USAGE, words)
    except PictureTooLargeError as error:
        return _fail(f"{error} Add --allow-large to open it anyway.", FAILED, words)
    except EngineError as error:
        return _fail(str(error), FAILED, words)
    except MemoryError:
        return _fail("There is not enough memory for this picture.", FAILED, words)
    except (Cancelled, KeyboardInterrupt):
        return _fail("Interrupted; nothing was left half-written.", INTERRUPTED, words)
    except BrokenPipeError:
        console.drop_results()  # whoever read it has gone
        return FAILED
    except OSError as error:
        console.drop_results()
        return _fail(_refusal(error), FAILED, words)
    except Exception as error:  # noqa: BLE001 - the process entry: no traceback for users
        kind = type(error).__name__
        hint = "add --debug for the details"
        return _fail(f"A fault of the program: {kind}: {error}; {hint}.", FAILED, words)


def _run(words: list[str]) -> int:
    if words and words[0] in COMMANDS:
        command, args = parse(words[0], words[1:])
        return command(args)
    if words and is_neither_option_nor_file(words[0]):
        near = nearest(words[0])
        hint = f"did you mean “lacuna {near}”?" if near else "see “lacuna --help”."
        raise UsageError(f"There is no command or file “{words[0]}”; {hint}")
    return _edit(editor_parser().parse_args(words))


def editor_parser() -> Parser:
    """What `lacuna` understands without a command."""
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {does}" for name, does in COMMANDS.items())
    parser = Parser(
        prog="lacuna",
        description="Make unwanted things vanish from photographs: opens the editor.",
        epilog=f"commands:\n{listed}\n\n“lacuna COMMAND --help” explains one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("files", metavar="FILES", type=Path, nargs="*", help="pictures to open")
    parser.add_argument("--mask", metavar="MASK", type=Path, help="a mask for the first picture")
    parser.add_argument("--backend", metavar="ID", help="see “lacuna backends”")
    parser.add_argument("--version", action="version", version=f"lacuna {__version__}")
    parser.add_argument("--debug", action="store_true", help="a traceback with every error")
    return parser


def _edit(args: argparse.Namespace) -> int:
    from app.cli.display import has_display

    if args.backend is not None:
        from engine import registry
        from engine.errors import UnknownBackendError

        try:
            registry.get(args.backend)
        except UnknownBackendError as error:
            raise UsageError(str(error)) from error
    if not has_display():
        raise EngineError(NO_DISPLAY)
    try:
        from app import gui
    except ImportError as error:
        raise EngineError(
            f"The editor cannot start, because part of Qt is missing: {error}; the README names "
            "the packages to install."
        ) from error
    return gui.run(args.files, args.mask, args.backend)


def _fail(sentence: str, code: int, words: list[str]) -> int:
    if "--debug" in words:
        traceback.print_exc()
    sys.stderr.write(f"lacuna: {sentence}\n")
    return code


def _refusal(error: OSError) -> str:
    """What the system refused; the error of a stream, unlike that of a file, has no name."""
    why = error.strerror or str(error)
    if error.filename is None:
        return f"The output could not be written: {why}."
    return f"“{error.filename}” cannot be used: {why}."


def _has_running_threads() -> bool:
    others = set(threading.enumerate()) - {threading.main_thread()}
    return any(not thread.daemon for thread in others)


if __name__ == "__main__":
    sys.exit(main())
