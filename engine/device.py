"""Where a backend computes. Nothing here imports torch before a generator asks for a device."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from engine.backend import BackendSpec

Device: TypeAlias = Literal["auto", "cpu", "cuda", "mps"]

log = logging.getLogger(__name__)

_TOLERANCE = 1e-2


def choose(spec: BackendSpec, wanted: Device) -> tuple[str, str | None]:
    """The device a run gets, and why it is not the wanted one (None if it is).

    "auto" takes a graphics card that passes the self-test, else the processor. For a generator
    this imports torch, so call it in the worker.
    """
    if spec.kind == "classical":
        if wanted in ("auto", "cpu"):
            return "cpu", None
        return "cpu", f"{spec.label} computes on the CPU only, so {wanted} was not used"
    if wanted == "cpu":
        return "cpu", None
    complaints = []
    for name in ("cuda", "mps") if wanted == "auto" else (wanted,):
        if not is_present(name):
            complaints.append(f"{name} is not available here, so the CPU was used")
        elif complaint := fault(name):
            complaints.append(f"{name} failed its self-test ({complaint}), so the CPU was used")
        else:
            return name, None
    # Who left the choice to us need not hear of cards that are not there.
    return "cpu", complaints[0] if wanted != "auto" else None


def is_present(name: str) -> bool:
    """Whether torch sees such a device."""
    import torch

    if name == "mps":
        return torch.backends.mps.is_available()
    return name == "cpu" or (name == "cuda" and torch.cuda.is_available())


@functools.cache
def fault(name: str) -> str | None:
    """What is wrong with a device, found by the kinds of kernel that generators use; or None.

    A card that is too new or too old for the installed torch is "available" and fails at the
    first kernel; one that computes nonsense is worse than none.
    """
    import torch
    import torch.nn.functional as F

    source = torch.Generator().manual_seed(0)
    image = torch.randn(1, 8, 24, 24, generator=source)
    weight = torch.randn(8, 8, 3, 3, generator=source) / 9

    def tried(place: str) -> torch.Tensor:
        x, w = image.to(place), weight.to(place)
        x = F.elu(F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), w, dilation=2))
        rows = F.unfold(F.interpolate(x, scale_factor=0.5), 3, padding=1).transpose(1, 2)
        mixed = torch.bmm(torch.bmm(rows, rows.transpose(1, 2)).softmax(-1), rows)
        return F.fold(mixed.transpose(1, 2), (12, 12), 3, padding=1).cpu()

    try:
        with torch.inference_mode():
            error = float((tried(name) - tried("cpu")).abs().max())
    except (RuntimeError, AssertionError) as refusal:  # torch says "not compiled" by an assertion
        log.warning("self-test of %s failed", name, exc_info=True)
        return str(refusal).splitlines()[0]
    return None if error <= _TOLERANCE else f"results differ by {error:.2g}"
