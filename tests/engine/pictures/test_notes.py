"""A text of ours inside picture files: found again, replaced, removed; all else as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engine.pictures import Picture, Source, open_picture, save_picture
from engine.pictures.notes import LONGEST_IN_JPEG, NAMESPACE, note_in, with_note, without_note

if TYPE_CHECKING:
    from pathlib import Path

NOTE = '{"backend":"telea","why":"a < b & c > d"}'
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FOREIGN = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">\n'
    '  <rdf:Description rdf:about="uuid:1&amp;2" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' dc:title="Küste"/>\n'
    '</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
).encode()

UNREADABLE = {
    "cut off": FOREIGN[:120],
    "no XML": b"\x00\x01 not XML at all",
    "undeclared prefixes": b'<x:xmpmeta><rdf:Description dc:title="K"/></x:xmpmeta>',
    "another encoding": FOREIGN.decode().encode("utf-16"),
    "a document type": b'<!DOCTYPE a [<!ENTITY b "bb">]>' + FOREIGN,
    "entities that explode": b'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><a>&b;</a>',
    "no RDF": b"<a/>",
    "an empty RDF": f'<r:RDF xmlns:r="{RDF}"/>'.encode(),
}
FORMS = {"PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "WEBP": ".webp"}


def saved(folder: Path, source: Source, form: str) -> Source:
    """The source of a small picture after it went through a file."""
    pixels = np.random.default_rng(1).integers(0, 255, (16, 16, 3), np.uint8)
    path = folder / f"a{FORMS[form]}"
    save_picture(Picture(pixels, source), path)
    return open_picture(path).source


@pytest.mark.parametrize("form", FORMS)
def test_a_note_comes_back_from_a_file(tmp_path: Path, form: str) -> None:
    source, why = with_note(Source(), NOTE, form)
    assert why == ""
    assert note_in(saved(tmp_path, source, form)) == NOTE


@pytest.mark.parametrize("form", FORMS)
def test_a_foreign_packet_is_as_it_was_but_for_the_note(tmp_path: Path, form: str) -> None:
    source, _ = with_note(Source(xmp=FOREIGN), NOTE, form)
    found = saved(tmp_path, source, form)
    assert note_in(found) == NOTE
    assert found.xmp is not None
    assert "Küste".encode() in found.xmp
    assert without_note(found).xmp == FOREIGN


def test_all_descriptions_are_about_the_same() -> None:
    source, _ = with_note(Source(xmp=FOREIGN), NOTE, "JPEG")
    assert source.xmp is not None
    assert source.xmp.count(b'about="uuid:1&amp;2"') == 2


@pytest.mark.parametrize("form", FORMS)
def test_pillow_reads_the_packet(tmp_path: Path, form: str) -> None:
    saved(tmp_path, with_note(Source(xmp=FOREIGN), NOTE, form)[0], form)
    with Image.open(tmp_path / f"a{FORMS[form]}") as image:
        image.load()
        packet = image.info.get("xmp") or getattr(image, "tag_v2", {}).get(700)
    assert packet is not None
    assert NAMESPACE in (packet if isinstance(packet, str) else packet.decode())


def test_a_second_note_replaces_the_first() -> None:
    first, _ = with_note(Source(xmp=FOREIGN), NOTE, "PNG")
    second, _ = with_note(first, '{"second":1}', "PNG")
    assert note_in(second) == '{"second":1}'
    assert len(second.png_chunks) == 1
    assert second.xmp is not None
    assert second.xmp.count(NAMESPACE.encode()) == 1


def test_a_packet_of_ours_alone_goes_with_the_note() -> None:
    source, _ = with_note(Source(), NOTE, "WEBP")
    assert without_note(source) == Source()


@pytest.mark.parametrize(
    "form_of_note",
    ['<l:recipe xmlns:l="{ns}">{{}}</l:recipe>', '<l:recipe xmlns:l="{ns}"/>'],
)
def test_a_note_that_another_program_wrote_down_anew_is_cut_out(form_of_note: str) -> None:
    line = form_of_note.format(ns=NAMESPACE)
    packet = FOREIGN.replace(
        b"</rdf:RDF>",
        b'<rdf:Description rdf:about="">' + line.encode() + b"<b/></rdf:Description></rdf:RDF>",
    )
    assert note_in(Source(xmp=packet)) in ("{}", "")
    bare = without_note(Source(xmp=packet)).xmp
    assert bare == packet.replace(line.encode(), b"")


def test_a_note_written_as_an_attribute_is_read_and_cut_out() -> None:
    packet = FOREIGN.replace(
        b' dc:title="', f' xmlns:l="{NAMESPACE}" l:recipe=\'{{"a":1}}\' dc:title="'.encode()
    )
    assert note_in(Source(xmp=packet)) == '{"a":1}'
    assert note_in(without_note(Source(xmp=packet))) is None
    assert "Küste".encode() in (without_note(Source(xmp=packet)).xmp or b"")


@pytest.mark.parametrize("packet", UNREADABLE.values(), ids=UNREADABLE)
def test_a_packet_that_cannot_be_read_is_left_alone_and_breaks_no_save(
    tmp_path: Path, packet: bytes
) -> None:
    source, why = with_note(Source(xmp=packet), NOTE, "JPEG")
    assert source.xmp == packet
    assert "left as it is" in why
    assert note_in(source) is None
    assert saved(tmp_path, source, "JPEG").xmp is not None


@pytest.mark.parametrize("packet", UNREADABLE.values(), ids=UNREADABLE)
def test_a_png_has_a_place_beside_a_packet_that_cannot_be_read(packet: bytes) -> None:
    source, why = with_note(Source(xmp=packet), NOTE, "PNG")
    assert why == ""
    assert source.xmp == packet
    assert note_in(source) == NOTE


def test_a_packet_too_long_for_jpeg_is_kept_rather_than_the_note(tmp_path: Path) -> None:
    padding = b" " * (LONGEST_IN_JPEG - len(FOREIGN) - 10)
    packet = FOREIGN.replace(b"</rdf:RDF>", padding + b"</rdf:RDF>")
    source, why = with_note(Source(xmp=packet), NOTE, "JPEG")
    assert "too long for JPEG" in why
    assert saved(tmp_path, source, "JPEG").xmp == packet


def test_a_format_without_a_place_says_so() -> None:
    source, why = with_note(Source(), NOTE, "BMP")
    assert source == Source()
    assert "BMP has no place" in why
