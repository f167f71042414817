"""Finds what the window says and brings the catalogues up to date: `make translations`.

The program's own sentences stand in calls of `tr`, `tr_n` and `tr_later`, or in tables whose
columns are named here. Those of `engine` and `training` are all their strings that read as prose,
with {placeholders} where an f-string fills something in: they do not know of languages.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Catalog

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ROOT / "resources" / "languages"

COLUMNS = {
    "ActionSpec": ("label", "tip"),
    "Gesture": ("label", "how"),
    "BackendSpec": ("label", "promise"),
    "Option": ("label", "help", "choices"),
    "page": ("group", "label", "text", "choices"),
}
"""Columns of tables that the window shows."""

POSITIONS = {
    "ActionSpec": ("id", "label"),
    "Gesture": ("label", "how"),
    "page": ("group", "label", "text"),
}
"""Columns that are given without their names."""

NOT_SHOWN = (
    *("engine/batch/cluster.py", "engine/batch/sheet.py", "engine/batch/worker.py"),
    *("engine/generator.py", "engine/resources.py"),
    *("engine/models/gla/*", "engine/models/pennet/*", "engine/models/pepsi/*"),
    *("engine/models/regionwise.py", "engine/official/comparing.py", "engine/official/gla.py"),
    *("engine/official/iconv.py", "engine/official/pennet.py", "training/boards.py"),
    *("training/cases.py", "training/config.py", "training/discriminators/*"),
    *("training/evaluation.py", "training/judges.py", "training/lease.py", "training/losses/*"),
    *("training/masks/kinds.py", "training/masks/sources.py", "training/parcels.py"),
    *("training/recipes.py", "training/shipping.py", "training/terms.py"),
)
"""Modules below the app that speak to the command line, to files or to who builds networks only."""

PROSE = re.compile(r"[a-zA-Z]{2,}.*\s.*[a-zA-Z]{2,}")
WITH_NAME = re.compile(r"^[A-Z][a-z]{2,}:? \{")
NO_PROSE = re.compile(r"[<\n%\\\[|]|\b(19|20)\d\d\b|allocate memory")
UNSPOKEN_CALLS = ("log", "cast", "TypeError", "ValueError", "KeyError")
UNSPOKEN_ARGUMENTS = ("citation", "factory", "network")


class Message:
    """One entry: English, its plural if it has one, and where it stands.

    Args:
        text: the English.
        plural: that for several.
        is_told: whether it reaches the window as a finished sentence, and not through `tr`.
    """

    def __init__(self, text: str, plural: str = "", *, is_told: bool = False) -> None:
        self.text = text
        self.plural = plural
        self.is_told = is_told
        self.places: list[str] = []

    @property
    def key(self) -> str | tuple[str, str]:
        return (self.text, self.plural) if self.plural else self.text


def messages() -> dict[str, Message]:
    """Everything that has to be in a catalogue, by its English."""
    found: dict[str, Message] = {}
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        of_module = marked(tree) if place.startswith("app/") else spoken(tree)
        for message in of_module:
            known = found.setdefault(message.text, message)
            known.plural = known.plural or message.plural
            known.is_told = known.is_told or message.is_told
            if place not in known.places:
                known.places.append(place)
    return found


def sources() -> list[Path]:
    """The modules whose sentences the window can show."""
    every = (path for name in ("app", "engine", "training") for path in (ROOT / name).rglob("*.py"))
    return sorted(
        path
        for path in every
        if not any(path.relative_to(ROOT).match(pattern) for pattern in NOT_SHOWN)
        and not path.is_relative_to(ROOT / "app" / "cli")
    )


def marked(tree: ast.AST) -> Iterator[Message]:
    """The literals of a module that `tr` and its like get."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _name_of(node.func)
        if name in ("tr", "tr_later") and (text := _literal(node.args[0])):
            yield Message(text, is_told=name == "tr_later")
        elif name == "tr_n":
            yield Message(str(_literal(node.args[0])), str(_literal(node.args[1])))
        yield from _columns(name, node)


def spoken(tree: ast.AST) -> Iterator[Message]:
    """The strings of a module that read as prose, and the columns of its tables."""
    passed_over = {id(part) for node in ast.walk(tree) for part in _unspoken(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _columns(_name_of(node.func), node)
        if id(node) in passed_over:
            continue
        text = _literal(node) or (template(node) if isinstance(node, ast.JoinedStr) else "")
        if _is_prose(text) and not NO_PROSE.search(text):
            yield Message(text, is_told=True)


def template(node: ast.JoinedStr) -> str:
    """An f-string as a message: every expression becomes a placeholder with a name."""
    names: list[str] = []
    text = ""
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            name = placeholder(part.value)
            number = names.count(name)
            names.append(name)
            text += f"{{{name}{number + 1 if number else ''}}}"
        elif isinstance(part, ast.Constant):
            text += str(part.value).replace("{", "{{").replace("}", "}}")
    return text


def placeholder(expression: ast.expr) -> str:
    """The last name of an expression, "value" if it has none."""
    if isinstance(expression, ast.Attribute):
        return expression.attr.strip("_")
    if isinstance(expression, ast.Call) and expression.args:
        return placeholder(expression.args[0])
    if isinstance(expression, ast.Name):
        return expression.id.strip("_").lower()
    inner = [node for node in ast.iter_child_nodes(expression) if isinstance(node, ast.expr)]
    return placeholder(inner[0]) if inner else "value"


def _columns(name: str, call: ast.Call) -> Iterator[Message]:
    given = [*zip(POSITIONS.get(name, ()), call.args, strict=False)]
    given += [(keyword.arg or "", keyword.value) for keyword in call.keywords]
    for column, value in given:
        if column in COLUMNS.get(name, ()):
            yield from (Message(text) for part in _parts(value) if (text := _literal(part)))


def _parts(value: ast.expr) -> list[ast.expr]:
    """A cell's text, or the texts of a tuple or of a table's values."""
    if isinstance(value, ast.Dict):
        return value.values
    return value.elts if isinstance(value, ast.Tuple) else [value]


def _unspoken(node: ast.AST) -> Iterator[ast.AST]:
    """What is no sentence though it may look like one: docstrings, log entries, types."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.Call) and _is_unspoken_call(node.func):
        yield from ast.walk(node)
    elif isinstance(node, ast.keyword) and node.arg in UNSPOKEN_ARGUMENTS:
        yield node.value
    elif isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
        yield from ast.walk(node.annotation)


def _is_unspoken_call(function: ast.expr) -> bool:
    receiver = function.value if isinstance(function, ast.Attribute) else function
    return _name_of(receiver) in UNSPOKEN_CALLS


def _name_of(node: ast.expr) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


def _literal(node: ast.AST) -> str:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if is_text else ""


def _is_prose(text: str) -> bool:
    """Whether it says something in words, be it only of a name or with one."""
    own = re.sub(r"\{\w+\}", "", text).strip()
    return "“{" in text or bool(PROSE.search(own)) or bool(WITH_NAME.search(text))


def catalogue(language: str) -> Catalog:
    """The catalogue of a language as it is, or a new one."""
    from babel.messages import catalog, pofile

    path = LANGUAGES / f"{language}.po"
    if path.exists():
        with path.open("rb") as file:
            return pofile.read_po(file, locale=language)
    return catalog.Catalog(locale=language, project="Lacuna", version="", fuzzy=False)


def updated(old: Catalog) -> Catalog:
    """The catalogue with what the sources say now: new entries empty, unused ones gone."""
    from babel.messages import catalog

    new = catalog.Catalog(locale=old.locale)
    for message in messages().values():
        marks = ["told"] if message.is_told else []
        places = [(place, 0) for place in message.places]
        new.add(message.key, locations=places, auto_comments=marks)
    old.update(new, no_fuzzy_matching=True, update_creation_date=False)
    return old


def written(entries: Catalog) -> bytes:
    """The file of a catalogue: sorted, one line an entry, so that two people's lines merge."""
    from babel.messages import pofile

    file = io.BytesIO()
    pofile.write_po(
        file, entries, width=0, sort_output=True, ignore_obsolete=True, include_lineno=False
    )
    return file.getvalue()


def main() -> int:
    """Bring every catalogue up to date; 1 if one is not complete."""
    missing = 0
    for path in sorted(LANGUAGES.glob("*.po")):
        entries = updated(catalogue(path.stem))
        path.write_bytes(written(entries))
        empty = [entry.id for entry in entries if entry.id and not all(entry.string or ("",))]
        missing += len(empty)
        sys.stdout.write(f"{path.name}: {len(entries)} entries, {len(empty)} to translate\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
