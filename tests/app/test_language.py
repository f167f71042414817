"""One language at a time: sentences, figures, plurals, and what the engine says in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app import language
from app.catalogue import read_catalogue
from app.language import set_language, told, tr, tr_n

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GERMAN = """
msgid ""
msgstr ""
"Language: de\\n"

#. told
#: app/somewhere.py
msgid "“{name}” is empty."
msgstr "„{name}“ ist leer."

#. told
msgid "“{name}” cannot be used: {error}."
msgstr "„{name}“ kann nicht verwendet werden: {error}."

msgid "the disk is full"
msgstr "der Datenträger ist voll"

#. told
msgid "{share:.1f} % of “{name}”"
msgstr "{share:.1f} % von „{name}“"

#. told
msgid "Opening {name}"
msgstr "{name} wird geöffnet"

#. told
msgid "{number} of {count}"
msgstr "{number} von {count}"

msgid "Never {name}"
msgstr "Nie {name}"

msgid "{n} picture"
msgid_plural "{n} pictures"
msgstr[0] "{n} Bild"
msgstr[1] "{n} Bilder"

msgid ""
"Two "
"lines \\"here\\""
msgstr "Zwei Zeilen"

msgid "Not yet"
msgstr ""
"""


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small German of this test."""
    (tmp_path / "de.po").write_text(GERMAN, "utf-8")
    monkeypatch.setattr(language, "catalogue_path", lambda tag: tmp_path / f"{tag}.po")
    set_language("de")
    yield
    set_language("en")


def test_english_stands_in_the_code() -> None:
    assert tr("“{name}” is empty.", name="a.png") == "“a.png” is empty."
    assert told("“a.png” is empty.") == "“a.png” is empty."


def test_a_sentence_is_said_in_german_with_its_values(german: None) -> None:
    assert tr("“{name}” is empty.", name="a.png") == "„a.png“ ist leer."


def test_a_sentence_without_german_stays_english(german: None) -> None:
    assert tr("Not yet") == "Not yet"
    assert tr("Never heard") == "Never heard"


def test_german_figures_have_a_comma(german: None) -> None:
    assert tr("{share:.1f} % of “{name}”", share=3.25, name="1.5") == "3,2 % von „1.5“"


def test_plurals_follow_the_number(german: None) -> None:
    said = [tr_n("{n} picture", "{n} pictures", number) for number in (0, 1, 2)]
    assert said == ["0 Bilder", "1 Bild", "2 Bilder"]


def test_english_plurals_need_no_catalogue() -> None:
    assert tr_n("{n} picture", "{n} pictures", 1) == "1 picture"
    assert tr_n("{n} picture", "{n} pictures", 3) == "3 pictures"


def test_lines_of_an_entry_are_one_sentence(german: None) -> None:
    assert tr('Two lines "here"') == "Zwei Zeilen"


def test_a_finished_sentence_is_recognised_by_its_template(german: None) -> None:
    assert told("“my {odd} name.png” is empty.") == "„my {odd} name.png“ ist leer."


def test_what_was_filled_in_is_translated_as_well(german: None) -> None:
    said = told("“a.png” cannot be used: the disk is full.")
    assert said == "„a.png“ kann nicht verwendet werden: der Datenträger ist voll."


def test_figures_in_a_finished_sentence_get_a_comma(german: None) -> None:
    assert told("3.2 % of “v1.5”") == "3,2 % von „v1.5“"


def test_sentences_in_a_row_are_told_one_by_one(german: None) -> None:
    assert told("“a” is empty. “b” is empty.") == "„a“ ist leer. „b“ ist leer."


def test_reasons_with_semicolons_are_told_one_by_one(german: None) -> None:
    assert told("the disk is full; who knows; the disk is full") == (
        "der Datenträger ist voll; who knows; der Datenträger ist voll"
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Opening it needs 2 GB of memory.",  # a name does not end like a sentence
        "less of its surroundings",  # nor has a figure two words
        "Never seen",  # this one is only ever said by `tr`
    ],
)
def test_a_sentence_that_only_looks_like_a_template_stays_as_it_is(
    german: None, sentence: str
) -> None:
    assert told(sentence) == sentence


def test_short_templates_are_recognised_by_what_they_hold(german: None) -> None:
    assert told("Opening my picture.png") == "my picture.png wird geöffnet"
    assert told("3 of 8") == "3 von 8"


def test_what_nobody_knows_stays_as_it_is(german: None) -> None:
    assert told("Permission denied by the moon") == "Permission denied by the moon"


@pytest.mark.parametrize(
    ("preferred", "spoken"),
    [(["de-AT", "en"], "de"), (["fr-FR", "de"], "de"), (["en-GB", "de"], "en"), (["C"], "en")],
)
def test_the_system_decides_by_the_dearest_language_that_there_is(
    german: None, preferred: list[str], spoken: str
) -> None:
    assert set_language("system", preferred) == spoken
    assert language.language() == spoken


def test_babel_reads_the_catalogue_as_the_program_does() -> None:
    from babel.messages import pofile

    path = language.catalogue_path("de")
    with path.open("rb") as file:
        entries = [entry for entry in pofile.read_po(file) if entry.id]
    one = {e.id: e.string or e.id for e in entries if isinstance(e.id, str)}
    own = read_catalogue(path)
    assert one.items() <= own.messages.items()
    assert len(entries) == len(own.messages)
