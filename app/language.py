"""The language of the window: English sentences in the code, German in `resources/languages/`.

No Qt here, and little else of `app`, so that everything in it may use this. The command line never
chooses a language and so stays English, as logs and files do.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.catalogue import SENTENCE_END, Catalogue, read_catalogue
from engine import resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Choice: TypeAlias = Literal["system", "en", "de"]

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""What the languages call themselves."""

OR = " or "
"""Between choices."""

_FIGURE = re.compile(r"-?\d[\d.,]*( ?%| [A-Za-zµ]{1,3})?")
_SIGNS = str.maketrans({".": ",", ",": ".", "%": " %"})


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
    for template in _catalogue.templates:
        if values := template.values_in(sentence):
            spoken = {name: told(value) for name, value in values.items()}
            return template.translation.format_map(spoken)
    return _told_one_by_one(sentence)


def _told_one_by_one(text: str) -> str:
    """Several sentences in a row, reasons with semicolons between them, or choices."""
    sentences = SENTENCE_END.split(text)
    if len(sentences) > 1:
        return " ".join(map(told, sentences))
    if "; " in text:
        return "; ".join(map(told, text.split("; ")))
    choices = text.split(OR)
    return tr(OR).join(map(told, choices)) if len(choices) > 1 else text


def in_sentence(label: str) -> str:
    """A translated label in the middle of a sentence; German nouns keep their capitals there."""
    return label.lower() if _language == "en" else label


def in_our_signs(figure: str) -> str:
    """An English figure as the language writes it: "1,234.5" is "1.234,5" in German."""
    return figure if _language == "en" else figure.translate(_SIGNS)


def _filled(text: str, values: Mapping[str, object]) -> str:
    return _figures.vformat(text, (), values) if values else text
