"""Unpack the Debian package into an empty folder and run it from there: part of `make deb`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXPECTED = (
    *("usr/bin/lacuna", "usr/lib/lacuna/lacuna", "usr/share/applications/lacuna.desktop"),
    *("usr/share/metainfo/lacuna.metainfo.xml", "usr/share/man/man1/lacuna.1.gz"),
    *("usr/share/icons/hicolor/scalable/apps/lacuna.svg", "usr/share/doc/lacuna/copyright"),
    "usr/share/mime/packages/lacuna-mime.xml",
    *("usr/share/icons/hicolor/48x48/apps/lacuna.png", "usr/share/doc/lacuna/NOTICES.txt"),
)


def main() -> None:
    packages = sorted((ROOT / "dist").glob("lacuna_*.deb"))
    if not packages:
        raise SystemExit("There is no package in dist; run “make deb”.")
    package = packages[-1]
    with tempfile.TemporaryDirectory() as name:
        tree, home = Path(name, "root"), Path(name, "home")
        home.mkdir()
        _run("dpkg-deb", "--extract", str(package), str(tree))
        missing = [file for file in EXPECTED if not (tree / file).exists()]
        if missing:
            raise SystemExit(f"The package lacks {', '.join(missing)}.")
        lacuna = str(tree / "usr" / "bin" / "lacuna")
        environment = {"HOME": str(home)}
        version = _run(lacuna, "--version", env=environment).strip()
        if version not in _run("dpkg-deb", "--show", str(package)).replace("\t", " "):
            raise SystemExit(f"The package is not of the version that it runs: {version}.")
        _run(lacuna, "self-test", env=environment)
        manual = _run("man", "--warnings", "-l", str(tree / "usr/share/man/man1/lacuna.1.gz"))
        if "lacuna inpaint" not in manual:
            raise SystemExit("The manual page does not show the commands.")
    print(f"{package.name}: {package.stat().st_size / 1e6:.1f} MB, runs")  # noqa: T201


def _run(*words: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"“{' '.join(words)}” failed.")
    return done.stdout


if __name__ == "__main__":
    main()
