"""What workers on other machines have begun: a file for each picture, beside the results.

One process writes the manifest, but a worker must have noted a result before it writes it, and may
die before it can say so. Its note lies in the folder that all machines see, until whoever holds the
manifest has noted what came of it.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from engine.batch import manifest, naming
from engine.batch.manifest import Entry, Trace
from engine.batch.naming import text_of
from engine.pictures.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from engine.batch.items import Item

FOLDER = ".lacuna-batch-begun"


def write(results: Path, entry: Entry) -> None:
    """Note that a result is begun; the note is on the disk when this returns.

    Args:
        results: the folder of all results.
        entry: with the status "begun".

    Raises:
        PictureError: if it cannot be written, as on a full disk.
    """
    path = _path(results, entry.image)
    with suppress(OSError):  # what is wrong will be said by the next line
        path.parent.mkdir(exist_ok=True)  # never the folder of the results: a lost disk stays lost
    with replacing(path) as file:
        file.write(msgspec.json.encode(entry))


def find(results: Path, image: str) -> Entry | None:
    """The note about a picture (its path as text), if there is one."""
    return _read(_path(results, image))


def resumed(item: Item, results: Path) -> Item:
    """The item, with what a worker has noted about it since the plan was made."""
    begun = find(results, text_of(item.image))
    if begun is None or item.output is None:
        return item
    output = naming.variant(begun.output, item.output) or item.output
    return replace(item, output=output, trace=(item.trace or Trace()).after(begun))


def entries(results: Path) -> list[Entry]:
    """All notes, in the order of their pictures."""
    found = [_read(path) for path in (results / FOLDER).glob("*.json")]
    return sorted((entry for entry in found if entry), key=lambda entry: entry.image)


def traces(results: Path) -> dict[str, Trace]:
    """What manifest and notes know of each picture, by its path as text.

    Raises:
        PictureError: if there is a manifest that may not be read.
    """
    known = manifest.read(results)
    for entry in entries(results):
        known[entry.image] = known.get(entry.image, Trace()).after(entry)
    return known


def remove(results: Path, image: str) -> None:
    """Forget the note about a picture."""
    with suppress(OSError):  # a note too many does no harm: the manifest is asked first
        _path(results, image).unlink(missing_ok=True)


def clear(results: Path) -> None:
    """Forget all."""
    with suppress(OSError):
        for path in (results / FOLDER).iterdir():
            path.unlink()
        (results / FOLDER).rmdir()


def _path(results: Path, image: str) -> Path:
    name = hashlib.sha256(image.encode()).hexdigest()[:32]
    return results / FOLDER / f"{name}.json"


def _read(path: Path) -> Entry | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Entry)
    except (OSError, msgspec.DecodeError):
        return None
