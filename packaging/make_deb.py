"""Pack the bundle as a Debian package: `python packaging/make_deb.py`, after `make bundle`.

Debian's own `dpkg-deb` packs; the result is `dist/lacuna_VERSION_ARCHITECTURE.deb`.
"""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import make_icons
import make_manual

from engine import __version__

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = ROOT / "dist" / "lacuna"
LINUX = ROOT / "packaging" / "linux"
NEEDED = ("libegl1", "libgl1", "libxcb1", "fontconfig-config")
"""What must be the system's own, besides the C library; all else is in the bundle."""

RECOMMENDED = ("libwayland-client0", "libwayland-cursor0", "libwayland-egl1", "fonts-dejavu-core")
"""Without these the editor opens through X11, and with the fonts that are there."""

GLIBC = re.compile(rb"GLIBC_2\.(\d+)")
CONTROL = Template("""\
Package: lacuna
Version: $version
Architecture: $architecture
Maintainer: The Lacuna authors <lacuna@example.invalid>
Installed-Size: $kilobytes
Depends: $needed
Recommends: $recommended
Section: graphics
Priority: optional
Description: make unwanted things vanish from photographs
 Open a picture, paint over what should not be there, press Enter. Lacuna fills
 the place from the rest of the picture and leaves every other pixel as it was.
 .
 It works on this machine alone, and has a command line for the same work.
""")
COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Lacuna
Comment: The licences of all that the package brings along are in NOTICES.txt beside this file.

Files: *
Copyright: the Lacuna authors
License: MIT
"""


def main() -> None:
    """Build the tree, then pack it."""
    if not (BUNDLE / "lacuna").is_file():
        raise SystemExit(f"There is no bundle in {BUNDLE}; run “make bundle” first.")
    tree = ROOT / "build" / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    lay_out(tree)
    architecture = _said("dpkg", "--print-architecture")
    kilobytes = sum(path.lstat().st_size for path in tree.rglob("*")) // 1024
    control = tree / "DEBIAN" / "control"
    control.parent.mkdir()
    control.write_text(
        CONTROL.substitute(
            version=__version__,
            architecture=architecture,
            kilobytes=kilobytes,
            needed=", ".join((f"libc6 (>= 2.{newest_glibc(BUNDLE)})", *NEEDED)),
            recommended=", ".join(RECOMMENDED),
        ),
        "utf-8",
    )
    package = ROOT / "dist" / f"lacuna_{__version__}_{architecture}.deb"
    _said("dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(package))
    print(package)  # noqa: T201 - the result


def lay_out(tree: Path) -> None:
    """The files where Debian's policy wants them."""
    share = tree / "usr" / "share"
    shutil.copytree(BUNDLE, tree / "usr" / "lib" / "lacuna", symlinks=True)
    (tree / "usr" / "bin").mkdir()
    (tree / "usr" / "bin" / "lacuna").symlink_to("../lib/lacuna/lacuna")
    _copy(LINUX / "lacuna.desktop", share / "applications")
    _copy(LINUX / "lacuna.metainfo.xml", share / "metainfo")
    _copy(LINUX / "lacuna-mime.xml", share / "mime" / "packages")
    icons = ROOT / "build" / "icons"
    make_icons.main(icons)
    shutil.copytree(icons / "hicolor", share / "icons" / "hicolor")
    _pack(make_manual.page(), share / "man" / "man1" / "lacuna.1.gz")
    doc = share / "doc" / "lacuna"
    _pack((ROOT / "CHANGELOG.md").read_text("utf-8"), doc / "changelog.gz")
    mit = (ROOT / "LICENSE").read_text("utf-8")
    indented = "".join(f" {line}\n" if line else " .\n" for line in mit.splitlines())
    (doc / "copyright").write_text(COPYRIGHT + indented, "utf-8")
    notices = "../../../lib/lacuna/_internal/resources/NOTICES.txt"
    (doc / "NOTICES.txt").symlink_to(notices)


def newest_glibc(bundle: Path) -> int:
    """The minor version of the C library that the bundle cannot do without.

    A library names what it needs of it in plain letters, such as GLIBC_2.34.
    """
    found = {0}
    for path in bundle.rglob("*"):
        if path.is_file() and not path.is_symlink() and (".so" in path.name or not path.suffix):
            found.update(int(minor) for minor in GLIBC.findall(path.read_bytes()))
    return max(found)


def _copy(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    shutil.copyfile(file, folder / file.name)


def _pack(text: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # No time and no name, so that the same sources give the same bytes.
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _said(*words: str) -> str:
    done = subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()


if __name__ == "__main__":
    main()
