"""The sentences of one language, and how a finished English sentence is found among them."""

from __future__ import annotations

import json
import re
import string
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOLD = "#. told"
"""Marks an entry as one that reaches the window as a finished sentence."""

FEWEST_LETTERS = 2
"""A template with less text of its own than this would take in nearly every sentence."""

FEW_LETTERS = 8
"""Up to here a template that begins with a placeholder takes single words only."""

SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-ZÄÖÜ“])")

_LINE = re.compile(r'(?:(msgid|msgid_plural|msgstr|msgstr\[\d\]) )?(".*")')
_SPEC = re.compile(r"\{(\w+):[^}]*\}")


class Template:
    """A message with placeholders, and how to find their values in a finished sentence."""

    def __init__(self, message: str, translation: str) -> None:
        self._fields = [(text, name) for text, name, *_ in string.Formatter().parse(message)]
        self._texts = [text for text, _ in self._fields if text]
        self.own_letters = sum(len(text.replace(" ", "")) for text in self._texts)
        self.translation = _SPEC.sub(r"{\1}", translation)

    def values_in(self, sentence: str) -> dict[str, str]:
        """What stands in the sentence for the placeholders; empty if it is another sentence."""
        if not all(text in sentence for text in self._texts):
            return {}
        found = self._pattern.fullmatch(sentence)
        values = found.groupdict() if found else {}
        return values if self._is_likely(sentence, values) else {}

    def _is_likely(self, sentence: str, values: dict[str, str]) -> bool:
        # A value that reaches beyond its sentence belongs to several sentences in a row.
        if any(map(SENTENCE_END.search, values.values())):
            return False
        begins_with_value, last = not self._fields[0][0], self._fields[-1]
        if begins_with_value and self.own_letters <= FEW_LETTERS:
            return not any(" " in value for value in values.values())
        # What follows a colon may be a sentence; a name does not end like one.
        return not (last[1] and sentence.endswith(".") and not last[0].endswith((": ", "; ")))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("".join(self._parts()), re.DOTALL)

    def _parts(self) -> Iterator[str]:
        seen: set[str] = set()
        for text, name in self._fields:
            yield re.escape(text)
            if name:
                yield f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
                seen.add(name)


@dataclass
class Catalogue:
    """What a language says for the English.

    Attributes:
        messages: by the English sentence; of a plural, the form for one.
        plurals: by the English form for one, the form for several.
        told: the English of what reaches the window as a finished sentence.
    """

    messages: dict[str, str] = field(default_factory=dict)
    plurals: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    @cached_property
    def templates(self) -> list[Template]:
        """What is told with placeholders, the most telling first."""
        found = [Template(text, self.messages[text]) for text in self.told if "{" in text]
        found = [template for template in found if template.own_letters >= FEWEST_LETTERS]
        return sorted(found, key=lambda template: -template.own_letters)


def read_catalogue(path: Path) -> Catalogue:
    """The entries of a gettext file (.po), as Babel writes it: two forms, no contexts.

    Read as it is, because a thousand entries take some milliseconds: so there is no compiled file
    that could be missing from a bundle or be older than its source.
    """
    catalogue = Catalogue()
    for block in path.read_text("utf-8").split("\n\n")[1:]:  # the first is the file's header
        entry: dict[str, str] = {}
        keyword, is_told = "", False
        for line in block.splitlines():
            is_told = is_told or line == TOLD
            if found := _LINE.fullmatch(line):
                keyword = found[1] or keyword
                entry[keyword] = entry.get(keyword, "") + json.loads(found[2])
        if entry:
            _enter(catalogue, entry, is_told=is_told)
    return catalogue


def _enter(catalogue: Catalogue, entry: dict[str, str], *, is_told: bool) -> None:
    english = entry["msgid"]
    catalogue.messages[english] = entry.get("msgstr") or entry.get("msgstr[0]") or english
    if "msgid_plural" in entry:
        catalogue.plurals[english] = entry["msgstr[1]"] or entry["msgid_plural"]
    if is_told:
        catalogue.told.add(english)
