"""Which libraries are inside, and under which licences: from a bundle's file, else from metadata.

No Qt here; the bundle is built with these functions, and Help > About shows what they find.
"""

from __future__ import annotations

import importlib.metadata as metadata
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from app.language import tr_later
from engine import resources
from engine.jobs import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from email.message import Message
    from importlib.metadata import Distribution

    from engine.jobs import CancelToken, Steps

PROGRAM = "lacuna-inpaint"
RULE = "═" * 78
"""Of a sign that licences, which like rules of “=” and “-”, do not use."""

_HEADER = re.compile(rf"^{RULE}\n(?P<name>.+)\n(?P<licence>.*)\n{RULE}\n", re.MULTILINE)
_IS_LICENCE = re.compile(r"licen[cs]e|copying|notice|authors|copyright", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_SHORT = 80
"""Letters; what is longer in a metadata field is the licence itself, not its name."""

COMMON = {"LGPL-3.0": ("LGPL-3.0.txt", "GPL-3.0.txt"), "GPL-3.0": ("GPL-3.0.txt",)}
"""Licences whose text we bring, for packages that only name them; the lesser one builds on both."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is inside.

    Attributes:
        name: with its version.
        licence: its short name, or SPDX expression.
        text: the licence in full, with the notices it asks to pass on.
    """

    name: str
    licence: str
    text: str


def parts(token: CancelToken) -> Steps[list[Part]]:
    """All that is inside this program, by name."""
    file = resources.root() / "NOTICES.txt"
    if file.is_file():
        return from_text(file.read_text("utf-8"))
    yield Progress(0, 1, tr_later("Reading the licences"))
    found = closure(PROGRAM)
    gathered = []
    for number, one in enumerate(found):
        token.check()
        gathered.append(part(one))
        yield Progress(number + 1, len(found), tr_later("Reading the licences"))
    return gathered


def closure(name: str) -> list[Distribution]:
    """What is installed of a package's requirements and theirs, without itself, by name."""
    found: dict[str, Distribution] = {}
    waiting = [name]
    while waiting:
        key = _normal(waiting.pop())
        if key in found:
            continue
        try:
            found[key] = metadata.distribution(key)
        except metadata.PackageNotFoundError:
            continue  # for another system, or a checkout that is not installed
        wanted = [text for text in found[key].requires or [] if "extra ==" not in text]
        waiting += [match[0] for text in wanted if (match := _NAME.match(text))]
    found.pop(_normal(name), None)
    return [found[key] for key in sorted(found)]


def part(found: Distribution) -> Part:
    """What the metadata of an installed package say."""
    texts = [
        file.read_text(encoding="utf-8").strip()
        for file in sorted(found.files or [])
        if _IS_LICENCE.search(file.name) and file.parts[0].endswith(".dist-info")
    ]
    licence = _licence(found)
    texts = texts or _common(licence)
    return Part(f"{found.name} {found.version}", licence, "\n\n".join(texts))


def to_text(given: Sequence[Part]) -> str:
    """One file that a person can read and `from_text` can take apart."""
    return "\n".join(
        f"{RULE}\n{one.name}\n{one.licence}\n{RULE}\n\n{one.text.strip()}\n" for one in given
    )


def from_text(text: str) -> list[Part]:
    """What `to_text` put together."""
    headers = list(_HEADER.finditer(text))
    ends = [header.start() for header in headers[1:]] + [len(text)]
    return [
        Part(header["name"], header["licence"], text[header.end() : end].strip())
        for header, end in zip(headers, ends, strict=True)
    ]


def _licence(found: Distribution) -> str:
    about = cast("Message", found.metadata)  # which is what it is; its protocol is narrower
    for field in ("License-Expression", "License"):
        value = (about.get(field) or "").strip()
        if value and len(value) <= _SHORT and "\n" not in value:
            return value
    named = [
        value.rpartition("::")[2].strip()
        for value in about.get_all("Classifier") or []
        if value.startswith("License ::")
    ]
    expression = about.get("License-Expression") or ""
    return ", ".join(named) or expression or tr_later("see its text")


def _common(licence: str) -> list[str]:
    folder = resources.root() / "licences"
    names = _first(files for name, files in COMMON.items() if name in licence)
    return [(folder / name).read_text("utf-8").strip() for name in names]


def _first(found: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return next(iter(found), ())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
