"""How holes are filled: the options that `inpaint` and `batch` share, and what they add up to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import UsageError, whole_number
from engine.backend import LARGEST_SEED

if TYPE_CHECKING:
    import argparse

    from engine.recipe import Recipe


def add_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--backend", metavar="ID", help="see “lacuna backends”; default auto")
    group.add_argument("--option", metavar="KEY=VALUE", action="append", default=[])
    group.add_argument("--weights", metavar="FILE|random:SEED", help="weights of a network")
    group.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    group.add_argument(
        "--size",
        choices=("auto", "crop", "resize", "original"),
        help="what is worked on: each hole with its surroundings (auto, crop), the same at no more "
        "than 1024 pixels (resize), or the whole picture at once (original)",
    )
    group.add_argument(
        "--detail",
        choices=("on", "off"),
        help="on (default): after a network that worked smaller than the picture is, PatchMatch "
        "copies the picture's own texture along its fill",
    )
    group.add_argument(
        "--blend",
        metavar="NAMES",
        action="append",
        help="how the fill is made to fit, with commas between: match (light and colour by a "
        "gain), poisson (no step at the seam), grain (that of the surroundings, where the fill "
        "lacks it), or none (default)",
    )
    group.add_argument(
        "--seed",
        metavar="N",
        type=whole_number(0, LARGEST_SEED),
        help="same seed, same bytes; default 0",
    )
    group.add_argument(
        "--recipe", metavar="FILE", type=Path, help="settings of an earlier run; options given win"
    )


def merged(args: argparse.Namespace, base: Recipe) -> Recipe:
    """What the command line asks for; what it leaves open is as in a recipe.

    Raises:
        UsageError: if the backend cannot take it.
    """
    import msgspec

    from engine import registry
    from engine.blend import names
    from engine.errors import InvalidInputError, UnknownBackendError

    try:
        spec = registry.get(args.backend or base.backend)
        given = dict(base.options) if spec.id == base.backend else {}
        given |= registry.parse_options(spec, args.option)
        registry.complete_options(spec, given)
        blend = base.blend if args.blend is None else names.parsed(args.blend)
    except (UnknownBackendError, InvalidInputError) as error:
        raise UsageError(str(error)) from error
    return msgspec.structs.replace(
        base,
        backend=spec.id,
        options=given,
        weights_sha256=base.weights_sha256 if spec.id == base.backend else None,
        seed=base.seed if args.seed is None else args.seed,
        size=args.size or base.size,
        detail=base.detail if args.detail is None else args.detail == "on",
        blend=blend,
    )
