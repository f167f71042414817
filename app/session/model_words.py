"""What the weights of a network are, in words that panel and dialog share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.language import told, tr, tr_later
from engine import weights
from engine.official import RELEASES

if TYPE_CHECKING:
    from engine.backend import BackendSpec
    from engine.weights import Role, WeightFile

ROLES: dict[Role, str] = {
    "alone": tr_later("Fills alone"),
    "guide": tr_later("Guide: gives other backends the rough shape, not good enough to fill alone"),
    "none": tr_later("None: the weights are not good enough yet, expect a poor fill"),
}

_DEVICES = {
    "cpu": tr_later("processor (CPU)"),
    "cuda": tr_later("graphics card (CUDA)"),
    "mps": tr_later("graphics card (Metal)"),
}


def is_own(file: WeightFile) -> bool:
    """Whether the file lies in the user's folder, and not among those that came with Lacuna."""
    return file.path.parent == weights.user_folder()


def origin(file: WeightFile) -> str:
    """Where the file came from, in a word or two."""
    if not is_own(file):
        return tr("with Lacuna")
    return tr("imported") if file.card.source_sha256 else tr("own")


def missing(spec: BackendSpec) -> str:
    """Why a network cannot fill, and what the buttons beside the sentence can do about it."""
    if spec.id in RELEASES:
        way_out = tr("Import a checkpoint that its authors released, or add a file of weights.")
    else:
        way_out = tr("No released ones can be imported; train it, or add a file of weights.")
    return tr(
        "{label} has no weights yet, so it cannot fill. {way_out}",
        label=told(spec.label),
        way_out=way_out,
    )


def side(spec: BackendSpec, file: WeightFile | None) -> int | None:
    """Of the square pictures that a network was trained on, in pixels.

    Weights may have learned from smaller pictures than the paper's.
    """
    return (file.card.side if file is not None else None) or spec.native_side


def training(file: WeightFile) -> str:
    """What the weights were trained on, as one sentence."""
    masks = listed(file.card.masks)
    data = told(file.card.trained_on)
    if not masks:
        return tr("Trained on {data}.", data=data)
    return tr("Trained on {data}; masks: {masks}.", data=data, masks=masks)


def listed(masks: tuple[str, ...]) -> str:
    """Kinds of masks as people write them."""
    return ", ".join(masks)


def place(device: str) -> str:
    """A torch device for people."""
    return tr(_DEVICES.get(device.partition(":")[0], device.upper()))


def millions(parameters: int) -> str:
    """A number of parameters in short: "3.5 M"."""
    return tr("{millions:.1f} M", millions=parameters / 1e6)


def size(count: int) -> str:
    """A number of bytes in short: "14.1 MB"."""
    if count >= 100_000:
        return tr("{size:.1f} MB", size=count / 1e6)
    return tr("{size:.1f} kB", size=count / 1e3)
