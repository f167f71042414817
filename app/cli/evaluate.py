"""Measure how well, how fast and how small backends fill a folder of pictures, as the papers do.

The middle square of each picture is brought to N x N pixels and filled whole. Masks are drawn anew
for each picture, the same for all backends and for every run with the same seed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import DONE, PARTLY, UsageError, whole_number
from engine.backend import LARGEST_SEED

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from rich.console import Console

    from engine.jobs import CancelToken, Steps
    from training.assessment import Assessment, Report, Row, Task

_COLUMNS = (
    ("L1 %", "l1", 2),
    ("L2 %", "l2", 3),
    ("PSNR hole", "psnr_hole", 2),
    ("PSNR whole", "psnr", 2),
    ("SSIM", "ssim", 3),
    ("MS-SSIM", "ms_ssim", 3),
    ("texture", "texture", 2),
    ("LPIPS", "lpips", 3),
)
_OF_THE_SET = (("FID", "fid", 2), ("IS", "inception_score", 2))
_WIDTH = 120
"""Of tables that go into a file or another program."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--backend", metavar="ID[,ID...]", required=True)
    parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="pictures")
    parser.add_argument(
        "--masks", metavar="KIND|DIR", required=True, help="see “lacuna masks --help”"
    )
    parser.add_argument(
        "--buckets", action="store_true", help="a row for each tenth of the picture that is missing"
    )
    parser.add_argument(
        "--size",
        metavar="N",
        type=whole_number(32, 4096),
        help="side of the squares; default: the side a network was trained at, else 256",
    )
    parser.add_argument(
        "--limit", metavar="N", type=whole_number(1, 10**9), help="only the first N pictures"
    )
    parser.add_argument(
        "--weights", metavar="FILE|random:SEED", help="weights of the network among the backends"
    )
    parser.add_argument("--seed", metavar="N", type=whole_number(0, LARGEST_SEED), default=0)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to a file")


def run(args: argparse.Namespace) -> int:
    """Measure, print the tables, write the document."""
    from app.cli.console import notice, run_job
    from engine.jobs import Job
    from engine.pictures import check_place
    from training.evaluation import evaluate

    task = _task(args)
    if args.json is not None:
        check_place(args.json)

    def work(token: CancelToken) -> Steps[Report]:
        return evaluate(task, token)

    report = run_job(Job("Evaluating", work), quiet=args.quiet)
    if args.json is not None:
        _write(report, args.json)
    _print(report)
    fallbacks = [
        f"{found.label}: {sentence}."
        for found in report.assessments
        for sentence in found.fallbacks
    ]
    left_out = [f"Left out: {unused.path}: {unused.why}" for unused in report.unused]
    notice([*report.missing, *report.notices, *fallbacks, *left_out], quiet=args.quiet)
    return PARTLY if report.unused else DONE


def _task(args: argparse.Namespace) -> Task:
    """What the command line asks for.

    Raises:
        UsageError: if there is no such backend or kind of masks, or the weights fit none or several
            of the backends.
    """
    from engine import registry, weights
    from engine.errors import InvalidInputError, UnknownBackendError
    from training.assessment import Task
    from training.masks import source

    names = tuple(dict.fromkeys(filter(None, args.backend.split(","))))
    if not names:
        raise UsageError("Name a backend with --backend ID; see “lacuna backends”.")
    try:
        networks = [spec.label for spec in map(registry.get, names) if spec.network]
        if not Path(args.masks).is_dir():
            source(args.masks)
    except (UnknownBackendError, InvalidInputError) as error:
        raise UsageError(str(error)) from error
    if args.weights is not None and not networks:
        raise UsageError("None of these backends has weights; leave --weights out.")
    if args.weights is not None and len(networks) > 1 and not weights.is_random(args.weights):
        raise UsageError(
            f"“{args.weights}” cannot fit {', '.join(networks)} alike; evaluate one at a time."
        )
    return Task(
        backends=names,
        data=args.data,
        masks=args.masks,
        has_buckets=args.buckets,
        size=args.size,
        limit=args.limit,
        weights=args.weights,
        seed=args.seed,
        device=args.device,
    )


def _write(report: Report, path: Path) -> None:
    """All of it as one JSON document, the figures of each fill included.

    Raises:
        PictureError: if the file cannot be written.
    """
    import msgspec

    from engine.pictures.files import replacing

    document = {"version": 1, **msgspec.to_builtins(report, enc_hook=str)}
    with replacing(path) as file:
        file.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def _print(report: Report) -> None:
    """A table of figures, and one of what the backends cost."""
    import sys

    from rich.console import Console

    console = Console(markup=False, width=None if sys.stdout.isatty() else _WIDTH)
    _print_figures(console, report.assessments)
    console.print()
    _print_costs(console, report.assessments)


def _print_figures(console: Console, assessments: Iterable[Assessment]) -> None:
    from rich.table import Table

    rows = [(found.label, row) for found in assessments for row in found.rows]
    columns = [column for column in _COLUMNS if any(column[1] in row.figures for _, row in rows)]
    sets = [column for column in _OF_THE_SET if any(column[1] in row.of_the_set for _, row in rows)]
    table = Table("backend", "holes", box=None)
    for heading in ("pictures", *(name for name, _, _ in (*columns, *sets)), "ms"):
        table.add_column(heading, justify="right")
    # Rows that shall be compared stand below each other.
    for label, row in sorted(rows, key=lambda pair: pair[1].holes or (0.0, 0.0)):
        means = [_mean(row, name, digits) for _, name, digits in columns]
        others = [
            f"{row.of_the_set[name]:.{digits}f}" if name in row.of_the_set else "–"
            for _, name, digits in sets
        ]
        table.add_row(label, _holes(row), str(len(row.fills)), *means, *others, f"{row.ms:.0f}")
    console.print(table)
    console.print("± reaches to the farther end of the 95 % interval of the mean.", style="dim")


def _print_costs(console: Console, assessments: Iterable[Assessment]) -> None:
    from rich.table import Table

    from engine.memory import in_words

    table = Table("backend", "side", "parameters", "ms per picture", "memory", "device", box=None)
    for found in assessments:
        card = found.peak_device_bytes
        table.add_row(
            found.label,
            str(found.size),
            f"{found.parameters:,}" if found.parameters else "–",
            f"{found.ms:.0f}",
            in_words(found.peak_bytes) if card is None else f"{in_words(card)} of the card's",
            found.device,
        )
    console.print(table)


def _holes(row: Row) -> str:
    """The sizes of the holes: a bucket by its tenths, else the mean."""
    if row.holes is None:
        return f"{row.hole_share:.0%} on average"
    return f"{10 * int(10 * row.holes[0])}–{round(100 * row.holes[1])} %"


def _mean(row: Row, name: str, digits: int) -> str:
    if name not in row.figures:
        return "–"
    found = row.figures[name]
    if found.low is None or found.high is None:
        return f"{found.mean:.{digits}f}"
    half = max(found.high - found.mean, found.mean - found.low)
    return f"{found.mean:.{digits}f}\n±{half:.{digits}f}"
