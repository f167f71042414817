"""What is carried from one machine to the next: trained states in a few files of limited size.

    pepsi.generator.1of1.safetensors  pepsi.critic.1of2.safetensors ...  pepsi.events.jsonl  .jpg

Each piece is a file of weights with its card and checksum, in half precision. For the way, pieces
are put together in tar files, as many as one trip takes; what does not fit is left behind, critics
before generators.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import torch
from PIL import Image

from engine import weights
from engine.errors import WeightsError
from engine.weight_files import tensors
from training.checkpoints import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

LARGEST = 15_000_000
"""Bytes of the tensors in one piece; with its header, and in a tar file, it stays below 16 MB."""

BUNDLE = 16_000_000
BUNDLES = 8
TRIP = 66_000_000
"""Bytes of a tar file, how many there may be, and bytes of all of them."""

_BLOCK = 10_240  # tar files end in zeros up to a multiple of this
_ROUND = 1024  # and each file in them has a header and is filled up


@dataclass(frozen=True, slots=True)
class Before:
    """Where an earlier training has ended.

    Attributes:
        generator: its running average, as one file.
        critic: the same; None if it was not kept, or not all of it.
        images_shown: pictures that it was trained on.
        events: what was said so far; None if that is lost.
    """

    generator: Path
    critic: Path | None
    images_shown: int
    events: Path | None


def packed(run: Path, out: Path, backend: str, before: Before | None) -> None:
    """Write what is to be kept of a run, in place of what was kept before.

    Args:
        run: folder of the run, with its model and a checkpoint.
        out: folder for the pieces.
        backend: id of the generator; the files begin with it.
        before: where the run went on from.
    """
    folder = RunFolder(run)
    model = weights.opened(folder.model_file)
    shown = model.card.images_shown + (before.images_shown if before is not None else 0)
    card = msgspec.structs.replace(model.card, images_shown=shown)
    _write(out, f"{backend}.generator", tensors(model), card)
    state = folder.latest()
    if state is not None and "critic" in state["learner"]:
        _write(out, f"{backend}.critic", state["learner"]["critic"], card)
    told = [before.events] if before is not None and before.events is not None else []
    lines = b"".join(path.read_bytes() for path in (*told, folder.events_file))
    (out / f"{backend}.events.jsonl").write_bytes(lines)
    for sheet in sorted(folder.samples.glob("*.png"))[-1:]:
        with Image.open(sheet) as picture:
            picture.save(out / f"{backend}.jpg", quality=85)


def opened(folder: Path, backend: str, into: Path) -> Before | None:
    """Put together what was kept of a generator; None if there is nothing.

    Args:
        folder: of the pieces.
        backend: id of the generator.
        into: folder for the whole files.

    Raises:
        WeightsError: if a piece is damaged, or one of the generator's is missing.
    """
    generator = _joined(folder, f"{backend}.generator", into)
    if generator is None:
        return None
    try:
        critic = _joined(folder, f"{backend}.critic", into)
    except WeightsError:
        critic = None  # it can be taught anew
    events = folder / f"{backend}.events.jsonl"
    return Before(
        generator.path,
        critic.path if critic is not None else None,
        generator.card.images_shown,
        events if events.exists() else None,
    )


def bundled(folder: Path, out: Path, backends: Sequence[str]) -> list[str]:
    """Put the pieces into tar files, in place of those that are there.

    Args:
        folder: of the pieces.
        out: folder for the tar files.
        backends: the most valuable first.

    Returns:
        What had to be left behind, such as "iconv.critic".
    """
    bins: list[list[Path]] = []
    left = []
    for part in ("generator", "events", "jpg", "critic"):
        for backend in backends:
            name = f"{backend}.{part}"
            paths = sorted(folder.glob(f"{name}.*") if part != "jpg" else folder.glob(name))
            tried = [list(each) for each in bins]
            if all(_placed(path, tried) for path in paths):
                bins = tried
            else:
                left.append(name)
    for old in out.glob("kept-*.tar"):
        old.unlink()
    for number, paths in enumerate(bins, 1):
        with tarfile.open(out / f"kept-{number}.tar", "w") as archive:
            for path in paths:
                archive.add(path, path.name)
    return left


def unbundled(folder: Path, into: Path) -> None:
    """Take the pieces out of the tar files again."""
    for path in sorted(folder.glob("kept-*.tar")):
        with tarfile.open(path) as archive:
            archive.extractall(into, filter="data")


def _placed(path: Path, bins: list[list[Path]]) -> bool:
    """Put a file where there is room for it; False if there is none."""
    size = _in_tar([path])
    if sum(map(_in_tar, bins)) + size > TRIP:
        return False
    for held in bins:
        if _in_tar([*held, path]) <= BUNDLE:
            held.append(path)
            return True
    if len(bins) == BUNDLES or size > BUNDLE:
        return False
    bins.append([path])
    return True


def _in_tar(paths: Sequence[Path]) -> int:
    return _BLOCK + sum(path.stat().st_size + _ROUND for path in paths)


def _write(out: Path, name: str, state: Mapping[str, Tensor], card: weights.Card) -> None:
    for old in out.glob(f"{name}.*{weights.ENDING}"):
        old.unlink()
    pieces = list(_pieces({key: halved(value) for key, value in state.items()}))
    for number, piece in enumerate(pieces, 1):
        weights.save(out / f"{name}.{number}of{len(pieces)}{weights.ENDING}", piece, card)


def _pieces(state: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    piece: dict[str, Tensor] = {}
    size = 0
    for name, value in state.items():
        if piece and size + value.nbytes > LARGEST:
            yield piece
            piece, size = {}, 0
        piece[name] = value
        size += value.nbytes
    yield piece


def _joined(folder: Path, name: str, into: Path) -> weights.WeightFile | None:
    paths = sorted(folder.glob(f"{name}.*of*{weights.ENDING}"))
    if not paths:
        return None
    count = int(paths[0].name.removesuffix(weights.ENDING).rpartition("of")[2])
    if len(paths) != count:
        raise WeightsError(f"Of the {count} pieces of “{name}” there are {len(paths)}.")
    state: dict[str, Tensor] = {}
    for path in paths:
        state |= tensors(weights.opened(path))
    whole = {
        key: value.float() if value.is_floating_point() else value for key, value in state.items()
    }
    card = weights.opened(paths[0]).card
    return weights.save(into / f"{name}{weights.ENDING}", whole, card)


def halved(value: Tensor) -> Tensor:
    """A tensor in half precision, unless that would be infinite or is no number of that kind."""
    if not value.is_floating_point():
        return value
    half = value.to(torch.float16)
    return half if torch.isfinite(half).all() else value
