"""Folders of small pictures with masks, and runs over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from engine.batch import BatchConfig, BatchRun, Plan, Report, planned
from engine.jobs import CancelToken, finish
from engine.pictures import Picture, save_mask, save_picture
from engine.recipe import Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from engine.types import MaskBool, Pixels

TELEA = Recipe(backend="telea")


def pixels_of(seed: int = 0, width: int = 48, height: int = 36) -> Pixels:
    rows, columns = np.mgrid[0:height, 0:width]
    smooth = np.stack([rows * 3, columns * 3, rows + columns + 9 * (seed % 9)], 2)
    return (smooth % 256).astype(np.uint8)


def hole_of(width: int = 48, height: int = 36) -> MaskBool:
    hole = np.zeros((height, width), np.bool_)
    hole[height // 3 : height // 2, width // 3 : width // 2] = True
    return hole


def put(path: Path, pixels: Pixels | None = None) -> Path:
    """A picture at that path, its folders made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_picture(Picture(pixels_of() if pixels is None else pixels), path)
    return path


def mask(path: Path, hole: MaskBool | None = None) -> Path:
    """A mask at that path, its folders made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        grey = (hole_of() if hole is None else hole).astype(np.uint8) * 255
        Image.fromarray(grey).save(path, quality=95)
    else:
        save_mask(hole_of() if hole is None else hole, path)
    return path


def pairs(root: Path, *names: str) -> None:
    """Pictures `images/NAME` and masks `masks/STEM.png`."""
    for number, name in enumerate(names):
        picture = put(root / "images" / name, pixels_of(number))
        mask((root / "masks" / name).with_name(f"{picture.stem}.png"))


def config(root: Path, **more: object) -> BatchConfig:
    """Settings for `images`, `masks` and `out` below a folder."""
    given = {
        "images": str(root / "images"),
        "masks": str(root / "masks"),
        "output": str(root / "out"),
        "recipe": TELEA,
    }
    return BatchConfig(**(given | more))


def plan(root: Path, *, resume: bool = False, **more: object) -> Plan:
    return finish(planned(config(root, **more), CancelToken(), resume=resume))


def run(root: Path, *, resume: bool = False, **more: object) -> Report:
    return finish(BatchRun(plan(root, resume=resume, **more)).steps(CancelToken()))


def results(root: Path) -> list[str]:
    """The pictures in `out`, relative, sorted."""
    out = root / "out"
    endings = {".png", ".jpg", ".tif", ".webp", ".bmp"}
    return sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.suffix in endings)
