"""Where a backend computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from engine.backend import BackendSpec

Device: TypeAlias = Literal["auto", "cpu", "cuda", "mps"]


def choose(spec: BackendSpec, wanted: Device) -> tuple[str, str | None]:
    """The device a run gets, and why it is not the wanted one (None if it is)."""
    if wanted in ("auto", "cpu"):
        return "cpu", None
    return "cpu", f"{spec.label} computes on the CPU only, so {wanted} was not used"
