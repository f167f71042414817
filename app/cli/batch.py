"""Fill a folder of pictures, and write a report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli import method
from app.cli.commands import DONE, FAILED, PARTLY, UsageError

if TYPE_CHECKING:
    from engine.batch import BatchConfig, BatchRun, Plan, Report, Scheduler
    from engine.jobs import CancelToken, Steps

_EPILOG = """\
masks:
  a folder     same relative path and stem, any ending; else NAME_mask, NAME-mask, NAME_mask001 ...
  a mask file  for all pictures, scaled to each one of the same shape
  alpha        the pictures' own full transparency

Every result is noted in OUT_DIR/lacuna-batch.jsonl; --resume goes on with a run that was stopped.
The report is written as JSON, CSV and a page with before, hole and after.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument(
        "images", metavar="IMAGES", nargs="?", help="a folder of pictures, or one picture"
    )
    parser.add_argument("-m", "--masks", metavar="MASKS", help="folder, file or “alpha”; see below")
    parser.add_argument("-o", "--output", metavar="OUT_DIR", help="folder for the results")
    method.add_arguments(parser.add_argument_group("method"))
    _add_files(parser.add_argument_group("files"))
    _add_course(parser.add_argument_group("course"))
    _add_cluster(parser.add_argument_group("many machines"))


def _add_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--recursive", action="store_true", help="look into subfolders too")
    group.add_argument("--invert-mask", action="store_true", help="black marks the hole")
    group.add_argument(
        "--mask-from-alpha",
        action="store_true",
        help="full transparency of the mask files marks the hole",
    )
    group.add_argument(
        "--name",
        metavar="TEMPLATE",
        help="of results; default {stem}_inpainted{ext}; also {backend} {seed} {parent}",
    )
    group.add_argument(
        "--on-existing",
        choices=("rename", "skip", "overwrite"),
        help="where the name of a result is taken; default rename",
    )
    group.add_argument(
        "--in-place", action="store_true", help="allow results in the folder of the pictures"
    )
    group.add_argument(
        "--allow-large", action="store_true", help="open pictures above the pixel limit"
    )


def _add_course(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--dry-run", action="store_true", help="print the pairs and stop")
    group.add_argument(
        "--resume",
        action="store_true",
        help="keep results of an earlier run that are whole and made with the same settings",
    )
    group.add_argument("--stop-on-error", action="store_true", help="end after the first failure")
    group.add_argument(
        "--report",
        metavar="FILE.json",
        type=Path,
        help="a table and a page go beside it; default OUT_DIR/lacuna-batch.json",
    )
    group.add_argument(
        "--save-recipe", metavar="FILE", type=Path, help="write these settings, for --recipe"
    )
    group.add_argument("--json", action="store_true", help="print one JSON document")


def _add_cluster(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="tcp://HOST:PORT or tls://HOST:PORT of dask: its workers, which see the same "
        "folders, do the work; see docs/cluster.md",
    )
    for name, what in {
        "ca": "of the authority that signed the others",
        "cert": "our certificate",
        "key": "its key",
    }.items():
        group.add_argument(
            f"--tls-{name}", metavar="FILE", type=Path, help=f"{what}, PEM; for tls://"
        )


def run(args: argparse.Namespace) -> int:
    """Plan, show the plan or carry it out, report."""
    from app.cli.console import run_job
    from engine.batch import BatchRun, planned
    from engine.errors import Cancelled
    from engine.jobs import Job

    config = _config(args)
    _check_report(args.report)
    scheduler = _scheduler(args)

    def work(token: CancelToken) -> Steps[Plan]:
        return planned(config, token, resume=args.resume)

    plan = run_job(Job("Planning", work), quiet=args.quiet)
    if args.save_recipe:
        _save(plan.config, args.save_recipe)
    if args.dry_run:
        _show(plan, args)
        return DONE
    _warn(plan, args)
    batch = BatchRun(plan, report_file=args.report, scheduler=scheduler)
    try:
        report = run_job(Job("Filling a folder", batch.steps), quiet=args.quiet)
    except Cancelled:
        if batch.report is not None:
            _tell(batch.report, batch, args)
        raise
    _tell(report, batch, args)
    return _code(report)


def _config(args: argparse.Namespace) -> BatchConfig:
    """The settings that the command line and the file of settings add up to.

    Raises:
        UsageError: if they cannot be.
        InvalidInputError: if the file cannot be read.
        UnusableBackendError, WeightsError: if the backend cannot be had.
    """
    import msgspec

    from engine import recipe, registry
    from engine.batch import BatchConfig, check, load_settings
    from engine.errors import InvalidInputError, UnknownBackendError

    base = load_settings(args.recipe) if args.recipe else recipe.Recipe(backend=registry.AUTO)
    given = _given(args)
    if not isinstance(base, BatchConfig):
        given["recipe"] = method.merged(args, base)
        missing = [name for name in ("images", "masks", "output") if name not in given]
        if missing:
            words = {"images": "IMAGES", "masks": "-m MASKS", "output": "-o OUT_DIR"}
            raise UsageError(
                f"Name {' and '.join(words[name] for name in missing)}; see “lacuna batch --help”."
            )
        config = BatchConfig(**given)
    else:
        given["recipe"] = method.merged(args, base.recipe)
        if given["recipe"].backend != base.recipe.backend:
            given.setdefault("weights", None)
        config = msgspec.structs.replace(base, **given)
    try:
        check(config)
    except (InvalidInputError, UnknownBackendError) as error:
        raise UsageError(str(error)) from error
    return config


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """What the command line says; a switch that is off says nothing."""
    fields = {
        "images": args.images,
        "masks": args.masks,
        "output": args.output,
        "weights": args.weights,
        "device": args.device if args.device != "auto" else None,
        "recursive": args.recursive or None,
        "on_existing": args.on_existing,
        "name": args.name,
        "in_place": args.in_place or None,
        "stop_on_error": args.stop_on_error or None,
        "invert_mask": args.invert_mask or None,
        "mask_alpha": args.mask_from_alpha or None,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return given | ({"pixel_limit": None} if args.allow_large else {})


def _scheduler(args: argparse.Namespace) -> Scheduler | None:
    from engine.batch import Scheduler
    from engine.errors import InvalidInputError

    files = (args.tls_ca, args.tls_cert, args.tls_key)
    if args.scheduler is None:
        if any(files):
            raise UsageError("Certificates are for --scheduler; name one, or leave them out.")
        return None
    scheduler = Scheduler(args.scheduler, *files)
    try:
        scheduler.check()
    except InvalidInputError as error:
        raise UsageError(str(error)) from error
    return scheduler


def _check_report(path: Path | None) -> None:
    from engine.errors import PictureError
    from engine.pictures import check_place

    if path is None:
        return
    if path.suffix.lower() in (".csv", ".html"):
        raise UsageError(f"“{path}” is where the table or page would go; end it with .json.")
    try:
        check_place(path)
    except PictureError as error:
        raise UsageError(str(error)) from error


def _save(config: BatchConfig, path: Path) -> None:
    from engine.batch import save_settings

    save_settings(config, path)


def _show(plan: Plan, args: argparse.Namespace) -> None:
    """Print the pairs: as lines, or as one JSON document."""
    from app.cli.console import print_json

    if args.json:
        print_json(_document(plan))
        return
    for item in plan.items:
        if item.intent == "ready":
            mask = " + ".join(path.name for path in item.masks) or "alpha"
            print(f"{item.image}\t{mask}\t{item.output}")
        else:
            print(f"{item.image}\t{item.intent}\t{item.reason}")
    for orphan in plan.orphans:
        print(f"{orphan}\torphan\tThis mask belongs to no picture.")
    _warn(plan, args)
    print(_counted(plan))


def _document(plan: Plan) -> dict[str, object]:
    from dataclasses import asdict

    from engine.batch import text_of

    return {
        "pairs": [
            {
                "image": text_of(item.image),
                "masks": [text_of(mask) for mask in item.masks],
                "output": text_of(item.output) if item.output else None,
                "status": item.intent,
                "reason": item.reason or None,
                "warnings": list(item.warnings),
                "hole_share": item.hole_share,
            }
            for item in plan.items
        ],
        "orphans": [text_of(orphan) for orphan in plan.orphans],
        "counts": asdict(plan.counts),
        "needed_bytes": plan.needed_bytes,
        "free_bytes": plan.free_bytes,
    }


def _warn(plan: Plan, args: argparse.Namespace) -> None:
    from app.cli.console import notice

    notice((warning for item in plan.ready for warning in item.warnings), quiet=args.quiet)
    if not args.dry_run:
        notice([_counted(plan)], quiet=args.quiet)


def _counted(plan: Plan) -> str:
    counts = plan.counts
    parts = {
        f"{counts.ready} ready": True,
        f"{counts.without_mask} without a mask": counts.without_mask,
        f"{counts.skipped} skipped": counts.skipped,
        f"{counts.failed} failed already": counts.failed,
        f"{_numbered(counts.orphans, 'mask')} without a picture": counts.orphans,
    }
    said = ", ".join(words for words, is_said in parts.items() if is_said)
    return f"{_numbered(counts.pictures, 'picture')}: {said}."


def _numbered(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _tell(report: Report, batch: BatchRun, args: argparse.Namespace) -> None:
    """The report on stdout; what went wrong on stderr."""
    import msgspec

    from app.cli.console import notice, print_json
    from engine.batch import duration

    if args.json:
        print_json(msgspec.to_builtins(report))
    else:
        print(batch.report_file)
    bad = [row for row in report.files if row.status == "failed"]
    notice((f"Failed: {row.reason}" for row in bad), quiet=args.quiet)
    lacking = [row for row in report.files if row.status == "skipped" and row.mask is None]
    notice((f"Skipped: {row.reason}" for row in lacking), quiet=args.quiet)
    early = f", {report.remaining} not reached" if report.remaining else ""
    summary = (
        f"{report.done} done, {report.skipped} skipped, {report.failed} failed{early} in "
        f"{duration(report.seconds)}."
    )
    notice([summary], quiet=args.quiet)


def _code(report: Report) -> int:
    """The exit code; what ended a run early is said even to who wants it quiet."""
    import sys

    if report.ended == "error":
        print(f"lacuna: {report.why}", file=sys.stderr)
        return FAILED
    return DONE if report.is_clean else PARTLY
