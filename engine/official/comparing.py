"""What is wrong with the names and shapes of a checkpoint, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Shapes: TypeAlias = "Mapping[str, tuple[int, ...]]"

_NAMED = 4
_WRONG = 3


def complaints(given: Shapes, wanted: Shapes) -> list[str]:
    """How the tensors of a file differ from those of a network; empty if they do not.

    Args:
        given: shape of every tensor in the file.
        wanted: the same of the network, by the file's names.
    """
    missing = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    wrong = [name for name in given if wanted.get(name, given[name]) != given[name]]
    found = []
    if missing:
        found.append(f"expected but not found: {listed(missing)}")
    if unknown:
        found.append(f"found but not expected: {listed(unknown)}")
    found += [f"{name} is {given[name]}, expected {wanted[name]}" for name in wrong[:_WRONG]]
    return found


def listed(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    names = list(names)
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
