"""An official checkpoint to a file of weights: read without running it, checked, tried, saved."""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import struct
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pickle import UnpicklingError
from typing import TYPE_CHECKING, cast

from engine import networks, registry, weights
from engine.errors import InvalidInputError, WeightsError
from engine.jobs import Progress
from engine.official import RELEASES
from engine.weight_files import LEGACY_START, ZIP_START

if TYPE_CHECKING:
    from pathlib import Path

    from engine.backend import BackendSpec
    from engine.generator import Generator
    from engine.jobs import Steps
    from engine.official import Converted
    from engine.weight_files import WeightFile

_TRIAL_SIDE = 64

# A damaged pickle may fail anywhere in the code that interprets it.
_DAMAGE = (
    RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError, AssertionError,
    OverflowError, MemoryError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes:
        file: the file of weights that was written.
        parameters: how many numbers the network has learnt.
        notes: sentences the user should read.
    """

    file: WeightFile
    parameters: int
    notes: tuple[str, ...]


def import_checkpoint(source: Path, spec: BackendSpec, output: Path) -> Steps[Imported]:
    """Convert an official checkpoint for a backend.

    Nothing in the file is run, and nothing is written unless the network works with it.

    Args:
        source: the checkpoint.
        spec: one of those in `RELEASES`.
        output: the file of weights to write; replaced if it exists.

    Raises:
        WeightsError: if the file is no checkpoint, is damaged, or does not fit the backend.
        PictureError: if the output cannot be written.
    """
    yield Progress(0.0, 1.0, f"Reading {source.name or source}")
    checkpoint = read_checkpoint(source)
    converted = _converted(checkpoint, spec, source.name)
    yield Progress(0.4, 1.0, "Checking names and shapes")
    check_backend(converted, spec, source.name)
    network = networks.built(spec, converted.configuration)
    networks.check_state(converted.state, network, f"“{source.name}”", spec.label)
    network.load_state_dict(converted.state, strict=True)
    yield Progress(0.6, 1.0, "Filling a small picture")
    _try(network.eval(), spec, source.name)
    yield Progress(0.8, 1.0, f"Saving {output.name}")
    release = RELEASES[spec.id]
    card = weights.Card(
        backend=spec.id,
        configuration={**spec.configuration, **converted.configuration},
        role="alone",
        masks=release.masks,
        trained_on=release.trained_on,
        licence=release.licence,
        ema=release.average in checkpoint,
        source=f"imported from {os.fsencode(source.name).decode(errors='replace')}",
        source_sha256=_sha256(source),
    )
    file = weights.save(output, converted.state, card)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Imported(file, parameters, converted.notes)


def read_checkpoint(path: Path) -> Mapping[str, object]:
    """What a file of `torch.save` holds, of either format; only tensors and plain containers.

    Raises:
        WeightsError: if it is none, is damaged, or holds anything that could run a program.
    """
    import torch

    start = _start_of(path)
    is_zip = start.startswith(ZIP_START)
    if is_zip:
        _check_archive(path)
    elif not start.startswith(LEGACY_START):
        raise WeightsError(_what_it_is(path, start))
    # Mapped, so that what is not converted (optimisers, discriminators) is never read; but torch
    # can map neither an old file nor one whose name is no text.
    is_mapped = is_zip and _has_text_name(path)
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an unusual pickle protocol is no matter for users
            given = path if is_mapped else file
            checkpoint = torch.load(given, map_location="cpu", weights_only=True, mmap=is_mapped)
    except UnpicklingError as error:
        raise WeightsError(_refusal(path, error)) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    except _DAMAGE as error:
        raise WeightsError(_damaged(path)) from error
    if not isinstance(checkpoint, Mapping):
        kind = type(checkpoint).__name__
        raise WeightsError(
            f"“{path.name}” holds a {kind} where a checkpoint has names and tensors; choose the "
            "file that the authors released."
        )
    return checkpoint


def _converted(checkpoint: Mapping[str, object], spec: BackendSpec, name: str) -> Converted:
    converter = importlib.import_module(RELEASES[spec.id].converter)
    try:
        return cast("Converted", converter.convert(checkpoint))
    except InvalidInputError as error:
        why = str(error).rstrip(".")
        raise WeightsError(f"“{name}” cannot be imported as {spec.id}: {why}.") from error


def check_backend(converted: Converted, spec: BackendSpec, name: str) -> None:
    """Refuse a checkpoint of another member of the family, such as one of another size.

    The members differ in some keyword arguments of the network; a checkpoint must agree with its
    backend in those and may ask for what it likes in all others.

    Raises:
        WeightsError: naming the backend that it belongs to.
    """
    converter = RELEASES[spec.id].converter
    family = {
        other.id: {**networks.defaults(other), **other.configuration}
        for other in (*registry.specs(), spec)
        if other.id in RELEASES and RELEASES[other.id].converter == converter
    }
    own = family[spec.id]
    telling = [key for key in own if len({settings[key] for settings in family.values()}) > 1]
    settings = {**networks.defaults(spec), **converted.configuration}
    reasons = [
        f"it has {key} {settings[key]}, where {spec.id} has {own[key]}"
        for key in telling
        if settings[key] != own[key]
    ]
    if not reasons:
        return
    fitting = [
        other for other, its in family.items() if all(its[key] == settings[key] for key in telling)
    ]
    remedy = f"import it as {fitting[0]}" if fitting else "no backend here is like that"
    raise WeightsError(f"“{name}” is not for {spec.id}: {' and '.join(reasons)}; {remedy}.")


def _try(network: Generator, spec: BackendSpec, name: str) -> None:
    """See that the network makes a picture of finite numbers."""
    import torch

    random = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, _TRIAL_SIDE, _TRIAL_SIDE, generator=random) * 2 - 1
    hole = torch.zeros(1, 1, _TRIAL_SIDE, _TRIAL_SIDE)
    hole[..., 20:44, 16:40] = 1
    options = registry.complete_options(spec, {})
    inputs = network.inputs(options, 0, _TRIAL_SIDE, _TRIAL_SIDE)
    with torch.inference_mode():
        made = network(image, hole, stages=False, **inputs).image
    if not made.isfinite().all():
        raise WeightsError(
            f"“{name}” has the right names and shapes, but {spec.label} makes no picture with it: "
            "the result is not finite; download the file again."
        )


def _start_of(path: Path) -> bytes:
    if not path.exists():
        raise WeightsError(f"“{path}” does not exist; it may have been moved, renamed or deleted.")
    if not path.is_file():
        raise WeightsError(f"“{path}” is no file; choose the checkpoint itself.")
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise _unreadable(path, error) from error


def _has_text_name(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_archive(path: Path) -> None:
    """Tell a checkpoint of today from other zip archives before torch looks at it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, *_DAMAGE) as error:
        raise WeightsError(_damaged(path)) from error
    if "constants.pkl" in names:
        raise WeightsError(
            f"“{path.name}” is a TorchScript program, which is not opened because that would run "
            "it; choose the checkpoint with the weights only."
        )
    if "data.pkl" not in names:
        raise WeightsError(
            f"“{path.name}” is a zip archive, not a checkpoint; unpack it and choose the file "
            "inside."
        )


def _what_it_is(path: Path, start: bytes) -> str:
    if not start:
        return f"“{path.name}” is empty (0 bytes); download it again."
    if LEGACY_START.startswith(start) or ZIP_START.startswith(start):
        return _damaged(path)
    if start[8:9] == b"{":
        return (
            f"“{path.name}” is a safetensors file, not a checkpoint; if Lacuna has saved it, use "
            "it as it is."
        )
    return f"“{path.name}” is no checkpoint of PyTorch; choose the file that the authors released."


def _refusal(path: Path, error: UnpicklingError) -> str:
    """What to say of a pickle that torch does not open with `weights_only`."""
    asked = re.search(r"GLOBAL ([\w.]+)", str(error))
    if asked is None:
        return _damaged(path)
    return (
        f"“{path.name}” holds more than tensors ({asked[1].rstrip('.')}); it was not opened, "
        "because opening it could run a program. Choose the file that the authors released."
    )


def _damaged(path: Path) -> str:
    return f"“{path.name}” is damaged or was cut short; download it again."


def _unreadable(path: Path, error: OSError) -> WeightsError:
    return WeightsError(f"“{path}” cannot be read: {error.strerror or error}.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
