"""The language of the window: English sentences in the code, German in `resources/languages/`.

No Qt here, and nothing else of `app`, so that everything in it may use this. The command line never
chooses a language and so stays English, as logs and files do.
"""

from __future__ import annotations

import json
import re
import string
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from engine import resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Choice: TypeAlias = Literal["system", "en", "de"]

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""What the languages call themselves."""

FEWEST_LETTERS = 2
"""A template with less text of its own than this would take in nearly every sentence."""


_ENTRY_LINE = re.compile(r'(?:(msgid|msgid_plural|msgstr|msgstr\[\d\]) )?(".*")')
_FIGURE = re.compile(r"-?\d[\d.,]*( ?%| [A-Za-zµ]{1,3})?")
_SIGNS = str.maketrans({".": ",", ",": ".", "%": " %"})
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-ZÄÖÜ“])")
_WITHOUT_SPEC = re.compile(r"\{(\w+):[^}]*\}")


@dataclass(frozen=True)
class Catalogue:
    """What a language says for the English.

    Attributes:
        messages: by the English sentence; of a plural, the form for one.
        plurals: by the English form for one, the form for several.
    """

    messages: dict[str, str] = field(default_factory=dict)
    plurals: dict[str, str] = field(default_factory=dict)


def read_catalogue(path: Path) -> Catalogue:
    """The entries of a gettext file (.po), as Babel writes it: two forms, no contexts.

    Read as it is, because a thousand entries take some milliseconds: so there is no compiled file
    that could be missing from a bundle or be older than its source.
    """
    entries: list[dict[str, str]] = []
    keyword = ""
    for line in path.read_text("utf-8").splitlines():
        if found := _ENTRY_LINE.fullmatch(line):
            keyword = found[1] or keyword
            if found[1] == "msgid":
                entries.append({})
            entries[-1][keyword] = entries[-1].get(keyword, "") + json.loads(found[2])
    catalogue = Catalogue()
    for entry in entries[1:]:  # the first is the file's header
        one = entry.get("msgstr") or entry.get("msgstr[0]", "")
        catalogue.messages[entry["msgid"]] = one or entry["msgid"]
        if "msgid_plural" in entry:
            catalogue.plurals[entry["msgid"]] = entry["msgstr[1]"] or entry["msgid_plural"]
    return catalogue


class _Figures(string.Formatter):
    """Fills placeholders: figures in the language's signs, errors in its words."""

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, Exception):
            return told(str(value))
        text: str = super().format_field(value, format_spec)
        return in_our_signs(text) if isinstance(value, (int, float)) else text


_figures = _Figures()
_catalogue = Catalogue()
_language = "en"


def set_language(choice: Choice, preferred: Iterable[str] = ()) -> str:
    """Speak this language from now on; what is shown already stays as it is.

    Args:
        choice: "system" takes the first of `preferred` that there is, else English.
        preferred: tags such as "de-AT", the dearest first.

    Returns:
        The language that is spoken now, "en" or "de".
    """
    global _catalogue, _language  # noqa: PLW0603 - a program speaks one language
    wishes = preferred if choice == "system" else (choice,)
    known = (wish[:2].lower() for wish in wishes)
    _language = next((tag for tag in known if tag in LANGUAGES), "en")
    _catalogue = Catalogue() if _language == "en" else read_catalogue(catalogue_path(_language))
    told.cache_clear()
    _templates.cache_clear()
    return _language


def catalogue_path(tag: str) -> Path:
    """The file of a language."""
    return resources.root() / "languages" / f"{tag}.po"


def language() -> str:
    """The language that is spoken: "en" or "de"."""
    return _language


def tr(text: str, /, **values: object) -> str:
    """The sentence in the language of the window.

    Args:
        text: a whole English sentence, a literal; `make translations` finds it by this call.
        values: what stands for its {placeholders}; `{share:.1f}` is "3,2" in German, and an error
            is told as `told` does.
    """
    return _filled(_catalogue.messages.get(text, text), values)


def tr_n(singular: str, plural: str, n: int, /, **values: object) -> str:
    """The sentence for one or for several; `{n}` stands for the number."""
    forms = _catalogue.messages if n == 1 else _catalogue.plurals
    return _filled(forms.get(singular, singular if n == 1 else plural), {"n": n, **values})


def tr_later(text: str) -> str:
    """Marks a literal of a table that is translated where it is shown, by `tr` or `told`."""
    return text


@lru_cache(maxsize=1000)
def told(sentence: str) -> str:
    """What the engine or a training says, in the language of the window.

    They speak English and know nothing of languages. Their sentences are in the catalogue with
    {placeholders} for what they fill in, so that a finished sentence is recognised by its template;
    what was filled in is looked up in turn, because it may be a sentence as well. What is unknown,
    such as a word of the operating system, stays as it is.
    """
    if _language == "en" or not sentence:
        return sentence
    if sentence in _catalogue.messages:
        return _catalogue.messages[sentence]
    if _FIGURE.fullmatch(sentence):
        return in_our_signs(sentence)
    for template in _templates():
        if values := template.values_in(sentence):
            spoken = {name: told(value) for name, value in values.items()}
            return template.translation.format_map(spoken)
    return _told_one_by_one(sentence)


def _told_one_by_one(text: str) -> str:
    """Several sentences in a row, each for itself."""
    sentences = _BETWEEN_SENTENCES.split(text)
    return " ".join(map(told, sentences)) if len(sentences) > 1 else text


class _Template:
    """A message with placeholders, and how to find their values in a finished sentence."""

    def __init__(self, message: str, translation: str) -> None:
        fields = list(string.Formatter().parse(message))
        self.texts = [text for text, *_ in fields if text]
        self.own_letters = sum(len(text.replace(" ", "")) for text in self.texts)
        self.translation = _WITHOUT_SPEC.sub(r"{\1}", translation)
        self._fields = [(text, name) for text, name, *_ in fields]
        self._pattern: re.Pattern[str] | None = None

    def values_in(self, sentence: str) -> dict[str, str]:
        """What stands in the sentence for the placeholders; empty if it is another sentence."""
        if not all(text in sentence for text in self.texts):
            return {}
        if self._pattern is None:
            self._pattern = re.compile("".join(self._parts()), re.DOTALL)
        found = self._pattern.fullmatch(sentence)
        values = found.groupdict() if found else {}
        # A value that reaches beyond its sentence belongs to several sentences in a row.
        return {} if any(map(_BETWEEN_SENTENCES.search, values.values())) else values

    def _parts(self) -> Iterator[str]:
        seen: set[str] = set()
        for text, name in self._fields:
            yield re.escape(text)
            if name:
                yield f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
                seen.add(name)


@lru_cache(maxsize=1)
def _templates() -> list[_Template]:
    """Every message with placeholders, the most telling first."""
    both = _catalogue.messages.items()
    found = [_Template(message, text) for message, text in both if "{" in message]
    found = [template for template in found if template.own_letters >= FEWEST_LETTERS]
    return sorted(found, key=lambda template: -template.own_letters)


def in_sentence(label: str) -> str:
    """A translated label in the middle of a sentence; German nouns keep their capitals there."""
    return label.lower() if _language == "en" else label


def _filled(text: str, values: Mapping[str, object]) -> str:
    return _figures.vformat(text, (), values) if values else text


def in_our_signs(figure: str) -> str:
    """An English figure as the language writes it: "1,234.5" is "1.234,5" in German."""
    return figure if _language == "en" else figure.translate(_SIGNS)
