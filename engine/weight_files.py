"""Files of weights: safetensors that carry a card saying what they are, checked before use.

The card is one JSON document under the key `lacuna` of the header's metadata, so that its fields
keep their types and one schema checks them all. Nothing here unpickles anything.
"""

from __future__ import annotations

import hashlib
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import msgspec

from engine.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

ENDING = ".safetensors"
ZIP_START = b"PK\x03\x04"
"""How a checkpoint of PyTorch 1.6 or later begins: it is a zip archive."""

LEGACY_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""How an older one begins: the pickled number 0x1950a86a20f9469cfc6c."""

Role: TypeAlias = Literal["alone", "guide", "none"]
"""What weights are good for: filling by themselves, guiding another backend, or nothing yet."""

_KEY: Final = "lacuna"
_FORMAT: Final = "lacuna-weights-1"

_digests: dict[tuple[Path, int, int], str] = {}


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file of weights says of itself.

    Attributes:
        format: of the card.
        backend: id of the backend that the weights belong to.
        configuration: keyword arguments of the network's class; they win over the backend's own.
        role: what the weights are good for.
        masks: kinds of masks they were trained with, in the words of `lacuna masks`; empty if
            nobody knows.
        side: of the square pictures they were trained on, in pixels; None if it is the backend's.
        trained_on: the pictures, in words.
        licence: terms of the weights, in words.
        images_shown: pictures shown in training, repetitions counted; 0 if nobody knows.
        ema: whether they are the running average over the training.
        source: where they come from, in words.
        source_sha256: of the file they were converted from.
        content_sha256: over names, types, shapes and bytes of the tensors; `save` fills it in.
    """

    format: Literal["lacuna-weights-1"] = _FORMAT
    backend: str
    configuration: dict[str, bool | int | float | str] = {}
    role: Role
    masks: tuple[str, ...] = ()
    side: Annotated[int, msgspec.Meta(ge=1)] | None = None
    trained_on: str
    licence: str
    images_shown: Annotated[int, msgspec.Meta(ge=0)] = 0
    ema: bool = False
    source: str = ""
    source_sha256: str | None = None
    content_sha256: str = ""


class _AnyCard(msgspec.Struct):
    """What cards of all versions have in common."""

    format: str


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A file of weights whose header has been read.

    Attributes:
        path: where it is.
        bytes: its size.
        changed_ns: when it was last written.
        card: what it says of itself.
    """

    path: Path
    bytes: int
    changed_ns: int
    card: Card

    @property
    def sha256(self) -> str:
        """Of the whole file; reads it when asked for the first time.

        Raises:
            WeightsError: if it cannot be read.
        """
        key = (self.path, self.bytes, self.changed_ns)
        if key not in _digests:
            _digests[key] = hashlib.sha256(_contents(self.path)).hexdigest()
        return _digests[key]


def opened(path: Path) -> WeightFile:
    """The file of weights at that place; only its header is read.

    Raises:
        WeightsError: saying what the file is instead, and what to do about it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise WeightsError(f"“{path}” is no file; choose a file of weights ({ENDING}).")
        with safe_open(path, framework="np") as file:
            metadata = file.metadata()
    except SafetensorError as error:
        raise WeightsError(_what_it_is(path, error)) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return WeightFile(path, status.st_size, status.st_mtime_ns, _card(path, metadata or {}))


def tensors(file: WeightFile) -> dict[str, Tensor]:
    """All tensors of the file, on the CPU, known to be those that its card was written for.

    Raises:
        WeightsError: if the file cannot be read or has been damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    data = _contents(file.path)
    try:
        state = load(data)
    except SafetensorError as error:
        raise WeightsError(_what_it_is(file.path, error)) from error
    if content_sha256(data) != file.card.content_sha256:
        raise WeightsError(
            f"“{file.path.name}” is damaged: its numbers are not those that were saved (the "
            "checksum differs); copy it again from where it came from."
        )
    _digests[file.path, file.bytes, file.changed_ns] = hashlib.sha256(data).hexdigest()
    return state


def save(path: Path, state: Mapping[str, Tensor], card: Card) -> WeightFile:
    """Write weights with their card; all of the file or nothing.

    Args:
        path: should end in `.safetensors`, or `weights.installed` does not look at it.
        state: tensors of any device and layout; those that share memory are written out each.
        card: its `content_sha256` is computed here.

    Raises:
        PictureError: if the file cannot be written; an old one is then as it was.
    """
    import torch
    from safetensors.torch import save as serialised

    # The registry imports this module, and the window need not wait for what pictures need.
    from engine.pictures.files import replacing

    apart = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in state.items()
    }
    card = msgspec.structs.replace(card, content_sha256=content_sha256(serialised(apart)))
    data = serialised(apart, {_KEY: msgspec.json.encode(card).decode()})
    with replacing(path) as file:
        file.write(data)
    return opened(path)


def content_sha256(data: bytes) -> str:
    """Checksum of the tensors in a valid safetensors file, whatever else its header says.

    Args:
        data: the whole file.

    Returns:
        sha256, in hexadecimal, over the tensors in the order of their names: the JSON list of
        name, type and shape, then the bytes.
    """
    start = 8 + int.from_bytes(data[:8], "little")
    header = msgspec.json.decode(data[8:start])
    body = memoryview(data)[start:]
    digest = hashlib.sha256()
    for name in sorted(header.keys() - {"__metadata__"}):
        entry = header[name]
        digest.update(msgspec.json.encode([name, entry["dtype"], entry["shape"]]))
        digest.update(body[slice(*entry["data_offsets"])])
    return digest.hexdigest()


def _card(path: Path, metadata: Mapping[str, str]) -> Card:
    name = path.name
    if _KEY not in metadata:
        raise WeightsError(
            f"“{name}” is a safetensors file of another program: it does not say what network it "
            "belongs to; choose a file that Lacuna has saved."
        )
    text = metadata[_KEY]
    try:
        version = msgspec.json.decode(text, type=_AnyCard).format
        if version != _FORMAT and re.fullmatch(r"lacuna-weights-\d+", version):
            raise WeightsError(
                f"“{name}” was saved by a newer Lacuna ({version}; this one reads {_FORMAT}); "
                "update Lacuna to use it."
            )
        return msgspec.json.decode(text, type=Card)
    except msgspec.DecodeError as error:
        raise WeightsError(
            f"“{name}” cannot be used: what it says of itself makes no sense ({error}); copy it "
            "again from where it came from."
        ) from error


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | ValueError) -> WeightsError:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return WeightsError(f"“{path}” does not exist; it may have been moved, renamed or deleted.")
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return WeightsError(f"“{path}” cannot be read: {why}.")


def _what_it_is(path: Path, error: Exception) -> str:
    """What a file is that safetensors refuses."""
    with path.open("rb") as file:
        start = file.read(64)
    name = path.name
    if not start:
        return f"“{name}” is empty (0 bytes); copy it again from where it came from."
    if start.startswith((ZIP_START, LEGACY_START)):
        return (
            f"“{name}” is a checkpoint of PyTorch, not a file of weights; if it is one that the "
            "authors of the method released, convert it with “lacuna import-weights”."
        )
    if start[8:9] == b"{":  # where the header of every safetensors file begins
        return (
            f"“{name}” is damaged or was cut short ({error}); copy it again from where it came "
            "from."
        )
    return f"“{name}” is no file of weights; choose one that ends in {ENDING}."
