"""One picture and one mask to a written file: what `inpaint` and `demo` share."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import psutil

from app.cli.console import notice, run_job
from engine import recipe
from engine.jobs import Job
from engine.pictures import open_mask, open_picture, save_picture
from engine.pipeline import inpaint, with_patches
from engine.pixels import full_scale, has_alpha

if TYPE_CHECKING:
    import numpy.typing as npt

    from engine.pictures import Picture
    from engine.pipeline import InpaintRequest, InpaintResult
    from engine.recipe import Keep
    from engine.types import MaskBool, Pixels

Row: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture and its hole.

    Attributes:
        seconds: it took to read them.
        becomes_opaque: the hole is what the picture's own alpha leaves out, so filling it means
            to make it visible.
        opacity: (H, W) uint8, the greys of a soft mask.
        forbidden: (H, W) bool, True where nothing may be copied from.
    """

    picture: Picture
    hole: MaskBool
    seconds: float
    notices: tuple[str, ...]
    becomes_opaque: bool = False
    opacity: npt.NDArray[np.uint8] | None = None
    forbidden: MaskBool | None = None


def opened(
    picture_path: Path,
    mask_path: Path,
    *,
    invert: bool = False,
    from_alpha: bool = False,
    soft: bool = False,
    never_from: Path | None = None,
    pixel_limit: int | None,
) -> Opened:
    """Read a picture and the masks that go with it.

    Args:
        picture_path: the picture.
        mask_path: white marks the hole.
        invert: black does.
        from_alpha: full transparency does.
        soft: the mask's greys from 128 to 254 mix the fill with what was there.
        never_from: a picture whose white marks where nothing may be copied from.
        pixel_limit: as for `open_picture`.

    Raises:
        PictureError: if one of the files cannot be read.
        InvalidInputError: if they do not fit each other.
    """
    start = time.perf_counter()
    picture = open_picture(picture_path, pixel_limit=pixel_limit)
    size = (picture.width, picture.height)
    mask = open_mask(
        mask_path,
        size,
        invert=invert,
        from_alpha=from_alpha,
        soft=soft,
        pixel_limit=pixel_limit,
    )
    never = open_mask(never_from, size, pixel_limit=pixel_limit) if never_from else None
    return Opened(
        picture,
        mask.hole,
        time.perf_counter() - start,
        picture.source.notices + mask.notices,
        from_alpha and has_alpha(picture.pixels) and picture_path.samefile(mask_path),
        mask.coverage,
        never.hole if never is not None else None,
    )


def filled(request: InpaintRequest, *, quiet: bool) -> InpaintResult:
    """Run the request in place.

    Raises:
        Cancelled: if somebody pressed Ctrl-C.
    """
    return run_job(Job("Filling the hole", lambda token: inpaint(request, token)), quiet=quiet)


def applied(given: Opened, result: InpaintResult) -> Pixels:
    """The picture's pixels with the patches put in."""
    pixels = with_patches(given.picture.pixels, result.patches)
    if given.becomes_opaque:
        pixels[given.hole, -1] = full_scale(pixels)
    return pixels


def written(
    given: Opened,
    result: InpaintResult,
    path: Path,
    *,
    allow_loss: bool,
    quiet: bool,
    keep: Keep = "none",
) -> bool:
    """Save the filled picture, and its recipe where that is wanted.

    Returns:
        Whether the file, read back, has the picture's pixels everywhere outside the hole.
    """
    pixels = applied(given, result)
    picture, complaint = recipe.kept(
        replace(given.picture, pixels=pixels), result.recipe, path, keep
    )
    saved = save_picture(picture, path, allow_loss=allow_loss)
    if keep == "beside":
        recipe.save(result.recipe, recipe.beside(path))
    notice((*complaint, *saved.source.notices), quiet=quiet)
    return is_unchanged_outside(given, path)


def is_unchanged_outside(given: Opened, path: Path) -> bool:
    """Whether a file has the picture's pixels, bit for bit, everywhere outside the hole."""
    before = given.picture.pixels
    after = open_picture(path, pixel_limit=None).pixels
    if after.shape != before.shape or after.dtype != before.dtype:
        return False
    differs = (after != before).any(axis=2)
    return not bool(np.any(differs & ~given.hole))


def report(
    given: Opened, result: InpaintResult, path: Path, seconds: float, *, unchanged: bool
) -> Row:
    """The row of `--json`; `seconds` is the time of all, reading and writing included."""
    return {
        "output": str(path),
        "backend": result.backend,
        "chosen": result.reason,
        "device": result.device,
        "fallback": result.fallback,
        "seed": result.recipe.seed,
        "seconds": {
            "load": round(given.seconds + result.seconds.load, 4),
            "inpaint": round(result.seconds.inpaint, 4),
            "total": round(seconds, 4),
        },
        "hole_share": result.hole_share,
        "regions": result.regions,
        "detail": result.detail,
        "weights_sha256": result.recipe.weights_sha256,
        "peak_rss_bytes": peak_rss_bytes(),
        "unchanged_outside": unchanged,
    }


def score(given: Opened, result: InpaintResult) -> float:
    """How well the fill fits, in grey levels, lower is better; what fills are ranked by."""
    from engine.pipeline import with_patches
    from engine.score import score

    return round(score(with_patches(given.picture.pixels, result.patches), given.hole).total, 3)


def peak_rss_bytes() -> int:
    """The most memory this process has held so far."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    status = Path("/proc/self/status")
    if status.is_file():
        # Unlike getrusage's figure, this one does not start at the parent's.
        for line in status.read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
