"""Finding backends and checking their options."""

from __future__ import annotations

import math

import pytest

from engine import registry
from engine.backend import BackendSpec, Option
from engine.errors import InvalidInputError, UnknownBackendError, UnusableBackendError

SPEC = BackendSpec(
    id="sample",
    label="Sample",
    promise="none",
    kind="classical",
    factory="engine.no_such_module:Nothing",
    options=(
        Option("count", "Count", 3, low=1, high=9),
        Option("weight", "Weight", 0.5, low=0.0, high=1.0),
        Option("mirror", "Mirror", False),
        Option("mode", "Mode", "fast", choices=("fast", "fine")),
    ),
)


def test_the_four_backends_are_listed_with_the_automatic_one_first() -> None:
    assert [spec.id for spec in registry.specs()][:4] == [
        "auto", "patchmatch", "telea", "navier-stokes"
    ]  # fmt: skip


def test_a_second_backend_under_one_id_is_refused() -> None:
    with pytest.raises(ValueError, match="telea"):
        registry.register(registry.get("telea"))


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UnknownBackendError, match="did you mean “patchmatch”"):
        registry.get("patchmach")


def test_an_id_like_none_names_them_all() -> None:
    with pytest.raises(UnknownBackendError, match="auto, patchmatch, telea, navier-stokes"):
        registry.get("xyz")


def test_a_backend_that_cannot_be_imported_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._specs, "sample", SPEC)
    with pytest.raises(UnusableBackendError, match="Sample cannot run here"):
        registry.create("sample")


def test_options_not_given_get_their_defaults() -> None:
    assert registry.complete_options(SPEC, {"count": 5}) == {
        "count": 5, "weight": 0.5, "mirror": False, "mode": "fast"
    }  # fmt: skip


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="did you mean “weight”"):
        registry.complete_options(SPEC, {"wieght": 0.1})


def test_an_option_of_a_backend_without_any_is_refused_in_words() -> None:
    bare = BackendSpec("bare", "Bare", "none", "classical", "x:y")
    with pytest.raises(InvalidInputError, match="it has none at all"):
        registry.complete_options(bare, {"radius": 3})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("count", 0, "a whole number from 1 to 9, not 0"),
        ("count", 10, "a whole number from 1 to 9, not 10"),
        ("count", 2.5, "a whole number"),
        ("count", True, "a whole number"),
        ("weight", math.nan, "a number from 0 to 1"),
        ("weight", 1.5, "a number from 0 to 1, not 1.5"),
        ("weight", "0.5", "a number"),
        ("mirror", 1, "on or off"),
        ("mode", "slow", "one of fast, fine, not slow"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(
    name: str, value: bool | float | str, words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        registry.complete_options(SPEC, {name: value})


def test_a_whole_number_serves_where_a_fraction_may() -> None:
    value = registry.complete_options(SPEC, {"weight": 1})["weight"]
    assert isinstance(value, float)
    assert value == 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count=4", {"count": 4}),
        ("weight=0.25", {"weight": 0.25}),
        ("weight=1", {"weight": 1.0}),
        ("mirror=on", {"mirror": True}),
        ("mirror=False", {"mirror": False}),
        ("mode=fine", {"mode": "fine"}),
    ],
)
def test_words_of_the_command_line_become_typed_options(
    text: str, expected: dict[str, object]
) -> None:
    assert registry.parse_options(SPEC, [text]) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("count", "write it as NAME=VALUE"),
        ("count=many", "a whole number from 1 to 9, not “many”"),
        ("mirror=maybe", "on or off"),
        ("cuont=3", "did you mean “count”"),
        ("weight=nan", "a number from 0 to 1"),
    ],
)
def test_words_that_make_no_option_are_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        registry.parse_options(SPEC, [text])
