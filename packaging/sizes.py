"""Say how large the bundle is, and what takes the room: `python packaging/sizes.py [--packed]`.

With --packed it is also compressed as a release would be (xz, minutes), and removed again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = ROOT / "dist" / "lacuna"
MB = 1_000_000
SMALLEST_MB = 3
OF = {"opencv_python_headless.libs": "cv2", "numpy.libs": "numpy", "pillow.libs": "PIL"}
"""Folders of libraries by the package that loads them."""


def main(*, packed: bool) -> None:
    sizes = parts(BUNDLE)
    for name, size in sizes.most_common():
        if size >= SMALLEST_MB * MB:
            _say(name, size)
    _say("rest", sum(size for size in sizes.values() if size < SMALLEST_MB * MB))
    _say("unpacked", sizes.total())
    if packed:
        _say("compressed (tar.xz)", compressed(BUNDLE))


def parts(bundle: Path) -> Counter[str]:
    """Bytes by top folder; files that lie beside the folders are taken together.

    A symbolic link counts nothing.
    """
    sizes: Counter[str] = Counter()
    inside = bundle / "_internal"
    for path in bundle.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        if not path.is_relative_to(inside):
            name = "program and Python modules"
        elif path.parent == inside:
            name = "Python and system libraries"
        else:
            top = path.relative_to(inside).parts[0]
            name = OF.get(top, top)
        sizes[name] += path.stat().st_size
    return sizes


def compressed(bundle: Path) -> int:
    """Bytes of the bundle as a tar.xz."""
    if shutil.which("xz") is None:
        raise SystemExit("xz is missing; install the package xz-utils.")
    archive = ROOT / "build" / "lacuna.tar.xz"
    archive.parent.mkdir(exist_ok=True)
    subprocess.run(  # noqa: S603 - fixed words
        ["tar", "-I", "xz -6 -T0", "-cf", str(archive), "-C", str(bundle.parent), bundle.name],  # noqa: S607
        check=True,
    )
    size = archive.stat().st_size
    archive.unlink()
    return size


def _say(name: str, size: int) -> None:
    print(f"{name:<28} {size / MB:7.1f} MB")  # noqa: T201 - the result


if __name__ == "__main__":
    if not BUNDLE.is_dir():
        raise SystemExit(f"There is no bundle in {BUNDLE}; run “make bundle” first.")
    main(packed="--packed" in sys.argv)
