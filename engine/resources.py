"""The only place that knows where the data files are: in a checkout, a wheel or a bundle."""

from __future__ import annotations

import sys
from pathlib import Path

PICTURE_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"})


def root() -> Path:
    """The folder `resources`.

    Raises:
        FileNotFoundError: if the installation lacks it.
    """
    package = Path(__file__).resolve().parent
    bundle = getattr(sys, "_MEIPASS", None)
    candidates = [Path(bundle) / "resources"] if bundle else []
    candidates += [package / "_resources", package.parent / "resources"]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"Lacuna's data folder is missing; looked in {candidates}.")


def samples() -> list[tuple[Path, Path]]:
    """The bundled pictures, each with its mask: every picture that has a `_mask.png` beside it."""
    folder = root() / "sample"
    found = []
    for picture in sorted(folder.glob("*")):
        mask = picture.with_name(picture.stem + "_mask.png")
        if picture.suffix.lower() in PICTURE_ENDINGS and mask.is_file():
            found.append((picture, mask))
    return found
