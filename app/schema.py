"""The rows of the settings page, read from the types of `app.settings.Settings`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from app.language import tr
from app.settings import Settings

RowKind: TypeAlias = Literal["switch", "choice", "whole", "number", "colour", "file"]


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as the page shows it.

    Attributes:
        name: the field of `Settings`.
        label: its name for people.
        text: what it does, a sentence.
        group: the heading under which it stands.
        kind: which control sets it.
        default: what "Reset" sets.
        low: the smallest number.
        high: the largest number.
        unit: behind the number; "%" shows a share of 0..1 as percent.
        choices: (value, its name for people).
        files: of a path, which files may be chosen.
        waits: whether it takes effect at the next start only.
    """

    name: str
    label: str
    text: str
    group: str
    kind: RowKind
    default: Any
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    files: str = ""
    waits: bool = False


def rows() -> tuple[Row, ...]:
    """The fields that are for people to set, in the schema's order, group by group.

    Their words are in the language of the window.
    """
    made = [_row(field) for field in msgspec.structs.fields(Settings)]
    found = [row for row in made if row is not None]
    groups = list(dict.fromkeys(row.group for row in found))
    return tuple(sorted(found, key=lambda row: groups.index(row.group)))


def _row(field: msgspec.structs.FieldInfo) -> Row | None:
    """The row of a field; None if it is only remembered."""
    described = msgspec.inspect.type_info(field.type)
    if not isinstance(described, msgspec.inspect.Metadata):
        return None
    words, extra = described.extra_json_schema or {}, described.extra or {}
    inside = described.type
    low, high = _bounds(inside)
    names: dict[str, str] = extra["choices"]
    return Row(
        name=field.name,
        label=tr(words["title"]),
        text=tr(words["description"]),
        group=tr(extra["group"]),
        kind=_kind(inside),
        default=field.default,
        low=low,
        high=high,
        unit=extra["unit"],
        choices=tuple((value, tr(name)) for value, name in names.items()),
        files=extra["files"],
        waits=extra["waits"],
    )


def _kind(inside: msgspec.inspect.Type) -> RowKind:
    kinds: dict[type, RowKind] = {
        msgspec.inspect.BoolType: "switch",
        msgspec.inspect.LiteralType: "choice",
        msgspec.inspect.IntType: "whole",
        msgspec.inspect.FloatType: "number",
    }
    if isinstance(inside, msgspec.inspect.StrType):
        return "colour" if inside.pattern and inside.pattern.startswith("^#") else "file"
    return kinds[type(inside)]


def _bounds(inside: msgspec.inspect.Type) -> tuple[float, float]:
    if isinstance(inside, msgspec.inspect.IntType | msgspec.inspect.FloatType):
        return float(inside.ge or 0), float(inside.le or 0)
    return 0.0, 0.0
