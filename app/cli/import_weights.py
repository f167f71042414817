"""Convert a checkpoint that the authors of a method have released; no code in it is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import DONE, UsageError

_NO_SUCH_PLACE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)

if TYPE_CHECKING:
    import argparse

    from engine.backend import BackendSpec
    from engine.jobs import CancelToken, Steps
    from engine.official.importing import Imported


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the checkpoint (.pth, .pt, .ckpt)")
    parser.add_argument(
        "--as", dest="backend", metavar="ID", required=True, help="see “lacuna backends”"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=Path, required=True, help="ends in .safetensors"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Convert, and say what was found and where the file belongs."""
    from app.cli.console import print_json, run_job
    from engine.jobs import Job
    from engine.official.importing import import_checkpoint

    spec = _backend(args.backend)
    _check_output(args.file, args.output, overwrite=args.overwrite)

    def work(_: CancelToken) -> Steps[Imported]:
        return import_checkpoint(args.file, spec, args.output)

    imported = run_job(Job("Importing weights", work), quiet=args.quiet)
    if args.json:
        print_json(_row(imported))
    else:
        _tell(imported, spec, quiet=args.quiet)
    return DONE


def _backend(backend_id: str) -> BackendSpec:
    """The backend to import for.

    Raises:
        UsageError: if there is none of that id, or none of its checkpoints can be converted.
    """
    from engine import registry
    from engine.errors import UnknownBackendError
    from engine.official import RELEASES

    try:
        spec = registry.get(backend_id)
    except UnknownBackendError as error:
        raise UsageError(str(error)) from error
    if spec.id not in RELEASES:
        raise UsageError(
            f"There are no official checkpoints for {spec.label}; they can be imported for "
            f"{', '.join(RELEASES)}."
        )
    return spec


def _check_output(source: Path, output: Path, *, overwrite: bool) -> None:
    """Say what is wrong with the place of the output before the work rather than after it.

    Raises:
        UsageError: if it cannot be written as asked.
        PictureError: if the system refuses it.
    """
    from engine.errors import PictureError
    from engine.pictures import check_place
    from engine.weights import ENDING, user_folder

    if output.suffix != ENDING:
        raise UsageError(f"“{output}” must end in {ENDING}; that is what weights are saved as.")
    if output.parent == user_folder():
        output.parent.mkdir(parents=True, exist_ok=True)
    try:
        check_place(output)
    except PictureError as error:
        if isinstance(error.__cause__, _NO_SUCH_PLACE):
            raise UsageError(str(error)) from error
        raise
    if output.exists() and not overwrite:
        raise UsageError(f"“{output}” exists; add --overwrite to replace it.")
    if output.resolve() == source.resolve():
        raise UsageError(f"“{output}” is the checkpoint itself; choose another name.")


def _row(imported: Imported) -> dict[str, object]:
    """The document of `--json`."""
    file, card = imported.file, imported.file.card
    return {
        "output": str(file.path),
        "backend": card.backend,
        "configuration": card.configuration,
        "parameters": imported.parameters,
        "licence": card.licence,
        "trained_on": card.trained_on,
        "masks": list(card.masks),
        "ema": card.ema,
        "notes": list(imported.notes),
        "source_sha256": card.source_sha256,
        "sha256": file.sha256,
        "bytes": file.bytes,
        "found_by_itself": _is_found(file.path),
    }


def _tell(imported: Imported, spec: BackendSpec, *, quiet: bool) -> None:
    from app.cli.console import notice
    from engine import weights

    file, card = imported.file, imported.file.card
    print(file.path)
    settings = ", ".join(f"{name} {value}" for name, value in card.configuration.items())
    found = f"{spec.label}, {imported.parameters:,} parameters" + f" ({settings})" * bool(settings)
    place = (
        "The editor finds it where it is."
        if _is_found(file.path)
        else f"For the editor to find it, put it into “{weights.user_folder()}”."
    )
    sentences = [
        f"Found {found}.",
        f"Trained on: {card.trained_on}.",
        f"Licence: {card.licence}.",
        *imported.notes,
        place,
    ]
    notice(sentences, quiet=quiet)


def _is_found(path: Path) -> bool:
    """Whether the file lies where weights are looked for."""
    from engine import weights

    return path.resolve().parent in [folder.resolve() for folder in weights.folders()]
