"""Write a set of masks (PNG, white = hole) with a manifest; the same words give the same set."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import DONE, UsageError, whole_number
from engine.backend import LARGEST_SEED

if TYPE_CHECKING:
    from engine.jobs import CancelToken, Steps

MANIFEST = "manifest.json"
_NAME = re.compile(rf"[0-9]{{5,}}\.png|{re.escape(MANIFEST)}")

LARGEST_SIDE = 16_384
LARGEST_COUNT = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from training.masks.kinds import KINDS

    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    width = max(map(len, KINDS))
    listed = "\n".join(f"  {name:<{width}}  {kind.says}" for name, kind in KINDS.items())
    parser.epilog = f"kinds:\n{listed}"
    parser.add_argument("kind", metavar="KIND", choices=KINDS, help="see below")
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, required=True, help="folder, made if need be"
    )
    parser.add_argument("--count", metavar="N", type=whole_number(1, LARGEST_COUNT), required=True)
    parser.add_argument("--size", metavar="WxH", type=_size, required=True, help="such as 640x480")
    parser.add_argument("--seed", metavar="N", type=whole_number(0, LARGEST_SEED), default=0)
    parser.add_argument(
        "--coverage",
        metavar="LOW-HIGH",
        type=_coverage,
        help="missing share of the picture, as 10-20 (per cent) or 0.1-0.2",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace masks that are there")
    parser.add_argument("--json", action="store_true", help="print the manifest")


def run(args: argparse.Namespace) -> int:
    """Draw, and print where the manifest is."""
    from app.cli.console import print_json, run_job
    from engine.jobs import Job

    _prepare(args.output, overwrite=args.overwrite)

    def work(token: CancelToken) -> Steps[dict[str, object]]:
        return _written(args, token)

    document = run_job(Job("Drawing masks", work), quiet=args.quiet)
    if args.json:
        print_json(document)
    else:
        print(args.output / MANIFEST)
    return DONE


def _prepare(folder: Path, *, overwrite: bool) -> None:
    """Make the folder, and an old set invalid before its first mask is replaced.

    Raises:
        UsageError: if it cannot be the folder.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"“{folder}” is a file; name a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise UsageError(f"“{folder}” is not empty; name another folder or add --overwrite.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if overwrite:
            # A smaller set must not keep the last masks of a larger one.
            for old in (folder / MANIFEST, *folder.glob("[0-9]*.png")):
                if _NAME.fullmatch(old.name):
                    old.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"“{folder}” cannot be written: {error.strerror}.") from error


def _written(args: argparse.Namespace, token: CancelToken) -> Steps[dict[str, object]]:
    """Write all masks, then the manifest, so that a set without one is known to be incomplete."""
    import numpy as np

    from engine.jobs import Progress
    from engine.pictures import save_mask
    from engine.pictures.files import replacing
    from training.masks.kinds import draw

    width, height = args.size
    digits = max(5, len(str(args.count - 1)))
    rows: list[dict[str, object]] = []
    for number in range(args.count):
        token.check()
        # Each from a seed of its own: a longer set begins with the shorter one.
        rng = np.random.default_rng([args.seed, number])
        hole = draw(args.kind, (height, width), rng, args.coverage)
        path = args.output / f"{number:0{digits}}.png"
        save_mask(hole, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append({"mask": path.name, "hole_share": float(hole.mean()), "sha256": digest})
        yield Progress(number + 1, args.count, "Drawing masks")
    document: dict[str, object] = {
        "version": 1,
        "kind": args.kind,
        "width": width,
        "height": height,
        "seed": args.seed,
        "coverage": args.coverage,
        "hole": "white",
        "masks": rows,
    }
    with replacing(args.output / MANIFEST) as file:
        file.write(json.dumps(document, indent=2).encode() + b"\n")
    return document


def _size(text: str) -> tuple[int, int]:
    """Width and height."""
    found = re.fullmatch(r"(\d{1,6})[x×X](\d{1,6})", text)
    sides = tuple(map(int, found.groups())) if found else (0, 0)
    if not all(1 <= side <= LARGEST_SIDE for side in sides):
        raise argparse.ArgumentTypeError(
            f"must be WIDTHxHEIGHT with sides from 1 to {LARGEST_SIDE}, such as 640x480, not "
            f"“{text}”"
        )
    return sides[0], sides[1]


def _coverage(text: str) -> tuple[float, float]:
    """Least and largest share, 0..1; numbers above 1 are per cent."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", text.replace("%", ""))
    low, high = map(float, found.groups()) if found else (1.0, 0.0)
    if high > 1 or "%" in text:
        low, high = low / 100, high / 100
    if not 0 <= low <= high <= 1:
        raise argparse.ArgumentTypeError(
            f"must be LOW-HIGH, such as 10-20 or 0.1-0.2, not “{text}”"
        )
    return low, high
