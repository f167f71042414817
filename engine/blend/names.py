"""The switches of blending: what they are called, and reading them from text."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from engine.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

Blend: TypeAlias = Literal["match", "poisson", "grain"]
"""Light and colour by a gain; by a membrane from the seam inwards; the surroundings' grain."""

NAMES: tuple[Blend, ...] = get_args(Blend)
"""All of them, in the order in which they are done."""

NONE = "none"
"""Says in words that nothing of it is wanted."""


def parsed(texts: Iterable[str]) -> tuple[Blend, ...]:
    """The switches of words such as "match,grain"; "none" alone is none.

    Raises:
        InvalidInputError: for an unknown name, or "none" beside another.
    """
    words = [word.strip() for text in texts for word in text.split(",")]
    if NONE in words:
        if set(words) != {NONE}:
            raise InvalidInputError(f"“{NONE}” stands alone; leave it out, or the other names.")
        return ()
    return ordered(words)


def ordered(words: Iterable[str]) -> tuple[Blend, ...]:
    """The switches that are named, each once, in the order in which they are done.

    Raises:
        InvalidInputError: for an unknown name.
    """
    given = list(words)
    for word in given:
        if word not in NAMES:
            near = difflib.get_close_matches(word, NAMES, n=1, cutoff=0.5)
            meant = f"did you mean “{near[0]}”?" if near else f"choose of {', '.join(NAMES)}."
            raise InvalidInputError(f"There is no blending called “{word}”; {meant}")
    return tuple(name for name in NAMES if name in given)
