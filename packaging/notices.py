"""What the bundle holds of others: their licences as one text, and a bill of materials.

Both are made from the very rows that PyInstaller collects, so they name what is inside and nothing
else: Python packages by their metadata, system libraries by Debian's package data.
"""

from __future__ import annotations

import importlib.metadata as metadata
import json
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.licences import PROGRAM, Part, part, to_text
from engine import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import Distribution

SITE = Path(sysconfig.get_path("purelib"))
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))


@dataclass(frozen=True, slots=True)
class SystemPackage:
    """A package of the system that some bundled library comes from."""

    name: str
    version: str
    copyright: str


def write(sources: Iterable[str], folder: Path) -> tuple[Path, Path]:
    """Write both.

    Args:
        sources: paths of all files that go into the bundle.
        folder: for the two files.

    Returns:
        `NOTICES.txt` and `lacuna.cdx.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {source for source in sources if source}
    packages = owners(paths)
    system = system_packages(path for path in map(Path, paths) if not _is_python(path))
    notices = folder / "NOTICES.txt"
    parts = [*map(part, packages), python(), bootloader(), *map(_system_part, system)]
    notices.write_text(to_text(parts), "utf-8")
    bill = folder / "lacuna.cdx.json"
    bill.write_text(json.dumps(bill_of_materials(packages, system), indent=1), "utf-8")
    return notices, bill


def owners(paths: set[str]) -> list[Distribution]:
    """The installed packages that the files belong to, by name.

    The program itself and PyInstaller, whose boot loader has an entry of its own, are left out.
    """
    found = {}
    for one in metadata.distributions():
        if one.name in (PROGRAM, "pyinstaller"):
            continue
        if any(str(one.locate_file(file)) in paths for file in one.files or []):
            found[one.name.lower()] = one
    return [found[name] for name in sorted(found)]


def system_packages(paths: Iterable[Path]) -> list[SystemPackage]:
    """The Debian packages that the files belong to; none where there is no dpkg."""
    program = shutil.which("dpkg-query")
    if program is None:
        return []
    names = {name for path in paths for name in _owners_of(program, path)}
    return [_system_package(program, name) for name in sorted(names)]


def _owners_of(program: str, path: Path) -> list[str]:
    """Names of packages; Debian knows a file in /usr/lib under /lib, or the other way round."""
    real = str(path.resolve())
    for known in (real, real.removeprefix("/usr")):
        answer = _asked(program, "--search", known)
        if answer:
            return [answer.partition(": ")[0].split(",")[0]]
    return []


def _system_package(program: str, name: str) -> SystemPackage:
    version = _asked(program, "--show", "--showformat=${Version}", name)
    text = Path("/usr/share/doc") / name.partition(":")[0] / "copyright"
    return SystemPackage(
        name.partition(":")[0],
        version,
        text.read_text("utf-8", "replace") if text.is_file() else "",
    )


def _asked(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()


def _system_part(package: SystemPackage) -> Part:
    named = re.findall(r"^License:[ \t]*(\S.*)$", package.copyright, re.MULTILINE)
    licence = ", ".join(dict.fromkeys(named)) or "see its text"
    return Part(f"{package.name} {package.version} (Debian)", licence, package.copyright)


def python() -> Part:
    """The interpreter that is inside."""
    places = (STANDARD_LIBRARY / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt")
    text = next(place.read_text("utf-8") for place in places if place.is_file())
    return Part(f"Python {sys.version.split()[0]}", "PSF-2.0", text)


def bootloader() -> Part:
    """The small program that starts Python in a bundle."""
    made = part(metadata.distribution("pyinstaller"))
    licence = "GPL-2.0-or-later with an exception that leaves the program its own licence"
    return Part(f"{made.name}, its boot loader", licence, made.text)


def bill_of_materials(packages: list[Distribution], system: list[SystemPackage]) -> dict[str, Any]:
    """CycloneDX 1.6; cyclonedx-bom describes all that is installed, this keeps what is inside."""
    described = subprocess.run(  # noqa: S603 - a fixed program
        [
            *(sys.executable, "-m", "cyclonedx_py", "environment", "--output-format", "JSON"),
            *("--spec-version", "1.6", "--output-reproducible", sys.executable),
        ],
        capture_output=True,
        check=True,
    ).stdout
    bill: dict[str, Any] = json.loads(described)
    wanted = {_normal(one.name) for one in packages}
    kept = [one for one in bill["components"] if _normal(one["name"]) in wanted]
    kept.append(_component("Python", sys.version.split()[0], "generic"))
    kept += [_component(one.name, one.version, "deb/debian") for one in system]
    bill["components"] = kept
    references = {one["bom-ref"] for one in kept}
    bill["dependencies"] = [
        {**row, "dependsOn": [one for one in row.get("dependsOn", []) if one in references]}
        for row in bill["dependencies"]
        if row["ref"] in references
    ]
    bill["metadata"]["component"] = {
        **_component("Lacuna", __version__, "generic"),
        "type": "application",
        "licenses": [{"license": {"id": "MIT"}}],
    }
    return bill


def _component(name: str, version: str, kind: str) -> dict[str, Any]:
    link = f"pkg:{kind}/{name}@{version.replace('+', '%2B').replace(':', '%3A')}"
    return {
        "type": "library", "bom-ref": link, "name": name, "version": version, "purl": link
    }  # fmt: skip


def _is_python(path: Path) -> bool:
    """Whether it comes from Python or one of its packages, not from the system."""
    return any(path.is_relative_to(place) for place in (SITE, sys.base_prefix, sys.prefix))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
