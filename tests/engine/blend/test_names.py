"""The switches of blending as words."""

from __future__ import annotations

import pytest

from engine.blend.names import NAMES, parsed
from engine.errors import InvalidInputError


@pytest.mark.parametrize(
    ("words", "switches"),
    [
        (["grain,match"], ("match", "grain")),
        (["grain", "grain", "poisson"], ("poisson", "grain")),
        (["match, poisson ,grain"], NAMES),
        (["none"], ()),
    ],
)
def test_names_come_in_the_order_in_which_they_are_done(
    words: list[str], switches: tuple[str, ...]
) -> None:
    assert parsed(words) == switches


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("grian", "did you mean “grain”?"),
        ("sharpen", "choose of match, poisson, grain."),
        ("", "choose of"),
        ("none,grain", "stands alone"),
    ],
)
def test_what_is_no_switch_is_refused_with_a_remedy(word: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says.replace("?", r"\?")):
        parsed([word])
