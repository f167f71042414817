"""Fill the masked part of one picture and write the result to a file."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli import method
from app.cli.commands import DONE, UsageError, whole_number
from engine.errors import PictureError

_NO_SUCH_PLACE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)

if TYPE_CHECKING:
    from app.cli.filling import Opened, Row
    from engine.backend import Options
    from engine.pipeline import InpaintRequest, InpaintResult
    from engine.recipe import Recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", type=Path, help="the picture")
    parser.add_argument("mask", metavar="MASK", type=Path, help="white (>127) marks the hole")
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, required=True)
    method.add_arguments(parser.add_argument_group("method"))
    _add_mask(parser.add_argument_group("mask"))
    _add_output(parser.add_argument_group("output"))


def _add_mask(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--invert-mask", action="store_true", help="black marks the hole")
    group.add_argument(
        "--mask-from-alpha",
        action="store_true",
        help="full transparency of MASK marks the hole; if MASK is IMAGE itself, the hole becomes "
        "opaque",
    )

    group.add_argument(
        "--soft-mask",
        action="store_true",
        help="greys above 127 mix the fill with what was there; black and white masks are as ever",
    )
    group.add_argument(
        "--never-from",
        metavar="FILE",
        type=Path,
        help="white marks where nothing may be copied from; heeded by PatchMatch and by attention, "
        "others say that they do not",
    )
    group.add_argument(
        "--keypoints",
        metavar="X,Y,…",
        type=_keypoints,
        help="of a face, in pixels of the picture, for networks that are guided by them; see "
        "“lacuna backends”",
    )


def _keypoints(text: str) -> tuple[tuple[float, float], ...]:
    """Pairs of numbers between commas."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or len(numbers) % 2 or not all(map(math.isfinite, numbers)):
        raise argparse.ArgumentTypeError(
            f"“{text}” is not x and y of each point with commas between them"
        )
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--variations",
        metavar="N",
        type=whole_number(1, 999),
        default=1,
        help="write OUT_1 to OUT_N",
    )
    group.add_argument("--overwrite", action="store_true", help="replace files that exist")
    group.add_argument(
        "--allow-loss", action="store_true", help="save although OUT's format cannot hold all"
    )
    group.add_argument(
        "--allow-large", action="store_true", help="open pictures above the pixel limit"
    )
    group.add_argument("--save-recipe", metavar="FILE", type=Path, help="write the settings used")
    group.add_argument(
        "--keep-recipe",
        choices=("none", "beside", "inside"),
        default="none",
        help="keep the settings in OUT itself (XMP, in PNG as text too), or in a file beside it; "
        "--recipe reads either",
    )
    group.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Fill, write, report."""
    from app.cli import filling
    from app.cli.console import notice, print_json
    from engine.pictures import DEFAULT_PIXEL_LIMIT, check_saving, losses

    start = time.perf_counter()
    outputs = _outputs(args)
    settings = _settings(args)
    weights = _weights(args, settings)
    given = filling.opened(
        args.image,
        args.mask,
        invert=args.invert_mask,
        from_alpha=args.mask_from_alpha,
        soft=settings.soft,
        never_from=args.never_from,
        pixel_limit=None if args.allow_large else DEFAULT_PIXEL_LIMIT,
    )
    notice(given.notices, quiet=args.quiet)
    lost = losses(given.picture, args.output)
    if lost and not args.allow_loss:
        raise UsageError(
            f"“{args.output.name}” cannot hold {' or '.join(lost)}; save as .png or .tif, or add "
            "--allow-loss."
        )
    for path in outputs:
        check_saving(given.picture, path, allow_loss=args.allow_loss)
    rows = []
    for number, path in enumerate(outputs):
        request = _request(args, given, settings, weights, settings.seed + number)
        result = filling.filled(request, quiet=args.quiet)
        unchanged = filling.written(
            given,
            result,
            path,
            allow_loss=args.allow_loss,
            quiet=args.quiet,
            keep=args.keep_recipe,
        )
        seconds = time.perf_counter() - start
        rows.append(filling.report(given, result, path, seconds, unchanged=unchanged))
        if len(outputs) > 1:
            rows[-1]["score"] = filling.score(given, result)
        if number == 0 and args.save_recipe:
            _save_recipe(args.save_recipe, result)
        if not args.json:
            _tell(rows[-1], result, quiet=args.quiet)
    if args.json:
        print_json(rows[0] if len(rows) == 1 else {**rows[0], "variations": rows})
    return DONE


def _outputs(args: argparse.Namespace) -> list[Path]:
    """The files to write; what is wrong with them is said before the long work, not after it.

    Raises:
        UsageError: if one of them cannot be.
        PictureError: if the system refuses one.
    """
    from engine.pictures import check_ending, check_place

    path: Path = args.output
    outputs = [path]
    if args.variations > 1:
        names = [f"{path.stem}_{number}{path.suffix}" for number in range(1, args.variations + 1)]
        outputs = [path.with_name(name) for name in names]
    recipe = _recipe_files(args, outputs)
    try:
        check_ending(path)
    except PictureError as error:
        raise UsageError(str(error)) from error
    for output in (*outputs, *recipe):
        try:
            check_place(output)
        except PictureError as error:
            if isinstance(error.__cause__, _NO_SUCH_PLACE):
                raise UsageError(str(error)) from error
            raise
    for output in (*outputs, *recipe):
        if output.exists() and not args.overwrite:
            raise UsageError(f"“{output}” exists; add --overwrite to replace it.")
    return outputs


def _recipe_files(args: argparse.Namespace, outputs: list[Path]) -> list[Path]:
    """The recipes to write."""
    from engine.recipe import beside

    files: list[Path] = [args.save_recipe] if args.save_recipe else []
    if args.keep_recipe == "beside":
        files += [beside(output) for output in outputs]
    pictures = [output.resolve() for output in outputs]
    for file in files:
        if file.resolve() in pictures:
            raise UsageError(f"“{file}” cannot be the picture and its recipe; name two files.")
    return files


def _settings(args: argparse.Namespace) -> Recipe:
    """What the command line and the recipe ask for together.

    Raises:
        UsageError: if the backend cannot take it.
        InvalidInputError: if the recipe cannot be read.
    """
    import msgspec

    from engine import recipe, registry

    base = recipe.load(args.recipe) if args.recipe else recipe.Recipe(backend=registry.AUTO)
    if base.steered and args.never_from is None:
        raise UsageError(
            f"The run of “{args.recipe}” was told where not to take pixels from; give that picture "
            "with --never-from."
        )
    settings = method.merged(args, base)
    points = settings.keypoints if args.keypoints is None else args.keypoints
    return msgspec.structs.replace(settings, keypoints=points, soft=settings.soft or args.soft_mask)


def _weights(args: argparse.Namespace, settings: Recipe) -> str | None:
    """The wish for weights: of the command line, else of the recipe, else None.

    Raises:
        UsageError: if the backend has none, or the seed of random ones is no number.
        UnusableBackendError: if those of the recipe are not here.
    """
    from engine import registry, weights
    from engine.errors import InvalidInputError

    spec = registry.get(settings.backend)
    wish: str | None = args.weights
    if wish is not None and not spec.network:
        raise UsageError(f"{spec.label} is no network and has no weights; leave --weights out.")
    if wish is None and spec.network:
        wish = weights.of_recipe(spec, settings.weights_sha256)
    try:
        if spec.network:
            weights.wished(spec, wish)
    except InvalidInputError as error:
        raise UsageError(str(error)) from error
    return wish


def _request(
    args: argparse.Namespace, given: Opened, settings: Recipe, weights: str | None, seed: int
) -> InpaintRequest:
    from engine.pipeline import InpaintRequest

    options: Options = settings.options
    return InpaintRequest(
        given.picture.pixels,
        given.hole,
        settings.backend,
        options,
        seed=seed,
        size=settings.size,
        detail=settings.detail,
        blend=settings.blend,
        device=args.device,
        weights=weights,
        opacity=given.opacity,
        forbidden=given.forbidden,
        keypoints=settings.keypoints,
    )


def _save_recipe(path: Path, result: InpaintResult) -> None:
    from engine import recipe

    recipe.save(result.recipe, path)


def _tell(row: Row, result: InpaintResult, *, quiet: bool) -> None:
    from app.cli.console import notice

    print(row["output"])
    sentences = [
        f"Chosen: {result.reason}." if result.reason else "",
        f"Note: {result.fallback}." if result.fallback else "",
        f"Filled {result.hole_share:.1%} of the picture in {result.seconds.inpaint:.1f} s.",
    ]
    notice(filter(None, sentences), quiet=quiet)
