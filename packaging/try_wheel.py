"""Install the wheel into an empty environment and use it there: part of `make wheel`.

The libraries that the wheel asks for are taken from the environment that runs this, to save minutes
and gigabytes.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import start_times

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"


def main() -> None:
    wheel = _only("lacuna_inpaint-*.whl")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        rebuilt = _from_tree(place)
        if contents(rebuilt) != contents(wheel):
            raise SystemExit("The source archive builds another wheel than the checkout.")
        _say(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, the same from both sources")
        _use(wheel, place)


def contents(wheel: Path) -> dict[str, str]:
    """Name -> hash of all files."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def _from_tree(place: Path) -> Path:
    """`python -m build` makes the wheel from the source archive; this one comes from the tree."""
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", str(place / "tree"), str(ROOT))
    return next((place / "tree").glob("*.whl"))


def _use(wheel: Path, place: Path) -> None:
    venv.create(place / "empty", with_pip=True)
    binaries = place / "empty" / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(binaries / "python")
    _run(python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel))
    where = _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(where) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    for package in ("app", "engine", "training"):
        file = _run(python, "-c", f"import {package}; print({package}.__file__)", cwd=place)
        if not Path(file).is_relative_to(where):
            raise SystemExit(f"“{package}” came from {file.strip()}, not from the wheel.")
    _say(_run(str(binaries / "lacuna"), "self-test", cwd=place).rstrip())
    seconds = start_times.window([str(binaries / "lacuna")], PYTHONPATH="")
    _say(f"the editor stands after {seconds:.2f} s")


def _only(pattern: str) -> Path:
    found = list(DIST.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"Not one but {len(found)} files {pattern} in dist; run “make wheel”.")
    return found[0]


def _run(*words: str, cwd: Path | None = None) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"“{' '.join(words)}” failed.")
    return done.stdout


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the result


if __name__ == "__main__":
    main()
