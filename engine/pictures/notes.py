"""One short text of ours inside a picture file: in its XMP packet, in a PNG also as a text chunk.

XMP (ISO 16684-1) is XML that other programs write as well. What they wrote stays byte for byte:
ours is put between their lines and cut out again, and a packet that cannot be read is left alone.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from engine.pictures.picture import Source

log = logging.getLogger(__name__)

NAMESPACE = "urn:lacuna:recipe:1.0/"
PROPERTY = "recipe"
PNG_KEYWORD = b"Lacuna recipe"
LONGEST_IN_JPEG = 65533 - 29
"""Bytes of an XMP packet that one JPEG segment holds."""

HOLDERS = frozenset({"PNG", "JPEG", "TIFF", "WEBP"})
"""Formats with a place for XMP."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OURS = f"{NAMESPACE} {PROPERTY}"
_ATTRIBUTE = re.compile(rb"""\s[\w.-]+:recipe\s*=\s*("[^"]*"|'[^']*')""")
_HEAD = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
).encode()
_TAIL = b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
_CHUNK_HEAD = PNG_KEYWORD + b"\0\0\0\0\0"


def with_note(source: Source, text: str, form: str) -> tuple[Source, str]:
    """The source with a note in place of an older one.

    Args:
        source: what stands beside the pixels.
        text: the note, one line of JSON.
        form: the format of the file to come, in Pillow's words.

    Returns:
        The new source and an empty text; or, where the note has no place, the source without any
        note and the reason as a clause.
    """
    bare = without_note(source)
    if form not in HOLDERS:
        return bare, f"{form} has no place for it"
    xmp = _joined(bare.xmp, text)
    if form == "PNG":
        chunk = (b"iTXt", _CHUNK_HEAD + text.encode())
        return replace(bare, png_chunks=(*bare.png_chunks, chunk), xmp=xmp or bare.xmp), ""
    if xmp is None:
        return bare, "the picture's XMP packet is damaged or unusual and was left as it is"
    if form == "JPEG" and len(xmp) > LONGEST_IN_JPEG:
        return bare, "together with the picture's own XMP packet it is too long for JPEG"
    return replace(bare, xmp=xmp), ""


def note_in(source: Source) -> str | None:
    """The note that a picture carries; None if it carries none that can be read."""
    for name, data in source.png_chunks:
        if name == b"iTXt" and data.startswith(_CHUNK_HEAD):
            return data[len(_CHUNK_HEAD) :].decode("utf-8", "replace")
    packet = _read(source.xmp) if source.xmp else None
    return packet.note if packet is not None else None


def without_note(source: Source) -> Source:
    """The source without a note; all else stays byte for byte."""
    chunks = tuple(
        (name, data)
        for name, data in source.png_chunks
        if name != b"iTXt" or not data.startswith(PNG_KEYWORD + b"\0")
    )
    xmp = source.xmp
    packet = _read(xmp) if xmp and NAMESPACE.encode() in xmp else None
    if packet is not None and xmp is not None:
        for start, end in sorted(packet.places, reverse=True):
            xmp = xmp[:start] + xmp[end:]
    return replace(source, png_chunks=chunks, xmp=None if xmp == _HEAD + _TAIL else xmp)


@dataclass
class _Packet:
    """What a parser has noticed of an XMP packet.

    Attributes:
        about: what the packet's descriptions are about; they must all say the same.
        end: where `</rdf:RDF>` begins; -1 if there is no such tag.
        note: the text of ours.
        places: from where to where bytes of ours stand.
    """

    data: bytes
    about: str | None = None
    end: int = -1
    note: str | None = None
    places: list[tuple[int, int]] = field(default_factory=list)
    _text: list[str] | None = None
    _start: int = 0
    _described: list[tuple[int, bool]] = field(default_factory=list)

    def begin(self, parser: expat.XMLParserType, name: str, attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        if name == f"{_RDF} Description":
            if self.about is None:
                self.about = attributes.get(f"{_RDF} about", "")
            self._described.append((at, self._is_ours(at)))
        if name == _OURS:
            self._text, self._start = [], at
        elif _OURS in attributes:
            self.note = attributes[_OURS]
            found = _ATTRIBUTE.search(self.data, at)
            if found is not None:
                self.places.append(found.span())

    def text(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def close(self, parser: expat.XMLParserType, name: str) -> None:
        at = parser.CurrentByteIndex
        if name == _OURS and self._text is not None:
            self.note, self._text = "".join(self._text), None
            head = self._after(self._start)
            is_empty = self.data[head - 2 : head] == b"/>"
            self.places.append((self._start, head if is_empty else self._after(at)))
        elif name == f"{_RDF} Description":
            start, is_ours = self._described.pop()
            if is_ours:
                self.places = [place for place in self.places if place[0] < start]
                self.places.append((start, self._after(at)))
        elif name == f"{_RDF} RDF" and self.data[at : at + 2] == b"</":
            self.end = at

    def _is_ours(self, at: int) -> bool:
        """Whether a description is the very one that `_described` writes."""
        return self.data.startswith(b"<r:Description xmlns:r=", at)

    def _after(self, at: int) -> int:
        """Behind the tag that begins at a place."""
        return self.data.index(b">", at) + 1


def _read(xmp: bytes) -> _Packet | None:
    """What is in a packet; None if it is no XML in UTF-8, or more than a packet may be."""
    packet, parser = _Packet(xmp), expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, found: packet.begin(parser, name, found)
    parser.CharacterDataHandler = packet.text
    parser.EndElementHandler = lambda name: packet.close(parser, name)
    parser.StartDoctypeDeclHandler = _refuse  # a packet declares nothing that could be expanded
    try:
        parser.Parse(xmp.rstrip(b"\0 \t\r\n"), True)
    except (expat.ExpatError, ValueError):
        log.info("an XMP packet cannot be read", exc_info=True)
        return None
    return packet


def _refuse(*_: object) -> None:
    raise ValueError("an XMP packet has no document type")


def _joined(xmp: bytes | None, text: str) -> bytes | None:
    """The packet, or a new one, with the note at its end; None if that cannot be."""
    if not xmp:
        return _HEAD + _described("", text) + _TAIL
    packet = _read(xmp)
    if packet is None or packet.end < 0:
        return None
    end = packet.end
    joined = xmp[:end] + _described(packet.about or "", text) + xmp[end:]
    read_back = _read(joined)
    return joined if read_back is not None and read_back.note == text else None


def _described(about: str, text: str) -> bytes:
    """A description of ours; it declares its own prefixes, whatever the packet calls them."""
    start = (
        f'<r:Description xmlns:r="{_RDF}" r:about={quoteattr(about)} xmlns:lacuna="{NAMESPACE}">'
    )
    note = f"<lacuna:{PROPERTY}>{escape(text)}</lacuna:{PROPERTY}>"
    return f"{start}{note}</r:Description>".encode()
