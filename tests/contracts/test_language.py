"""Every sentence of the window is translated, and none goes around the catalogue."""

from __future__ import annotations

import ast
import re
import string
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from app.catalogue import read_catalogue
from app.language import LANGUAGES, catalogue_path, set_language, told
from tests.packaging.scripts import ROOT, script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Message

translations = script("make_translations")

MARKS = ("tr", "tr_n", "tr_later", "page", "ActionSpec", "Gesture")
SHOWN_BY = (
    *("setText", "setToolTip", "setWindowTitle", "setTitle", "setAccessibleName", "setSuffix"),
    *("setAccessibleDescription", "setPlaceholderText", "setStatusTip", "setWhatsThis"),
    *("addAction", "addMenu", "addItem", "addItems", "addTab", "setHeaderLabels", "setItemText"),
    *("QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QToolButton", "QMenu", "QAction"),
    *("QGroupBox", "QTreeWidgetItem", "QListWidgetItem", "Notice", "say", "warn", "fail"),
    *(
        "begin",
        "edit",
        "make",
        "labelled",
        "check_box",
        "NumberRow",
        "Section",
        "Fact",
        "Note",
        "_button",
        "Job",
    ),
)
"""Calls whose text a person sees; every letter in it has to come from the catalogue."""

SILENT = ("log", "cast", "Template", "ValueError", "RuntimeError", "TypeError")
"""Calls whose text nobody sees in the window."""

NAMES = frozenset(
    {
        *("Lacuna", "Lacuna {}", "{}[*] - Lacuna", "SHA-256", "CPU", "{} px", " px"),
        *("Qt and PySide6", "QtAwesome with Material Design Icons 6"),
        *("Lightning Fabric and TorchMetrics", "MIT; Apache-2.0"),
    }
)
"""What is called the same in every language."""

IDS = frozenset(
    (
        *("info", "warning", "error", "missing", "skipped", "ready", "done"),
        *("mask", "result", "stroke"),
    )
)
"""Tones of notices, kinds of undo steps; their words stand beside them."""

ENGLISH = ("app/__main__.py", "app/report.py")
"""Speaks on the terminal; is read by those who look into a fault."""

CODE = re.compile(r"<[^>]*>|&\w+;|\{\}")
"""What is no language in a text: tags, entities, what is filled in."""


def entries(tag: str) -> list[Message]:
    return [entry for entry in translations.catalogue(tag) if entry.id]


def forms(entry: Message) -> list[tuple[str, str]]:
    """English and its translation, one pair or two."""
    if isinstance(entry.id, str):
        return [(entry.id, str(entry.string))]
    return list(zip(entry.id, entry.string, strict=True))


def fields(text: str) -> list[tuple[str, str]]:
    """The placeholders of a message with their formats."""
    parsed = string.Formatter().parse(text)
    return sorted((name, spec or "") for _, name, spec, _ in parsed if name is not None)


@pytest.fixture(params=[tag for tag in LANGUAGES if tag != "en"])
def tag(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_catalogue_has_the_sentences_of_the_code_and_no_others(tag: str) -> None:
    wanted = {message.key for message in translations.messages().values()}
    assert {entry.id for entry in entries(tag)} == wanted, "run make translations"


def test_the_file_is_what_make_translations_writes(tag: str) -> None:
    before = (translations.LANGUAGES / f"{tag}.po").read_bytes()
    assert translations.written(translations.updated(translations.catalogue(tag))) == before


def test_every_sentence_is_translated(tag: str) -> None:
    assert not [entry.id for entry in entries(tag) if not all(text for _, text in forms(entry))]
    assert not [entry.id for entry in entries(tag) if entry.fuzzy]


def test_placeholders_are_those_of_the_english(tag: str) -> None:
    pairs = [pair for entry in entries(tag) for pair in forms(entry)]
    assert not [pair for pair in pairs if fields(pair[0]) != fields(pair[1])]


def test_mnemonics_dots_and_margins_are_kept(tag: str) -> None:
    def manner(text: str) -> tuple[object, ...]:
        margins = (len(text) - len(text.lstrip()), len(text) - len(text.rstrip()))
        return (text.count("&"), text.endswith("…"), margins)

    pairs = [pair for entry in entries(tag) for pair in forms(entry)]
    assert not [pair for pair in pairs if manner(pair[0]) != manner(pair[1])]


def test_menus_have_mnemonics_of_their_own(tag: str) -> None:
    from app.window.menus import TITLES

    known = {entry.id: str(entry.string) for entry in entries(tag)}
    keys = [known[title].partition("&")[2][:1].lower() for title in TITLES.values() if "&" in title]
    assert len(keys) == len(set(keys)) == 7


@pytest.mark.parametrize("value", ["7", "photo.png"])
def test_every_template_is_recognised_when_it_is_filled_in(tag: str, value: str) -> None:
    def filled(text: str) -> str:
        return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", text).format_map(defaultdict(lambda: value))

    known = read_catalogue(catalogue_path(tag))
    set_language(tag)  # type: ignore[arg-type]
    wrong = {text: told(filled(text)) for text in known.told}
    set_language("en")
    assert not {text for text, said in wrong.items() if said != filled(known.messages[text])}


def test_no_sentence_of_the_window_goes_around_the_catalogue() -> None:
    found = [place for path in translations.sources() for place in loose_literals(path)]
    assert not found


def loose_literals(path: object) -> Iterator[str]:
    """Texts of a module of the app that a person would see untranslated."""
    name = str(path.relative_to(ROOT).as_posix())  # type: ignore[attr-defined]
    if not name.startswith("app/") or name in ENGLISH:
        return
    tree = ast.parse(path.read_text("utf-8"))  # type: ignore[attr-defined]
    passed = {id(part) for node in ast.walk(tree) for part in passed_over(node)}
    for node in ast.walk(tree):
        seen = ast.walk(node) if is_call(node, SHOWN_BY) else [node]
        for part in seen:
            text = literal(part)
            words = CODE.sub("", text)
            is_prose = re.search(r"[A-Za-z]{2,}[,;:.]? [A-Za-z]{2,}", words)
            if id(part) in passed or text in NAMES | IDS or not re.search(r"[^\W\d_]{2}", words):
                continue
            if is_call(node, SHOWN_BY) or is_prose:
                yield f"{name}:{part.lineno}: {text!r}"  # type: ignore[attr-defined]


def passed_over(node: ast.AST) -> Iterator[ast.AST]:
    """What is marked already, or nobody sees: docstrings, types, logs, keys of tables."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant))
        yield from (spec for part in node.values for spec in ast.walk(part) if is_spec(part, spec))
    elif is_call(node, MARKS) or is_call(node, SILENT):
        yield from ast.walk(node)
    elif isinstance(node, ast.Subscript):
        yield from ast.walk(node.slice)
    elif isinstance(node, ast.Compare):
        yield from ast.walk(node)


def is_spec(part: ast.AST, node: ast.AST) -> bool:
    return isinstance(part, ast.FormattedValue) and isinstance(node, ast.JoinedStr)


def is_call(node: ast.AST, names: tuple[str, ...]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    owner = getattr(function, "value", None)
    called = (getattr(function, "attr", ""), getattr(function, "id", ""), getattr(owner, "id", ""))
    return any(name in names for name in called)


def literal(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) or "{}" for part in node.values)
    return ""
