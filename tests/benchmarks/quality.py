"""How good are the fills? Every usable backend on the same holes, through the pipeline.

    python -m tests.benchmarks.quality --data FOLDER --sizes 256 512 full --limit 12

writes `build/quality/table.md`, `figures.json` and a contact sheet of every case: original, hole,
then the fills by name. Networks run with and without detail. Pictures are filled under strokes
of 10-20 % and a blob of 5-10 %; one with a `NAME_mask.png` beside it is filled there, and as nobody
knows what is behind an object, such fills are only shown. With `--blind SEED` the sheets hide the
names and shuffle the fills; `blind.json` tells which is which. With `--blend match poisson grain`
every method runs with each of these (commas join them) as well as without; `--noise` and `--light`
give the photographs grain and a ramp of light first.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from app.cli.backends import why_unusable
from engine import registry
from engine.blend import names
from engine.jobs import CancelToken, finish
from engine.pipeline import InpaintRequest, inpaint
from engine.regions import extent
from training import masks, metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.blend.names import Blend
    from engine.types import MaskBool
    from training.metrics import Picture

OUTPUT = Path("build") / "quality"
REFERENCE = "patchmatch"
ENDINGS = (".png", ".jpg", ".jpeg")
LARGE = 2_000_000
"""Pixels from which a picture takes part at full size."""
OBJECT = "object"
TILE = 384
"""Longer side of a picture on a sheet."""
CONTEXT = 0.3
"""Margin around the hole on the sheets of large pictures, as a share of the hole's longer side."""


@dataclass(frozen=True, slots=True)
class Method:
    """A backend as it is run here."""

    name: str
    backend: str
    detail: bool
    blend: tuple[Blend, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A picture with a hole."""

    size: str
    kind: str
    name: str
    image: Picture
    hole: MaskBool


@dataclass(frozen=True, slots=True)
class Score:
    """One fill: dB, 0..1, grey levels, shares of the original's, seconds."""

    psnr: float
    ssim: float
    swd: float
    detail: float
    seam: float
    seconds: float


def methods() -> list[Method]:
    """Every backend that can run here; networks without and with detail."""
    found = []
    for spec in registry.specs():
        if why_unusable(spec) is None:
            if spec.network:
                found.append(Method(spec.id, spec.id, detail=False))
            name = f"{spec.id}+detail" if spec.network else spec.id
            found.append(Method(name, spec.id, detail=True))
    return found


def blended(chosen: list[Method], words: list[str]) -> list[Method]:
    """The methods, each followed by itself with the switches of every word."""
    return [
        replace(method, name=f"{method.name} {word}".strip(), blend=names.parsed([word or "none"]))
        for method in chosen
        for word in ("", *words)
    ]


def cases(args: argparse.Namespace) -> Iterator[Case]:
    """All pictures of the folder at all sizes, with holes that their names decide."""
    folder, sizes, limit = args.data, args.sizes, args.limit
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    paths = [path for path in paths if not path.stem.endswith("_mask")]
    for size in sizes:
        count = 0
        for path in paths:
            image = opened(path, size)
            if image is None or count == limit:
                continue
            count += 1
            image = spoiled(image, args.noise, args.light)
            for kind, hole in holes(path, image.shape[:2]):
                yield Case(size, kind, path.stem, image, hole)


def opened(path: Path, size: str) -> Picture | None:
    """The picture with its shorter side so long; None if it is too small for that."""
    data = np.frombuffer(path.read_bytes(), np.uint8)
    image = np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1]).astype(np.uint8)
    if size == "full":
        return image if image.shape[0] * image.shape[1] >= LARGE else None
    scale = int(size) / min(image.shape[:2])
    if scale > 1:
        return None
    height, width = (round(side * scale) for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def spoiled(image: Picture, noise: float, light: float) -> Picture:
    """The picture under a ramp of light, 1 - light on the left to 1 + light, and then with grain.

    Args:
        image: (H, W, 3) uint8.
        noise: standard deviation in grey levels.
        light: 0..1.
    """
    ramp = 1 + light * np.linspace(-1, 1, image.shape[1])[None, :, None]
    grain = noise * np.random.default_rng(image.shape).standard_normal(image.shape)
    return np.rint(image * ramp + grain).clip(0, 255).astype(np.uint8)


def holes(path: Path, shape: tuple[int, ...]) -> Iterator[tuple[str, MaskBool]]:
    height, width = shape
    own = path.with_name(f"{path.stem}_mask.png")
    if own.exists():
        mask = cv2.imdecode(np.frombuffer(own.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
        scaled = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
        yield OBJECT, scaled > 127
        return
    seed = int.from_bytes(path.stem.encode()[:8].ljust(8, b"."), "big")
    for kind, draw in (("brush", masks.free_form), ("blob", masks.blob)):
        yield kind, draw((height, width), np.random.default_rng([seed, kind == "blob"]))


def filled(case: Case, method: Method) -> tuple[Picture, float]:
    """The fill and the seconds it took, loading left out."""
    blank = case.image.copy()
    blank[case.hole] = 127  # nobody looks there, and so nobody can
    request = InpaintRequest(
        blank, case.hole, method.backend, detail=method.detail, blend=method.blend
    )
    start = time.perf_counter()
    result = finish(inpaint(request, CancelToken()))
    seconds = time.perf_counter() - start
    for patch in result.patches:
        blank[patch.box.slices][patch.hole] = patch.pixels[patch.hole]
    return blank, seconds


def score(fill: Picture, case: Case, seconds: float) -> Score:
    box = extent(case.hole).grown(16)
    box = box.intersected(type(box).whole(case.hole))
    made, original, hole = fill[box.slices], case.image[box.slices], case.hole[box.slices]
    return Score(
        metrics.psnr(made, original, hole),
        metrics.ssim(made, original, hole),
        metrics.swd(made, original, hole),
        metrics.detail(made, original, hole),
        metrics.seam(made, original, hole),
        seconds,
    )


def sheet(case: Case, fills: dict[str, Picture]) -> Picture:
    """Original, hole and fills in a row, around the hole, with their names below."""
    box = extent(case.hole)
    longer = max(box.width, box.height)
    box = box.grown(max(24, round(CONTEXT * longer))).intersected(type(box).whole(case.hole))
    masked = np.where(case.hole[:, :, None], np.uint8(255), case.image)
    tiles = []
    for name, picture in {"original": case.image, "hole": masked, **fills}.items():
        part = picture[box.slices]
        scale = min(1.0, TILE / max(part.shape[:2]))
        size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        tile = cv2.copyMakeBorder(small, 4, 26, 4, 4, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        cv2.putText(tile, name, (6, tile.shape[0] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1)
        tiles.append(tile)
    return np.hstack(tiles).astype(np.uint8)


def saved(picture: Picture, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    coded = cv2.imencode(path.suffix, picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    path.write_bytes(coded.tobytes())


Results = dict[tuple[str, str], dict[str, dict[str, Score]]]
"""By (size, kind), then by method, then by picture."""


def table(results: Results) -> str:
    """Means as Markdown, and against PatchMatch: pictures won, and ratios of texture and seam."""
    lines = []
    for (size, kind), by_method in results.items():
        count = len(next(iter(by_method.values())))
        lines += [
            f"\n{size} px, {kind}, {count} pictures\n",
            "| | PSNR | SSIM | SWD | detail | seam | s | beats PatchMatch | SWD, seam of its |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for name, scores in by_method.items():
            means = {
                key: float(np.mean([asdict(found)[key] for found in scores.values()]))
                for key in Score.__dataclass_fields__
            }
            lines.append(
                f"| {name} | {means['psnr']:.2f} | {means['ssim']:.3f} | {means['swd']:.2f} | "
                f"{means['detail']:.2f} | {means['seam']:.2f} | {means['seconds']:.2f} | "
                f"{_against(scores, by_method.get(REFERENCE, {}))} |"
            )
    return "\n".join(lines).strip() + "\n"


def _against(scores: dict[str, Score], reference: dict[str, Score]) -> str:
    pairs = [(found, reference[name]) for name, found in scores.items() if name in reference]
    if not pairs or scores is reference:
        return "– | –"
    won = sum(ours.psnr > theirs.psnr and ours.ssim > theirs.ssim for ours, theirs in pairs)
    swd, seam = (
        np.mean([getattr(ours, key) for ours, _ in pairs])
        / np.mean([getattr(theirs, key) for _, theirs in pairs])
        for key in ("swd", "seam")
    )
    return f"{won} of {len(pairs)} | {swd:.2f}, {seam:.2f}"


def run(args: argparse.Namespace) -> None:
    chosen = [method for method in methods() if not args.methods or method.name in args.methods]
    chosen = blended(chosen, args.blend)
    results: Results = {}
    keys: dict[str, list[str]] = {}
    shuffle = np.random.default_rng(args.blind)
    for case in cases(args):
        label = f"{case.size}-{case.kind}-{case.name}"
        print(label, file=sys.stderr, flush=True)
        fills = {}
        for method in chosen:
            fills[method.name], seconds = filled(case, method)
            if case.kind != OBJECT:
                rows = results.setdefault((case.size, case.kind), {}).setdefault(method.name, {})
                rows[case.name] = score(fills[method.name], case, seconds)
        if args.blind is not None:
            order = [chosen[place].name for place in shuffle.permutation(len(chosen))]
            keys[label] = order
            fills = {chr(ord("A") + place): fills[name] for place, name in enumerate(order)}
        saved(sheet(case, fills), args.output / "sheets" / f"{label}.jpg")
    written(results, keys, args.output)


def written(results: Results, keys: dict[str, list[str]], folder: Path) -> None:
    """Print the table, and write it, every figure, and what the blind sheets hide."""
    folder.mkdir(parents=True, exist_ok=True)
    text = table(results)
    print(text)
    (folder / "table.md").write_text(text, "utf-8")
    rows = {
        f"{size} {kind}": {
            name: {picture: asdict(found) for picture, found in scores.items()}
            for name, scores in by_method.items()
        }
        for (size, kind), by_method in results.items()
    }
    (folder / "figures.json").write_text(json.dumps(rows, indent=1), "utf-8")
    if keys:
        (folder / "blind.json").write_text(json.dumps(keys, indent=1), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of photographs")
    parser.add_argument("--sizes", nargs="+", default=["256", "512", "full"], metavar="SIDE|full")
    parser.add_argument("--limit", type=int, default=-1, help="pictures of each size at most")
    parser.add_argument("--methods", nargs="*", help="only these, as the table names them")
    parser.add_argument("--blind", type=int, metavar="SEED", help="hide the names on the sheets")
    parser.add_argument("--blend", nargs="*", default=[], metavar="NAMES", help="as in lacuna")
    parser.add_argument("--noise", type=float, default=0.0, metavar="SIGMA", help="grey levels")
    parser.add_argument("--light", type=float, default=0.0, metavar="SHARE", help="0..1")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
