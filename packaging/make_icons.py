"""Render the icon for the systems that want pixels: `python packaging/make_icons.py FOLDER`.

The drawing is `resources/icons/lacuna.svg`. FOLDER gets `lacuna.ico` for Windows, `lacuna.icns` for
macOS, and `hicolor/` as the icon themes of Linux expect it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

DRAWING = Path(__file__).resolve().parents[1] / "resources" / "icons" / "lacuna.svg"
THEME_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
ICNS_SIZES = (16, 32, 64, 128, 256, 512, 1024)


def main(folder: Path) -> None:
    """Write all of them; what is there is replaced."""
    application = QGuiApplication.instance() or QGuiApplication([])
    drawing = QSvgRenderer(str(DRAWING))
    if not drawing.isValid():
        raise SystemExit(f"{DRAWING} is no drawing that Qt can render.")
    sizes = sorted({*THEME_SIZES, *ICO_SIZES, *ICNS_SIZES})
    pictures = {size: rendered(drawing, size) for size in sizes}
    theme = folder / "hicolor"
    for size in THEME_SIZES:
        place = theme / f"{size}x{size}" / "apps"
        place.mkdir(parents=True, exist_ok=True)
        pictures[size].save(place / "lacuna.png", optimize=True)
    scalable = theme / "scalable" / "apps"
    scalable.mkdir(parents=True, exist_ok=True)
    (scalable / "lacuna.svg").write_bytes(DRAWING.read_bytes())
    _save(pictures, ICO_SIZES, folder / "lacuna.ico")
    _save(pictures, ICNS_SIZES, folder / "lacuna.icns")
    del application


def rendered(drawing: QSvgRenderer, size: int) -> Image.Image:
    """The drawing at one size: drawn for it, not scaled from a larger one.

    Returns:
        RGBA, `size` pixels each way.
    """
    canvas = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    canvas.fill(0)
    painter = QPainter(canvas)
    drawing.render(painter)
    painter.end()
    canvas.convertTo(QImage.Format.Format_RGBA8888)
    return Image.frombytes("RGBA", (size, size), bytes(canvas.constBits()))


def _save(pictures: dict[int, Image.Image], sizes: tuple[int, ...], path: Path) -> None:
    """One file with every size, each as it was rendered."""
    largest, *others = (pictures[size] for size in sorted(sizes, reverse=True))
    largest.save(path, sizes=[(size, size) for size in sizes], append_images=others)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python packaging/make_icons.py FOLDER")
    main(Path(sys.argv[1]))
