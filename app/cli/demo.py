"""Fill the bundled sample picture and say where the picture of before and after is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import DONE
from engine.errors import EngineError

if TYPE_CHECKING:
    import argparse

    from engine.types import MaskBool, Pixels

_TINT = (255, 60, 60)
_GAP = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help="default: a new folder")
    parser.add_argument("--backend", metavar="ID", default="auto")


def run(args: argparse.Namespace) -> int:
    """Fill every sample."""
    from app.cli.filling import applied, filled, opened
    from engine import resources
    from engine.pictures import DEFAULT_PIXEL_LIMIT, Picture, save_picture
    from engine.pipeline import InpaintRequest

    folder = args.output or Path(tempfile.mkdtemp(prefix="lacuna-demo-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"The folder “{folder}” cannot be made: {error.strerror}.") from error
    for picture_path, mask_path in resources.samples():
        given = opened(picture_path, mask_path, pixel_limit=DEFAULT_PIXEL_LIMIT)
        request = InpaintRequest(given.picture.pixels, given.hole, args.backend)
        result = filled(request, quiet=args.quiet)
        pair = side_by_side(given.picture.pixels, applied(given, result), given.hole)
        target = folder / f"{picture_path.stem}_before_after.png"
        save_picture(Picture(pair), target)
        print(f"{target}  (before | after, {result.backend}, {result.seconds.inpaint:.1f} s)")
    return DONE


def side_by_side(before: Pixels, after: Pixels, hole: MaskBool) -> Pixels:
    """(H, 2 W + gap, 3) uint8: the picture with its hole tinted, and the filled one."""
    import numpy as np

    from engine.pixels import from_image, to_image

    like = np.empty((*hole.shape, 3), np.uint8)
    left, right = from_image(to_image(before), like), from_image(to_image(after), like)
    left[hole] = left[hole] // 2 + np.array(_TINT, np.uint8) // 2
    gap = np.full((hole.shape[0], _GAP, 3), 255, np.uint8)
    pair = np.hstack([left, gap, right])
    return pair.astype(np.uint8)
